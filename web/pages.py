"""What every page of every leg is given, and the page that a person sees when there is nothing else to show."""

import logging
from http import HTTPStatus

from flask import Flask, current_app, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import BadHost, HTTPException, InternalServerError, ServiceUnavailable

from web.canonical_host import is_for_machines
from web.leg_settings import current_settings

log = logging.getLogger("tripod")


def init_app(app: Flask) -> None:
    """Hand the settings to the templates and turn errors into pages; a leg of machines registers its own handlers."""
    app.context_processor(lambda: {"settings": current_settings()})
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _unexpected_error)


def page(template: str, status: int = HTTPStatus.OK, **context: object) -> tuple[str, int]:
    """A page of the leg in hand: `templates/LEG/TEMPLATE`, with its status."""
    return render_template(f"{current_settings().leg}/{template}", **context), status


def _http_error(error: HTTPException) -> ResponseReturnValue:
    # Under a Host that is no name at all, a page cannot even link to its own styles.
    is_nowhere = isinstance(request.routing_exception, BadHost)
    if error.response is not None or error.code is None or error.code < 400 or is_nowhere:
        return error.get_response()
    headers = {
        name: value for name, value in error.get_headers() if name != "Content-Type"
    }  # such as Allow
    if error.code == HTTPStatus.SERVICE_UNAVAILABLE:
        headers["Retry-After"] = "5"
    if _is_for_machines():
        code = "invalid_request" if error.code < 500 else "server_error"
        return {"error": code, "error_description": error.description}, error.code, headers
    return render_template("error.html", error=error), error.code, headers


def _is_for_machines() -> bool:
    view = current_app.view_functions.get(request.endpoint or "")
    return is_for_machines(view)


def _unexpected_error(error: Exception) -> ResponseReturnValue:
    """Whatever nobody foresaw: the log has the trace, the page has not. A database that is away comes back."""
    log.error("unexpected error", exc_info=error)
    is_passing = isinstance(error, OperationalError)
    return _http_error(ServiceUnavailable() if is_passing else InternalServerError())
