"""INTERFACE: the commands, as a person types them. Real processes, on loopback ports of their own."""

import json
import os
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
from support.processes import ROOT, Running, environment, is_healthy, run, running, running_legs

from auth_server.demo import ACCOUNTS

FLASK = ("-m", "flask", "--app", "app:create_auth_server")
OUTSIDE_THE_DEMO = {
    "TRIPOD_DEMO": "0",
    "TRIPOD_SECRET_KEY": "a key",
    "TRIPOD_CLIENT_ID": "print-shop",
    "TRIPOD_CLIENT_SECRET": "a client secret",
    "TRIPOD_INTROSPECTION_CLIENT_ID": "photo-api",
    "TRIPOD_INTROSPECTION_CLIENT_SECRET": "an api secret",
}


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The demo, running for as long as the tests here look at it."""
    with running_legs(tmp_path_factory.mktemp("demo")) as legs:
        legs.wait_until_it_prints("Ctrl-C")
        yield legs


def port_of(url: str) -> int:
    return urlsplit(url).port or 0


def is_free(url: str) -> bool:
    """Whether somebody else could listen there at once."""
    with closing(socket.socket()) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        return probe.connect_ex(("127.0.0.1", port_of(url))) != 0


def processes_of(legs: Running) -> dict[int, str]:
    """The process ids of the legs' servers, workers included, with their command lines."""
    listing = subprocess.run(["ps", "-eo", "pid=,args="], capture_output=True, text=True, check=True).stdout
    ports = {str(port_of(url)) for url in legs.urls}
    lines = (line.split(maxsplit=1) for line in listing.splitlines())
    return {int(pid): command for pid, command in lines if "granian" in command and set(command.split()) & ports}


# The three legs


def test_the_demo_says_who_is_where_and_how_to_go_on(demo: Running) -> None:
    lines = [line.split() for line in demo.output.splitlines()]

    assert ["Tripod", "ID", "authorization", "server", demo.auth_server_url] in lines
    assert ["Print", "Shop", "client", demo.client_app_url] in lines
    assert ["Photo", "API", "resource", "server", demo.resource_api_url] in lines
    assert f"Open {demo.client_app_url} " in demo.output
    assert lines[-1][:2] == ["Ctrl-C", "stops"]


def test_the_demo_names_the_accounts_that_sign_in(demo: Running) -> None:
    [line] = [line for line in demo.output.splitlines() if line.startswith("Demo accounts: ")]

    assert all(f"{username} / {password}" in line for username, (_, password) in ACCOUNTS.items())


def test_each_leg_answers_for_itself(demo: Running) -> None:
    assert "Print Shop" in requests.get(demo.client_app_url, timeout=5).text
    assert "Tripod ID" in requests.get(demo.auth_server_url, timeout=5).text
    assert requests.get(f"{demo.resource_api_url}/photos", timeout=5).status_code == 401


def test_what_the_demo_writes_is_in_the_instance_folder_and_the_owners_alone(demo: Running) -> None:
    instance = Path(demo.env["TRIPOD_INSTANCE_PATH"])

    files = {path.name: path.stat().st_mode & 0o777 for path in instance.iterdir()}

    assert {"auth_server.db", "resource_api.db", "secret_key", "auth_server.events.jsonl"} <= set(files)
    assert set(files.values()) == {0o600}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_everything_at_once(number: int, tmp_path: Path) -> None:
    with running_legs(tmp_path) as legs:
        servers = processes_of(legs)
        began = time.monotonic()
        status = legs.stop(number)

    assert status == 0
    assert time.monotonic() - began < 3
    assert len(servers) == 6
    assert processes_of(legs) == {}
    assert all(map(is_free, legs.urls))
    assert "Traceback" not in legs.output


def test_a_signal_during_the_start_leaves_nobody_behind(tmp_path: Path) -> None:
    with running("app.py", env=environment(tmp_path), log=tmp_path / "output.txt") as legs:
        while not processes_of(legs):
            time.sleep(0.01)
        status = legs.stop()

    assert status == 0
    assert processes_of(legs) == {}


