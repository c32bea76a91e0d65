"""The security headers on every answer of every leg, errors and redirects included."""

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
    """Put the headers on every answer of `app`; a view that set one itself keeps its own."""
    app.after_request(_protect)


def let_forms_lead_away() -> None:
    """Leave `form-action` out of this page's policy.

    Chromium applies it to the whole chain of redirects after a form, so on the way back to a client the button would do
    nothing, without a word. It has no fallback to `default-src`, so leaving it out is enough.
    """
    g.forms_lead_away = True


def _protect(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    policy = CONTENT_SECURITY_POLICY + ("" if g.get("forms_lead_away") else FORM_ACTION)
    response.headers.setdefault("Content-Security-Policy", policy)
    # A page with a form must send its origin, or the check against forged forms refuses it over https.
    response.headers.setdefault(
        "Referrer-Policy", "same-origin" if "csrf_token" in g else "no-referrer"
    )
    if current_settings().url.startswith("https:"):
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    return response
