"""django-allauth's OpenID Connect provider signs users of a Django site in."""

from typing import Any

import pytest
from world.page import Page

from tests.interoperability.conftest import Start
from tests.interoperability.provider import Provider
from tests.interoperability.relying_party import RelyingParty


@pytest.fixture(scope="module")
def program(start: Start) -> RelyingParty:
    return start("django_allauth", callback="/accounts/oidc/tripod/login/callback/")


@pytest.fixture
def site(program: RelyingParty) -> RelyingParty:
    return program.in_another_browser()


def sign_in(site: RelyingParty) -> Page:
    return site.sign_in_at("/accounts/oidc/tripod/login/", "Continue")


def user_of(site: RelyingParty) -> Any:
    return site.user.browser.fetch(f"{site.url}/").json()


def test_it_creates_an_account_for_the_user(site: RelyingParty, provider: Provider) -> None:
    sign_in(site)

    user = user_of(site)
    assert user["email"] == "alice@example.com"
    assert user["uid"] == user["id_token"]["sub"] == user["userinfo"]["sub"]
    assert (user["id_token"]["iss"], user["id_token"]["aud"]) == (provider.issuer, site.client_id)


def test_a_second_sign_in_is_the_same_account(site: RelyingParty) -> None:
    sign_in(site)
    first = user_of(site)
    another = site.in_another_browser()
    sign_in(another)

    assert user_of(another)["username"] == first["username"]


def test_a_denied_request_signs_nobody_in(start: Start) -> None:
    site = start("django_allauth", callback="/accounts/oidc/tripod/login/callback/")
    alice = site.in_another_browser().user
    alice.browser.open(f"{site.url}/accounts/oidc/tripod/login/")
    alice.browser.press("Continue")
    alice.sign_in()
    page = alice.deny()

    assert page.status in (200, 401)
    assert alice.browser.fetch(f"{site.url}/").json() == {}


def test_a_sign_out_ends_the_session_of_the_site(site: RelyingParty) -> None:
    sign_in(site)
    site.user.browser.open(f"{site.url}/accounts/logout/")
    site.user.browser.press("Sign Out")

    assert user_of(site) == {}
