"""Flows of users, and attacks, whose answers are checked without the model."""

import io
import os
import secrets
import time
from collections.abc import Callable
from contextlib import suppress
from threading import Event

import requests
from PIL import Image
from world.cast import Person
from world.nodes import Nodes
from world.page import Page
from world.registered_client import RegisteredClient, Tokens
from world.unreliable import Unreliable
from world.watched_grant import Promises

PAUSE = 0.05
#: Seconds for which Photo API may reject new tokens: a moved clock or odd answers last for less.
REJECTED_FOR = 6.0
#: Seconds between two guesses of a password: each costs the server a password hash.
BETWEEN_GUESSES = 0.25


class Stream:
    """Calls of one kind, one after the other, until the end. A refused one is repeated."""

    def __init__(self, call: Callable[[], object], pause: float = 0.0) -> None:
        self._call, self._pause = call, pause

    def run(self, is_over: Event) -> None:
        """Call until the end."""
        while not is_over.is_set():
            try:
                self._call()
            except requests.RequestException:
                time.sleep(PAUSE)
            time.sleep(self._pause)


class Visitor:
    """A user of Print Shop, who looks at the album, and connects again whenever it asks them to."""

    def __init__(self, nodes: Nodes, promises: Promises, person: Person) -> None:
        self._shop, self._promises, self._person = nodes.client_app_url, promises, person

    def visit(self) -> None:
        """Open the album; connect and refresh now and then."""
        album = self._person.browser.get(f"{self._shop}/photos")
        self._promises.expect(album.status_code in {200, 403}, f"the album: {album.status_code}")
        page = Page(album)
        refresh = [form for form in page.forms if form.action.endswith("/refresh")]
        if refresh:
            self._person.browser.post(refresh[0].action, refresh[0].entries)
        else:
            self._person.go_through(f"{self._shop}/connect")


class Photographer:
    """A client that adds and deletes photos: what was confirmed must be so from then on."""

    def __init__(
        self, nodes: Nodes, promises: Promises, person: Person, client: RegisteredClient
    ) -> None:
        self._api, self._promises = nodes.resource_api_url, promises
        self._person, self._client = person, client
        self._tokens: Tokens | None = None
        self._photos: list[str] = []

    def work(self) -> None:
        """Add a photo, look at it, and delete the oldest of a few."""
        response = self._send("POST", "/photos", image=make_photo())
        if response.status_code == 201:
            self._photos.append(f"/photos/{response.json()['id']}")
        self._expect(response, 201, "an upload")
        for photo in self._photos:
            self._expect(self._send("GET", photo), 200, "a stored photo")
        if len(self._photos) > 2:
            photo = self._photos.pop(0)
            self._expect(self._send("DELETE", photo), 204, "a deletion")
            self._expect(self._send("GET", photo), 404, "a deleted photo")

    def _expect(self, response: requests.Response, status: int, what: str) -> None:
        self._promises.expect(
            response.status_code == status, f"{what}: {response.status_code} {response.text[:200]}"
        )

    def _send(self, method: str, path: str, image: bytes | None = None) -> requests.Response:
        """Send a request, with new tokens if the old ones have expired."""
        end = time.monotonic() + REJECTED_FOR
        while True:
            if self._tokens is None:
                self._tokens = self._person.connect(self._client, scope="photos:read photos:write")
            headers = {"Authorization": f"Bearer {self._tokens.access_token}"}
            data = files = None
            if image is not None:
                data, files = {"title": "Noise"}, {"image": image}
            response = self._client.http.request(
                method, f"{self._api}{path}", headers=headers, data=data, files=files
            )
            if response.status_code != 401 or time.monotonic() > end:
                return response
            self._refresh(self._tokens)
            time.sleep(PAUSE)

    def _refresh(self, tokens: Tokens) -> None:
        self._tokens = None
        response = self._client.refresh(tokens.refresh_token)
        if response.status_code == 200:
            self._tokens = Tokens.read(response)


class Attacker:
    """A user who guesses passwords, tokens and client secrets. Nothing may ever succeed."""

    def __init__(
        self, nodes: Nodes, promises: Promises, network: Unreliable, victim: Person
    ) -> None:
        self._nodes, self._promises, self._http = nodes, promises, network.session()
        self._browser = victim.browser.another()
        self._victim = victim
        self._resource_server = nodes.resource_server(network)

    def guess_password(self) -> None:
        """Try a wrong password."""
        form = Page(self._browser.get("/login")).form
        guess = {"username": self._victim.username, "password": secrets.token_hex(8)}
        response = self._browser.post(form.action, form.entries | guess)
        self._promises.expect(
            response.status_code in {400, 403, 429}, f"a guessed password: {response.status_code}"
        )

    def guess_token(self) -> None:
        """Call the API with an unknown token, and introspect it."""
        token = secrets.token_urlsafe(32)
        response = self._http.get(
            f"{self._nodes.resource_api_url}/me", headers={"Authorization": f"Bearer {token}"}
        )
        self._promises.expect(
            response.status_code == 401, f"an unknown token at the API: {response.status_code}"
        )
        with suppress(ValueError):
            answer = self._resource_server.introspect(token).json()
            self._promises.expect(answer == {"active": False}, f"an unknown token: {answer}")

    def guess_secret(self) -> None:
        """Authenticate as Photo API with a wrong secret."""
        response = self._http.post(
            f"{self._nodes.auth_server_url}/oauth/introspect",
            {"token": "any"},
            auth=(self._resource_server.client_id, secrets.token_hex(8)),
        )
        self._promises.expect(
            response.status_code in {401, 429}, f"a guessed secret: {response.status_code}"
        )


def make_photo() -> bytes:
    """Return a PNG file of about 400 KB, which does not fit into memory buffers."""
    picture = Image.frombytes("RGB", (360, 360), os.urandom(360 * 360 * 3))
    file = io.BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()
