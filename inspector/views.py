"""The inspector's pages, at Print Shop's address."""

from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import cast

from flask import Blueprint, current_app, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from inspector import flows
from inspector.flows import Flow
from inspector.page import Choice, FlowPage
from inspector.parties import PARTIES
from inspector.store import Store
from web.clock import now

bp = Blueprint("inspector", __name__, url_prefix="/inspector")
#: How often the picture of the tokens moves on, in seconds.
PACE = 5


@dataclass
class Inspector:
    """What the pages work with. `treat_as_expired` has the client of the browser in hand note its access token's end."""

    store: Store
    treat_as_expired: Callable[[], None]
    _known: tuple[int, list[Flow]] = field(default=(-1, []), init=False)

    def flows(self) -> list[Flow]:
        """All flows, the newest first; read anew when something has been recorded."""
        last = self.store.last_id()
        if self._known[0] != last:
            self._known = (last, flows.flows(self.store.exchanges()))
        return self._known[1]


def the_inspector() -> Inspector:
    """The inspector of the application in hand."""
    return cast(Inspector, current_app.extensions["tripod.inspector"])


@bp.get("")
def page() -> ResponseReturnValue:
    """One flow: the one asked for, or the newest. With the ETag of what is on the screen, 304 as long as nothing is new."""
    moment = now().timestamp()
    version = f"{the_inspector().store.last_id()}-{int(moment) // PACE}"
    if request.if_none_match.contains_weak(version):
        return Response(status=HTTPStatus.NOT_MODIFIED)
    all_flows = the_inspector().flows()
    flow = _chosen(all_flows)
    shown = FlowPage(flow, Choice.read(request.args), moment) if flow else None
    response = make_response(render_template("inspector/page.html", shown=shown, flows=all_flows, parties=PARTIES))
    response.set_etag(version, weak=True)
    return response


@bp.post("/clear")
def clear() -> ResponseReturnValue:
    """Forget everything that was recorded."""
    the_inspector().store.clear()
    return redirect(url_for("inspector.page"), HTTPStatus.SEE_OTHER)


@bp.post("/expire")
def expire() -> ResponseReturnValue:
    """Have Print Shop treat its access token as expired, in its own notes alone."""
    the_inspector().treat_as_expired()
    flash("expired", "inspector")
    return redirect(url_for("inspector.page"), HTTPStatus.SEE_OTHER)


def _chosen(all_flows: list[Flow]) -> Flow | None:
    """The flow asked for, or else the newest; the lab's come last, since they are many and have links of their own."""
    number = request.args.get("flow", "")
    exchange_id = int(number) if number.isascii() and number.isdigit() and len(number) < 15 else 0
    newest = next((flow for flow in all_flows if not flow.attack), next(iter(all_flows), None))
    return flows.find(all_flows, exchange_id) or newest
