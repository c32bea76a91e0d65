"""The blueprint `auth_server`: one file per page or family of endpoints."""

from flask import Blueprint

bp = Blueprint("auth_server", __name__)

# The views import `bp` from here and register themselves with it.
from auth_server.views import (  # noqa: E402
    account,  # noqa: F401
    authorize,  # noqa: F401
    back_channel,  # noqa: F401
    developer,  # noqa: F401
    metadata,  # noqa: F401
    sign_in,  # noqa: F401
)
