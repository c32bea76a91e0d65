"""Where a person is, so that she comes back there after she has been asked for more at the authorization server.

Only pages of this application can be come back to: those that ask the API for her (`pages.needs` marks them). The address
is kept on the server, in the record of the authorization request, and is written anew from the page that it names, so
that nothing a stranger puts into a link can send her anywhere else.
"""

from collections.abc import Callable
from typing import TypeVar
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from flask import current_app, request, url_for
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from client_app.oauth import AuthorizationRequest
from client_app.print_shop import print_shop

View = TypeVar("View", bound=Callable[..., object])
MAX_LENGTH = 500
#: Where there is no page to come back to.
ALBUM = "client_app.album"


def is_page(view: View) -> View:
    """Mark a view that a person can be sent back to."""
    view.is_page = True  # type: ignore[attr-defined]
    return view


def checked_return_to(unverified_address: str | None) -> str | None:
    """The address of the page of this application's own that `unverified_address` names, or None."""
    if not unverified_address or len(unverified_address) > MAX_LENGTH:
        return None
    try:
        parts = urlsplit(unverified_address)
        endpoint, values = current_app.url_map.bind("").match(unquote(parts.path), method="GET")
    except (ValueError, HTTPException, RequestRedirect):
        return None
    if (
        parts.scheme
        or parts.netloc
        or not getattr(current_app.view_functions[endpoint], "is_page", False)
    ):
        return None
    query = urlencode(parse_qsl(parts.query))
    return url_for(endpoint, **values) + (f"?{query}" if query else "")


def this_page() -> str | None:
    """The page that the person is on, if one can come back to it; after a form, the page at the form's address."""
    query = request.query_string.decode(errors="replace")
    return checked_return_to(f"{quote(request.path)}?{query}")


def connect_url(scope: str | None = None, return_to: str | None = None) -> str:
    """Where to ask her: for `scope` or else the usual, and then back to `return_to` or else the album."""
    return_to = None if return_to == url_for(ALBUM) else return_to
    return url_for("client_app.connect", scope=scope, return_to=return_to)


def connect_again_url(asked: AuthorizationRequest | None) -> str:
    """Where to ask once more for what was asked."""
    if asked is None:
        return connect_url()
    return connect_url(
        None if asked.scope == print_shop().default_scope else asked.scope, asked.return_to
    )
