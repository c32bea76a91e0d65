"""What every page of every leg is given, and the page that a person sees when there is nothing else to show."""

import logging
from http import HTTPStatus

from flask import Flask, current_app, render_template
from werkzeug.exceptions import HTTPException, InternalServerError
from werkzeug.wrappers import Response

from config import Settings

log = logging.getLogger("tripod")


def init_app(app: Flask) -> None:
    """Hand the settings to the templates and turn errors into pages; a leg of machines registers its own handlers."""
    app.context_processor(lambda: {"settings": current_app.extensions["tripod.settings"]})
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _unexpected_error)


def page(template: str, status: int = HTTPStatus.OK, **context: object) -> tuple[str, int]:
    """A page of the leg in hand: `templates/LEG/TEMPLATE`, with its status."""
    settings: Settings = current_app.extensions["tripod.settings"]
    return render_template(f"{settings.leg}/{template}", **context), status


def _http_error(error: HTTPException) -> Response | tuple[str, int]:
    if error.response is not None or error.code is None or error.code < 400:
        return error.get_response()
    return render_template("error.html", error=error), error.code


def _unexpected_error(error: Exception) -> tuple[str, int]:
    log.error("unexpected error", exc_info=error)
    return render_template("error.html", error=InternalServerError()), HTTPStatus.INTERNAL_SERVER_ERROR
