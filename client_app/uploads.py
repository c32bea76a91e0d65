"""Room for an upload, on the views that take one, for those who are connected; anywhere else a form is a small thing."""

from collections.abc import Callable
from typing import TypeVar

from flask import Flask, current_app, request

from client_app import browser_session
from web import MAX_FORM_BYTES

View = TypeVar("View", bound=Callable[..., object])

#: The largest image that the API takes.
MAX_IMAGE_MIB = 10


def takes_uploads(view: View) -> View:
    """Mark a view whose form brings an image."""
    view.takes_uploads = True  # type: ignore[attr-defined]
    return view


def init_app(app: Flask) -> None:
    """Make the room. To be called before the check against forged forms is set up, since that reads the form first."""
    app.before_request(_make_room)


def is_upload() -> bool:
    """Whether the request in hand may bring an image."""
    view = current_app.view_functions.get(request.endpoint or "")
    return (
        bool(getattr(view, "takes_uploads", False)) and browser_session.connection_id() is not None
    )


def _make_room() -> None:
    if is_upload():
        request.max_content_length = MAX_IMAGE_MIB * 1024 * 1024 + MAX_FORM_BYTES
