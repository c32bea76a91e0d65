"""No byte of the recording belongs to a secret that was sent.

Secrets are codes, tokens, client secrets, passwords, cookies and session ids.
"""

import base64
import re
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from secrets import token_urlsafe
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

import pytest
import requests
from itsdangerous import BadSignature
from world.cast import Attacker, Person
from world.clock import Clock
from world.fixtures import MALLORYS_PASSWORD
from world.legs import Legs
from world.network import Exchange
from world.registered_client import RegisteredClient

from inspector.record.masking import Masker
from inspector.record.scrubbing import Scrubber
from inspector.record.store import Store

Secrets = dict[str, set[str]]

#: The names of secrets in queries, forms, redirects and JSON.
KINDS = {
    "code": "code",
    "state": "state",
    "code_verifier": "verifier",
    "access_token": "access token",
    "refresh_token": "refresh token",
    "token": "introspected or revoked token",
    "client_secret": "client secret",
    "registration_access_token": "registration access token",
    "password": "password",
    "current_password": "password",
    "new_password": "password",
    "repeated_password": "password",
    "csrf_token": "csrf token",
}
#: Files with the secrets of the legs. The key of the fingerprints is derived from one of them.
SECRET_FILES = ("client_secret", "introspection_client_secret", "secret_key")
#: Secrets in other places.
OTHER_KINDS = {
    "client secret in Basic",
    "bearer token",
    "client secret on a page",
    "cookie",
    "session id",
}
SHOWN_ONCE = re.compile(r'id="new-secret">(.*?)<')


# Flows in which secrets are sent


def run_every_flow(legs: Legs, clock: Clock, alice: Person, bob: Person, mallory: Attacker) -> None:
    use_another_client(mallory)
    connect_refresh_and_step_up(legs, clock, alice)
    change_a_photo_and_disconnect(alice)
    deny_consent(legs, bob)
    register_an_app(legs, mallory)
    let_a_program_register(legs)
    change_the_password(legs, mallory)


def let_a_program_register(legs: Legs) -> None:
    """Register a client by the endpoint, and let it read and change its registration."""
    session, members = legs.session(), {"redirect_uris": ["https://agent.example/callback"]}
    registered = session.post(f"{legs.auth_server_url}/oauth/register", json=members).json()
    address = registered["registration_client_uri"]
    headers = {"Authorization": f"Bearer {registered['registration_access_token']}"}
    members["client_id"] = registered["client_id"]
    assert session.get(address, headers=headers).status_code == 200
    assert session.put(address, json=members, headers=headers).status_code == 200


def use_another_client(mallory: Attacker) -> None:
    """Use a client that authenticates with parameters in the form (RFC 6749 §2.3.1)."""
    credentials = {
        "client_id": mallory.client.client_id,
        "client_secret": mallory.client.client_secret,
    }
    public = replace(mallory.client, client_secret=None)
    tokens = mallory.tokens_for(mallory.client)
    assert public.refresh(tokens["refresh_token"], **credentials).status_code == 200


def connect_refresh_and_step_up(legs: Legs, clock: Clock, alice: Person) -> None:
    """Connect after two wrong passwords, one of them in the username field; refresh; step up."""
    alice.browser.open(f"{legs.client_app_url}/connect")
    for credentials in (
        {"username": "alice", "password": "wonderlandd"},
        {"username": "wonderland", "password": "rabbit-hole"},
    ):
        alice.browser.fill(**credentials)
        alice.browser.press_enter("password")
    alice.sign_in()
    alice.allow()
    alice.browser.load_images()
    clock.forward(121)
    alice.browser.reload()
    alice.browser.follow("Allow changes")
    alice.allow()


def change_a_photo_and_disconnect(alice: Person) -> None:
    alice.browser.press("Save")
    alice.browser.press("Disconnect")


def deny_consent(legs: Legs, bob: Person) -> None:
    bob.browser.open(f"{legs.client_app_url}/connect")
    bob.sign_in()
    bob.deny()


def register_an_app(legs: Legs, mallory: Attacker) -> None:
    """Register an app and create a new secret for it."""
    mallory.browser.open(f"{legs.auth_server_url}/developer/apps/new")
    mallory.browser.fill(name="Postcard Press", redirect_uris="https://postcards.example/callback")
    mallory.browser.tick("scope", "profile")
    page = mallory.browser.press_enter("redirect_uris")
    client_id = re.findall(r'id="new-id">(.*?)<', page.source)[0]
    mallory.browser.open(f"{legs.auth_server_url}/developer/apps/{client_id}/secret")
    mallory.browser.press("Create a new secret")


