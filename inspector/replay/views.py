"""The pages on which a message is changed and sent again."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import cast

from flask import Blueprint, abort, current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from inspector.draw import raw_http
from inspector.read import steps
from inspector.record.exchange import Exchange
from inspector.replay import message as messages
from inspector.replay.effects import effects
from inspector.replay.message import NotResendableError, ResendableMessage
from inspector.replay.sender import NotSentError, Sender
from inspector.reveal.vault import AliveError, Vault
from inspector.reveal.views import values_of

bp = Blueprint("replay", __name__, url_prefix="/inspector/replay")
RECEIVERS = {"auth_server": "auth", "resource_api": "api"}


@dataclass(frozen=True)
class Replay:
    """What the pages need."""

    vault: Vault
    sender: Sender
    server_name: str

    def message(self, exchange: Exchange) -> ResendableMessage | None:
        """Return the message to send again, or None if it cannot be sent."""
        try:
            message = messages.read(exchange, values_of(exchange))
        except NotResendableError:
            return None
        if message.client_id and message.client_id not in self.sender.client_secrets:
            return None
        return message


def the_replay() -> Replay:
    """Return what the pages of the current application need."""
    return cast(Replay, current_app.extensions["tripod.replay"])


def can_be_sent_again(exchange: Exchange) -> bool:
    """Return whether the page has a link to send this message again."""
    return the_replay().message(exchange) is not None


@bp.get("/<int:exchange_id>")
def form(exchange_id: int) -> ResponseReturnValue:
    """Show the parameters of a message. A value that works is masked here too."""
    return _render_form(_message(exchange_id))


@bp.post("/<int:exchange_id>")
def send(exchange_id: int) -> ResponseReturnValue:
    """Send the message with the typed values. Method and address are those of the record."""
    message = _message(exchange_id)
    places = range(len(message.parameters))
    typed = [request.form.get(f"value-{place}", "") for place in places]
    try:
        answer = the_replay().sender.send(message, typed)
    except (NotSentError, AliveError) as error:
        return _render_form(message, typed, str(error)), HTTPStatus.SERVICE_UNAVAILABLE
    if answer is None:
        problem = "The message was sent, but its response was not recorded."
        return _render_form(message, typed, problem), HTTPStatus.SERVICE_UNAVAILABLE
    address = url_for("replay.answer", exchange_id=exchange_id, answer_id=answer.id)
    return redirect(address, HTTPStatus.SEE_OTHER)


@bp.get("/<int:exchange_id>/<int:answer_id>")
def answer(exchange_id: int, answer_id: int) -> ResponseReturnValue:
    """Show the first response beside the new one, and what happened to the grant."""
    first, again = _exchange(exchange_id), _exchange(answer_id)
    if steps.sent_again_from(again) != first.id:
        abort(HTTPStatus.NOT_FOUND)
    return render_template(
        "inspector/replay_answer.html",
        first=first,
        again=again,
        effects=effects(again, the_replay().server_name),
        response=raw_http.response,
    )


def _render_form(
    message: ResendableMessage, typed: list[str] | None = None, problem: str = ""
) -> str:
    return render_template(
        "inspector/replay.html",
        exchange=message.exchange,
        parameters=message.parameters,
        client_id=message.client_id,
        typed=typed or [parameter.shown for parameter in message.parameters],
        receiver=RECEIVERS[message.exchange.leg],
        problem=problem,
    )


def _message(exchange_id: int) -> ResendableMessage:
    message = the_replay().message(_exchange(exchange_id))
    if message is None:
        abort(HTTPStatus.NOT_FOUND)
    return message


def _exchange(exchange_id: int) -> Exchange:
    exchange = the_replay().vault.exchange(exchange_id)
    if exchange is None:
        abort(HTTPStatus.NOT_FOUND)
    return exchange
