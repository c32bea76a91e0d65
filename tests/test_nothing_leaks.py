"""No usable code, token, secret or password is stored, logged or sent to the browser.

See RFC 6819 §5.1.4.1.
"""

import logging
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest
from world.cast import Person
from world.clock import Clock
from world.legs import Legs
from world.registered_client import query_of

from web import event_log


@pytest.fixture
def every_log(tmp_path: Path) -> Iterator[Path]:
    """Write all logs at every level to a file, including Authlib's, and return its path.

    The event log is written to `events.jsonl` beside it.
    """
    path = tmp_path / "every.log"
    handler = logging.FileHandler(path)
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    previous = event_log.logger.handlers[:]
    event_log.write_to(tmp_path / "events.jsonl")
    events = event_log.logger.handlers[0]
    event_log.logger.handlers += previous
    yield path
    event_log.logger.handlers[:] = previous
    root.setLevel(level)
    root.removeHandler(handler)
    for added in (handler, events):
        added.close()


def complete_flow(clock: Clock, legs: Legs, alice: Person) -> None:
    """Fail to sign in, sign in, connect, see the photos, refresh and disconnect."""
    alice.browser.open(f"{legs.client_app_url}/connect")
    alice.browser.fill(username="alice", password="wonderlandd")
    alice.browser.press_enter("password")
    alice.sign_in()
    alice.allow()
    clock.forward(121)
    alice.browser.reload()
    alice.browser.load_images()
    alice.browser.press("Disconnect")


def secrets_of(legs: Legs) -> dict[str, str]:
    """Return every secret that was sent or received, by a name for it."""
    found = {"password": "wonderland", "wrong password": "wonderlandd"}
    for number, exchange in enumerate(
        legs.network.exchanges_with(legs.auth_server_url, "/oauth/token")
    ):
        sent = {
            name: exchange.form.get(name) for name in ("code", "code_verifier", "refresh_token")
        }
        received = {name: exchange.json.get(name) for name in ("access_token", "refresh_token")}
        found |= {f"sent {name} {number}": value for name, value in sent.items() if value}
        found |= {f"{name} {number}": value for name, value in received.items() if value}
    for name in ("client_secret", "introspection_client_secret", "secret_key"):
        found[name] = (legs.instance_path / name).read_text().strip()
    return found


def find_secrets(secrets: dict[str, str], text: bytes) -> list[str]:
    """Return the names of the secrets that are in `text`."""
    return [name for name, secret in secrets.items() if secret.encode() in text]


def test_the_flow_contains_every_kind_of_secret(clock: Clock, legs: Legs, alice: Person) -> None:
    """The other tests would prove nothing if no secret were collected."""
    complete_flow(clock, legs, alice)

    assert len(secrets_of(legs)) == 2 + 4 + 3 + 3


def test_the_databases_contain_no_usable_secret(clock: Clock, legs: Legs, alice: Person) -> None:
    """Search every byte of every database file, including the client's encrypted records."""
    complete_flow(clock, legs, alice)
    secrets = secrets_of(legs)
    files = [path for path in legs.instance_path.iterdir() if ".db" in path.name]

    assert files
    for path in files:
        assert find_secrets(secrets, path.read_bytes()) == [], path.name


def test_the_logs_contain_no_usable_secret(
    every_log: Path, clock: Clock, legs: Legs, alice: Person
) -> None:
    """Search the logs at DEBUG, since Authlib logs complete token responses at that level."""
    complete_flow(clock, legs, alice)
    written = every_log.read_bytes() + (every_log.parent / "events.jsonl").read_bytes()
    secrets = secrets_of(legs)
    del secrets["wrong password"]  # It contains the right one, so it would be found twice.

    assert b"tokens_refreshed" in written
    assert find_secrets(secrets, written) == []


def test_no_response_to_the_browser_contains_a_token(
    clock: Clock, legs: Legs, alice: Person
) -> None:
    complete_flow(clock, legs, alice)
    tokens = {
        name: value
        for name, value in secrets_of(legs).items()
        if "token" in name or "verifier" in name
    }

    for response in alice.browser.history:
        received = (
            response.content + str(response.headers).encode() + unquote(str(response.url)).encode()
        )
        assert find_secrets(tokens, received) == [], response.url


def test_the_code_leaves_the_address_bar_immediately(legs: Legs, alice: Person) -> None:
    """The callback, whose address contains the code, redirects to an address without it."""
    page = alice.go_through(f"{legs.client_app_url}/connect")
    with_code = [each for each in alice.browser.history if "code" in query_of(str(each.url))]

    assert page.url == f"{legs.client_app_url}/photos"
    assert [response.status_code for response in with_code] == [303]
    assert with_code[0].headers["Referrer-Policy"] in ("no-referrer", "same-origin")
