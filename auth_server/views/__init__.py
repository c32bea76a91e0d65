"""The blueprint `auth_server`: one file per page or family of endpoints."""

from flask import Blueprint

bp = Blueprint("auth_server", __name__)

from auth_server.views import account, authorize, back_channel, developer, metadata, sign_in
