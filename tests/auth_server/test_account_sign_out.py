"""Sign out everywhere: ends all other sign-ins, keeps this one, and removes the apps if the user asks for it."""

from dataclasses import replace

import pytest
from werkzeug.test import TestResponse

from tests.auth_server.cast import Events, Page, Person, RegisteredClient


def end(person: Person, what: str, **changes: str) -> TestResponse:
    """Press the button at the foot of the page."""
    form = Page(person.ask("/account/apps")).forms[-1]
    return person.browser.post(form.action, data=form.fields | {"end": what} | changes)


@pytest.fixture
def elsewhere(alice: Person) -> Person:
    """Return alice, signed in in another browser."""
    elsewhere = replace(alice)
    elsewhere.sign_in()
    return elsewhere


@pytest.mark.parametrize("what", ["sign-ins", "everything"])
def test_every_other_browser_is_signed_out_at_once(
    alice: Person, elsewhere: Person, what: str
) -> None:
    alice.sign_in()
    answer = end(alice, what)

    assert (answer.status_code, answer.location) == (303, "/account/apps")
    assert not elsewhere.is_signed_in()
    assert alice.is_signed_in()


def test_a_copy_of_this_browsers_cookie_stops_working(alice: Person, elsewhere: Person) -> None:
    alice.sign_in()
    elsewhere.browser.session_cookie = alice.browser.session_cookie
    end(alice, "sign-ins")

    assert not elsewhere.is_signed_in()
    assert alice.is_signed_in()


def test_signing_out_keeps_the_access_of_apps(alice: Person, print_shop: RegisteredClient) -> None:
    tokens = print_shop.connect(alice)
    notice = Page(alice.browser.get(end(alice, "sign-ins").location)).text

    assert "You are signed out everywhere else" in notice
    assert print_shop.holds(tokens.access_token)
    assert ("client_id", "print-shop") in Page(alice.browser.get("/account/apps")).forms[0].buttons


def test_signing_out_can_also_remove_all_apps(
    alice: Person,
    bob: Person,
    print_shop: RegisteredClient,
    phone_app: RegisteredClient,
    photo_api: RegisteredClient,
) -> None:
    hers, on_the_phone, his = (
        print_shop.connect(alice),
        phone_app.connect(alice),
        print_shop.connect(bob),
    )
    code = alice.allow(print_shop.authorization_request()).code
    notice = Page(alice.browser.get(end(alice, "everything").location)).text

    assert "No app has access to your account any more" in notice
    assert "No app is connected" in notice
    for tokens in (hers, on_the_phone):
        assert photo_api.introspect(tokens.access_token).json == {"active": False}
        assert photo_api.introspect(tokens.refresh_token).json == {"active": False}
    assert print_shop.redeem(code).json["error"] == "invalid_grant"
    assert alice.consent_page(print_shop.authorization_request()).boxes
    assert print_shop.holds(his.access_token)


def test_other_users_stay_signed_in(alice: Person, bob: Person, events: Events) -> None:
    bob.sign_in()
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
    tokens = print_shop.connect(alice)

    assert end(alice, what).status_code == 400
    assert elsewhere.is_signed_in()
    assert print_shop.holds(tokens.access_token)


def test_a_signed_out_browser_cannot_sign_out_others(alice: Person, elsewhere: Person) -> None:
    """A browser that alice signed out cannot sign out alice's browser."""
    form = Page(elsewhere.browser.get("/account/apps")).forms[-1]
    end(alice, "sign-ins")
    answer = elsewhere.browser.post(form.action, data=form.fields | {"end": "everything"})

    assert answer.location.startswith("/login")
    assert alice.is_signed_in()
    assert not elsewhere.is_signed_in()


def test_a_form_from_before_the_sign_out_is_rejected(alice: Person) -> None:
    """This browser has a new session."""
    before = Page(alice.ask("/account/apps")).forms[-1].fields["csrf_token"]
    end(alice, "sign-ins")

    assert end(alice, "sign-ins", csrf_token=before).status_code == 400
