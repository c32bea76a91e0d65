"""Serve two minimal programs in the same way as the legs.

Usage: `python tiny_programs.py FACTORY PORT FACTORY PORT`.
"""

import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from web import serving
from web.asgi import AsgiApplication

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


def ready() -> AsgiApplication:
    """Return a program that is ready from the start."""
    return _respond_with("200 OK")


def never_ready() -> AsgiApplication:
    """Return a program whose health check always fails."""
    return _respond_with("503 Service Unavailable")


def slow() -> AsgiApplication:
    """Return a program that answers `/slow` after more seconds than a stop took before."""
    return _respond_with("200 OK", pause=7)


def failing_at_start() -> AsgiApplication:
    """Exit instead of returning a program."""
    sys.exit(4)


def _respond_with(status: str, pause: float = 0) -> AsgiApplication:
    def application(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        if environ["PATH_INFO"] == "/slow":
            print("/slow was received", flush=True)
            time.sleep(pause)
        start_response(status, [("Content-Length", "2")])
        return [b"ok"]

    return AsgiApplication(application, longest_body=0, threads=2)


def _program(name: str, factory: str, port: str) -> serving.Program:
    return serving.Program(
        name=name,
        factory=f"{__file__}:{factory}",
        directory=Path(__file__).parent,
        address=("127.0.0.1", int(port)),
        setting="A_SETTING",
        greeting=f"{name} is ready",
    )


if __name__ == "__main__":
    if "never_ready" in sys.argv:
        serving.READY_WITHIN = 1
    try:
        serving.serve(
            [_program("One", *sys.argv[1:3]), _program("Two", *sys.argv[3:5])],
            before_start=lambda: None,
            on_ready=lambda: print("All programs are ready", flush=True),
        )
    except serving.ServingError as error:
        print(error)
        sys.exit(error.status)
