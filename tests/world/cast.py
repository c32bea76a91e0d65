"""The people: *alice* and *bob* own photos, *mallory* is an attacker with a registered client.

A person acts through a browser and knows the forms of the authorization server: login and consent.
"""

from dataclasses import dataclass, field, replace
from typing import Any, Self

import requests

from world.browser import Browser
from world.page import Page
from world.registered_client import AuthorizationResponse, RegisteredClient, Tokens, query_of


@dataclass
class Person:
    """A user with an account at the authorization server, which is the `home` of their browser."""

    username: str
    password: str = field(repr=False)
    browser: Browser = field(repr=False)

    def in_another_browser(self) -> Self:
        """Return the same person at a new browser, which has no cookies."""
        return replace(self, browser=self.browser.another())

    # With the page on the screen; redirects are followed.

    def sign_in(self) -> Page:
        """Submit username and password on the login page that is on the screen."""
        self.browser.fill(username=self.username, password=self.password)
        return self.browser.press_enter("password")

    def allow(self, *scopes: str) -> Page:
        """Allow the request on the consent page on the screen; only `scopes`, if any are given."""
        if scopes:
            self.browser.tick("granted_scope", *scopes)
        return self.browser.press(name="decision", value="allow")

    def deny(self) -> Page:
        """Deny the request on the consent page on the screen."""
        return self.browser.press(name="decision", value="deny")

    def go_through(self, url: str, *scopes: str) -> Page:
        """Open `url`, sign in and allow where asked to, and return the last page."""
        page = self.browser.open(url)
        if page.has_field("password"):
            page = self.sign_in()
        return self.allow(*scopes) if page.has_field("granted_scope") else page

    def authorize(
        self, client: RegisteredClient, scope: str = "photos:read", **overrides: str | None
    ) -> "Code":
        """Grant `client` access, and return the authorization code that it receives."""
        request = client.authorization_request(**{"scope": scope} | overrides)
        response = query_of(self.go_through(request.url).url)
        assert response.get("state") == request.state, response
        return Code(client, response["code"], request.verifier)

    def tokens_for(self, client: RegisteredClient, scope: str = "photos:read") -> dict[str, Any]:
        """Grant `client` access, and return the access token response that it receives."""
        response = self.authorize(client, scope).redeem()
        assert response.status_code == 200, response.text
        tokens: dict[str, Any] = response.json()
        return tokens

    # One request at a time; no redirect is followed, so that a test can look at each response.

    def send_login(self, address: str = "/login", **typed: str) -> requests.Response:
        """Get the login form at `address`, fill it in, and send it."""
        form = Page(self.browser.get(address)).form
        typed = {"username": self.username, "password": self.password} | typed
        return self.browser.post(form.action, form.entries | typed)

    def send_logout(self) -> requests.Response:
        """Send the form to sign out, which is on every page."""
        form = Page(self.browser.get("/")).sign_out_form
        assert form
        return self.browser.post(form.action, form.entries)

    def is_signed_in(self) -> bool:
        """Return whether the home page names this user."""
        return self.username in Page(self.browser.get("/")).text.split()

    def ask(self, url: str) -> requests.Response:
        """Follow a client's link to the authorization endpoint, and sign in if required."""
        response = self.browser.get(url)
        if response.status_code == 303:
            after_login = self.send_login(response.headers["Location"])
            assert "Location" in after_login.headers, Page(after_login)
            response = self.browser.get(after_login.headers["Location"])
        return response

    def consent_page(self, url: str) -> Page:
        """Return the consent page for the authorization request `url`."""
        page = Page(self.ask(url))
        assert page.boxes, page.text
        return page

    def decide(self, page: Page, decision: str, *scopes: str) -> requests.Response:
        """Press a button of a consent page with exactly these boxes ticked."""
        entries = page.form.entries | {"granted_scope": list(scopes), "decision": decision}
        return self.browser.post(page.form.action, entries)

    def allow_request(self, url: str, *scopes: str) -> AuthorizationResponse:
        """Allow an authorization request, or only `scopes` of it, if the server asks."""
        response = self.ask(url)
        if response.status_code == 200:
            page = Page(response)
            response = self.decide(page, "allow", *(scopes or page.boxes))
        return AuthorizationResponse.read(response)

    def deny_request(self, url: str) -> AuthorizationResponse:
        """Deny an authorization request."""
        return AuthorizationResponse.read(self.decide(self.consent_page(url), "deny"))

    def connect(
        self, client: RegisteredClient, *scopes: str, **overrides: str | list[str] | None
    ) -> Tokens:
        """Allow what `client` requests, or only `scopes`, and return the client's tokens."""
        request = client.authorization_request(**overrides)
        response = self.allow_request(request.url, *scopes)
        return Tokens.read(client.redeem(response.code, request.verifier))


@dataclass
class Code:
    """An authorization code of the client that it was issued to, with its code verifier."""

    client: RegisteredClient = field(repr=False)
    value: str = field(repr=False)
    verifier: str = field(repr=False)

    def redeem(self, **overrides: str | None) -> requests.Response:
        """Send the code to the token endpoint."""
        return self.client.redeem(self.value, self.verifier, **overrides)


@dataclass
class Attacker(Person):
    """Mallory: a registered user with a registered client."""

    client: RegisteredClient
