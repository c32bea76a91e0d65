"""`POST /mcp`: receive one message of the protocol, and return the answer."""

from http import HTTPStatus

from flask import Blueprint, Flask, request
from werkzeug.exceptions import UnsupportedMediaType

from resource_api.errors import ApiError
from resource_api.mcp import errors, messages, metadata, methods
from resource_api.mcp.call_limit import CallCounts
from resource_api.mcp.tools import TOOLS
from resource_api.protection import authorize
from resource_api.reasons import Reason
from resource_api.representation import Json
from resource_api.scopes import PHOTOS_READ
from web import event_log
from web.application import MAX_FORM_BYTES
from web.canonical_host import for_machines
from web.origin_mismatch import read_origin

bp = Blueprint("mcp", __name__)


class ForeignOrigin(ApiError):
    """A web page of another site sent the request (MCP, Streamable HTTP, "Security")."""

    status = HTTPStatus.FORBIDDEN
    error = "foreign_origin"
    description = "Pages of other origins must not call this endpoint."


def init_app(app: Flask) -> None:
    """Add the endpoint to `app`."""
    app.extensions["resource_api.mcp.calls"] = CallCounts()
    errors.init_app(app)
    app.register_blueprint(bp)


@bp.post("/mcp")
@for_machines
def handle_message() -> tuple[Json | str, int]:
    """Answer a request, or accept a notification, which this server ignores."""
    _check_origin()
    authorize(_find_scope())
    message = messages.read(_read_body())
    if message.id is None:
        return "", HTTPStatus.ACCEPTED
    with messages.attach_id(message.id):
        metadata.check(message)
        result = methods.answer(message)
    return {"jsonrpc": "2.0", "id": message.id, "result": result}, HTTPStatus.OK


def _check_origin() -> None:
    """Raise ForeignOrigin when a browser sent the request for a page of another origin.

    Otherwise a site whose name is rebound to a loopback address could use a server there.
    """
    origin = request.headers.get("Origin")
    if origin not in (None, read_origin()):
        event_log.record("access_refused", error=ForeignOrigin.error, reason=Reason.FOREIGN_ORIGIN)
        raise ForeignOrigin


def _find_scope() -> str:
    """Return the scope that the request needs, from its headers, before the body is read.

    `metadata.check` makes sure that the body calls the same tool.
    """
    tool = TOOLS.get(metadata.read_called_tool())
    if tool is None:
        return PHOTOS_READ
    return tool.scope


def _read_body() -> bytes:
    request.max_content_length = MAX_FORM_BYTES
    if not request.is_json:
        raise UnsupportedMediaType
    return request.get_data()
