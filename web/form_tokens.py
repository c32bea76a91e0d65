"""Form tokens: a form must carry the CSRF token of this site's own page (RFC 6749 §10.12).

Views that are marked `for_machines` need none, since their callers send no cookies.
"""

from flask import Flask, request
from flask_wtf import CSRFProtect

from web.canonical_host import is_for_machines


def init_app(app: Flask) -> None:
    """Reject every form of `app` without a valid token, before its view is called."""
    # Flask-WTF would check every view that is not on its own list.
    app.config["WTF_CSRF_CHECK_DEFAULT"] = False
    csrf = CSRFProtect(app)

    def check_form_token() -> None:
        view = app.view_functions.get(request.endpoint or "")
        if not app.config["WTF_CSRF_ENABLED"]:
            return
        if view is not None and not is_for_machines(view):
            # Lab check: form-token
            csrf.protect()

    app.before_request(check_form_token)
