"""The seam for pages that ask the API: everything about tokens that a page needs, and nothing that it has to handle.

    @bp.get("/whoami")
    @needs("profile")
    def whoami() -> tuple[str, int]:
        return page("whoami.html", name=call(print_shop().api.name))

`needs` lets in only who is connected and has allowed the scopes. `call` gives a function the access token as its first
argument: a refreshed one if the old one has expired, and a second time with a new one if the API refuses it. What can go
wrong is raised, and `errors.py` answers it with a page: not connected, connection ended, a scope that is missing (it offers
to ask for it, and leads back here), a server out of reach. So a page deals with its own matter alone.
"""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from client_app import browser_session
from client_app.access import Access, ConnectionEndedError, NotConnectedError
from client_app.api_errors import InsufficientScopeError
from client_app.print_shop import print_shop
from client_app.return_to import connect_url, is_page, this_page

P = ParamSpec("P")
R = TypeVar("R")


def needs(*scopes: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Mark a view that works for connected people who have allowed `scopes`; put it under the route.

    Others see a page that says what is missing and asks for it. They come back to the view afterwards, if it is a GET.
    """

    def protect(view: Callable[P, R]) -> Callable[P, R]:
        @wraps(view)
        def connected_view(*args: P.args, **kwargs: P.kwargs) -> R:
            missing = [scope for scope in scopes if scope not in access().scopes()]
            if missing:
                raise InsufficientScopeError(" ".join(missing))
            return view(*args, **kwargs)

        return is_page(connected_view)

    return protect


def call(ask: Callable[Concatenate[str, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
    """What `ask` answers, given an access token that works and then `args`: `call(print_shop().api.photo, photo_id)`.

    It may be asked twice, so it must be able to say the same thing again.
    """
    return access().call(lambda access_token: ask(access_token, *args, **kwargs))


def access() -> Access:
    """This browser's connection.

    :raises NotConnectedError: when it has none.
    """
    connection = browser_session.connection_id()
    if connection is None:
        raise NotConnectedError
    return print_shop().access(browser_session.browser_id(), connection)


def granted_scopes() -> list[str] | None:
    """What the person has allowed, or None when this browser is not connected."""
    try:
        return access().scopes()
    except (NotConnectedError, ConnectionEndedError):
        return None


def step_up_url(scope: str) -> str:
    """Where to ask for `scope` besides all that was allowed, or else the usual, and then back to this page."""
    held = granted_scopes() or print_shop().default_scope.split()
    return connect_url(" ".join(dict.fromkeys([*held, *scope.split()])), this_page())
