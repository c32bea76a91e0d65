"""Assemble a Flask application from the parts that every leg has."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar

from flask import Flask

from web import (
    canonical_host,
    client_addresses,
    cors,
    entrance,
    headers,
    pages,
    peers,
    proxies,
    redirects,
    request_bodies,
    request_id,
    request_lines,
    request_text,
    session_cookies,
    theme,
)
from web.derived_keys import derive_key
from web.leg_settings import LegSettings

SIGN_IN_LIFETIME = timedelta(hours=12)
MAX_FORM_BYTES = 64 * 1024

F = TypeVar("F", bound=Callable[..., Any])


class _Application(Flask):
    def ensure_sync(self, func: F) -> F:
        """Return the function as it is. No view is asynchronous, which Flask would test again."""
        return func


def new_application(settings: LegSettings) -> Flask:
    """Return a Flask application for one leg.

    It has keys and a cookie of its own, and a canonical host, request ids, security headers and
    error pages.
    """
    app = _Application(
        settings.leg,
        root_path=str(settings.project_root),
        template_folder=str(settings.project_root / "templates"),
        static_folder=str(settings.project_root / "static"),
    )
    app.config.update(_make_configuration(settings))
    app.extensions["tripod.settings"] = settings
    entrance.init_app(app, settings)
    if settings.trusted_proxies:
        app.wsgi_app = proxies.behind_proxies(app.wsgi_app, settings.trusted_proxies)  # type: ignore[assignment, method-assign]
    if settings.demo:
        peers.init_app(app, settings)
    request_lines.remove_queries()
    for part in (
        client_addresses,
        redirects,
        session_cookies,
        request_id,
        request_text,
        canonical_host,
        request_bodies,
        headers,
        cors,
        pages,
        theme,
    ):
        part.init_app(app)
    return app


def _make_configuration(settings: LegSettings) -> dict[str, object]:
    keys = [derive_key(key, settings.leg, "cookies") for key in settings.secret_keys]
    configuration: dict[str, object] = {
        "TEMPLATES_AUTO_RELOAD": settings.reload,
        "SECRET_KEY": next(iter(keys), None),
        "SECRET_KEY_FALLBACKS": keys[1:],
        # Browsers share cookies between the ports of one host, so each leg has its own name.
        "SESSION_COOKIE_NAME": f"tripod_{settings.leg}",
        "SESSION_COOKIE_SECURE": False,
        "SESSION_COOKIE_HTTPONLY": True,
        # Strict would break the callback. It would not protect the legs from each other either,
        # since all ports of a host are one site.
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_REFRESH_EACH_REQUEST": False,
        "PERMANENT_SESSION_LIFETIME": SIGN_IN_LIFETIME,
        "MAX_CONTENT_LENGTH": MAX_FORM_BYTES,
        # A form is valid as long as the session that it belongs to.
        "WTF_CSRF_TIME_LIMIT": None,
        # Flask-WTF itself does not use the fallbacks. `itsdangerous` signs with the last key.
        "WTF_CSRF_SECRET_KEY": keys[::-1] or None,
    }
    if settings.url.startswith("https:"):
        configuration["SESSION_COOKIE_NAME"] = f"__Host-tripod_{settings.leg}"
        configuration["SESSION_COOKIE_SECURE"] = True
    return configuration
