"""Every parameter in one sentence, with the section that says so."""

from dataclasses import dataclass

from inspector.read import response_json, steps
from inspector.record.exchange import Exchange
from inspector.record.limits import ELLIPSIS


@dataclass(frozen=True)
class Section:
    """A section of an RFC, or of OpenID Connect Core where there is none."""

    document: str
    number: str

    @property
    def url(self) -> str:
        """Where to read it."""
        if self.document == "OpenID Connect Core":
            return f"https://openid.net/specs/openid-connect-core-1_0.html#{self.number}"
        return f"https://www.rfc-editor.org/rfc/{self.document.replace(' ', '').lower()}#section-{self.number}"

    def __str__(self) -> str:
        return f"{self.document}, {self.number}"


@dataclass(frozen=True)
class Explanation:
    """A parameter of a message: its value as masked, and what it is for."""

    name: str
    value: str
    words: str
    section: Section | None


#: One sentence, and the section that says so.
Meaning = tuple[str, Section | None]


def _rfc(number: int, section: str) -> Section:
    return Section(f"RFC {number}", section)


_EVERYWHERE: dict[str, Meaning] = {
    "response_type": ("Asks for a code, not for tokens: nothing of value is to pass through the browser.", _rfc(6749, "3.1.1")),
    "client_id": ("The client’s name at the authorization server. Everybody may know it.", _rfc(6749, "2.2")),
    "redirect_uri": ("Where the answer goes: a registered one; a public client’s loopback port may differ.", _rfc(9700, "2.1")),
    "scope": ("What the access token is to open, in words that the server defines.", _rfc(6749, "3.3")),
    "state": ("A random value that the client gave this browser; an answer without it is none.", _rfc(6749, "10.12")),
    "code_challenge": ("The hash of a secret that the client will show when it redeems the code.", _rfc(7636, "4.2")),
    "code_challenge_method": ("How the hash was made. This server accepts S256 alone.", _rfc(7636, "4.3")),
    "prompt": ("Whether to ask the person again, or not at all.", Section("OpenID Connect Core", "AuthRequest")),
    "response_mode": ("How the answer travels back.", Section("OpenID Connect Core", "AuthRequest")),
    "code": ("The authorization code: short-lived, good for one use, useless without the verifier.", _rfc(6749, "4.1.2")),
    "iss": ("Who answers. A client of several servers can tell whose code this is.", _rfc(9207, "2")),
    "error": ("What went wrong, in a word that programs know.", _rfc(6749, "5.2")),
    "error_description": ("The same in words, for a developer.", _rfc(6749, "5.2")),
    "grant_type": ("What is being exchanged for tokens.", _rfc(6749, "4.1.3")),
    "code_verifier": ("The secret behind the challenge. A stolen code is worthless without it.", _rfc(7636, "4.5")),
    "refresh_token": ("Fetches the next access token, once. It never goes to the resource API.", _rfc(6749, "1.5")),
    "access_token": ("Opens the resource for whoever holds it, until it expires.", _rfc(6749, "1.4")),
    "token_type": ("How to use the access token: whoever bears it may.", _rfc(6749, "7.1")),
    "expires_in": ("Seconds until the access token stops working.", _rfc(6749, "5.1")),
    "token": ("The token in question.", _rfc(7662, "2.1")),
    "token_type_hint": ("What kind of token it may be, so that the server finds it sooner.", _rfc(7009, "2.1")),
    "active": ("Whether the token is good right now. The rest is told only if it is.", _rfc(7662, "2.2")),
    "token_use": ("This server’s own word for the kind of token: a refresh token opens no resource.", _rfc(7662, "2.2")),
    "sub": ("Whose it is: the person, by an identifier that never changes.", _rfc(7662, "2.2")),
    "username": ("The name that the person signs in with.", None),
    "name": ("The person’s own name.", Section("OpenID Connect Core", "StandardClaims")),
    "aud": ("For which resource server the token was meant.", _rfc(7662, "2.2")),
    "exp": ("When the token expires, in seconds since 1970.", _rfc(7662, "2.2")),
    "iat": ("When the token was issued, in seconds since 1970.", _rfc(7662, "2.2")),
    "client_secret": ("The client’s password, known to it and to the server.", _rfc(6749, "2.3.1")),
    "issuer": ("The authorization server’s own name; everything else follows from it.", _rfc(8414, "2")),
    "authorization_endpoint": ("Where a client sends the browser.", _rfc(8414, "2")),
    "token_endpoint": ("Where a client exchanges codes and refresh tokens.", _rfc(8414, "2")),
    "introspection_endpoint": ("Where a resource server asks about a token.", _rfc(8414, "2")),
    "revocation_endpoint": ("Where a client gives a token back.", _rfc(8414, "2")),
    "userinfo_endpoint": ("Where an access token tells who granted it.", Section("OpenID Connect Core", "UserInfo")),
    "protected_resources": ("The resource servers that take this server’s tokens.", _rfc(9728, "4")),
    "scopes_supported": ("The scopes that there are.", _rfc(8414, "2")),
    "response_types_supported": ("What can be asked for at the authorization endpoint.", _rfc(8414, "2")),
    "response_modes_supported": ("How the answer can travel back.", _rfc(8414, "2")),
    "grant_types_supported": ("What can be exchanged for tokens.", _rfc(8414, "2")),
    "prompt_values_supported": ("The values that `prompt` can have.", Section("OpenID Connect Core", "AuthRequest")),
    "code_challenge_methods_supported": ("How a PKCE challenge can be made.", _rfc(8414, "2")),
    "token_endpoint_auth_methods_supported": ("How a client can prove itself when it asks for tokens.", _rfc(8414, "2")),
    "introspection_endpoint_auth_methods_supported": ("How a resource server can prove itself.", _rfc(8414, "2")),
    "revocation_endpoint_auth_methods_supported": ("How a client can prove itself to give a token back.", _rfc(8414, "2")),
    "authorization_response_iss_parameter_supported": ("Promises that every answer says who answers: `iss`.", _rfc(9207, "3")),
    "password": ("The person’s secret. It is masked whole; this page never knew it.", None),
    "csrf_token": ("Shows that the form came from this server’s own page, not from another site.", _rfc(6749, "10.12")),
    "decision": ("What the person pressed: allow or deny.", _rfc(6749, "4.1.1")),
    "granted_scope": ("What the person ticked.", _rfc(6749, "3.3")),
    "asked_scope": ("What the page asked about.", _rfc(6749, "3.3")),
    "next": ("Where to go after the sign-in: a page of this server, never another’s.", _rfc(9700, "4.11.2")),
    "Authorization: Basic": ("The client’s own name and secret.", _rfc(6749, "2.3.1")),
    "Authorization: Bearer": ("The access token, in the one place where it belongs.", _rfc(6750, "2.1")),
    "WWW-Authenticate": ("What is missing or wrong with the credentials.", _rfc(6750, "3")),
    "Cookie": ("By this a site knows its browser again. The other two get it, too: cookies ignore ports.", _rfc(6265, "8.5")),
    "Set-Cookie": ("What the browser is to send to this host from now on, whatever the port.", _rfc(6265, "8.5")),
    "Location": ("Where the browser is sent next.", _rfc(9110, "10.2.2")),
    "Cache-Control": ("Nobody is to keep a copy of this.", _rfc(9111, "5.2.2.5")),
}  # fmt: skip
#: Where a name means something else: at an address, at a refresh, or anywhere at the API.
_REFRESH, _API = "/oauth/token, to refresh", "the API"
_AT: dict[tuple[str, str], Meaning] = {
    ("/oauth/authorize", "error"): (
        "What went wrong, in a word that programs know.",
        _rfc(6749, "4.1.2.1"),
    ),
    ("/callback", "error"): (
        "What went wrong, in a word that programs know.",
        _rfc(6749, "4.1.2.1"),
    ),
    ("/callback", "error_description"): (
        "The same in words, for a developer.",
        _rfc(6749, "4.1.2.1"),
    ),
    ("/oauth/token", "redirect_uri"): (
        "Must equal the one of the authorization request.",
        _rfc(6749, "4.1.3"),
    ),
    ("/oauth/token", "scope"): (
        "What was granted: perhaps less than was asked for.",
        _rfc(6749, "5.1"),
    ),
    ("/oauth/token", "Cache-Control"): (
        "Nobody is to keep a copy of the tokens.",
        _rfc(6749, "5.1"),
    ),
    (_REFRESH, "Cache-Control"): ("Nobody is to keep a copy of the tokens.", _rfc(6749, "5.1")),
    ("/oauth/token", "WWW-Authenticate"): (
        "How a client can prove itself here.",
        _rfc(6749, "5.2"),
    ),
    (_REFRESH, "grant_type"): ("What is being exchanged for tokens.", _rfc(6749, "6")),
    (_REFRESH, "refresh_token"): (
        "Fetches the next access token, once; then its successor is needed.",
        _rfc(6749, "6"),
    ),
    (_REFRESH, "scope"): ("May be less than what was granted, never more.", _rfc(6749, "6")),
    (_REFRESH, "WWW-Authenticate"): ("How a client can prove itself here.", _rfc(6749, "5.2")),
    ("/oauth/introspect", "Authorization: Basic"): (
        "The name and secret of whoever asks.",
        _rfc(7662, "2.1"),
    ),
    ("/oauth/introspect", "token_type_hint"): ("What kind of token it may be.", _rfc(7662, "2.1")),
    ("/oauth/introspect", "scope"): ("What the token is good for.", _rfc(7662, "2.2")),
    ("/oauth/introspect", "client_id"): (
        "The client that the token was issued to.",
        _rfc(7662, "2.2"),
    ),
    ("/oauth/introspect", "token_type"): (
        "How the token is used: whoever bears it may.",
        _rfc(7662, "2.2"),
    ),
    ("/oauth/introspect", "iss"): ("Who issued the token.", _rfc(7662, "2.2")),
    ("/oauth/introspect", "username"): (
        "The name that the person signs in with.",
        _rfc(7662, "2.2"),
    ),
    ("/oauth/introspect", "WWW-Authenticate"): (
        "How a resource server can prove itself here.",
        _rfc(7662, "2.3"),
    ),
    ("/oauth/revoke", "token"): (
        "The token that is to end, and its whole grant with it.",
        _rfc(7009, "2.1"),
    ),
    ("/oauth/revoke", "WWW-Authenticate"): (
        "How a client can prove itself here.",
        _rfc(6749, "5.2"),
    ),
    (_API, "error"): (
        "What is wrong with the token, in a word that programs know.",
        _rfc(6750, "3.1"),
    ),
    (_API, "error_description"): ("The same in words, for a developer.", _rfc(6750, "3")),
    (_API, "scope"): ("What the token would have to be good for.", _rfc(6750, "3")),
    (_API, "access_token"): (
        "Not taken in an address: addresses end up in logs.",
        _rfc(6750, "2.3"),
    ),
    (_API, "next"): ("Where the next photos are; nothing when there are no more.", None),
}
#: Names that the protocol does not have.
_UNKNOWN: dict[str, Meaning] = {
    "/oauth/authorize": (
        "A name that this server does not know, so it ignores it.",
        _rfc(6749, "3.1"),
    ),
    "/oauth/token": ("A name that this server does not know, so it ignores it.", _rfc(6749, "3.2")),
    _REFRESH: ("A name that this server does not know, so it ignores it.", _rfc(6749, "3.2")),
    _API: ("No part of the protocol: it is between the client and this API.", None),
}
_PAGES_OWN: Meaning = ("No part of the protocol: it is between this page and its server.", None)
_HEADERS_TO_EXPLAIN = ("Cookie", "WWW-Authenticate", "Set-Cookie", "Location", "Cache-Control")


