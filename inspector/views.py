"""The inspector's pages, at Print Shop's address."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, cast

from flask import (
    Blueprint,
    current_app,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from inspector.page import Choice, FlowPage, number
from inspector.read import flows
from inspector.read.flows import Flow
from inspector.read.parties import PARTIES
from inspector.record.masking import Masker
from inspector.record.parameters import SESSION_COOKIES
from inspector.record.store import Store
from web.clock import now

bp = Blueprint("inspector", __name__, url_prefix="/inspector")
#: How often the picture of the tokens moves on, in seconds.
PACE = 5


@dataclass
class Inspector:
    """What the pages work with. `treat_as_expired` has the client of the browser in hand note its access token's end.

    `key` gives that of a run's fingerprints; `attack_titles` are what the lab calls its attacks, by slug.
    """

    store: Store
    key: Callable[[str], str]
    treat_as_expired: Callable[[], None]
    attack_titles: dict[str, str] = field(default_factory=dict)
    _known: tuple[str, list[Flow]] = field(default=("", []), init=False)

    def flows(self) -> list[Flow]:
        """All flows, the newest first; read anew when something has been recorded."""
        last = self.newest()
        if self._known[0] != last:
            self._known = (last, flows.flows(self.store.exchanges()))
        return self._known[1]

    def newest(self) -> str:
        """Another one whenever something has been recorded, or forgotten."""
        return f"{self.store.run_id}-{self.store.last_id()}"

    def is_of_browser(self, flow: Flow, cookies: Mapping[str, str]) -> bool:
        """Whether the browser that has these cookies took part in `flow`."""
        masker = Masker(self.key(self.store.run_id))
        held = {
            masker.tied("session", value)
            for name, value in cookies.items()
            if name in SESSION_COOKIES
        }
        return any(not held.isdisjoint(exchange.ties) for exchange in flow.exchanges)


def the_inspector() -> Inspector:
    """The inspector of the application in hand."""
    return cast(Inspector, current_app.extensions["tripod.inspector"])


@bp.get("")
def page() -> ResponseReturnValue:
    """One flow: the one asked for, or the newest. With the ETag of what is on the screen, 304 as long as nothing is new."""
    moment = now().timestamp()
    version = f"{the_inspector().newest()}-{int(moment) // PACE}"
    if request.if_none_match.contains_weak(version):
        return Response(status=HTTPStatus.NOT_MODIFIED)
    all_flows = the_inspector().flows()
    flow = _chosen(all_flows)
    shown = _shown(flow, moment) if flow else None
    titles = the_inspector().attack_titles
    parts = {"shown": shown, "flows": all_flows, "parties": PARTIES, "titles": titles}
    response = make_response(render_template("inspector/page.html", **parts))
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
    looked_at: dict[str, Any] = {
        name: request.args[name]
        for name in ("flow", "view", "all", "message")
        if name in request.args
    }
    return redirect(url_for("inspector.page", **looked_at), HTTPStatus.SEE_OTHER)


def _shown(flow: Flow, moment: float) -> FlowPage:
    return FlowPage(
        flow,
        Choice.read(request.args),
        moment,
        is_this_browsers=the_inspector().is_of_browser(flow, request.cookies),
    )


def _chosen(all_flows: list[Flow]) -> Flow | None:
    """The flow asked for, or else the newest; the lab's come last, since they are many and have links of their own."""
    asked_for = number(request.args.get("flow")) or number(request.args.get("exchange")) or 0
    newest = next(
        (flow for flow in all_flows if not flow.attack and not flow.is_beside),
        next(iter(all_flows), None),
    )
    return flows.find(all_flows, asked_for) or newest
