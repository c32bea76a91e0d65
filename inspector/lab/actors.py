"""Who takes part in an attack, each with a session of its own: people in browsers, and apps on their back channel.

All of it is simulated in one process, and says so in its `User-Agent`; the servers at the other end are real.
"""

import base64
import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

import requests

from inspector.lab.answer import Answer
from inspector.lab.html import Form
from inspector.read.steps import ATTACKER, LAB

MALLORY = ATTACKER
CAROLS_BROWSER = f"{LAB}carol's browser (simulated)"
PRINT_SHOP = f"{LAB}Print Shop's back channel (simulated)"
#: Of a request that Mallory has Carol's browser send, by a link or by a page of hers.
LED_ASTRAY = {"User-Agent": f"{ATTACKER}'s work, in carol's browser (simulated)"}
TIMEOUT = (3.05, 15.0)
#: Redirects that a browser follows in a row.
MOST_REDIRECTS = 10


@dataclass
class Wire:
    """One session. Every request says who sends it, and by its id to which attack it belongs."""

    http: requests.Session
    user_agent: str
    name_request: Callable[[], str]

    def send(self, method: str, url: str, **parts: Any) -> Answer:
        """One request, one answer: no redirect is followed."""
        headers = {
            "User-Agent": self.user_agent,
            "X-Request-Id": self.name_request(),
            **parts.pop("headers", {}),
        }
        return Answer(
            self.http.request(
                method, url, headers=headers, allow_redirects=False, timeout=TIMEOUT, **parts
            )
        )


@dataclass
class Browser:
    """A browser with cookies, at home at `origins`; what leads elsewhere it does not follow."""

    wire: Wire
    origins: tuple[str, ...]

    def open(self, url: str, until: str | None = None, **headers: str) -> Answer:
        """Go there and wherever that leads, but not to addresses that begin with `until`."""
        return self.follow(self.wire.send("GET", url, headers=headers), until)

    def submit(
        self, answer: Answer, form: Form, *more: tuple[str, str], until: str | None = None
    ) -> Answer:
        """Send a form of that page, with more than it holds by itself, and go where that leads."""
        action = urljoin(answer.url, form.action or answer.url)
        origin = "{0.scheme}://{0.netloc}".format(urlsplit(answer.url))
        sent = self.wire.send(
            "POST",
            action,
            data=[*form.fields, *more],
            headers={"Origin": origin, "Referer": answer.url},
        )
        return self.follow(sent, until)

    def follow(self, answer: Answer, until: str | None = None) -> Answer:
        """Go where an answer leads."""
        for _ in range(MOST_REDIRECTS):
            if not answer.location.startswith(self.origins) or (
                until and answer.location.startswith(until)
            ):
                break
            answer = self.wire.send("GET", answer.location)
        return answer


@dataclass
class Person:
    """Somebody with an account at the authorization server."""

    username: str
    password: str = field(repr=False)
    browser: Browser = field(repr=False)
    #: Whether she has let an app in since somebody looked.
    has_consented: bool = False

    def visit(self, url: str, until: str | None = None, **headers: str) -> Answer:
        """Open `url`, and sign in when asked to."""
        answer = self.browser.open(url, until, **headers)
        form = answer.page.form_with("password")
        if form is None:
            return answer
        fields = [
            (name, value) for name, value in form.fields if name not in ("username", "password")
        ]
        filled = Form(
            form.action, [*fields, ("username", self.username), ("password", self.password)]
        )
        return self.browser.submit(answer, filled, until=until)

    def allow(self, url: str, scope: str, until: str | None = None) -> Answer:
        """Go through an authorization request, and allow `scope` when asked; where that leads."""
        answer = self.visit(url, until)
        form = answer.page.form_with("decision")
        self.has_consented = True
        if form is None:
            return answer
        fields = [(name, value) for name, value in form.fields if name != "granted_scope"]
        ticked = [("granted_scope", name) for name in scope.split()]
        return self.browser.submit(
            answer, Form(form.action, fields), *ticked, ("decision", "allow"), until=until
        )


@dataclass(frozen=True)
class AuthorizationRequest:
    """What an app remembers of one, and where it sends the browser."""

    url: str
    state: str
    verifier: str = field(repr=False)


@dataclass
class App:
    """A registered client, played by whoever has its credentials."""

    client_id: str
    client_secret: str = field(repr=False)
    redirect_uri: str
    issuer: str
    wire: Wire = field(repr=False)

    def authorization_request(self, scope: str, **changes: str | None) -> AuthorizationRequest:
        """RFC 6749 §4.1.1 with RFC 7636 §4.3; a change to None leaves the parameter out."""
        state, verifier = secrets.token_urlsafe(24), secrets.token_urlsafe(48)
        parameters: dict[str, str | None] = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "scope": scope,
            "state": state,
            "code_challenge": s256(verifier),
            "code_challenge_method": "S256",
        }
        return AuthorizationRequest(
            f"{self.issuer}/oauth/authorize?{_form(parameters | changes)}", state, verifier
        )

    def redeem(self, code: str, verifier: str | None, **changes: str | None) -> Answer:
        """RFC 6749 §4.1.3."""
        form: dict[str, str | None] = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.redirect_uri,
            "code_verifier": verifier,
        }
        return self._post("/oauth/token", form | changes)

    def refresh(self, refresh_token: str, **changes: str | None) -> Answer:
        """RFC 6749 §6."""
        form: dict[str, str | None] = {
            "grant_type": "refresh_token",
            "refresh_token": refresh_token,
        }
        return self._post("/oauth/token", form | changes)

    def revoke(self, token: str) -> Answer:
        """RFC 7009 §2.1."""
        return self._post("/oauth/revoke", {"token": token})

    def _post(self, path: str, form: dict[str, str | None]) -> Answer:
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        credentials = (self.client_id, self.client_secret)
        return self.wire.send(
            "POST", f"{self.issuer}{path}", data=_form(form), headers=headers, auth=credentials
        )


def s256(verifier: str) -> str:
    """The challenge of a verifier (RFC 7636 §4.2)."""
    return (
        base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    )


def _form(parameters: dict[str, str | None]) -> str:
    return urlencode({name: value for name, value in parameters.items() if value is not None})
