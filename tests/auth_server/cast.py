"""The cast and what it does: people in browsers, clients on the back channel, and the server that answers both.

alice and bob own photos; mallory has an account and a registered client of her own, and means no good. Everything goes
over the WSGI interface: nobody here calls the server's own functions.
"""

import base64
import hashlib
import logging
import re
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from threading import Barrier
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlencode, urlsplit

import time_machine
from click.testing import Result
from flask.testing import FlaskClient
from jinja2 import BytecodeCache
from sqlalchemy import event
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from auth_server import create_app
from config import AuthServerSettings
from web.database import Database

T = TypeVar("T")
Parameter = str | list[str] | None

ISSUER = "http://127.0.0.1:9000"
API = "http://127.0.0.1:9002"
SESSION_COOKIE = "tripod_auth_server"
SOMEWHERE, ELSEWHERE = "192.0.2.1", "198.51.100.7"
NOON = datetime(2031, 3, 4, 12, 0, tzinfo=UTC)
VERIFIER = "the-verifier-that-only-the-client-knows-0123456789"


def s256(verifier: str) -> str:
    """The code challenge of RFC 7636 §4.2."""
    return (
        base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    )


def at_once(count: int, act: Callable[[], T]) -> list[T]:
    """What `act` gives in `count` threads that all start at the same moment."""
    start = Barrier(count)

    def start_together(_number: int) -> T:
        start.wait()
        return act()

    with ThreadPoolExecutor(count) as threads:
        return list(threads.map(start_together, range(count)))


class Browser(FlaskClient):
    """A user-agent: it asks for the server by its address, keeps cookies, and stops at every redirect."""

    address = SOMEWHERE

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        environ = {"REMOTE_ADDR": self.address} | kwargs.pop("environ_overrides", {})
        return super().open(*args, **{"base_url": ISSUER} | kwargs, environ_overrides=environ)

    @property
    def session_cookie(self) -> str:
        cookie = self.get_cookie(SESSION_COOKIE, "127.0.0.1")
        return cookie.value if cookie else ""

    @session_cookie.setter
    def session_cookie(self, value: str) -> None:
        self.set_cookie(SESSION_COOKIE, value, domain="127.0.0.1")


@dataclass
class Form:
    """A form of a page, as a browser would send it when nobody touches it; buttons and empty boxes are kept apart."""

    action: str
    fields: dict[str, str] = field(default_factory=dict)
    boxes: dict[tuple[str, str], bool] = field(default_factory=dict)
    buttons: list[tuple[str, str]] = field(default_factory=list)


_DRAWING = re.compile(r"<svg.*?</svg>", re.DOTALL)


class Page(HTMLParser):
    """What a person gets to see of an answer, and what she can press."""

    def __init__(self, response: TestResponse) -> None:
        super().__init__()
        self.status = response.status_code
        self.headers = response.headers
        self.title = ""
        self.forms: list[Form] = []
        self.links: list[str] = []
        self._words: list[str] = []
        self._tag = ""
        self.feed(_DRAWING.sub("", response.text))

    @property
    def text(self) -> str:
        """Every word on the page, with one space between them."""
        return " ".join(" ".join(self._words).split())

    @property
    def form(self) -> Form:
        """The only form there is."""
        [form] = self.forms
        return form

    @property
    def boxes(self) -> dict[str, bool]:
        """The scopes that a consent page asks about, and whether they are ticked."""
        return {
            value: ticked
            for (name, value), ticked in self.form.boxes.items()
            if name == "granted_scope"
        }

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._tag = tag
        attributes = {name: value or "" for name, value in attrs}
        name, value = attributes.get("name", ""), attributes.get("value", "")
        if tag == "a":
            self.links.append(attributes.get("href", ""))
        elif tag == "form":
            assert attributes["method"] == "post"
            self.forms.append(Form(attributes["action"]))
        elif tag == "input" and attributes.get("type") == "checkbox":
            self.forms[-1].boxes[name, value] = "checked" in attributes
        elif tag == "input":
            self.forms[-1].fields[name] = value
        elif tag == "button" and self.forms and name:
            self.forms[-1].buttons.append((name, value))

    def handle_data(self, data: str) -> None:
        if self._tag == "title":
            self.title += data
        self._words.append(data)


