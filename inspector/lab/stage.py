"""The stage of a run: the addresses of the legs and the actors, which are created when needed."""

import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from itertools import count
from typing import Any

import requests

from config import ClientAppSettings
from inspector.lab.actors import (
    CAROLS_BROWSER,
    LAB_PASSWORDS,
    MALLORY,
    PRINT_SHOP,
    App,
    AuthorizationRequest,
    Browser,
    Person,
)
from inspector.lab.http import Answer, Sender, new_session
from inspector.lab.outcome import CannotRun
from inspector.lab.proxy import Proxy

#: The attacker's own site. No request is ever sent there.
MALLORYS_SITE = "https://mallory.example"
#: What the request ids name instead of an attack, before the attacks and after them.
PREPARATION, TIDYING_UP = "preparation", "tidying-up"
EVERY_SCOPE = "openid profile photos:read photos:write"


@dataclass(frozen=True)
class Addresses:
    """The origins of the legs."""

    authorization_server: str
    client: str
    resource_api: str


@dataclass(frozen=True)
class Code:
    """An authorization code that was not redeemed yet, and the request that it answers."""

    value: str = field(repr=False)
    request: AuthorizationRequest

    @property
    def verifier(self) -> str:
        """The verifier that the client would redeem it with."""
        return self.request.verifier


@dataclass
class Stage:
    """The actors of one run.

    `http` creates a session; `wait` waits for a number of seconds; `proxy` is Mallory's, if it is
    in front of the authorization server.
    """

    addresses: Addresses
    client_id: str
    client_secret: str = field(repr=False)
    http: Callable[[], requests.Session]
    wait: Callable[[float], None]
    proxy: Proxy | None = None
    _run_id: str = field(default_factory=lambda: secrets.token_hex(3))
    _attack: str = PREPARATION
    _counts: dict[str, Iterator[int]] = field(default_factory=dict)

    @contextmanager
    def playing(self, slug: str) -> Iterator[None]:
        """Mark the requests that are sent inside the block as part of that attack."""
        before, self._attack = self._attack, slug
        try:
            yield
        finally:
            self._attack = before

    @cached_property
    def carol(self) -> Person:
        """Carol, the victim."""
        return self._person("lab-carol", CAROLS_BROWSER)

    @cached_property
    def mallory(self) -> Person:
        """Mallory, the attacker, who has an account too."""
        return self._person("lab-mallory", MALLORY)

    @cached_property
    def print_shop(self) -> App:
        """Print Shop, whose back channel the lab simulates."""
        return self._print_shop(PRINT_SHOP)

    @cached_property
    def thief(self) -> App:
        """Mallory with Print Shop's credentials, so that only one check can stop the attack."""
        return self._print_shop(MALLORY)

    @cached_property
    def mallorys_app(self) -> App:
        """A client that Mallory registers, which every user can do."""
        with self.playing(PREPARATION):
            return self._register()

    @cached_property
    def api(self) -> Sender:
        """Mallory's connection to the resource API."""
        return self._sender(MALLORY)

    def browser(self, user_agent: str = CAROLS_BROWSER) -> Browser:
        """Return a new browser in which no user is signed in."""
        addresses = self.addresses
        origins = (addresses.authorization_server, addresses.client, addresses.resource_api)
        return Browser(self._sender(user_agent), tuple(f"{origin}/" for origin in origins))

    def code(
        self, scope: str = "photos:read", app: App | None = None, person: Person | None = None
    ) -> Code:
        """Return a code that was issued to `app` (Print Shop) for `person` (Carol).

        :raises CannotRun: when no code was issued.
        """
        app, person = app or self.print_shop, person or self.carol
        request = app.authorization_request(scope)
        answer = person.allow(request.url, scope, until=app.redirect_uri)
        if "code" not in answer.redirect_parameters:
            raise CannotRun(_complaint("No code was issued", answer))
        return Code(answer.redirect_parameters["code"], request)

    def tokens(
        self, scope: str = "photos:read", app: App | None = None, person: Person | None = None
    ) -> dict[str, Any]:
        """Return a token response that `app` (Print Shop) received for `person` (Carol).

        :raises CannotRun: when no tokens were issued.
        """
        code = self.code(scope, app, person)
        answer = (app or self.print_shop).redeem(code.value, code.verifier)
        if "access_token" not in answer.json:
            raise CannotRun(_complaint("No tokens were issued", answer))
        return answer.json

    def call_api(
        self,
        access_token: str,
        path: str = "/photos",
        method: str = "GET",
        *,
        by: Sender | None = None,
        **parts: Any,
    ) -> Answer:
        """Call the resource API with an access token, as Mallory unless `by` is given."""
        return (by or self.api).send(
            method,
            f"{self.addresses.resource_api}{path}",
            headers={"Authorization": f"Bearer {access_token}"},
            **parts,
        )

    def describe_tokens(self, tokens: dict[str, Any], *, if_revoked: str, if_active: str) -> str:
        """Try both tokens as Print Shop, and return the text for what was found.

        Return "" when one of the tokens works and the other does not.
        """
        called = self.call_api(tokens["access_token"], by=self.print_shop.sender).status
        refreshed = self.print_shop.refresh(tokens["refresh_token"]).status
        return {(401, 400): if_revoked, (200, 200): if_active}.get((called, refreshed), "")

    def tidy(self) -> None:
        """Remove the access that Carol and Mallory granted, so that no grant stays active."""
        with self.playing(TIDYING_UP):
            for person in (self.carol, self.mallory):
                if person.has_consented:
                    person.remove_all_access(self.addresses.authorization_server)

    def close(self) -> None:
        """Delete the client that Mallory registered, if there is one."""
        if "mallorys_app" not in self.__dict__:
            return
        with self.playing(TIDYING_UP):
            client_id = self.mallorys_app.client_id
            self.mallory.delete_app(self.addresses.authorization_server, client_id)

    def _person(self, username: str, user_agent: str) -> Person:
        return Person(username, LAB_PASSWORDS[username], self.browser(user_agent))

    def _print_shop(self, user_agent: str) -> App:
        redirect_uri = f"{self.addresses.client}/callback"
        return self._app(self.client_id, self.client_secret, redirect_uri, user_agent)

    def _app(self, client_id: str, client_secret: str, redirect_uri: str, user_agent: str) -> App:
        issuer = self.addresses.authorization_server
        return App(client_id, client_secret, redirect_uri, issuer, self._sender(user_agent))

    def _sender(self, user_agent: str) -> Sender:
        return Sender(self.http(), user_agent, self._create_request_id)

    def _create_request_id(self) -> str:
        number = next(self._counts.setdefault(self._attack, count(1)))
        return f"lab-{self._attack}-{self._run_id}-{number:02d}"

    def _register(self) -> App:
        issuer, redirect_uri = self.addresses.authorization_server, f"{MALLORYS_SITE}/callback"
        client_id, secret = self.mallory.register_app(issuer, redirect_uri, EVERY_SCOPE)
        return self._app(client_id, secret, redirect_uri, MALLORY)


def stage_for(settings: ClientAppSettings, proxy: Proxy | None = None) -> Stage:
    """Return a stage for the legs that Print Shop with these settings uses."""
    return Stage(
        Addresses(settings.issuer, settings.url, settings.resource_api_url),
        settings.client_id,
        settings.client_secret,
        http=new_session,
        wait=time.sleep,
        proxy=proxy,
    )


def _complaint(problem: str, answer: Answer) -> str:
    return f"{problem}: {answer.status} {answer.error or answer.description}"
