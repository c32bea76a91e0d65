"""Links to messages, by their ids, and from Print Shop's pages to the messages of a request."""

from http import HTTPStatus

from flask import Blueprint, redirect, url_for
from flask.typing import ResponseReturnValue

from inspector.read import steps
from inspector.read.flows import Flow
from inspector.read.skipped import skipped_steps
from inspector.record.exchange import Exchange
from inspector.views import the_inspector

bp = Blueprint("inspector_links", __name__, url_prefix="/inspector")


def link_to(exchange_id: int | None) -> str:
    """Return the address of the inspector's page, at this message if there is one."""
    anchor = None
    if exchange_id is not None:
        anchor = f"exchange-{exchange_id}"
    return url_for("inspector.page", exchange=exchange_id, _anchor=anchor)


@bp.get("/request/<request_id>")
def messages(request_id: str) -> ResponseReturnValue:
    """Open the inspector at the first message that Print Shop sent during the request."""
    found = [exchange for _, exchange in _find(request_id)]
    sent = [exchange for exchange in found if _is_sent_by_print_shop(exchange)]
    exchange_id = next((exchange.id for exchange in [*sent, *found]), None)
    return redirect(link_to(exchange_id), HTTPStatus.SEE_OTHER)


def explain_skipped_steps(request_id: str) -> list[str]:
    """Return why the round trip that ended with this request skipped a step."""
    for flow, _ in _find(request_id):
        return skipped_steps_of(flow)
    return []


def skipped_steps_of(flow: Flow) -> list[str]:
    """Return why this round trip skipped a step."""
    return skipped_steps(flow.exchanges, the_inspector().server_name)


def _find(request_id: str) -> list[tuple[Flow, Exchange]]:
    """Return the exchanges with this request id, in the order in which they began."""
    return [
        (flow, exchange)
        for flow in the_inspector().flows()
        for exchange in flow.exchanges
        if exchange.request_id == request_id
    ]


def _is_sent_by_print_shop(exchange: Exchange) -> bool:
    return steps.source(exchange) == steps.Lane.CLIENT and bool(steps.request_step(exchange))
