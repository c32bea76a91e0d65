"""One request to Print Shop that runs in a thread of its own, and waits before each message."""

import secrets
import threading
import time
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from requests import PreparedRequest
from requests.exceptions import ConnectionError as NoConnection

from inspector.record.transcript import Wire
from inspector.stepping.messages import Answer, Outgoing

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

#: Seconds that a message waits. Then it is not sent at all.
WAIT = 300.0
#: Seconds in which the browser must request the answer.
TAKEN_WITHIN = 30.0
#: Seconds between two renewals of what the request holds. It is less than Print Shop's lease.
RENEW_EVERY = 10.0
#: The run of the current thread.
current_run: ContextVar["Run | None"] = ContextVar("current_run", default=None)


def wait_before_sending(request: PreparedRequest) -> None:
    """Wait until the request may be sent, in the thread of a run. In others, do nothing.

    :raises NotSentError: when it may not be sent.
    """
    run = current_run.get()
    if run is not None:
        run.wait_before(Outgoing.read(request))


class NotSentError(NoConnection):
    """Nobody pressed *Send*, so the message was not sent."""


@dataclass(eq=False)
class Run:
    """A request of one browser.

    `target` is its path and query if the browser may request them again. `keep_alive` renews what
    the request's thread holds, such as a lease. `number` counts its messages.
    """

    browser: str = field(repr=False)
    wire: Wire = field(repr=False)
    target: str | None
    keep_alive: Callable[[], None]
    id: str = field(default_factory=lambda: secrets.token_urlsafe(16))
    number: int = 0
    waiting: Outgoing | None = None
    answer: Answer | None = None
    is_over: bool = False
    has_steps: bool = True
    _changed: threading.Condition = field(default_factory=threading.Condition, repr=False)
    _ends_at: float = field(default=0.0, repr=False)
    _ready_at: float = field(default=0.0, repr=False)

    @property
    def seconds_left(self) -> float:
        """The seconds until the message that waits is given up."""
        return max(0.0, self._ends_at - time.monotonic())

    @property
    def fresh_answer(self) -> Answer | None:
        """The answer, or None if there is none yet or if it is too old to show."""
        is_fresh = time.monotonic() - self._ready_at < TAKEN_WITHIN
        if self.waiting or self.is_over or not is_fresh:
            return None
        return self.answer

    @property
    def is_running(self) -> bool:
        """Whether its thread still runs."""
        return self.answer is None

    def start(self, application: "WSGIApplication", wsgi: "WSGIEnvironment", issuer: str) -> None:
        """Run the request, and hold a redirect to the authorization server at `issuer`."""
        arguments = (application, wsgi, issuer)
        name = f"step-{self.id}"
        threading.Thread(target=self._work, name=name, args=arguments, daemon=True).start()

    def wait_before(self, message: Outgoing) -> None:
        """Wait, in the thread of the request, until the message may be sent.

        :raises NotSentError: when it may not be sent.
        """
        if self.has_steps and not self.is_over:
            self._hold(message)
        while self._still_waits(message):
            self.keep_alive()
        if self.is_over:
            raise NotSentError("The message was not sent.")

    def send(self, number: int, *, with_rest: bool = False) -> None:
        """Let the message with this number be sent, and with `with_rest` all later ones."""
        with self._changed:
            if number == self.number and not self.is_over:
                self.has_steps = self.has_steps and not with_rest
                self.waiting, self._ready_at = None, time.monotonic()
                self._changed.notify_all()

    def give_up_in_time(self) -> None:
        """End the run if its message has waited too long."""
        with self._changed:
            if self.waiting is not None and self.seconds_left == 0:
                self._end()

    def end(self) -> None:
        """End the run: the message that waits is not sent, and the answer is not shown."""
        with self._changed:
            self._end()

    def wait_for_step(self) -> None:
        """Wait until a message waits, or until the request has its answer."""
        with self._changed:
            self._changed.wait_for(lambda: self.waiting is not None or not self.is_running)

    def wait_for_answer(self, seconds: float) -> None:
        """Wait until the thread ends."""
        with self._changed:
            self._changed.wait_for(lambda: not self.is_running, seconds)

    def _still_waits(self, message: Outgoing) -> bool:
        """Wait for a while, and return whether the message still waits."""
        with self._changed:
            if self.waiting is message:
                self._changed.wait(min(RENEW_EVERY, self.seconds_left))
            self.give_up_in_time()
            return self.waiting is message

    def _end(self) -> None:
        self.is_over, self.waiting = True, None
        self._changed.notify_all()

    def _hold(self, message: Outgoing) -> None:
        with self._changed:
            self.number += 1
            self.waiting, self._ends_at = message, time.monotonic() + WAIT
            self._changed.notify_all()

    def _work(self, application: "WSGIApplication", wsgi: "WSGIEnvironment", issuer: str) -> None:
        current_run.set(self)
        answer = Answer("500 Internal Server Error", [("Content-Length", "0")], b"")
        try:
            answer = _collect(application, wsgi)
        finally:
            redirect = Outgoing("GET", answer.location, is_redirect=True)
            with self._changed:
                self.answer, self._ready_at = answer, time.monotonic()
                if redirect.origin == issuer and self.has_steps and not self.is_over:
                    self._hold(redirect)
                self._changed.notify_all()


def _collect(application: "WSGIApplication", wsgi: "WSGIEnvironment") -> Answer:
    """Run the application, and return its whole response."""
    started: list[Any] = []
    written: list[bytes] = []

    def start_response(status: str, headers: Any, *_: Any) -> Any:
        started[:] = [status, list(headers)]
        return written.append

    parts = application(wsgi, start_response)
    try:
        body = b"".join([*parts])
    finally:
        close = getattr(parts, "close", None)
        if close is not None:
            close()
    status, headers = started
    return Answer(status, headers, b"".join([*written, body]))
