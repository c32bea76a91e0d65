"""The downloads of one round trip."""

import json
import tomllib
from functools import cache
from http import HTTPStatus
from typing import Any

from flask import Blueprint, Response, abort
from flask.typing import ResponseReturnValue

from config import PROJECT_ROOT
from inspector.export import har, mermaid
from inspector.export.page import ExportedPage, render
from inspector.read import flows
from inspector.read.messages import every, read_trees
from inspector.read.names import Names
from inspector.views import the_inspector
from web.clock import now

bp = Blueprint("export", __name__, url_prefix="/inspector/export")


@bp.get("/<int:flow_id>.html")
def page(flow_id: int) -> ResponseReturnValue:
    """Send the round trip as one HTML file."""
    shown = ExportedPage(_flow(flow_id), now().timestamp(), the_inspector().server_name)
    return _download(render(shown), "text/html", flow_id, "html")


@bp.get("/<int:flow_id>.har")
def archive(flow_id: int) -> ResponseReturnValue:
    """Send the round trip as an HTTP Archive."""
    messages = every(read_trees(_flow(flow_id).exchanges))
    document = json.dumps(har.archive(messages, _version()), indent=2, ensure_ascii=False)
    return _download(document, "application/json", flow_id, "har")


@bp.get("/<int:flow_id>.mmd")
def diagram(flow_id: int) -> ResponseReturnValue:
    """Send the round trip as a Mermaid diagram."""
    flow = _flow(flow_id)
    names = Names(flow.clients.together, the_inspector().server_name).in_order()
    text = mermaid.diagram(read_trees(flow.exchanges), names)
    return _download(text, "text/plain", flow_id, "mmd")


def _flow(flow_id: int) -> flows.Flow:
    flow = flows.find(the_inspector().flows(), flow_id)
    if flow is None:
        abort(HTTPStatus.NOT_FOUND)
    return flow


def _download(content: str, media_type: str, flow_id: int, suffix: str) -> Response:
    response = Response(content, mimetype=media_type)
    response.headers.set(
        "Content-Disposition", "attachment", filename=f"tripod-round-trip-{flow_id}.{suffix}"
    )
    return response


@cache
def _version() -> str:
    document: dict[str, Any] = tomllib.loads((PROJECT_ROOT / "pyproject.toml").read_text())
    return str(document.get("project", {}).get("version", ""))
