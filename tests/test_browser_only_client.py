"""A public client that is only a page in a real browser completes the flow with `fetch`.

Its script and its page are those in docs/connect.md. The page is on another port, which is another
origin.
"""

import json
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from PIL import Image
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page
from world.chromium import launched_chromium
from world.processes import Running, run, running_legs

pytestmark = pytest.mark.processes

GUIDE = Path(__file__).resolve().parents[1] / "docs" / "connect.md"
[SCRIPT] = re.findall(r"^```js\n(.*?)^```", GUIDE.read_text(), re.MULTILINE | re.DOTALL)
[PRINTED_PAGE] = re.findall(r"^```html\n(.*?)^```", GUIDE.read_text(), re.MULTILINE | re.DOTALL)
#: A page that leaves it to the test when to call the functions of the script.
PAGE = b'<!doctype html><title>Album</title><script type="module" src="/client.js"></script>'
FUNCTIONS = "connect, finish, refresh, revoke, callApi, readJson"
EVERYTHING = "profile photos:read photos:write"


@dataclass
class StaticSite:
    """A server that only has a page and a script. It receives no secret."""

    server: ThreadingHTTPServer
    script: bytes = b""
    page: bytes = PAGE

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture(scope="module")
def legs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running_legs(tmp_path_factory.mktemp("legs")) as legs:
        yield legs


