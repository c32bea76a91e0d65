"""Every page of the authorization server shows who is signed in, with the form to sign out."""

import re

import pytest
from sqlalchemy.exc import OperationalError
from world.browser import Browser
from world.cast import Person
from world.page import Page
from world.registered_client import RegisteredClient

from auth_server import sign_in
from tests.auth_server.server import Server

MENU = ("Connected apps", "Activity", "Password", "Developer")
NOT_PAGES = (
    *("/.well-known/", "/healthz", "/livez", "/static/"),
    *("/oauth/jwks", "/oauth/userinfo", "/oauth/register/"),
)


def pages_of(server: Server, calendars: RegisteredClient) -> list[str]:
    """Return an address of each page, and of each kind of error page."""
    rules = [
        rule.rule
        for rule in server.app.url_map.iter_rules()
        if "GET" in (rule.methods or ()) and not rule.rule.startswith(NOT_PAGES)
    ]
    paths = [re.sub("<.+?>", "none", rule) for rule in rules if rule != "/oauth/authorize"]
    request = calendars.authorization_request(scope="photos:read").url
    return [*paths, request, "/oauth/authorize", "/nowhere"]


def test_every_page_names_the_signed_in_user_and_signs_them_out(
    server: Server, alice: Person, calendars: RegisteredClient
) -> None:
    alice.send_login()
    for path in pages_of(server, calendars):
        page = alice.browser.open(path)
        form = page.sign_out_form

        assert "Alice Liddell" in page.text, path
        assert "alice" in page.text, path
        assert form, path
        assert (form.method, form.action) == ("POST", "/logout"), path
        assert form.values("csrf_token"), path
        assert set(MENU) <= {link.text for link in page.links}, path


def test_the_form_of_any_page_signs_out(alice: Person) -> None:
    alice.send_login()
    form = Page(alice.browser.get("/developer/connect")).sign_out_form
    assert form
    response = alice.browser.post(form.action, form.entries)

    assert response.status_code == 303
    assert not alice.is_signed_in()


def test_no_page_has_the_form_when_nobody_is_signed_in(
    server: Server, browser: Browser, calendars: RegisteredClient
) -> None:
    for path in pages_of(server, calendars):
        assert 'action="/logout"' not in browser.get(path).text, path


def test_the_pages_of_a_session_do_not_change_its_cookie(alice: Person) -> None:
    """A page that sets the cookie could overwrite a newer one, which another tab received."""
    alice.send_login()

    for path in ("/", "/account/apps", "/developer/connect"):
        assert "Set-Cookie" not in alice.browser.get(path).headers, path


def test_the_page_for_a_server_error_names_nobody(
    alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice.send_login()

    def fail() -> None:
        raise OperationalError("SELECT", {}, Exception("disk I/O error"))

    monkeypatch.setattr(sign_in, "signed_in_user", fail)
    page = Page(alice.browser.get("/account/apps"))

    assert page.status in (500, 503)
    assert page.sign_out_form is None


@pytest.fixture
def browser(server: Server) -> Browser:
    """Return a browser in which no user is signed in."""
    return server.browser()
