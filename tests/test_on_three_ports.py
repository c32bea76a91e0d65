"""The project as a user starts it, with a real browser, real clients and real threads."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import requests
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page, Response, expect
from sqlalchemy import select, update
from world.browser import Browser
from world.cast import Person
from world.chromium import launched_chromium
from world.processes import Running, environment, run, running, running_legs
from world.sockets import Sockets

from client_app.models import Record
from client_app.record_cipher import RecordCipher
from client_app.sql_records import sessions
from config import ClientAppSettings
from web.database import Database

pytestmark = pytest.mark.processes

CONNECT = (Path(__file__).resolve().parent.parent / "docs" / "connect.md").read_text()
#: In seconds: long enough for fifty requests with one token, and short enough to wait for its end.
LIFETIME = 8


@pytest.fixture(scope="module")
def legs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running_legs(
        tmp_path_factory.mktemp("legs"), TRIPOD_ACCESS_TOKEN_LIFETIME=str(LIFETIME)
    ) as legs:
        yield legs


@pytest.fixture
def alice() -> Person:
    return Person("alice", "wonderland", Browser(Sockets()))


@pytest.fixture(scope="module")
def chromium() -> Iterator[Chromium]:
    with launched_chromium() as chromium:
        yield chromium


@pytest.fixture
def received() -> list[bytes]:
    """Return the list of everything that the browser receives, headers and bodies."""
    return []


@pytest.fixture
def page(chromium: Chromium, received: list[bytes]) -> Iterator[Page]:
    context = chromium.new_context()
    page = context.new_page()
    page.on("response", lambda response: received.append(content_of(response)))
    yield page
    context.close()


def content_of(response: Response) -> bytes:
    """Return address, headers and body. A redirect has no body that the browser keeps."""
    headers = json.dumps([response.url, response.headers]).encode()
    is_redirect = 300 <= response.status < 400
    return headers + (b"" if is_redirect else response.body())


def events_named(legs: Running, leg: str, name: str) -> list[dict[str, Any]]:
    """Return the events with this name in the event log of the leg."""
    log = Path(legs.env["TRIPOD_INSTANCE_PATH"]) / f"{leg}.events.jsonl"
    events = map(json.loads, log.read_text().splitlines())
    return [event for event in events if event["event"] == name]


@contextmanager
def records(legs: Running) -> Iterator[dict[str, Record]]:
    """Decrypt Print Shop's records with its key, and store the changes at the end."""
    settings = ClientAppSettings.load(dict(legs.env) | {"TRIPOD_DEMO": "1"})
    database, cipher = (
        Database(settings.session_store_url),
        RecordCipher(settings.leg, settings.secret_keys),
    )
    with database.writing() as db:
        opened = {row.digest: cipher.decrypt(row.data) for row in db.execute(select(sessions))}
        yield opened
        for digest, record in opened.items():
            db.execute(
                update(sessions)
                .where(sessions.c.digest == digest)
                .values(data=cipher.encrypt(record))
            )
    database.close()


def stored_tokens(legs: Running) -> set[bytes]:
    """Return all access tokens and refresh tokens of Print Shop."""
    with records(legs) as opened:
        tokens = [
            connection.tokens for record in opened.values() for connection in record.connections
        ]
    return {
        token.encode() for pair in tokens for token in (pair.access_token, pair.refresh_token or "")
    }


def mark_all_tokens_as_expired(legs: Running) -> None:
    """Make Print Shop refresh before its next request to the API."""
    with records(legs) as opened:
        for record in opened.values():
            for connection in record.connections:
                connection.tokens = replace(connection.tokens, expires_at=0)


def connect(
    page: Page, legs: Running, username: str = "alice", password: str = "wonderland"
) -> None:
    """Start at Print Shop's home page and sign in at Tripod ID."""
    page.goto(legs.client_app_url)
    page.get_by_role("link", name="Connect your photos").click()
    page.get_by_label("Username").fill(username)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


def expect_album(page: Page, owner: str) -> None:
    """Wait for the album and its images, since an unfinished response cannot be read."""
    expect(page.get_by_role("heading", level=1)).to_have_text(f"{owner}’s album")
    page.wait_for_load_state("networkidle")
    for image in page.locator(".photo img").all():
        expect(image).not_to_have_js_property("naturalWidth", 0)


