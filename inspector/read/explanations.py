"""Explain the parameters of a message, each in one sentence with its section of the RFC."""

from dataclasses import dataclass

from inspector.read import openid_meanings, response_json, steps
from inspector.read.openid_meanings import Meaning
from inspector.record.exchange import Exchange, Pairs
from inspector.record.limits import ELLIPSIS
from inspector.record.parameter_kinds import OPENID, Section, rfc
from inspector.record.parameters import HEADERS, PARAMETERS


@dataclass(frozen=True)
class Explanation:
    """A parameter of a message: its masked value, and what it means."""

    name: str
    value: str
    words: str
    section: Section | None


#: The parameters and headers that have an explanation.
EVERYWHERE: dict[str, Meaning] = {
    name: (parameter.words, parameter.section)
    for name, parameter in {**PARAMETERS, **HEADERS}.items()
    if parameter.words
}
#: Places where a name means something else: an address, a refresh, or the whole API.
_REFRESH, _API = "/oauth/token, to refresh", "the API"
_ERROR, _DESCRIPTION = "The error code, for programs.", "The error in words, for developers."
_NOT_STORED = "A cache must not keep the tokens."
_METHODS = "How a client can authenticate here."
_IGNORED = "This server does not know the name and ignores it."
AT: dict[str, dict[str, Meaning]] = {
    **openid_meanings.AT,
    "/oauth/authorize": {
        "login_hint": (
            "The username that the login page fills in.",
            Section(OPENID, "3.1.2.1", "AuthRequest"),
        ),
        "error": (_ERROR, rfc(6749, "4.1.2.1")),
    },
    "/callback": {
        "error": (_ERROR, rfc(6749, "4.1.2.1")),
        "error_description": (_DESCRIPTION, rfc(6749, "4.1.2.1")),
    },
    "/oauth/token": {
        "redirect_uri": ("It must equal the one in the authorization request.", rfc(6749, "4.1.3")),
        "scope": ("The granted scope, which may be less than the requested one.", rfc(6749, "5.1")),
        "Cache-Control": (_NOT_STORED, rfc(6749, "5.1")),
        "WWW-Authenticate": (_METHODS, rfc(6749, "5.2")),
    },
    _REFRESH: {
        "Cache-Control": (_NOT_STORED, rfc(6749, "5.1")),
        "grant_type": ("What the client exchanges for tokens.", rfc(6749, "6")),
        "refresh_token": (
            "The client exchanges it once for new tokens. "
            "Next time it needs the new refresh token.",
            rfc(6749, "6"),
        ),
        "scope": ("It may be less than the granted scope, but never more.", rfc(6749, "6")),
        "WWW-Authenticate": (_METHODS, rfc(6749, "5.2")),
    },
    "/oauth/introspect": {
        "Authorization: Basic": (
            "The identifier and secret of the resource server.",
            rfc(7662, "2.1"),
        ),
        "token_type_hint": ("The probable type of the token.", rfc(7662, "2.1")),
        "scope": ("What the token allows.", rfc(7662, "2.2")),
        "client_id": ("The client that the token was issued to.", rfc(7662, "2.2")),
        "token_type": (
            "How to use the token: any client that presents it has access.",
            rfc(7662, "2.2"),
        ),
        "iss": ("The issuer of the token.", rfc(7662, "2.2")),
        "username": (
            "The name that the user signs in with. Only tokens with the scope profile tell it.",
            rfc(7662, "2.2"),
        ),
        "WWW-Authenticate": ("How a resource server can authenticate here.", rfc(7662, "2.3")),
    },
    "/oauth/revoke": {
        "token": ("The token to revoke, with its whole grant.", rfc(7009, "2.1")),
        "WWW-Authenticate": (_METHODS, rfc(6749, "5.2")),
    },
    _API: {
        "error": ("The error code about the token, for programs.", rfc(6750, "3.1")),
        "error_description": (_DESCRIPTION, rfc(6750, "3")),
        "scope": ("The scope that the token needs.", rfc(6750, "3")),
        "access_token": (
            "Not accepted in an address, because addresses are stored in logs.",
            rfc(6750, "2.3"),
        ),
        "resource": ("The identifier of this API in access tokens.", rfc(9728, "2")),
        "next": ("The address of the next photos, or null after the last ones.", None),
    },
}
#: Names that are not about OAuth.
_OF_EVERY_WEBSITE = ("csrf_token", "Cookie", "Set-Cookie", "Cache-Control", "Location", "next")
#: What is said about names that the protocol does not define.
_UNKNOWN: dict[str, Meaning] = {
    "/oauth/authorize": (_IGNORED, rfc(6749, "3.1")),
    "/oauth/token": (_IGNORED, rfc(6749, "3.2")),
    _REFRESH: (_IGNORED, rfc(6749, "3.2")),
    _API: ("Not part of the protocol: it is between the client and this API.", None),
}
_OWN: Meaning = ("Not part of the protocol: it is between this page and its server.", None)


def explained(exchange: Exchange) -> list[Explanation]:
    """Return the parameters of the request, explained.

    Those of OAuth are first, and those that every website has are last.
    """
    headers = _explained_headers(exchange.request_headers)
    sent = response_json.request_members(exchange).items()
    known = [pair for pair in sent if pair[0] in EVERYWHERE]
    return _explain(exchange, [*headers, *exchange.query, *exchange.request_body.form, *known])


def explained_response(exchange: Exchange) -> list[Explanation]:
    """Return the known parameters of the response, explained, in the same order."""
    members = response_json.members(exchange).items()
    known = [pair for pair in members if pair[0] in EVERYWHERE]
    return _explain(exchange, [*_explained_headers(exchange.response_headers), *known])


def explained_claims(claims: dict[str, str]) -> list[Explanation]:
    """Return the header or the claims of a signed token, explained, in their order."""
    meanings = AT[openid_meanings.CLAIMS]
    return [
        Explanation(name, value, *meanings.get(name, openid_meanings.UNKNOWN_CLAIM))
        for name, value in claims.items()
    ]


def _explain(exchange: Exchange, pairs: Pairs) -> list[Explanation]:
    place = _place(exchange)
    shown = [pair for pair in dict.fromkeys(pairs) if pair[0] != ELLIPSIS]
    shown.sort(key=lambda pair: pair[0] in _OF_EVERY_WEBSITE)
    return [Explanation(name, value, *_meaning(place, name)) for name, value in shown]


def _explained_headers(headers: Pairs) -> Pairs:
    scheme, _, credentials = dict(headers).get("Authorization", "").partition(" ")
    found = [pair for pair in headers if _is_explained(*pair)]
    if credentials:
        found.insert(0, (f"Authorization: {scheme}", credentials))
    return found


def _is_explained(name: str, value: str) -> bool:
    """Return whether the header has an explanation, which for caching is about `no-store`."""
    if name == "Cache-Control":
        return "no-store" in value
    return name in HEADERS and name in EVERYWHERE


def _place(exchange: Exchange) -> str:
    if exchange.leg == "resource_api":
        return _API
    if steps.request_step(exchange) == "F1":
        return _REFRESH
    if exchange.path.startswith(f"{steps.REGISTRATION}/"):
        return steps.REGISTRATION
    return exchange.path


def _meaning(place: str, name: str) -> Meaning:
    meaning = AT.get(place, {}).get(name) or EVERYWHERE.get(name)
    return meaning or _UNKNOWN.get(place, _OWN)
