"""A3 – The page to choose an account (OpenID Connect Core §3.1.2.1, `prompt=select_account`).

Also `login_hint`, which fills in the username on the login page.
"""

from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
import requests
from world.cast import Person
from world.events import Events
from world.page import Form, Page
from world.registered_client import AuthorizationResponse, Parameter, RegisteredClient

from tests.auth_server.server import ISSUER, Server
from tests.auth_server.test_login_page import LEADS_ASTRAY

CHOICE = "/login/account"
CONTINUE, ANOTHER = "Continue as Alice Liddell", "Use another account"


def request(client: RegisteredClient, **overrides: Parameter) -> str:
    return client.authorization_path(**{"prompt": "select_account"} | overrides)


def target(response: requests.Response) -> tuple[str, dict[str, str]]:
    """Return the path and the query of a redirect."""
    assert response.status_code == 303, response.text
    parts = urlsplit(response.headers["Location"])
    return parts.path, dict(parse_qsl(parts.query))


def follow(person: Person, response: requests.Response) -> requests.Response:
    return person.browser.get(response.headers["Location"])


def choice_page(person: Person, address: str) -> Page:
    """Open an authorization request, which redirects to the choice of the account."""
    response = person.browser.get(address)
    assert target(response) == (CHOICE, {"next": address})
    return Page(follow(person, response))


def choose(person: Person, page: Page) -> requests.Response:
    """Continue as the signed-in user."""
    form = choice_form(page)
    return person.browser.post(form.action, form.entries)


def choice_form(page: Page) -> Form:
    [form] = [form for form in page.forms if form.action.startswith(CHOICE)]
    return form


def another_account(page: Page) -> str:
    [address] = [link.href for link in page.links if link.text == ANOTHER]
    return address


def test_a_signed_in_user_is_asked_for_the_account(
    alice: Person, print_shop: RegisteredClient
) -> None:
    alice.send_login()
    page = choice_page(alice, request(print_shop))

    assert page.status == 200
    assert "Print Shop" in page.text
    assert [button.text for button in choice_form(page).buttons] == [CONTINUE]
    assert another_account(page).startswith("/login?next=")


def test_a_user_who_is_not_signed_in_gets_the_login_page(
    alice: Person, print_shop: RegisteredClient
) -> None:
    address = request(print_shop)
    to_login = alice.browser.get(address)
    page = Page(follow(alice, alice.send_login(to_login.headers["Location"])))

    assert target(to_login) == ("/login", {"next": address})
    assert page.boxes == {"profile": True, "photos:read": True}


def test_the_flow_continues_with_the_chosen_account(
    alice: Person, print_shop: RegisteredClient, events: Events
) -> None:
    alice.send_login()
    address = request(print_shop)
    chosen = choose(alice, choice_page(alice, address))
    page = Page(follow(alice, chosen))
    response = AuthorizationResponse.read(alice.decide(page, "allow", *page.boxes))

    assert (chosen.status_code, chosen.headers["Location"]) == (303, address)
    assert "Alice Liddell" in page.text
    assert print_shop.redeem(response.code).status_code == 200
    assert len(events.named("account_chosen")) == 1


def test_remembered_consent_is_not_asked_again(alice: Person, print_shop: RegisteredClient) -> None:
    alice.allow_request(print_shop.authorization_path())
    chosen = choose(alice, choice_page(alice, request(print_shop)))

    assert AuthorizationResponse.read(follow(alice, chosen)).code


def test_another_account_signs_in_and_is_not_asked_again(
    alice: Person, print_shop: RegisteredClient
) -> None:
    alice.send_login()
    page = choice_page(alice, request(print_shop))
    bob = {"username": "bob", "password": "builder"}
    consent = Page(follow(alice, alice.send_login(another_account(page), **bob)))

    assert "Bob Mason" in consent.text
    assert consent.boxes == {"profile": True, "photos:read": True}


def test_nobody_is_signed_out_before_another_user_has_signed_in(
    alice: Person, print_shop: RegisteredClient
) -> None:
    """A link of another site can open these pages, so they must not change anything."""
    alice.send_login()
    page = choice_page(alice, request(print_shop))
    alice.browser.get(another_account(page))
    alice.send_login(another_account(page), username="bob", password="a wrong one")

    assert alice.is_signed_in()


def test_a_choice_counts_for_one_request(alice: Person, print_shop: RegisteredClient) -> None:
    alice.allow_request(print_shop.authorization_path())
    first = request(print_shop, state="first")
    follow(alice, choose(alice, choice_page(alice, first)))

    assert target(alice.browser.get(first))[0] == CHOICE
    assert target(alice.browser.get(request(print_shop, state="second")))[0] == CHOICE


def test_a_choice_for_one_request_does_not_count_for_another(
    alice: Person, print_shop: RegisteredClient
) -> None:
    alice.send_login()
    choose(alice, choice_page(alice, request(print_shop, state="first")))

    assert target(alice.browser.get(request(print_shop, state="second")))[0] == CHOICE


def test_a_denied_request_asks_for_the_account_again(
    alice: Person, print_shop: RegisteredClient
) -> None:
    alice.send_login()
    consent = Page(follow(alice, choose(alice, choice_page(alice, request(print_shop)))))
    alice.decide(consent, "deny")

    assert target(alice.browser.get(request(print_shop)))[0] == CHOICE


def test_a_new_sign_in_forgets_the_choice(alice: Person, print_shop: RegisteredClient) -> None:
    alice.send_login()
    choose(alice, choice_page(alice, request(print_shop)))
    alice.send_login()

    assert target(alice.browser.get(request(print_shop)))[0] == CHOICE


