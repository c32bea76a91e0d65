"""Access to what the current application holds."""

from typing import cast

from flask import current_app

from config import AuthServerSettings


def get_settings() -> AuthServerSettings:
    """Return the settings of the current application."""
    return cast(AuthServerSettings, current_app.extensions["tripod.settings"])
