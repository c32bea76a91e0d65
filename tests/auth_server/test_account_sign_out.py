"""Sign out everywhere: it ends all other sign-ins and, if requested, removes the apps."""

import pytest
from requests import Response
from world.cast import Person
from world.events import Events
from world.page import Page
from world.registered_client import RegisteredClient


def end(person: Person, what: str, **changes: str) -> Response:
    """Press the button at the foot of the page."""
    form = Page(person.ask("/account/apps")).forms[-1]
    return person.browser.post(form.action, data=form.entries | {"end": what} | changes)


@pytest.fixture
def elsewhere(alice: Person) -> Person:
    """Return alice, signed in in another browser."""
    elsewhere = alice.in_another_browser()
    elsewhere.send_login()
    return elsewhere


@pytest.mark.parametrize("what", ["sign-ins", "everything"])
def test_every_other_browser_is_signed_out_at_once(
    alice: Person, elsewhere: Person, what: str
) -> None:
    alice.send_login()
    answer = end(alice, what)

    assert (answer.status_code, answer.headers["Location"]) == (303, "/account/apps")
    assert not elsewhere.is_signed_in()
    assert alice.is_signed_in()


def test_a_copy_of_this_browsers_cookie_stops_working(alice: Person, elsewhere: Person) -> None:
    alice.send_login()
    elsewhere.browser.session_cookie = alice.browser.session_cookie
    end(alice, "sign-ins")

    assert not elsewhere.is_signed_in()
    assert alice.is_signed_in()


def test_signing_out_keeps_the_access_of_apps(alice: Person, print_shop: RegisteredClient) -> None:
    tokens = alice.connect(print_shop)
    notice = Page(alice.browser.get(end(alice, "sign-ins").headers["Location"])).text

    assert "You are signed out everywhere else" in notice
    assert print_shop.holds(tokens.access_token)
    page = Page(alice.browser.get("/account/apps"))
    assert page.button(name="client_id", value="print-shop")


def test_signing_out_can_also_remove_all_apps(
    alice: Person,
    bob: Person,
    print_shop: RegisteredClient,
    phone_app: RegisteredClient,
    photo_api: RegisteredClient,
) -> None:
    alices, on_the_phone, bobs = (
        alice.connect(print_shop),
        alice.connect(phone_app),
        bob.connect(print_shop),
    )
    code = alice.allow_request(print_shop.authorization_path()).code
    notice = Page(alice.browser.get(end(alice, "everything").headers["Location"])).text

    assert "No app has access to your account any more" in notice
    assert "No app is connected" in notice
    for tokens in (alices, on_the_phone):
        assert photo_api.introspect(tokens.access_token).json() == {"active": False}
        assert photo_api.introspect(tokens.refresh_token).json() == {"active": False}
    assert print_shop.redeem(code).json()["error"] == "invalid_grant"
    assert alice.consent_page(print_shop.authorization_path()).boxes
    assert print_shop.holds(bobs.access_token)


def test_the_button_asks_before_everything_ends(
    alice: Person, elsewhere: Person, print_shop: RegisteredClient
) -> None:
    """The question names the apps and changes nothing, and its form ends everything."""
    tokens = alice.connect(print_shop)
    alice.browser.open("/account/apps")
    question = alice.browser.follow("Sign out and remove all apps")
    is_kept = print_shop.holds(tokens.access_token) and elsewhere.is_signed_in()
    done = alice.browser.press("Sign out and remove all apps")

    assert "Print Shop" in question.text
    assert (question.form.method, question.form.action) == ("POST", "/account/sign-out")
    assert "/account/apps" in question.addresses
    assert is_kept
    assert "You are signed out everywhere else." in done.text
    assert not print_shop.holds(tokens.access_token)
    assert not elsewhere.is_signed_in()


def test_other_users_stay_signed_in(alice: Person, bob: Person, events: Events) -> None:
    bob.send_login()
    end(alice, "everything")

    assert bob.is_signed_in()
    assert len(events.named("sign_ins_ended")) == 1


@pytest.mark.parametrize("token", ["", "made-up"])
def test_another_site_cannot_sign_the_user_out(
    alice: Person, elsewhere: Person, token: str
) -> None:
    assert end(alice, "everything", csrf_token=token).status_code == 400
    assert elsewhere.is_signed_in()


@pytest.mark.parametrize("what", ["", "Everything", "apps"])
def test_a_form_without_a_choice_ends_nothing(
    alice: Person, elsewhere: Person, print_shop: RegisteredClient, what: str
) -> None:
    tokens = alice.connect(print_shop)

    assert end(alice, what).status_code == 400
    assert elsewhere.is_signed_in()
    assert print_shop.holds(tokens.access_token)


def test_a_signed_out_browser_cannot_sign_out_others(alice: Person, elsewhere: Person) -> None:
    """A browser that alice signed out cannot sign out alice's browser."""
    form = Page(elsewhere.browser.get("/account/apps")).forms[-1]
    end(alice, "sign-ins")
    answer = elsewhere.browser.post(form.action, data=form.entries | {"end": "everything"})

    assert answer.headers["Location"].startswith("/login")
    assert alice.is_signed_in()
    assert not elsewhere.is_signed_in()


def test_a_form_from_before_the_sign_out_is_rejected(alice: Person) -> None:
    """This browser has a new session."""
    before = Page(alice.ask("/account/apps")).forms[-1].entries["csrf_token"]
    end(alice, "sign-ins")

    assert end(alice, "sign-ins", csrf_token=before).status_code == 400
