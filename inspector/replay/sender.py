"""Send a message to the demo's own leg that received it before."""

import secrets
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import requests

from inspector.read.steps import sent_again, sent_again_from
from inspector.record.exchange import Exchange
from inspector.record.store import Store
from inspector.replay.message import BEARER, BODY, FORM, QUERY, Parameter, ResendableMessage
from inspector.reveal.vault import Vault
from web.request_id import HEADER

#: Seconds in which a leg stores the message after it has responded, and between two looks.
PATIENCE, PAUSE = 2.0, 0.05

Filled = Iterable[tuple[Parameter, str]]


class NotSentError(Exception):
    """No response came. The text says so, as a sentence."""


@dataclass(frozen=True)
class Sender:
    """Sends messages to the legs at `origins`, with the secrets of the demo's own clients."""

    origins: dict[str, str]
    client_secrets: dict[str, str] = field(repr=False)
    vault: Vault
    store: Store
    http: Callable[[], requests.Session] = field(repr=False)

    def send(self, message: ResendableMessage, typed: Sequence[str]) -> Exchange | None:
        """Send `message` with the typed values, and return the exchange that its leg recorded.

        The response is not kept: it can contain new tokens.

        :raises NotSentError: when there is no response.
        """
        exchange, before, request_id = message.exchange, self.store.last_id(), secrets.token_hex(8)
        try:
            self.http().request(
                exchange.method,
                f"{self.origins[exchange.leg]}{quote(exchange.path, safe='/')}",
                **self._parts(message, request_id, typed),
            )
        except (requests.RequestException, UnicodeError):
            raise NotSentError("The message could not be sent, or no response came.") from None
        return self._find_recorded(request_id, max(before, 0))

    def _parts(
        self, message: ResendableMessage, request_id: str, typed: Sequence[str]
    ) -> dict[str, Any]:
        filled = list(zip(message.parameters, typed, strict=True))
        headers: dict[str, str | bytes] = {
            HEADER: request_id,
            "User-Agent": sent_again(message.exchange.id),
        }
        for token in self._values(BEARER, filled):
            headers["Authorization"] = f"Bearer {token[1]}".encode()
        parts: dict[str, Any] = {"headers": headers, "params": self._values(QUERY, filled)}
        if message.client_id:
            parts["auth"] = (message.client_id, self.client_secrets[message.client_id])
            parts["data"] = self._values(FORM, filled)
        for body in self._values(BODY, filled):
            headers["Content-Type"] = "application/json"
            parts["data"] = body[1].encode()
        return parts

    def _values(self, place: str, filled: Filled) -> list[tuple[str, str]]:
        """Return the parameters of this place that are not empty."""
        here = [pair for pair in filled if pair[0].place == place]
        return [(parameter.name, self._value(parameter, text)) for parameter, text in here if text]

    def _value(self, parameter: Parameter, text: str) -> str:
        """Return what is sent: the decrypted value if the text is unchanged, or else the text."""
        if parameter.sealed and text == parameter.shown:
            return self.vault.unseal(parameter.sealed)
        return text

    def _find_recorded(self, request_id: str, after: int) -> Exchange | None:
        for _ in range(int(PATIENCE / PAUSE)):
            for exchange in self.store.exchanges(after):
                # Its inner messages have the same request id.
                if exchange.request_id == request_id and sent_again_from(exchange):
                    return exchange
            time.sleep(PAUSE)
        return None
