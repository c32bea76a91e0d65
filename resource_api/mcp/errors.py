"""The errors of the protocol, as JSON-RPC error responses (MCP, Base Protocol, "Error Codes").

Errors that concern the access token, the size and the type of the body are the API's usual ones.
"""

from http import HTTPStatus
from typing import ClassVar

from flask import Flask, Response, jsonify

from resource_api.representation import Json

RequestId = str | int


class McpError(Exception):
    """An error response. `request_id` is None as long as the id of the request is unknown."""

    code: ClassVar[int]
    status: ClassVar[HTTPStatus] = HTTPStatus.BAD_REQUEST

    def __init__(self, message: str, data: Json | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.data = data
        self.request_id: RequestId | None = None

    def body(self) -> Json:
        """Return the JSON-RPC error response."""
        error: Json = {"code": self.code, "message": self.message}
        if self.data is not None:
            error["data"] = self.data
        body: Json = {"jsonrpc": "2.0", "error": error}
        if self.request_id is not None:
            body["id"] = self.request_id
        return body


class ParseError(McpError):
    """The body is not JSON."""

    code = -32700


class InvalidMessage(McpError):
    """The body is JSON, but not one JSON-RPC request or notification."""

    code = -32600


class MethodNotFound(McpError):
    """This server does not have the method."""

    code = -32601
    status = HTTPStatus.NOT_FOUND


class InvalidParams(McpError):
    """A parameter of the method is missing or malformed."""

    code = -32602


class HeaderMismatch(McpError):
    """A header is missing, or differs from the body."""

    code = -32020


class UnsupportedProtocolVersion(McpError):
    """The client speaks another version of the protocol."""

    code = -32022


def init_app(app: Flask) -> None:
    """Answer each `McpError` that a view of `app` raises."""
    app.register_error_handler(McpError, _answer_with)


def _answer_with(error: McpError) -> tuple[Response, int]:
    return jsonify(error.body()), error.status
