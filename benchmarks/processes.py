"""Servers as child processes: start, stop, CPU time and memory of all their processes (Linux)."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path

PROC = Path("/proc")
READY_WITHIN = 60.0
STOPPED_WITHIN = 10.0
#: Seconds between two attempts to reach a server that starts.
POLL = 0.005
MIB = 1024


class DidNotStartError(Exception):
    """A server stopped or did not answer in time. The message has the end of its output."""


@dataclass
class Server:
    """A server program. It has started when all `probes` return True.

    `user` is the system's user who runs it, by default this one.
    """

    command: Sequence[str | Path]
    env: Mapping[str, str] = field(repr=False)
    probes: Sequence[Callable[[], bool]]
    folder: Path
    log: Path
    user: str | None = None
    seconds_to_start: float = 0.0

    def start(self) -> None:
        """Start the program, and wait until it answers.

        :raises DidNotStartError: when it does not.
        """
        begun_at = time.perf_counter()
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                [str(word) for word in self.command],
                cwd=self.folder,
                env=dict(self.env),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                user=self.user,
            )
        waiting = list(self.probes)
        while waiting:
            if self.process.poll() is not None or time.perf_counter() - begun_at > READY_WITHIN:
                self.stop()
                raise DidNotStartError(self.log.read_text(errors="replace")[-2000:])
            if waiting[0]():
                del waiting[0]
            else:
                time.sleep(POLL)
        self.seconds_to_start = time.perf_counter() - begun_at

    def stop(self) -> None:
        """Stop the program and all its processes."""
        if self.process.poll() is not None:
            return
        self.process.terminate()
        try:
            self.process.wait(STOPPED_WITHIN)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    @property
    def cpu_seconds(self) -> float:
        """The CPU time, user and system, that its running processes have taken."""
        return sum(map(read_cpu_seconds, list_tree(self.process.pid)))

    @property
    def memory(self) -> float:
        """The memory of all its processes in MiB. What they share is counted once (PSS)."""
        return sum(map(read_pss, list_tree(self.process.pid)))


def is_healthy(port: int) -> bool:
    """Return whether a server on this port of loopback says that it can serve."""
    connection = HTTPConnection("127.0.0.1", port, timeout=READY_WITHIN)
    try:
        connection.request("GET", "/healthz", headers={"Connection": "close"})
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def list_tree(root: int) -> list[int]:
    """Return the id of a process and those of its descendants."""
    children: dict[int, list[int]] = {}
    for folder in PROC.glob("[0-9]*"):
        with suppress(OSError):
            children.setdefault(int(_read_stat(int(folder.name))[1]), []).append(int(folder.name))
    found = [root]
    for process in found:
        found += children.get(process, [])
    return found


def read_cpu_seconds(process: int) -> float:
    """Return the CPU time of a process, 0 if it has ended."""
    try:
        stat = _read_stat(process)
    except OSError:
        return 0.0
    return (int(stat[11]) + int(stat[12])) / os.sysconf("SC_CLK_TCK")


def read_pss(process: int) -> float:
    """Return the proportional set size of a process in MiB, 0 if it has ended."""
    try:
        lines = (PROC / str(process) / "smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / MIB


def _read_stat(process: int) -> list[str]:
    """Return the fields of `/proc/PID/stat` that follow the name, which may contain spaces."""
    return (PROC / str(process) / "stat").read_text().rpartition(")")[2].split()