def explained(exchange: Exchange) -> list[Explanation]:
    """Every parameter of the request and the answer. Of other names, those that were asked with are explained as such."""
    asked = [*exchange.query, *exchange.request_body.form]
    answered = [*_headers(exchange.response_headers), *response_json.members(exchange).items()]
    pairs = [
        *_headers(exchange.request_headers),
        *asked,
        *(pair for pair in answered if pair[0] in _EVERYWHERE),
    ]
    place = _place(exchange)
    named = (pair for pair in dict.fromkeys(pairs) if pair[0] != ELLIPSIS)
    return [Explanation(name, value, *_meaning(place, name)) for name, value in named]


def _headers(headers: list[tuple[str, str]]) -> list[tuple[str, str]]:
    scheme, _, credentials = dict(headers).get("Authorization", "").partition(" ")
    authorization = [(f"Authorization: {scheme}", credentials)] if credentials else []
    return authorization + [
        pair for pair in headers if pair[0] in _HEADERS_TO_EXPLAIN and _says_something(*pair)
    ]


def _says_something(name: str, value: str) -> bool:
    """Of how long a picture may be kept, nothing has to be said."""
    return name != "Cache-Control" or "no-store" in value


def _place(exchange: Exchange) -> str:
    if exchange.leg == "resource_api":
        return _API
    return _REFRESH if steps.request_step(exchange) == "F1" else exchange.path


def _meaning(place: str, name: str) -> Meaning:
    known = _AT.get((place, name)) or _EVERYWHERE.get(name)
    return known or _UNKNOWN.get(place, _PAGES_OWN)
