"""The filters and variables that every template of this leg can use."""

from datetime import UTC, datetime

from flask import Flask

from client_app import browser_session
from client_app.page_access import step_up_url
from client_app.print_shop import print_shop
from client_app.return_to import connect_url, this_page
from client_app.scope_uses import use_of


def init_app(app: Flask) -> None:
    """Add the filters and variables to the templates of `app`."""
    app.jinja_env.globals["layout"] = "client_app/_site.html"
    app.add_template_filter(countdown)
    app.add_template_filter(day_and_time)
    app.add_template_filter(file_size)
    app.context_processor(_variables)


def _variables() -> dict[str, object]:
    return {
        "has_connection": browser_session.connection_id() is not None,
        "issuer_name": print_shop().issuer_name,
        "connect_url": connect_url,
        "step_up_url": step_up_url,
        "this_page": this_page,
        "use_of": use_of,
    }


def countdown(seconds: int) -> str:
    """Format a time as "1:34" or "2 h 5 min", in the same way as `tripod.js`."""
    if seconds >= 3600:
        return f"{seconds // 3600} h {seconds % 3600 // 60} min"
    return f"{seconds // 60}:{seconds % 60:02}"


def day_and_time(epoch_seconds: float) -> str:
    """Format a time as "18 January 2025, 16:42 UTC"."""
    moment = datetime.fromtimestamp(epoch_seconds, UTC)
    return f"{moment.day} {moment:%B %Y, %H:%M} UTC"


def file_size(count: int) -> str:
    """Format a number of bytes as "34 KiB" or "1.2 MiB"."""
    if count >= 2**20:
        return f"{count / 2**20:.1f} MiB"
    return f"{max(1, round(count / 2**10))} KiB"
