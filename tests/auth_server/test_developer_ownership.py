"""Only the owner can see or change a client. Other users get 404 for every request."""

import re

import pytest
from requests import Response
from world.cast import Person
from world.events import Events
from world.page import Page
from world.registered_client import RegisteredClient

from tests.auth_server.developers import OWN_ADDRESSES, POSTCARDS, Developer
from tests.auth_server.server import Server

NOT_HERS = ["bob's", "the demo's", "the resource server's", "the command line's", "nobody's", "odd"]
ODD = ["%00", "%FF", "%F0%9F%92%A3", "x" * 3000, "%27%20OR%201%3D1", "new%20", "*"]


@pytest.fixture
def bobs(bob: Person) -> RegisteredClient:
    return Developer(bob).has_a_client(name="Bob's Own")


@pytest.fixture
def developer(mallory: Person) -> Developer:
    return Developer(mallory)


@pytest.fixture
def client_ids(bobs: RegisteredClient, posters: RegisteredClient) -> dict[str, list[str]]:
    return {
        "bob's": [bobs.client_id],
        "the demo's": ["print-shop"],
        "the resource server's": ["photo-api"],
        "the command line's": [posters.client_id],
        "nobody's": ["0123456789abcdef01234567"],
        "odd": ODD,
    }


@pytest.mark.parametrize("whose", NOT_HERS)
@pytest.mark.parametrize(("method", "address"), OWN_ADDRESSES)
def test_another_developers_client_is_not_found(
    developer: Developer,
    client_ids: dict[str, list[str]],
    bobs: RegisteredClient,
    method: str,
    address: str,
    whose: str,
) -> None:
    """Existing and missing clients get the same response, so that nobody learns which exist."""
    filled_in = POSTCARDS | developer.form("/developer/apps/new").entries
    data = filled_in if method == "POST" else None
    nobodys = developer.browser.request(method, address.format("nobodysatall"), data=data)

    for client_id in client_ids[whose]:
        answer = developer.browser.request(method, address.format(client_id), data=data)
        assert answer.status_code == 404
        assert without_the_address(answer) == without_the_address(nobodys)


def without_the_address(answer: Response) -> str:
    """Return the page without the requested address and the form token, which it contains."""
    changing = r'<code>/developer/apps/.*?</code>|name="(?:csrf_token|next)" value=".*?"'
    return re.sub(changing, "", answer.text, flags=re.DOTALL)


def test_these_requests_leave_the_client_unchanged(
    developer: Developer, bobs: RegisteredClient, alice: Person
) -> None:
    for _, address in OWN_ADDRESSES:
        fields = developer.form("/developer/apps/new").entries
        developer.browser.post(
            address.format(bobs.client_id), data=POSTCARDS | {"name": "Taken"} | fields
        )

    assert alice.connect(bobs).access_token
    assert "Taken" not in developer.page().text


def test_other_users_lists_do_not_contain_the_client(
    developer: Developer, bobs: RegisteredClient, posters: RegisteredClient, bob: Person
) -> None:
    client = developer.has_a_client()
    mallorys_page, bobs_page = developer.page().text, Developer(bob).page().text

    assert client.client_id in mallorys_page
    assert bobs.client_id in bobs_page
    assert not any(
        other in mallorys_page
        for other in (bobs.client_id, "Bob's Own", posters.client_id, "print-shop")
    )
    assert client.client_id not in bobs_page


def test_the_owner_reaches_every_page_of_the_client(bob: Person, bobs: RegisteredClient) -> None:
    gets = [address for method, address in OWN_ADDRESSES if method == "GET"]

    assert [bob.browser.get(address.format(bobs.client_id)).status_code for address in gets] == [
        200,
        200,
        200,
    ]


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_other_methods_reveal_nothing_about_the_owner(
    developer: Developer, bobs: RegisteredClient, method: str
) -> None:
    """The method is rejected for every client alike, before the owner is checked."""
    own = developer.has_a_client()
    token = {"X-CSRFToken": developer.form("/developer/apps/new").entries["csrf_token"]}
    answers = {
        Page(developer.browser.request(method, f"/developer/apps/{client_id}", headers=token)).text
        for client_id in (own.client_id, bobs.client_id, "print-shop", "nobodys")
    }

    assert len(answers) == 1


def test_deleting_a_developer_deletes_their_clients(
    server: Server, bob: Person, bobs: RegisteredClient
) -> None:
    server.run("users", "delete", "bob")

    assert bob.browser.get(bobs.authorization_path()).status_code == 400
    assert bob.browser.get("/developer/apps").status_code == 303


@pytest.mark.parametrize("path", ["/developer/apps/new", "", "/secret", "/delete"])
def test_a_form_without_a_csrf_token_does_nothing(
    bob: Person, bobs: RegisteredClient, alice: Person, path: str
) -> None:
    """Another site can send a form with the user's cookies, but not with the CSRF token."""
    address = path if path.startswith("/developer") else f"/developer/apps/{bobs.client_id}{path}"
    answer = bob.browser.post(
        address, data=POSTCARDS | {"name": "Forged", "redirect_uris": "https://evil.example/"}
    )

    assert answer.status_code == 400
    assert "out of date" in answer.text
    assert "Forged" not in bob.browser.get("/developer/apps").text
    assert alice.connect(bobs).access_token


def test_the_log_of_a_rejected_form_has_the_route_and_not_the_address(
    bob: Person, events: Events
) -> None:
    """Users sometimes paste tokens into addresses."""
    bob.browser.post("/developer/apps/tGzvFWFjXmRk1J2mO8cQ/secret", data={})

    assert [event["path"] for event in events.named("form_refused")] == [
        "/developer/apps/<client_id>/secret"
    ]
