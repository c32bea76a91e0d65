"""Security headers on every response of every leg, including errors and redirects."""

from flask import Flask, Response, g

from web.leg_settings import current_settings

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
    app.after_request(_add_headers)


def allow_forms_to_redirect() -> None:
    """Leave `form-action` out of the policy of this response.

    Chromium applies it to every redirect after a form, so the button that leads back to a client
    would silently do nothing. The directive has no fallback to `default-src`, so leaving it out
    is enough.
    """
    g.forms_may_redirect = True


def _add_headers(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers.setdefault("Content-Security-Policy", _make_policy())
    response.headers.setdefault("Referrer-Policy", _make_referrer_policy())
    if current_settings().url.startswith("https:"):
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    return response


def _make_policy() -> str:
    if g.get("forms_may_redirect"):
        return CONTENT_SECURITY_POLICY
    return CONTENT_SECURITY_POLICY + FORM_ACTION


def _make_referrer_policy() -> str:
    # With the policy `no-referrer`, browsers send `Origin: null` with a form.
    if "csrf_token" in g:
        return "same-origin"
    return "no-referrer"
