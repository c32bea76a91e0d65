"""Two programs that hardly do anything, served as the legs are: `python tiny_programs.py FACTORY PORT FACTORY PORT`."""

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from web import serving

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


def healthy() -> "WSGIApplication":
    """A program that is well from the start."""
    return _answering("200 OK")


def ailing() -> "WSGIApplication":
    """A program that never gets ready."""
    return _answering("503 Service Unavailable")


def stillborn() -> "WSGIApplication":
    """A program that cannot be made."""
    sys.exit(4)


def _answering(status: str) -> "WSGIApplication":
    def application(
        _environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        start_response(status, [("Content-Length", "2")])
        return [b"ok"]

    return application


def _program(name: str, factory: str, port: str) -> serving.Program:
    return serving.Program(
        name=name,
        factory=f"{__file__}:{factory}",
        directory=Path(__file__).parent,
        address=("127.0.0.1", int(port)),
        setting="A_SETTING",
        greeting=f"{name} is there",
    )


if __name__ == "__main__":
    if "ailing" in sys.argv:
        serving.READY_WITHIN = 1
    try:
        serving.serve(
            [_program("One", *sys.argv[1:3]), _program("Two", *sys.argv[3:5])],
            lambda: print("Come in", flush=True),
        )
    except serving.ServingError as error:
        print(error)
        sys.exit(error.status)
