"""Print Shop with another project's authorization server, as `docs/any-provider.md` sets it up.

The other server is npm's `oidc-provider`. It and Print Shop are real processes. The photo API is
simulated, and introspects tokens at the other server.
"""

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import requests
from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response
from world.browser import Browser
from world.node import prepare_program, running_program
from world.page import Page
from world.processes import environment, running
from world.sockets import Sockets

pytestmark = pytest.mark.processes

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = Path(__file__).with_name("any_provider")
RECIPE = (ROOT / "docs" / "any-provider.md").read_text()

SECRET = "a secret: with + and %"
API_ACCOUNT = ("an-api", "and-its-secret")
#: The path of the issuer. RFC 8414 appends such a path to the well-known address of the metadata;
#: OpenID Connect Discovery puts it before the well-known address.
ISSUER_PATHS = {"RFC 8414": "", "OpenID Connect Discovery": "/realms/photos"}


@dataclass
class OtherServer:
    """The other project's authorization server. `log` is the file to which it prints."""

    issuer: str
    log: Path

    def count(self, event: str) -> int:
        """Return how often the server has logged this."""
        return self.log.read_text().splitlines().count(event)

    def is_active(self, token: str) -> bool:
        """Return whether the server says so in an introspection response (RFC 7662)."""
        endpoint = f"{self.issuer}/token/introspection"
        answer = requests.post(endpoint, data={"token": token}, auth=API_ACCOUNT, timeout=5)
        return answer.json()["active"] is True


@dataclass
class SimulatedPhotoApi:
    """The part of a photo API that Print Shop needs.

    It accepts the tokens that are active at the other server, and records all in `presented`.
    """

    other_server: OtherServer
    presented: list[str] = field(default_factory=list)
    accepts_tokens: bool = True

    @Request.application
    def answer(self, request: Request) -> Response:
        """Return Alice's name or the list with the only photo."""
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        self.presented.append(token)
        if not (self.accepts_tokens and self.other_server.is_active(token)):
            return Response(status=401)
        photo = {"id": "fjord", "title": "Fjord, blue hour", "created_at": "2025-01-17T12:00:00Z"}
        document = {"photos": [photo], "next": None}
        if request.path == "/me":
            document = {"name": "Alice Liddell"}
        return Response(json.dumps(document), mimetype="application/json")


@dataclass
class Setup:
    """Print Shop with the other server. `environ` is the environment of Print Shop."""

    url: str
    environ: dict[str, str]
    other_server: OtherServer
    api: SimulatedPhotoApi
    events_file: Path

    def count_events(self, name: str) -> int:
        """Return how often Print Shop has logged this event."""
        return sum(
            json.loads(line)["event"] == name for line in self.events_file.read_text().splitlines()
        )


@contextmanager
def running_other_server(
    folder: Path, issuer_path: str, redirect_uri: str
) -> Iterator[OtherServer]:
    """Run the other server in its folder, with Print Shop and an API registered."""
    shop = {
        "client_id": "print-shop",
        "client_secret": SECRET,
        "redirect_uris": [redirect_uri],
        "response_types": ["code"],
        "grant_types": ["authorization_code", "refresh_token"],
        "token_endpoint_auth_method": "client_secret_basic",
    }
    no_flow: dict[str, list[str]] = {"redirect_uris": [], "response_types": [], "grant_types": []}
    api = dict(zip(("client_id", "client_secret"), API_ACCOUNT, strict=True)) | no_flow
    environ = {"MOUNT": issuer_path, "CLIENTS": json.dumps([shop, api])}
    with running_program(folder, "server.mjs", environ) as log:
        yield OtherServer(log.read_text().splitlines()[0], log)


