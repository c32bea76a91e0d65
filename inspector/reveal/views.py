"""Reveal one value of a message on request."""

from dataclasses import dataclass, field
from http import HTTPStatus
from typing import cast

from flask import Blueprint, abort, current_app, g, render_template, request
from flask.typing import ResponseReturnValue

from inspector.draw import curl
from inspector.page import number
from inspector.record.exchange import Exchange
from inspector.record.masking import s256
from inspector.reveal import vault
from inspector.reveal.evidence import VERIFIER
from inspector.reveal.vault import AliveError, SealedValue, Vault

bp = Blueprint("reveal", __name__, url_prefix="/inspector/reveal")


@dataclass(frozen=True)
class Revealed:
    """A value that no longer works. `reason` says why, as a sentence."""

    value: str = field(repr=False)
    reason: str

    @property
    def challenge(self) -> str:
        """The S256 challenge, if the value is a verifier (RFC 7636 §4.2)."""
        return s256(self.value)


def the_vault() -> Vault:
    """Return the vault of the current application."""
    return cast(Vault, current_app.extensions["tripod.vault"])


def values_of(exchange: Exchange) -> list[SealedValue]:
    """Return the values of a message for which the page has a button.

    The evidence is looked up once for all messages of a page.
    """
    if "evidence" not in g:
        g.evidence = the_vault().evidence
    return vault.values_of(exchange, g.evidence)


@bp.post("")
def reveal() -> ResponseReturnValue:
    """Show a value that no longer works, or say why it stays masked.

    The value is only in this response. Its address does not contain it.
    """
    exchange, value = _requested()
    revealed, refusal, status = None, "", HTTPStatus.OK
    try:
        revealed = Revealed(*the_vault().reveal(value))
    except AliveError as error:
        refusal, status = str(error), HTTPStatus.CONFLICT
    page = render_template(
        "inspector/reveal.html",
        exchange=exchange,
        value=value,
        revealed=revealed,
        refusal=refusal,
        is_verifier=value.kind == VERIFIER,
        variable=curl.variable_of(exchange, value.masked),
        command=curl.command(exchange),
    )
    return page, status


def _requested() -> tuple[Exchange, SealedValue]:
    exchange = the_vault().exchange(number(request.form.get("exchange")) or 0)
    if exchange is None:
        abort(HTTPStatus.NOT_FOUND)
    masked = request.form.get("masked")
    value = next((one for one in values_of(exchange) if one.masked == masked), None)
    if value is None:
        abort(HTTPStatus.NOT_FOUND)
    return exchange, value
