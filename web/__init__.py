"""What any web application here needs, innocent of OAuth: one small file per matter, assembled here."""

from datetime import timedelta

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from web import canonical_host, headers, pages, queries, request_id, request_lines
from web.derived_keys import derived_key
from web.leg_settings import LegSettings

SIGN_IN_LIFETIME = timedelta(hours=12)
MAX_FORM_BYTES = 64 * 1024


def new_application(settings: LegSettings) -> Flask:
    """A Flask application for one leg: keys and cookie of its own, canonical host, request id, headers, error pages."""
    app = Flask(
        settings.leg,
        root_path=str(settings.project_root),
        template_folder=str(settings.project_root / "templates"),
        static_folder=str(settings.project_root / "static"),
    )
    app.config.update(_configuration(settings))
    app.extensions["tripod.settings"] = settings
    if settings.trusted_proxies:
        count = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=count, x_proto=count, x_host=count)  # type: ignore[method-assign]
    request_lines.leave_queries_out()
    for part in (request_id, canonical_host, queries, headers, pages):
        part.init_app(app)
    return app


def _configuration(settings: LegSettings) -> dict[str, object]:
    https = settings.url.startswith("https:")
    keys = [derived_key(key, settings.leg, "cookies") for key in settings.secret_keys]
    return {
        "SECRET_KEY": keys[0] if keys else None,
        "SECRET_KEY_FALLBACKS": keys[1:],
        # Browsers share cookies between the ports of one host, so each leg's has a name of its own.
        "SESSION_COOKIE_NAME": f"{'__Host-' if https else ''}tripod_{settings.leg}",
        "SESSION_COOKIE_SECURE": https,
        "SESSION_COOKIE_HTTPONLY": True,
        # Strict would break the callback; ports are one site, so it would defend nothing between the legs.
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_REFRESH_EACH_REQUEST": False,
        "PERMANENT_SESSION_LIFETIME": SIGN_IN_LIFETIME,
        "MAX_CONTENT_LENGTH": MAX_FORM_BYTES,
        # A form lives as long as the session that it belongs to.
        "WTF_CSRF_TIME_LIMIT": None,
    }
