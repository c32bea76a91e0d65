"""The table of parameters and headers: how each is recorded, and what it means.

Only a name with the rule `CLEAR` or `ADDRESS` keeps its value. Every other value is masked, also if
its name is not in the table. So a new secret is masked even without an entry.
"""

import re
from dataclasses import dataclass
from enum import Enum, auto

OPENID = "OpenID Connect Core"


@dataclass(frozen=True)
class Section:
    """A section of an RFC or of OpenID Connect Core."""

    document: str
    number: str

    @property
    def url(self) -> str:
        """The address of the section."""
        if self.document == OPENID:
            return f"https://openid.net/specs/openid-connect-core-1_0.html#{self.number}"
        document = self.document.replace(" ", "").lower()
        return f"https://www.rfc-editor.org/rfc/{document}#section-{self.number}"

    def __str__(self) -> str:
        return f"{self.document}, {self.number}"


class Rule(Enum):
    """How the value of a parameter or header is recorded."""

    #: As it is, except for tokens and passwords in it.
    CLEAR = auto()
    #: As an address: the values in its query follow the rules of their own names.
    ADDRESS = auto()
    #: In clear if it is a username of the demo, or else like a password.
    USERNAME = auto()
    #: Masked, with everything inside it.
    SECRET = auto()
    #: The same without a fingerprint, from which a value that a user chose could be guessed.
    PASSWORD = auto()
    #: Masked.
    MASKED = auto()


@dataclass(frozen=True)
class Parameter:
    """How a value is recorded, and what it means.

    Messages that share a value belong to one flow if `tie`, the kind of the value, is not empty.
    """

    rule: Rule
    words: str = ""
    section: Section | None = None
    tie: str = ""


def rfc(number: int, section: str) -> Section:
    """Return the section with this number of RFC `number`."""
    return Section(f"RFC {number}", section)


def _clear(words: str, section: Section | None) -> Parameter:
    return Parameter(Rule.CLEAR, words, section)


def _address(words: str, section: Section) -> Parameter:
    return Parameter(Rule.ADDRESS, words, section)


def _secret(words: str, section: Section | None, tie: str = "") -> Parameter:
    return Parameter(Rule.SECRET, words, section, tie)


def _unexplained(rule: Rule, *names: str) -> dict[str, Parameter]:
    return dict.fromkeys(names, Parameter(rule))


