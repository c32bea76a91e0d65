"""The names whose values are kept in clear. What is not named here is masked: a new secret needs nobody to think of it."""

import re

#: Of parameters, form fields and JSON members.
CLEAR = frozenset(
    [
        "response_type",
        "client_id",
        "scope",
        "code_challenge_method",
        "grant_type",
        "token_type_hint",
        "error",
        "error_description",
        "error_uri",
        "prompt",
        "response_mode",
        "decision",
        "granted_scope",
        "asked_scope",
        "token_type",
        "expires_in",
        "active",
        "token_use",
        "sub",
        "aud",
        "exp",
        "iat",
        "name",
        "scopes_supported",
        "response_types_supported",
        "response_modes_supported",
        "grant_types_supported",
        "code_challenge_methods_supported",
        "token_endpoint_auth_methods_supported",
        "introspection_endpoint_auth_methods_supported",
        "revocation_endpoint_auth_methods_supported",
        "authorization_response_iss_parameter_supported",
        "prompt_values_supported",
        "service_documentation",
        "ui_locales_supported",
        "photos",
        "photo",
        "id",
        "title",
        "created_at",
        "taken_at",
        "image",
        "width",
        "height",
        "media_type",
        "content_type",
        "next_after",
        "after",
        "limit",
        "size",
        "copies",
        "status",
        "flow",
        "view",
        "message",
        "all",
        "attack",
    ]
)
#: Addresses: kept, with the values in their queries masked by the same rules.
ADDRESSES = frozenset(
    [
        "redirect_uri",
        "next",
        "return_to",
        "iss",
        "issuer",
        "authorization_endpoint",
        "token_endpoint",
        "introspection_endpoint",
        "revocation_endpoint",
        "userinfo_endpoint",
        "protected_resources",
        "Location",
        "Referer",
    ]
)
#: Kept as they are, but for secrets that are found in them.
HEADERS = frozenset(
    [
        "Host",
        "Content-Type",
        "Content-Length",
        "Accept",
        "Origin",
        "User-Agent",
        "Www-Authenticate",
        "Cache-Control",
        "Retry-After",
        "X-Request-Id",
        "Allow",
    ]
)
#: What ties messages together, by the name of the parameter or member that carries it.
TIES = {
    "state": "state",
    "code": "code",
    "access_token": "token",
    "refresh_token": "token",
    "token": "token",
    "code_challenge": "challenge",
}
SESSION_COOKIES = frozenset(
    f"{prefix}tripod_{leg}" for prefix in ("", "__Host-") for leg in ("client_app", "auth_server")
)
#: Names that are kept even where nothing is said under them; any other may be a secret in the wrong place.
NAMES = frozenset([*CLEAR, *ADDRESSES, *TIES]) | {
    "username",
    "password",
    "current_password",
    "new_password",
    "repeated_password",
    "csrf_token",
    "client_secret",
    "client_assertion",
    "client_assertion_type",
    "code_verifier",
    "nonce",
    "login_hint",
    "max_age",
    "display",
    "acr_values",
    "ui_locales",
    "id_token_hint",
    "resource",
    "request",
    "request_uri",
}
_PASSWORD = re.compile(r"(?i:pass|pwd|^repeat)|(?<![A-Za-z])(?i:pin)|Pin")


def is_secret(name: str) -> bool:
    """Whether what is sent under that name is a secret for sure, whatever it is made of."""
    return (
        is_password(name)
        or name in TIES
        or name in ("client_secret", "client_assertion", "code_verifier", "csrf_token")
    )


def is_password(name: str) -> bool:
    """Whether people choose what they send under that name, so that it can be guessed."""
    return _PASSWORD.search(name) is not None
