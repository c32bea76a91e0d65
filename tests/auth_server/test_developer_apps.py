"""/developer/apps: a developer registers a client and sees its secret once."""

import re
from pathlib import Path
from urllib.parse import quote

import pytest
from world.cast import Person
from world.events import Events
from world.page import Page
from world.registered_client import RegisteredClient
from world.threads import repeat_at_once

from auth_server.developer import MAX_CLIENTS
from tests.auth_server.developers import Developer, shown
from tests.auth_server.server import Server


@pytest.fixture
def developer(mallory: Person) -> Developer:
    return Developer(mallory)


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    "path", ["/developer/apps/new", "/developer/apps/x", "/developer/apps/x/secret"]
)
def test_the_page_requires_a_sign_in_and_returns_afterwards(
    server: Server, path: str, method: str
) -> None:
    server.app.config["WTF_CSRF_ENABLED"] = False
    try:
        answer = server.browser().request(method, path)
    finally:
        server.app.config["WTF_CSRF_ENABLED"] = True

    assert (answer.status_code, answer.headers["Location"]) == (303, f"/login?next={quote(path)}")


def test_signing_in_returns_to_the_list(mallory: Person) -> None:
    to_login = mallory.browser.get("/developer/apps")

    assert mallory.send_login(to_login.headers["Location"]).headers["Location"] == "/developer/apps"


def test_a_developer_without_clients_sees_how_to_start(developer: Developer) -> None:
    page = developer.page()

    assert "No apps yet" in page.text
    assert {"/developer/apps/new", "/developer/connect"} <= set(page.addresses)


def test_a_new_client_can_complete_the_flow(
    developer: Developer, alice: Person, photo_api: RegisteredClient
) -> None:
    client = developer.has_a_client()

    tokens = alice.connect(client)
    refreshed = client.refresh(tokens.refresh_token)

    assert photo_api.introspect(tokens.access_token).json()["username"] == "alice"
    assert refreshed.status_code == 200


def test_a_public_client_can_complete_the_flow_without_a_secret(
    developer: Developer, alice: Person
) -> None:
    answer = developer.registers(type="public", redirect_uris="http://127.0.0.1:8400/callback")
    client = developer.client_in(answer, "http://127.0.0.1:8400/callback", "profile photos:read")

    assert "It is a public client, so it has no secret" in Page(answer).text
    assert shown(answer, "new-secret") is None
    assert alice.connect(client).access_token


def test_the_list_shows_the_registrations(developer: Developer) -> None:
    client = developer.has_a_client(
        redirect_uris="https://a.example/1\r\n\r\n https://a.example/2 \r\n"
    )
    text = developer.page().text

    for words in (
        "Postcard Press",
        client.client_id,
        "confidential",
        "https://a.example/1",
        "https://a.example/2",
    ):
        assert words in text
    assert "photos:write" not in text


def test_the_secret_is_shown_once(developer: Developer) -> None:
    answer = developer.registers()
    secret, client_id = str(shown(answer, "new-secret")), shown(answer, "new-id")
    pages = (
        "/developer/apps",
        *(f"/developer/apps/{client_id}{ending}" for ending in ("", "/secret", "/delete")),
    )

    assert len(secret) >= 43
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Location" not in answer.headers
    assert secret not in str(answer.headers)
    assert [path for path in pages if secret in developer.browser.get(path).text] == []
    assert secret not in developer.browser.session_cookie


def test_the_secret_is_not_stored(
    developer: Developer, instance_database: Path, events: Events
) -> None:
    client = developer.has_a_client()
    files = instance_database.parent.glob("auth_server.db*")

    assert client.client_secret
    assert not any(client.client_secret.encode() in file.read_bytes() for file in files)
    assert client.client_secret not in str(events.entries)
    assert events.named("client_registered")[0]["client_id"] == client.client_id


def test_a_form_sent_twice_registers_one_client(developer: Developer) -> None:
    """A reload or the back button leaves one client, and shows a notice."""
    form = developer.form("/developer/apps/new")
    first = developer.registers(form)
    again = developer.registers(form, name="Another name")
    page = developer.page()

    assert (again.status_code, again.headers["Location"]) == (303, "/developer/apps")
    assert "This form was already sent" in page.text
    assert page.addresses.count(f"/developer/apps/{shown(first, 'new-id')}") == 1
    assert "Another name" not in page.text
    assert "This form was already sent" not in developer.page().text


def test_a_double_click_registers_one_client(developer: Developer) -> None:
    form, cookie = developer.form("/developer/apps/new"), developer.browser.session_cookie

    def click() -> int:
        browser = developer.browser.another()
        browser.session_cookie = cookie
        data = form.entries | {
            "name": "Twice",
            "redirect_uris": "https://a.example",
            "type": "public",
        }
        return browser.post(form.action, data=data | {"scope": "profile"}).status_code

    assert sorted(repeat_at_once(4, click)) == [200, 303, 303, 303]
    assert len(re.findall("Edit Twice", developer.page().text)) == 1


def test_the_same_form_of_two_users_registers_two_clients(
    developer: Developer, alice: Person
) -> None:
    """A user cannot choose a client identifier through the form's hidden key."""
    form, alices = developer.form("/developer/apps/new"), Developer(alice)
    form_id = form.entries["form_id"]
    one = developer.registers(form)
    other = alices.registers(form_id=form_id, name="Alice in Print")

    assert other.status_code == 200
    assert len({shown(one, "new-id"), shown(other, "new-id"), form_id}) == 3


def test_a_form_with_errors_can_be_corrected_and_sent_again(developer: Developer) -> None:
    form = developer.form("/developer/apps/new")

    assert developer.registers(form, name="").status_code == 400
    assert developer.registers(form).status_code == 200


def test_the_number_of_clients_per_developer_is_limited(
    developer: Developer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("auth_server.developer.MAX_CLIENTS", 2)
    developer.has_a_client()
    developer.has_a_client()
    answer = developer.registers()

    assert MAX_CLIENTS == 50
    assert answer.status_code == 400
    assert "You have reached the limit of 2 apps" in Page(answer).text
    assert 'value="Postcard Press"' in answer.text
    assert "/developer/apps/new" not in developer.page().addresses


def test_a_client_of_a_demo_account_works_only_in_the_demo(alice: Person, start: object) -> None:
    """Outside the demo nobody could manage it, and everybody knows the password of its owner."""
    client = Developer(alice).has_a_client()
    outside: Server = start(DEMO="0")  # type: ignore[operator]

    assert alice.browser.another().get(client.authorization_path()).status_code == 303
    assert outside.browser().get(client.authorization_path()).status_code == 400


def test_the_connect_page_links_to_both_addresses_of_the_metadata(server: Server) -> None:
    page = Page(server.browser().get("/developer/connect"))

    names = {"oauth-authorization-server", "openid-configuration"}
    assert {f"/.well-known/{name}" for name in names} <= set(page.addresses)


def test_the_connect_page_needs_no_sign_in(server: Server) -> None:
    text = Page(server.browser().get("/developer/connect")).text

    for words in (
        *[
            "/.well-known/oauth-authorization-server",
            "S256",
            "exactly the registered one",
            "iss",
            "/me",
        ],
        *[
            "GenericOAuthenticator",
            "Auth.js",
            "issuer:",
            "use_pkce=True",
            "oauth_pkce_enabled",
            "passport-oauth2",
        ],
        *["grant", "pkce: true", "BaseOAuth2PKCE", "REDIRECT_STATE = False"],
    ):
        assert words in text
