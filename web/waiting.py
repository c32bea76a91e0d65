"""Stop code on the event loop before it waits.

While the event loop of `web/asgi.py` waits, its process answers no request, not even `/livez`. So
code that would have to wait raises `WouldWait` before it has changed anything, and a thread runs
the request again.
"""

import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
View = TypeVar("View", bound=Callable[..., object])

_thread = threading.local()


class WouldWait(BaseException):
    """The code would have to wait. It is a BaseException, so that no error handler catches it."""


def for_event_loop(view: View) -> View:
    """Mark a view that the event loop may run if the database is SQLite.

    Before the view waits for anything but the database, it must call `check_may_wait`, and must not
    have changed anything.
    """
    view.is_for_event_loop = True  # type: ignore[attr-defined]
    return view


def is_for_event_loop(view: object) -> bool:
    """Return whether the view is marked with `for_event_loop`."""
    return bool(getattr(view, "is_for_event_loop", False))


def call_without_waiting(function: Callable[[], T]) -> T:
    """Return the result of `function()`.

    :raises WouldWait: when it would have to wait.
    """
    before = getattr(_thread, "may_not_wait", False)
    _thread.may_not_wait = True
    try:
        return function()
    finally:
        _thread.may_not_wait = before


def check_may_wait() -> None:
    """Check that the running code may wait.

    :raises WouldWait: when it runs in `call_without_waiting`.
    """
    if getattr(_thread, "may_not_wait", False):
        raise WouldWait
