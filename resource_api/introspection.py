"""Asking the authorization server about a token (RFC 7662), once for every request.

No answer is kept: a token whose grant has ended is refused at the very next request, which is what introspection is for.
Whatever is not a plain yes is a no, and an authorization server that cannot be asked lets nobody in.
"""

from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import quote_plus

import requests
from flask import Flask, current_app

from config import ResourceApiSettings
from web.back_channel import BackChannel
from web.clock import now

Answer = dict[str, object]


class TokenRefused(Exception):
    """The authorization server does not vouch for this token here. The message is the reason, for the event log."""


class NoAnswer(Exception):
    """The authorization server could not be asked, or did not answer the question. The message is the reason."""


@dataclass(frozen=True)
class Introspection:
    """What the authorization server says of an active access token that is meant for this API (RFC 7662 §2.2)."""

    sub: str
    username: str
    name: str
    client_id: str
    scope: frozenset[str]


class IntrospectionClient:
    """Speaks to the introspection endpoint under this API's own account."""

    def __init__(self, settings: ResourceApiSettings, back_channel: BackChannel) -> None:
        self._endpoint = settings.auth_server_url + "/oauth/introspect"
        self._issuer = settings.auth_server_url
        self._audience = settings.resource_api_url
        # Each form-urlencoded before the two are joined by a colon (RFC 6749 §2.3.1).
        self._credentials = (
            quote_plus(settings.introspection_client_id),
            quote_plus(settings.introspection_client_secret),
        )
        self._back_channel = back_channel

    def init_app(self, app: Flask) -> None:
        """Make this what `introspect` asks in `app`."""
        app.extensions["resource_api.introspection"] = self

    def introspect(self, presented_token: str) -> Introspection:
        """R2 – Ask the authorization server about the access token (RFC 7662 §2.1).

        :raises TokenRefused: when it is not an active access token for this API.
        :raises NoAnswer: when there is no telling.
        """
        answer = self._ask(presented_token)
        reason = self._reason_to_refuse(answer)
        if reason:
            raise TokenRefused(reason)
        return _introspection(answer)

    def _ask(self, presented_token: str) -> Answer:
        form = {"token": presented_token, "token_type_hint": "access_token"}
        try:
            response = self._back_channel.session().post(
                self._endpoint, data=form, auth=self._credentials
            )
            answer = response.json() if response.status_code == HTTPStatus.OK else None
        except requests.RequestException as error:
            raise NoAnswer(f"no answer: {type(error).__name__}") from error
        if not isinstance(answer, dict):
            raise NoAnswer(f"no introspection response, but status {response.status_code}")
        return answer

    def _reason_to_refuse(self, answer: Answer) -> str | None:
        """The first check that fails. Only `active` is sure to be there, so it comes first."""
        checks = {
            "not active": answer.get("active") is True,
            "not an access token": answer.get("token_use") == "access_token",
            "of another issuer": answer.get("iss") == self._issuer,
            "for another audience": self._audience in _audiences(answer),
            "expired": _has_time_left(answer),
            "nobody's": bool(_text(answer, "sub")),
        }
        return next((reason for reason, holds in checks.items() if not holds), None)


def introspect(presented_token: str) -> Introspection:
    """Ask with the client of the application in hand; see `IntrospectionClient.introspect`."""
    client: IntrospectionClient = current_app.extensions["resource_api.introspection"]
    return client.introspect(presented_token)


def _introspection(answer: Answer) -> Introspection:
    username = _text(answer, "username") or _text(answer, "sub")
    return Introspection(
        sub=_text(answer, "sub"),
        username=username,
        name=_text(answer, "name") or username,
        client_id=_text(answer, "client_id"),
        scope=frozenset(_text(answer, "scope").split()),
    )


def _text(answer: Answer, member: str) -> str:
    value = answer.get(member)
    return value if isinstance(value, str) else ""


def _audiences(answer: Answer) -> list[object]:
    """RFC 7519 §4.1.3: an array of strings, or a single one."""
    audience = answer.get("aud")
    return audience if isinstance(audience, list) else [audience]


def _has_time_left(answer: Answer) -> bool:
    """`exp` is optional in the answer; when it is there, it counts by this machine's clock too."""
    expiry = answer.get("exp")
    return expiry is None or (isinstance(expiry, int | float) and now().timestamp() < expiry)
