"""Template variables for every page, and the error pages."""

import logging
from http import HTTPStatus

from flask import Flask, current_app, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import BadHost, HTTPException, InternalServerError

from web import database_errors, full_disk
from web.canonical_host import is_for_machines
from web.leg_settings import current_settings

log = logging.getLogger("tripod")


def init_app(app: Flask) -> None:
    """Give the settings to all templates, and show errors as pages.

    A leg whose callers are programs registers its own error handlers.
    """
    app.context_processor(lambda: {"settings": current_settings()})
    app.register_error_handler(HTTPException, _handle_http_error)
    app.register_error_handler(Exception, _handle_unexpected_error)


def page(template: str, status: int = HTTPStatus.OK, **context: object) -> tuple[str, int]:
    """Return a page of the current leg, from `templates/LEG/TEMPLATE`, and its status."""
    return render_template(f"{current_settings().leg}/{template}", **context), status


def form_page(
    template: str, status: int, *, retry_after: int, **context: object
) -> ResponseReturnValue:
    """Return a page with a form, which may be sent again after `retry_after` seconds, if any."""
    headers = {}
    if retry_after:
        headers["Retry-After"] = str(retry_after)
    return *page(template, status, retry_after=retry_after, **context), headers


def _handle_http_error(error: HTTPException) -> ResponseReturnValue:
    # With an invalid Host, a page could not even link to its style sheets.
    has_invalid_host = isinstance(request.routing_exception, BadHost)
    if error.response is not None or error.code is None or error.code < 400 or has_invalid_host:
        return error.get_response()
    # An error handler failed, for example because its page names the signed-in user.
    cause = getattr(error, "original_exception", None)
    if cause is not None and database_errors.is_unavailable(cause):
        return _handle_http_error(database_errors.refuse(cause))
    headers = _select_headers(error)
    view = current_app.view_functions.get(request.endpoint or "")
    if is_for_machines(view):
        return _describe_error(error, error.code), error.code, headers
    return render_template("error.html", error=error), error.code, headers


def _select_headers(error: HTTPException) -> dict[str, str]:
    """Return the headers that belong to the error, such as Allow."""
    return {name: value for name, value in error.get_headers() if name != "Content-Type"}


def _describe_error(error: HTTPException, status: int) -> dict[str, str | None]:
    code = "invalid_request"
    if status >= 500:
        code = "server_error"
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        code = "temporarily_unavailable"
    return {"error": code, "error_description": error.description}


def describe_failure(error: Exception) -> tuple[int, dict[str, str | None], dict[str, str]]:
    """Return status, JSON object and headers for an error that no view handles, and log it."""
    failure = find_failure(error)
    status = failure.code or HTTPStatus.INTERNAL_SERVER_ERROR
    return status, _describe_error(failure, status), _select_headers(failure)


def _handle_unexpected_error(error: Exception) -> ResponseReturnValue:
    return _handle_http_error(find_failure(error))


def find_failure(error: Exception) -> HTTPException:
    """Log an error that no view handles, with its traceback; return the one that is shown."""
    if database_errors.is_unavailable(error):
        return database_errors.refuse(error)
    if full_disk.is_full_disk(error):
        return full_disk.refuse(error)
    log.error("unexpected error", exc_info=error)
    return InternalServerError("An unexpected error occurred on the server.")
