"""The theme of the pages: light, dark, or what the system of the user has.

A cookie keeps it, because browsers share cookies between the ports of a host: the choice on one leg
counts on all three. It works without JavaScript, and no page is drawn in the wrong theme first. The
cookie contains no secret.

The form has no CSRF token, because a token begins a session: each visitor of a start page would get
one. Another site could only change colours, and `choose` refuses its forms by their headers.
"""

import re
from datetime import timedelta
from http import HTTPStatus
from urllib.parse import parse_qs

from flask import Flask, abort, redirect, request
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from web import form_tokens, request_origin
from web.leg_settings import current_settings
from web.redirects import requested_page

SYSTEM = "system"
THEMES = {SYSTEM: "System", "light": "Light", "dark": "Dark"}
COOKIE = "tripod_theme"
KEPT_FOR = timedelta(days=365)
_NOT_COPIED = {"code", "error", "access_token"}
#: Visible ASCII. Two slashes, or a backslash, would begin the name of a host.
_LOCAL = re.compile(r"/(?![/\\])[!-\[\]-~]*")


def init_app(app: Flask) -> None:
    """Pass the theme to every page of `app`, and add the route of the form."""
    app.context_processor(
        lambda: {"theme": current_theme(), "themes": THEMES, "page_of_theme": _page_to_return_to()}
    )
    app.add_url_rule("/theme", "theme", form_tokens.needs_no_token(choose), methods=["POST"])


def current_theme() -> str:
    """Return the theme that the cookie names, or `system`."""
    theme = request.cookies.get(COOKIE, SYSTEM)
    if theme not in THEMES:
        return SYSTEM
    return theme


def choose() -> ResponseReturnValue:
    """Store the chosen theme in the cookie, and redirect to the page of the form."""
    if request_origin.is_from_another_site():
        raise form_tokens.refuse_foreign_form()
    theme = request.form.get("theme", "")
    if theme not in THEMES:
        abort(HTTPStatus.BAD_REQUEST, description="There is no theme of this name.")
    response = redirect(_local_page(request.form.get("next", "/")), HTTPStatus.SEE_OTHER)
    _set_cookie(response, theme)
    return response


def _set_cookie(response: Response, theme: str) -> None:
    if theme == SYSTEM:
        response.delete_cookie(COOKIE, samesite="Lax")
        return
    is_https = current_settings().url.startswith("https:")
    response.set_cookie(
        COOKIE, theme, max_age=KEPT_FOR, secure=is_https, httponly=True, samesite="Lax"
    )


def _page_to_return_to() -> str:
    """Return the address of the current page, or the start page's if it cannot be opened again.

    An authorization response, which has a code or an error, must not be copied into a page. The
    same is true of a token that a client sent in an address (RFC 6750 §2.3).
    """
    # A query that is not UTF-8 cannot be read as `request.args`.
    query = parse_qs(request.query_string.decode("latin-1"), keep_blank_values=True)
    is_copied = _NOT_COPIED.isdisjoint(query)
    if request.method != "GET" or request.endpoint is None or not is_copied:
        return "/"
    return requested_page()


def _local_page(unverified_page: str) -> str:
    """Return `unverified_page` if it is an address of this leg, or else the start page."""
    if _LOCAL.fullmatch(unverified_page):
        return unverified_page
    return "/"
