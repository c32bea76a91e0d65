"""Let scripts of other origins read some responses: CORS (the Fetch standard, §3.2).

A public client in a browser needs it. A view answers such scripts only if it is marked with
`for_browser_clients`. Every origin is allowed, because a marked view ignores cookies: a script gets
nothing that a program elsewhere would not get with the same token or code. With `*`, a browser also
hides the response to a request that carried cookies.

The headers are added after the request, so that a script can read errors too. The response is the
same with and without `Origin`, so it needs no `Vary`.
"""

from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus
from typing import TypeVar

from flask import Flask, Response, current_app, request
from werkzeug.exceptions import HTTPException

View = TypeVar("View", bound=Callable[..., object])

#: The headers of a response that a client has to read. Scripts always see a few others.
EXPOSED_HEADERS = "WWW-Authenticate, Location, Retry-After, X-Request-Id"
#: Seconds for which a browser remembers the answer to a preflight; Chromium's maximum.
MAX_AGE = "7200"
_READABLE = {"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": EXPOSED_HEADERS}


def init_app(app: Flask) -> None:
    """Add the headers to the responses of the marked views of `app`."""
    app.after_request(_add_headers)


def for_browser_clients(*request_headers: str) -> Callable[[View], View]:
    """Return a decorator that marks a view which public clients in browsers call.

    `request_headers` are the headers that a script may send, beyond those that it always may.
    The view must not depend on cookies.
    """

    def mark(view: View) -> View:
        view.readable_by_scripts = request_headers  # type: ignore[attr-defined]
        return view

    return mark


def headers_of(view: object) -> dict[str, str]:
    """Return the headers of a response of the view, which is marked or not."""
    if getattr(view, "readable_by_scripts", None) is None:
        return {}
    return _READABLE


def _add_headers(response: Response) -> Response:
    if request.method == "OPTIONS":
        if _is_preflight() and response.status_code == HTTPStatus.OK:
            _answer_preflight(response)
    elif _is_readable():
        response.headers.update(_READABLE)
    return response


def _is_preflight() -> bool:
    return "Origin" in request.headers and "Access-Control-Request-Method" in request.headers


def _answer_preflight(response: Response) -> None:
    """Replace the OPTIONS response with a preflight response if the path has a marked view."""
    views = _find_marked_views()
    if not views:
        return
    allowed = {name for headers in views.values() for name in headers}
    response.status_code = HTTPStatus.NO_CONTENT
    response.data = b""
    response.headers.remove("Content-Type")
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Access-Control-Allow-Methods"] = ", ".join(sorted(views))
    response.headers["Access-Control-Allow-Headers"] = ", ".join(sorted(allowed))
    response.headers["Access-Control-Max-Age"] = MAX_AGE


def _is_readable() -> bool:
    """Return whether the view is marked.

    For a method that is not allowed, return whether any view of the path is marked.
    """
    if request.endpoint:
        return _read_mark(request.endpoint) is not None
    return bool(_find_marked_views())


def _find_marked_views() -> dict[str, tuple[str, ...]]:
    """Return the request headers of the marked views of the requested path, by method."""
    routes = current_app.url_map.bind("")
    found = {}
    for method in set(routes.allowed_methods(request.path)) - {"OPTIONS"}:
        # A path with two slashes in a row is redirected, and a number with thousands of digits is
        # found to be no number only here.
        with suppress(HTTPException):
            endpoint, _ = routes.match(request.path, method)
            headers = _read_mark(endpoint)
            if headers is not None:
                found[method] = headers
    return found


def _read_mark(endpoint: str) -> tuple[str, ...] | None:
    return getattr(current_app.view_functions[endpoint], "readable_by_scripts", None)
