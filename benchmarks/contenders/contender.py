"""What all contenders have in common."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from benchmarks.processes import Server
from benchmarks.works import Work

ROOT = Path(__file__).resolve().parents[2]


class Contender(ABC):
    """Servers that do the works. `folder` is empty, and for this contender alone."""

    name: str

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        self.folder = folder
        self.works: dict[str, Work] = {}
        self.servers: dict[str, Server] = {}
        self._running = ExitStack()

    @abstractmethod
    def set_up(self) -> None:
        """Create users, clients and tokens, start the servers, and set `works`."""

    def start(self, name: str, server: Server) -> Server:
        """Start one of the servers. It runs until `close`."""
        server.start()
        self._running.callback(server.stop)
        self.servers[name] = server
        return server

    def call_at_the_end(self, function: Callable[[], None]) -> None:
        """Call the function after the servers that start later have been stopped."""
        self._running.callback(function)

    def close(self) -> None:
        """Stop the servers."""
        self._running.close()
