"""The actors of an attack: users with browsers, and clients with a back channel.

The lab simulates all of them in one process, which their `User-Agent` says. The servers are real.
"""

import secrets
from dataclasses import dataclass, field
from urllib.parse import urlencode, urljoin, urlsplit

from inspector.lab.http import Answer, Form, Sender
from inspector.lab.outcome import CannotRun
from inspector.read.steps import ATTACKER, LAB
from inspector.record.masking import s256

MALLORY = ATTACKER
CAROLS_BROWSER = f"{LAB}carol's browser (simulated)"
PRINT_SHOP = f"{LAB}Print Shop's back channel (simulated)"
#: Headers of a request that a link or a page of Mallory's makes Carol's browser send.
LURED = {"User-Agent": f"{ATTACKER}'s work, in carol's browser (simulated)"}
#: The passwords of the lab's users. `auth_server/demo.py` seeds the same ones: the lab may not
#: import a leg, and no leg may import the lab. A test compares the two.
LAB_PASSWORDS = {"lab-carol": "bench and burner", "lab-mallory": "smoke and mirrors"}
#: The name of the client that Mallory registers.
MALLORYS_APP_NAME = "Free Wallpapers"
#: Redirects that a browser follows in a row.
MAX_REDIRECTS = 10
#: More apps than a user of the lab ever grants access to.
MAX_APPS = 5


@dataclass
class Browser:
    """A browser with cookies. It follows redirects to `origins` only."""

    sender: Sender
    origins: tuple[str, ...]

    def open(self, url: str, until: str | None = None, **headers: str) -> Answer:
        """Open `url` and follow its redirects, except to addresses that begin with `until`."""
        return self.follow(self.sender.send("GET", url, headers=headers), until)

    def submit(
        self, answer: Answer, form: Form, *more: tuple[str, str], until: str | None = None
    ) -> Answer:
        """Send a form of the page in `answer`, with the fields `more`, and follow redirects."""
        origin = "{0.scheme}://{0.netloc}".format(urlsplit(answer.url))
        sent = self.sender.send(
            "POST",
            urljoin(answer.url, form.action or answer.url),
            data=[*form.fields, *more],
            headers={"Origin": origin, "Referer": answer.url},
        )
        return self.follow(sent, until)

    def follow(self, answer: Answer, until: str | None = None) -> Answer:
        """Follow redirects, except to addresses that begin with `until`."""
        for _ in range(MAX_REDIRECTS):
            if not answer.location.startswith(self.origins):
                break
            if until and answer.location.startswith(until):
                break
            answer = self.sender.send("GET", answer.location)
        return answer