def allow(page: Page, question: str) -> None:
    """Press Allow on the consent page that asks this question."""
    expect(page.get_by_role("heading", level=1)).to_have_text(question)
    page.get_by_role("button", name="Allow").click()


def test_a_user_completes_the_flow_from_a1_to_e1(
    page: Page, legs: Running, received: list[bytes]
) -> None:
    """The browser never receives a token, although the tokens are refreshed twice."""
    connect(page, legs)
    allow(page, "Let Print Shop know who you are and see your photos?")
    expect_album(page, "Alice")
    assert page.url == f"{legs.client_app_url}/photos"
    expect(page.locator(".photo img")).to_have_count(6)
    tokens = stored_tokens(legs)

    page.wait_for_timeout(LIFETIME * 1000)
    refreshes = len(events_named(legs, "client_app", "tokens_refreshed"))
    page.reload()
    expect_album(page, "Alice")
    assert len(events_named(legs, "client_app", "tokens_refreshed")) > refreshes
    tokens |= stored_tokens(legs)

    page.get_by_role("button", name="Refresh now").click()
    expect_album(page, "Alice")
    tokens |= stored_tokens(legs)

    page.get_by_role("button", name="Disconnect").click()
    expect(page.get_by_role("status")).to_contain_text("disconnected")
    page.goto(f"{legs.client_app_url}/photos")
    expect(page.get_by_role("link", name="Connect your photos")).to_be_visible()

    assert len(tokens) >= 6
    assert len(received) > 20
    assert [token for token in tokens if any(token in answer for answer in received)] == []


def test_a_user_who_denies_sees_an_explanation(page: Page, legs: Running) -> None:
    connect(page, legs, "bob", "builder")
    page.get_by_role("button", name="Deny").click()

    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert "error=access_denied" in page.url
    assert len(events_named(legs, "auth_server", "consent_denied")) == 1


def test_a_removed_app_must_ask_again(page: Page, legs: Running) -> None:
    """E1: Bob removes the app's access. The client notices at its next request."""
    connect(page, legs, "bob", "builder")
    page.get_by_role("button", name="Allow").click()
    expect_album(page, "Bob")

    page.goto(f"{legs.auth_server_url}/account/apps")
    page.get_by_role("button", name="Remove access of Print Shop").click()
    page.get_by_role("button", name="Remove access").click()
    expect(page.get_by_text("No app is connected")).to_be_visible()
    page.goto(f"{legs.client_app_url}/photos")
    expect(page.get_by_role("heading", level=1)).not_to_contain_text("album")
    page.get_by_role("link", name="Connect").first.click()

    expect(page.get_by_role("heading", level=1)).to_have_text(
        "Let Print Shop know who you are and see your photos?"
    )


def test_the_flow_works_without_javascript(chromium: Chromium, legs: Running) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    connect(page, legs, "bob", "builder")
    page.get_by_role("button", name="Allow").click()

    expect_album(page, "Bob")
    context.close()


def test_another_spelling_of_loopback_redirects_to_the_canonical_one(
    page: Page, legs: Running
) -> None:
    """It redirects before the flow starts, because the callback would find no session."""
    page.goto(legs.client_app_url.replace("127.0.0.1", "localhost"))

    assert page.url == f"{legs.client_app_url}/"


def test_no_page_violates_the_content_security_policy(page: Page, legs: Running) -> None:
    messages: list[str] = []
    page.on("console", lambda message: messages.append(message.text))
    connect(page, legs, "alice", "wonderland")
    page.wait_for_url(re.compile("/oauth/authorize|/photos$"))
    page.goto(f"{legs.resource_api_url}/")

    assert [text for text in messages if "Content Security Policy" in text] == []


def test_fifty_parallel_requests_after_expiry_cause_one_refresh(
    legs: Running, alice: Person
) -> None:
    alice.go_through(f"{legs.client_app_url}/connect")
    mark_all_tokens_as_expired(legs)
    before = len(events_named(legs, "client_app", "tokens_refreshed"))

    with ThreadPoolExecutor(50) as threads:
        answers = list(threads.map(lambda _: alice.browser.fetch("/photos").status_code, range(50)))

    assert Counter(answers) == {200: 50}
    assert len(events_named(legs, "client_app", "tokens_refreshed")) - before == 1


