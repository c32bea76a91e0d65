"""Programs that make the round trip with one client's real values, for its developer to copy.

Their one source is `templates/auth_server/snippets/`; tests run them as the pages show them. Each prints the address to
open, reads the address at which the browser comes back, and ends with a request to the API.
"""

import json
import re
import shlex
from dataclasses import dataclass
from urllib.parse import urlencode

from flask import render_template

from auth_server.models import Client
from auth_server.scopes import scope_list
from config import AuthServerSettings

#: The key of each snippet and its template's ending: for whom it is, what it needs.
SNIPPETS = {
    "requests-oauthlib": ("py", "Python, requests-oauthlib", "pip install requests-oauthlib"),
    "authlib": ("py", "Python, Authlib", "pip install authlib requests"),
    "openid-client": ("mjs", "JavaScript, openid-client", "npm install openid-client"),
    "curl": ("sh", "curl", "curl and openssl"),
}
#: openid-client finds out its redirect URI from the address at which the browser ends: it drops the query and writes the rest
#: in a way of its own, so that only such an address is what it was.
_KEPT_BY_OPENID_CLIENT = re.compile(
    r"https?://[a-z0-9.-]+(?!:80/|:443/)(:[1-9][0-9]*)?/([A-Za-z0-9_~-][A-Za-z0-9._~-]*/)*([A-Za-z0-9_~-][A-Za-z0-9._~-]*)?"
)
#: Where a snippet takes the secret from, when it is not the moment to show it.
VARIABLE = "CLIENT_SECRET"


@dataclass(frozen=True)
class Snippet:
    """A program to copy; `needs` is what has to be installed for it."""

    key: str
    title: str
    needs: str
    code: str


def snippets_for(
    client: Client, settings: AuthServerSettings, secret: str | None = None
) -> list[Snippet]:
    """The snippets for `client`, with its secret only when it is given. One that could not work is left out."""
    snippets = []
    for key, (ending, title, needs) in SNIPPETS.items():
        if redirect_uri := _redirect_uri(client, key):
            values = _values(client, settings, redirect_uri, secret)
            code = render_template(f"auth_server/snippets/{key}.{ending}.txt", **values)
            snippets.append(Snippet(key, title, needs, code.strip() + "\n"))
    return snippets


def _redirect_uri(client: Client, key: str) -> str | None:
    """The first one that the library can come back to."""
    if key != "openid-client":
        return client.redirect_uris[0]
    return next(
        (uri for uri in client.redirect_uris if _KEPT_BY_OPENID_CLIENT.fullmatch(uri)), None
    )


def _values(
    client: Client, settings: AuthServerSettings, redirect_uri: str, secret: str | None
) -> dict[str, object]:
    request = {"response_type": "code", "client_id": client.client_id, "redirect_uri": redirect_uri}
    request |= {"scope": client.scope, "code_challenge_method": "S256"}
    return {
        "issuer": settings.url,
        "client": client,
        "redirect_uri": redirect_uri,
        "secret": secret,
        "variable": VARIABLE,
        "plain_http": settings.url.startswith("http:"),
        "plain_http_somewhere": "http:" in (settings.url[:5], redirect_uri[:5]),
        "resource": _resource(client, settings),
        "authorization_request": f"{settings.url}/oauth/authorize?{urlencode(request)}",
        # A literal of Python and of JavaScript, and a word of the shell.
        "literal": json.dumps,
        "word": shlex.quote,
    }


def _resource(client: Client, settings: AuthServerSettings) -> str | None:
    """What the client may look at, to see that its token works."""
    paths = {"profile": "/me", "photos:read": "/photos"}
    readable = [path for scope, path in paths.items() if scope in scope_list(client.scope)]
    return f"{settings.resource_api_url}{readable[0]}" if readable else None
