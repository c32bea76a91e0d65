"""The people: *alice* owns photos, *bob* owns others, *mallory* attacks, with an account and a client of her own.

A person acts through her browser and knows what pages ask for: a login form, a consent form.
"""

from dataclasses import dataclass, field
from typing import Any

import requests

from world.browser import Browser
from world.page import Page
from world.registered_client import RegisteredClient, query_of


@dataclass
class Person:
    """Somebody with an account at the authorization server and a browser."""

    username: str
    password: str = field(repr=False)
    browser: Browser = field(repr=False)

    def sign_in(self) -> Page:
        """Submit username and password on the login page that is on the screen."""
        self.browser.fill(username=self.username, password=self.password)
        return self.browser.press_enter("password")

    def allow(self, *scopes: str) -> Page:
        """Allow what the consent page on the screen asks for; only `scopes`, when there are any."""
        if scopes:
            self.browser.tick("granted_scope", *scopes)
        return self.browser.press(name="decision", value="allow")

    def deny(self) -> Page:
        """Deny what the consent page on the screen asks for."""
        return self.browser.press(name="decision", value="deny")

    def go_through(self, url: str, *scopes: str) -> Page:
        """Open `url`, sign in when asked to, allow when asked to; the page at the end of it."""
        page = self.browser.open(url)
        if page.has_field("password"):
            page = self.sign_in()
        return self.allow(*scopes) if page.has_field("granted_scope") else page

    def authorize(
        self, client: RegisteredClient, scope: str = "photos:read", **overrides: str | None
    ) -> "Code":
        """Let `client` in, and give back the authorization code that it is sent."""
        request = client.authorization_request(scope, **overrides)
        response = query_of(self.go_through(request.url).url)
        assert response.get("state") == request.state, response
        return Code(client, response["code"], request.verifier)

    def tokens_for(self, client: RegisteredClient, scope: str = "photos:read") -> dict[str, Any]:
        """Let `client` in, and give back the access token response that it gets."""
        response = self.authorize(client, scope).redeem()
        assert response.status_code == 200, response.text
        tokens: dict[str, Any] = response.json()
        return tokens


@dataclass
class Code:
    """An authorization code in the hands of the client that it was issued to, with the verifier that goes with it."""

    client: RegisteredClient = field(repr=False)
    value: str = field(repr=False)
    verifier: str = field(repr=False)

    def redeem(self, **overrides: str | None) -> requests.Response:
        """Present it at the token endpoint."""
        return self.client.redeem(self.value, self.verifier, **overrides)


@dataclass
class Attacker(Person):
    """Mallory: the authorization server knows her, and her client, as it knows anybody's."""

    client: RegisteredClient