def test_when_one_leg_dies_the_others_are_stopped(tmp_path: Path) -> None:
    with running_legs(tmp_path) as legs:
        victims = [pid for pid, command in processes_of(legs).items() if "create_resource_api" in command]
        os.kill(min(victims), signal.SIGKILL)
        status = legs.process.wait(10)

    assert status == 1
    assert "tripod: Photo API stopped by itself" in legs.output
    assert processes_of(legs) == {}


def test_outside_the_demo_no_demo_account_works(tmp_path: Path) -> None:
    with running_legs(tmp_path, **OUTSIDE_THE_DEMO) as legs:
        legs.wait_until_it_prints("Ctrl-C")
        login_page = requests.get(f"{legs.auth_server_url}/login", timeout=5).text

    assert "Demo accounts" not in legs.output
    assert "wonderland" not in login_page


def test_one_leg_runs_alone(tmp_path: Path) -> None:
    with running("app.py", "resource-api", env=environment(tmp_path), log=tmp_path / "output.txt") as leg:
        leg.wait_until_ready(leg.resource_api_url)
        leg.wait_until_it_prints("Ctrl-C stops it.")

        assert not is_healthy(leg.auth_server_url)
        assert "Open" not in leg.output
        assert leg.stop() == 0


# What cannot start says why in one line


def test_a_taken_port_is_named_with_the_setting_that_moves_it(demo: Running, tmp_path: Path) -> None:
    """granian would share it without a word, and two demos would mix."""
    env = environment(tmp_path, TRIPOD_CLIENT_APP_URL=demo.client_app_url)

    result = run("app.py", env=env)

    assert result.returncode == 4
    assert result.stdout == ""
    [line] = result.stderr.splitlines()
    assert f"127.0.0.1 port {port_of(demo.client_app_url)}" in line
    assert "TRIPOD_CLIENT_APP_URL" in line


def test_two_legs_cannot_have_one_port(tmp_path: Path) -> None:
    env = environment(tmp_path)

    result = run("app.py", env=env | {"TRIPOD_RESOURCE_API_URL": env["TRIPOD_AUTH_SERVER_URL"]})

    assert result.returncode == 4
    assert "TRIPOD_RESOURCE_API_URL" in result.stderr


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(("app.py",), id="python app.py"),
        pytest.param(("app.py", "auth-server"), id="python app.py auth-server"),
        pytest.param((*FLASK, "run"), id="flask run"),
        pytest.param((*FLASK, "clients", "list"), id="flask clients list"),
    ],
)
def test_a_wrong_setting_is_one_line(command: tuple[str, ...], tmp_path: Path) -> None:
    env = environment(tmp_path, TRIPOD_ACCESS_TOKEN_LIFETIME="soon")

    result = run(*command, env=env)

    assert result.returncode == 4
    assert result.stdout == ""
    assert result.stderr.splitlines() == [
        "tripod: TRIPOD_ACCESS_TOKEN_LIFETIME must be a whole number, 1 or more, not 'soon'."
    ]


def test_a_wrong_setting_stops_gunicorn_for_good(tmp_path: Path) -> None:
    env = environment(tmp_path, TRIPOD_DEMO="perhaps")

    result = run("-m", "gunicorn", "--bind", "127.0.0.1:0", "app:create_auth_server()", env=env)

    assert result.returncode == 4
    assert result.stderr.count("tripod: TRIPOD_DEMO must be 0 or 1, not 'perhaps'.") == 1
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("leg", ["auth_server", "client_app", "resource_api"])
def test_serving_without_a_secret_key_stops_outside_the_demo(leg: str, tmp_path: Path) -> None:
    env = environment(tmp_path, **OUTSIDE_THE_DEMO | {"TRIPOD_SECRET_KEY": ""})

    result = run("-c", f"import app; app.create_{leg}()", env=env)

    assert result.returncode == 4
    assert result.stderr.startswith("tripod: TRIPOD_SECRET_KEY must be set outside the demo")


