"""Describe each message in one or two sentences: what was sent, and the result."""

from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

from inspector.read import page_stories, steps
from inspector.read.messages import Message
from inspector.read.names import Names
from inspector.record.exchange import Exchange

Describer = Callable[[Message, Names], str]
_THE_GRANT_ENDS = "The grant ends, and with it all of its tokens."


def sentence(message: Message, names: Names) -> str:
    """Return the description of `message`."""
    if message.attacker:
        return _attack(message, names)
    if message.is_sent_again:
        return _sent_again(message, names)
    if message.step in _STEPS:
        return _STEPS[message.step](message, names)
    exchange = message.exchange
    if (exchange.leg, exchange.method, exchange.path) == _AUTHORIZATION_REQUEST:
        return f"The browser sends the same request again. {_result(exchange, names)}".strip()
    found = page_stories.find(exchange, names)
    return found or f"The browser requests {exchange.path} from {names.of(message.target)}."


_AUTHORIZATION_REQUEST = ("auth_server", "GET", steps.AUTHORIZATION)


def _attack(message: Message, names: Names) -> str:
    exchange = message.exchange
    text = "The attacker sends this"
    if steps.is_sent_by_a_victim(exchange):
        text = "The attacker makes another user’s browser send this"
    if steps.asked_by(exchange) and not message.front:
        text = f"{text} as {names.client}"
    if exchange.status >= 400 or "error" in _redirect_parameters(exchange):
        return f"{text}. {names.of(message.target)} refuses it."
    return f"{text}."


def _sent_again(message: Message, names: Names) -> str:
    text = f"The inspector sends a recorded message of {names.of(message.source)} again."
    if message.exchange.status >= 400:
        return f"{text} {names.of(message.target)} refuses it."
    return text


def _start(message: Message, names: Names) -> str:
    if steps.location(message.exchange):
        return (
            f"The user starts at {names.client}, which sends the browser to the authorization "
            "server with an authorization request."
        )
    return f"The user starts at {names.client}, which cannot continue."


def _authorization_request(message: Message, names: Names) -> str:
    text = (
        f"{names.client} requests access through the browser: its client_id, the scope, and "
        "where to send the response."
    )
    return f"{text} {_result(message.exchange, names)}".strip()


def _result(exchange: Exchange, names: Names) -> str:
    """Return the result of an authorization request, or "" for a redirect to the login page."""
    if exchange.status >= 400:
        return f"{names.server} does not trust the request, so it does not redirect the browser."
    if exchange.status == 200:
        return f"The user is signed in, so {names.server} asks for consent."
    parameters = _redirect_parameters(exchange)
    if "code" in parameters:
        return (
            f"The user is signed in and allowed this before, so {names.server} responds "
            "immediately."
        )
    if "error" in parameters:
        return f"{names.server} refuses, and the browser carries the error back."
    return ""


def _sign_in(message: Message, names: Names) -> str:
    if message.exchange.status >= 400:
        return f"A user tries to sign in, and {names.server} refuses."
    return f"The user signs in. The password is sent to {names.server} and to nobody else."


def _decision(message: Message, names: Names) -> str:
    parameters = _redirect_parameters(message.exchange)
    if "code" in parameters:
        issued = f"{names.server} issues a code for {names.client}."
        return f"The user allows some or all scopes. {issued}"
    if message.exchange.status >= 400 or not parameters:
        return f"{names.server} does not accept this form. It issues no code."
    if steps.form_field(message.exchange, "decision") == "deny":
        return f"The user denies the request. {names.server} redirects the browser without a code."
    return f"{names.server} refuses, and the browser carries the error back. It issues no code."


def _callback(message: Message, names: Names) -> str:
    if _is_rejected_response(message.exchange):
        return f"A browser opens the callback with a response that {names.client} does not accept."
    if "error" in dict(message.exchange.query):
        return f"The browser carries {names.server}’s error to {names.client}."
    if message.exchange.status >= 400:
        return f"The browser carries a code to {names.client}, which gets no tokens for it."
    return (
        f"The browser carries the code to {names.client}, with the state that proves that this "
        "browser started the flow."
    )


