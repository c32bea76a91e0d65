"""Serve web applications with granian in child processes, and stop all of them at the end.

Each child is a granian command in a session of its own, so that Ctrl-C reaches only this process,
which then sends one SIGTERM to each child. Several granian servers in `multiprocessing` children
hang on Ctrl-C. The applications use the ASGI interface; `web/asgi.py` says why.
"""

import gc
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Collection, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from web.asgi import AsgiApplication

#: The exit status of an application that cannot start; gunicorn does not restart its worker then.
CANNOT_START = 4
#: Time limits and the interval between two checks, in seconds.
READY_WITHIN = 30.0
STOPPED_WITHIN = 30.0  # A slow client has 20 seconds for its body.
POLL = 0.1
PR_SET_PDEATHSIG = 1  # The option of prctl(2) for a signal that follows the end of the parent.

Children = Collection[subprocess.Popen[bytes]]


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
        return asgi.AsgiApplication(app, request_bodies.find_limit(app), entrance.quick_paths(app))

    return create_asgi_application


def serve(
    programs: Sequence[Program], before_start: Callable[[], None], on_ready: Callable[[], None]
) -> None:
    """Serve `programs` until a signal asks to stop.

    When all ports are free, `before_start` is called, and the programs start. The greeting of each
    program is printed when it is ready. When all are ready, `on_ready` is called.

    :raises ServingError: when a port is taken, or a program does not start or stops unexpectedly.
    """
    programs = _resolve_free_addresses(programs)
    before_start()
    asked_to_stop = _handle_signals()
    children: dict[Program, subprocess.Popen[bytes]] = {}
    ready: list[subprocess.Popen[bytes]] = []
    try:
        for program in programs:
            children[program] = _start(program)
        for program in programs:
            _wait_until_ready(program, lambda: _pause(children, asked_to_stop))
            ready.append(children[program])
            print(program.greeting, flush=True)
        on_ready()
        while True:
            _pause(children, asked_to_stop)
    except _AskedToStop:
        pass
    finally:
        _stop(children.values(), ready)


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


def _start(program: Program) -> subprocess.Popen[bytes]:
    host, port = program.address
    # There is no access log, because query strings contain authorization codes.
    options = (
        "--interface asginl --http 1 --no-ws --factory --workers 1 --log-level error "
        f"--no-access-log --host {host} --port {port}"
    )
    before_start = None
    if sys.platform == "linux":
        before_start = _stop_with_parent
    return subprocess.Popen(  # noqa: S603 - this project's own command
        [sys.executable, "-m", "granian", *options.split(), program.factory],
        cwd=program.directory,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=before_start,
        creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
    )


def _stop_with_parent() -> None:
    """Make Linux send a SIGTERM to this process when its parent is killed."""
    import ctypes

    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def _pause(
    children: dict[Program, subprocess.Popen[bytes]], asked_to_stop: threading.Event
) -> None:
    """Wait for a moment, and check that everything still runs.

    :raises _AskedToStop: when a signal asked to stop.
    :raises ServingError: when a child stopped.
    """
    if asked_to_stop.wait(POLL):
        raise _AskedToStop
    for program, child in children.items():
        if child.poll() is not None:
            raise ServingError(
                f"{program.name} stopped unexpectedly with exit status {child.returncode}."
            )


def _wait_until_ready(program: Program, pause: Callable[[], None]) -> None:
    deadline = time.monotonic() + READY_WITHIN
    while not _is_healthy(program.address):
        if time.monotonic() > deadline:
            raise ServingError(f"{program.name} is not ready after {READY_WITHIN:.0f} seconds.")
        pause()


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


def _stop(children: Children, ready: Children) -> None:
    """Stop the children when they have sent their answers, or at the next Ctrl-C.

    A child that is ready gets one signal. A second one would make granian lose those answers.
    """
    deadline = time.monotonic() + STOPPED_WITHIN
    in_a_hurry = threading.Event()
    signal.signal(signal.SIGINT, lambda *_: in_a_hurry.set())
    for child in children:
        _terminate(child)
    while any(child.poll() is None for child in children) and time.monotonic() < deadline:
        if in_a_hurry.wait(POLL):
            break
        for child in children:
            if child not in ready:
                _terminate_all(child)
    for child in children:
        _kill(child)


def _terminate(child: subprocess.Popen[bytes]) -> None:
    """Ask the child to stop. The child then stops its worker."""
    with suppress(OSError):
        if sys.platform == "win32":
            child.send_signal(signal.CTRL_BREAK_EVENT)
        else:
            child.terminate()


def _terminate_all(child: subprocess.Popen[bytes]) -> None:
    """Ask the child and its worker to stop. A worker that is still starting ignores it."""
    with suppress(OSError):
        if sys.platform == "win32":
            child.send_signal(signal.CTRL_BREAK_EVENT)
        else:
            os.killpg(child.pid, signal.SIGTERM)


def _kill(child: subprocess.Popen[bytes]) -> None:
    """Kill the child and its worker, also when only one of them still runs."""
    with suppress(OSError):
        if sys.platform == "win32":
            child.kill()
        else:
            os.killpg(child.pid, signal.SIGKILL)
    child.wait()