@pytest.fixture(scope="module")
def site() -> Iterator[StaticSite]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            is_script = self.path == "/client.js"
            self.send_response(200)
            self.send_header("Content-Type", ["text/html", "text/javascript"][is_script])
            self.end_headers()
            self.wfile.write([site.page, site.script][is_script])

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Print nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        site = StaticSite(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield site
        server.shutdown()


@pytest.fixture(scope="module")
def client_id(legs: Running, site: StaticSite) -> str:
    """Register the page as a public client, and give it the script of the guide."""
    command = ["-m", "flask", "--app", "app:create_auth_server", "clients", "create", "--public"]
    options = ["--name", "Album", "--redirect-uri", f"{site.origin}/callback", "--json"]
    registered = run(*command, *options, "--scope", EVERYTHING, env=legs.env)
    client_id = str(json.loads(registered.stdout)["client_id"])
    script = SCRIPT.replace("http://127.0.0.1:9000", legs.auth_server_url)
    script = script.replace("http://127.0.0.1:9002", legs.resource_api_url)
    with_id = script.replace('const clientId = "…";', f"const clientId = {json.dumps(client_id)};")
    assert with_id != script
    site.script = f"{with_id}\nObject.assign(window, {{ {FUNCTIONS} }});\n".encode()
    return client_id


@pytest.fixture(scope="module")
def chromium() -> Iterator[Chromium]:
    with launched_chromium() as chromium:
        yield chromium


class Reply(NamedTuple):
    """What a script could read of a response."""

    status: int
    headers: dict[str, str]
    body: Any


@dataclass
class App:
    """The page of the client, in a browser tab."""

    tab: Page
    legs: Running

    def open(self, url: str) -> None:
        self.tab.goto(url)
        self.tab.wait_for_function("() => window.connect")

    def run(self, script: str, *values: object) -> Any:
        """Run a function of the client's script."""
        return self.tab.evaluate(script, list(values))

    def connect(self) -> dict[str, Any]:
        """Sign in as alice, allow everything, and return the tokens."""
        self.tab.evaluate("scope => void connect(scope)", EVERYTHING)
        self.sign_in_and_allow()
        self.tab.wait_for_function("() => window.finish")
        tokens: dict[str, Any] = self.tab.evaluate("() => finish()")
        return tokens

    def sign_in_and_allow(self) -> None:
        """Sign in as alice, allow everything, and wait until the browser has returned."""
        self.tab.get_by_label("Username").fill("alice")
        self.tab.get_by_label("Password").fill("wonderland")
        self.tab.get_by_role("button", name="Sign in", exact=True).click()
        self.tab.get_by_role("button", name="Allow").click()
        self.tab.wait_for_url("**/callback*")

    def call(self, tokens: dict[str, Any], path: str, options: str = "{}") -> Reply:
        """Call Photo API with `options`, a JavaScript expression."""
        return Reply(
            **self.run(
                f"""async ([tokens, path]) => {{
                    const reply = await callApi(tokens, path, {options});
                    const text = await reply.text();
                    return {{
                        status: reply.status,
                        headers: Object.fromEntries(reply.headers),
                        body: text && JSON.parse(text),
                    }};
                }}""",
                tokens,
                path,
            )
        )

    def can_read(self, url: str, options: str = "{}") -> bool:
        """Return whether the browser lets the script read the response."""
        return bool(
            self.run(f"([url]) => fetch(url, {options}).then(() => true, () => false)", url)
        )


@pytest.fixture
def app(chromium: Chromium, legs: Running, site: StaticSite, client_id: str) -> Iterator[App]:
    window = chromium.new_context()
    app = App(window.new_page(), legs)
    app.open(site.origin)
    yield app
    window.close()


@pytest.fixture
def tokens(app: App) -> dict[str, Any]:
    return app.connect()


def upload_options() -> str:
    """Return options for `fetch` that add a photo."""
    image = BytesIO()
    Image.new("RGB", (4, 3), "teal").save(image, "PNG")
    return f"""{{
        method: "POST",
        body: (() => {{
            const form = new FormData();
            form.set("title", "From the browser");
            form.set("image", new Blob([new Uint8Array({list(image.getvalue())})]), "photo.png");
            return form;
        }})(),
    }}"""


def test_the_printed_page_shows_the_photos(
    app: App, site: StaticSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(site, "page", PRINTED_PAGE.encode())
    app.open(site.origin)
    app.tab.get_by_role("button", name="Connect").click()
    app.sign_in_and_allow()
    app.tab.wait_for_function("() => document.querySelector('pre').textContent")

    assert json.loads(app.tab.locator("pre").inner_text())["photos"]


def test_a_failed_revocation_is_an_error(app: App, tokens: dict[str, Any]) -> None:
    message = app.run("() => revoke({ refresh_token: '' }).catch(error => error.message)")

    assert message == "the tokens were not revoked: 400"


def test_the_page_receives_tokens(tokens: dict[str, Any]) -> None:
    assert tokens["token_type"] == "Bearer"
    assert tokens["scope"] == EVERYTHING


def test_the_code_does_not_stay_in_the_address(app: App, tokens: dict[str, Any]) -> None:
    assert app.tab.evaluate("location.search") == ""


def test_the_page_manages_photos(app: App, tokens: dict[str, Any]) -> None:
    """PATCH, DELETE and the `Authorization` header need a preflight."""
    before = app.call(tokens, "/photos").body["photos"]
    added = app.call(tokens, "/photos", upload_options())
    path = added.headers["location"].removeprefix(app.legs.resource_api_url)
    renamed = app.call(
        tokens,
        path,
        """{
            method: "PATCH",
            body: JSON.stringify({ title: "Renamed" }),
            headers: { "Content-Type": "application/json" },
        }""",
    )
    deleted = app.call(tokens, path, '{ method: "DELETE" }')
    missing = app.call(tokens, path)

    assert (added.status, renamed.body["title"], deleted.status) == (201, "Renamed", 204)
    assert (missing.status, missing.body["error"]) == (404, "not_found")
    assert app.call(tokens, "/photos").body["photos"] == before


def test_the_page_shows_an_image(app: App, tokens: dict[str, Any]) -> None:
    photo = app.call(tokens, "/photos").body["photos"][0]
    size = app.run(
        """async ([tokens, path]) => {
            const image = await (await callApi(tokens, path)).blob();
            return (await createImageBitmap(image)).width;
        }""",
        tokens,
        photo["image"].removeprefix(app.legs.resource_api_url),
    )

    assert size == photo["width"]


def test_the_page_refreshes_with_rotation(app: App, tokens: dict[str, Any]) -> None:
    refreshed = app.run("([tokens]) => refresh(tokens)", tokens)

    assert refreshed["refresh_token"] != tokens["refresh_token"]
    assert app.call(refreshed, "/me").body["username"] == "alice"


def test_the_page_reads_why_a_refresh_failed(app: App, tokens: dict[str, Any]) -> None:
    app.run("([tokens]) => refresh(tokens)", tokens)
    message = app.run("([tokens]) => refresh(tokens).catch(error => error.message)", tokens)

    assert message.startswith("invalid_grant: ")


def test_a_revoked_token_gets_a_challenge_that_the_page_can_read(
    app: App, tokens: dict[str, Any]
) -> None:
    revoked = app.run("async ([tokens]) => (await revoke(tokens)).status", tokens)
    refused = app.call(tokens, "/photos")

    assert (revoked, refused.status, refused.body["error"]) == (200, 401, "invalid_token")
    assert "resource_metadata=" in refused.headers["www-authenticate"]
    assert refused.headers["x-request-id"]


def test_the_page_finds_the_authorization_server_from_the_api(app: App) -> None:
    url = f"{app.legs.resource_api_url}/.well-known/oauth-protected-resource"
    metadata = app.run("async ([url]) => readJson(await fetch(url))", url)

    assert metadata["authorization_servers"] == [app.legs.auth_server_url]


def test_the_page_cannot_read_what_is_for_the_user(app: App, tokens: dict[str, Any]) -> None:
    """Alice is signed in, and the script could send requests with the cookies of this browser."""
    own = [app.legs.auth_server_url, app.legs.client_app_url]
    urls = [f"{own[0]}{path}" for path in ("/", "/account/apps", "/oauth/authorize", "/healthz")]
    urls += [f"{own[1]}{path}" for path in ("/", "/photos", "/inspector")]

    assert not any(app.can_read(url) for url in urls)
    assert not any(app.can_read(url, '{ credentials: "include" }') for url in urls)


def test_the_page_cannot_send_a_secret_in_a_header(app: App) -> None:
    endpoint = f"{app.legs.auth_server_url}/oauth/token"
    with_secret = '{ method: "POST", headers: { Authorization: "Basic YTpi" } }'

    assert app.can_read(endpoint, '{ method: "POST" }')
    assert not app.can_read(endpoint, with_secret)
    assert not app.can_read(f"{app.legs.auth_server_url}/oauth/introspect", '{ method: "POST" }')
    assert not app.can_read(endpoint, '{ method: "POST", credentials: "include" }')
