"""Serve web applications with granian in child processes, and stop all of them at the end.

Each child is a granian command. Ctrl-C reaches only this process, which then sends one SIGTERM to
each child (`web/child_servers.py`). Several granian servers in `multiprocessing` children
hang on Ctrl-C. The applications use the ASGI interface; `web/asgi.py` says why.
"""

import gc
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import TYPE_CHECKING

from web import child_servers
from web.child_servers import POLL, Child
from web.source_files import SourceFiles

if TYPE_CHECKING:
    from flask import Flask

    from web.asgi import AsgiApplication

#: The exit status of an application that cannot start; gunicorn does not restart its worker then.
CANNOT_START = 4
#: Time limits and the interval between two checks, in seconds.
READY_WITHIN = 30.0
STOPPED_WITHIN = 30.0  # A slow client has 20 seconds for its body.
RELOADED_WITHIN = 3.0


class ServingError(Exception):
    """A program did not start, or stopped. The message is one line, `status` the exit status."""

    def __init__(self, message: str, status: int = 1) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class Program:
    """One application to serve.

    `factory` is what granian imports (`module:function`) in `directory`. It returns an ASGI
    application. `address` is the host and port to listen on, and `setting` the variable to change
    when that port is taken. `greeting` is the line to print when the program is ready.
    """

    name: str
    factory: str
    directory: Path
    address: tuple[str, int]
    setting: str
    greeting: str


class _AskedToStop(BaseException):
    """A signal asked this process to stop. Like KeyboardInterrupt, it is not an error."""


def as_asgi(create: "Callable[[], Flask]") -> "Callable[[], AsgiApplication]":
    """Return a function that creates the same application for an ASGI server.

    It imports what only the child process needs.
    """

    def create_asgi_application() -> "AsgiApplication":
        # Almost nothing that is created here becomes garbage, so the collector need not check it.
        gc.disable()
        from web import asgi, entrance, request_bodies

        app = create()
        gc.freeze()
        gc.enable()
        longest_body = request_bodies.find_limit(app)
        quick_requests = entrance.quick_requests(app)
        return asgi.AsgiApplication(app, longest_body, quick_requests, entrance.URGENT_REQUESTS)

    return create_asgi_application


def is_serving() -> bool:
    """Return False when the application is created for a flask command other than `run`."""
    import click
    from flask.cli import ScriptInfo

    context = click.get_current_context(silent=True)
    return context is None or context.find_object(ScriptInfo) is None or context.info_name == "run"


def serve(
    programs: Sequence[Program],
    before_start: Callable[[], None],
    on_ready: Callable[[], None],
    sources: SourceFiles | None = None,
) -> None:
    """Serve `programs` until a signal asks to stop.

    When all ports are free, `before_start` is called, and the programs start. The greeting of each
    program is printed when it is ready. When all are ready, `on_ready` is called. If `sources` are
    given, the programs start again when one of these files changes.

    :raises ServingError: when a port is taken, or a program does not start or stops unexpectedly.
    """
    programs = _resolve_free_addresses(programs)
    before_start()
    serving = _Serving(programs, _handle_signals())
    try:
        for program in serving.start():
            print(program.greeting, flush=True)
        on_ready()
        while True:
            serving.pause()
            if sources is not None:
                serving.reload(sources)
    except _AskedToStop:
        pass
    finally:
        in_a_hurry = threading.Event()
        signal.signal(signal.SIGINT, lambda *_: in_a_hurry.set())
        serving.stop(in_a_hurry, STOPPED_WITHIN)


@dataclass
class _Serving:
    """The programs and their processes. `ready` are the processes that have answered."""

    programs: Sequence[Program]
    asked_to_stop: threading.Event
    children: dict[Program, Child] = field(default_factory=dict)
    ready: list[Child] = field(default_factory=list)

    def start(self) -> Iterator[Program]:
        """Start all programs, and yield each when it is ready.

        :raises ServingError: when one does not start.
        """
        for program in self.programs:
            self.children[program] = child_servers.start(
                program.factory, program.directory, program.address
            )
        for program in self.programs:
            self._wait_until_ready(program)
            self.ready.append(self.children[program])
            yield program

    def stop(self, in_a_hurry: threading.Event, within: float) -> None:
        """Stop all programs."""
        child_servers.stop(self.children.values(), self.ready, in_a_hurry, within)
        self.children.clear()
        self.ready.clear()

    def reload(self, sources: SourceFiles) -> None:
        """Start all programs again if a file has changed. After an error, wait for a new change."""
        changed = sources.find_change()
        if changed is None:
            return
        print(f"{changed} has changed. The programs start again ...", flush=True)
        self.stop(self.asked_to_stop, RELOADED_WITHIN)
        try:
            for _ in self.start():
                pass
        except ServingError as error:
            self.stop(self.asked_to_stop, RELOADED_WITHIN)
            print(f"{error} Correct the error above, and save the file.", flush=True)
        else:
            print("The programs are ready again.", flush=True)

    def pause(self) -> None:
        """Wait for a moment, and check that everything still runs.

        :raises _AskedToStop: when a signal asked to stop.
        :raises ServingError: when a child stopped.
        """
        if self.asked_to_stop.wait(POLL):
            raise _AskedToStop
        for program, child in self.children.items():
            if child.poll() is not None:
                raise ServingError(
                    f"{program.name} stopped unexpectedly with exit status {child.returncode}."
                )

    def _wait_until_ready(self, program: Program) -> None:
        deadline = time.monotonic() + READY_WITHIN
        while not _is_healthy(program.address):
            if time.monotonic() > deadline:
                raise ServingError(f"{program.name} is not ready after {READY_WITHIN:.0f} seconds.")
            self.pause()


def _resolve_free_addresses(programs: Sequence[Program]) -> list[Program]:
    """Return the programs with IP addresses, which granian needs. Check that all can listen.

    Granian would silently share a port with another granian, so each address is bound first.

    :raises ServingError: when an address cannot be bound.
    """
    with ExitStack() as probes:
        return [replace(program, address=_bind(program, probes)) for program in programs]


def _bind(program: Program, probes: ExitStack) -> tuple[str, int]:
    host, port = program.address
    try:
        family, _, _, _, resolved = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        probe = probes.enter_context(socket.socket(family))
        if sys.platform != "win32":  # On Windows, it allows two programs on one port.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(resolved)
        # With that option, two sockets can be bound to one port until one of them listens.
        probe.listen()
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise ServingError(
            f"{program.name} cannot listen on {host} port {port}: {reason}. "
            f"Set {program.setting} to use another port.",
            CANNOT_START,
        ) from None
    return str(resolved[0]), port


def _handle_signals() -> threading.Event:
    """Return an event that is set when a signal asks this process to stop."""
    asked_to_stop = threading.Event()
    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK"):
        number = getattr(signal, name, None)
        if number is not None and not _is_nohup(name, number):
            signal.signal(number, lambda *_: asked_to_stop.set())
    return asked_to_stop


def _is_nohup(name: str, number: int) -> bool:
    """Return whether the process was started with nohup, and must ignore SIGHUP."""
    return name == "SIGHUP" and signal.getsignal(number) is signal.SIG_IGN


def _is_healthy(address: tuple[str, int]) -> bool:
    host, port = address
    # A program that listens on every interface answers on loopback.
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - nothing is bound here
    connection = HTTPConnection(host, port, timeout=2)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
