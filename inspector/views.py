"""The inspector's pages, on Print Shop's application."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Any, cast

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from inspector import live
from inspector.page import Choice, FlowPage, number
from inspector.read import clients, flows, glossary
from inspector.read.flows import Flow
from inspector.read.tour import STOPS, Stop
from inspector.record.masking import Masker
from inspector.record.parameters import SESSION_COOKIES
from inspector.record.store import Store
from inspector.versions import unless_seen
from web.clock import now

bp = Blueprint("inspector", __name__, url_prefix="/inspector")
#: The timeline changes after this number of seconds.
TIMELINE_INTERVAL = 5
#: The parts of the page that are updated, in their order.
PARTS = ("top", "diagram", "messages", "tokens")
#: Marks a browser that has taken the tour or declined it.
TOUR_COOKIE = "tripod_inspector_tour"
YEAR = 365 * 24 * 3600


@dataclass
class Inspector:
    """What the pages need.

    `key(run_id)` returns that run's fingerprint key. `treat_as_expired` makes Print Shop treat the
    access token of the current browser as expired. `attack_titles` has the lab's attacks by slug.
    """

    store: Store
    key: Callable[[str], str]
    treat_as_expired: Callable[[], None]
    server_name: str
    attack_titles: dict[str, str] = field(default_factory=dict)
    _cached: tuple[str, list[Flow]] = field(default=("", []), init=False)

    def flows(self) -> list[Flow]:
        """Return all flows, newest first. They are read again after the recording has changed."""
        version = self.version()
        if self._cached[0] != version:
            self._cached = (version, flows.flows(self.store.exchanges()))
        return self._cached[1]

    def version(self) -> str:
        """Return a text that changes with the recording."""
        return f"{self.store.run_id}-{self.store.last_id()}"

    def is_of_browser(self, flow: Flow, cookies: Mapping[str, str]) -> bool:
        """Return whether the browser with these cookies is part of `flow`."""
        masker = Masker(self.key(self.store.run_id))
        sessions = {
            masker.tied("session", value)
            for name, value in cookies.items()
            if name in SESSION_COOKIES
        }
        return any(not sessions.isdisjoint(exchange.ties) for exchange in flow.exchanges)


def the_inspector() -> Inspector:
    """Return the inspector of the current application."""
    return cast(Inspector, current_app.extensions["tripod.inspector"])


bp.after_request(live.compress)


@bp.get("")
def page() -> ResponseReturnValue:
    """Show the requested flow, or else the newest one. Answer 304 while nothing has changed."""
    seconds = now().timestamp()
    version = f"{the_inspector().version()}-{int(seconds) // TIMELINE_INTERVAL}"
    return unless_seen(version, lambda: _render_page(seconds, version))


@bp.get("/glossary")
def glossary_page() -> ResponseReturnValue:
    """Explain the steps and the terms."""
    steps = glossary.STEPS.values()
    return render_template("inspector/glossary.html", steps=steps, terms=glossary.TERMS)


@bp.post("/tour/end")
def end_tour() -> ResponseReturnValue:
    """End the tour, and do not offer it again to this browser."""
    response = redirect(url_for("inspector.page"), HTTPStatus.SEE_OTHER)
    response.set_cookie(
        TOUR_COOKIE, "seen", max_age=YEAR, path=bp.url_prefix, httponly=True, samesite="Lax"
    )
    return response


@bp.post("/clear")
def clear() -> ResponseReturnValue:
    """Delete everything that was recorded."""
    the_inspector().store.clear()
    return redirect(url_for("inspector.page"), HTTPStatus.SEE_OTHER)


@bp.post("/expire")
def expire() -> ResponseReturnValue:
    """Make Print Shop treat its access token as expired. The token itself does not change."""
    the_inspector().treat_as_expired()
    flash("expired", "inspector")
    choices = ("flow", "view", "all", "message")
    arguments: dict[str, Any] = {
        name: request.args[name] for name in choices if name in request.args
    }
    return redirect(url_for("inspector.page", **arguments), HTTPStatus.SEE_OTHER)


def _render_page(seconds: float, version: str) -> str:
    all_flows = the_inspector().flows()
    shown = _flow_page(all_flows, seconds)
    tour_number = _tour_number()
    context = {
        "shown": shown,
        "flows": all_flows,
        "titles": the_inspector().attack_titles,
        "tour_link": lambda number: _link_to_stop(shown, number),
        "is_first_visit": TOUR_COOKIE not in request.cookies and not tour_number,
    }
    parts = {
        name: live.part(name, render_template(f"inspector/_{name}.html", **context))
        for name in PARTS
    }
    changed = live.changed(parts.values())
    if changed is not None:
        return changed
    return render_template(
        "inspector/page.html",
        **context,
        parts=parts,
        version=version,
        stops=STOPS,
        tour_number=tour_number,
        tour=_stop(shown, tour_number),
    )


def _tour_number() -> int:
    """Return the number of the requested stop of the tour, or 0."""
    requested = number(request.args.get("tour")) or 0
    if requested > len(STOPS):
        return 0
    return requested


def _stop(shown: FlowPage | None, stop_number: int) -> Stop | None:
    if not stop_number:
        return None
    client = clients.UNKNOWN
    if shown:
        client = shown.client
    stop = STOPS[stop_number - 1]
    return replace(stop, words=stop.words.format(client=client))


def _link_to_stop(shown: FlowPage | None, stop_number: int) -> str:
    """Return the address of the stop, with a message open if it is about messages."""
    stop = STOPS[stop_number - 1]
    anchor = f"part-{stop.part}"
    if shown is None:
        return url_for("inspector.page", tour=stop_number, _anchor=anchor)
    message = None
    if stop.mark == "message":
        message = shown.token_request
    if message:
        anchor = f"message-{message}"
    return shown.link(tour=stop_number, message=message, _anchor=anchor)


def _flow_page(all_flows: list[Flow], seconds: float) -> FlowPage | None:
    flow = _requested_flow(all_flows)
    if flow is None:
        return None
    return FlowPage(
        flow,
        Choice.read(request.args),
        seconds,
        the_inspector().server_name,
        is_this_browsers=the_inspector().is_of_browser(flow, request.cookies),
    )


def _requested_flow(all_flows: list[Flow]) -> Flow | None:
    """Return the requested flow, or else the newest one that is not an attack of the lab."""
    requested = number(request.args.get("flow")) or number(request.args.get("exchange")) or 0
    found = flows.find(all_flows, requested)
    if found:
        return found
    ordinary = [flow for flow in all_flows if not (flow.attack or flow.is_outside)]
    return next(iter(ordinary or all_flows), None)
