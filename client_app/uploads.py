"""The size limit of requests: images are allowed only where a connected user may upload one."""

from collections.abc import Callable
from typing import TypeVar

from flask import Flask, current_app, request

from client_app import browser_session
from web import request_bodies
from web.application import MAX_FORM_BYTES

View = TypeVar("View", bound=Callable[..., object])

#: The largest image that the resource API accepts.
MAX_IMAGE_MIB = 10
#: An image, its title and the other fields of the form.
_MAX_UPLOAD_BYTES = MAX_IMAGE_MIB * 1024 * 1024 + MAX_FORM_BYTES


def accepts_uploads(view: View) -> View:
    """Mark a view whose form may contain an image."""
    view.accepts_uploads = True  # type: ignore[attr-defined]
    return view


def init_app(app: Flask) -> None:
    """Set the limit before each request of `app`.

    Call this before the CSRF protection is set up, because that reads the form.
    """
    request_bodies.raise_limit(app, _MAX_UPLOAD_BYTES)
    app.before_request(_set_limit)


def is_upload() -> bool:
    """Return whether the current request may contain an image."""
    view = current_app.view_functions.get(request.endpoint or "")
    has_room = bool(getattr(view, "accepts_uploads", False))
    return has_room and browser_session.connection_id() is not None


def _set_limit() -> None:
    if is_upload():
        request.max_content_length = _MAX_UPLOAD_BYTES
