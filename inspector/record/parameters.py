"""The table of parameters and headers: how each is recorded, and what it means.

Only a name with the rule `CLEAR` or `ADDRESS` keeps its value. Every other value is masked, also if
its name is not in the table. So a new secret is masked even without an entry.
"""

import re

from inspector.record.openid_parameters import OPENID_PARAMETERS
from inspector.record.parameter_kinds import (
    OPENID,
    Parameter,
    Rule,
    Section,
    address,
    clear,
    rfc,
    secret,
    unexplained,
)
from inspector.record.registration_parameters import MCP_HEADERS, REGISTRATION_PARAMETERS

#: The parameters, form fields and JSON members by name.
PARAMETERS = {
    # The authorization request and its response
    "response_type": clear(
        "The client asks for a code. Tokens do not pass through the browser.", rfc(6749, "3.1.1")
    ),
    "client_id": clear(
        "The client’s identifier at the authorization server. It is public.", rfc(6749, "2.2")
    ),
    "redirect_uri": address(
        "A registered address for the response. A loopback port of a public client may differ.",
        rfc(9700, "2.1"),
    ),
    "scope": clear("What the access token allows, in the server’s terms.", rfc(6749, "3.3")),
    "state": secret(
        "A random value that belongs to this browser. The client rejects a response without it.",
        rfc(6749, "10.12"),
        "state",
    ),
    "code_challenge": secret(
        "The hash of a secret that the client sends when it redeems the code.",
        rfc(7636, "4.2"),
        "challenge",
    ),
    "code_challenge_method": clear(
        "How the hash was made. This server accepts only S256.", rfc(7636, "4.3")
    ),
    "prompt": clear(
        "Whether the server must, or must not, ask the user.",
        Section(OPENID, "3.1.2.1", "AuthRequest"),
    ),
    "resource": address("Where the client wants to use the access token.", rfc(8707, "2")),
    "response_mode": clear(
        "How the response is returned.", Section(OPENID, "3.1.2.1", "AuthRequest")
    ),
    "code": secret(
        "The authorization code. It works once, for a short time, and only with the verifier.",
        rfc(6749, "4.1.2"),
        "code",
    ),
    "iss": address(
        "The issuer of the response, so a client of several servers can tell them apart.",
        rfc(9207, "2"),
    ),
    "error": clear("The error code, for programs.", rfc(6749, "5.2")),
    "error_description": clear("The error in words, for developers.", rfc(6749, "5.2")),
    # The token endpoint
    "grant_type": clear("What the client exchanges for tokens.", rfc(6749, "4.1.3")),
    "code_verifier": secret(
        "The secret behind the challenge. A stolen code is useless without it.", rfc(7636, "4.5")
    ),
    "refresh_token": secret(
        "The client exchanges it once for new tokens. It is never sent to the resource API.",
        rfc(6749, "1.5"),
        "token",
    ),
    "access_token": secret(
        "Gives its holder access to the resource until it expires.",
        rfc(6749, "1.4"),
        "token",
    ),
    "token_type": clear(
        "How to use the access token: any client that presents it has access.", rfc(6749, "7.1")
    ),
    "expires_in": clear("Seconds until the access token expires.", rfc(6749, "5.1")),
    "client_secret": secret(
        "The client’s password. Only the client and the server know it.", rfc(6749, "2.3.1")
    ),
    # Introspection, revocation and user info
    "token": secret("The token that the request is about.", rfc(7662, "2.1"), "token"),
    "token_type_hint": clear(
        "The probable type of the token, so that the server finds it faster.", rfc(7009, "2.1")
    ),
    "active": clear(
        "Whether the token works now. Other members follow only if it does.", rfc(7662, "2.2")
    ),
    "token_use": clear(
        "This server’s name for the type of token: access or refresh.", rfc(7662, "2.2")
    ),
    "sub": clear("The resource owner’s identifier, which never changes.", rfc(7662, "2.2")),
    "aud": clear("The resource server that the token is meant for.", rfc(7662, "2.2")),
    "exp": clear("When the token expires, in seconds since 1970.", rfc(7662, "2.2")),
    "iat": clear("When the token was issued, in seconds since 1970.", rfc(7662, "2.2")),
    "username": Parameter(Rule.USERNAME, "The name that the user signs in with."),
    "name": clear("The user’s own name.", Section(OPENID, "5.1", "StandardClaims")),
    # Metadata
    "issuer": address("The authorization server’s own address.", rfc(8414, "2")),
    "authorization_endpoint": address("Where a client sends the browser.", rfc(8414, "2")),
    "token_endpoint": address("Where a client exchanges codes and refresh tokens.", rfc(8414, "2")),
    "introspection_endpoint": address(
        "Where a resource server asks about a token.", rfc(8414, "2")
    ),
    "revocation_endpoint": address("Where a client revokes a token.", rfc(8414, "2")),
    "userinfo_endpoint": address(
        "Where a client with an access token gets information about the user.",
        Section(OPENID, "5.3", "UserInfo"),
    ),
    "protected_resources": address(
        "The resource servers that accept this server’s tokens.", rfc(9728, "4")
    ),
    "scopes_supported": clear("The scopes that a client can request.", rfc(8414, "2")),
    "response_types_supported": clear(
        "The response types of the authorization endpoint.", rfc(8414, "2")
    ),
    "response_modes_supported": clear("How a response can be returned.", rfc(8414, "2")),
    "grant_types_supported": clear("What can be exchanged for tokens.", rfc(8414, "2")),
    "prompt_values_supported": clear(
        "The values that `prompt` can have.", Section(OPENID, "3.1.2.1", "AuthRequest")
    ),
    "code_challenge_methods_supported": clear("How a PKCE challenge can be made.", rfc(8414, "2")),
    "token_endpoint_auth_methods_supported": clear(
        "How a client can authenticate to get tokens.", rfc(8414, "2")
    ),
    "introspection_endpoint_auth_methods_supported": clear(
        "How a resource server can authenticate.", rfc(8414, "2")
    ),
    "revocation_endpoint_auth_methods_supported": clear(
        "How a client can authenticate to revoke a token.", rfc(8414, "2")
    ),
    "authorization_response_iss_parameter_supported": clear(
        "Whether every response names its issuer in `iss`.", rfc(9207, "3")
    ),
    # The forms of the authorization server
    "password": Parameter(Rule.PASSWORD, "The user’s password. It is never stored."),
    "csrf_token": secret(
        "Proves that the form came from this server’s own page.", rfc(6749, "10.12")
    ),
    "decision": clear("The button that the user pressed: allow or deny.", rfc(6749, "4.1.1")),
    "granted_scope": clear("The scopes that the user selected.", rfc(6749, "3.3")),
    "asked_scope": clear("The scopes that the page asked about.", rfc(6749, "3.3")),
    "next": address(
        "The page to open after the sign-in. It must be on this server.", rfc(9700, "4.11.2")
    ),
    # Names without an explanation
    **unexplained(Rule.CLEAR, "error_uri", "service_documentation", "ui_locales_supported"),
    **unexplained(Rule.CLEAR, "jsonrpc", "method", "resultType", "isError"),
    **unexplained(Rule.CLEAR, "photos", "photo", "id", "title", "created_at", "taken_at", "image"),
    **unexplained(Rule.CLEAR, "width", "height", "media_type", "content_type", "size", "status"),
    **unexplained(Rule.CLEAR, "next_after", "after", "limit", "copies"),
    **unexplained(Rule.CLEAR, "flow", "view", "message", "all", "attack"),
    **unexplained(Rule.ADDRESS, "return_to"),
    **unexplained(Rule.PASSWORD, "current_password", "new_password", "repeated_password"),
    **unexplained(Rule.SECRET, "client_assertion"),
    **unexplained(Rule.USERNAME, "login_hint"),
    **unexplained(Rule.MASKED, "client_assertion_type", "request", "request_uri", "registration"),
    **OPENID_PARAMETERS,
    **REGISTRATION_PARAMETERS,
}
#: The headers by name, in the usual capitalization.
HEADERS = {
    "Authorization: Basic": secret("The client’s identifier and secret.", rfc(6749, "2.3.1")),
    "Authorization: Bearer": secret(
        "The access token. An address must never contain it.", rfc(6750, "2.1")
    ),
    "WWW-Authenticate": clear("What is missing or wrong with the credentials.", rfc(6750, "3")),
    "Cookie": secret(
        "Identifies the browser. All three sites receive it, since cookies ignore the port.",
        rfc(6265, "8.5"),
    ),
    "Set-Cookie": secret(
        "The cookie that the browser will send to this host, on every port.", rfc(6265, "8.5")
    ),
    "Location": address("The address that the browser is sent to.", rfc(9110, "10.2.2")),
    "Cache-Control": clear("A cache must not keep the response.", rfc(9111, "5.2.2.5")),
    **unexplained(Rule.CLEAR, "Host", "Content-Type", "Content-Length", "Accept", "Origin"),
    **unexplained(Rule.CLEAR, "User-Agent", "Retry-After", "X-Request-Id", "Allow"),
    **unexplained(Rule.CLEAR, "Access-Control-Request-Method", "Access-Control-Request-Headers"),
    **unexplained(Rule.ADDRESS, "Referer"),
    **MCP_HEADERS,
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
