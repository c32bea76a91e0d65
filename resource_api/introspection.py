"""Ask the authorization server about an access token (RFC 7662), once for every request.

Answers are not cached, so that a token is rejected at the first request after its grant ended.
Only a complete positive answer counts; without an answer, nobody gets access. `exp` is not
read, because the clock of this machine may differ: `active` says whether the token has expired.
"""

from base64 import b64encode
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import quote_plus, urlencode

from flask import current_app

from config import ResourceApiSettings
from resource_api.reasons import Reason
from web import json_answers, text
from web.http_client import HttpClient, NoResponse, Response, UnreadableResponse

Answer = dict[str, object]
_EXPECTED_KINDS: dict[str, type | tuple[type, ...]] = {"active": bool, "aud": (str, list)}


class IntrospectionError(Exception):
    """No access is given. `detail` describes the answer for the event log, without values."""

    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(reason, detail)
        self.reason = reason
        self.detail = detail


class TokenRefused(IntrospectionError):
    """The authorization server does not confirm that this token may be used here."""


class NoAnswer(IntrospectionError):
    """The authorization server is out of reach, refused this API, or was not understood."""


@dataclass(frozen=True)
class Introspection:
    """The claims of an active access token that is meant for this API (RFC 7662 §2.2)."""

    sub: str
    username: str
    name: str
    client_id: str
    scope: frozenset[str]


class IntrospectionClient:
    """A client of the introspection endpoint, with the credentials of this API."""

    def __init__(self, settings: ResourceApiSettings, http: HttpClient) -> None:
        self._endpoint = settings.auth_server_url + "/oauth/introspect"
        self._issuer = settings.auth_server_url
        self._audience = settings.resource_api_url
        # RFC 6749 §2.3.1: both are form-urlencoded before they are joined by a colon.
        credentials = ":".join(
            quote_plus(part)
            for part in (settings.introspection_client_id, settings.introspection_client_secret)
        )
        self._headers = (
            f"Authorization: Basic {b64encode(credentials.encode()).decode()}",
            "Content-Type: application/x-www-form-urlencoded",
        )
        self._http = http

    def introspect(self, presented_token: str) -> Introspection:
        """R2 – Ask the authorization server about the access token (RFC 7662 §2.1).

        :raises TokenRefused: when it is not an active access token for this API.
        :raises NoAnswer: when the authorization server gives no usable answer.
        """
        answer = self._ask(presented_token)
        self._check(answer)
        return _read_introspection(answer)

    def _ask(self, presented_token: str) -> Answer:
        form = urlencode({"token": presented_token, "token_type_hint": "access_token"})
        try:
            response = self._http.post(self._endpoint, self._headers, form.encode())
        except UnreadableResponse as error:
            raise NoAnswer(Reason.NO_INTROSPECTION, str(error)) from error
        except NoResponse as error:
            raise NoAnswer(Reason.NO_ANSWER, str(error)) from error
        return _read_answer(response)

    def _check(self, answer: Answer) -> None:
        """Raise TokenRefused with the reason of the first check that fails.

        `active` is checked first, since an inactive answer has no other member.
        """
        checks = (
            ("active", Reason.NOT_ACTIVE, answer.get("active") is True),
            ("token_use", Reason.NOT_AN_ACCESS_TOKEN, _is_access_token(answer)),
            ("iss", Reason.OTHER_ISSUER, answer.get("iss") == self._issuer),
            ("aud", Reason.OTHER_AUDIENCE, self._audience in _read_audiences(answer)),
            ("sub", Reason.NO_SUBJECT, _read_text(answer, "sub") != ""),
        )
        for member, reason, succeeds in checks:
            if not succeeds:
                raise TokenRefused(reason, _describe_unexpected(answer, member))


def introspect(presented_token: str) -> Introspection:
    """Ask with the current application's client; see `IntrospectionClient.introspect`."""
    client: IntrospectionClient = current_app.extensions["resource_api.introspection"]
    return client.introspect(presented_token)


def _read_answer(response: Response) -> Answer:
    """Return the JSON object of a response with status 200.

    :raises NoAnswer: when the server failed, refused this API, or sent anything else.
    """
    status, answer = response.status_code, json_answers.parse(response)
    error = None
    if isinstance(answer, dict):
        error = answer.get("error")
    reason = Reason.NO_INTROSPECTION
    if status >= 500 or status == HTTPStatus.TOO_MANY_REQUESTS:
        reason = Reason.SERVER_FAILED
    elif status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN) or error == "invalid_client":
        reason = Reason.CREDENTIALS_REFUSED
    elif status == HTTPStatus.OK and isinstance(answer, dict):
        return answer
    raise NoAnswer(reason, json_answers.describe(response))


def _read_introspection(answer: Answer) -> Introspection:
    """Return the claims.

    :raises NoAnswer: when the scope is not a string. Without an error, the client would ask the
        user again and again for a scope that was granted.
    """
    if not isinstance(answer.get("scope"), str | None):
        detail = _describe_unexpected(answer, "scope")
        raise NoAnswer(Reason.NO_INTROSPECTION, detail)
    username = _read_text(answer, "username") or _read_text(answer, "sub")
    return Introspection(
        sub=_read_text(answer, "sub"),
        username=username,
        name=_read_text(answer, "name") or username,
        client_id=_read_text(answer, "client_id"),
        scope=frozenset(text.split_scope(_read_text(answer, "scope"))),
    )


def _read_text(answer: Answer, member: str) -> str:
    value = answer.get(member)
    if isinstance(value, str):
        return value
    return ""


def _describe_unexpected(answer: Answer, member: str) -> str:
    """Return the kind of a member whose kind is not the one of RFC 7662 §2.2, or ""."""
    value = answer.get(member)
    if isinstance(value, _EXPECTED_KINDS.get(member, str)):
        return ""
    return f"{member} is {json_answers.name_kind(value)}"


def _is_access_token(answer: Answer) -> bool:
    """Return whether the token is an access token, and not a refresh token."""
    return answer.get("token_use") == "access_token"


def _read_audiences(answer: Answer) -> list[object]:
    """Return `aud` as a list: RFC 7519 §4.1.3 allows an array of strings or a single string."""
    audience = answer.get("aud")
    if isinstance(audience, list):
        return audience
    return [audience]
