"""Read a JSON-RPC 2.0 message from the body of a request (MCP, Base Protocol, "Messages")."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from resource_api.mcp.errors import InvalidMessage, McpError, ParseError, RequestId
from web import text


class Message(NamedTuple):
    """A request, or a notification, which has no id and gets no answer."""

    id: RequestId | None
    method: str
    params: dict[str, Any]


def read(body: bytes) -> Message:
    """Return the message in the body.

    :raises ParseError: when the body is not JSON.
    :raises InvalidMessage: when it is not one request or notification, such as a batch.
    """
    members = _parse(body)
    if not isinstance(members, dict):
        raise InvalidMessage("The body must be one JSON-RPC request or notification.")
    request_id = _read_id(members)
    with attach_id(request_id):
        if members.get("jsonrpc") != "2.0":
            raise InvalidMessage("jsonrpc must be 2.0.")
        if not isinstance(members.get("method"), str):
            raise InvalidMessage("method must be a string.")
        if not isinstance(members.get("params", {}), dict):
            raise InvalidMessage("params must be an object.")
    return Message(request_id, members["method"], members.get("params", {}))


@contextmanager
def attach_id(request_id: RequestId | None) -> Iterator[None]:
    """Add the id of the request to the error that ends the `with` block."""
    try:
        yield
    except McpError as error:
        error.request_id = request_id
        raise


def _parse(body: bytes) -> object:
    try:
        # RFC 8259 §8.1 allows only UTF-8.
        return json.loads(text.decode_utf8(body))
    except (ValueError, RecursionError):  # Deeply nested brackets cause the latter.
        raise ParseError("The body must be JSON in UTF-8.") from None


def _read_id(members: dict[str, Any]) -> RequestId | None:
    """Return the id, or None when the message has none.

    :raises InvalidMessage: when it is neither a string nor an integer; null is not allowed either.
    """
    if "id" not in members:
        return None
    request_id = members["id"]
    if isinstance(request_id, bool) or not isinstance(request_id, str | int):
        raise InvalidMessage("id must be a string or an integer.")
    return request_id
