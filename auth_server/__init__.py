"""The authorization server, *Tripod ID*: logs the resource owner in, asks for consent, issues and answers for tokens."""

import logging

from flask import Flask
from flask_wtf import CSRFProtect

from auth_server import cli, demo, error_pages, server, sign_in
from auth_server.views import back_channel, bp
from config import PROJECT_ROOT, AuthServerSettings
from web import health, migrations, new_application
from web.database import Database

# At DEBUG Authlib prints whole token responses.
logging.getLogger("authlib").setLevel(logging.WARNING)


def create_app(settings: AuthServerSettings) -> Flask:
    """The authorization server's application, its database brought up to date, in the demo with the demo's data."""
    app = new_application(settings)
    database = Database(settings.database_url)
    database.init_app(app)
    migrations.upgrade(database.engine, PROJECT_ROOT / "migrations" / "auth_server")
    if settings.demo:
        demo.seed(database, settings)

    server.init_app(app, settings)
    sign_in.init_app(app)
    error_pages.init_app(app)
    csrf = CSRFProtect(app)
    for view in (
        back_channel.token_request,
        back_channel.introspection_request,
        back_channel.revocation_request,
    ):
        csrf.exempt(view)
    app.register_blueprint(bp)
    cli.init_app(app)
    health.init_app(app, database.check)
    return app
