"""Real connections in place of the in-memory network, for a `Browser` that visits processes."""

import socket
from typing import TypeVar

import requests
from requests.adapters import HTTPAdapter

from world.network import Network

S = TypeVar("S", bound=requests.Session)


class Sockets(Network):
    """What a `Browser` asks of a network, answered by the machine's own."""

    def mount(self, session: S) -> S:
        """Let the session use real connections, without the environment's proxies and passwords."""
        session.trust_env = False
        return session

    def adapter(self, remote_address: str = "127.0.0.1") -> HTTPAdapter:  # type: ignore[override]
        """Return an adapter for a session."""
        return HTTPAdapter(pool_maxsize=64)


def is_listening(port: int) -> bool:
    """Return whether a server on loopback accepts connections at `port`."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True
