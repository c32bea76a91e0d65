"""Describe the messages that belong to no step: pages and other requests."""

import re

from inspector.read.names import Names
from inspector.record.exchange import Exchange

#: Leg, method and path of a request, and its description. The first match is used.
_PAGES = [
    (re.compile(pattern), text)
    for pattern, text in (
        (
            r"\w+ OPTIONS /.*",
            "The browser asks whether a script of another site may send a request here (CORS).",
        ),
        (r"client_app GET /", "The browser opens {client}’s home page."),
        (r"client_app GET /photos", "The user opens the album."),
        (
            r"client_app GET /photos/[^/]+/image",
            "The browser loads an image through {client}, because the browser has no token.",
        ),
        (r"client_app POST /photos", "The user adds a photo."),
        (r"client_app POST /photos/[^/]+/title", "The user renames a photo."),
        (r"client_app GET /photos/[^/]+/delete", "{client} asks the user to confirm the deletion."),
        (r"client_app POST /photos/[^/]+/delete", "The user deletes a photo."),
        (r"client_app \w+ /orders.*", "The user orders prints."),
        (r"client_app POST /refresh", "The user makes {client} refresh its tokens now."),
        (
            r"client_app POST /disconnect",
            "The user disconnects {client}, which revokes and deletes its tokens.",
        ),
        (r"auth_server GET /", "{server} shows who is signed in."),
        (r"auth_server GET /login", "{server} shows its login page."),
        (r"auth_server GET /login/account", "{server} asks which account the user wants to use."),
        (
            r"auth_server POST /login/account",
            "The user continues with the account that is signed in.",
        ),
        (r"auth_server POST /logout", "The user signs out of {server}."),
        (r"auth_server GET /account/apps", "The user opens the list of apps that have access."),
        (r"auth_server \w+ /account/.*", "The user manages their account at {server}."),
        (r"auth_server \w+ /developer/.*", "A developer manages their apps at {server}."),
        (
            r"auth_server GET /\.well-known/change-password",
            "A password manager looks for the page to change the password.",
        ),
        (
            r"auth_server GET /\.well-known/.*",
            "{client} reads the addresses of {server}’s endpoints.",
        ),
        (
            r"auth_server GET /oauth/(token|introspect|revoke)",
            "{client} sends GET to an endpoint that accepts only POST.",
        ),
        (
            r"auth_server POST /oauth/token",
            "{client} requests tokens with a grant type that {server} does not support.",
        ),
        (r"auth_server POST /oauth/introspect", "{client} asks whether a token is active."),
        (
            r"resource_api GET /\.well-known/.*",
            "A client reads which authorization server Photo API uses.",
        ),
        (
            r"resource_api \w+ /.+",
            "A client calls Photo API without an access token. Photo API says where to get one.",
        ),
    )
]


def find(exchange: Exchange, names: Names) -> str | None:
    """Return the description of the request, or None for an unknown one."""
    request = f"{exchange.leg} {exchange.method} {exchange.path}"
    for pattern, text in _PAGES:
        if pattern.fullmatch(request):
            return text.format(client=names.client, server=names.server)
    return None
