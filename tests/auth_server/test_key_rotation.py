"""After a rotation of the secret key with a fallback, what was open before still works."""

from collections.abc import Callable

import pytest
from world.cast import Person
from world.page import Form, Page
from world.registered_client import RegisteredClient

from tests.auth_server.developers import Developer
from tests.auth_server.server import Server

OLD, NEW = "the former secret key of the server", "the newest secret key of the server"


@pytest.fixture
def before(start: Callable[..., Server]) -> Server:
    return start(SECRET_KEY=OLD)


@pytest.fixture
def after(start: Callable[..., Server], before: Server) -> Server:
    return start(SECRET_KEY=NEW, SECRET_KEY_FALLBACKS=f"a key from long ago,{OLD}")


def move(person: Person, server: Server) -> Person:
    """Return the person at the other server, in a browser that has the same cookie."""
    moved = server.person(person.username, person.password)
    moved.browser.session_cookie = person.browser.session_cookie
    return moved


def form_of(person: Person, path: str) -> Form:
    return Page(person.ask(path)).forms[-1]


def test_the_user_stays_signed_in(before: Server, after: Server) -> None:
    alice = before.person("alice", "wonderland")
    alice.send_login()

    assert move(alice, after).is_signed_in()


def test_an_open_login_form_still_works(before: Server, after: Server) -> None:
    alice = before.person("alice", "wonderland")
    form = Page(alice.browser.get("/login")).form
    typed = {"username": "alice", "password": "wonderland"}
    moved = move(alice, after)

    assert moved.browser.post(form.action, form.entries | typed).status_code == 303
    assert moved.is_signed_in()


def test_an_open_consent_page_still_works(
    before: Server, after: Server, print_shop: RegisteredClient
) -> None:
    alice = before.person("alice", "wonderland")
    page = alice.consent_page(print_shop.authorization_path())

    assert move(alice, after).decide(page, "allow", *page.boxes).status_code == 302


def test_an_open_form_for_a_new_secret_still_works(
    before: Server, after: Server, mallory: Person
) -> None:
    developer = Developer(before.person(mallory.username, mallory.password))
    client = developer.has_a_client()
    path = f"/developer/apps/{client.client_id}/secret"
    form = form_of(developer.person, path)
    answer = move(developer.person, after).browser.post(path, form.entries)

    assert answer.status_code == 200
    assert "new-secret" in answer.text


def test_a_form_signed_with_a_removed_key_is_refused(
    before: Server, start: Callable[..., Server]
) -> None:
    alice = before.person("alice", "wonderland")
    alice.send_login()
    form = Page(alice.browser.get("/")).sign_out_form
    assert form
    without = start(SECRET_KEY=NEW)
    moved = move(alice, without)

    assert not moved.is_signed_in()
    assert moved.browser.post(form.action, form.entries).status_code == 400
