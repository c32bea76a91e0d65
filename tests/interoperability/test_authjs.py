"""Auth.js signs in, refreshes and signs out. It has no function for a logout at the provider."""

from typing import Any

import pytest
from world.page import Page

from tests.interoperability.conftest import Start
from tests.interoperability.relying_party import RelyingParty


@pytest.fixture(scope="module")
def program(start: Start) -> RelyingParty:
    """Return a web application whose client authenticates in both ways."""
    return start("authjs", callback="/auth/callback/tripod")


@pytest.fixture
def app(program: RelyingParty) -> RelyingParty:
    return program.in_another_browser()


def sign_in(app: RelyingParty) -> Page:
    return app.sign_in_at(f"/auth/signin?callbackUrl={app.url}/", "Sign in with Tripod ID")


def session_of(app: RelyingParty) -> Any:
    return app.user.browser.fetch(f"{app.url}/").json()


def test_it_shows_who_the_user_is(app: RelyingParty) -> None:
    """It checks the ID token with state, nonce and PKCE, and gets the rest from userinfo."""
    page = sign_in(app)

    session = page.response.json()
    assert session["user"] == {"name": "Alice Liddell", "email": "alice@example.com"}
    assert session["sub"]


def test_a_refresh_returns_a_new_refresh_token(app: RelyingParty) -> None:
    sign_in(app)
    browser, session = app.user.browser, f"{app.url}/auth/session"
    token = browser.fetch(f"{app.url}/auth/csrf").json()["csrfToken"]

    answers = [
        browser.fetch(session, "POST", json={"csrfToken": token, "data": {}}) for _ in range(2)
    ]

    assert [answer.json()["refreshed"] for answer in answers] == [True, True]


def test_a_sign_out_ends_the_session_of_the_app(app: RelyingParty) -> None:
    sign_in(app)
    app.user.browser.open(f"{app.url}/auth/signout")

    app.user.browser.press("Sign out")

    assert session_of(app) is None


def test_a_denied_request_is_shown_as_an_error(start: Start) -> None:
    app = start("authjs", callback="/auth/callback/tripod")
    alice = app.user
    alice.browser.open(f"{app.url}/auth/signin")
    alice.browser.press("Sign in with Tripod ID")
    alice.sign_in()

    page = alice.deny()

    assert page.url == f"{app.url}/auth/signin?error=OAuthCallbackError"
    assert session_of(app) is None
