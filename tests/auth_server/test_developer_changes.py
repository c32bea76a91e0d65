"""Editing and deleting a client and renewing its secret: the effect on its grants."""

from dataclasses import replace

import pytest
from world.cast import Person
from world.events import Events
from world.page import Page
from world.registered_client import RegisteredClient, Tokens

from tests.auth_server.developers import Developer, shown


@pytest.fixture
def developer(mallory: Person) -> Developer:
    return Developer(mallory)


@pytest.fixture
def client(developer: Developer) -> RegisteredClient:
    return developer.has_a_client(scope=["profile", "photos:read", "photos:write"])


@pytest.fixture
def tokens(client: RegisteredClient, alice: Person) -> Tokens:
    return alice.connect(client)


def scope_of(photo_api: RegisteredClient, token: str) -> str | None:
    """Return the token's scope as the API sees it, or None if the token is not active."""
    scope: str | None = photo_api.introspect(token).json().get("scope")
    return scope


def test_a_change_is_saved_and_confirmed(developer: Developer, client: RegisteredClient) -> None:
    answer = developer.edits(client, name="Postcards & More", redirect_uris="https://new.example/")
    page = developer.page()

    assert (answer.status_code, answer.headers["Location"]) == (303, "/developer/apps")
    assert "You changed Postcards & More." in page.text
    assert "https://new.example/" in page.text


def test_a_removed_redirect_uri_is_rejected(
    developer: Developer, client: RegisteredClient, alice: Person
) -> None:
    developer.edits(client, redirect_uris="https://new.example/")
    before, after = (
        client.authorization_path(),
        client.authorization_path(redirect_uri="https://new.example/"),
    )

    assert alice.ask(before).status_code == 400
    assert alice.allow_request(after).redirect_uri == "https://new.example/"


def test_the_type_cannot_change(
    developer: Developer, client: RegisteredClient, alice: Person
) -> None:
    developer.edits(client, type="public")

    assert alice.connect(client).access_token
    assert "confidential" in developer.page().text


def test_a_scope_removed_from_the_client_is_removed_from_its_tokens(
    developer: Developer, client: RegisteredClient, tokens: Tokens, photo_api: RegisteredClient
) -> None:
    """The client keeps the remaining scope; otherwise its refresh requests would be rejected."""
    developer.edits(client, scope=["profile"])
    now = scope_of(photo_api, tokens.access_token)
    refreshed = Tokens.read(client.refresh(tokens.refresh_token))

    assert now == "profile"
    assert refreshed.scope == scope_of(photo_api, refreshed.access_token) == "profile"
    assert (
        client.refresh(refreshed.refresh_token, scope="profile photos:read").json()["error"]
        == "invalid_scope"
    )


def test_a_code_issued_before_the_change_gives_the_remaining_scope(
    developer: Developer, client: RegisteredClient, alice: Person
) -> None:
    code = alice.allow_request(client.authorization_path()).code
    developer.edits(client, scope=["photos:read"])

    assert Tokens.read(client.redeem(code)).scope == "photos:read"


def test_a_token_with_only_the_removed_scope_is_inactive_and_its_grant_goes_on(
    developer: Developer, client: RegisteredClient, tokens: Tokens, photo_api: RegisteredClient
) -> None:
    narrow = Tokens.read(client.refresh(tokens.refresh_token, scope="photos:write"))
    developer.edits(client, scope=["profile"])

    assert scope_of(photo_api, narrow.access_token) is None
    assert Tokens.read(client.refresh(narrow.refresh_token)).scope == "profile"


def test_a_grant_without_remaining_scope_ends(
    developer: Developer,
    client: RegisteredClient,
    alice: Person,
    photo_api: RegisteredClient,
    events: Events,
) -> None:
    tokens = alice.connect(client, scope="photos:write")
    developer.edits(client, scope=["profile"])

    assert scope_of(photo_api, tokens.access_token) is None
    assert client.refresh(tokens.refresh_token).json()["error"] == "invalid_grant"
    assert [entry["reason"] for entry in events.named("grant_ended")] == ["scope_withdrawn"]


