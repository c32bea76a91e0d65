"""Reject a body over the limit with 413, even if no view reads it, and malformed chunks with 400.

Werkzeug rejects a `Content-Length` over the limit. It cuts a longer body that comes in chunks
(RFC 9112 §7.1), so that a view would read another form than the one that was sent.
"""

from tempfile import SpooledTemporaryFile
from typing import IO

from flask import Flask, Request, current_app, request
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge
from werkzeug.utils import cached_property
from werkzeug.wsgi import get_input_stream

_PART = 64 * 1024
#: A longer body is kept in a file.
_BYTES_IN_MEMORY = 256 * 1024
_LONGEST = "tripod.longest_body"


class BoundedRequest(Request):
    """A request whose body is complete, or is rejected."""

    _chunks: IO[bytes] | None = None

    @cached_property
    def stream(self) -> IO[bytes]:
        """Return the body.

        :raises RequestEntityTooLarge: when it is longer than `max_content_length`.
        :raises BadRequest: when its chunks are malformed, or the client left.
        """
        limit = self.max_content_length
        if self.content_length is not None:
            # With this key, Werkzeug does not notice that the client left.
            counted = {**self.environ}
            counted.pop("wsgi.input_terminated", None)
            return get_input_stream(counted, max_content_length=limit)
        if "wsgi.input_terminated" not in self.environ or limit is None:
            return super().stream
        self._chunks = body = SpooledTemporaryFile(_BYTES_IN_MEMORY)  # noqa: SIM115
        while part := _read(self.environ["wsgi.input"], min(_PART, limit + 1 - body.tell())):
            body.write(part)
            if body.tell() > limit:
                raise RequestEntityTooLarge
        body.seek(0)
        return body

    def close(self) -> None:
        """Close the files of this request. Flask calls this at the end of each request."""
        super().close()
        if self._chunks is not None:
            self._chunks.close()


def _read(chunks: IO[bytes], most_bytes: int) -> bytes:
    try:
        return chunks.read(most_bytes)
    except Exception as error:
        # Each server has its own exceptions for malformed chunks.
        raise BadRequest("The body of the request is malformed or incomplete.") from error


def init_app(app: Flask) -> None:
    """Reject each request to `app` whose body is longer than any view accepts.

    A view with the attribute `checks_length` does so itself, after it has checked who asks.
    """
    app.before_request(_check_length_first)


def _check_length_first() -> None:
    view = current_app.view_functions.get(request.endpoint or "")
    if not getattr(view, "checks_length", False):
        check_length()


def check_length() -> None:
    """Check the length of the body, even if nothing reads it.

    :raises RequestEntityTooLarge: when no view accepts such a body.
    """
    if (request.content_length or 0) > find_limit(current_app):
        raise RequestEntityTooLarge


def raise_limit(app: Flask, longest: int) -> None:
    """Store that some requests to `app` may have longer bodies than its configuration says."""
    app.extensions[_LONGEST] = longest


def find_limit(app: Flask) -> int:
    """Return the size in bytes of the longest body that any request to `app` may have."""
    return int(app.extensions.get(_LONGEST, app.config["MAX_CONTENT_LENGTH"]))