def change_the_password(legs: Legs, mallory: Attacker) -> None:
    mallory.browser.open(f"{legs.auth_server_url}/account/password")
    new = "from-behind-the-curtain"
    mallory.browser.fill(
        current_password=MALLORYS_PASSWORD, new_password=new, repeated_password=new
    )
    mallory.browser.press_enter("new_password")


# The secrets that were sent


def sent_secrets(legs: Legs) -> Secrets:
    """Return every secret that was sent, by kind."""
    found: Secrets = defaultdict(set)
    for exchange in legs.network.exchanges:
        for kind, value in _secrets_in(exchange, legs):
            if value:
                found[kind].add(value)
    return found


def _secrets_in(exchange: Exchange, legs: Legs) -> Iterator[tuple[str, str]]:
    named = [
        *_query(exchange.url),
        *_query(exchange.headers.get("Location", "")),
        *_form(exchange),
        *_json(exchange),
    ]
    yield from ((KINDS[name], value) for name, value in named if name in KINDS)
    yield from (
        ("client secret on a page", secret)
        for secret in SHOWN_ONCE.findall(exchange.body.decode(errors="ignore"))
    )
    scheme, _, credentials = exchange.request_headers.get("Authorization", "").partition(" ")
    if scheme == "Basic":
        yield "client secret in Basic", base64.b64decode(credentials).decode().partition(":")[2]
    if scheme == "Bearer":
        yield "bearer token", credentials
    for cookie in exchange.request_headers.get("Cookie", "").split("; "):
        yield "cookie", cookie.partition("=")[2]
        yield from (("session id", value) for value in _session_ids(cookie.partition("=")[2], legs))


def _query(url: str) -> list[tuple[str, str]]:
    return parse_qsl(urlsplit(url).query)


def _form(exchange: Exchange) -> list[tuple[str, str]]:
    is_form = exchange.request_headers.get("Content-Type") == "application/x-www-form-urlencoded"
    return parse_qsl(exchange.request_body.decode()) if is_form else []


def _json(exchange: Exchange) -> list[tuple[str, str]]:
    is_object = exchange.headers.get("Content-Type") == "application/json" and isinstance(
        exchange.json, dict
    )
    return (
        [(name, value) for name, value in exchange.json.items() if isinstance(value, str)]
        if is_object
        else []
    )


def _session_ids(cookie: str, legs: Legs) -> list[str]:
    """Return the random ids in Print Shop's cookie that identify the stored tokens."""
    serializer: Any = legs.client_app.session_interface.get_signing_serializer(legs.client_app)  # type: ignore[attr-defined]
    try:
        session = serializer.loads(cookie)
    except BadSignature:
        return []
    return [session[name] for name in ("browser", "connection") if name in session]


# The search


