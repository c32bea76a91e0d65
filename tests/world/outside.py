"""The logout tokens of a server on the in-memory network."""

from flask import Flask
from requests.adapters import BaseAdapter

from auth_server import logout_tokens
from web.guarded_client import GuardedClient
from web.http_client import Response
from world.network import transport_over


class _InMemoryClient(GuardedClient):
    """A client whose requests stay in this process. It refuses no address."""

    def __init__(self, adapter: BaseAdapter) -> None:
        super().__init__(allows_loopback=True)
        # The class is frozen.
        object.__setattr__(self, "_transport", transport_over(adapter))

    def post(self, url: str, form: bytes) -> Response:
        """Return the response to a form."""
        headers = ["Content-Type: application/x-www-form-urlencoded"]
        response: Response = self._transport(url, headers, form)  # type: ignore[attr-defined]
        return response


def send_in_memory(app: Flask, adapter: BaseAdapter) -> None:
    """Let the authorization server send logout tokens on the network of the adapter."""
    logout_tokens.init_app(app, _InMemoryClient(adapter))
