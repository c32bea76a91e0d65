"""Serves web applications as children on granian, and stops every one of them whichever way the end comes.

Each is a granian command line in a session of its own, so that Ctrl-C reaches this process alone and is passed on as a
SIGTERM once: granian's own embedded mode has no WSGI, and several of its servers in `multiprocessing` children hang on
Ctrl-C.
"""

import ctypes
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

THREADS = 16
#: An exit status under which gunicorn, which knows it too, does not restart a worker for ever.
CANNOT_START = 4
READY_WITHIN = 30.0
STOPPED_WITHIN = 5.0
POLL = 0.1
PR_SET_PDEATHSIG = 1


class ServingError(Exception):
    """It cannot be served, or no longer is. The message is one line; `status` is what to exit with."""

    def __init__(self, message: str, status: int = 1) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class Program:
    """One application: the factory that granian imports (`module:function`), and where it listens.

    `setting` is what a person changes when the port is taken, `greeting` the line to print when it answers.
    """

    name: str
    factory: str
    directory: Path
    address: tuple[str, int]
    setting: str
    greeting: str


class _AskedToStop(BaseException):
    """A signal came. Not an error, as KeyboardInterrupt is none."""


def serve(programs: Sequence[Program], invite: Callable[[], None]) -> None:
    """Serve `programs` until a signal asks to stop; greet as each begins to answer, and `invite` when all of them do.

    :raises ServingError: when a port is taken, or one does not start, or one stops by itself.
    """
    programs = _with_free_addresses(programs)
    asked_to_stop = _listen_for_signals()
    children: dict[Program, subprocess.Popen[bytes]] = {}
    try:
        for program in programs:
            children[program] = _start(program)
        for program in programs:
            _wait_until_ready(program, lambda: _pause(children, asked_to_stop))
            print(program.greeting, flush=True)
        invite()
        while True:
            _pause(children, asked_to_stop)
    except _AskedToStop:
        pass
    finally:
        _stop(children.values())


def _with_free_addresses(programs: Sequence[Program]) -> list[Program]:
    """The same programs with hosts as numbers, which granian wants, when all of them can listen at once.

    A second granian shares a taken port without a word, so a plain bind is tried first.
    """
    with ExitStack() as probes:
        return [replace(program, address=_bind(program, probes)) for program in programs]


def _bind(program: Program, probes: ExitStack) -> tuple[str, int]:
    host, port = program.address
    try:
        family, _, _, _, resolved = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        probe = probes.enter_context(socket.socket(family))
        if sys.platform != "win32":  # There the option means that a taken port is taken over.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(resolved)
        # Two bound sockets with that option do not see each other until one listens.
        probe.listen()
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise ServingError(
            f"{program.name} cannot listen on {host} port {port}: {reason}. {program.setting} moves it.",
            CANNOT_START,
        ) from None
    return str(resolved[0]), port


def _listen_for_signals() -> threading.Event:
    asked_to_stop = threading.Event()
    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK"):
        number = getattr(signal, name, None)
        # Who was started with nohup keeps running without a terminal.
        if number is not None and not (
            name == "SIGHUP" and signal.getsignal(number) is signal.SIG_IGN
        ):
            signal.signal(number, lambda *_: asked_to_stop.set())
    return asked_to_stop


def _start(program: Program) -> subprocess.Popen[bytes]:
    host, port = program.address
    # No access log: it would hold the codes that query strings carry.
    options = (
        f"--interface wsgi --http 1 --no-ws --factory --workers 1 --blocking-threads {THREADS} "
        f"--log-level error --no-access-log --host {host} --port {port}"
    )
    return subprocess.Popen(
        [sys.executable, "-m", "granian", *options.split(), program.factory],
        cwd=program.directory,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=_end_with_the_parent if sys.platform == "linux" else None,
        creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
    )


def _end_with_the_parent() -> None:
    """Have Linux send a SIGTERM when the parent is killed, which then can pass nothing on."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def _pause(
    children: dict[Program, subprocess.Popen[bytes]], asked_to_stop: threading.Event
) -> None:
    """Let a moment pass in which nothing happens, or raise what did."""
    if asked_to_stop.wait(POLL):
        raise _AskedToStop
    for program, child in children.items():
        if child.poll() is not None:
            raise ServingError(
                f"{program.name} stopped by itself, with exit status {child.returncode}."
            )


def _wait_until_ready(program: Program, pause: Callable[[], None]) -> None:
    deadline = time.monotonic() + READY_WITHIN
    while not _is_healthy(program.address):
        if time.monotonic() > deadline:
            raise ServingError(f"{program.name} is not ready after {READY_WITHIN:.0f} seconds.")
        pause()


def _is_healthy(address: tuple[str, int]) -> bool:
    host, port = address
    # Listening on every interface means on loopback too.
    connection = HTTPConnection(
        {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host), port, timeout=2
    )
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def _stop(children: Collection[subprocess.Popen[bytes]]) -> None:
    deadline = time.monotonic() + STOPPED_WITHIN
    # First the children alone: one whose worker has gone before it was asked itself would call that unexpected.
    terminate = _terminate
    while any(child.poll() is None for child in children) and time.monotonic() < deadline:
        for child in children:
            terminate(child)
        time.sleep(POLL)
        terminate = _terminate_all
    for child in children:
        _kill_what_is_left(child)


def _terminate(child: subprocess.Popen[bytes]) -> None:
    """Ask the child to stop, which asks its worker."""
    with suppress(OSError):
        if sys.platform == "win32":
            child.send_signal(signal.CTRL_BREAK_EVENT)
        else:
            child.terminate()


def _terminate_all(child: subprocess.Popen[bytes]) -> None:
    """Ask the worker as well: one that is only just starting is deaf, so it is asked repeatedly."""
    with suppress(OSError):
        if sys.platform == "win32":
            child.send_signal(signal.CTRL_BREAK_EVENT)
        else:
            os.killpg(child.pid, signal.SIGTERM)


def _kill_what_is_left(child: subprocess.Popen[bytes]) -> None:
    """The child where it has not stopped, and its worker where it has died without it."""
    with suppress(OSError):
        if sys.platform == "win32":
            child.kill()
        else:
            os.killpg(child.pid, signal.SIGKILL)
    child.wait()
