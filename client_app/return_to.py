"""The page to which a user returns from the authorization server.

A user can return only to pages of this application that call the API; `page_access.needs` marks
them. The address is stored on the server with the authorization request. Its path is built again
from the route that it matches, so a link from another site cannot send the user anywhere else.
"""

from collections.abc import Callable
from typing import TypeVar
from urllib.parse import unquote, urlsplit

from flask import current_app, url_for
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from client_app.oauth import AuthorizationRequest
from client_app.print_shop import print_shop
from web.addresses import escape_query
from web.redirects import requested_page

View = TypeVar("View", bound=Callable[..., object])
MAX_LENGTH = 500
#: The page to show when there is no page to return to.
ALBUM = "client_app.album"


def allow_return(view: View) -> View:
    """Mark a view to which a user may return."""
    view.can_return_here = True  # type: ignore[attr-defined]
    return view


def checked_return_to(unverified_address: str | None) -> str | None:
    """Return the address of the marked view that `unverified_address` names, or None."""
    if not unverified_address or len(unverified_address) > MAX_LENGTH:
        return None
    try:
        parts = urlsplit(unverified_address)
        endpoint, values = current_app.url_map.bind("").match(unquote(parts.path), method="GET")
    except (ValueError, HTTPException, RequestRedirect):
        return None
    if parts.scheme or parts.netloc:
        return None
    if not getattr(current_app.view_functions[endpoint], "can_return_here", False):
        return None
    address = url_for(endpoint, **values)
    if parts.query:
        address += f"?{escape_query(parts.query)}"
    return address


def this_page() -> str | None:
    """Return the address of the requested page, or None when a user cannot return to it.

    After a form was sent, this is the page at the form's address.
    """
    return checked_return_to(requested_page())


def connect_url(
    scope: str | None = None, return_to: str | None = None, prompt: str | None = None
) -> str:
    """Return the address that starts the flow for `scope` and then returns to `return_to`.

    The defaults are the default scope and the album. `prompt` says what the user is asked even if
    the server knows the answer: `login`, `consent` or both.
    """
    if return_to == url_for(ALBUM):
        return_to = None
    return url_for("client_app.connect", scope=scope, return_to=return_to, prompt=prompt)


def connect_again_url(previous: AuthorizationRequest | None) -> str:
    """Return the address that repeats the request `previous`; without one, the default request."""
    if previous is None:
        return connect_url()
    scope: str | None = previous.scope
    if scope == print_shop().default_scope:
        scope = None
    return connect_url(scope, previous.return_to, previous.more.get("prompt"))
