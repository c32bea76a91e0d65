"""Security headers on every response of every leg, including errors and redirects."""

from flask import Flask, Response, current_app, g

from web.leg_settings import LegSettings

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
FORM_ACTION = "; form-action 'self'"
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
}


def init_app(app: Flask) -> None:
    """Add the headers to every response of `app`; a header that a view has set is kept."""
    app.extensions["tripod.headers"] = make_headers(app.extensions["tripod.settings"])
    app.after_request(_add_headers)


def allow_forms_to_redirect() -> None:
    """Leave `form-action` out of the policy of this response.

    Chromium applies it to every redirect after a form, so the button that leads back to a client
    would silently do nothing. The directive has no fallback to `default-src`, so leaving it out
    is enough.
    """
    g.forms_may_redirect = True


def make_headers(settings: LegSettings) -> dict[str, str]:
    """Return the headers of a response that is no page."""
    fixed = HEADERS | {
        "Content-Security-Policy": CONTENT_SECURITY_POLICY + FORM_ACTION,
        "Referrer-Policy": "no-referrer",
    }
    if settings.url.startswith("https:"):
        fixed["Strict-Transport-Security"] = "max-age=31536000"
    return fixed


def _add_headers(response: Response) -> Response:
    if g.get("forms_may_redirect"):
        response.headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
    # With the policy `no-referrer`, browsers send `Origin: null` with a form.
    if "csrf_token" in g:
        response.headers.setdefault("Referrer-Policy", "same-origin")
    sent = {name.lower() for name, _ in response.headers}
    fixed = current_app.extensions["tripod.headers"]
    response.headers.extend({name: fixed[name] for name in fixed if name.lower() not in sent})
    return response