@dataclass(frozen=True)
class AuthorizationResponse:
    """What the browser carries back to the client (RFC 6749 §4.1.2)."""

    status: int
    redirect_uri: str
    parameters: dict[str, str]

    @classmethod
    def read(cls, response: TestResponse) -> "AuthorizationResponse":
        location = response.headers.get("Location", "")
        parameters = parse_qsl(urlsplit(location).query, keep_blank_values=True)
        assert len(dict(parameters)) == len(parameters), "a parameter came twice"
        return cls(response.status_code, location.partition("?")[0], dict(parameters))

    @property
    def code(self) -> str:
        return self.parameters["code"]

    @property
    def state(self) -> str | None:
        return self.parameters.get("state")

    @property
    def iss(self) -> str | None:
        return self.parameters.get("iss")

    @property
    def error(self) -> str | None:
        return self.parameters.get("error")


class Server:
    """The authorization server under test, on a database of its own."""

    def __init__(
        self, settings: AuthServerSettings, templates: BytecodeCache | None = None
    ) -> None:
        self.settings = settings
        self.sign_ins: dict[str, str] = {}
        self.app = create_app(settings)
        self.app.test_client_class = Browser
        self.app.jinja_env.bytecode_cache = templates
        # Nothing here has to outlive a power cut, and waiting for the disk is slow.
        event.listen(
            self.database.engine,
            "connect",
            lambda connection, _: connection.execute("PRAGMA synchronous=OFF"),
        )

    def browser(self, address: str = SOMEWHERE) -> Browser:
        browser: Browser = self.app.test_client()
        browser.address = address
        return browser

    def post(self, path: str, data: Mapping[str, Any] | bytes, **kwargs: Any) -> TestResponse:
        """A request of a program, which has no cookies."""
        return self.browser().post(path, data=data, **kwargs)

    def run(self, *arguments: str, stdin: Any = None) -> Result:
        """`flask --app app:create_auth_server` with these arguments."""
        return self.app.test_cli_runner().invoke(args=list(arguments), input=stdin)

    @property
    def database(self) -> Database:
        database: Database = self.app.extensions["tripod.database"]
        return database

    def reading(self) -> Session:
        """A look at the tables, for what cannot be seen from outside."""
        return self.database.session(writing=False)


@dataclass
class Person:
    """Somebody with an account and a browser."""

    server: Server
    username: str
    password: str

    def __post_init__(self) -> None:
        self.browser = self.server.browser()

    def sign_in(self, page: str = "/login", **typed: str) -> TestResponse:
        """Fill in the login form at `page` and send it."""
        form = Page(self.browser.get(page)).form
        typed = {"username": self.username, "password": self.password} | typed
        return self.browser.post(form.action, data=form.fields | typed)

    def sign_out(self) -> TestResponse:
        form = Page(self.browser.get("/")).form
        return self.browser.post(form.action, data=form.fields)

    def is_signed_in(self) -> bool:
        return f"{self.username}" in Page(self.browser.get("/")).text.split()

    def ask(self, request: str) -> TestResponse:
        """Follow a client's link to the authorization endpoint, signing in when asked to.

        A new browser first tries the cookie of the last sign-in that any test needed: every test begins with the same
        accounts, so it is as good as ever, and signing in is the slow part of most tests.
        """
        if not self.browser.session_cookie:
            self.browser.session_cookie = self.server.sign_ins.get(self.username, "none yet")
        answer = self.browser.get(request)
        if answer.status_code == 303:
            answer = self.browser.get(self.sign_in(answer.location).location)
            self.server.sign_ins[self.username] = self.browser.session_cookie
        return answer

    def consent_page(self, request: str) -> Page:
        page = Page(self.ask(request))
        assert page.boxes, page.text
        return page

    def decide(self, page: Page, decision: str, *scopes: str) -> TestResponse:
        """Press a button of a consent page with exactly these boxes ticked."""
        form = page.form
        return self.browser.post(
            form.action, data=form.fields | {"granted_scope": list(scopes), "decision": decision}
        )

    def allow(self, request: str, *scopes: str) -> AuthorizationResponse:
        """Say yes, to `scopes` alone where any are given, unless the server needs no word."""
        answer = self.ask(request)
        if answer.status_code == 200:
            page = Page(answer)
            answer = self.decide(page, "allow", *(scopes or page.boxes))
        return AuthorizationResponse.read(answer)

    def deny(self, request: str) -> AuthorizationResponse:
        return AuthorizationResponse.read(self.decide(self.consent_page(request), "deny"))


