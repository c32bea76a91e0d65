"""Require the canonical spelling of the host, which is the one in the leg's URL setting.

Browsers keep separate cookies for each spelling, so a flow that starts on `localhost` and returns
to `127.0.0.1` loses its session. A page that is requested on another spelling of loopback is
therefore redirected before a flow starts. Machine endpoints answer on any spelling of loopback.
Every other `Host` is rejected, so that this server never writes a URL with a foreign host.
"""

from collections.abc import Callable
from typing import TypeVar
from urllib.parse import urlsplit

from flask import Flask, Response, abort, current_app, redirect, request
from werkzeug.wrappers import Response as WerkzeugResponse

from web import origin_mismatch
from web.addresses import is_loopback
from web.leg_settings import current_settings
from web.origin_mismatch import read_origin
from web.reasons import Reason
from web.redirects import requested_target

View = TypeVar("View", bound=Callable[..., object])


def init_app(app: Flask) -> None:
    """Check the host of every request to `app`."""
    origin_mismatch.init_app(app)
    app.before_request(_check_host)


def for_machines(view: View) -> View:
    """Mark a view whose callers are programs.

    It answers on any spelling of the host, since programs do not follow a redirect. Its errors are
    JSON, and its requests need no form token.
    """
    view.for_machines = True  # type: ignore[attr-defined]
    return view


def is_for_machines(view: object) -> bool:
    """Return whether the view is marked with `for_machines`."""
    return bool(getattr(view, "for_machines", False))


def on_any_host(view: View) -> View:
    """Mark a view that answers on every `Host`, such as a health check by IP address."""
    view.on_any_host = True  # type: ignore[attr-defined]
    return view


def _check_host() -> WerkzeugResponse | Response | None:
    settings = current_settings()
    view = current_app.view_functions.get(request.endpoint or "")
    if getattr(view, "on_any_host", False) or read_origin() == settings.url:
        return None
    if not _is_another_spelling(settings.url) or _would_loop(settings.url):
        raise origin_mismatch.refuse_origin()
    if is_for_machines(view) or request.endpoint == "static":
        return None
    if request.method not in ("GET", "HEAD"):
        origin_mismatch.record_refusal(Reason.ANOTHER_SPELLING)
        abort(400, description=f"Send this form from {settings.url}.")
    return redirect(settings.url + requested_target())


def _is_another_spelling(url: str) -> bool:
    """Return whether the request's host and the host of `url` are two names of loopback.

    The scheme and the port must be equal, because a redirect would loop if a proxy does not pass
    them.
    """
    try:
        requested, own = urlsplit(read_origin()), urlsplit(url)
        is_same_place = (requested.scheme, requested.port) == (own.scheme, own.port)
    except ValueError:
        return False
    are_loopback = is_loopback(requested.hostname or "") and is_loopback(own.hostname or "")
    return is_same_place and are_loopback


def _would_loop(url: str) -> bool:
    """Return whether the browser is at `url` already, and an undeclared proxy changes the host."""
    has_own_host = request.headers.get("X-Forwarded-Host", "").lower() == urlsplit(url).netloc
    return has_own_host and not current_settings().trusted_proxies