@dataclass
class Person:
    """A user with an account at the authorization server."""

    username: str
    password: str = field(repr=False)
    browser: Browser = field(repr=False)
    #: Whether the user has granted access to an app since `remove_all_access`.
    has_consented: bool = False

    def visit(self, url: str, until: str | None = None, **headers: str) -> Answer:
        """Open `url`, and sign in if the login page appears."""
        answer = self.browser.open(url, until, **headers)
        if answer.page.form_with("password") is None:
            return answer
        return self.sign_in(answer, until)

    def sign_in(
        self, login: Answer, until: str | None = None, browser: Browser | None = None
    ) -> Answer:
        """Fill in the form of the page `login`, and follow where that leads.

        :raises CannotRun: when there is no such form.
        """
        form = login.page.form_with("password")
        if form is None:
            raise CannotRun("The login page has no form.")
        credentials = [("username", self.username), ("password", self.password)]
        filled = Form(form.action, [*form.fields_except("username", "password"), *credentials])
        return (browser or self.browser).submit(login, filled, until=until)

    def allow(self, url: str, scope: str, until: str | None = None) -> Answer:
        """Open an authorization request, and grant `scope` if the consent page appears."""
        answer = self.visit(url, until)
        form = answer.page.form_with("decision")
        self.has_consented = True
        if form is None:
            return answer
        unticked = Form(form.action, form.fields_except("granted_scope"))
        ticked = [("granted_scope", name) for name in scope.split()]
        return self.browser.submit(answer, unticked, *ticked, ("decision", "allow"), until=until)

    def register_app(self, issuer: str, redirect_uri: str, scope: str) -> tuple[str, str]:
        """Register a confidential client; return its id and its secret.

        :raises CannotRun: when the authorization server registers none.
        """
        answer = self.visit(f"{issuer}/developer/apps/new")
        form = answer.page.form_with("redirect_uris")
        if form is None:
            raise CannotRun(f"Mallory could not register an app ({answer.status}).")
        kept = [pair for pair in form.fields if pair[0] in ("csrf_token", "form_id")]
        about = [
            ("name", MALLORYS_APP_NAME),
            ("redirect_uris", redirect_uri),
            ("type", "confidential"),
        ]
        scopes = [("scope", name) for name in scope.split()]
        page = self.browser.submit(answer, Form(form.action, kept), *about, *scopes).page
        if "new-secret" not in page.code_texts:
            raise CannotRun("Mallory’s app was not registered.")
        return page.code_texts["new-id"], page.code_texts["new-secret"]

    def delete_app(self, issuer: str, client_id: str) -> None:
        """Delete a client that this user registered."""
        answer = self.visit(f"{issuer}/developer/apps/{client_id}/delete")
        for form in answer.page.forms:
            if "delete" in form.action:
                self.browser.submit(answer, form)
                return

    def remove_all_access(self, issuer: str) -> None:
        """Remove the access of every app on the account page, and with it all grants."""
        listed = self.visit(f"{issuer}/account/apps")
        for _ in range(MAX_APPS):
            form = listed.page.form_with("client_id")
            if form is None:
                break
            _, client_id = form.buttons[0]
            question = self.visit(f"{issuer}/account/apps/remove?client_id={client_id}")
            form = question.page.form_with("client_id")
            if form is None:
                break
            listed = self.browser.submit(question, form, form.buttons[0])
        self.has_consented = False


@dataclass(frozen=True)
class AuthorizationRequest:
    """An authorization request: its URL, and what the client remembers of it."""

    url: str
    state: str
    verifier: str = field(repr=False)


@dataclass
class App:
    """A registered client, played by anyone who has its credentials."""

    client_id: str
    client_secret: str = field(repr=False)
    redirect_uri: str
    issuer: str
    sender: Sender = field(repr=False)

    def authorization_request(self, scope: str, **changes: str | None) -> AuthorizationRequest:
        """Create an authorization request (RFC 6749 §4.1.1, RFC 7636 §4.3).

        A parameter that `changes` sets to None is omitted.
        """
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
        url = f"{self.issuer}/oauth/authorize?{_encode(parameters | changes)}"
        return AuthorizationRequest(url, state, verifier)

    def redeem(self, code: str, verifier: str | None, **changes: str | None) -> Answer:
        """Redeem a code (RFC 6749 §4.1.3)."""
        form: dict[str, str | None] = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.redirect_uri,
            "code_verifier": verifier,
        }
        return self._post("/oauth/token", form | changes)

    def refresh(self, refresh_token: str, **changes: str | None) -> Answer:
        """Redeem a refresh token (RFC 6749 §6)."""
        form: dict[str, str | None] = {
            "grant_type": "refresh_token",
            "refresh_token": refresh_token,
        }
        return self._post("/oauth/token", form | changes)

    def revoke(self, token: str) -> Answer:
        """Revoke a token (RFC 7009 §2.1)."""
        return self._post("/oauth/revoke", {"token": token})

    def _post(self, path: str, form: dict[str, str | None]) -> Answer:
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        credentials = (self.client_id, self.client_secret)
        return self.sender.send(
            "POST", f"{self.issuer}{path}", data=_encode(form), headers=headers, auth=credentials
        )


def _encode(parameters: dict[str, str | None]) -> str:
    return urlencode({name: value for name, value in parameters.items() if value is not None})
