"""What a view uses to call the API: `needs` and `call`. Views need to know nothing about tokens.

    @bp.get("/whoami")
    @needs("profile")
    def whoami() -> tuple[str, int]:
        return page("whoami.html", name=call(print_shop().api.name))

`needs` lets the view run only if this browser is connected and the user granted the scopes.
`call` calls a function with a valid access token as its first argument. If the API rejects the
token, `call` gets a new one and calls the function a second time.

This module finds the `Access` of the current request; `access.py` does the work with the tokens.
Failures are raised, and `errors.py` answers each of them with a page: not connected, connection
ended, scope missing (the page offers to ask for it and to return here), server unreachable.
"""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from flask import g

from client_app import browser_session
from client_app.access import Access, ConnectionEndedError, NotConnectedError
from client_app.api_errors import InsufficientScopeError
from client_app.print_shop import print_shop
from client_app.return_to import allow_return, connect_url, this_page
from web.state_changes import changes_state

P = ParamSpec("P")
R = TypeVar("R")


def needs(*scopes: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Restrict a view to connected users who granted `scopes`; put it below the route.

    Other users see a page that names the missing scopes and offers to ask for them. After that they
    return to the view if it answers GET.
    """

    def protect(view: Callable[P, R]) -> Callable[P, R]:
        @wraps(view)
        def connected_view(*args: P.args, **kwargs: P.kwargs) -> R:
            granted = current_access().scopes()
            missing = [scope for scope in scopes if scope not in granted]
            if missing:
                raise InsufficientScopeError(" ".join(missing))
            return view(*args, **kwargs)

        # A view may refresh the tokens.
        return allow_return(changes_state()(connected_view))

    return protect


def call(ask: Callable[Concatenate[str, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Call `ask` with a valid access token and then `args`, and return its result.

    For example: `call(print_shop().api.photo, photo_id)`. `ask` may be called twice, so its
    arguments must be usable twice.
    """
    return current_access().call(lambda access_token: ask(access_token, *args, **kwargs))


def current_access() -> Access:
    """Return the access of the browser that sent this request.

    :raises NotConnectedError: when the browser has no connection.
    """
    browser, connection = browser_session.browser_id(), browser_session.connection_id()
    if connection is None:
        raise NotConnectedError
    access: Access | None = g.get("access")
    if access is None or (access.browser, access.connection_id) != (browser, connection):
        access = g.access = print_shop().access(browser, connection)
    return access


def granted_scopes() -> list[str] | None:
    """Return the scopes that the user granted, or None when this browser is not connected."""
    try:
        return current_access().scopes()
    except (NotConnectedError, ConnectionEndedError):
        return None


def step_up_url(scope: str) -> str:
    """Return the address that asks for `scope` in addition to the granted scopes.

    Without granted scopes it asks for the default ones too. The user returns to this page.
    """
    granted = granted_scopes() or print_shop().default_scope.split()
    return connect_url(" ".join(dict.fromkeys([*granted, *scope.split()])), this_page())