def test_an_old_consent_form_is_not_accepted_without_a_choice(
    alice: Person, print_shop: RegisteredClient
) -> None:
    """The same request is open in two tabs, and one of them is finished."""
    alice.send_login()
    address = request(print_shop)
    chosen = choose(alice, choice_page(alice, address))
    first, second = Page(follow(alice, chosen)), Page(follow(alice, chosen))
    alice.decide(first, "allow", *first.boxes)

    assert target(alice.decide(second, "allow", *second.boxes)) == (CHOICE, {"next": address})


# Combinations -----------------------------------------------------------------


@pytest.mark.parametrize("prompt", ["select_account login", "login select_account consent"])
def test_with_login_the_login_page_is_where_the_account_is_chosen(
    alice: Person, print_shop: RegisteredClient, prompt: str
) -> None:
    """The user enters the username of any account there, so it is asked only once."""
    alice.allow_request(print_shop.authorization_path())
    address = request(print_shop, prompt=prompt)
    to_login = alice.browser.get(address)
    response = follow(alice, alice.send_login(to_login.headers["Location"]))

    assert target(to_login) == ("/login", {"next": address})
    assert (response.status_code == 200) == ("consent" in prompt)


def test_a_choice_does_not_replace_a_sign_in(alice: Person, print_shop: RegisteredClient) -> None:
    """A form that was made for another request must not satisfy `prompt=login`."""
    alice.send_login()
    page = choice_page(alice, request(print_shop))
    address = request(print_shop, prompt="login select_account")
    alice.browser.post(f"{CHOICE}?{urlencode({'next': address})}", choice_form(page).entries)

    assert target(alice.browser.get(address))[0] == "/login"


def test_with_consent_both_pages_are_shown(alice: Person, print_shop: RegisteredClient) -> None:
    alice.allow_request(print_shop.authorization_path())
    address = request(print_shop, prompt="consent select_account")
    page = Page(follow(alice, choose(alice, choice_page(alice, address))))
    response = AuthorizationResponse.read(alice.decide(page, "allow", *page.boxes))

    assert page.boxes == {"profile": True, "photos:read": True}
    assert response.code


@pytest.mark.parametrize("prompt", ["none select_account", "select_account none consent"])
def test_none_forbids_the_choice(alice: Person, print_shop: RegisteredClient, prompt: str) -> None:
    response = AuthorizationResponse.read(alice.browser.get(request(print_shop, prompt=prompt)))

    assert response.error == "invalid_request"


# The page ---------------------------------------------------------------------


def test_the_form_of_another_session_is_refused(
    alice: Person, bob: Person, print_shop: RegisteredClient
) -> None:
    alice.send_login()
    bob.send_login()
    form = choice_form(choice_page(bob, request(print_shop)))

    assert alice.browser.post(form.action, form.entries).status_code == 400
    assert target(alice.browser.get(request(print_shop)))[0] == CHOICE


def test_a_form_from_before_another_sign_in_leads_back_to_the_choice(
    alice: Person, print_shop: RegisteredClient
) -> None:
    """Bob signs in in another tab. The button still says alice, so it must not continue as bob."""
    alice.send_login()
    page = choice_page(alice, request(print_shop))
    alice.send_login(username="bob", password="builder")
    refused = Page(choose(alice, page))
    [again] = [link.href for link in refused.links if link.text == "Open the page again"]

    assert refused.status == 400
    assert "Continue as Bob Mason" in Page(alice.browser.get(again)).text


def test_without_a_sign_in_the_page_redirects_to_the_login_page(
    server: Server, print_shop: RegisteredClient
) -> None:
    """The user may have signed out in another tab. The request is not lost."""
    address = request(print_shop)
    response = server.browser().get(CHOICE, params={"next": address})

    assert target(response) == ("/login", {"next": address})


@pytest.mark.parametrize("address", LEADS_ASTRAY.values(), ids=LEADS_ASTRAY)
def test_the_page_leads_to_no_other_site(alice: Person, address: str) -> None:
    alice.send_login()
    page = Page(alice.browser.get(CHOICE, params={"next": address}))
    chosen = choose(alice, page)

    assert (chosen.status_code, chosen.headers["Location"]) == (303, "/")
    assert another_account(page) == "/login"


# login_hint -------------------------------------------------------------------


def username_on_login_page(person: Person, address: str) -> str:
    [form] = Page(follow(person, person.browser.get(address))).forms
    return str(form.entries["username"])


@pytest.mark.parametrize("prompt", [None, "login", "select_account"])
def test_the_login_hint_fills_in_the_username(
    alice: Person, print_shop: RegisteredClient, prompt: str | None
) -> None:
    address = request(print_shop, prompt=prompt, login_hint="alice")

    assert username_on_login_page(alice, address) == "alice"


@pytest.mark.parametrize("hint", ["", "not a username", "x" * 65, '"><script>', "a\0", "a\u200bb"])
def test_a_login_hint_that_is_no_username_is_ignored(
    alice: Person, print_shop: RegisteredClient, hint: str
) -> None:
    assert username_on_login_page(alice, request(print_shop, login_hint=hint)) == ""


def test_what_the_user_typed_replaces_the_login_hint(
    alice: Person, print_shop: RegisteredClient
) -> None:
    address = alice.browser.get(request(print_shop, login_hint="alice")).headers["Location"]
    page = Page(alice.send_login(address, username="bob", password="a wrong one"))

    assert page.form.entries["username"] == "bob"


def test_the_metadata_has_the_prompt(server: Server) -> None:
    metadata = server.browser().get(f"{ISSUER}/.well-known/oauth-authorization-server").json()

    assert metadata["prompt_values_supported"] == ["none", "login", "consent", "select_account"]
