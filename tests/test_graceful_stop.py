"""SIGTERM: every request that a server has received gets its whole answer."""

import signal
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest
import requests
from world.page import Page
from world.processes import Running, environment, running

pytestmark = pytest.mark.processes

#: More than a worker has threads. Each of them costs a password hash.
REQUESTS = 24
GRANIAN = "-m granian --interface asginl --http 1 --no-ws --factory --host 127.0.0.1"
SERVERS = [
    pytest.param("app.py auth-server", id="python app.py"),
    # One worker: a second one that is still starting would ignore the signal.
    pytest.param(f"{GRANIAN} --workers 1 --port {{port}} app:asgi_auth_server", id="granian"),
    pytest.param(
        "-m gunicorn --bind 127.0.0.1:{port} --workers 2 --threads 8 app:create_auth_server()",
        id="gunicorn",
    ),
]


@pytest.fixture(params=SERVERS)
def auth_server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Running]:
    env = environment(tmp_path / "instance", TRIPOD_DEMO="1")
    port = urlsplit(env["TRIPOD_AUTH_SERVER_URL"]).port
    command = request.param.format(port=port)
    with running(*command.split(), env=env, log=tmp_path / "output") as auth_server:
        auth_server.wait_until_ready(auth_server.auth_server_url)
        yield auth_server


def send_guesses(url: str) -> list[HTTPConnection]:
    """Send sign-ins with unknown usernames, each on a connection of its own."""
    with requests.Session() as browser:
        form = Page(browser.get(f"{url}/login", timeout=5)).form_with("password").entries
        cookies = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Cookie": cookies}
    connections = []
    for number in range(REQUESTS):
        entries = {**form, "username": f"nobody-{number}", "password": "a guess"}
        connections.append(HTTPConnection(urlsplit(url).netloc, timeout=30))
        connections[-1].request("POST", "/login", urlencode(entries), headers)
    return connections


def read_status(connection: HTTPConnection) -> int:
    """Return the status after the whole answer has arrived."""
    with closing(connection):
        response = connection.getresponse()
        response.read()
        return response.status


def test_every_request_that_was_received_is_answered(auth_server: Running) -> None:
    connections = send_guesses(auth_server.auth_server_url)
    with ThreadPoolExecutor(REQUESTS) as threads:
        answers = [threads.submit(read_status, connection) for connection in connections]
        wait(answers, return_when=FIRST_COMPLETED)
        unanswered = [answer for answer in answers if not answer.done()]
        auth_server.process.send_signal(signal.SIGTERM)
        statuses = [answer.result() for answer in answers]
        status = auth_server.process.wait(10)

    assert len(unanswered) > REQUESTS / 2
    assert set(statuses) <= {403, 503}, "refused, or too many at once"
    assert status == 0
    assert "Traceback" not in auth_server.output