def spellings(value: str) -> set[bytes]:
    """Return `value` in each encoding: plain, percent-encoded, and as a part of base64."""
    raw = value.encode()
    once = quote(value, "")
    in_base64 = set()
    for shift in range(3):
        first, end = -(-shift * 8 // 6), (shift + len(raw)) * 8 // 6
        inner = base64.b64encode(bytes(shift) + raw)[first:end]
        in_base64 |= {inner, inner.translate(bytes.maketrans(b"+/", b"-_"))}
    return {raw, once.encode(), quote(once, "").encode(), *in_base64}


def recording(folder: Path) -> bytes:
    """Return every byte of the store's files: the database and its write-ahead log."""
    files = sorted(folder.glob("inspector.db*"))
    assert files
    return b"\0".join(path.read_bytes() for path in files)


def find_secrets(secrets: Secrets, folder: Path) -> set[str]:
    """Return the kinds of secrets that the files contain.

    The files are read before and after SQLite merges the write-ahead log into the database.
    """
    content_before = recording(folder)
    with closing(sqlite3.connect(folder / "inspector.db")) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    content = content_before + recording(folder)
    return {
        kind
        for kind, values in secrets.items()
        for value in values
        if any(spelling in content for spelling in spellings(value))
    }


Scenario = Callable[[], Secrets]


@pytest.fixture
def run_scenario(
    clock: Clock, legs: Legs, watched: Store, alice: Person, bob: Person, mallory: Attacker
) -> Scenario:
    """Return a function that runs every flow and returns the secrets that were sent."""

    def run_scenario() -> Secrets:
        run_every_flow(legs, clock, alice, bob, mallory)
        return sent_secrets(legs)

    return run_scenario


def test_the_recording_contains_no_secret(
    run_scenario: Scenario, legs: Legs, watched: Store
) -> None:
    secrets = run_scenario()
    stored_secrets = {(legs.instance_path / name).read_text().strip() for name in SECRET_FILES}

    assert len(watched.exchanges()) > 50
    assert set(secrets) == {*KINDS.values(), *OTHER_KINDS}
    assert secrets["password"] > {"wonderland", "wonderlandd", "builder", MALLORYS_PASSWORD}
    assert [event["sub"] for event in legs.events_named("password_changed")]
    assert secrets["client secret in Basic"] > stored_secrets - {
        (legs.instance_path / "secret_key").read_text().strip()
    }
    assert find_secrets(secrets | {"at rest": stored_secrets}, legs.instance_path) == set()


def disable_masking(monkeypatch: pytest.MonkeyPatch) -> None:
    """Store all values unmasked."""
    for method in ("secret", "password", "text"):
        monkeypatch.setattr(Masker, method, lambda _masker, value: value)
    monkeypatch.setattr(Scrubber, "scrub", lambda _scrubber, text: text)


def test_without_masking_the_search_finds_every_kind_of_secret(
    run_scenario: Scenario, legs: Legs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """This shows that the search above can fail. Of a page, only the title is ever stored."""
    disable_masking(monkeypatch)

    assert find_secrets(run_scenario(), legs.instance_path) == {*KINDS.values(), *OTHER_KINDS} - {
        "client secret on a page"
    }


@pytest.mark.parametrize("template", ["{}", "code={}", "a%2520b", "xx{}", "x{}", "xxx{}xx"])
def test_the_search_finds_a_value_in_every_encoding(template: str, tmp_path: Path) -> None:
    value = "a b" if "%" in template else "Splxl0BeZQQYbYS6WxSbIA>?"
    text = template.format(value).encode()
    store = tmp_path / "inspector.db"
    for content in {text, base64.b64encode(text), base64.urlsafe_b64encode(text)}:
        store.unlink(missing_ok=True)
        with closing(sqlite3.connect(store, isolation_level=None)) as connection:
            connection.execute("CREATE TABLE t (x)")
            connection.execute("INSERT INTO t VALUES (?)", (content.decode(),))

        is_found = "%" not in template or content == text
        expected = {"stored"} if is_found else set()
        found = find_secrets({"stored": {value}, "not stored": {"tGzvFWFjXmRk1J2mO8cQ"}}, tmp_path)
        assert found == expected


# Secrets in places where none belongs

Send = Callable[[requests.Session, str, str], object]
ODD_PLACES: dict[str, Send] = {
    "the query": lambda http, leg, secret: http.get(f"{leg}/photos?magic={secret}"),
    "the query without a name": lambda http, leg, secret: http.get(f"{leg}/?{secret}"),
    "the query, in a public parameter": lambda http, leg, secret: http.get(
        f"{leg}/oauth/authorize?scope={secret}"
    ),
    "the query, as the access token": lambda http, leg, secret: http.get(
        f"{leg}/photos?access_token={secret}"
    ),
    "an address in the query": lambda http, leg, secret: http.get(
        f"{leg}/login?next={quote(f'/oauth/authorize?magic={secret}', '')}"
    ),
    "the path": lambda http, leg, secret: http.get(f"{leg}/photos/{secret}/image"),
    "User-Agent": lambda http, leg, secret: http.get(
        leg, headers={"User-Agent": f"curl/8 ({secret})"}
    ),
    "Referer": lambda http, leg, secret: http.get(leg, headers={"Referer": secret}),
    "an address in Referer": lambda http, leg, secret: http.get(
        leg, headers={"Referer": f"{leg}/?magic={secret}"}
    ),
    "Origin": lambda http, leg, secret: http.post(
        f"{leg}/login", headers={"Origin": f"https://{secret}.example"}
    ),
    "Host": lambda http, leg, secret: http.get(leg, headers={"Host": secret}),
    "Host, as user information": lambda http, leg, secret: http.get(
        leg, headers={"Host": f"alice:{secret}@127.0.0.1"}
    ),
    "Origin, as user information": lambda http, leg, secret: http.post(
        f"{leg}/login", headers={"Origin": f"https://alice:{secret}@shop.example"}
    ),
    "X-Request-Id": lambda http, leg, secret: http.get(
        f"{leg}/photos", headers={"X-Request-Id": secret}
    ),
    "an unknown header": lambda http, leg, secret: http.get(leg, headers={"X-Api-Key": secret}),
    "Content-Type": lambda http, leg, secret: http.post(
        f"{leg}/login", headers={"Content-Type": f"text/{secret}"}
    ),
    "Authorization without a scheme": lambda http, leg, secret: http.get(
        f"{leg}/photos", headers={"Authorization": secret}
    ),
    "Authorization with a repeated scheme": lambda http, leg, secret: http.get(
        f"{leg}/photos", headers={"Authorization": f"Bearer Bearer {secret}"}
    ),
    "Authorization with an unknown scheme": lambda http, leg, secret: http.get(
        f"{leg}/photos", headers={"Authorization": f"Token {secret}"}
    ),
    "Basic, as the client id": lambda http, leg, secret: http.post(
        f"{leg}/oauth/token", auth=(secret, "")
    ),
    "Basic without a colon": lambda http, leg, secret: http.post(
        f"{leg}/oauth/token",
        headers={"Authorization": f"Basic {base64.b64encode(secret.encode()).decode()}"},
    ),
    "a cookie": lambda http, leg, secret: http.get(leg, headers={"Cookie": f"theme={secret}"}),
    "the name of a cookie": lambda http, leg, secret: http.get(
        leg, headers={"Cookie": f"{secret}=dark"}
    ),
    "a cookie without a name": lambda http, leg, secret: http.get(leg, headers={"Cookie": secret}),
    "a form": lambda http, leg, secret: http.post(f"{leg}/oauth/token", data={"magic": secret}),
    "a form, as a name": lambda http, leg, secret: http.post(
        f"{leg}/oauth/token", data={secret: "magic"}
    ),
    "a form that is JSON": lambda http, leg, secret: http.post(
        f"{leg}/login",
        data=f'{{"password": "{secret}"}}',
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    ),
    "a form, in a public field": lambda http, leg, secret: http.post(
        f"{leg}/oauth/token",
        data={"grant_type": secret, "client_id": secret, "scope": f"profile {secret}"},
    ),
    "a form, as the username": lambda http, leg, secret: http.post(
        f"{leg}/login", data={"username": secret}
    ),
    "JSON": lambda http, leg, secret: http.patch(f"{leg}/photos/dune", json={"magic": secret}),
    "JSON, in a public member": lambda http, leg, secret: http.patch(
        f"{leg}/photos/dune", json={"title": secret}
    ),
    "JSON, as a name": lambda http, leg, secret: http.patch(
        f"{leg}/photos/dune", json={secret: True}
    ),
    "JSON, as the whole document": lambda http, leg, secret: http.post(
        f"{leg}/oauth/token", json=secret
    ),
}


#: A header that is not stored, and a body that no leg reads.
NEVER_STORED = {"an unknown header", "JSON, as the whole document"}


@pytest.fixture
def send_misplaced_secrets(
    legs: Legs, watched: Store, client: RegisteredClient, alice: Person
) -> Callable[[], Secrets]:
    """Return a function that sends each leg a random secret in each odd place.

    The function returns the secret of each place.
    """
    session = legs.session()
    # The resource API reads the title of a photo only if the token has the scope photos:write.
    session.headers["Authorization"] = (
        f"Bearer {alice.tokens_for(client, 'photos:write')['access_token']}"
    )

    def send_misplaced_secrets() -> Secrets:
        sent = {place: token_urlsafe(32) for place in ODD_PLACES}
        for place, send in ODD_PLACES.items():
            for leg in (legs.auth_server_url, legs.client_app_url, legs.resource_api_url):
                send(session, leg, sent[place])
        return {place: {secret} for place, secret in sent.items()}

    return send_misplaced_secrets


def test_a_secret_in_an_odd_place_is_not_recorded(
    send_misplaced_secrets: Callable[[], Secrets], legs: Legs, watched: Store
) -> None:
    before, secrets = watched.last_id(), send_misplaced_secrets()

    assert watched.last_id() - before >= 3 * len(ODD_PLACES)
    assert find_secrets(secrets, legs.instance_path) == set()


def test_a_secret_in_an_odd_place_is_not_in_the_event_logs(
    send_misplaced_secrets: Callable[[], Secrets], legs: Legs
) -> None:
    secrets = send_misplaced_secrets()

    assert {
        place
        for place, values in secrets.items()
        for secret in values
        if secret in str(legs.events)
    } == set()
    assert legs.events_named("form_refused")


def test_without_masking_the_search_finds_each_odd_place(
    send_misplaced_secrets: Callable[[], Secrets], legs: Legs, monkeypatch: pytest.MonkeyPatch
) -> None:
    disable_masking(monkeypatch)

    assert (
        find_secrets(send_misplaced_secrets(), legs.instance_path) == set(ODD_PLACES) - NEVER_STORED
    )
