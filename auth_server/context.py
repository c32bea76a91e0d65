"""What a request finds on its application."""

from typing import cast

from flask import current_app

from config import AuthServerSettings


def get_settings() -> AuthServerSettings:
    """The settings of the authorization server that handles this request."""
    return cast(AuthServerSettings, current_app.extensions["tripod.settings"])
