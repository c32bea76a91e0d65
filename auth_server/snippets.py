"""Programs that run the whole flow with one client's real values, for its developer to copy.

Their source is `templates/auth_server/snippets/`, and tests run them as the pages show them. Each
prints the address to open, waits for the browser that returns, and ends with a request to the API.
If the redirect URI is on this machine, the program listens there. Otherwise, it asks for the
address to which the browser returns.
"""

import json
import re
import shlex
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import urlsplit

from flask import render_template

from auth_server.models import Client
from auth_server.redirect_uris import is_private_use
from auth_server.scopes import OPENID, SCOPES, scope_list
from config import AuthServerSettings
from web.addresses import append_parameters

#: For each snippet: the ending of its template, its title, and what has to be installed.
SNIPPETS = {
    "requests-oauthlib": ("py", "Python, requests-oauthlib", "pip install requests-oauthlib"),
    "authlib": ("py", "Python, Authlib", "pip install authlib requests"),
    "flask": ("py", "Python, Flask with Authlib", "pip install flask authlib requests"),
    "openid-client": ("mjs", "JavaScript, openid-client", "npm install openid-client"),
    "curl": ("sh", "curl", "curl, openssl and python3"),
}
#: openid-client derives its redirect URI from the address to which the browser returns. It drops
#: the query and normalizes the rest; only an address of this form stays the same.
_KEPT_BY_OPENID_CLIENT = re.compile(
    r"(https?://[a-z0-9.-]+(?!:80/|:443/)(:[1-9][0-9]*)?|[a-z0-9-]+(\.[a-z0-9-]+)+:)/"
    r"([A-Za-z0-9_~-][A-Za-z0-9._~-]*/)*([A-Za-z0-9_~-][A-Za-z0-9._~-]*)?"
)
#: The route of a Flask application has the same path as its redirect URI.
_KEPT_BY_FLASK = re.compile(r"https?://[^/?]+/[A-Za-z0-9._~/-]+")
_KEPT_BY = {"flask": _KEPT_BY_FLASK, "openid-client": _KEPT_BY_OPENID_CLIENT}
#: The environment variable from which a snippet reads a secret that the page does not show.
VARIABLE = "CLIENT_SECRET"
#: Only an administrator may listen on the ports below.
_FIRST_FREE_PORT = 1024


@dataclass(frozen=True)
class Snippet:
    """A program to copy. `needs` says what has to be installed.

    `listens` is whether it receives the browser itself.
    """

    key: str
    title: str
    needs: str
    code: str
    listens: bool


class _Listener(NamedTuple):
    """Where a program can receive the browser."""

    host: str
    port: int
    origin: str


def snippets_for(
    client: Client, settings: AuthServerSettings, secret: str | None = None
) -> list[Snippet]:
    """Return the snippets that work for `client`, with its secret only if it is given."""
    snippets = []
    for key, (ending, title, needs) in SNIPPETS.items():
        redirect_uri = _redirect_uri(client, key)
        if redirect_uri is None:
            continue
        values = _values(client, settings, redirect_uri, secret)
        code = render_template(f"auth_server/snippets/{key}.{ending}.txt", **values)
        listens = values["listener"] is not None
        snippets.append(Snippet(key, title, needs, code.strip() + "\n", listens))
    return snippets


def _redirect_uri(client: Client, key: str) -> str | None:
    """Return the first redirect URI that the library can use, or None."""
    if key == "flask" and OPENID not in scope_list(client.scope):
        return None
    if key not in _KEPT_BY:
        return client.redirect_uris[0]
    return next((uri for uri in client.redirect_uris if _KEPT_BY[key].fullmatch(uri)), None)


def _values(
    client: Client, settings: AuthServerSettings, redirect_uri: str, secret: str | None
) -> dict[str, object]:
    request = {"response_type": "code", "client_id": client.client_id, "redirect_uri": redirect_uri}
    request |= {"scope": client.scope, "code_challenge_method": "S256"}
    return {
        "issuer": settings.url,
        "client": client,
        "redirect_uri": redirect_uri,
        "path": urlsplit(redirect_uri).path,
        "scopes": scope_list(client.scope),
        "secret": secret,
        "variable": VARIABLE,
        "plain_http": settings.url.startswith("http:"),
        "without_tls": _reason_without_tls(settings, redirect_uri),
        "listener": _find_listener(redirect_uri),
        "photos": _photos(client, settings),
        "resource": _resource(client, settings),
        "authorization_request": append_parameters(f"{settings.url}/oauth/authorize", request),
        # `literal` quotes for Python and JavaScript, `word` for the shell.
        "literal": json.dumps,
        "word": shlex.quote,
    }


def _reason_without_tls(settings: AuthServerSettings, redirect_uri: str) -> str:
    """Return why oauthlib must accept an address without TLS, or "" if all are https."""
    if is_private_use(redirect_uri):
        return "the redirect URI opens an app"
    if "http:" in (settings.url[:5], redirect_uri[:5]):
        return "plain http, on loopback only"
    return ""


def _find_listener(redirect_uri: str) -> _Listener | None:
    """Return where to listen for this redirect URI, if a program on this machine can do so."""
    uri = urlsplit(redirect_uri)
    if uri.scheme != "http" or uri.hostname not in ("127.0.0.1", "localhost"):
        return None
    if uri.port is None or uri.port < _FIRST_FREE_PORT:
        return None
    return _Listener(uri.hostname, uri.port, f"http://{uri.netloc}")


def _photos(client: Client, settings: AuthServerSettings) -> str | None:
    """Return the address of the newest photo, if the client may read photos."""
    if "photos:read" not in scope_list(client.scope):
        return None
    return f"{settings.resource_api_url}{SCOPES['photos:read'].readable_path}?limit=1"


def _resource(client: Client, settings: AuthServerSettings) -> str | None:
    """Return an address of the API that the client may read, to show that its token works."""
    allowed = scope_list(client.scope)
    for name, scope in SCOPES.items():
        if scope.readable_path and name in allowed:
            return f"{settings.resource_api_url}{scope.readable_path}"
    return None
