"""Compare the values of a message with those of earlier messages, as its receiver does.

Only fingerprints are recorded, and equal values have equal fingerprints. The challenge of a
verifier and the hash of an access token were calculated when the message was recorded, so they can
be compared too.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence

from inspector.read import openid_checks, response_json, steps
from inspector.read.comparison import Check, compare
from inspector.read.messages import Message, every
from inspector.record.exchange import Exchange

#: The digits of a fingerprint that are shown. A tie has more of them.
_DIGITS = 6


Checks = Iterator[Check | None]


def by_message(trees: Iterable[Message]) -> dict[int, list[Check]]:
    """Return the checks of each message of a flow by its number."""
    found: dict[int, list[Check]] = {}
    before: list[Exchange] = []
    for message in every(trees):
        checks = _CHECKS.get(message.step or message.exchange.path)
        if checks:
            found[message.n] = [check for check in checks(message, before) if check]
        before.append(message.exchange)
    return found


def _of_callback(message: Message, before: Sequence[Exchange]) -> Checks:
    response, request = message.exchange, _last(before, "A2")
    state, iss = _query(response, "state"), _query(response, "iss")
    yield compare("state equals the state of A2", state, _query(request, "state"))
    yield compare("iss equals the issuer", iss, _issuer(request))


def _of_token_request(message: Message, before: Sequence[Exchange]) -> Checks:
    exchange, request, response = message.exchange, _last(before, "A2"), _last(before, "A7")
    made, sent = _challenge(exchange), _challenge(request)
    yield compare("S256(code_verifier) equals the code_challenge of A2", made, sent)
    code = steps.form_field(exchange, "code")
    yield compare("code equals the code of A7", code, _query(response, "code"))
    uri = steps.form_field(exchange, "redirect_uri")
    yield compare("redirect_uri equals that of A2", uri, _query(request, "redirect_uri"))
    client_id = steps.asked_by(exchange) or ""
    yield compare("client_id equals that of A2", client_id, _query(request, "client_id"))
    yield from openid_checks.of_id_token(message, before)


def _of_call(message: Message, before: Sequence[Exchange]) -> Checks:
    newest = _newest(before, "access_token")
    yield compare("the access token is the newest one", _bearer(message.exchange), newest)
    yield from openid_checks.of_userinfo(message, before)


def _of_introspection(message: Message, _before: Sequence[Exchange]) -> Checks:
    token = steps.form_field(message.exchange, "token")
    if message.outer:
        yield compare("token equals the access token of R1", token, _bearer(message.outer.exchange))


def _of_refresh(message: Message, before: Sequence[Exchange]) -> Checks:
    token = steps.form_field(message.exchange, "refresh_token")
    yield compare("refresh_token is the newest of its family", token, _newest(before))
    yield from openid_checks.of_id_token(message, before)


def _of_revocation(message: Message, before: Sequence[Exchange]) -> Checks:
    token = steps.form_field(message.exchange, "token")
    if message.outer is None or message.outer.step != "A7":  # it ends an older connection
        yield compare("token is the newest refresh token", token, _newest(before))


_CHECKS: dict[str, Callable[[Message, Sequence[Exchange]], Checks]] = {
    "A7": _of_callback,
    "T1": _of_token_request,
    "R1": _of_call,
    "R2": _of_introspection,
    "F1": _of_refresh,
    "F3": _of_call,
    "E1": _of_revocation,
    steps.LOGOUT: openid_checks.of_logout,
    steps.BACK_CHANNEL_LOGOUT: openid_checks.of_logout_token,
}


def _last(before: Sequence[Exchange], step: str) -> Exchange | None:
    """Return the last earlier exchange with this step."""
    return next((one for one in reversed(before) if steps.request_step(one) == step), None)


def _newest(before: Sequence[Exchange], name: str = "refresh_token") -> str:
    """Return the token of the last response that issued one."""
    issued = (response_json.members(one).get(name, "") for one in reversed(before))
    return next(filter(None, issued), "")


def _query(exchange: Exchange | None, name: str) -> str:
    if exchange is None:
        return ""
    return dict(exchange.query).get(name, "")


def _issuer(request: Exchange | None) -> str:
    """Return the address of the server that received the authorization request."""
    if request is None:
        return ""
    return f"http://{request.host}"


def _bearer(exchange: Exchange) -> str:
    return steps.header(exchange, "Authorization").partition(" ")[2]


def _challenge(exchange: Exchange | None) -> str:
    """Return the fingerprint of the challenge, or of the challenge made from the verifier."""
    if exchange is None:
        return ""
    tied = (tie.partition(":") for tie in exchange.ties)
    return next((f"~{value[:_DIGITS]}" for kind, _, value in tied if kind == "challenge"), "")
