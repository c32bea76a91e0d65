"""The process that `profiles.py` starts: it does a work in itself and samples where the time goes.

A timer of the process's CPU time interrupts it. Each time, the innermost frame says which package
runs, and the innermost frame of this project says for which of its files. Time that is spent in C
belongs to the frame that calls it.
"""

import json
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import fields
from io import BytesIO
from types import FrameType
from typing import TYPE_CHECKING, Any

from app import create_auth_server
from benchmarks.load import Conversation
from benchmarks.places import Places, name_places
from benchmarks.works import Endpoints, make_talks

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

#: Seconds of CPU time between two samples. The kernel may round it up to 4 ms.
INTERVAL = 0.001
WARM_UP = 1.0


class Sampler:
    """Counts the places of the samples that are taken while it is on."""

    def __init__(self) -> None:
        self.by_package: Counter[str] = Counter()
        self.by_file: Counter[str] = Counter()

    def __enter__(self) -> None:
        signal.signal(signal.SIGPROF, self._take)
        signal.setitimer(signal.ITIMER_PROF, INTERVAL, INTERVAL)

    def __exit__(self, *_: object) -> None:
        signal.setitimer(signal.ITIMER_PROF, 0)

    def _take(self, _number: int, frame: FrameType | None) -> None:
        places: Places | None = name_places(_list_files(frame))
        if places is not None:
            self.by_package[places.package] += 1
            self.by_file[places.file] += 1


def main() -> None:
    """Read what to do from standard input, and print the counts of each work as JSON."""
    asked: dict[str, Any] = json.load(sys.stdin)
    at = Endpoints(**{field.name: asked["at"][field.name] for field in fields(Endpoints)})
    application = create_auth_server()
    found = {}
    for name, talk in make_talks(at, asked["access_token"], asked["refresh_token"]).items():
        conversation = Conversation(talk)
        _converse(application, conversation, WARM_UP)
        sampler = Sampler()
        with sampler:
            _converse(application, conversation, asked["seconds"])
        found[name] = {"packages": sampler.by_package, "files": sampler.by_file}
    print(json.dumps(found))


def _converse(application: "WSGIApplication", conversation: Conversation, seconds: float) -> None:
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        conversation.request = conversation.answer(_call(application, conversation.request))


def _call(application: "WSGIApplication", request: bytes) -> bytes:
    """Give a request to the application, and return its response as it would be sent."""
    answer: list[str] = []

    def start_response(status: str, headers: list[tuple[str, str]], *_: Any) -> Any:
        answer.append(f"HTTP/1.1 {status}\r\n")
        answer.extend(f"{name}: {value}\r\n" for name, value in headers)

    parts = application(_make_environ(request), start_response)
    content = b"".join(parts)
    if hasattr(parts, "close"):
        parts.close()
    return "".join(answer).encode() + b"\r\n" + content


def _make_environ(request: bytes) -> dict[str, Any]:
    head, _, body = request.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    method, target, _ = first.split(" ")
    path, _, query = target.partition("?")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "REMOTE_ADDR": "127.0.0.1",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.url_scheme": "http",
        "wsgi.errors": sys.stderr,
        "wsgi.input": BytesIO(body),
        "wsgi.input_terminated": True,
    }
    for line in lines:
        name, _, value = line.partition(": ")
        variable = name.upper().replace("-", "_")
        if variable not in ("CONTENT_LENGTH", "CONTENT_TYPE"):
            variable = f"HTTP_{variable}"
        environ[variable] = value
    return environ


def _list_files(frame: FrameType | None) -> Iterator[str]:
    """Yield the files of the frames, from the inside to the outside."""
    while frame is not None:
        yield frame.f_code.co_filename
        frame = frame.f_back


if __name__ == "__main__":
    main()
