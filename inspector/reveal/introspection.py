"""Ask the authorization server about a token, with the account of Photo API (RFC 7662 §2.1)."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import requests

from inspector.read.steps import INSPECTORS_QUESTION


class CannotAskError(Exception):
    """The authorization server did not say whether the token is active."""


@dataclass(frozen=True)
class Introspection:
    """The introspection endpoint. `http` returns what sends the requests.

    A resource server learns about the tokens of every client.
    """

    url: str
    client_id: str
    client_secret: str = field(repr=False)
    http: Callable[[], requests.Session] = field(repr=False)

    def active_until(self, token: str) -> int | None:
        """Return when an active token expires, in epoch seconds, or None if it is not active.

        :raises CannotAskError: when there is no answer.
        """
        document = self._ask(token)
        if document.get("active") is False:
            return None
        expires = document.get("exp")
        if document.get("active") is True and isinstance(expires, int):
            return expires
        raise CannotAskError

    def _ask(self, token: str) -> dict[str, Any]:
        try:
            response = self.http().post(
                self.url,
                data={"token": token},
                auth=(self.client_id, self.client_secret),
                headers={"User-Agent": INSPECTORS_QUESTION},
            )
            document = response.json()
        except (requests.RequestException, ValueError) as error:
            raise CannotAskError from error
        if response.status_code != requests.codes.ok or not isinstance(document, dict):
            raise CannotAskError
        return document
