"""`python app.py doctor` reports common setup problems, one per line, with the remedy."""

import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
from werkzeug.wrappers import Request, Response
from world.legs import Legs
from world.processes import Running, environment, free_ports, run, running_legs

from client_app import doctor as client_doctor
from config import ClientAppSettings
from web import doctor

pytestmark = pytest.mark.processes


@pytest.fixture(scope="module")
def legs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running_legs(tmp_path_factory.mktemp("legs")) as legs:
        yield legs


def run_doctor(env: dict[str, str]) -> list[str]:
    """Run the doctor, assert that its exit status fits its output, and return its lines."""
    finished = run("app.py", "doctor", env=env)
    lines = finished.stdout.splitlines()
    assert finished.returncode == (lines != ["No problems found."]), finished.stderr
    return lines


def test_a_new_machine_has_no_problems(tmp_path: Path) -> None:
    assert run_doctor(environment(tmp_path / "instance")) == ["No problems found."]


def test_running_legs_have_no_problems(legs: Running) -> None:
    assert run_doctor(dict(legs.env)) == ["No problems found."]


def test_a_used_port_is_reported_with_the_setting_that_changes_it(tmp_path: Path) -> None:
    env = environment(tmp_path / "instance")
    address = urlsplit(env["TRIPOD_CLIENT_APP_URL"])

    with socket.create_server((address.hostname, address.port)):
        [problem] = run_doctor(env)

    assert str(address.port) in problem
    assert "TRIPOD_CLIENT_APP_URL" in problem


def test_two_spellings_of_loopback_are_reported(tmp_path: Path) -> None:
    env = environment(tmp_path / "instance")
    env["TRIPOD_CLIENT_APP_URL"] = env["TRIPOD_CLIENT_APP_URL"].replace("127.0.0.1", "localhost")

    [problem] = run_doctor(env)

    assert "client_app localhost" in problem


def test_an_unregistered_redirect_uri_is_reported(legs: Running) -> None:
    new_url = f"http://127.0.0.1:{free_ports(1)[0]}"

    problems = run_doctor({**legs.env, "TRIPOD_CLIENT_APP_URL": new_url})

    assert any(
        f"{new_url}/callback" in line and "register exactly that" in line for line in problems
    )
    assert any(line.startswith("client_app does not answer") for line in problems)


def test_a_wrong_setting_is_reported_in_one_line(tmp_path: Path) -> None:
    finished = run(
        "app.py", "doctor", env=environment(tmp_path / "instance", TRIPOD_TRUSTED_PROXIES="many")
    )

    assert finished.returncode == 4
    assert finished.stderr.startswith("tripod: TRIPOD_TRUSTED_PROXIES must be")
    assert len(finished.stderr.splitlines()) == 1


def test_an_unwritable_instance_folder_is_reported_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    finished = run("app.py", "doctor", env=environment(tmp_path / "file" / "instance"))

    assert finished.returncode == 4
    assert "TRIPOD_INSTANCE_PATH" in finished.stderr


def test_a_library_with_another_version_is_reported(tmp_path: Path) -> None:
    pins = tmp_path / "requirements.txt"
    pins.write_text(
        "flask==1.0 \\\n    --hash=sha256:0\nnot-installed==1.0 \\\n    --hash=sha256:0\n"
    )

    problems = list(doctor.find_problems([], pins, requests.Session()))

    assert [problem.split(" ")[0] for problem in problems] == ["flask"]
    assert "1.0 is pinned" in problems[0]


def test_an_unreachable_authorization_server_is_reported(legs: Running) -> None:
    unused_address = f"http://127.0.0.1:{free_ports(1)[0]}"

    problems = run_doctor({**legs.env, "TRIPOD_ISSUER": unused_address})

    assert any(unused_address in line and "cannot be used" in line for line in problems)


def test_different_clocks_are_reported(tmp_path: Path) -> None:
    legs = Legs(tmp_path / "instance")
    settings = ClientAppSettings.load(legs.environment)
    http = legs.session()
    http.hooks["response"].append(
        lambda answer, **_: answer.headers.update(Date="Sat, 01 Jan 2000 00:00:00 GMT")
    )

    problems = list(client_doctor.find_problems(settings, http))
    legs.close()

    assert [line for line in problems if "clock" in line] == problems
    assert len(problems) == 1


def test_a_leg_that_is_reached_under_another_origin_is_reported(tmp_path: Path) -> None:
    """A proxy answers at the leg's address, and passes another host."""
    legs = Legs(tmp_path / "instance")
    settings = legs.auth_server.extensions["tripod.settings"]
    (tmp_path / "requirements.txt").touch()

    @Request.application
    def proxy(request: Request) -> Response:
        environ = request.environ | {"HTTP_HOST": "internal:8000"}
        return Response.from_app(legs.auth_server, environ)

    legs.network.attach(settings.url, proxy)
    [problem] = doctor.find_problems([settings], tmp_path / "requirements.txt", legs.session())
    legs.close()

    assert problem.startswith("auth_server is reached at")
    assert "TRIPOD_TRUSTED_PROXIES" in problem


def test_colliding_cookie_names_are_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    legs = Legs(tmp_path / "instance")
    for leg in (legs.auth_server, legs.client_app):
        monkeypatch.setitem(leg.config, "SESSION_COOKIE_NAME", "session")
    settings = [leg.extensions["tripod.settings"] for leg in (legs.auth_server, legs.client_app)]
    (tmp_path / "requirements.txt").touch()

    problems = list(doctor.find_problems(settings, tmp_path / "requirements.txt", legs.session()))
    legs.close()

    assert [line for line in problems if "cookie session" in line] == problems
    assert len(problems) == 1
