"""Reject a body over the limit with 413, also if its length is not declared.

Werkzeug rejects a `Content-Length` over the limit. It cuts a longer body that comes in chunks
(RFC 9112 §7.1), so that a view would read another form than the one that was sent.
"""

from tempfile import SpooledTemporaryFile
from typing import IO

from flask import Request
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.utils import cached_property

_PART = 64 * 1024
#: A longer body is kept in a file.
_BYTES_IN_MEMORY = 256 * 1024


class BoundedRequest(Request):
    """A request whose body is complete, or is rejected."""

    _chunks: IO[bytes] | None = None

    @cached_property
    def stream(self) -> IO[bytes]:
        """Return the body.

        :raises RequestEntityTooLarge: when it is longer than `max_content_length`.
        """
        limit = self.max_content_length
        has_chunks = self.content_length is None and "wsgi.input_terminated" in self.environ
        if not has_chunks or limit is None:
            return super().stream
        self._chunks = body = SpooledTemporaryFile(_BYTES_IN_MEMORY)  # noqa: SIM115
        while part := self.environ["wsgi.input"].read(min(_PART, limit + 1 - body.tell())):
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
