"""Runs a WSGI application of the lab in a thread, on a free loopback port."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from werkzeug.serving import WSGIRequestHandler, make_server

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


@contextmanager
def serving(application: "WSGIApplication", *, threaded: bool) -> Iterator[str]:
    """Serve `application` inside the block, and yield its address."""
    server = make_server(
        "127.0.0.1", 0, application, threaded=threaded, request_handler=_SilentHandler
    )
    thread = threading.Thread(
        target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
    )
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()  # also closes the port
        thread.join()


class _SilentHandler(WSGIRequestHandler):
    """A handler that logs no request, since addresses hold codes."""

    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002 (Werkzeug's name)
        """Log nothing."""
