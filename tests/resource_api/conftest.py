"""Fixtures for Photo API with a simulated authorization server."""

import io
import json
import secrets
import shutil
import time
from base64 import b64decode
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO, Any, NamedTuple
from urllib.parse import parse_qs, unquote_plus

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from werkzeug.datastructures import FileStorage, Headers
from werkzeug.test import TestResponse, encode_multipart
from world.events import Events

from config import ResourceApiSettings
from resource_api import create_app, decoders
from resource_api.images import decoder
from web.http_client import HttpClient, Response

AUTH_SERVER = "http://127.0.0.1:9000"
API = "http://127.0.0.1:9002"
# Basic authentication must encode some of these characters before it joins the id and the secret
# with a colon (RFC 6749 §2.3.1).
INTROSPECTION_ID = "photo api:1"
INTROSPECTION_SECRET = "s3cret+/=%ü"


class Sent(NamedTuple):
    """A request that the API sent."""

    url: str
    headers: Headers
    form: bytes | None


class SimulatedAuthorizationServer:
    """An authorization server that only answers introspection requests (RFC 7662).

    It responds from a table of tokens, or with `failure` when that is set.
    """

    def __init__(self) -> None:
        self.answers: dict[str, dict[str, object]] = {}
        self.secret = INTROSPECTION_SECRET
        self.failure: Exception | tuple[int, bytes, str] | None = None
        self.requests: list[Sent] = []

    def issue(self, **claims: object) -> str:
        """Return a new access token for this API; `claims` replace those of its introspection."""
        token = secrets.token_urlsafe(24)
        usual = {
            "active": True,
            "token_use": "access_token",
            "token_type": "Bearer",
            "scope": "profile photos:read photos:write",
            "client_id": "print-shop",
            "username": "alice",
            "name": "Alice Liddell",
            "sub": "subject-of-alice",
            "aud": API,
            "iss": AUTH_SERVER,
            "iat": int(time.time()),
            "exp": int(time.time()) + 120,
        }
        self.answers[token] = usual | claims
        return token

    def revoke(self, token: str) -> None:
        self.answers[token] = {"active": False}

    def send(self, url: str, headers: Sequence[str], form: bytes | None = None) -> Response:
        request = Sent(url, Headers([line.split(": ", 1) for line in headers]), form)
        self.requests.append(request)
        if isinstance(self.failure, Exception):
            raise self.failure
        return _response(*(self.failure or self._introspection_response(request)))

    def _introspection_response(self, request: Sent) -> tuple[int, bytes]:
        if request.url != f"{AUTH_SERVER}/oauth/introspect" or request.form is None:
            return 404, b""
        if _basic_credentials(request) != [INTROSPECTION_ID, self.secret]:
            return 401, b'{"error": "invalid_client"}'
        [token] = parse_qs(request.form.decode())["token"]
        return 200, json.dumps(self.answers.get(token, {"active": False})).encode()


class OnTheCanonicalHost(FlaskClient):
    """A test client that uses the API's configured address unless a test gives another one."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        return super().open(*args, **{"base_url": API} | kwargs)


class Caller:
    """A client that calls the API with its access token."""

    def __init__(self, http: FlaskClient, token: str) -> None:
        self.http = http
        self.token = token

    def get(self, path: str, **kwargs: Any) -> TestResponse:
        return self._call("GET", path, **kwargs)

    def patch(self, path: str, **kwargs: Any) -> TestResponse:
        return self._call("PATCH", path, **kwargs)

    def delete(self, path: str) -> TestResponse:
        return self._call("DELETE", path)

    def post(self, path: str, **kwargs: Any) -> TestResponse:
        return self._call("POST", path, **kwargs)

    def upload(
        self, image: bytes, title: str = "A photo", file_name: str = "photo.jpg"
    ) -> TestResponse:
        boundary, body = encode_multipart(
            {"title": title, "image": FileStorage(io.BytesIO(image), file_name)}
        )
        return self.post(
            "/photos", data=body, content_type=f"multipart/form-data; boundary={boundary}"
        )

    def add_photo(self, title: str = "A photo") -> dict[str, Any]:
        """Upload a photo and return the API's representation of it."""
        answer = self.upload(_drawing(), title)
        assert answer.status_code == 201, answer.json
        photo: dict[str, Any] = answer.json
        return photo

    def _call(self, method: str, path: str, **kwargs: Any) -> TestResponse:
        headers = {"Authorization": f"Bearer {self.token}"} | kwargs.pop("headers", {})
        return self.http.open(path, method=method, headers=headers, **kwargs)


