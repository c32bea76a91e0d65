"""The faults: each one begins, lasts some seconds, and ends; then everything must work again."""

import resource
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from itertools import cycle
from typing import NamedTuple

from world.nodes import Node, Nodes
from world.postgresql import PostgreSQL
from world.processes import servers_at
from world.redis_server import RedisServer

from benchmarks.soak.clocks import Clocks
from benchmarks.soak.disks import SmallDisk

#: Seconds.
CLOCK_OFFSET = 20.0
#: What a wrong or broken authorization server could answer to introspection, as nginx sends it.
ODD_ANSWERS = (
    "return 500;",
    "return 200 'not JSON';",
    "return 200 '[]';",
    """return 200 '{"active": "yes"}';""",
    """return 200 '{"active": true}';""",
    "return 302 http://127.0.0.1/;",
    "return 429;",
)
#: How Photo API introduces itself.
BY_PHOTO_API = "$http_user_agent ~ PycURL"


class Fault(NamedTuple):
    """A fault, and the seconds that it lasts."""

    name: str
    seconds: float
    begin: Callable[[], AbstractContextManager[None]]


@dataclass
class Faults:
    """What can fail: the nodes in turn, and what they share."""

    nodes: Nodes
    postgresql: PostgreSQL
    redis: RedisServer
    clocks: Clocks
    disk: SmallDisk | None = None

    def __post_init__(self) -> None:
        self._turns: Iterator[int] = cycle(range(len(self.nodes.nodes)))
        self._odd_answers: Iterator[str] = cycle(ODD_ANSWERS)

    def list_all(self) -> Sequence[Fault]:
        """Return every fault that is possible here."""
        faults = [
            Fault("a node killed", 2.0, self._kill_node),
            Fault("PostgreSQL restarted", 1.0, self._stop_postgresql),
            Fault("Redis away", 1.5, self._stop_redis),
            Fault("Redis hangs", 1.5, self._pause_redis),
            Fault("an authorization server hangs", 2.0, self._pause_node),
            Fault("odd answers to introspection", 1.5, self._answer_oddly),
            Fault("a clock fast by 20 s", 2.0, lambda: self._move_clock(CLOCK_OFFSET)),
            Fault("a clock slow by 20 s", 2.0, lambda: self._move_clock(-CLOCK_OFFSET)),
            Fault("a node's disk full", 2.0, self._fill_disk),
        ]
        if self.disk is not None:
            disk = self.disk
            faults.append(
                Fault("PostgreSQL's disk full", 2.0, lambda: self._fill_disk_of_postgresql(disk))
            )
        return faults

    def _next_node(self) -> tuple[int, Node]:
        number = next(self._turns)
        return number, self.nodes.nodes[number]

    @contextmanager
    def _kill_node(self) -> Iterator[None]:
        _, node = self._next_node()
        node.kill()
        yield
        node.start()
        node.wait_until_ready()

    @contextmanager
    def _stop_postgresql(self) -> Iterator[None]:
        self.postgresql.stop()
        yield
        self.postgresql.start()

    @contextmanager
    def _stop_redis(self) -> Iterator[None]:
        self.redis.stop()
        yield
        self.redis.start()

    @contextmanager
    def _pause_redis(self) -> Iterator[None]:
        self.redis.pause()
        yield
        self.redis.resume()

    @contextmanager
    def _pause_node(self) -> Iterator[None]:
        _, node = self._next_node()
        node.signal(signal.SIGSTOP, node.ports[:1])
        yield
        node.signal(signal.SIGCONT, node.ports[:1])

    @contextmanager
    def _answer_oddly(self) -> Iterator[None]:
        """Let nginx answer Photo API's introspection requests itself."""
        port = next(iter(self.nodes.proxy.ports))
        odd = f"if ({BY_PHOTO_API}) {{ {next(self._odd_answers)} }}"
        location = f"location = /oauth/introspect {{ {odd} proxy_pass http://leg{port}; }}"
        self.nodes.proxy.answer_itself(port, location)
        yield
        self.nodes.proxy.answer_itself(port, "")

    @contextmanager
    def _move_clock(self, offset: float) -> Iterator[None]:
        number, _ = self._next_node()
        self.clocks.move(number, offset)
        yield
        self.clocks.move(number, 0)

    @contextmanager
    def _fill_disk(self) -> Iterator[None]:
        """Let each write of a node to a file fail, as on a full disk."""
        _, node = self._next_node()
        _limit_files(node, 0)
        yield
        _limit_files(node, resource.RLIM_INFINITY)

    @contextmanager
    def _fill_disk_of_postgresql(self, disk: SmallDisk) -> Iterator[None]:
        """Leave PostgreSQL no room. If it stopped because of that, an operator starts it again."""
        disk.fill()
        yield
        disk.make_room()
        if not self.postgresql.is_running:
            self.postgresql.start()


def _limit_files(node: Node, size: int) -> None:
    for process in servers_at(node.ports):
        with suppress(ProcessLookupError):
            _, hard = resource.prlimit(process, resource.RLIMIT_FSIZE)
            resource.prlimit(process, resource.RLIMIT_FSIZE, (size, hard))


def run_fault(fault: Fault) -> None:
    """Let the fault happen, and return when it is over."""
    with fault.begin():
        time.sleep(fault.seconds)
