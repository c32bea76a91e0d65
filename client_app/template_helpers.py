"""What the templates of this leg are given besides what their view hands them."""

from datetime import UTC, datetime

from flask import Flask

from client_app import browser_session
from client_app.page_access import step_up_url
from client_app.return_to import connect_url, this_page


def init_app(app: Flask) -> None:
    """Hand these to every template of `app`."""
    app.add_template_filter(spelled)
    app.add_template_filter(day_and_time)
    app.add_template_filter(file_size)
    app.context_processor(
        lambda: {
            "has_connection": browser_session.connection_id() is not None,
            "connect_url": connect_url,
            "step_up_url": step_up_url,
            "this_page": this_page,
        }
    )


def spelled(seconds: int) -> str:
    """1:34, as `tripod.js` goes on to spell it."""
    return (
        f"{seconds // 3600} h {seconds % 3600 // 60} min"
        if seconds >= 3600
        else f"{seconds // 60}:{seconds % 60:02}"
    )


def day_and_time(epoch_seconds: float) -> str:
    """18 January 2025, 16:42 UTC."""
    moment = datetime.fromtimestamp(epoch_seconds, UTC)
    return f"{moment.day} {moment:%B %Y, %H:%M} UTC"


def file_size(count: int) -> str:
    """34 KiB, or 1.2 MiB."""
    return f"{count / 2**20:.1f} MiB" if count >= 2**20 else f"{max(1, round(count / 2**10))} KiB"