def _is_rejected_response(exchange: Exchange) -> bool:
    """Return whether the client rejected the response, instead of an error in it."""
    return any(
        event.get("reason") != dict(exchange.query).get("error")
        for event in exchange.events
        if event.get("event") == "authorization_response_refused"
    )


def _token_request(message: Message, names: Names) -> str:
    exchange = message.exchange
    if exchange.status != 200:
        return f"{names.client} presents a code and gets no tokens for it."
    proof = "It has no secret. Only the verifier proves that it started this flow."
    has_header = steps.header(exchange, "Authorization")
    if has_header or steps.form_field(exchange, "client_secret"):
        proof = (
            "It proves its identity with its secret, and with the verifier that it started this "
            "flow."
        )
    return f"{names.client} redeems the code for tokens, server to server. {proof}"


def _api_call(message: Message, names: Names) -> str:
    if message.exchange.path == steps.USERINFO:
        return _userinfo(message, names)
    if message.exchange.status == 403 and "scope=" in _challenge(message):
        return (
            f"{names.client} calls the API with an access token that does not allow this. Photo "
            "API names the scope that is needed, so the client can ask the user for it."
        )
    if message.exchange.status in (401, 403):
        return f"{names.client} calls the API with an access token that does not allow this."
    if message.exchange.status >= 400:
        return (
            f"{names.client} calls the API with an access token. It requests something that does "
            "not exist, or sends an invalid request."
        )
    if any(inner.step == "R2" for inner in message.inside):
        return (
            f"{names.client} calls the API with the access token. Photo API introspects it at "
            f"{names.server} for every request."
        )
    return f"{names.client} calls the API with the access token."


def _challenge(message: Message) -> str:
    return steps.answer_header(message.exchange, "WWW-Authenticate")


def _userinfo(message: Message, names: Names) -> str:
    if message.exchange.status >= 400:
        return f"{names.client} asks who the user is, and {names.server} refuses."
    return (
        f"{names.client} asks who the user is, with its access token. {names.server} tells what "
        "the scope allows."
    )


def _next_api_call(_message: Message, names: Names) -> str:
    return f"{names.client} calls the API with the new access token."


def _introspection(_message: Message, _names: Names) -> str:
    return "Photo API asks whether the token is active, who its user is, and which scope it has."


def _refresh(message: Message, names: Names) -> str:
    if message.exchange.status != 200:
        return f"{names.client} presents a refresh token and gets no new tokens for it."
    result = "The old one is spent."
    return f"{names.client} exchanges its refresh token for a new pair of tokens. {result}"


def _end(message: Message, names: Names) -> str:
    if message.exchange.path != "/oauth/revoke":
        return f"The user removes an app. {_THE_GRANT_ENDS}"
    if message.exchange.status != 200:
        return f"{names.client} revokes a token, and {names.server} refuses."
    if message.outer and message.outer.step == "A7":
        return (
            f"{names.client} revokes the refresh token of an older connection. That grant ends; "
            "this one has just begun."
        )
    if any(event.get("event") == "grant_ended" for event in message.exchange.events):
        return f"{names.client} revokes its token. {_THE_GRANT_ENDS}"
    return f"{names.client} revokes a token whose grant had already ended."


_STEPS: dict[str, Describer] = {
    "A1": _start,
    "A2": _authorization_request,
    "A4": _sign_in,
    "A6": _decision,
    "A7": _callback,
    "T1": _token_request,
    "R1": _api_call,
    "R2": _introspection,
    "F1": _refresh,
    "F3": _next_api_call,
    "E1": _end,
}


def _redirect_parameters(exchange: Exchange) -> dict[str, list[str]]:
    """Return the parameters of the address to which the response redirects."""
    return parse_qs(urlsplit(steps.location(exchange)).query)