@pytest.fixture
def caller(http: FlaskClient, auth_server: SimulatedAuthorizationServer) -> Callable[..., Caller]:
    """Return a function that makes a client with a given token, or a new one with given claims."""

    def caller(*, token: str | None = None, **claims: object) -> Caller:
        return Caller(http, auth_server.issue(**claims) if token is None else token)

    return caller


@pytest.fixture
def auth_server() -> SimulatedAuthorizationServer:
    return SimulatedAuthorizationServer()


def settings_for(instance_path: Path) -> ResourceApiSettings:
    """Return settings outside the demo, with this instance folder."""
    environ = {
        "TRIPOD_INSTANCE_PATH": str(instance_path),
        "TRIPOD_SECRET_KEY": "a key that is long enough for a test",
        "TRIPOD_INTROSPECTION_CLIENT_ID": INTROSPECTION_ID,
        "TRIPOD_INTROSPECTION_CLIENT_SECRET": INTROSPECTION_SECRET,
    }
    return ResourceApiSettings.load(environ)


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the file of a database that the migrations have made. Tests copy it."""
    folder = tmp_path_factory.mktemp("prepared")
    app = create_app(settings_for(folder), HttpClient(SimulatedAuthorizationServer().send))
    app.extensions["tripod.database"].close()
    return folder / "resource_api.db"


@pytest.fixture
def settings(tmp_path: Path, empty_database: Path) -> ResourceApiSettings:
    """Return settings outside the demo, with an empty database."""
    shutil.copy(empty_database, tmp_path)
    return settings_for(tmp_path)


@pytest.fixture
def start(
    auth_server: SimulatedAuthorizationServer,
) -> Iterator[Callable[[ResourceApiSettings], Flask]]:
    """Return a function that starts the API; a test can call it several times."""
    started: list[Flask] = []

    def start(settings: ResourceApiSettings) -> Flask:
        app = create_app(settings, HttpClient(auth_server.send))
        app.test_client_class = OnTheCanonicalHost
        started.append(app)
        return app

    yield start
    for app in started:
        app.extensions["tripod.database"].close()


@pytest.fixture
def decoded_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Decode images in this process, since a process for each costs more than the test."""

    def run(given: IO[bytes], answer: IO[bytes]) -> int:
        answer.write(decoder._answer(given.read()))
        return 0

    monkeypatch.setattr(decoders, "_run", run)


@pytest.fixture
def app(start: Callable[[ResourceApiSettings], Flask], settings: ResourceApiSettings) -> Flask:
    return start(settings)


@pytest.fixture
def http(app: Flask) -> FlaskClient:
    """Return an HTTP client without an access token."""
    return app.test_client()


@pytest.fixture
def alices_client(caller: Callable[..., Caller]) -> Caller:
    """Return a client with every scope that Alice can grant."""
    return caller()


@pytest.fixture
def bobs_client(caller: Callable[..., Caller]) -> Caller:
    """Return a client with every scope that Bob can grant."""
    return caller(sub="subject-of-bob", username="bob", name="Bob Baumeister")


@pytest.fixture
def drawing() -> Callable[..., bytes]:
    """Return a function that encodes a small image: `drawing("JPEG", size=(8, 6))`."""
    return _drawing


@pytest.fixture
def events() -> Iterator[list[dict[str, Any]]]:
    """Record the event log in a list, from now on."""
    events = Events()
    events.attach()
    yield events.entries
    events.detach()


def _drawing(
    written_as: str = "PNG",
    *,
    size: tuple[int, int] = (8, 6),
    mode: str = "RGB",
    color: Any = 0,
    **options: Any,
) -> bytes:
    file = io.BytesIO()
    Image.new(mode, size, color).save(file, written_as, **options)
    return file.getvalue()


def _basic_credentials(request: Sent) -> list[str]:
    scheme, _, encoded = request.headers.get("Authorization", "").partition(" ")
    assert scheme == "Basic"
    return [unquote_plus(part) for part in b64decode(encoded).decode().split(":")]


def _response(status: int, body: bytes, content_type: str = "") -> Response:
    headers = []
    if content_type:
        headers.append(f"Content-Type: {content_type}\r\n".encode())
    return Response(status, body, headers)
