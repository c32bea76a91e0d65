"""Fixtures for a small leg: a page, a form, an endpoint for programs, and a view that fails."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests
from flask import Flask, render_template_string, request, session
from world.browser import Browser
from world.events import Events
from world.network import Network

from config import AuthServerSettings
from web import form_tokens, health
from web.application import new_application
from web.back_channel import BackChannel
from web.canonical_host import for_machines
from web.database import Database

FORM = """<form method="post">
<input type="hidden" name="csrf_token" value="{{ csrf_token() }}"><button>Send</button>
</form>"""


@pytest.fixture
def settings(tmp_path: Path) -> Callable[..., AuthServerSettings]:
    """Return a function that loads settings, named without `TRIPOD_`."""

    def settings(**environ: str) -> AuthServerSettings:
        usual = {
            "TRIPOD_INSTANCE_PATH": str(tmp_path),
            "TRIPOD_SECRET_KEY": "a key that is long enough for a test",
        }
        return AuthServerSettings.load(
            usual | {f"TRIPOD_{name}": value for name, value in environ.items()}
        )

    return settings


@pytest.fixture
def start(settings: Callable[..., AuthServerSettings]) -> Iterator[Callable[..., Flask]]:
    """Return a function that starts the leg; a test can call it several times."""
    databases: list[Database] = []

    def start(**environ: str) -> Flask:
        app = new_application(settings(**environ))
        databases.append(Database(app.extensions["tripod.settings"].database_url))
        databases[-1].init_app(app)
        health.init_app(app, databases[-1].check)
        _add_views(app)
        return app

    yield start
    for database in databases:
        database.close()


@pytest.fixture
def network(start: Callable[..., Flask], request: pytest.FixtureRequest) -> Network:
    """Serve the leg under each of its host names, with the settings of the test's mark."""
    mark = request.node.get_closest_marker("settings")
    app = start(**mark.kwargs if mark else {})
    url = app.extensions["tripod.settings"].url
    network = Network()
    for origin in (
        url,
        "http://localhost:9000",
        "http://[::1]:9000",
        "http://127.0.0.1:9001",
        "http://evil.example",
    ):
        network.attach(origin, app)
    return network


@pytest.fixture
def browser(network: Network) -> Browser:
    """Return a browser."""
    return Browser(network)


@pytest.fixture
def http(network: Network) -> requests.Session:
    """Return an HTTP session that follows no redirect."""
    return BackChannel(adapter=network.adapter).session()


@pytest.fixture
def events() -> Iterator[Events]:
    """Receive the event log of the leg."""
    events = Events()
    events.attach()
    yield events
    events.detach()


def _add_views(app: Flask) -> None:
    form_tokens.init_app(app)
    _add_form(app)
    _add_session_views(app)

    @app.get("/")
    def home() -> str:
        return "home"

    @app.post("/machine")
    @for_machines
    def machine() -> dict[str, str | None]:
        return {"address": request.remote_addr, "root": request.url_root}

    @app.get("/failure")
    def failure() -> str:
        raise RuntimeError("an internal detail")


def _add_form(app: Flask) -> None:
    @app.get("/form")
    def form() -> str:
        return render_template_string(FORM)

    @app.post("/form")
    def form_sent() -> str:
        return "sent"


def _add_session_views(app: Flask) -> None:
    @app.get("/sign-in")
    def sign_in() -> str:
        session["user"] = "alice"
        return "welcome"

    @app.get("/whoami")
    def whoami() -> str:
        return str(session.get("user"))
