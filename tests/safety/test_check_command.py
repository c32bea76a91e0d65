"""`python app.py check`: one line for each rule, and the exit status."""

import errno
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest
from world.processes import environment, run

from web.safety import command, machine
from web.safety.rules import RULES

Environ = dict[str, str]
BrokenRules = Callable[[Environ], dict[str, str]]


@pytest.mark.processes
def test_the_command_prints_one_line_for_each_rule(environ: Environ, tmp_path: Path) -> None:
    result = run("app.py", "check", env=environment(tmp_path) | environ)

    assert result.returncode == 0, result.stdout
    assert [line.partition(": ")[0] for line in result.stdout.splitlines()] == [
        rule.slug for rule in RULES
    ]
    assert all(line.partition(": ")[2].startswith("ok") for line in result.stdout.splitlines())


@pytest.mark.processes
def test_the_command_fails_when_anything_is_unsafe(environ: Environ, tmp_path: Path) -> None:
    environ["TRIPOD_TRUSTED_PROXIES"] = "0"
    result = run("app.py", "check", env=environment(tmp_path) | environ)

    assert result.returncode == 1
    assert "trusted-proxies: auth_server has an https URL" in result.stdout


@pytest.mark.processes
def test_the_names_of_legs_limit_the_check(environ: Environ, tmp_path: Path) -> None:
    for name in ("TRIPOD_CLIENT_ID", "TRIPOD_INTROSPECTION_CLIENT_ID"):
        del environ[name]
    env = environment(tmp_path) | environ

    assert run("app.py", "check", "auth-server", env=env).returncode == 0
    assert run("app.py", "check", env=env).returncode == 1
    assert run("app.py", "check", "photos", env=env).returncode == 2


def test_the_demo_is_not_judged_as_a_real_installation(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    environ = {"TRIPOD_DEMO": "1", "TRIPOD_INSTANCE_PATH": str(tmp_path / "instance")}

    status = command.run(["auth-server"], environ)

    assert status == 0
    assert capsys.readouterr().out.splitlines()[-1] == command.DEMO


def test_a_rule_that_cannot_be_tested_is_not_reported_as_ok(
    environ: Environ, capsys: pytest.CaptureFixture[str]
) -> None:
    environ["TRIPOD_ACCESS_TOKEN_LIFETIME"] = "soon"

    status = command.run(["auth-server"], environ)

    lines = capsys.readouterr().out.splitlines()
    assert status == 1
    assert "access-token-lifetime: TRIPOD_ACCESS_TOKEN_LIFETIME must be a whole number" in str(
        lines
    )
    assert "demo-data: not tested: a leg refuses its settings." in lines


def test_a_folder_that_cannot_be_read_is_no_error_of_the_command(
    environ: Environ, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_folder: Path, _pattern: str) -> NoReturn:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "rglob", refuse)
    command.run(["auth-server"], environ)

    assert "private-files: not tested: " in capsys.readouterr().out


def test_a_file_that_is_deleted_meanwhile_is_no_error_of_the_command(
    environ: Environ, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Path, "rglob", lambda folder, _pattern: iter([folder / "rows.db-wal"]))
    command.run(["auth-server"], environ)

    assert "private-files: ok\n" in capsys.readouterr().out


def test_another_version_of_a_library_is_reported(
    environ: Environ, broken_rules: BrokenRules, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "requirements.txt").write_text("flask==1.0 \\\n    --hash=sha256:0\n")
    monkeypatch.setattr(machine, "PROJECT_ROOT", tmp_path)

    assert "1.0 is pinned" in broken_rules(environ)["library-versions"]


def test_the_debugger_is_reported(
    environ: Environ, broken_rules: BrokenRules, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLASK_DEBUG", "1")

    assert list(broken_rules(environ)) == ["debug-mode"]