@dataclass(frozen=True)
class Tokens:
    """An access token response (RFC 6749 §5.1)."""

    access_token: str
    refresh_token: str
    scope: str
    expires_in: int
    token_type: str

    @classmethod
    def read(cls, response: TestResponse) -> "Tokens":
        assert response.status_code == 200, response.text
        return cls(**response.get_json())


@dataclass(frozen=True)
class RegisteredClient:
    """A client with what it was registered with; one without a secret is public."""

    server: Server
    client_id: str
    secret: str | None
    redirect_uri: str = ""
    scope: str = "profile photos:read"

    def authorization_request(self, **changes: Parameter) -> str:
        """The authorization request as this client makes it, but for `changes`; None leaves a parameter out."""
        parameters: dict[str, Parameter] = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "scope": self.scope,
            "state": "af0ifjsldkj",
            "code_challenge": s256(VERIFIER),
            "code_challenge_method": "S256",
        }
        return f"/oauth/authorize?{urlencode(_present(parameters | changes), doseq=True)}"

    def redeem(self, code: str, **changes: Parameter) -> TestResponse:
        """The access token request (RFC 6749 §4.1.3), but for `changes`."""
        parameters = {"code": code, "redirect_uri": self.redirect_uri, "code_verifier": VERIFIER}
        return self.request("/oauth/token", grant_type="authorization_code", **parameters | changes)

    def refresh(self, refresh_token: str, **changes: Parameter) -> TestResponse:
        return self.request(
            "/oauth/token", grant_type="refresh_token", refresh_token=refresh_token, **changes
        )

    def introspect(self, token: str, **changes: Parameter) -> TestResponse:
        return self.request("/oauth/introspect", token=token, **changes)

    def revoke(self, token: str, **changes: Parameter) -> TestResponse:
        return self.request("/oauth/revoke", token=token, **changes)

    def connect(self, person: Person, *scopes: str, **changes: Parameter) -> Tokens:
        """The whole flow: `person` allows `scopes`, or all that is asked for, and the code is redeemed."""
        return Tokens.read(
            self.redeem(person.allow(self.authorization_request(**changes), *scopes).code)
        )

    def holds(self, token: str) -> bool:
        """Whether `token` is active, as its own client learns."""
        return bool(self.introspect(token).get_json()["active"])

    def request(self, path: str, **parameters: Parameter) -> TestResponse:
        """A request to a machine endpoint, authenticated as this client does."""
        if self.secret is None:
            return self.server.post(path, _present({"client_id": self.client_id} | parameters))
        return self.server.post(path, _present(parameters), auth=(self.client_id, self.secret))


class Events(logging.Handler):
    """The event log, entry by entry."""

    def __init__(self) -> None:
        super().__init__()
        self.entries: list[dict[str, Any]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.entries.append(vars(record)["fields"])

    def named(self, event: str) -> list[dict[str, Any]]:
        return [entry for entry in self.entries if entry["event"] == event]


class Clock:
    """Time stands still until a test turns it."""

    def __init__(self, traveller: time_machine.Traveller) -> None:
        self._traveller = traveller

    def advance(self, seconds: float) -> None:
        self._traveller.shift(timedelta(seconds=seconds))


def _present(parameters: Mapping[str, Parameter]) -> dict[str, str | list[str]]:
    return {name: value for name, value in parameters.items() if value is not None}
