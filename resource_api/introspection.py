"""Ask the authorization server about an access token (RFC 7662), once for every request.

Answers are not cached, so that a token is rejected at the first request after its grant ended.
Only a complete positive answer counts; without an answer, nobody gets access. `exp` is not
read, because the clock of this machine may differ: `active` says whether the token has expired.
"""

from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import quote_plus

import requests
from flask import Flask, current_app

from config import ResourceApiSettings
from resource_api.reasons import Reason
from web.back_channel import BackChannel

Answer = dict[str, object]


class TokenRefused(Exception):
    """The authorization server does not confirm that this token may be used here."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


class NoAnswer(Exception):
    """The authorization server could not be asked, or did not answer the question.

    `detail` says for the event log what happened instead: an exception's class, or an HTTP status.
    """

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(reason, detail)
        self.reason = reason
        self.detail = detail


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

    def __init__(self, settings: ResourceApiSettings, back_channel: BackChannel) -> None:
        self._endpoint = settings.auth_server_url + "/oauth/introspect"
        self._issuer = settings.auth_server_url
        self._audience = settings.resource_api_url
        # RFC 6749 §2.3.1: both are form-urlencoded before they are joined by a colon.
        self._credentials = (
            quote_plus(settings.introspection_client_id),
            quote_plus(settings.introspection_client_secret),
        )
        self._back_channel = back_channel

    def init_app(self, app: Flask) -> None:
        """Register this client for `introspect` in `app`."""
        app.extensions["resource_api.introspection"] = self

    def introspect(self, presented_token: str) -> Introspection:
        """R2 – Ask the authorization server about the access token (RFC 7662 §2.1).

        :raises TokenRefused: when it is not an active access token for this API.
        :raises NoAnswer: when the authorization server gives no usable answer.
        """
        answer = self._ask(presented_token)
        reason = self._find_reason_to_refuse(answer)
        if reason is not None:
            raise TokenRefused(reason)
        return _read_introspection(answer)

    def _ask(self, presented_token: str) -> Answer:
        form = {"token": presented_token, "token_type_hint": "access_token"}
        try:
            response = self._back_channel.session().post(
                self._endpoint, data=form, auth=self._credentials
            )
            return _read_json_object(response)
        except requests.RequestException as error:
            raise NoAnswer(Reason.NO_ANSWER, type(error).__name__) from error

    def _find_reason_to_refuse(self, answer: Answer) -> Reason | None:
        """Return the reason of the first check that fails, or None when all succeed.

        `active` is checked first, since an inactive answer has no other member.
        """
        checks = (
            (Reason.NOT_ACTIVE, answer.get("active") is True),
            (Reason.NOT_AN_ACCESS_TOKEN, _is_access_token(answer)),
            (Reason.OTHER_ISSUER, answer.get("iss") == self._issuer),
            (Reason.OTHER_AUDIENCE, self._audience in _read_audiences(answer)),
            (Reason.NO_SUBJECT, _read_text(answer, "sub") != ""),
        )
        return next((reason for reason, succeeds in checks if not succeeds), None)


def introspect(presented_token: str) -> Introspection:
    """Ask with the current application's client; see `IntrospectionClient.introspect`."""
    client: IntrospectionClient = current_app.extensions["resource_api.introspection"]
    return client.introspect(presented_token)


def _read_json_object(response: requests.Response) -> Answer:
    """Return the JSON object of a response with status 200.

    :raises NoAnswer: when the status or the JSON value is another one.
    :raises requests.RequestException: when the body is not JSON.
    """
    answer = None
    if response.status_code == HTTPStatus.OK:
        answer = response.json()
    if not isinstance(answer, dict):
        raise NoAnswer(Reason.NO_INTROSPECTION, f"status {response.status_code}")
    return answer


def _read_introspection(answer: Answer) -> Introspection:
    username = _read_text(answer, "username") or _read_text(answer, "sub")
    return Introspection(
        sub=_read_text(answer, "sub"),
        username=username,
        name=_read_text(answer, "name") or username,
        client_id=_read_text(answer, "client_id"),
        scope=frozenset(_read_text(answer, "scope").split()),
    )


def _read_text(answer: Answer, member: str) -> str:
    value = answer.get(member)
    if isinstance(value, str):
        return value
    return ""


def _is_access_token(answer: Answer) -> bool:
    """Return whether the token is an access token, and not a refresh token."""
    return answer.get("token_use") == "access_token"


def _read_audiences(answer: Answer) -> list[object]:
    """Return `aud` as a list: RFC 7519 §4.1.3 allows an array of strings or a single string."""
    audience = answer.get("aud")
    if isinstance(audience, list):
        return audience
    return [audience]
