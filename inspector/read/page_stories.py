"""Describe the messages that belong to no step: pages and other requests."""

import re

from inspector.read.names import Names
from inspector.record.exchange import Exchange

_PREFLIGHT = "The browser asks whether a script of another site may send a request here (CORS)."
#: For each leg: method and path of a request, and its description. The first match is used.
_PAGES = {
    "client_app": {
        "GET /": "The browser opens {client}’s home page.",
        "GET /photos": "The user opens the album.",
        "GET /photos/[^/]+/image": (
            "The browser loads an image through {client}, because the browser has no token."
        ),
        "POST /photos": "The user adds a photo.",
        "POST /photos/[^/]+/title": "The user renames a photo.",
        "GET /photos/[^/]+/delete": "{client} asks the user to confirm the deletion.",
        "POST /photos/[^/]+/delete": "The user deletes a photo.",
        r"\w+ /orders.*": "The user orders prints.",
        "POST /refresh": "The user makes {client} refresh its tokens now.",
        "GET /profile": "The user opens the page with their profile.",
        "GET /logout": "The user signs out of {client}, and then of {server}.",
        "POST /backchannel-logout": "{server} tells {client} that the user has signed out.",
        "POST /disconnect": "The user disconnects {client}, which revokes and deletes its tokens.",
    },
    "auth_server": {
        "GET /": "{server} shows who is signed in.",
        "GET /login": "The browser opens the login page.",
        "GET /login/account": "{server} asks which account the user wants to use.",
        "POST /login/account": "The user continues with the account that is signed in.",
        "POST /logout": "The user signs out of {server}.",
        "GET /account/apps": "The user opens the list of apps that have access.",
        "GET /account/apps/remove": "{server} asks the user to confirm the removal of an app.",
        r"\w+ /account/.*": "The user manages their account at {server}.",
        r"\w+ /developer/.*": "A developer manages their apps at {server}.",
        r"GET /\.well-known/change-password": (
            "A password manager looks for the page to change the password."
        ),
        r"GET /\.well-known/.*": "{client} reads the addresses of {server}’s endpoints.",
        "GET /oauth/jwks": "{client} fetches the public keys of {server}, to check ID tokens.",
        "POST /oauth/register": "{client} registers itself at {server}.",
        "GET /oauth/register/.+": "{client} reads its registration.",
        "PUT /oauth/register/.+": "{client} changes its registration.",
        "DELETE /oauth/register/.+": "{client} deletes its registration.",
        "GET /oauth/logout": "{client} sends the browser to {server}, to sign the user out.",
        "POST /oauth/logout": "{client} sends the browser to {server}, to sign the user out.",
        "POST /oauth/logout/confirmation": "The user confirms that they sign out of {server}.",
        r"\w+ /oauth/userinfo": "{client} asks who the user is, without an access token.",
        "GET /oauth/(token|introspect|revoke)": (
            "{client} sends GET to an endpoint that accepts only POST."
        ),
        "POST /oauth/token": (
            "{client} requests tokens with a grant type that {server} does not support."
        ),
        "POST /oauth/introspect": "{client} asks whether a token is active.",
    },
    "resource_api": {
        r"GET /\.well-known/.*": (
            "{client} reads Photo API’s metadata, which names its authorization server."
        ),
        r"\w+ /.+": (
            "{client} calls Photo API without an access token. Photo API says where to get one."
        ),
    },
}


def find(exchange: Exchange, names: Names) -> str | None:
    """Return the description of the request, or None for an unknown one."""
    request = f"{exchange.method} {exchange.path}"
    if request.startswith("OPTIONS /"):
        return _PREFLIGHT
    for pattern, text in _PAGES[exchange.leg].items():
        if re.fullmatch(pattern, request):
            return text.format(client=names.client, server=names.server)
    return None
