"""Some changes need the password again when the sign-in is older than ten minutes."""

import re

import pytest
from requests import Response
from world.cast import Person
from world.clock import Clock
from world.events import Events
from world.page import Page
from world.registered_client import RegisteredClient

from tests.auth_server.conftest import MALLORYS_PASSWORD
from tests.auth_server.developers import Developer, shown
from tests.auth_server.server import Server

NEW_URI = "https://new.example/callback"


@pytest.fixture
def developer(clock: Clock, mallory: Person) -> Developer:
    return Developer(mallory)


@pytest.fixture
def client(developer: Developer) -> RegisteredClient:
    return developer.has_a_client()


@pytest.fixture
def later(client: RegisteredClient, clock: Clock) -> None:
    """Let ten minutes pass after the sign-in."""
    clock.forward(601)


def redirect_uris(developer: Developer, client: RegisteredClient) -> str:
    page = developer.browser.get(f"/developer/apps/{client.client_id}").text
    found = re.search(r"<textarea[^>]*>\s*(.*?)</textarea>", page, re.DOTALL)
    assert found is not None
    return found[1]


def renew(developer: Developer, client: RegisteredClient, **typed: str) -> Response:
    return developer.send(f"/developer/apps/{client.client_id}/secret", **typed)


def test_a_recent_sign_in_is_enough(
    developer: Developer, client: RegisteredClient, clock: Clock
) -> None:
    clock.forward(599)

    assert developer.edits(client, redirect_uris=NEW_URI).status_code == 303
    assert shown(renew(developer, client), "new-secret")


@pytest.mark.usefixtures("later")
@pytest.mark.parametrize("typed", [{}, {"password": ""}, {"password": "a guess"}])
def test_the_redirect_uris_stay_without_the_password(
    developer: Developer, client: RegisteredClient, typed: dict[str, str]
) -> None:
    answer = developer.edits(client, redirect_uris=NEW_URI, **typed)
    page = Page(answer)

    assert (answer.status_code, page.title.startswith("Error: ")) == (403, True)
    assert "Nothing was changed." in page.text
    assert redirect_uris(developer, client) == client.redirect_uri


@pytest.mark.usefixtures("later")
@pytest.mark.parametrize("typed", [{}, {"password": ""}, {"password": "a guess"}])
def test_the_secret_stays_without_the_password(
    developer: Developer, client: RegisteredClient, alice: Person, typed: dict[str, str]
) -> None:
    answer = renew(developer, client, **typed)

    assert answer.status_code == 403
    assert "The secret was not replaced." in Page(answer).text
    assert shown(answer, "new-secret") is None
    assert alice.connect(client).access_token


@pytest.mark.usefixtures("later")
def test_the_password_confirms_the_change(developer: Developer, client: RegisteredClient) -> None:
    edited = developer.edits(client, redirect_uris=NEW_URI, password=MALLORYS_PASSWORD)
    renewed = renew(developer, client, password=MALLORYS_PASSWORD)

    assert edited.status_code == 303
    assert redirect_uris(developer, client) == NEW_URI
    assert shown(renewed, "new-secret")


@pytest.mark.usefixtures("later")
def test_the_password_counts_for_one_form(developer: Developer, client: RegisteredClient) -> None:
    """A copied cookie must not profit from it."""
    developer.edits(client, redirect_uris=NEW_URI, password=MALLORYS_PASSWORD)

    assert renew(developer, client).status_code == 403


@pytest.mark.usefixtures("later")
def test_other_changes_need_no_password(developer: Developer, client: RegisteredClient) -> None:
    answer = developer.edits(client, name="Postcards & More", homepage="")

    assert answer.status_code == 303


@pytest.mark.usefixtures("later")
def test_the_input_is_not_lost(developer: Developer, client: RegisteredClient) -> None:
    changes = {"name": "Another Name", "redirect_uris": f"{NEW_URI}\n{client.redirect_uri}"}
    answer = developer.edits(client, **changes, password="a guess")
    form = next(form for form in Page(answer).forms if form.action.endswith(client.client_id))

    assert form.entries["name"] == "Another Name"
    assert NEW_URI in answer.text
    assert "a guess" not in answer.text


@pytest.mark.usefixtures("later")
def test_a_form_error_is_reported_before_the_password(
    developer: Developer, client: RegisteredClient
) -> None:
    answer = developer.edits(client, redirect_uris="http://new.example/", password="a guess")

    assert answer.status_code == 400
    assert "Correct the marked fields" in Page(answer).text


def test_a_form_that_was_opened_before_asks_as_well(
    developer: Developer, client: RegisteredClient, clock: Clock
) -> None:
    path = f"/developer/apps/{client.client_id}/secret"
    form = developer.form(path)
    clock.forward(minutes=11)
    answer = developer.send(path, form)

    assert (answer.status_code, Page(answer).has_field("password")) == (403, True)


def test_the_field_is_shown_only_when_it_is_needed(
    developer: Developer, client: RegisteredClient, clock: Clock
) -> None:
    paths = [f"/developer/apps/{client.client_id}{ending}" for ending in ("", "/secret")]
    before = [developer.page(path).has_field("password") for path in paths]
    clock.forward(minutes=11)
    after = [developer.page(path).has_field("password") for path in paths]

    assert (before, after) == ([False, False], [True, True])


@pytest.mark.usefixtures("later")
def test_guesses_are_throttled(
    developer: Developer, client: RegisteredClient, events: Events
) -> None:
    statuses = [renew(developer, client, password="a guess").status_code for _ in range(5)]
    throttled = renew(developer, client, password=MALLORYS_PASSWORD)

    assert statuses == [403] * 5
    assert throttled.status_code == 429
    assert int(throttled.headers["Retry-After"]) <= 61
    assert "Too many attempts." in Page(throttled).text
    assert len(events.named("confirmation_refused")) == 5
    assert len(events.named("confirmation_throttled")) == 1


@pytest.mark.usefixtures("later")
def test_a_change_of_the_password_makes_the_sign_in_recent(
    developer: Developer, client: RegisteredClient
) -> None:
    new = "no longer the same"
    typed = {
        "current_password": MALLORYS_PASSWORD,
        "new_password": new,
        "repeated_password": new,
    }
    form = Page(developer.browser.get("/account/password")).form
    developer.browser.post(form.action, form.entries | typed)

    assert shown(renew(developer, client), "new-secret")


@pytest.mark.usefixtures("later")
def test_another_sign_in_makes_it_recent(developer: Developer, client: RegisteredClient) -> None:
    developer.person.send_login("/login")

    assert shown(renew(developer, client), "new-secret")


@pytest.mark.usefixtures("later")
def test_the_client_of_another_user_does_not_exist_with_the_password(
    server: Server, client: RegisteredClient
) -> None:
    bob = server.person("bob", "builder")
    bob.send_login()
    form = Page(bob.browser.get("/account/apps")).forms[-1].entries
    path = f"/developer/apps/{client.client_id}"
    for address in (path, f"{path}/secret"):
        assert bob.browser.post(address, form | {"password": "builder"}).status_code == 404
