"""The authorization server: signs users in, asks for consent, issues and introspects tokens.

A request arrives in `views/`: an authorization request in `views/authorize.py`, a token,
introspection or revocation request in `views/back_channel.py`. The docstring of `token_request`
says where it is checked and where it commits.
"""

import logging

from flask import Flask

from auth_server import (
    cli,
    demo,
    error_pages,
    key_rotation,
    logout_tokens,
    metadata_documents,
    registrants,
    server,
    sign_in,
    signing_keys,
)
from auth_server.expired_rows import EVERYTHING, store_used_clients
from auth_server.key_cipher import KeyCipher
from auth_server.redirect_uris import is_private_use
from auth_server.views import bp
from config import PROJECT_ROOT, AuthServerSettings
from web import form_tokens, health, migrations, purging
from web.application import new_application
from web.database import Database
from web.guarded_client import GuardedClient

# At DEBUG Authlib prints whole token responses.
logging.getLogger("authlib").setLevel(logging.WARNING)


def create_app(settings: AuthServerSettings) -> Flask:
    """Return the application, with its database upgraded and, in the demo, seeded."""
    app = new_application(settings)
    sign_in.init_app(app)
    database = Database(settings.database_url)
    database.init_app(app)
    migrations.upgrade(database.engine, PROJECT_ROOT / "migrations" / "auth_server")
    if settings.demo:
        demo.seed(database, settings)
    if settings.secret_keys:  # A command has none, and signs nothing.
        cipher = KeyCipher(settings.secret_keys)
        key_rotation.make_missing_keys(database, cipher)
        signing_keys.init_app(app, database, cipher)
    logout_tokens.init_app(app, GuardedClient(allows_loopback=settings.demo))

    server.init_app(app, settings)
    metadata_documents.init_app(app, settings)
    error_pages.init_app(app)
    form_tokens.init_app(app)
    _add_to_templates(app, settings)
    app.register_blueprint(bp)
    cli.init_app(app)
    health.init_app(app, database.check)
    purging.init_app(app, database, (store_used_clients, *EVERYTHING))
    return app


def _add_to_templates(app: Flask, settings: AuthServerSettings) -> None:
    # Templates say the name of the server, never that of the demo's.
    app.context_processor(lambda: {"server_name": settings.name})
    app.jinja_env.globals |= {
        "layout": "auth_server/_layout.html",
        "find_signed_in_user": sign_in.signed_in_user,
        "is_private_use": is_private_use,
        "find_registrant": registrants.find_registrant,
        "find_links": registrants.find_links,
        "find_host": registrants.find_host,
    }
