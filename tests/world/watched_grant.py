"""A grant whose every answer is compared with the model of `world.model`."""

from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Lock
from typing import Any

import requests

from world.cast import Code
from world.model import (
    DONE,
    Answer,
    BrokenPromise,
    Grant,
    Introspect,
    Kind,
    Possibilities,
    Redeem,
    Refresh,
    Request,
    Revoke,
    Rules,
    Scope,
    Sender,
    Span,
)
from world.registered_client import RegisteredClient


@dataclass
class Promises:
    """The number of answers that were compared with the model, and what was wrong with them."""

    checked: int = 0
    lost: int = 0
    broken: list[str] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock, repr=False)

    def expect(self, is_kept: bool, otherwise: str) -> None:
        """Count a promise that the model does not know; `otherwise` says how it is broken."""
        if is_kept:
            self.count()
        else:
            self.count(broken=otherwise)

    def count(self, *, is_lost: bool = False, broken: str | None = None) -> None:
        """Count one answer."""
        with self._lock:
            if is_lost:
                self.lost += 1
            else:
                self.checked += 1
            if broken is not None:
                self.broken.append(broken)


def span_now() -> Span:
    """Return the present moment."""
    now = datetime.now(UTC)
    return Span(now, now)


@dataclass
class Watch:
    """How answers are compared: with which rules, by which clock, and where they are counted.

    If `has_faults` is true, answers can be lost. Otherwise, a lost answer breaks a promise.
    """

    rules: Rules = field(default_factory=Rules)
    promises: Promises = field(default_factory=Promises)
    now: Callable[[], Span] = span_now
    has_faults: bool = False


class WatchedGrant:
    """A grant that began with `code`. It holds the tokens that its client received, by name.

    `began` is when the code was issued. `answers` is the number of requests so far.
    """

    def __init__(
        self,
        watch: Watch,
        code: Code,
        scope: Scope,
        began: Span,
        stranger: RegisteredClient,
        resource_server: RegisteredClient,
    ) -> None:
        self._watch, self._code = watch, code
        self._senders = {
            Sender.OWNER: code.client,
            Sender.STRANGER: stranger,
            Sender.RESOURCE_SERVER: resource_server,
        }
        self._next_name = 0
        self.answers = 0
        self._history: deque[str] = deque(maxlen=8)
        self.tokens: dict[int, dict[str, Any]] = {}
        self.known = Possibilities(watch.rules, Grant(scope, began))

    def redeem(
        self,
        sender: Sender = Sender.OWNER,
        *,
        has_right_verifier: bool = True,
        has_right_redirect_uri: bool = True,
    ) -> None:
        """Present the code."""
        wrong: dict[str, str] = {}
        if not has_right_redirect_uri:
            wrong["redirect_uri"] = "https://mallory.example/callback"
        verifier = self._code.verifier
        if not has_right_verifier:
            verifier = verifier[::-1]
        name = self._new_name()
        client = self._senders[sender]
        self._ask(
            Redeem(sender, name, has_right_verifier, has_right_redirect_uri),
            lambda: client.redeem(
                self._code.value,
                verifier,
                **{"redirect_uri": self._code.client.redirect_uri} | wrong,
            ),
            name,
        )

    def refresh(
        self, token: int, sender: Sender = Sender.OWNER, scope: Scope | None = None
    ) -> requests.Response | None:
        """Present a refresh token."""
        name, client = self._new_name(), self._senders[sender]
        parameters = {}
        if scope:
            parameters["scope"] = " ".join(sorted(scope))
        return self._ask(
            Refresh(sender, token, name, scope),
            lambda: client.refresh(self.tokens[token]["refresh_token"], **parameters),
            name,
        )

    def lose_refresh(self, token: int) -> None:
        """Present a refresh token, and lose the answer."""
        name, client = self._new_name(), self._senders[Sender.OWNER]
        self._ask(
            Refresh(Sender.OWNER, token, name),
            lambda: client.refresh(self.tokens[token]["refresh_token"]),
            None,
        )

    def introspect(self, token: int, kind: Kind, sender: Sender = Sender.RESOURCE_SERVER) -> None:
        """Introspect a token."""
        client = self._senders[sender]
        self._ask(
            Introspect(sender, token, kind),
            lambda: client.introspect(self.tokens[token][kind.value]),
        )

    def revoke(self, token: int, kind: Kind, sender: Sender = Sender.OWNER) -> None:
        """Revoke a token."""
        client = self._senders[sender]
        self._ask(
            Revoke(sender, token, kind), lambda: client.revoke(self.tokens[token][kind.value])
        )

    def note(self, request: Request, at: Span | None = None, *, is_lost: bool = False) -> None:
        """Take note of what was done to the grant; `is_lost` is whether it may not have been."""
        answer = None
        if not is_lost:
            answer = DONE
        at = at or self._watch.now()
        self.known.observe(request, at, answer)
        self._history.append(f"{request} {at.latest:%H:%M:%S.%f} {answer}")

    def _new_name(self) -> int:
        self._next_name += 1
        return self._next_name

    def _ask(
        self, request: Request, send: Callable[[], requests.Response], name: int | None = None
    ) -> requests.Response | None:
        """Send a request, compare the answer, and keep the tokens of the answer as `name`."""
        sent = self._watch.now()
        response = None
        if self._watch.has_faults:
            with suppress(requests.RequestException):
                response = send()
        else:
            response = send()
        self.observe(request, Span(sent.earliest, self._watch.now().latest), response)
        if name is not None and response is not None and response.status_code == 200:
            self.tokens[name] = response.json()
        return response

    def observe(self, request: Request, at: Span, response: requests.Response | None) -> None:
        """Compare an answer with the model.

        :raises BrokenPromise: when the model does not allow it.
        """
        self.answers += 1
        answer = None
        if response is not None:
            answer = read_answer(response)
        try:
            self.known.observe(request, at, answer)
        except BrokenPromise as error:
            self._watch.promises.count(broken="\n  after ".join([str(error), *self._history]))
            raise
        self._history.append(f"{request} {at.latest:%H:%M:%S.%f} {answer}")
        self._watch.promises.count(is_lost=answer is None)


def read_answer(response: requests.Response) -> Answer:
    """Return what the model predicts of an answer."""
    document: dict[str, Any] = {}
    with suppress(ValueError):
        document = response.json()
    scope = document.get("scope")
    if scope is not None:
        scope = frozenset(scope.split())
    return Answer(response.status_code, document.get("error"), document.get("active"), scope)
