"""The programs on the developer pages run as shown and complete the flow on real sockets."""

import html
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from runpy import run_path
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from world.browser import Browser
from world.cast import Person
from world.node import find_node, find_program, install_packages
from world.processes import Running, free_ports, running_legs
from world.sockets import Sockets

pytestmark = pytest.mark.processes

PACKAGE = Path(__file__).parent / "interoperability" / "openid_client"
#: A valid address that breaks code which does not quote it correctly.
ODD_REDIRECT_URI = "http://127.0.0.1:{}/callback?shop='7'&lang=$HOME`id`".format(*free_ports(1))
#: openid-client gets a snippet only with an address like this one.
PLAIN_REDIRECT_URI = "http://localhost:{}/callback".format(*free_ports(1))
PROGRAMS = {
    "requests-oauthlib": (sys.executable, "snippet.py"),
    "authlib": (sys.executable, "snippet.py"),
    "openid-client": ("node", "snippet.mjs"),
    "curl": ("sh", "snippet.sh"),
}
NEWEST = "Your newest photo: "
#: In seconds.
TIMEOUT = 30


@dataclass
class ShownClient:
    """The snippets that the developer pages show for a client, when it is created and later.

    `secret` is None for a public client.
    """

    client_id: str
    secret: str | None
    on_creation: dict[str, str]
    later: dict[str, str]


@pytest.fixture(scope="module")
def legs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running_legs(tmp_path_factory.mktemp("legs")) as legs:
        yield legs


@pytest.fixture(scope="module")
def alice(legs: Running) -> Person:
    """Return Alice, who registers the clients and also uses them."""
    alice = Person("alice", "wonderland", Browser(Sockets()))
    alice.browser.open(f"{legs.auth_server_url}/developer/apps")
    alice.sign_in()
    return alice


def register(
    legs: Running,
    alice: Person,
    kind: str,
    *scopes: str,
    uris: tuple[str, ...] = (ODD_REDIRECT_URI, PLAIN_REDIRECT_URI),
) -> ShownClient:
    """Register a client in Alice's browser."""
    browser = alice.browser
    browser.open(f"{legs.auth_server_url}/developer/apps/new")
    browser.fill(name=f"A {kind} client", redirect_uris="\n".join(uris))
    browser.tick("scope", *scopes)
    browser.tick("type", kind)
    page = browser.press("Register")
    shown = find_code(page.source)
    later = find_code(
        browser.open(f"{legs.auth_server_url}/developer/apps/{shown['new-id']}").source
    )
    return ShownClient(shown["new-id"], shown.get("new-secret"), shown, later)


def find_code(source: str) -> dict[str, str]:
    """Return the code examples on the page, by the id of their elements."""
    found = re.findall(r'<code id="([\w-]+)">(.*?)</code>', source, re.DOTALL)
    return {name: html.unescape(text) for name, text in found}


@pytest.fixture(scope="module")
def confidential(legs: Running, alice: Person) -> ShownClient:
    return register(legs, alice, "confidential", "profile", "photos:read")


@pytest.fixture(scope="module")
def public(legs: Running, alice: Person) -> ShownClient:
    return register(legs, alice, "public", "photos:read")


@pytest.fixture(scope="module")
def writer(legs: Running, alice: Person) -> ShownClient:
    """Return a client without photos:read."""
    return register(legs, alice, "confidential", "photos:write")


@pytest.fixture(scope="module")
def openid(legs: Running, alice: Person) -> ShownClient:
    """Return a client that signs users in. A developer can have only 50 clients."""
    return register(legs, alice, "confidential", "openid", "profile", "email", "photos:read")


@pytest.fixture
def run(alice: Person, tmp_path: Path, request: pytest.FixtureRequest) -> "Run":
    return Run(alice, tmp_path, request)


