"""Threads of each process that serves. They work beside its requests."""

from collections.abc import Callable
from threading import Lock, Thread
from typing import TYPE_CHECKING, Any

from flask import Flask

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_EXTENSION = "tripod.service_threads"


def add(app: Flask, name: str, work: Callable[[], None]) -> None:
    """Declare a thread of `app` that runs `work`. It starts with the first request."""
    app.extensions.setdefault(_EXTENSION, {})[name] = work


def start_with_first_request(app: Flask) -> Flask:
    """Start the declared threads with the first request. Return `app`.

    So a command starts no thread, and a process that was forked after the application was created
    has its own.
    """
    threads: dict[str, Callable[[], None]] = app.extensions.get(_EXTENSION, {})
    serve, lock, is_first = app.wsgi_app, Lock(), True

    def start_and_serve(wsgi: "WSGIEnvironment", start_response: "StartResponse") -> Any:
        nonlocal is_first
        if is_first:
            with lock:
                if is_first:
                    is_first = False
                    for name, work in threads.items():
                        Thread(target=work, name=name, daemon=True).start()
        return serve(wsgi, start_response)

    app.wsgi_app = start_and_serve  # type: ignore[assignment, method-assign]
    return app
