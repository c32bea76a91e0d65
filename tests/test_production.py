"""`docs/production.md` as it is printed: nginx, systemd, settings, backups."""

import json
import os
import re
import secrets
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from socket import create_connection

import pytest
from world.nginx import Nginx, create_certificate, running_nginx
from world.postgresql import PROGRAMS, PostgreSQL, running_postgresql
from world.processes import ROOT, Running, environment, free_ports, run, running

pytestmark = pytest.mark.processes

GUIDE = (ROOT / "docs" / "production.md").read_text()
FLASK = ("-m", "flask", "--app", "app:create_auth_server")


def printed(kind: str, containing: str) -> str:
    """Return the only block of this kind with these words."""
    blocks = re.findall(rf"^```{kind}\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)
    [block] = [block for block in blocks if containing in block]
    return str(block)


# nginx


@pytest.fixture(scope="module")
def auth_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("leg")
    [port] = free_ports(1)
    env = environment(
        folder / "instance",
        TRIPOD_DEMO="0",
        TRIPOD_SECRET_KEY=secrets.token_urlsafe(32),
        TRIPOD_AUTH_SERVER_URL="https://id.example",
        TRIPOD_AUTH_SERVER_BIND=f"127.0.0.1:{port}",
        TRIPOD_TRUSTED_PROXIES="1",
    )
    with running("app.py", "auth-server", env=env, log=folder / "output") as auth_server:
        auth_server.wait_until_ready(f"http://127.0.0.1:{port}")
        yield auth_server


@pytest.fixture(scope="module")
def nginx(tmp_path_factory: pytest.TempPathFactory, auth_server: Running) -> Iterator[Nginx]:
    """Run nginx as printed, with free ports and a certificate of its own."""
    folder = tmp_path_factory.mktemp("nginx")
    tls, plain = free_ports(2)
    create_certificate(folder)
    configuration = printed("nginx", "listen 443")
    for part, actual in {
        "listen 443": f"listen 127.0.0.1:{tls}",
        "listen 80": f"listen 127.0.0.1:{plain}",
        "/etc/ssl": str(folder),
        "/var/log/nginx": str(folder),
        "127.0.0.1:9000": auth_server.env["TRIPOD_AUTH_SERVER_BIND"],
    }.items():
        assert part in configuration
        configuration = configuration.replace(part, actual)
    with running_nginx(folder, tls, configuration, printed("nginx", "worker_conn")) as nginx:
        yield nginx


def test_nginx_serves_a_leg_over_tls(nginx: Nginx) -> None:
    metadata = nginx.ask("id.example", "/.well-known/oauth-authorization-server")
    login_page = nginx.ask("id.example", "/login")

    assert json.loads(metadata.text)["issuer"] == "https://id.example"
    assert login_page.status == 200
    assert login_page.headers["Set-Cookie"].startswith("__Host-tripod_auth_server=")
    assert "Secure" in login_page.headers["Set-Cookie"]
    assert login_page.headers["Strict-Transport-Security"]


def test_a_foreign_host_is_refused(nginx: Nginx) -> None:
    assert nginx.ask("evil.example", "/login").status == 400


def test_a_client_cannot_choose_the_address_that_is_throttled(
    nginx: Nginx, auth_server: Running
) -> None:
    page = nginx.ask("id.example", "/login")
    [token] = re.findall(r'name="csrf_token"[^>]* value="([^"]+)"', page.text)[:1]
    headers = {
        "Cookie": page.headers["Set-Cookie"].partition(";")[0],
        "X-Forwarded-For": "203.0.113.9",
    }
    form = {"csrf_token": token, "username": "mallory", "password": "a guess"}
    refused = nginx.ask("id.example", "/login", headers, form)

    [event] = [line for line in auth_server.output.splitlines() if "sign_in_refused" in line]
    assert refused.status == 403
    assert json.loads(event)["address"] == "127.0.0.1"


def test_the_access_log_has_no_query(nginx: Nginx) -> None:
    nginx.ask("id.example", "/login?code=a-code")

    assert "/login" in nginx.access_log
    assert "a-code" not in nginx.access_log


def test_900_slow_clients_leave_connections_for_others(nginx: Nginx) -> None:
    """Without the settings, nginx has 512 connections for each worker process."""
    with ExitStack() as stack:
        for _ in range(900):
            client = stack.enter_context(create_connection(("127.0.0.1", nginx.port), 10))
            client.sendall(b"\x16\x03\x01")  # The beginning of a TLS handshake.

        assert nginx.ask("id.example", "/healthz").status == 200


def test_slow_headers_end_after_10_seconds(nginx: Nginx) -> None:
    """Even if a part of them arrives each second, and at the server that only redirects."""
    ports = re.findall(r"listen 127\.0\.0\.1:(\d+)", (nginx.folder / "tripod.conf").read_text())
    assert len(ports) == 2
    with ExitStack() as stack:
        clients = [
            stack.enter_context(create_connection(("127.0.0.1", int(port)), 10)) for port in ports
        ]
        begun_at = time.monotonic()
        clients[0].sendall(b"\x16\x03\x01")
        clients[1].sendall(b"GET / HTTP/1.1\r\nHost: id.example\r\nX-Slow: ")
        for client in clients[1:] * 8:
            client.sendall(b"a")
            time.sleep(1)

        assert [client.recv(1) for client in clients] == [b"", b""]
        assert time.monotonic() - begun_at < 20


# systemd


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """Return the unit as printed, with the folders of this machine."""
    if shutil.which("systemd-analyze") is None and not os.environ.get("CI"):
        pytest.skip("systemd is not installed")
    text = printed("ini", "[Service]")
    text = text.replace("/opt/tripod/.venv/bin", str(Path(sys.executable).parent))
    text = text.replace("/opt/tripod", str(ROOT))
    unit = tmp_path / "tripod@auth_server.service"
    unit.write_text(text)
    return unit


def analyze(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [str(shutil.which("systemd-analyze")), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_systemd_accepts_the_unit(unit: Path) -> None:
    """Services of the other programs may be missing on this machine."""
    result = analyze("verify", "--man=no", str(unit))

    assert [line for line in result.stderr.splitlines() if unit.name in line] == []


def test_systemd_calls_the_unit_safe(unit: Path) -> None:
    """The exposure is at most 2.5 of 10; a unit without hardening has 9.6."""
    result = analyze("security", "--offline=true", "--threshold=25", str(unit))

    assert result.returncode == 0, result.stdout + result.stderr


# The settings


@pytest.fixture(scope="module")
def postgresql() -> Iterator[PostgreSQL]:
    with running_postgresql() as server:
        yield server


@pytest.fixture(scope="module")
def settings(postgresql: PostgreSQL, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return the printed settings with the databases of this test and generated secrets.

    The records of Print Shop are in PostgreSQL here.
    """
    lines = printed("sh", "TRIPOD_DEMO=0\nTRIPOD_AUTH").splitlines()
    settings = dict(line.split("=", 1) for line in lines)
    for name, database in {
        "TRIPOD_AUTH_DATABASE_URL": "tripod_auth",
        "TRIPOD_RESOURCE_DATABASE_URL": "tripod_photos",
        "TRIPOD_SESSION_STORE_URL": "tripod_sessions",
    }.items():
        settings[name] = postgresql.create_database(database)
    settings["TRIPOD_SECRET_KEY"] = secrets.token_urlsafe(32)
    env = environment(tmp_path_factory.mktemp("production") / "instance") | settings
    options = ["--redirect-uri", "https://shop.example/callback", "--json"]
    scope = "profile photos:read photos:write"
    for prefix, arguments in {
        "TRIPOD_CLIENT": ["--name", "Print Shop", "--scope", scope, *options],
        "TRIPOD_INTROSPECTION_CLIENT": ["--name", "Photo API", "--resource-server", "--json"],
    }.items():
        created = run(*FLASK, "clients", "create", *arguments, env=env)
        registration = json.loads(created.stdout)
        env[f"{prefix}_ID"] = registration["client_id"]
        env[f"{prefix}_SECRET"] = registration["client_secret"]
    started = run("-c", "import app; app.create_resource_api()", env=env)
    assert started.returncode == 0, started.stderr
    return env


def test_the_printed_settings_are_safe(settings: dict[str, str]) -> None:
    result = run("app.py", "check", env=settings)

    assert [line for line in result.stdout.splitlines() if ": ok" not in line] == []
    assert result.returncode == 0


def test_the_printed_commands_run_as_the_account_of_the_unit() -> None:
    """The check reports an instance folder of another account than its own."""
    unit, shell = printed("ini", "[Service]"), printed("sh", "runuser")
    [account] = re.findall(r"^User=(.+)", unit, re.MULTILINE)
    [folder] = re.findall(r"^Environment=(TRIPOD_INSTANCE_PATH=.+)%i", unit, re.MULTILINE)

    assert f"{folder}auth_server; " in shell
    assert f"runuser -u {account} -- " in shell


def test_every_printed_setting_is_documented() -> None:
    guide = (ROOT / "docs" / "settings.md").read_text()
    names = re.findall(r"^(TRIPOD_[A-Z_]+)=", GUIDE, re.MULTILINE)

    assert [name for name in names if f"`{name}`" not in guide] == []


# Backups


def run_printed(block: str, folder: Path, *names: str, env: dict[str, str]) -> None:
    """Run the commands of a block that follow the comment that starts with one of `names`."""
    parts = re.split(r"^# ", block, flags=re.MULTILINE)
    [commands] = [part for part in parts if part.startswith(names)]
    script = commands.partition("\n")[2].replace(".venv/bin/python", sys.executable)
    finished = subprocess.run(
        ["/bin/sh", "-ec", script], cwd=folder, env=env, capture_output=True, text=True, check=False
    )
    assert finished.returncode == 0, finished.stderr


#: Rows that users and clients can end, so that a backup may have some that were ended since.
REVOCABLE = [
    "INSERT INTO grants (id, user_id, client_id, scope, created_at, expires_at) "
    "SELECT 'a-grant', id, 'print-shop', '', created_at, created_at FROM users LIMIT 1",
    "INSERT INTO consents (user_id, client_id, scope, granted_at) "
    "SELECT id, 'print-shop', 'profile', created_at FROM users LIMIT 1",
    "INSERT INTO sign_ins (id, user_id, digest, signed_in_at, used_at) "
    "SELECT 'a-sign-in', id, 'a-digest', created_at, created_at FROM users LIMIT 1",
]
COUNT_REVOCABLE = (
    "SELECT (SELECT count(*) FROM grants), (SELECT count(*) FROM consents), "
    "(SELECT count(*) FROM sign_ins)"
)


def test_a_backup_of_sqlite_is_restored_without_what_was_revoked(tmp_path: Path) -> None:
    env = environment(tmp_path / "instance", TRIPOD_DEMO="1")
    assert run("-c", "import app; app.create_auth_server()", env=env).returncode == 0
    database = tmp_path / "instance" / "auth_server.db"
    with closing(sqlite3.connect(database)) as connection, connection:
        for statement in REVOCABLE:
            connection.execute(statement)

    run_printed(printed("sh", "VACUUM INTO"), tmp_path, "SQLite", env=env)
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("DELETE FROM users")
    run_printed(printed("sh", "pg_restore"), tmp_path, "SQLite", env=env)

    with closing(sqlite3.connect(database)) as connection:
        users = connection.execute("SELECT count(*) FROM users").fetchone()
        revocable = connection.execute(COUNT_REVOCABLE).fetchone()
    assert users[0] >= 2
    assert revocable == (0, 0, 0)
    assert database.stat().st_mode & 0o777 == 0o600


def test_a_backup_of_postgresql_is_restored(
    settings: dict[str, str], postgresql: PostgreSQL, tmp_path: Path
) -> None:
    [programs] = list(PROGRAMS.glob("*/bin"))[-1:]
    env = settings | {
        "PATH": f"{programs}:{settings['PATH']}",
        "PGHOST": str(postgresql.folder),
        "PGUSER": "postgres",
    }
    before = run(*FLASK, "clients", "list", env=env).stdout

    run_printed(printed("sh", "VACUUM INTO"), tmp_path, "PostgreSQL", env=env)
    run(*FLASK, "clients", "delete", settings["TRIPOD_CLIENT_ID"], env=env)
    changed = run(*FLASK, "clients", "list", env=env).stdout
    run_printed(printed("sh", "pg_restore"), tmp_path, "PostgreSQL", env=env)

    assert changed != before
    assert run(*FLASK, "clients", "list", env=env).stdout == before
