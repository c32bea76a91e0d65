"""Send redirect addresses unchanged, and return the address of the current request."""

from typing import TYPE_CHECKING

from flask import Flask, Response, request
from werkzeug.datastructures import Headers

from web.addresses import escape_path, escape_query

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment


class ExactResponse(Response):
    """A response that sends its `Location` as it is.

    Werkzeug would take the address apart and put it together again. This changes, for example, the
    case of a host, an empty query, and some escapes.
    """

    def get_wsgi_headers(self, environ: "WSGIEnvironment") -> Headers:
        """Return the headers to send. An address that is not ASCII is encoded by Werkzeug."""
        location = self.headers.get("Location")
        if location is None or not location.isascii():
            return super().get_wsgi_headers(environ)
        # Then Werkzeug has no address to take apart.
        del self.headers["Location"]
        headers = super().get_wsgi_headers(environ)
        self.headers["Location"] = headers["Location"] = location
        return headers


def requested_target() -> str:
    """Return path and query of the current request, with the bytes that were sent.

    WSGI servers decode the path, so it is escaped again. The path may begin with two slashes.
    """
    # PEP 3333: each character stands for a byte.
    path = escape_path(request.environ["PATH_INFO"].encode("latin-1"))
    if not path.startswith("/"):
        # The target can be `*`, as in `OPTIONS *` (RFC 9110 §9.3.7).
        path = f"/{path}"
    query = escape_query(request.query_string)
    if query:
        return f"{path}?{query}"
    return path


def requested_page() -> str:
    """Return path and query of the current request, as an address of this server.

    It begins with one slash, because two would begin the name of a host.
    """
    return f"/{requested_target().lstrip('/')}"


def init_app(app: Flask) -> None:
    """Use these responses for every view of `app`, and for those that a library creates."""
    app.response_class = ExactResponse
