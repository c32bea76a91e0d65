"""Requests from server to server ignore the environment and are never retried."""

import io
import threading
from pathlib import Path
from typing import Any

import pytest
import requests
from flask import Flask, redirect, request
from flask.typing import ResponseReturnValue
from requests.adapters import BaseAdapter
from world.network import Network

from web import back_channel
from web.back_channel import BackChannel, pooled_adapter

URL = "http://server.example"


class Recorder(BaseAdapter):
    """Adapter that sends nothing and records each request with its options."""

    def __init__(self) -> None:
        super().__init__()
        self.options: dict[str, Any] = {}

    def send(
        self, request: requests.PreparedRequest, *_: object, **options: Any
    ) -> requests.Response:
        self.options = options
        response = requests.Response()
        response.status_code, response.url = 200, str(request.url)
        response.raw = io.BytesIO()
        return response


@pytest.fixture
def network() -> Network:
    """Return a network with a server that echoes headers, sets a cookie, and redirects."""
    server, network = Flask("server"), Network()

    @server.route("/headers", methods=["GET", "POST"])
    def headers() -> ResponseReturnValue:
        return dict(request.headers), {"Set-Cookie": "session=value"}

    @server.post("/moved")
    def moved() -> ResponseReturnValue:
        return redirect("/headers", 307)

    network.attach(URL, server)
    return network


@pytest.fixture
def session(network: Network) -> requests.Session:
    return BackChannel(adapter=network.adapter).session()


def test_a_netrc_does_not_overwrite_a_bearer_token(
    session: requests.Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "netrc").write_text("default login user password other\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))

    response = session.get(f"{URL}/headers", headers={"Authorization": "Bearer token"})

    assert response.json()["Authorization"] == "Bearer token"


def test_a_proxy_of_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    recorder = Recorder()

    BackChannel(adapter=lambda: recorder).session().get(URL)

    assert not recorder.options["proxies"]


def test_every_request_has_a_timeout_and_verifies_certificates() -> None:
    recorder = Recorder()

    BackChannel(adapter=lambda: recorder).session().get(URL)

    connect_timeout, read_timeout = recorder.options["timeout"]
    assert 0 < connect_timeout < read_timeout <= 10
    assert recorder.options["verify"] is True


def test_a_redirect_is_not_followed(session: requests.Session, network: Network) -> None:
    """A redirect could send a secret to another server."""
    response = session.post(f"{URL}/moved", data={"client_secret": "secret"}, allow_redirects=True)

    assert response.status_code == 307
    assert len(network.exchanges) == 1


def test_an_invalid_address_in_a_redirect_is_not_read(session: requests.Session) -> None:
    response = requests.Response()
    response.status_code, response.headers["Location"] = 302, "http://["

    assert response.is_redirect
    assert session.get_redirect_target(response) is None


def test_cookies_are_not_kept(session: requests.Session) -> None:
    session.get(f"{URL}/headers")
    response = session.get(f"{URL}/headers")

    assert "Cookie" not in response.json()


def test_a_request_is_not_retried() -> None:
    """A retry would use a code twice, and that ends the grant."""
    assert pooled_adapter().max_retries.total == 0


def test_every_failure_to_reach_a_server_raises_the_same_exception(
    session: requests.Session, network: Network
) -> None:
    with network.cut_off(URL), pytest.raises(requests.RequestException):
        session.get(f"{URL}/headers")


def test_each_thread_has_its_own_session() -> None:
    channel, sessions = BackChannel(), []

    for _ in range(2):
        thread = threading.Thread(target=lambda: sessions.append(channel.session()))
        thread.start()
        thread.join()

    assert len({*sessions, channel.session()}) == 3
    assert channel.session() is channel.session()


def test_what_is_registered_is_called_before_a_request_is_sent(
    session: requests.Session, network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The demo's step mode waits there, and can refuse to send."""

    def refuse(prepared: requests.PreparedRequest) -> None:
        raise requests.ConnectionError(prepared.url)

    monkeypatch.setattr(back_channel, "before_sending", [refuse])

    with pytest.raises(requests.ConnectionError, match=f"{URL}/headers"):
        session.get(f"{URL}/headers")
    assert not network.exchanges
