"""The views of the authorization server: one file per page or family of endpoints."""

from auth_server.views import (  # importing a view registers it with the blueprint
    account,  # noqa: F401
    authorize,  # noqa: F401
    back_channel,  # noqa: F401
    developer,  # noqa: F401
    logout,  # noqa: F401
    metadata,  # noqa: F401
    registration,  # noqa: F401
    sign_in,  # noqa: F401
    userinfo,  # noqa: F401
)
from auth_server.views.blueprint import bp

__all__ = ["bp"]
