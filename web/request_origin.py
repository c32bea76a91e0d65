"""Find out from its headers whether another site caused a request.

Browsers send `Sec-Fetch-Site` and `Origin`. Privacy tools, proxies and old browsers leave headers
out, so a header that is missing proves nothing, and neither does `Origin: null`. Only a header
that names another site is a reason to refuse.
"""

from urllib.parse import urlsplit

from flask import current_app, request

from web.leg_settings import current_settings


def is_from_another_site() -> bool:
    """Return whether a header says that another origin caused this request.

    `Referer` is read only when the other two headers say nothing. Only its host is compared,
    because some tools cut it down to the host.
    """
    fetch_site, origin = request.headers.get("Sec-Fetch-Site", ""), named_origin()
    if fetch_site in ("cross-site", "same-site") or origin not in ("", current_settings().url):
        return True
    if origin or is_same_for_browser():
        return False
    own_host = urlsplit(current_settings().url).hostname
    return _find_host(request.headers.get("Referer", "")) not in (None, own_host)


def may_change_cookies() -> bool:
    """Return whether the response to this request may set or remove the session cookie.

    `HEAD` changes nothing. Of the requests that another site causes, only the click on a link may.
    If no header states the origin of a form, the form must come with the cookie: browsers send a
    form of another site without it (`SameSite=Lax`), and a new cookie would replace the user's.
    """
    if request.method == "HEAD":
        return False
    if request.method == "GET":
        is_link = request.headers.get("Sec-Fetch-Dest", "document") == "document"
        return is_link or not is_from_another_site()
    if is_from_another_site():
        return False
    has_cookie = current_app.config["SESSION_COOKIE_NAME"] in request.cookies
    return has_cookie or bool(named_origin()) or is_same_for_browser()


def named_origin() -> str:
    """Return the header `Origin` in lower case, or "" if it names no origin."""
    origin = request.headers.get("Origin", "").lower()
    if origin == "null":
        return ""
    return origin


def is_same_for_browser() -> bool:
    """Return whether the browser says that the request is for the origin that caused it."""
    return request.headers.get("Sec-Fetch-Site") == "same-origin"


def _find_host(referrer: str) -> str | None:
    try:
        return urlsplit(referrer).hostname
    except ValueError:
        return None
