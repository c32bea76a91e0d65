"""The commands of the interface, run as real processes on free loopback ports."""

import json
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
from world.processes import ROOT, Running, environment, is_healthy, run, running, running_legs

from auth_server.demo import ACCOUNTS

pytestmark = pytest.mark.processes

FLASK = ("-m", "flask", "--app", "app:create_auth_server")
OUTSIDE_THE_DEMO = {
    "TRIPOD_DEMO": "0",
    "TRIPOD_SECRET_KEY": "a key that is long enough for a test",
    "TRIPOD_CLIENT_ID": "print-shop",
    "TRIPOD_CLIENT_SECRET": "a client secret",
    "TRIPOD_INTROSPECTION_CLIENT_ID": "photo-api",
    "TRIPOD_INTROSPECTION_CLIENT_SECRET": "an api secret",
}


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Run the demo for the tests of this module."""
    with running_legs(tmp_path_factory.mktemp("demo")) as legs:
        legs.wait_until_it_prints("Ctrl-C")
        yield legs


def port_of(url: str) -> int:
    """Return the port in `url`."""
    return urlsplit(url).port or 0


def is_free(url: str) -> bool:
    """Return whether nothing listens on the port of `url`."""
    with closing(socket.socket()) as probe:
        return probe.connect_ex(("127.0.0.1", port_of(url))) != 0


def output_of(*command: str) -> str:
    """Run a system program in the project and return its output."""
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout


# The three legs


def test_the_demo_prints_the_addresses_and_the_next_step(demo: Running) -> None:
    lines = [line.split() for line in demo.output.splitlines()]

    assert ["Tripod", "ID", "authorization", "server", demo.auth_server_url] in lines
    assert ["Print", "Shop", "client", demo.client_app_url] in lines
    assert ["Photo", "API", "resource", "server", demo.resource_api_url] in lines
    assert f"Open {demo.client_app_url} " in demo.output
    assert lines[-1][:2] == ["Ctrl-C", "stops"]


def test_the_demo_prints_working_accounts(demo: Running) -> None:
    [line] = [line for line in demo.output.splitlines() if line.startswith("Demo accounts: ")]

    assert all(f"{username} / {password}" in line for username, (_, password) in ACCOUNTS.items())


def test_each_leg_serves_its_own_pages(demo: Running) -> None:
    assert "Print Shop" in requests.get(demo.client_app_url, timeout=5).text
    assert "Tripod ID" in requests.get(demo.auth_server_url, timeout=5).text
    assert requests.get(f"{demo.resource_api_url}/photos", timeout=5).status_code == 401


def test_the_demo_writes_only_private_files_in_the_instance_folder(demo: Running) -> None:
    instance = Path(demo.env["TRIPOD_INSTANCE_PATH"])

    files = {path.name: path.stat().st_mode & 0o777 for path in instance.iterdir()}

    assert {"auth_server.db", "resource_api.db", "secret_key", "auth_server.events.jsonl"} <= set(
        files
    )
    assert set(files.values()) == {0o600}


def test_ctrl_c_stops_all_legs(tmp_path: Path) -> None:
    with running_legs(tmp_path) as legs:
        servers = legs.servers()
        started = time.monotonic()
        status = legs.stop(signal.SIGINT)

    assert status == 0
    assert time.monotonic() - started < 5
    assert len(servers) == 6
    assert legs.servers() == {}
    assert all(map(is_free, legs.urls))
    assert "Traceback" not in legs.output


def test_outside_the_demo_no_demo_account_works(tmp_path: Path) -> None:
    with running_legs(tmp_path, **OUTSIDE_THE_DEMO) as legs:
        legs.wait_until_it_prints("Ctrl-C")
        login_page = requests.get(f"{legs.auth_server_url}/login", timeout=5).text
        status = legs.stop(signal.SIGTERM)

    assert status == 0
    assert "Demo accounts" not in legs.output
    assert "wonderland" not in login_page


def test_one_leg_runs_alone(tmp_path: Path) -> None:
    with running(
        "app.py", "resource-api", env=environment(tmp_path), log=tmp_path / "output.txt"
    ) as leg:
        leg.wait_until_ready(leg.resource_api_url)
        leg.wait_until_it_prints("Ctrl-C stops it.")

        assert not is_healthy(leg.auth_server_url)
        assert "Open" not in leg.output
        assert leg.stop() == 0


# Failed starts


def test_a_used_port_is_reported_with_the_setting_that_changes_it(
    demo: Running, tmp_path: Path
) -> None:
    """Granian would share the port without an error, and the two demos would get mixed up."""
    env = environment(tmp_path, TRIPOD_CLIENT_APP_URL=demo.client_app_url)

    result = run("app.py", env=env)

    assert result.returncode == 4
    assert result.stdout == ""
    [line] = result.stderr.splitlines()
    assert f"127.0.0.1 port {port_of(demo.client_app_url)}" in line
    assert "TRIPOD_CLIENT_APP_URL" in line


@pytest.mark.parametrize(
    "command", [("app.py",), (*FLASK, "clients", "list")], ids=["python app.py", "flask"]
)
def test_a_wrong_setting_is_reported_in_one_line(command: tuple[str, ...], tmp_path: Path) -> None:
    env = environment(tmp_path, TRIPOD_ACCESS_TOKEN_LIFETIME="soon")

    result = run(*command, env=env)

    assert result.returncode == 4
    assert result.stdout == ""
    assert result.stderr.splitlines() == [
        "tripod: TRIPOD_ACCESS_TOKEN_LIFETIME must be a whole number, 1 or more, not 'soon'."
    ]


def test_a_wrong_setting_stops_gunicorn_without_restarts(tmp_path: Path) -> None:
    env = environment(tmp_path, TRIPOD_DEMO="perhaps")

    result = run("-m", "gunicorn", "--bind", "127.0.0.1:0", "app:create_auth_server()", env=env)

    assert result.returncode == 4
    assert result.stderr.count("tripod: TRIPOD_DEMO must be 0 or 1, not 'perhaps'.") == 1
    assert "Traceback" not in result.stderr


# Other servers


@pytest.mark.parametrize(
    "server",
    [
        pytest.param("gunicorn --bind 127.0.0.1:{port} app:create_auth_server()", id="gunicorn"),
        pytest.param(
            "granian --interface wsgi --port {port} --factory app:create_auth_server",
            id="granian as a WSGI server",
        ),
        pytest.param(
            "granian --interface asginl --port {port} --factory app:asgi_auth_server",
            id="granian as an ASGI server",
        ),
        pytest.param("flask --app app:create_auth_server run --port {port}", id="flask run"),
    ],
)
def test_a_leg_runs_under_other_servers(server: str, tmp_path: Path) -> None:
    env = environment(tmp_path, **OUTSIDE_THE_DEMO)
    command = server.format(port=port_of(env["TRIPOD_AUTH_SERVER_URL"])).split()

    with running("-m", *command, env=env, log=tmp_path / "output.txt") as leg:
        leg.wait_until_ready(leg.auth_server_url)
        metadata = requests.get(
            f"{leg.auth_server_url}/.well-known/oauth-authorization-server", timeout=5
        )

    assert metadata.json()["issuer"] == leg.auth_server_url


# The command line


def test_the_command_line_needs_no_secret_key(tmp_path: Path) -> None:
    options = (
        "--redirect-uri",
        "https://calendar.example/callback",
        "--scope",
        "photos:read",
        "--json",
    )

    result = run(
        *FLASK, "clients", "create", "--name", "Calendar", *options, env=environment(tmp_path)
    )

    assert result.returncode == 0
    registration = json.loads(result.stdout)
    assert registration["redirect_uris"] == ["https://calendar.example/callback"]
    assert registration["client_secret"] not in result.stderr


def test_the_command_line_works_beside_the_running_demo(demo: Running) -> None:
    """The command has the instance folder in its environment, but not TRIPOD_DEMO."""
    demo_users = {"alice", "bob", "lab-carol", "lab-mallory"}
    created = run(*FLASK, "users", "create", "carol", env=demo.env, stdin="looking-glass\n")
    listed = run(*FLASK, "users", "list", env=demo.env)

    assert created.returncode == 0
    assert {line.split("\t")[0] for line in listed.stdout.splitlines()} == {*demo_users, "carol"}
    assert "looking-glass" not in created.stdout + created.stderr


def test_a_rotation_of_the_signing_keys_reaches_the_running_demo(demo: Running) -> None:
    def published() -> set[str]:
        keys = requests.get(f"{demo.auth_server_url}/oauth/jwks", timeout=5).json()["keys"]
        return {key["kid"] for key in keys}

    before = published()
    rotated = run(*FLASK, "keys", "rotate", env=demo.env)
    deadline = time.monotonic() + 10
    while published() == before and time.monotonic() < deadline:
        time.sleep(0.2)

    assert (rotated.returncode, len(rotated.stdout.splitlines())) == (0, 2)
    assert before < published()


def test_without_a_secret_key_the_signing_keys_cannot_be_rotated(tmp_path: Path) -> None:
    result = run(*FLASK, "keys", "rotate", env=environment(tmp_path))

    assert (result.returncode, result.stdout) == (1, "")
    assert "TRIPOD_SECRET_KEY must be set outside the demo." in result.stderr.splitlines()[-1]
    assert "Traceback" not in result.stderr


def test_the_makefile_lists_its_targets() -> None:
    targets = {
        line.partition(":")[0] for line in output_of("make", "--no-print-directory").splitlines()
    }

    assert {"demo", "lint", "lock", "setup", "test", "types"} <= targets
