"""Answer the requests of the protocol: what this server is, its tools, and a call of a tool."""

import json
from typing import Any

from flask import current_app

from resource_api.errors import InvalidRequest, InvalidTitle, PhotoNotFound
from resource_api.mcp.call_limit import CallCounts
from resource_api.mcp.errors import InvalidParams, MethodNotFound
from resource_api.mcp.messages import Message
from resource_api.mcp.metadata import TOOL_CALL, VERSION
from resource_api.mcp.tools import TOOLS, Tool
from resource_api.protection import REALM, resource_owner
from resource_api.representation import Json

Params = dict[str, Any]

#: How long a client may keep the list of tools; a new release of this server can change it.
_CACHING: Json = {"ttlMs": 5 * 60 * 1000, "cacheScope": "public"}
_SERVER: Json = {"name": "photo-api", "title": REALM, "version": "0.1.0"}


def answer(message: Message) -> Json:
    """Return the result of a request.

    :raises MethodNotFound: when this server does not have the method.
    :raises InvalidParams: when the parameters are not those of the method.
    """
    if message.method not in _METHODS:
        raise MethodNotFound("This server does not have this method.")
    result = _METHODS[message.method](message.params)
    meta = {"io.modelcontextprotocol/serverInfo": _SERVER}
    return {"resultType": "complete", "_meta": meta} | result


def _discover(_params: Params) -> Json:
    return {"supportedVersions": [VERSION], "capabilities": {"tools": {}}} | _CACHING


def _list_tools(params: Params) -> Json:
    # All tools fit on one page, so no cursor was ever returned.
    if "cursor" in params:
        raise InvalidParams("The cursor is unknown.")
    return {"tools": [tool.describe() for tool in TOOLS.values()]} | _CACHING


def _call_tool(params: Params) -> Json:
    tool, arguments = TOOLS.get(params["name"]), params.get("arguments", {})
    if tool is None:
        raise InvalidParams("This server does not have this tool.")
    if not isinstance(arguments, dict):
        raise InvalidParams("arguments must be an object.")
    return _run(tool, arguments)


def _run(tool: Tool, arguments: dict[str, Any]) -> Json:
    """Return the result of the tool. A wrong argument is a result too, so that a model reads it."""
    counts: CallCounts = current_app.extensions["resource_api.mcp.calls"]
    try:
        counts.add(resource_owner().sub)
        tool.check_names(arguments)
        result = tool.run(arguments)
    except (InvalidRequest, InvalidTitle, PhotoNotFound) as error:
        return {"content": [_write_text(error.description)], "isError": True}
    text = _write_text(json.dumps(result, ensure_ascii=False))
    return {"content": [text], "structuredContent": result, "isError": False}


def _write_text(text: str) -> Json:
    return {"type": "text", "text": text}


_METHODS = {"server/discover": _discover, "tools/list": _list_tools, TOOL_CALL: _call_tool}
