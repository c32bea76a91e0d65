"""The resource API: the users' photos, and the access control in front of them.

It sees no password, and cannot read a token: it asks the authorization server about each one.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from config import ResourceApiSettings
    from web.http_client import HttpClient


def create_app(settings: "ResourceApiSettings", http: "HttpClient | None" = None) -> "Flask":
    """Return the resource API as a WSGI application.

    `http` sends its requests to the authorization server.
    """
    # Imported here, because the decoder is a program in this package that needs none of them.
    from config import PROJECT_ROOT
    from resource_api import demo, errors, mcp, uploads
    from resource_api.decoders import Decoders
    from resource_api.images.limits import MAX_BYTES
    from resource_api.introspection import IntrospectionClient
    from resource_api.views import bp
    from web import application, health, migrations
    from web.database import Database
    from web.http_client import HttpClient

    app = application.new_application(settings)
    # The largest image, and its title and the multipart boundaries.
    app.config["MAX_CONTENT_LENGTH"] = MAX_BYTES + application.MAX_FORM_BYTES

    database = Database(settings.database_url)
    database.init_app(app)
    migrations.upgrade(database.engine, PROJECT_ROOT / "migrations" / "resource_api")
    if settings.demo:
        demo.seed(database)

    client = IntrospectionClient(settings, http or HttpClient())
    app.extensions["resource_api.introspection"] = client
    app.extensions["resource_api.decoders"] = Decoders()
    for part in (errors, uploads, mcp):
        part.init_app(app)
    health.init_app(app, database.check)
    app.register_blueprint(bp)
    return app
