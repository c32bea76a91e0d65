"""Reject forms that come from another site or have no valid CSRF token (RFC 6749 §10.12).

Views that are marked `for_machines` are exempt, because their callers send no cookies. So are those
that are marked `needs_no_token`.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask, current_app, g, request
from flask_wtf import CSRFProtect
from flask_wtf.csrf import CSRFError, generate_csrf
from werkzeug.exceptions import BadRequest

from web import event_log, origin_mismatch, request_origin
from web.canonical_host import is_for_machines
from web.leg_settings import current_settings
from web.reasons import Reason

View = TypeVar("View", bound=Callable[..., Any])
_IS_EXEMPT = "tripod_needs_no_token"


class FormRefused(BadRequest):
    """A form that was not accepted. Nothing was changed, and no view was called."""

    def __init__(self, reason: Reason) -> None:
        super().__init__("This form was not accepted. Open its page again and send the new form.")
        self.reason = reason


def init_app(app: Flask) -> None:
    """Reject every form of `app` that is not valid, before its view is called.

    The leg shows the page for a `FormRefused`.
    """
    # Flask-WTF would check every view that is not on its own list.
    app.config["WTF_CSRF_CHECK_DEFAULT"] = False
    # It would require a `Referer` over https, which privacy tools leave out.
    app.config["WTF_CSRF_SSL_STRICT"] = False
    csrf = CSRFProtect(app)

    def check_form() -> None:
        if not _is_form():
            return
        if request_origin.is_from_another_site():
            raise refuse_foreign_form()
        try:
            # Lab check: form-token
            csrf.protect()
        except CSRFError as error:
            raise _record_refusal(_find_cause(), detail=error.description) from None

    app.before_request(check_form)


def needs_no_token(view: View) -> View:
    """Mark a view that changes nothing that belongs to a user or a session."""
    setattr(view, _IS_EXEMPT, True)
    return view


def renew_token() -> None:
    """Create the CSRF token of a session that begins with this request."""
    # Flask-WTF keeps the token of the old session for the rest of the request.
    g.pop("csrf_token", None)
    generate_csrf()


def _is_form() -> bool:
    """Return whether this request changes something and comes from a page."""
    view = current_app.view_functions.get(request.endpoint or "")
    changes = request.method in current_app.config["WTF_CSRF_METHODS"]
    if view is None or not changes or not current_app.config["WTF_CSRF_ENABLED"]:
        return False
    return not is_for_machines(view) and not hasattr(view, _IS_EXEMPT)


def refuse_foreign_form() -> BadRequest:
    """Return the error for a form that a header attributes to another origin than the leg's own.

    If a proxy hides the leg's address from it, each of its own forms looks like this.
    """
    origin = request_origin.named_origin()
    if origin and (request_origin.is_same_for_browser() or origin_mismatch.has_undeclared_proxy()):
        return origin_mismatch.refuse_origin(origin)
    return _record_refusal(
        Reason.FORM_OF_ANOTHER_SITE,
        origin=origin_mismatch.shorten_origin(origin),
        expected=current_settings().url,
    )


def _find_cause() -> Reason:
    if current_app.config["SESSION_COOKIE_NAME"] not in request.cookies:
        return Reason.SESSION_COOKIE_MISSING
    return Reason.FORM_TOKEN_REFUSED


def _record_refusal(reason: Reason, **fields: str | None) -> FormRefused:
    """Write the refusal to the event log, and return it.

    The event has the route and not the address, because users paste tokens into addresses.
    """
    event_log.record("form_refused", path=str(request.url_rule), reason=reason, **fields)
    return FormRefused(reason)
