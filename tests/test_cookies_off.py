"""Each page reports a missing cookie, and says what to do."""

import pytest
from world.browser import Browser
from world.cast import Person
from world.legs import Legs
from world.page import Page
from world.registered_client import RegisteredClient

CAUSE = "Your browser did not send our cookie"


def assert_names_the_cookie(page: Page, url: str) -> None:
    """Assert that the page says what happened and what to do, and for which address."""
    assert page.status == 400
    assert CAUSE in page.text
    assert f"Allow cookies for {url}" in page.text
    assert "out of date" not in page.text


def reasons(legs: Legs, event: str) -> list[str]:
    return [entry["reason"] for entry in legs.events_named(event)]


def test_the_login_page_reports_a_missing_cookie(legs: Legs, alice: Person) -> None:
    alice.browser.open("/login")
    alice.browser.forget_cookies()
    page = alice.sign_in()

    assert_names_the_cookie(page, legs.auth_server_url)
    assert reasons(legs, "form_refused") == ["session_cookie_missing"]


def test_signing_in_again_works_as_soon_as_the_cookie_comes_back(alice: Person) -> None:
    alice.browser.open("/login")
    alice.browser.forget_cookies()
    alice.sign_in()

    assert "You are signed in" in alice.sign_in().text


def test_a_wrong_token_with_a_cookie_is_out_of_date(alice: Person) -> None:
    alice.browser.open("/login")
    alice.browser.fill(csrf_token="old")
    page = alice.sign_in()

    assert "out of date" in page.text
    assert CAUSE not in page.text


def test_the_consent_page_reports_a_missing_cookie(
    legs: Legs, alice: Person, client: RegisteredClient
) -> None:
    alice.send_login()
    alice.browser.open(client.authorization_request(scope="photos:read").url)
    alice.browser.forget_cookies()
    page = alice.allow()

    assert_names_the_cookie(page, legs.auth_server_url)
    assert "Sign in" in alice.browser.follow("Open the page again").text


@pytest.mark.parametrize("path", ["/account/apps", "/account/password", "/developer/apps/new"])
def test_an_account_form_reports_a_missing_cookie(legs: Legs, alice: Person, path: str) -> None:
    alice.send_login()
    form = Page(alice.browser.get(path)).forms[0]
    alice.browser.forget_cookies()
    page = Page(alice.browser.post(form.action or path, form.entries))

    assert_names_the_cookie(page, legs.auth_server_url)


def test_a_print_shop_form_reports_a_missing_cookie(legs: Legs, alice: Person) -> None:
    alice.go_through(f"{legs.client_app_url}/connect")
    alice.browser.forget_cookies()
    page = alice.browser.press("Disconnect")

    assert_names_the_cookie(page, legs.client_app_url)
    assert reasons(legs, "form_refused") == ["session_cookie_missing"]


def test_print_shops_callback_reports_a_missing_cookie(legs: Legs, alice: Person) -> None:
    alice.send_login()
    alice.browser.open(f"{legs.client_app_url}/connect")
    alice.browser.forget_cookies()
    page = Page(alice.browser.get(f"{legs.client_app_url}/callback?code=c&state=s"))

    assert_names_the_cookie(page, legs.client_app_url)
    assert "another browser" in page.text
    assert reasons(legs, "authorization_response_refused") == ["session_cookie_missing"]


def test_a_state_of_another_browser_is_reported_as_unknown(legs: Legs, browser: Browser) -> None:
    browser.open(f"{legs.client_app_url}/")
    page = browser.open(f"{legs.client_app_url}/callback?code=c&state=s")

    assert "It was used before" in page.text
    assert reasons(legs, "authorization_response_refused") == ["unknown_state"]


def test_a_form_from_another_site_changes_no_cookie(legs: Legs, alice: Person) -> None:
    """A new cookie in the answer would replace the user's own, and sign the user out."""
    response = alice.browser.another().post(
        "/login", {"username": "mallory"}, headers={"Origin": "https://mallory.example"}
    )

    assert response.status_code == 400
    assert "another site" in Page(response).text
    assert "Set-Cookie" not in response.headers
    assert reasons(legs, "form_refused") == ["form_of_another_site"]


def test_print_shop_refuses_a_form_from_another_site(legs: Legs, alice: Person) -> None:
    page = alice.go_through(f"{legs.client_app_url}/connect")
    form = page.form_of(page.button("Disconnect"))
    address = f"{legs.client_app_url}{form.action}"
    response = alice.browser.post(address, form.entries, headers={"Origin": legs.auth_server_url})

    assert response.status_code == 400
    assert alice.browser.get(f"{legs.client_app_url}/photos").status_code == 200
