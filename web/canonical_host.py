"""One spelling of the host is canonical: the one in the leg's own URL setting.

Browsers keep a cookie jar per spelling, so a flow that begins on `localhost` and comes back to `127.0.0.1` has lost its
session. A page asked for on another spelling of loopback is therefore redirected before a flow starts. Machine
endpoints answer on any spelling. Any other `Host` is refused, so that no address this server writes can be another's.
"""

from collections.abc import Callable
from typing import TypeVar
from urllib.parse import quote, urlsplit

from flask import Flask, Response, abort, current_app, redirect, request
from werkzeug.exceptions import SecurityError
from werkzeug.wrappers import Response as WerkzeugResponse

from web.addresses import is_loopback
from web.leg_settings import current_settings

View = TypeVar("View", bound=Callable[..., object])


def init_app(app: Flask) -> None:
    """Check the host of every request of `app`."""
    app.before_request(_check_host)


def for_machines(view: View) -> View:
    """Mark a view whose callers are programs: it answers on any spelling of the host, since they follow no redirect."""
    view.for_machines = True  # type: ignore[attr-defined]
    return view


def is_for_machines(view: object) -> bool:
    """Return whether the view is marked `for_machines`."""
    return bool(getattr(view, "for_machines", False))


def on_any_host(view: View) -> View:
    """Mark a view that answers whatever the `Host`, as a health check does, asked by address."""
    view.on_any_host = True  # type: ignore[attr-defined]
    return view


def _check_host() -> WerkzeugResponse | Response | None:
    settings = current_settings()
    view = current_app.view_functions.get(request.endpoint or "")
    if getattr(view, "on_any_host", False) or _origin() == settings.url:
        return None
    if not _is_another_spelling(settings.url):
        abort(400, description="This server does not answer for that host.")
    if is_for_machines(view) or request.endpoint == "static":
        return None
    if request.method not in ("GET", "HEAD"):
        abort(400, description=f"Send this form from {settings.url}.")
    return redirect(settings.url + _path_and_query())


def _path_and_query() -> str:
    # The path has been decoded, and may hold a line break by now.
    path, query = (
        quote(request.path, safe="/:@!$&'()*+,;="),
        request.query_string.decode(errors="replace"),
    )
    return f"{path}?{query}" if query else path


def _origin() -> str:
    return f"{request.scheme}://{_host()}".lower()


def _host() -> str:
    try:
        return request.host
    except SecurityError:
        return ""


def _is_another_spelling(url: str) -> bool:
    """Whether the request's host is loopback under another name than the `url` of a leg that is on loopback too."""
    try:
        asked, own = urlsplit(f"//{_host()}"), urlsplit(url)
        same_port = (asked.port or 80) == (own.port or 80)
    except ValueError:
        return False
    return same_port and is_loopback(asked.hostname or "") and is_loopback(own.hostname or "")
