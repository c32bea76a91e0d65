"""RP-initiated logout (OpenID Connect RP-Initiated Logout 1.0)."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
import requests
from world.cast import Person
from world.clock import Clock
from world.events import Events
from world.page import Page
from world.registered_client import RegisteredClient

from auth_server.models import Client
from auth_server.signing_keys import ANNOUNCED_FOR, PUBLISHED_FOR
from tests.auth_server.developers import Developer
from tests.auth_server.server import Server
from tests.auth_server.test_openid_request import FORGERIES, signed_by_the_server

LOGOUT = "/oauth/logout"
HOME = "http://127.0.0.1:9001/"


def logout(person: Person, **parameters: str) -> requests.Response:
    return person.browser.get(f"{LOGOUT}?{urlencode(parameters)}")


def confirm(person: Person, answer: requests.Response) -> requests.Response:
    form = next(form for form in Page(answer).forms if "confirmation" in form.action)
    return person.browser.post(form.action, form.entries)


def redirected(answer: requests.Response) -> str | None:
    assert answer.status_code in (200, 303, 400), answer.text
    return answer.headers.get("Location")


def test_the_hint_of_this_sign_in_ends_it_without_a_question(alice: Person, hint: str) -> None:
    answer = logout(alice, id_token_hint=hint)

    assert (answer.status_code, Page(answer).title) == (200, "You are signed out · Tripod ID")
    assert not alice.is_signed_in()


def test_the_user_returns_to_the_registered_address_with_the_state(
    alice: Person, hint: str
) -> None:
    answer = logout(
        alice,
        id_token_hint=hint,
        post_logout_redirect_uri=HOME,
        state="a b&c=d",
        client_id="print-shop",
    )

    assert redirected(answer) == f"{HOME}?state=a%20b%26c%3Dd"
    assert not alice.is_signed_in()


def test_an_expired_hint_is_accepted(clock: Clock, alice: Person, hint: str) -> None:
    clock.forward(5000)

    logout(alice, id_token_hint=hint)

    assert not alice.is_signed_in()


def test_a_hint_of_a_retired_key_is_accepted(
    clock: Clock, server: Server, alice: Person, hint: str
) -> None:
    """The sign-in lives longer than the key is published."""
    server.run("keys", "rotate")
    clock.forward(ANNOUNCED_FOR + PUBLISHED_FOR)
    server.run("tokens", "purge")
    server.app.extensions["tripod.signing_keys"].forget()  # as after five seconds

    assert logout(alice, id_token_hint=hint).status_code == 200
    assert not alice.is_signed_in()


@pytest.mark.parametrize("parameters", [{}, {"client_id": "print-shop"}])
def test_without_a_hint_the_user_is_asked(alice: Person, parameters: dict[str, str]) -> None:
    alice.send_login()
    answer = logout(alice, **parameters)

    assert "Sign out?" in Page(answer).text
    assert alice.is_signed_in()
    assert confirm(alice, answer).status_code == 200
    assert not alice.is_signed_in()


def test_after_the_confirmation_the_user_returns_to_the_client(alice: Person) -> None:
    alice.send_login()
    answer = logout(alice, client_id="print-shop", post_logout_redirect_uri=HOME, state="s")

    assert "127.0.0.1:9001" in Page(answer).text
    assert redirected(confirm(alice, answer)) == f"{HOME}?state=s"


def test_the_hint_of_somebody_else_ends_no_sign_in(bob: Person, hint: str) -> None:
    bob.send_login()

    answer = logout(bob, id_token_hint=hint, post_logout_redirect_uri=HOME)

    assert redirected(answer) is None
    assert "Sign out?" in Page(answer).text
    assert bob.is_signed_in()


def test_the_hint_of_another_sign_in_ends_no_sign_in(alice: Person, hint: str) -> None:
    elsewhere = alice.in_another_browser()
    elsewhere.send_login()

    answer = logout(elsewhere, id_token_hint=hint)

    assert "Sign out?" in Page(answer).text
    assert elsewhere.is_signed_in()


@pytest.mark.parametrize(("username", "is_signed_in"), [("alice", False), ("bob", True)])
def test_a_hint_without_a_sid_is_for_each_sign_in_of_its_user(
    server: Server,
    alice: Person,
    bob: Person,
    claims: dict[str, Any],
    username: str,
    is_signed_in: bool,
) -> None:
    """An ID token of a grant whose sign-in is unknown has none."""
    person = {"alice": alice, "bob": bob}[username].in_another_browser()
    person.send_login()
    without = {name: value for name, value in claims.items() if name != "sid"}

    logout(person, id_token_hint=signed_by_the_server(server, without))

    assert person.is_signed_in() is is_signed_in


def test_a_hint_from_before_a_repeated_sign_in_is_accepted(
    alice: Person, print_shop: RegisteredClient, hint: str
) -> None:
    alice.connect(print_shop, scope="openid", prompt="login")

    logout(alice, id_token_hint=hint)

    assert not alice.is_signed_in()


def test_the_confirmation_needs_a_form_token(alice: Person) -> None:
    alice.send_login()

    answer = alice.browser.post(f"{LOGOUT}/confirmation", {})

    assert answer.status_code == 400
    assert alice.is_signed_in()


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_hint_that_this_server_did_not_issue_is_refused(
    server: Server, alice: Person, claims: dict[str, Any], forgery: str
) -> None:
    forged = FORGERIES[forgery](server, claims)

    answer = logout(alice, id_token_hint=forged, post_logout_redirect_uri=HOME)

    assert (answer.status_code, redirected(answer)) == (400, None)
    assert alice.is_signed_in()


@pytest.mark.parametrize(
    "parameters",
    [
        {"client_id": "photo-api"},
        {"post_logout_redirect_uri": "http://127.0.0.1:9001"},
        {"post_logout_redirect_uri": f"{HOME}callback"},
        {"post_logout_redirect_uri": "https://mallory.example/"},
        {"post_logout_redirect_uri": "javascript:alert(1)"},
    ],
)
def test_a_request_that_contradicts_its_hint_is_refused(
    alice: Person, hint: str, parameters: dict[str, str]
) -> None:
    answer = logout(alice, **{"id_token_hint": hint} | parameters)

    assert (answer.status_code, redirected(answer)) == (400, None)
    assert alice.is_signed_in()


@pytest.mark.parametrize(
    "parameters",
    [
        {"post_logout_redirect_uri": HOME},
        {"client_id": "nobody"},
        {"client_id": "posters", "post_logout_redirect_uri": HOME},
        {"client_id": "\0"},
    ],
)
def test_an_address_needs_a_client_that_registered_it(
    alice: Person, parameters: dict[str, str]
) -> None:
    alice.send_login()

    answer = logout(alice, **parameters)

    assert (answer.status_code, redirected(answer)) == (400, None)


def test_a_repeated_parameter_is_refused(alice: Person, hint: str) -> None:
    answer = alice.browser.get(f"{LOGOUT}?state=1&state=2&id_token_hint={hint}")

    assert answer.status_code == 400
    assert alice.is_signed_in()


def test_a_refusal_is_in_the_event_log_without_the_hint(
    alice: Person, hint: str, events: Events
) -> None:
    logout(alice, id_token_hint=hint, client_id="photo-api")

    [event] = events.named("logout_request_refused")
    assert event["reason"] == "client_differs"
    assert hint not in str(events.entries)


def test_a_head_request_ends_nothing(alice: Person, hint: str) -> None:
    answer = alice.browser.request("HEAD", f"{LOGOUT}?id_token_hint={hint}")

    assert answer.status_code == 200
    assert alice.is_signed_in()


def test_a_form_of_the_client_is_the_same_request(alice: Person, hint: str) -> None:
    """§2: the endpoint supports POST. A browser sends no cookie with a form of another site."""
    headers = {"Origin": "http://127.0.0.1:9001", "Sec-Fetch-Site": "cross-site"}
    answer = alice.browser.post(
        LOGOUT,
        {"id_token_hint": hint, "post_logout_redirect_uri": HOME, "state": "s", "other": "x"},
        headers=headers,
    )
    then = alice.browser.get(answer.headers["Location"])

    assert (answer.status_code, urlsplit(answer.headers["Location"]).path) == (303, LOGOUT)
    assert "other" not in answer.headers["Location"]
    assert redirected(then) == f"{HOME}?state=s"
    assert not alice.is_signed_in()


def test_a_visitor_who_is_signed_out_returns_at_once(alice: Person, hint: str) -> None:
    stranger = alice.in_another_browser()

    answer = logout(stranger, id_token_hint=hint, post_logout_redirect_uri=HOME)

    assert redirected(answer) == HOME


def test_a_signed_out_visitor_without_a_hint_gets_a_link(server: Server) -> None:
    stranger = server.person("alice", "wonderland")

    answer = logout(stranger, client_id="print-shop", post_logout_redirect_uri=HOME)

    assert redirected(answer) is None
    assert Page(answer).link("Continue to 127.0.0.1:9001").href == HOME


@pytest.fixture
def mallorys_app(server: Server, mallory: Person) -> RegisteredClient:
    """Return a client that a user registered, with an address for after the sign-out."""
    client = Developer(mallory).has_a_client(scope=["openid"])
    with server.database.writing() as db:
        stored = db.get_one(Client, client.client_id)
        stored.post_logout_redirect_uris = ["https://mallory.example/"]
    return client


@pytest.mark.parametrize("with_hint", [True, False])
def test_nobody_can_make_the_server_redirect_strangers(
    server: Server, mallory: Person, mallorys_app: RegisteredClient, with_hint: bool
) -> None:
    """RFC 9700 §4.11.2: a user registers a client, and sends its link to somebody else."""
    parameters = {"client_id": mallorys_app.client_id}
    if with_hint:
        parameters["id_token_hint"] = mallory.connect(mallorys_app, scope="openid").id_token
    stranger = server.person("alice", "wonderland")

    answer = logout(stranger, **parameters, post_logout_redirect_uri="https://mallory.example/")

    assert redirected(answer) is None
    assert "Continue to mallory.example" in Page(answer).text


def test_a_refusal_names_the_button_only_to_a_user_who_has_it(
    server: Server, alice: Person, hint: str
) -> None:
    refused = f"{LOGOUT}?client_id=nobody"

    assert "use the button at the top" in alice.browser.open(refused).text
    assert "You are not signed in here." in server.browser().open(refused).text


def test_a_visitor_without_parameters_reads_that_they_are_signed_out(server: Server) -> None:
    page = server.browser().open(LOGOUT)

    assert "You are signed out" in page.text


def test_the_metadata_has_the_endpoint(
    server: Server, registered: Callable[[str], RegisteredClient]
) -> None:
    metadata = registered("posters").metadata

    assert urlsplit(metadata["end_session_endpoint"]).path == LOGOUT