#: The parameters, form fields and JSON members by name.
PARAMETERS = {
    # The authorization request and its response
    "response_type": _clear(
        "The client asks for a code. Tokens do not pass through the browser.", rfc(6749, "3.1.1")
    ),
    "client_id": _clear(
        "The client’s identifier at the authorization server. It is public.", rfc(6749, "2.2")
    ),
    "redirect_uri": _address(
        "A registered address for the response. A loopback port of a public client may differ.",
        rfc(9700, "2.1"),
    ),
    "scope": _clear("What the access token allows, in the server’s terms.", rfc(6749, "3.3")),
    "state": _secret(
        "A random value that belongs to this browser. The client rejects a response without it.",
        rfc(6749, "10.12"),
        "state",
    ),
    "code_challenge": _secret(
        "The hash of a secret that the client sends when it redeems the code.",
        rfc(7636, "4.2"),
        "challenge",
    ),
    "code_challenge_method": _clear(
        "How the hash was made. This server accepts only S256.", rfc(7636, "4.3")
    ),
    "prompt": _clear(
        "Whether the server must, or must not, ask the user.", Section(OPENID, "AuthRequest")
    ),
    "resource": _address("Where the client wants to use the access token.", rfc(8707, "2")),
    "response_mode": _clear("How the response is returned.", Section(OPENID, "AuthRequest")),
    "code": _secret(
        "The authorization code. It works once, for a short time, and only with the verifier.",
        rfc(6749, "4.1.2"),
        "code",
    ),
    "iss": _address(
        "The issuer of the response, so a client of several servers can tell them apart.",
        rfc(9207, "2"),
    ),
    "error": _clear("The error code, for programs.", rfc(6749, "5.2")),
    "error_description": _clear("The error in words, for developers.", rfc(6749, "5.2")),
    # The token endpoint
    "grant_type": _clear("What the client exchanges for tokens.", rfc(6749, "4.1.3")),
    "code_verifier": _secret(
        "The secret behind the challenge. A stolen code is useless without it.", rfc(7636, "4.5")
    ),
    "refresh_token": _secret(
        "The client exchanges it once for new tokens. It is never sent to the resource API.",
        rfc(6749, "1.5"),
        "token",
    ),
    "access_token": _secret(
        "Gives its holder access to the resource until it expires.",
        rfc(6749, "1.4"),
        "token",
    ),
    "token_type": _clear(
        "How to use the access token: any client that presents it has access.", rfc(6749, "7.1")
    ),
    "expires_in": _clear("Seconds until the access token expires.", rfc(6749, "5.1")),
    "client_secret": _secret(
        "The client’s password. Only the client and the server know it.", rfc(6749, "2.3.1")
    ),
    # Introspection, revocation and user info
    "token": _secret("The token that the request is about.", rfc(7662, "2.1"), "token"),
    "token_type_hint": _clear(
        "The probable type of the token, so that the server finds it faster.", rfc(7009, "2.1")
    ),
    "active": _clear(
        "Whether the token works now. Other members follow only if it does.", rfc(7662, "2.2")
    ),
    "token_use": _clear(
        "This server’s name for the type of token: access or refresh.", rfc(7662, "2.2")
    ),
    "sub": _clear("The resource owner’s identifier, which never changes.", rfc(7662, "2.2")),
    "aud": _clear("The resource server that the token is meant for.", rfc(7662, "2.2")),
    "exp": _clear("When the token expires, in seconds since 1970.", rfc(7662, "2.2")),
    "iat": _clear("When the token was issued, in seconds since 1970.", rfc(7662, "2.2")),
    "username": Parameter(Rule.USERNAME, "The name that the user signs in with."),
    "name": _clear("The user’s own name.", Section(OPENID, "StandardClaims")),
    # Metadata
    "issuer": _address("The authorization server’s own address.", rfc(8414, "2")),
    "authorization_endpoint": _address("Where a client sends the browser.", rfc(8414, "2")),
    "token_endpoint": _address(
        "Where a client exchanges codes and refresh tokens.", rfc(8414, "2")
    ),
    "introspection_endpoint": _address(
        "Where a resource server asks about a token.", rfc(8414, "2")
    ),
    "revocation_endpoint": _address("Where a client revokes a token.", rfc(8414, "2")),
    "userinfo_endpoint": _address(
        "Where a client with an access token gets information about the user.",
        Section(OPENID, "UserInfo"),
    ),
    "protected_resources": _address(
        "The resource servers that accept this server’s tokens.", rfc(9728, "4")
    ),
    "scopes_supported": _clear("The scopes that a client can request.", rfc(8414, "2")),
    "response_types_supported": _clear(
        "The response types of the authorization endpoint.", rfc(8414, "2")
    ),
    "response_modes_supported": _clear("How a response can be returned.", rfc(8414, "2")),
    "grant_types_supported": _clear("What can be exchanged for tokens.", rfc(8414, "2")),
    "prompt_values_supported": _clear(
        "The values that `prompt` can have.", Section(OPENID, "AuthRequest")
    ),
    "code_challenge_methods_supported": _clear("How a PKCE challenge can be made.", rfc(8414, "2")),
    "token_endpoint_auth_methods_supported": _clear(
        "How a client can authenticate to get tokens.", rfc(8414, "2")
    ),
    "introspection_endpoint_auth_methods_supported": _clear(
        "How a resource server can authenticate.", rfc(8414, "2")
    ),
    "revocation_endpoint_auth_methods_supported": _clear(
        "How a client can authenticate to revoke a token.", rfc(8414, "2")
    ),
    "authorization_response_iss_parameter_supported": _clear(
        "Whether every response names its issuer in `iss`.", rfc(9207, "3")
    ),
    # The forms of the authorization server
    "password": Parameter(Rule.PASSWORD, "The user’s password. It is never stored."),
    "csrf_token": _secret(
        "Proves that the form came from this server’s own page.", rfc(6749, "10.12")
    ),
    "decision": _clear("The button that the user pressed: allow or deny.", rfc(6749, "4.1.1")),
    "granted_scope": _clear("The scopes that the user selected.", rfc(6749, "3.3")),
    "asked_scope": _clear("The scopes that the page asked about.", rfc(6749, "3.3")),
    "next": _address(
        "The page to open after the sign-in. It must be on this server.", rfc(9700, "4.11.2")
    ),
    # Names without an explanation
    **_unexplained(Rule.CLEAR, "error_uri", "service_documentation", "ui_locales_supported"),
    **_unexplained(Rule.CLEAR, "jsonrpc", "method", "resultType", "isError"),
    **_unexplained(Rule.CLEAR, "photos", "photo", "id", "title", "created_at", "taken_at", "image"),
    **_unexplained(Rule.CLEAR, "width", "height", "media_type", "content_type", "size", "status"),
    **_unexplained(Rule.CLEAR, "next_after", "after", "limit", "copies"),
    **_unexplained(Rule.CLEAR, "flow", "view", "message", "all", "attack"),
    **_unexplained(Rule.ADDRESS, "return_to"),
    **_unexplained(Rule.PASSWORD, "current_password", "new_password", "repeated_password"),
    **_unexplained(Rule.SECRET, "client_assertion", "registration_access_token"),
    **_unexplained(Rule.USERNAME, "login_hint"),
    **_unexplained(Rule.MASKED, "client_assertion_type", "nonce", "max_age", "display", "request"),
    **_unexplained(Rule.MASKED, "acr_values", "ui_locales", "id_token_hint", "request_uri"),
}
#: The headers by name, in the usual capitalization.
HEADERS = {
    "Authorization: Basic": _secret("The client’s identifier and secret.", rfc(6749, "2.3.1")),
    "Authorization: Bearer": _secret(
        "The access token. An address must never contain it.", rfc(6750, "2.1")
    ),
    "WWW-Authenticate": _clear("What is missing or wrong with the credentials.", rfc(6750, "3")),
    "Cookie": _secret(
        "Identifies the browser. All three sites receive it, since cookies ignore the port.",
        rfc(6265, "8.5"),
    ),
    "Set-Cookie": _secret(
        "The cookie that the browser will send to this host, on every port.", rfc(6265, "8.5")
    ),
    "Location": _address("The address that the browser is sent to.", rfc(9110, "10.2.2")),
    "Cache-Control": _clear("A cache must not keep the response.", rfc(9111, "5.2.2.5")),
    **_unexplained(Rule.CLEAR, "Host", "Content-Type", "Content-Length", "Accept", "Origin"),
    **_unexplained(Rule.CLEAR, "User-Agent", "Retry-After", "X-Request-Id", "Allow"),
    **_unexplained(Rule.CLEAR, "Access-Control-Request-Method", "Access-Control-Request-Headers"),
    **_unexplained(Rule.CLEAR, "Mcp-Method", "Mcp-Name", "Mcp-Protocol-Version"),
    **_unexplained(Rule.ADDRESS, "Referer"),
}
#: The names that are recorded even without a value. Any other name may be a misplaced secret.
NAMES = frozenset(PARAMETERS)
SESSION_COOKIES = frozenset(
    f"{prefix}tripod_{leg}" for prefix in ("", "__Host-") for leg in ("client_app", "auth_server")
)
_PASSWORD_NAME = re.compile(r"(?i:pass|pwd|^repeat)|(?<![A-Za-z])(?i:pin)|Pin")
_PASSWORD = Parameter(Rule.PASSWORD)
_UNKNOWN = Parameter(Rule.MASKED)


def find_parameter(name: str) -> Parameter:
    """Return the entry of the parameter, form field or JSON member. Unknown names are masked."""
    known = PARAMETERS.get(name)
    if known is not None:
        return known
    if _PASSWORD_NAME.search(name):
        return _PASSWORD
    return _UNKNOWN


def is_secret(name: str) -> bool:
    """Return whether everything under this name is secret, whatever its form."""
    return find_parameter(name).rule in (Rule.SECRET, Rule.PASSWORD)
