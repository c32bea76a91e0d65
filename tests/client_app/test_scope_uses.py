"""The table of scope descriptions. A scope without an entry is shown by its name."""

from dataclasses import replace

import pytest

from client_app.page_access import needs


@pytest.fixture
def change_shop(app):
    """Return a function that changes attributes of the application's Print Shop."""

    def change(**attributes):
        shop = app.extensions["tripod.print_shop"]
        app.extensions["tripod.print_shop"] = replace(shop, **attributes)

    return change


def test_the_start_page_lists_the_requested_scopes_and_the_others(browser):
    page = browser.get("/").text

    assert "Your name, to put on the parcel" in page
    assert "A look at your album, to print from" in page
    assert "Permission to add, rename and delete photos, unless you allow it" in page


def test_a_scope_without_an_entry_is_shown_by_its_name(change_shop, browser):
    change_shop(default_scope="profile orders:read")
    page = browser.get("/").text

    assert "What “orders:read” allows" in page
    assert "Permission to look at your photos, unless you allow it" in page


def test_a_page_may_need_a_scope_without_an_entry(app, browser):
    @app.get("/deliveries")
    @needs("orders:read")
    def deliveries():
        return "deliveries"

    browser.connect()
    response = browser.get("/deliveries")

    assert response.status_code == 403
    assert "You have not allowed Print Shop to use “orders:read”" in response.text
    assert "scope=profile+photos:read+orders:read" in response.text


def test_a_page_that_needs_no_scope_needs_a_connection(app, browser):
    @app.get("/anything")
    @needs()
    def anything():
        return "anything"

    assert browser.get("/anything").status_code == 403


def test_an_error_names_the_authorization_server_of_the_settings(change_shop, browser, tripod_id):
    change_shop(issuer_name="id.example")
    state = tripod_id.parameters_of(browser.begin())["state"]
    response = browser.get(f"/callback?error=server_error&state={state}&iss={tripod_id.url}")

    assert "Something went wrong at id.example." in response.text