@contextmanager
def running_api(api: SimulatedPhotoApi) -> Iterator[str]:
    """Run the simulated API. Yield its address."""
    server = make_server("127.0.0.1", 0, api.answer, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(scope="module", params=ISSUER_PATHS.values(), ids=ISSUER_PATHS.keys())
def setup(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Setup]:
    """Start Print Shop with the settings of the recipe, and with free ports."""
    folder = tmp_path_factory.mktemp("any_provider")
    instance_path = folder / "instance"
    own = environment(instance_path)
    url = own["TRIPOD_CLIENT_APP_URL"]
    prepare_program(folder, PACKAGE / "server.mjs", PACKAGE, request.config.cache)
    with (
        running_other_server(folder, request.param, f"{url}/callback") as other_server,
        running_api(api := SimulatedPhotoApi(other_server)) as api_url,
    ):
        exported, command = read_recipe()
        real = {"TRIPOD_ISSUER": other_server.issuer, "TRIPOD_CLIENT_SECRET": SECRET}
        assert set(real) < set(exported)
        environ = own | exported | real | {"TRIPOD_RESOURCE_API_URL": api_url}
        with running(*command, env=environ, log=folder / "print_shop.txt") as shop:
            shop.wait_until_ready(url)
            yield Setup(url, environ, other_server, api, instance_path / "client_app.events.jsonl")


def read_recipe() -> tuple[dict[str, str], list[str]]:
    """Return the variables that the recipe exports and the command that it runs."""
    block = re.search(r"```sh\n(.*?)```", RECIPE, re.DOTALL)
    assert block
    *exports, command = block[1].splitlines()
    assignments = (line.removeprefix("export ").split("=", 1) for line in exports)
    return {name: value.strip('"') for name, value in assignments}, command.removeprefix(
        ".venv/bin/python "
    ).split()


@pytest.fixture
def browser() -> Browser:
    return Browser(Sockets())


def connect(browser: Browser, setup: Setup) -> Page:
    """Start at Print Shop, sign in and consent at the other server. Return the last page."""
    browser.open(setup.url)
    browser.follow("Connect your photos")
    assert browser.current.url.startswith(setup.other_server.issuer)
    browser.fill(login="alice", password="anything")
    browser.press("Sign-in")
    return browser.press("Continue")


def test_the_settings_of_the_recipe_suffice(setup: Setup, browser: Browser) -> None:
    """The user reaches the album, and the browser never receives a token."""
    album = connect(browser, setup)

    assert (album.status, album.url) == (200, f"{setup.url}/photos")
    assert "Alice’s album" in album.text
    assert "Fjord, blue hour" in album.text
    assert "You were already signed in" not in album.text, "the sign-in was not recorded"
    assert setup.other_server.is_active(setup.api.presented[-1])
    assert [
        answer.url for answer in browser.history if setup.api.presented[-1] in answer.text
    ] == []


def test_a_user_signs_in_with_openid_connect(setup: Setup, browser: Browser) -> None:
    """The keys, the ID token and userinfo are those of another project."""
    browser.open(f"{setup.url}/connect?scope=openid+profile+photos:read&return_to=/profile")
    browser.fill(login="alice", password="anything")
    browser.press("Sign-in")
    page = browser.press("Continue")

    assert (page.status, page.url) == (200, f"{setup.url}/profile")
    assert "RS256, with the key" in page.text
    assert "Its sub is that of the ID token" in page.text
    assert setup.count_events("id_token_validated") >= 1


def test_a_refreshed_id_token_of_the_other_server_is_accepted(
    setup: Setup, browser: Browser
) -> None:
    browser.open(f"{setup.url}/connect?scope=openid+profile+photos:read")
    browser.fill(login="alice", password="anything")
    browser.press("Sign-in")
    browser.press("Continue")
    validated = setup.count_events("id_token_validated")

    page = browser.press("Refresh now")

    assert page.status == 200
    assert setup.count_events("id_token_validated") == validated + 1


def test_a_refresh_stores_the_new_refresh_token(setup: Setup, browser: Browser) -> None:
    """The other server has no grace: it ends the grant when a spent token is presented again."""
    connect(browser, setup)
    first, spent = setup.api.presented[-1], setup.other_server.count("refresh_token.consumed")
    revoked = setup.other_server.count("grant.revoked")

    pages = [browser.press("Refresh now") for _ in range(3)]

    assert [page.status for page in pages] == [200, 200, 200]
    assert setup.other_server.count("refresh_token.consumed") == spent + 3
    assert setup.api.presented[-1] != first
    assert setup.other_server.count("grant.revoked") == revoked


def test_disconnecting_ends_the_grant_at_the_other_server(setup: Setup, browser: Browser) -> None:
    connect(browser, setup)
    token, revoked = setup.api.presented[-1], setup.other_server.count("grant.revoked")

    page = browser.press("Disconnect")

    assert "You are disconnected" in page.text
    assert setup.other_server.count("grant.revoked") == revoked + 1
    assert not setup.other_server.is_active(token)
    assert browser.open("/photos").status == 403


def test_a_user_who_cancels_at_the_other_server_sees_an_explanation(
    setup: Setup, browser: Browser
) -> None:
    browser.open(f"{setup.url}/connect")

    page = browser.follow("Cancel")

    assert page.url.startswith(f"{setup.url}/callback?")
    assert (page.status, "Nothing was shared" in page.text) == (403, True)


def test_print_shop_asks_again_after_the_other_server_ended_the_grant(
    setup: Setup, browser: Browser
) -> None:
    """A request with Print Shop's credentials revokes the grant without Print Shop."""
    connect(browser, setup)
    client = (setup.environ["TRIPOD_CLIENT_ID"], requests.utils.quote(SECRET, safe=""))
    endpoint = f"{setup.other_server.issuer}/token/revocation"
    form = {"token": setup.api.presented[-1]}
    requests.post(endpoint, form, auth=client, timeout=5).raise_for_status()

    page = browser.open("/photos")

    assert (page.status, "Your connection has ended" in page.text) == (403, True)


def test_an_api_that_rejects_the_tokens_keeps_the_connection(
    setup: Setup, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Print Shop refreshes once and then stops, as `docs/any-provider.md` says."""
    monkeypatch.setattr(setup.api, "accepts_tokens", False)
    refreshes = setup.count_events("tokens_refreshed")

    page = connect(browser, setup)

    assert (page.status, "Your photos are not available" in page.text) == (503, True)
    assert setup.count_events("tokens_refreshed") == refreshes + 1
    assert setup.other_server.is_active(setup.api.presented[-1])


def test_the_lock_file_names_no_registry() -> None:
    """Each machine configures its own registry for npm."""
    packages = json.loads((PACKAGE / "package-lock.json").read_text())["packages"]

    assert [name for name, package in packages.items() if "resolved" in package] == []
    assert all(package["integrity"] for name, package in packages.items() if name)
