"""Real connections in place of the in-memory network, for a `Browser` that is to visit processes."""

from typing import TypeVar

import requests
from requests.adapters import HTTPAdapter

from world.network import Network

S = TypeVar("S", bound=requests.Session)


class Sockets(Network):
    """What a `Browser` asks of a network, answered by the machine's own."""

    def mount(self, session: S) -> S:
        """Leave the session on the network that it comes with, without the surroundings' proxies and passwords."""
        session.trust_env = False
        return session

    def adapter(self, remote_address: str = "127.0.0.1") -> HTTPAdapter:  # type: ignore[override]
        """What carries a session's requests."""
        return HTTPAdapter(pool_maxsize=64)