@dataclass
class Run:
    """Runs a snippet as a developer does.

    Alice opens the address that it prints. The snippet receives the browser, or the address of the
    callback is pasted.
    """

    alice: Person
    folder: Path
    request: pytest.FixtureRequest

    def __call__(self, name: str, code: str, **environ: str) -> str:
        """Run the snippet and return what it prints at the end."""
        program, file = PROGRAMS[name]
        if name == "openid-client":
            (self.folder / "node_modules").symlink_to(self.request.getfixturevalue("node_modules"))
        (self.folder / file).write_text(code)
        with self.start(find_program(program), file, environ) as process:
            assert process.stdin
            assert process.stdout
            opened = process.stdout.readline()
            assert opened.startswith("Open "), opened + process.stdout.read()
            address = opened.removeprefix("Open ").strip()
            if "paste" in code:
                output, _ = process.communicate(self.complete_flow_at(address) + "\n", TIMEOUT)
            else:
                self.return_to_the_listener(address)
                output, _ = process.communicate(timeout=TIMEOUT)
        assert process.returncode == 0, output
        return output.removeprefix("Then paste the address to which the browser returns: ")

    @contextmanager
    def serve(self, code: str, **environ: str) -> Iterator[str]:
        """Run a snippet that is a web application. Yield the address that it prints."""
        (self.folder / "snippet.py").write_text(code)
        with self.start(sys.executable, "snippet.py", environ) as process:
            assert process.stdout
            running = next((line for line in process.stdout if "Running on " in line), "")
            assert running, "the application has not started"
            yield running.partition("Running on ")[2].strip()

    def return_to_the_listener(self, address: str) -> None:
        """Open the address as Alice. The snippet answers no other request before."""
        redirect_uri = parse_qs(urlsplit(address).query)["redirect_uri"][0]
        other = requests.get(redirect_uri, {"code": "x", "state": "y"}, timeout=TIMEOUT)
        page = self.alice.go_through(address)

        assert other.status_code == 404
        assert (page.status, page.response.text) == (200, "You can close this page.")

    @contextmanager
    def start(
        self, program: str, file: str, environ: dict[str, str]
    ) -> Iterator[subprocess.Popen[str]]:
        surroundings = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        process = subprocess.Popen(
            [program, file],
            cwd=self.folder,
            env=surroundings | {"PYTHONUNBUFFERED": "1"} | environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        try:
            yield process
        finally:
            process.kill()
            process.wait()
            for stream in (process.stdin, process.stdout):
                if stream:
                    stream.close()

    def complete_flow_at(self, address: str) -> str:
        """Open the address as Alice, and return the callback's address. No server listens there."""
        with pytest.raises((requests.ConnectionError, requests.exceptions.InvalidURL)):
            self.alice.go_through(address)
        return self.alice.browser.history[-1].headers["Location"]


@pytest.fixture(scope="module")
def node_modules(request: pytest.FixtureRequest) -> Path:
    """Return the packages of the peer that is tested too."""
    find_node()
    return install_packages(PACKAGE, request.config.cache)


each_program = pytest.mark.parametrize("name", PROGRAMS)


@each_program
def test_a_snippet_runs_as_shown_after_the_registration(
    run: Run, confidential: ShownClient, name: str
) -> None:
    """The page after the registration is the only one whose snippets contain the secret."""
    assert confidential.secret
    code = confidential.on_creation[f"snippet-{name}"]

    assert confidential.secret in code
    assert NEWEST in run(name, code)


@each_program
def test_a_snippet_of_the_edit_page_runs_as_shown(
    run: Run, confidential: ShownClient, name: str
) -> None:
    """The secret is read from the environment."""
    assert confidential.secret
    code = confidential.later[f"snippet-{name}"]

    assert confidential.secret not in code
    assert NEWEST in run(name, code, CLIENT_SECRET=confidential.secret)


@each_program
def test_a_snippet_runs_for_a_client_that_reads_no_photos(
    legs: Running, alice: Person, run: Run, name: str
) -> None:
    shown = register(legs, alice, "public", "profile").on_creation

    assert "alice" in run(name, shown[f"snippet-{name}"])


@each_program
def test_a_snippet_runs_for_a_public_client(run: Run, public: ShownClient, name: str) -> None:
    code = public.on_creation[f"snippet-{name}"]

    assert (public.secret, public.later[f"snippet-{name}"]) == (None, code)
    assert "secret" not in code.lower().replace("import secrets", "").replace(
        "secrets.token_urlsafe", ""
    )
    assert NEWEST in run(name, code)


@each_program
def test_a_snippet_runs_for_a_client_that_signs_users_in(
    run: Run, openid: ShownClient, name: str
) -> None:
    assert NEWEST in run(name, openid.on_creation[f"snippet-{name}"])


def test_the_openid_client_snippet_shows_who_signed_in(run: Run, openid: ShownClient) -> None:
    printed = run("openid-client", openid.on_creation["snippet-openid-client"])

    assert "name: 'Alice Liddell'" in printed
    assert "email: 'alice@example.com'" in printed


def test_the_flask_snippet_signs_a_user_in(alice: Person, run: Run, openid: ShownClient) -> None:
    with run.serve(openid.on_creation["snippet-flask"]) as address:
        page = alice.go_through(address)

    assert page.response.text.startswith("You are Alice Liddell, and your id is ")


def test_the_flask_snippet_of_the_edit_page_signs_a_user_in(
    alice: Person, run: Run, openid: ShownClient
) -> None:
    """The secret is read from the environment."""
    assert openid.secret

    with run.serve(openid.later["snippet-flask"], CLIENT_SECRET=openid.secret) as address:
        page = alice.go_through(address)

    assert page.response.text.startswith("You are Alice Liddell, and your id is ")


def test_the_flask_snippet_of_a_public_client_signs_a_user_in(
    legs: Running, alice: Person, run: Run
) -> None:
    """Without the scope `profile`, only the identifier of the user is known."""
    shown = register(legs, alice, "public", "openid").on_creation

    with run.serve(shown["snippet-flask"]) as address:
        page = alice.go_through(address)

    assert page.response.text.startswith("Your id is ")


def test_the_flask_snippet_runs_at_an_address_on_another_machine(
    legs: Running, alice: Person, run: Run
) -> None:
    """The application is called without a server, because the redirect URI is not on loopback."""
    site = "https://postcards.example"
    shown = register(legs, alice, "public", "openid", uris=(f"{site}/callback",)).on_creation
    program = run.folder / "snippet.py"
    program.write_text(shown["snippet-flask"])
    app = run_path(str(program))["app"].test_client()

    address = app.get(f"{site}/").headers["Location"]
    page = app.get(run.complete_flow_at(address))

    assert page.text.startswith("Your id is ")


def test_the_flask_snippet_has_fewer_than_20_lines(openid: ShownClient) -> None:
    lines = openid.on_creation["snippet-flask"].splitlines()

    assert len([line for line in lines if line]) < 20


@pytest.mark.parametrize(
    ("scope", "uri"),
    [
        ("profile", "http://127.0.0.1:8787/callback"),
        ("openid", "http://127.0.0.1:8787/"),
        ("openid", "http://127.0.0.1:8787/callback?shop=7"),
        ("openid", "http://127.0.0.1:8787/<callback>"),
        ("openid", "com.example.app:/callback"),
    ],
)
def test_flask_gets_no_snippet_without_openid_or_a_plain_path(
    legs: Running, alice: Person, scope: str, uri: str
) -> None:
    shown = register(legs, alice, "public", scope, uris=(uri,)).on_creation

    assert "snippet-flask" not in shown
    assert "snippet-curl" in shown


@each_program
@pytest.mark.parametrize("uri", ["com.example.app:/callback", "com.example.app:/cb?x=%e9&flag"])
def test_a_snippet_runs_for_an_app_on_the_users_device(
    legs: Running, alice: Person, run: Run, name: str, uri: str
) -> None:
    shown = register(legs, alice, "public", "photos:read", uris=(uri,)).on_creation
    if name == "openid-client" and "?" in uri:
        assert f"snippet-{name}" not in shown
        return

    assert NEWEST in run(name, shown[f"snippet-{name}"])


@each_program
def test_a_snippet_runs_without_photos_read(run: Run, writer: ShownClient, name: str) -> None:
    assert "photos:write" in run(name, writer.on_creation[f"snippet-{name}"])


@pytest.mark.parametrize(
    ("uri", "is_offered"),
    [
        ("http://localhost:8787/callback", True),
        ("https://postcards.example/", True),
        ("https://postcards.example/a/b.c/", True),
        ("com.example.app:/callback", True),
        ("com.example.app://callback", False),
        ("Com.example.app:/callback", False),
        ("com.example.app:/callback?x=1", False),
        ("http://127.0.0.1:8787/callback?shop='7'&lang=$HOME`id`", False),
        ("https://postcards.example/callback?shop=7", False),
        ("https://postcards.example", False),
        ("https://postcards.example:443/callback", False),
        ("https://Postcards.example/callback", False),
        ("https://postcards.example/a/../b", False),
        ("https://postcards.example/'a'", False),
    ],
)
def test_openid_client_gets_no_snippet_for_an_address_that_it_rewrites(
    legs: Running, alice: Person, uri: str, is_offered: bool
) -> None:
    """openid-client would rewrite the redirect URI, and the token request would be rejected."""
    shown = register(legs, alice, "public", "profile", uris=(uri,)).on_creation

    assert ("snippet-openid-client" in shown) == is_offered
    assert "snippet-curl" in shown
    assert (
        "No redirect URI of this app works with openid-client" in alice.browser.current.text
    ) != is_offered


def test_the_curl_snippet_rejects_the_response_to_another_request(
    legs: Running, alice: Person, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    uri = "com.example.app:/callback"
    shown = register(legs, alice, "public", "photos:read", uris=(uri,)).on_creation
    monkeypatch.setattr(Run, "complete_flow_at", lambda *_: f"{uri}?code=x&state=y")

    with pytest.raises(AssertionError, match="This response belongs to another request"):
        run("curl", shown["snippet-curl"])


@pytest.mark.parametrize(
    ("uri", "listens"),
    [
        ("http://127.0.0.1:5000/callback", True),
        ("http://localhost:5000/callback", True),
        ("http://127.0.0.1/callback", False),
        ("http://127.0.0.1:80/callback", False),
        ("http://[::1]:5000/callback", False),
        ("https://postcards.example/callback", False),
    ],
)
def test_a_snippet_listens_only_where_a_program_of_the_developer_can(
    legs: Running, alice: Person, uri: str, listens: bool
) -> None:
    shown = register(legs, alice, "public", "profile", uris=(uri,)).on_creation

    snippets = [code for name, code in shown.items() if name.startswith("snippet-")]
    assert len(snippets) >= 3
    assert all(("paste" in code) != listens for code in snippets)
    assert ("asks for the address to which the browser returns" in alice.browser.current.text) != (
        listens
    )
