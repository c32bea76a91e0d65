"""Print Shop, the client: a web application that prints users' photos.

It never sees a user's password. Tokens stay on this server in encrypted records, and the browser
has only random ids. `oauth.py` is the file to copy into your own product.
"""

from flask import Flask

from client_app import errors, template_helpers, uploads
from client_app.print_shop import create_print_shop
from client_app.session_store import Records, StoreUnavailableError
from client_app.sql_records import PURGE, SqlRecords
from client_app.views import bp
from config import ClientAppSettings
from web import form_tokens, health, purging
from web.application import new_application
from web.back_channel import BackChannel
from web.database import Database
from web.environment import ConfigurationError


def create_app(settings: ClientAppSettings, back_channel: BackChannel | None = None) -> Flask:
    """Create the client application; `back_channel` sends its requests to the other two legs."""
    app = new_application(settings)
    records = _open_records(app, settings.session_store_url)
    app.extensions["tripod.print_shop"] = create_print_shop(
        settings, records, back_channel or BackChannel()
    )
    uploads.init_app(app)
    form_tokens.init_app(app)
    app.register_blueprint(bp)
    template_helpers.init_app(app)
    errors.init_app(app)
    health.init_app(app, records.check, StoreUnavailableError)
    return app


def _open_records(app: Flask, url: str) -> Records:
    """Open what stores the sessions: Redis or a database.

    :raises ConfigurationError: when Redis does not answer.
    """
    if not url.startswith(("redis:", "rediss:")):
        database = Database(url)
        database.init_app(app)
        purging.init_app(app, database, [PURGE])
        return SqlRecords(database)
    from client_app.redis_records import RedisRecords  # It loads the library for Redis.

    try:
        return RedisRecords(url)
    except StoreUnavailableError as error:
        raise ConfigurationError(f"TRIPOD_SESSION_STORE_URL: {error}") from error