def test_a_scope_that_is_registered_again_needs_a_new_consent(
    developer: Developer,
    client: RegisteredClient,
    tokens: Tokens,
    alice: Person,
    photo_api: RegisteredClient,
) -> None:
    developer.edits(client, scope=["profile"])
    developer.edits(client, scope=["profile", "photos:read"])
    page = alice.consent_page(client.authorization_path(scope="profile photos:read"))

    assert list(page.boxes) == ["photos:read"]
    assert scope_of(photo_api, tokens.access_token) == "profile"


def test_other_clients_keep_their_scopes(
    developer: Developer, client: RegisteredClient, alice: Person, photo_api: RegisteredClient
) -> None:
    other = developer.has_a_client(name="Other")
    tokens = alice.connect(other)
    developer.edits(client, scope=["profile"])

    assert scope_of(photo_api, tokens.access_token) == "profile photos:read"


def test_a_wider_registration_changes_no_grant(
    developer: Developer, alice: Person, photo_api: RegisteredClient, events: Events
) -> None:
    client = developer.has_a_client(scope=["profile"])
    tokens = alice.connect(client)
    developer.edits(client, scope=["profile", "photos:write"])

    assert scope_of(photo_api, tokens.access_token) == "profile"
    assert events.named("grant_ended") == []


def test_a_new_secret_replaces_the_old_one_and_is_shown_once(
    developer: Developer, client: RegisteredClient, tokens: Tokens
) -> None:
    answer = developer.renews(client)
    secret = str(shown(answer, "new-secret"))
    renewed = replace(client, client_secret=secret)

    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
    assert secret != client.client_secret
    assert secret not in developer.browser.session_cookie
    assert client.refresh(tokens.refresh_token).status_code == 401
    assert renewed.refresh(tokens.refresh_token).status_code == 200
    assert secret not in developer.browser.get(f"/developer/apps/{client.client_id}").text


def test_a_reload_does_not_renew_the_secret_again(
    developer: Developer, client: RegisteredClient, alice: Person
) -> None:
    form = developer.form(f"/developer/apps/{client.client_id}/secret")
    secret = shown(developer.renews(client, form), "new-secret")
    again = developer.renews(client, form)

    assert (again.status_code, again.headers["Location"]) == (303, "/developer/apps")
    assert "was not replaced again" in developer.page().text
    assert alice.connect(replace(client, client_secret=secret))


def test_a_public_client_gets_no_secret(developer: Developer) -> None:
    client = developer.has_a_client(type="public")
    path = f"/developer/apps/{client.client_id}/secret"
    page = developer.page(path)
    form = developer.form(f"/developer/apps/{client.client_id}/delete")
    answer = developer.browser.post(path, data=form.entries)

    assert (page.status, page.forms) == (200, [])
    assert "has no secret" in page.text
    assert shown(answer, "new-secret") is None
    assert developer.browser.another().get(client.authorization_path()).status_code == 303


def test_deleting_asks_for_confirmation_without_javascript(
    developer: Developer, client: RegisteredClient
) -> None:
    page = developer.page(f"/developer/apps/{client.client_id}/delete")

    assert page.title.startswith("Delete Postcard Press?")
    assert page.form.action == f"/developer/apps/{client.client_id}/delete"
    assert client.client_id in developer.page().text


def test_deleting_a_client_ends_its_grants(
    developer: Developer, client: RegisteredClient, tokens: Tokens, photo_api: RegisteredClient
) -> None:
    answer = developer.deletes(client)

    assert (answer.status_code, answer.headers["Location"]) == (303, "/developer/apps")
    assert "You deleted Postcard Press." in developer.page().text
    assert scope_of(photo_api, tokens.access_token) is None
    assert client.refresh(tokens.refresh_token).status_code == 401
    assert developer.browser.get(f"/developer/apps/{client.client_id}").status_code == 404


def test_deleting_twice_is_not_found(developer: Developer, client: RegisteredClient) -> None:
    form = developer.form(f"/developer/apps/{client.client_id}/delete")
    developer.deletes(client)

    assert developer.browser.post(form.action, data=form.entries).status_code == 404


def test_the_edit_page_has_snippets_without_the_secret(
    developer: Developer, client: RegisteredClient
) -> None:
    answer = developer.browser.get(f"/developer/apps/{client.client_id}")

    assert client.client_secret
    assert client.client_secret not in answer.text
    assert "CLIENT_SECRET" in str(shown(answer, "snippet-curl"))
    assert client.client_id in str(shown(answer, "snippet-authlib"))
    assert "Ready to run" in Page(answer).text
