"""Where attacks are played: the addresses of the legs, and everybody who takes part, each made when first needed."""

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
    MALLORY,
    PRINT_SHOP,
    App,
    AuthorizationRequest,
    Browser,
    Person,
    Wire,
)
from inspector.lab.answer import Answer
from inspector.lab.attack import CannotPlay
from inspector.lab.housekeeping import delete, register, take_apps_out
from inspector.lab.people import LAB_PASSWORDS

#: The attacker's own site. Nothing is ever sent there.
MALLORYS_SITE = "https://mallory.example"
#: What is sent before and after an attack belongs to none.
PREPARATION, TIDYING_UP = "preparation", "tidying-up"
EVERY_SCOPE = "profile photos:read photos:write"


@dataclass(frozen=True)
class Addresses:
    """The origins of the legs."""

    authorization_server: str
    client: str
    resource_api: str


@dataclass(frozen=True)
class Code:
    """An authorization code on its way back, and the request that it answers."""

    value: str = field(repr=False)
    request: AuthorizationRequest

    @property
    def verifier(self) -> str:
        """What Print Shop would redeem it with."""
        return self.request.verifier


def stage_for(settings: ClientAppSettings) -> "Stage":
    """A run against the legs that Print Shop with these settings knows."""
    return Stage(
        Addresses(settings.issuer, settings.url, settings.resource_api_url),
        settings.client_id,
        settings.client_secret,
        http=new_session,
        wait=time.sleep,
    )


def new_session() -> requests.Session:
    """A session with cookies, and nothing taken from the surroundings: no proxy and no .netrc on one's own machine."""
    session = requests.Session()
    session.trust_env = False
    return session


class Stage:
    """One run of the lab. `http` gives a new session; `wait` lets so many seconds pass."""

    def __init__(
        self,
        addresses: Addresses,
        client_id: str,
        client_secret: str,
        *,
        http: Callable[[], requests.Session],
        wait: Callable[[float], None],
    ) -> None:
        self.addresses = addresses
        self.wait = wait
        self._credentials = (client_id, client_secret)
        self._http = http
        self._run = secrets.token_hex(3)
        self._attack = PREPARATION
        self._counts: dict[str, Iterator[int]] = {}

    @contextmanager
    def playing(self, slug: str) -> Iterator[None]:
        """Whatever is sent meanwhile belongs to that attack."""
        before, self._attack = self._attack, slug
        try:
            yield
        finally:
            self._attack = before

    @cached_property
    def carol(self) -> Person:
        """The victim."""
        return self._person("lab-carol", CAROLS_BROWSER)

    @cached_property
    def mallory(self) -> Person:
        """The attacker, who has an account as well."""
        return self._person("lab-mallory", MALLORY)

    @cached_property
    def print_shop(self) -> App:
        """The client, as long as it is the lab that plays its back channel."""
        return self._print_shop(PRINT_SHOP)

    @cached_property
    def thief(self) -> App:
        """Mallory with all of Print Shop's credentials: the worst case, so that one check alone is left to stop her."""
        return self._print_shop(MALLORY)

    @cached_property
    def mallorys_app(self) -> App:
        """The client that she has registered, as any developer can."""
        with self.playing(PREPARATION):
            return self._register()

    @cached_property
    def api(self) -> Wire:
        """Somebody who holds a token of another's."""
        return self._wire(MALLORY)

    def browser(self, user_agent: str = CAROLS_BROWSER) -> Browser:
        """A browser in which nobody has signed in."""
        addresses = self.addresses
        origins = (addresses.authorization_server, addresses.client, addresses.resource_api)
        return Browser(self._wire(user_agent), tuple(f"{origin}/" for origin in origins))

    def code(
        self, scope: str = "photos:read", app: App | None = None, person: Person | None = None
    ) -> Code:
        """A code that Tripod ID issued to Print Shop for Carol, caught on its way through the browser.

        :raises CannotPlay: when it issued none.
        """
        app, person = app or self.print_shop, person or self.carol
        request = app.authorization_request(scope)
        answer = person.allow(request.url, scope, until=app.redirect_uri)
        if "code" not in answer.carried:
            raise CannotPlay(f"No code was issued: {answer.status} {answer.error or answer.said}")
        return Code(answer.carried["code"], request)

    def tokens(
        self, scope: str = "photos:read", app: App | None = None, person: Person | None = None
    ) -> dict[str, Any]:
        """Tokens that were fetched as they should be.

        :raises CannotPlay: when there are none.
        """
        code = self.code(scope, app, person)
        answer = (app or self.print_shop).redeem(code.value, code.verifier)
        if "access_token" not in answer.json:
            raise CannotPlay(f"No tokens were issued: {answer.status} {answer.error}")
        return answer.json

    def ask_api(
        self,
        access_token: str,
        path: str = "/photos",
        method: str = "GET",
        *,
        by: Wire | None = None,
        **parts: Any,
    ) -> Answer:
        """Come to the resource API with an access token; it is Mallory who comes, unless it is `by` somebody else."""
        headers = {"Authorization": f"Bearer {access_token}"}
        return (by or self.api).send(
            method, f"{self.addresses.resource_api}{path}", headers=headers, **parts
        )

    def tidy(self) -> None:
        """Whoever has let an app in takes it out again, so that no attack leaves a living grant behind."""
        with self.playing(TIDYING_UP):
            for person in (self.carol, self.mallory):
                if person.has_consented:
                    take_apps_out(person, self.addresses.authorization_server)
                    person.has_consented = False

    def close(self) -> None:
        """Delete what was registered for this run."""
        if "mallorys_app" in self.__dict__:
            with self.playing(TIDYING_UP):
                delete(
                    self.mallory, self.addresses.authorization_server, self.mallorys_app.client_id
                )

    def _person(self, username: str, user_agent: str) -> Person:
        return Person(username, LAB_PASSWORDS[username], self.browser(user_agent))

    def _print_shop(self, user_agent: str) -> App:
        return self._app(*self._credentials, f"{self.addresses.client}/callback", user_agent)

    def _app(self, client_id: str, client_secret: str, redirect_uri: str, user_agent: str) -> App:
        issuer = self.addresses.authorization_server
        return App(client_id, client_secret, redirect_uri, issuer, self._wire(user_agent))

    def _wire(self, user_agent: str) -> Wire:
        return Wire(self._http(), user_agent, self._name_request)

    def _name_request(self) -> str:
        number = next(self._counts.setdefault(self._attack, count(1)))
        return f"lab-{self._attack}-{self._run}-{number:02d}"

    def _register(self) -> App:
        redirect_uri = f"{MALLORYS_SITE}/callback"
        issuer = self.addresses.authorization_server
        return self._app(
            *register(self.mallory, issuer, redirect_uri, EVERY_SCOPE), redirect_uri, MALLORY
        )
