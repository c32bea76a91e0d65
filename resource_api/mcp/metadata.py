"""Compare a message with its headers (MCP, Streamable HTTP, "Request Metadata").

A proxy may route a request by its headers, and this server chooses the scope by them. So they must
say the same as the body.
"""

import re
from base64 import b64decode

from flask import request

from resource_api.mcp.errors import HeaderMismatch, InvalidParams, UnsupportedProtocolVersion
from resource_api.mcp.messages import Message

VERSION = "2026-07-28"
TOOL_CALL = "tools/call"

_VERSION_MEMBER = "io.modelcontextprotocol/protocolVersion"
_CAPABILITIES_MEMBER = "io.modelcontextprotocol/clientCapabilities"
#: A value that a header cannot hold as it is.
_ENCODED = re.compile(r"=\?base64\?([A-Za-z0-9+/]*={0,2})\?=")


def read_called_tool() -> str:
    """Return the name of the tool that the request calls, according to its headers, or ""."""
    if request.headers.get("Mcp-Method") != TOOL_CALL:
        return ""
    return _decode(request.headers.get("Mcp-Name", ""))


def check(message: Message) -> None:
    """Raise the error of the first rule that the request breaks.

    :raises UnsupportedProtocolVersion: when it is of another version, such as `initialize`.
    :raises HeaderMismatch: when a header is missing, or differs from the message.
    :raises InvalidParams: when `_meta` lacks a member that every request must have.
    """
    if message.method == "initialize":
        # Clients of earlier versions begin with this, and without the headers.
        raise _unsupported_version(message.params.get("protocolVersion"))
    _check_version(message)
    if request.headers.get("Mcp-Method") != message.method:
        raise HeaderMismatch("The header Mcp-Method must have the method of the message.")
    if message.method == TOOL_CALL and read_called_tool() != message.params.get("name"):
        raise HeaderMismatch("The header Mcp-Name must have the name of the tool.")


def _check_version(message: Message) -> None:
    version, meta = request.headers.get("MCP-Protocol-Version"), message.params.get("_meta")
    if version is None:
        raise HeaderMismatch("The header MCP-Protocol-Version is missing.")
    if not isinstance(meta, dict):
        meta = {}
    if meta.get(_VERSION_MEMBER, version) != version:
        raise HeaderMismatch("The header MCP-Protocol-Version must have the version of _meta.")
    if version != VERSION:
        raise _unsupported_version(version)
    if _VERSION_MEMBER not in meta:
        raise InvalidParams(f"_meta must have {_VERSION_MEMBER}.")
    if not isinstance(meta.get(_CAPABILITIES_MEMBER), dict):
        raise InvalidParams(f"_meta must have an object {_CAPABILITIES_MEMBER}.")


def _unsupported_version(requested: object) -> UnsupportedProtocolVersion:
    if not isinstance(requested, str):
        requested = ""
    data: dict[str, object] = {"supported": [VERSION], "requested": requested}
    return UnsupportedProtocolVersion(f"This server supports only MCP {VERSION}.", data)


def _decode(value: str) -> str:
    """Return the value of a header, decoded if it is in Base64; "" if that fails."""
    encoded = _ENCODED.fullmatch(value)
    if encoded is None:
        return value
    try:
        return b64decode(encoded[1], validate=True).decode()
    except ValueError:
        return ""
