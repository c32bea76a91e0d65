"""What can be sent again: messages of the demo's own clients, with their parameters."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from config import DEMO_CLIENT_ID, DEMO_INTROSPECTION_CLIENT_ID
from inspector.read import steps
from inspector.record.bodies import JSON
from inspector.record.exchange import Exchange
from inspector.record.limits import ELLIPSIS
from inspector.record.masking import CREDENTIALS
from inspector.record.query_strings import DOT
from inspector.reveal.vault import SealedValue

FORM, QUERY, BEARER, BODY = "form", "query", "bearer", "body"
_OWN_CLIENTS = (DEMO_CLIENT_ID, DEMO_INTROSPECTION_CLIENT_ID)
#: The server adds the client's secret itself.
_CREDENTIALS = ("client_secret", "client_assertion", "client_assertion_type")


class NotResendableError(Exception):
    """The message cannot be sent again."""


@dataclass(frozen=True)
class Parameter:
    """A parameter that the user may change.

    `place` is where it is sent: in the form, the query, the Authorization header, or as the whole
    body. `shown` is its recorded text; `sealed` the value that replaces it unless it is changed.
    """

    name: str
    place: str
    shown: str
    sealed: SealedValue | None = field(default=None, repr=False)


@dataclass(frozen=True)
class ResendableMessage:
    """A message that can be sent again. `client_id` is the client whose secret is added, or ""."""

    exchange: Exchange
    parameters: list[Parameter]
    client_id: str


def read(exchange: Exchange, values: Iterable[SealedValue]) -> ResendableMessage:
    """Return what can be sent again. `values` are the message's values that are the demo's own.

    :raises NotResendableError: when the message is of another client, or was not stored in full.
    """
    own = {value.masked: value for value in values}
    if _is_incomplete(exchange):
        raise NotResendableError
    if exchange.leg == "auth_server":
        return _read_form(exchange, own)
    if exchange.leg == "resource_api":
        return _read_api_call(exchange, own)
    raise NotResendableError


def _is_incomplete(exchange: Exchange) -> bool:
    pairs = [*exchange.query, *exchange.request_body.form]
    texts = [exchange.path, exchange.request_body.text, *(text for pair in pairs for text in pair)]
    is_truncated = any(text.endswith(ELLIPSIS) for text in texts)
    return is_truncated or DOT in exchange.path or not exchange.path.startswith("/")


def _read_form(exchange: Exchange, own: dict[str, SealedValue]) -> ResendableMessage:
    client_id = steps.asked_by(exchange)
    is_post = exchange.method == "POST" and exchange.path in steps.FOR_MACHINES
    if not is_post or client_id not in _OWN_CLIENTS:
        raise NotResendableError
    form = [pair for pair in exchange.request_body.form if pair[0] not in _CREDENTIALS]
    parameters = [_parameter(FORM, name, text, own) for name, text in form]
    return ResendableMessage(exchange, parameters, client_id)


def _read_api_call(exchange: Exchange, own: dict[str, SealedValue]) -> ResendableMessage:
    scheme, _, token = steps.header(exchange, "Authorization").partition(" ")
    if scheme.lower() != "bearer" or token not in own:
        raise NotResendableError
    parameters = [
        _parameter(BEARER, "Authorization: Bearer", token, own),
        *(_parameter(QUERY, name, text, own) for name, text in exchange.query),
    ]
    content_type = steps.header(exchange, "Content-Type")
    if content_type:
        parameters.append(_body(exchange))
    return ResendableMessage(exchange, parameters, "")


def _body(exchange: Exchange) -> Parameter:
    body = exchange.request_body
    if body.media_type != JSON or DOT in body.text or not body.text.startswith("{"):
        raise NotResendableError
    return Parameter("JSON", BODY, body.text)


def _parameter(place: str, name: str, text: str, own: dict[str, SealedValue]) -> Parameter:
    """Return the parameter. A masked value that is no code and no token is left empty."""
    is_unknown = DOT in text and text not in own
    if DOT in name or (is_unknown and name in CREDENTIALS):
        raise NotResendableError
    if is_unknown:
        text = ""
    return Parameter(name, place, text, own.get(text))
