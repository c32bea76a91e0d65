"""Whether the code that runs may wait for another transaction: on the event loop, it must not.

While the event loop of `web/asgi.py` waits, the whole leg does, with its `/livez`. So what it runs
raises `WouldWait` instead, before it has changed anything, and a thread runs it again.
"""

import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
View = TypeVar("View", bound=Callable[..., object])

_thread = threading.local()


class WouldWait(BaseException):
    """The code would have had to wait. It is not an error, so no error handler may catch it."""


def seldom_waits(view: View) -> View:
    """Mark a view that the event loop may run, if the database is SQLite.

    Before it waits for anything else, it calls `check_that_it_may_wait`.
    """
    view.seldom_waits = True  # type: ignore[attr-defined]
    return view


def is_marked(view: object) -> bool:
    """Return whether the view is marked with `seldom_waits`."""
    return bool(getattr(view, "seldom_waits", False))


def call_without_waiting(function: Callable[[], T]) -> T:
    """Return the result of `function()`.

    :raises WouldWait: when it would have had to wait.
    """
    before = getattr(_thread, "may_not_wait", False)
    _thread.may_not_wait = True
    try:
        return function()
    finally:
        _thread.may_not_wait = before


def check_that_it_may_wait() -> None:
    """Return if the running code may wait.

    :raises WouldWait: when it runs in `call_without_waiting`.
    """
    if getattr(_thread, "may_not_wait", False):
        raise WouldWait
