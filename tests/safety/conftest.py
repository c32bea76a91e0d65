"""A safe installation outside the demo, which each test changes in one place."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from auth_server import create_app as create_auth_server
from auth_server.client_metadata import ClientMetadata
from auth_server.clients import register_client, register_resource_server
from client_app import create_app as create_client_app
from config import AuthServerSettings, ClientAppSettings, ResourceApiSettings
from resource_api import create_app as create_resource_api
from web.database import Database
from web.safety import command
from web.safety.installation import SETTINGS, Installation

Environ = dict[str, str]
#: One of the values that `secrets.token_urlsafe(32)` returns.
KEY = "vQ3mJ0b8Zr1XkYtW6sLhPnE4uAcD9fGiT2oK7yRwMxB"
REDIRECT_URI = "https://shop.example/callback"


@pytest.fixture(scope="session")
def safe_installation(tmp_path_factory: pytest.TempPathFactory) -> Environ:
    """Return the variables of an installation whose legs have started once."""
    environ = {
        "TRIPOD_DEMO": "0",
        "TRIPOD_AUTH_SERVER_URL": "https://id.example",
        "TRIPOD_CLIENT_APP_URL": "https://shop.example",
        "TRIPOD_RESOURCE_API_URL": "https://photos.example",
        "TRIPOD_AUTH_SERVER_BIND": "127.0.0.1:9000",
        "TRIPOD_CLIENT_APP_BIND": "127.0.0.1:9001",
        "TRIPOD_RESOURCE_API_BIND": "127.0.0.1:9002",
        "TRIPOD_TRUSTED_PROXIES": "1",
        "TRIPOD_METRICS_BIND": "127.0.0.1:9100",
        "TRIPOD_SECRET_KEY": KEY,
        "TRIPOD_INSTANCE_PATH": str(tmp_path_factory.mktemp("safe") / "instance"),
    }
    app = create_auth_server(AuthServerSettings.load(environ))
    database: Database = app.extensions["tripod.database"]
    metadata = ClientMetadata(
        name="Print Shop", redirect_uris=[REDIRECT_URI], scope="profile photos:read"
    )
    with app.app_context(), database.writing() as db:
        client, secret = register_client(db, metadata)
        account, account_secret = register_resource_server(db, "Photo API")
        environ |= {
            "TRIPOD_CLIENT_ID": client.client_id,
            "TRIPOD_CLIENT_SECRET": str(secret),
            "TRIPOD_INTROSPECTION_CLIENT_ID": account.client_id,
            "TRIPOD_INTROSPECTION_CLIENT_SECRET": account_secret,
        }
    database.close()
    for create in (
        lambda: create_client_app(ClientAppSettings.load(environ)),
        lambda: create_resource_api(ResourceApiSettings.load(environ)),
    ):
        create().extensions["tripod.database"].close()
    return environ


@pytest.fixture
def environ(safe_installation: Environ, tmp_path: Path) -> Environ:
    """Return a copy of the safe installation, to be changed."""
    folder = tmp_path / "instance"
    shutil.copytree(safe_installation["TRIPOD_INSTANCE_PATH"], folder)
    return safe_installation | {"TRIPOD_INSTANCE_PATH": str(folder)}


@pytest.fixture
def broken_rules() -> Callable[[Environ], dict[str, str]]:
    """Return a function that returns what is wrong, by rule; it must be unsafe then."""

    def broken_rules(environ: Environ) -> dict[str, str]:
        installation = Installation.load(list(SETTINGS), environ)
        verdicts = command.judge(installation)
        broken = {
            verdict.rule.slug: " ".join(verdict.problems)
            for verdict in verdicts
            if verdict.problems
        }
        assert command.is_unsafe(installation, verdicts) == bool(broken)
        return broken

    return broken_rules
