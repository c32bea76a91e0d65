"""A body over the limit is refused with 413, whether it has a `Content-Length` or comes in chunks.

A body that is cut off at the limit would be read as another, shorter one.
"""

import io
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from flask import Flask
from werkzeug.test import TestResponse
from world.cast import Person
from world.legs import Legs
from world.processes import environment, running
from world.registered_client import RegisteredClient

from resource_api.images.limits import MAX_BYTES
from web.application import MAX_FORM_BYTES

URLENCODED = "application/x-www-form-urlencoded"
#: For each leg, an address that reads a small body: a page's form, a program's form, JSON.
SMALL_BODIES = [
    ("auth_server", "POST", "/login", URLENCODED),
    ("auth_server", "POST", "/oauth/token", URLENCODED),
    ("auth_server", "POST", "/oauth/token", "text/plain"),
    ("auth_server", "POST", "/oauth/revoke", URLENCODED),
    ("client_app", "POST", "/refresh", URLENCODED),
    ("client_app", "POST", "/refresh", "multipart/form-data; boundary=x"),
]
SERVERS = {
    "granian": ["-m", "granian", "--interface", "asginl", "--http", "1", "--no-ws", "--factory"],
    "gunicorn": ["-m", "gunicorn", "--threads", "2", "app:create_auth_server()"],
    "flask": ["-m", "flask", "--app", "app:create_auth_server", "run"],
}

MALFORMED_CHUNKS = {
    "no length": b"zz\r\na=b\r\n0\r\n\r\n",
    "a negative length": b"-1\r\na=b\r\n0\r\n\r\n",
    "a shorter length": b"1\r\na=b\r\n0\r\n\r\n",
    "a long extension": b"3;%b\r\na=b\r\n0\r\n\r\n" % (b"a" * 20_000),
    "a malformed trailer": b"3\r\na=b\r\n0\r\nno field\r\n\r\n",
}


def send_chunks(
    app: Flask, method: str, path: str, content_type: str, body: bytes, **headers: str
) -> TestResponse:
    """Send a body without a `Content-Length`, as a WSGI server passes a chunked one."""
    environ = {
        "wsgi.input": io.BytesIO(body),
        "wsgi.input_terminated": True,
        "CONTENT_LENGTH": "",
        "HTTP_TRANSFER_ENCODING": "chunked",
        **headers,
    }
    url = app.extensions["tripod.settings"].url
    return app.test_client().open(
        path, method=method, base_url=url, content_type=content_type, environ_overrides=environ
    )


@pytest.mark.parametrize(("leg", "method", "path", "content_type"), SMALL_BODIES)
def test_chunks_over_the_limit_are_refused(
    legs: Legs, leg: str, method: str, path: str, content_type: str
) -> None:
    beginning = b"--x\r\nContent-Disposition: form-data; name=a\r\n\r\n"
    body = beginning.ljust(MAX_FORM_BYTES, b"a") + b"a"

    assert send_chunks(getattr(legs, leg), method, path, content_type, body).status_code == 413


@pytest.mark.parametrize(
    ("leg", "method", "path", "limit"),
    [
        ("auth_server", "GET", "/login", MAX_FORM_BYTES),
        ("auth_server", "POST", "/oauth/userinfo", MAX_FORM_BYTES),
        ("auth_server", "DELETE", "/oauth/register/unknown", MAX_FORM_BYTES),
        ("client_app", "GET", "/", MAX_BYTES + MAX_FORM_BYTES),
        ("resource_api", "GET", "/", MAX_BYTES + MAX_FORM_BYTES),
    ],
)
def test_a_body_over_the_limit_is_refused_even_if_no_view_reads_it(
    legs: Legs, leg: str, method: str, path: str, limit: int
) -> None:
    app: Flask = getattr(legs, leg)
    statuses = [
        app.test_client()
        .open(
            path,
            method=method,
            base_url=app.extensions["tripod.settings"].url,
            environ_overrides={"CONTENT_LENGTH": str(length)},
        )
        .status_code
        for length in (limit, limit + 1)
    ]

    assert statuses[0] != 413
    assert statuses[1] == 413


