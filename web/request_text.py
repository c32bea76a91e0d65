"""Reject requests whose query or form is not UTF-8 with 400.

Werkzeug would replace such bytes, or read no field at all. The user would then read about the wrong
cause. In a query, Werkzeug keeps an escape such as %E9 as it is, which is harmless in a parameter
that no view reads. So only a view that `checks_query` rejects it. The name of an uploaded file may
have any bytes, since nothing reads it.
"""

from collections.abc import Callable, Iterator
from io import BytesIO
from typing import IO, NoReturn, TypeVar
from urllib.parse import unquote_to_bytes

from flask import Flask, current_app, request
from werkzeug.datastructures import FileStorage, Headers, MultiDict
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge
from werkzeug.formparser import FormDataParser, MultiPartParser
from werkzeug.sansio.multipart import (
    NEED_DATA,
    Data,
    Epilogue,
    Event,
    Field,
    File,
    MultipartDecoder,
)

from web import event_log
from web.reasons import Reason
from web.request_bodies import BoundedRequest

View = TypeVar("View", bound=Callable[..., object])
Form = MultiDict[str, str]
Files = MultiDict[str, FileStorage]


def init_app(app: Flask) -> None:
    """Check the query of every request to `app`, and each form when it is read."""
    app.request_class = _Request
    app.before_request(_check_query)


def checks_query(view: View) -> View:
    """Mark a view that calls `has_utf8_query` itself, because its protocol defines the error."""
    view.checks_query = True  # type: ignore[attr-defined]
    return view


def has_utf8_query() -> bool:
    """Return whether the query of the current request is UTF-8, its escapes included."""
    return _is_utf8(unquote_to_bytes(request.query_string))


def _check_query() -> None:
    view = current_app.view_functions.get(request.endpoint or "")
    if not getattr(view, "checks_query", False) and not _is_utf8(request.query_string):
        _refuse("query of this address")


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _refuse(what: str) -> NoReturn:
    event_log.record("request_refused", path=str(request.url_rule), reason=Reason.NOT_UTF8)
    raise BadRequest(f"The {what} is not UTF-8.")


class _FormParser(FormDataParser):
    """A parser that rejects forms that are not UTF-8. Other malformed forms have no fields."""

    def parse(
        self,
        stream: IO[bytes],
        mimetype: str,
        content_length: int | None,
        options: dict[str, str] | None = None,
    ) -> tuple[IO[bytes], Form, Files]:
        """Return the stream, the fields and the files.

        :raises BadRequest: when a field is not UTF-8.
        """
        if mimetype == "multipart/form-data":
            return stream, *self._parse_parts(stream, (options or {}).get("boundary", ""))
        if mimetype == "application/x-www-form-urlencoded":
            body = stream.read()
            if not _is_utf8(unquote_to_bytes(body)):
                _refuse("form")
            stream = BytesIO(body)
        return super().parse(stream, mimetype, content_length, options)

    def _parse_parts(self, stream: IO[bytes], boundary: str) -> tuple[Form, Files]:
        parser = _PartParser(
            self.stream_factory,
            self.max_form_memory_size,
            self.cls,
            max_form_parts=self.max_form_parts,
        )
        if not boundary:
            return self.cls(), self.cls()
        try:
            return parser.parse(stream, boundary.encode("ascii"), None)
        except ValueError:
            return self.cls(), self.cls()


class _Request(BoundedRequest):
    form_data_parser_class = _FormParser


class _PartParser(MultiPartParser):
    """Werkzeug's parser of multipart/form-data, with strict decoding."""

    def parse(
        self, stream: IO[bytes], boundary: bytes, content_length: int | None
    ) -> tuple[Form, Files]:
        """Return the fields and the files."""
        fields: list[tuple[str, str]] = []
        files: list[tuple[str, FileStorage]] = []
        for part, content in self._read_parts(stream, boundary):
            content.seek(0)
            if isinstance(part, File):
                upload = FileStorage(content, part.filename, part.name, headers=part.headers)
                files.append((part.name, upload))
            else:
                fields.append((part.name, self._decode(part, content.read())))
        return self.cls(fields), self.cls(files)

    def _read_parts(
        self, stream: IO[bytes], boundary: bytes
    ) -> Iterator[tuple[Field | File, IO[bytes]]]:
        part: Field | File | None = None
        content: IO[bytes] = BytesIO()
        for event in self._read_events(stream, boundary):
            if isinstance(event, File):
                part, content = event, self.start_file_streaming(event, None)
            elif isinstance(event, Field):
                part, content = event, BytesIO()
            elif isinstance(event, Data) and part is not None:
                content.write(event.data)
                self._check_size(part, content)
                if not event.more_data:
                    yield part, content

    def _read_events(self, stream: IO[bytes], boundary: bytes) -> Iterator[Event]:
        decoder = _PartDecoder(boundary, self.max_form_memory_size, max_parts=self.max_form_parts)
        event: Event = NEED_DATA
        while not isinstance(event, Epilogue):
            if event is NEED_DATA:
                decoder.receive_data(stream.read(self.buffer_size) or None)
            event = decoder.next_event()
            yield event

    def _check_size(self, part: Field | File, content: IO[bytes]) -> None:
        limit = self.max_form_memory_size
        if isinstance(part, Field) and limit is not None and content.tell() > limit:
            raise RequestEntityTooLarge

    def _decode(self, field: Field, content: bytes) -> str:
        try:
            return content.decode(self.get_part_charset(field.headers))
        except UnicodeDecodeError:
            _refuse("form")


class _PartDecoder(MultipartDecoder):
    def _parse_headers(self, data: bytes | bytearray) -> Headers:
        return super()._parse_headers(bytes(data).decode(errors="replace").encode())