AUTH_SERVER = ("-m", "flask", "--app", "app:create_auth_server")


def create_client(env: dict[str, str], name: str, *options: str) -> dict[str, Any]:
    """Register a client on the command line, and return what was printed."""
    created = run(*AUTH_SERVER, "clients", "create", "--json", "--name", name, *options, env=env)
    registration: dict[str, Any] = json.loads(created.stdout)
    return registration


def register_legs(env: dict[str, str]) -> dict[str, str]:
    """Register Print Shop and Photo API, and return the settings with their credentials."""
    callback = f"{env['TRIPOD_CLIENT_APP_URL']}/callback"
    scope = "profile photos:read photos:write"
    shop = create_client(env, "Shop", "--redirect-uri", callback, "--scope", scope)
    api = create_client(env, "API", "--resource-server")
    return {
        "TRIPOD_CLIENT_ID": shop["client_id"],
        "TRIPOD_CLIENT_SECRET": shop["client_secret"],
        "TRIPOD_INTROSPECTION_CLIENT_ID": api["client_id"],
        "TRIPOD_INTROSPECTION_CLIENT_SECRET": api["client_secret"],
    }


def test_the_client_in_the_documentation_works_as_it_is_printed(
    legs: Running, alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The user registers it on the command line, and signs in in a browser."""
    for switch in ("OAUTHLIB_INSECURE_TRANSPORT", "OAUTHLIB_RELAX_TOKEN_SCOPE"):
        monkeypatch.setenv(switch, "")  # so that the snippet's values are removed after the test
    redirect_uri = ("--redirect-uri", "http://127.0.0.1:5000/callback")
    scope = ("--scope", "profile photos:read")
    registration = create_client(legs.env, "My client", *redirect_uri, *scope)
    snippet = re.search(r"```python\n(import os\n.*?)```", CONNECT, re.DOTALL)
    assert snippet
    code = snippet[1].replace("http://127.0.0.1:9000", legs.auth_server_url)
    code = code.replace("http://127.0.0.1:9002", legs.resource_api_url)
    before, after = re.split(r"^# … .*$", code, flags=re.MULTILINE)
    names = {
        "client_id": registration["client_id"],
        "client_secret": registration["client_secret"],
        "redirect_uri": registration["redirect_uris"][0],
    }

    exec(before, names)  # noqa: S102 – the test runs the program of the guide
    with pytest.raises(requests.ConnectionError):  # No server listens at the redirect URI.
        alice.go_through(names["address"])
    names["callback_address"] = alice.browser.history[-1].headers["Location"]
    exec(after, names)  # noqa: S102 – the test runs the program of the guide

    assert len(names["session"].get(f"{legs.resource_api_url}/photos").json()["photos"]) == 6


def test_the_legs_run_outside_the_demo_without_demo_accounts(tmp_path: Path) -> None:
    """The instance folder is that of a demo, so the database contains its accounts."""
    env = environment(tmp_path / "instance", TRIPOD_DEMO="1")
    with running("app.py", env=env, log=tmp_path / "demo.txt") as demo:
        demo.wait_until_ready(demo.auth_server_url, demo.client_app_url, demo.resource_api_url)
    env |= {"TRIPOD_DEMO": "0", "TRIPOD_SECRET_KEY": "a key that is long enough for a test"}
    create_carol = ("users", "create", "carol", "--name", "Carol Shelby")
    run(*AUTH_SERVER, *create_carol, env=env, stdin="a long pass phrase\n")
    env |= register_legs(env)

    with running("app.py", env=env, log=tmp_path / "real.txt") as legs:
        legs.wait_until_ready(legs.auth_server_url, legs.client_app_url, legs.resource_api_url)
        alice = Person("alice", "wonderland", Browser(Sockets()))
        refusal = alice.go_through(f"{legs.client_app_url}/connect")
        carol = Person("carol", "a long pass phrase", Browser(Sockets()))
        album = carol.go_through(f"{legs.client_app_url}/connect")

    assert "The username or the password is wrong." in refusal.text
    assert "wonderland" not in refusal.text
    assert "Carol’s album" in album.text
