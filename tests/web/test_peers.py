"""The demo answers programs on this machine only, whatever address the server listens on."""

import socket
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
from flask import Flask
from world.events import Events
from world.legs import Legs
from world.processes import environment, running

URL = "http://127.0.0.1:9000"
ELSEWHERE = [
    "192.0.2.7",
    "10.0.0.5",
    "172.17.0.1",
    "2001:db8::7",
    "fe80::1%eth0",
    "::ffff:192.0.2.7",
]
HERE = ["127.0.0.1", "127.8.9.10", "::1", "::ffff:127.0.0.1", ""]
Start = Callable[..., Flask]


def status_of(app: Flask, peer: str, path: str = "/form", **headers: str) -> int:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    response = app.test_client().get(
        path, base_url=URL, environ_overrides={"REMOTE_ADDR": peer}, headers=named
    )
    return response.status_code


@pytest.mark.parametrize("peer", ELSEWHERE)
def test_the_demo_refuses_other_machines(start: Start, events: Events, peer: str) -> None:
    app = start(DEMO="1")

    assert {status_of(app, peer, path) for path in ("/form", "/healthz", "/nowhere")} == {403}
    [event] = events.named("host_refused")
    assert (event["reason"], event["address"]) == ("peer_not_on_loopback", peer)


@pytest.mark.parametrize("peer", HERE)
def test_the_demo_answers_this_machine(start: Start, peer: str) -> None:
    assert status_of(start(DEMO="1"), peer) == 200


@pytest.mark.parametrize("peer", ELSEWHERE)
def test_outside_the_demo_every_machine_is_answered(start: Start, peer: str) -> None:
    assert status_of(start(), peer) == 200


def test_a_forwarded_address_does_not_open_the_demo(start: Start) -> None:
    app = start(DEMO="1", TRUSTED_PROXIES="1")

    assert status_of(app, "192.0.2.7", X_Forwarded_For="127.0.0.1") == 403


def test_behind_a_proxy_on_this_machine_the_demo_answers(start: Start) -> None:
    app = start(DEMO="1", TRUSTED_PROXIES="1")

    assert status_of(app, "127.0.0.1", X_Forwarded_For="192.0.2.7") == 200


@pytest.mark.parametrize(
    ("leg", "path"),
    [
        ("auth_server", "/login"),
        ("auth_server", "/oauth/token"),
        ("client_app", "/"),
        ("resource_api", "/me"),
        ("resource_api", "/static/css/base.css"),
    ],
)
def test_each_leg_of_the_demo_refuses_other_machines(legs: Legs, leg: str, path: str) -> None:
    app = getattr(legs, leg)
    form = {"grant_type": "authorization_code"}
    response = app.test_client().open(
        path,
        method="POST" if path == "/oauth/token" else "GET",
        base_url=app.extensions["tripod.settings"].url,
        data=form,
        environ_overrides={"REMOTE_ADDR": "192.0.2.7"},
    )

    assert (response.status_code, response.headers.get("Set-Cookie")) == (403, None)


@pytest.mark.processes
@pytest.mark.parametrize(
    "command",
    [
        "-m gunicorn app:create_auth_server() --bind=0.0.0.0:{port}",
        "-m flask --app app:create_auth_server run --host=0.0.0.0 --port={port}",
        "-m granian --interface=asginl --factory app:asgi_auth_server --host=0.0.0.0 --port={port}",
    ],
    ids=["gunicorn", "flask", "granian"],
)
def test_a_server_that_listens_on_the_network_does_not_open_the_demo(
    tmp_path: Path, own_address: str, command: str
) -> None:
    env = environment(tmp_path / "instance", TRIPOD_DEMO="1")
    port = urlsplit(env["TRIPOD_AUTH_SERVER_URL"]).port
    with running(*command.format(port=port).split(), env=env, log=tmp_path / "output") as served:
        served.wait_until_ready(served.auth_server_url)
        host = {"Host": f"127.0.0.1:{port}"}
        response = requests.get(f"http://{own_address}:{port}/login", headers=host, timeout=10)

    assert response.status_code == 403


@pytest.fixture
def own_address() -> str:
    """Return an address of this machine that is not on loopback.

    A connection to it comes from it, so the server sees a peer on the network.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # nothing is sent
            return str(probe.getsockname()[0])
        except OSError:
            pytest.skip("This machine has no address on a network.")