def test_a_request_with_a_body_over_the_limit_deletes_nothing(legs: Legs, write_token: str) -> None:
    api, http = legs.resource_api_url, legs.resource_api.test_client()
    bearer = {"HTTP_AUTHORIZATION": f"Bearer {write_token}"}
    photos = http.get("/photos", base_url=api, environ_overrides=bearer).get_json()["photos"]
    too_long = bearer | {"CONTENT_LENGTH": str(MAX_BYTES + MAX_FORM_BYTES + 1)}
    path = f"/photos/{photos[0]['id']}"

    assert http.delete(path, base_url=api, environ_overrides=too_long).status_code == 413
    assert http.get(path, base_url=api, environ_overrides=bearer).status_code == 200


def test_chunks_within_the_limit_are_read_to_their_end(legs: Legs) -> None:
    fields = b"grant_type=authorization_code&code="
    body = fields.ljust(MAX_FORM_BYTES - 13, b"a") + b"&client_id=no"
    response = send_chunks(legs.auth_server, "POST", "/oauth/token", URLENCODED, body)

    assert (response.status_code, response.get_json()["error"]) == (401, "invalid_client")
    assert legs.events_named("request_refused")[-1]["reason"] == "unknown_client"


def test_chunks_of_json_over_the_limit_are_refused(legs: Legs, write_token: str) -> None:
    api, body = legs.resource_api_url, b'{"title": "A"}'.ljust(MAX_FORM_BYTES + 1)
    bearer = {"HTTP_AUTHORIZATION": f"Bearer {write_token}"}
    photos = legs.resource_api.test_client().get("/photos", base_url=api, environ_overrides=bearer)
    path = f"/photos/{photos.get_json()['photos'][0]['id']}"
    response = send_chunks(legs.resource_api, "PATCH", path, "application/json", body, **bearer)

    assert response.status_code == 413


@pytest.fixture
def write_token(legs: Legs, alice: Person, client: RegisteredClient) -> str:
    return str(alice.tokens_for(client, "photos:read photos:write")["access_token"])


@contextmanager
def serving(server: str, instance_path: Path) -> Iterator[tuple[str, int]]:
    """Serve the authorization server under `server`, and give its address."""
    env = environment(instance_path, TRIPOD_DEMO="1")
    address = urlsplit(env["TRIPOD_AUTH_SERVER_URL"])
    host, port = str(address.hostname), int(address.port or 0)
    options = {
        "granian": ["--host", host, "--port", str(port), "app:asgi_auth_server"],
        "gunicorn": ["--bind", f"{host}:{port}"],
        "flask": ["--host", host, "--port", str(port)],
    }
    command = [*SERVERS[server], *options[server]]
    with running(*command, env=env, log=instance_path.parent / "output") as served:
        served.wait_until_ready(served.auth_server_url)
        yield host, port


@pytest.fixture(scope="module", params=SERVERS)
def address(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, int]]:
    folder = tmp_path_factory.mktemp(request.param)
    with serving(request.param, folder / "instance") as found:
        yield found


@pytest.mark.processes
@pytest.mark.skipif(sys.platform == "win32", reason="gunicorn does not run on Windows")
@pytest.mark.parametrize("path", ["/login", "/oauth/token"])
def test_every_server_refuses_chunks_over_the_limit(address: tuple[str, int], path: str) -> None:
    body = b"username=alice&password=".ljust(MAX_FORM_BYTES + 1, b"a")

    assert _post_chunks(address, path, b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)) == 413


@pytest.mark.processes
@pytest.mark.skipif(sys.platform == "win32", reason="gunicorn does not run on Windows")
@pytest.mark.parametrize("path", ["/login", "/oauth/token"])
@pytest.mark.parametrize("chunks", MALFORMED_CHUNKS.values(), ids=MALFORMED_CHUNKS)
def test_every_server_refuses_malformed_chunks(
    address: tuple[str, int], path: str, chunks: bytes
) -> None:
    assert _post_chunks(address, path, chunks) == 400


def _post_chunks(address: tuple[str, int], path: str, chunks: bytes) -> int:
    """Send the chunks of a body, and return the status of the response."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {address[0]}:{address[1]}\r\nContent-Type: {URLENCODED}\r\n"
        "Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    )
    with socket.create_connection(address, timeout=20) as connection:
        connection.sendall(head.encode() + chunks)
        return int(connection.recv(64).split(b" ")[1])
