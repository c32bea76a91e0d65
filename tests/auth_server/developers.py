"""A developer who uses /developer/apps in a browser."""

import html
import re
from typing import Any

from requests import Response, Session
from world.cast import Person
from world.page import Form, Page
from world.registered_client import RegisteredClient

from tests.auth_server.server import ISSUER, VERIFIER

POSTCARDS: dict[str, Any] = {
    "name": "Postcard Press",
    "homepage": "https://postcards.example/",
    "redirect_uris": "https://postcards.example/callback",
    "scope": ["profile", "photos:read"],
    "type": "confidential",
}
#: Every address with a client's identifier in it, and what it answers to.
OWN_ADDRESSES = [
    (method, f"/developer/apps/{{}}{ending}")
    for ending in ("", "/secret", "/delete")
    for method in ("GET", "POST")
]


class Developer:
    """A signed-in user with registered clients."""

    def __init__(self, person: Person) -> None:
        self.person = person
        self.browser = person.browser
        person.send_login()

    def form(self, path: str) -> Form:
        """Return the form of that page, without its text fields."""
        form = next(form for form in self.page(path).forms if form.action == path)
        form.fields = [
            field for field in form.fields if field.name in ("csrf_token", "form_id", "replaced")
        ]
        return form

    def page(self, path: str = "/developer/apps") -> Page:
        return Page(self.browser.get(path))

    def send(self, path: str, form: Form | None = None, **typed: Any) -> Response:
        """Send the form of the page at `path`, or one that was got before."""
        return self.browser.post(path, data=(form or self.form(path)).entries | typed)

    def registers(self, form: Form | None = None, **changes: Any) -> Response:
        """Send the form for a new client, filled in as for Postcard Press but for `changes`."""
        return self.send("/developer/apps/new", form, **POSTCARDS | changes)

    def has_a_client(self, **changes: Any) -> RegisteredClient:
        """Register a client and return it."""
        answer, fields = self.registers(**changes), POSTCARDS | changes
        assert answer.status_code == 200, answer.text
        redirect_uri, scope = fields["redirect_uris"].split()[0], " ".join(fields["scope"])
        return self.client_in(answer, redirect_uri, scope)

    def client_in(self, answer: Response, redirect_uri: str, scope: str) -> RegisteredClient:
        """Return the client whose identifier and secret the page shows."""
        return RegisteredClient(
            issuer=ISSUER,
            client_id=str(shown(answer, "new-id")),
            client_secret=shown(answer, "new-secret"),
            redirect_uri=redirect_uri,
            http=self.browser.network.mount(Session()),
            scope=scope,
            verifier=VERIFIER,
        )

    def edits(self, client: RegisteredClient, **changes: Any) -> Response:
        fields = (
            POSTCARDS
            | {"redirect_uris": client.redirect_uri, "scope": client.scope.split()}
            | changes
        )
        return self.send(f"/developer/apps/{client.client_id}", **fields)

    def renews(self, client: RegisteredClient, form: Form | None = None) -> Response:
        return self.send(f"/developer/apps/{client.client_id}/secret", form)

    def deletes(self, client: RegisteredClient) -> Response:
        return self.send(f"/developer/apps/{client.client_id}/delete")


def shown(answer: Response, name: str) -> str | None:
    """Return the text of the page's element with that name."""
    found = re.search(rf'<code id="{name}">(.*?)</code>', answer.text, re.DOTALL)
    return html.unescape(found[1]) if found else None
