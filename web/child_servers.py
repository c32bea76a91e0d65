"""Start and stop the child processes that serve the programs of `web/serving.py`.

Each child is a granian command in a session of its own, so that Ctrl-C reaches only the parent.
"""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from pathlib import Path

POLL = 0.1
PR_SET_PDEATHSIG = 1  # The option of prctl(2) for a signal that follows the end of the parent.

Child = subprocess.Popen[bytes]


def start(factory: str, directory: Path, address: tuple[str, int]) -> Child:
    """Start granian with what `factory` returns, which it imports in `directory`."""
    host, port = address
    # There is no access log, because query strings contain authorization codes.
    options = (
        "--interface asginl --http 1 --no-ws --factory --workers 1 --log-level error "
        f"--no-access-log --host {host} --port {port}"
    )
    return subprocess.Popen(  # noqa: S603 - this project's own command
        [sys.executable, "-m", "granian", *options.split(), factory],
        cwd=directory,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=stop_with_parent(),
        creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
    )


def stop_with_parent() -> Callable[[], None] | None:
    """Return what a child process calls before it starts, so that it ends with its parent.

    It is None on systems other than Linux, which cannot do that.
    """
    if sys.platform == "linux":
        return _request_sigterm
    return None


def _request_sigterm() -> None:
    """Make Linux send a SIGTERM to this process when its parent is killed."""
    import ctypes

    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def stop(
    children: Collection[Child],
    ready: Collection[Child],
    in_a_hurry: threading.Event,
    within: float,
) -> None:
    """Stop the children when they have sent their answers, or when `in_a_hurry` is set.

    A child that is ready gets one signal. A second one would make granian lose those answers. After
    `within` seconds, the children are killed.
    """
    deadline = time.monotonic() + within
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


def _terminate(child: Child) -> None:
    """Ask the child to stop. The child then stops its worker."""
    with suppress(OSError):
        if sys.platform == "win32":
            child.send_signal(signal.CTRL_BREAK_EVENT)
        else:
            child.terminate()


def _terminate_all(child: Child) -> None:
    """Ask the child and its worker to stop. A worker that is still starting ignores it."""
    with suppress(OSError):
        if sys.platform == "win32":
            child.send_signal(signal.CTRL_BREAK_EVENT)
        else:
            os.killpg(child.pid, signal.SIGTERM)


def _kill(child: Child) -> None:
    """Kill the child and its worker, also when only one of them still runs."""
    with suppress(OSError):
        if sys.platform == "win32":
            child.kill()
        else:
            os.killpg(child.pid, signal.SIGKILL)
    child.wait()
