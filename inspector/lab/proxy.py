"""Mallory's proxy in front of the authorization server, which changes token responses.

It stands for a reverse proxy that an attacker has taken over: it sees and changes every message,
but it has no key that signs ID tokens.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from werkzeug.exceptions import BadGateway
from werkzeug.middleware.http_proxy import ProxyMiddleware
from werkzeug.wrappers import Response

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

#: Takes a token response, and returns the one that the client receives instead.
Change = Callable[[dict[str, Any]], dict[str, Any]]


@dataclass
class Proxy:
    """Passes requests on to `application`, and changes token responses inside `changing`."""

    application: "WSGIApplication"
    _change: Change | None = None

    @contextmanager
    def changing(self, change: Change) -> Iterator[None]:
        """Change the token responses inside the block."""
        self._change = change
        try:
            yield
        finally:
            self._change = None

    def __call__(self, wsgi: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer a request."""
        if self._change is None or wsgi["PATH_INFO"] != "/oauth/token":
            return self.application(wsgi, start_response)
        response = Response.from_app(self.application, wsgi)
        tokens = json.loads(response.get_data())
        if "access_token" in tokens:
            response.set_data(json.dumps(self._change(tokens)))
        return response(wsgi, start_response)


def proxy_to(address: str) -> Proxy:
    """Return a proxy for the server at `address`, which gets the `Host` that the client sent."""
    options: dict[str, Any] = {
        "target": f"{address}/",
        "host": None,
        "headers": {},
        "remove_prefix": False,
        "ssl_context": None,
    }
    middleware = ProxyMiddleware(BadGateway(), {})

    def forward(wsgi: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        send = middleware.proxy_to(options, wsgi["PATH_INFO"], "/")
        return send(wsgi, start_response)

    return Proxy(forward)