def test_a_database_that_is_none_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("Dear Alice, this is no database.\n" * 100)
    env = environment(tmp_path, TRIPOD_DEMO="1", TRIPOD_AUTH_DATABASE_URL=f"sqlite:///{tmp_path}/letter.txt")

    result = run("-c", "import app; app.create_auth_server()", env=env)

    assert result.returncode == 4
    assert result.stderr.splitlines() == ["tripod: the database does not open: file is not a database"]


def test_a_database_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    env = environment(tmp_path, TRIPOD_DEMO="1", TRIPOD_RESOURCE_DATABASE_URL=f"sqlite:///{tmp_path}/file/photos.db")

    result = run("-c", "import app; app.create_resource_api()", env=env)

    assert result.returncode == 4
    assert len(result.stderr.splitlines()) == 1
    assert f"{tmp_path}/file" in result.stderr


@pytest.mark.parametrize("arguments", [("photo-api",), ("auth-server", "client-app"), ("--help",)])
def test_an_unknown_argument_is_answered_with_the_usage(arguments: tuple[str, ...], tmp_path: Path) -> None:
    result = run("app.py", *arguments, env=environment(tmp_path))

    assert result.returncode == 2
    assert result.stderr == "usage: python app.py [auth-server | client-app | resource-api]\n"


# One leg under a server of one's choice


@pytest.mark.parametrize(
    "server",
    [
        pytest.param("gunicorn --workers 2 --bind 127.0.0.1:{port} app:create_auth_server()", id="gunicorn"),
        pytest.param("granian --interface wsgi --port {port} --factory app:create_auth_server", id="granian"),
        pytest.param("flask --app app:create_auth_server run --port {port}", id="flask run"),
    ],
)
def test_a_leg_runs_under_a_server_of_ones_choice(server: str, tmp_path: Path) -> None:
    env = environment(tmp_path, **OUTSIDE_THE_DEMO)
    command = server.format(port=port_of(env["TRIPOD_AUTH_SERVER_URL"])).split()

    with running("-m", *command, env=env, log=tmp_path / "output.txt") as leg:
        leg.wait_until_ready(leg.auth_server_url)
        metadata = requests.get(f"{leg.auth_server_url}/.well-known/oauth-authorization-server", timeout=5)

    assert metadata.json()["issuer"] == leg.auth_server_url


@pytest.mark.parametrize("leg", ["auth_server", "client_app", "resource_api"])
def test_a_process_loads_one_leg_and_no_other(leg: str, tmp_path: Path) -> None:
    script = f"import sys, app; app.create_{leg}(); print(*sorted(sys.modules))"

    result = run("-c", script, env=environment(tmp_path, TRIPOD_DEMO="1"))

    assert {"auth_server", "client_app", "resource_api"} & set(result.stdout.split()) == {leg}


# The command line


def test_the_command_line_needs_no_secret_key(tmp_path: Path) -> None:
    result = run(
        *FLASK,
        *"clients create --name Calendar --redirect-uri https://calendar.example/callback".split(),
        "--scope",
        "photos:read",
        "--json",
        env=environment(tmp_path),
    )

    assert result.returncode == 0
    registration = json.loads(result.stdout)
    assert registration["redirect_uris"] == ["https://calendar.example/callback"]
    assert registration["client_secret"] not in result.stderr


def test_the_command_line_works_beside_the_running_demo(demo: Running) -> None:
    """With the environment of a second terminal, which knows the instance folder and not that it is the demo's."""
    created = run(*FLASK, "users", "create", "carol", env=demo.env, stdin="looking-glass\n")
    listed = run(*FLASK, "users", "list", env=demo.env)

    assert created.returncode == 0
    assert {line.split("\t")[0] for line in listed.stdout.splitlines()} == {"alice", "bob", "carol"}
    assert "looking-glass" not in created.stdout + created.stderr


def test_the_makefile_says_what_there_is() -> None:
    result = subprocess.run(["make", "--no-print-directory"], cwd=ROOT, capture_output=True, text=True, check=True)

    assert {"demo", "lint", "lock", "setup", "test", "types"} <= {
        line.split(":")[0] for line in result.stdout.splitlines()
    }
