"""What comes through pipes and from the terminal: text in UTF-8, or one line that says so."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from config import PROJECT_ROOT
from tests.auth_server.server import Server
from tests.auth_server.test_command_line import failure

NOT_UTF8 = "Error: The password must be UTF-8."
LENGTH = "Error: A password must have 8 to 1024 characters."
CONTROL = "Error: A password must not contain control characters."
REFUSED = {
    "latin-1": ("Grüße aus Köln\n".encode("latin-1"), NOT_UTF8),
    "UTF-16 with its mark": ("correct horse\r\n".encode("utf-16"), NOT_UTF8),
    "UTF-16 without": ("correct horse\r\n".encode("utf-16-le"), CONTROL),
    "a NUL": (b"correct\0horse\n", CONTROL),
    "a tab": (b"correct\thorse\n", CONTROL),
    "nothing": (b"", LENGTH),
    "an empty line": (b"\ncorrect horse\n", LENGTH),
    "a mark alone": (b"\xef\xbb\xbf\n", LENGTH),
    "a file without lines": (b"x" * 1_000_000, LENGTH),
}
ACCEPTED = {
    "one line": b"correct horse\n",
    "a byte order mark": b"\xef\xbb\xbfcorrect horse\n",
    "the end of a line on Windows": b"correct horse\r\n",
    "no end of the line": b"correct horse",
    "two lines": b"correct horse\nanother line\n",
    "a second line in another encoding": b"correct horse\n\xe9\n",
}
LOCALES = [
    {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    {"LC_ALL": "C"},
    {"LANG": "C.UTF-8"},
]


@pytest.mark.parametrize("command", ["create carol", "set-password alice"])
@pytest.mark.parametrize(("data", "line"), REFUSED.values(), ids=REFUSED)
def test_other_bytes_are_refused_in_one_line(
    server: Server, command: str, data: bytes, line: str
) -> None:
    result = server.run("users", *command.split(), stdin=data)

    assert failure(result) == line
    assert server.person("alice", "wonderland").send_login().status_code == 303


@pytest.mark.parametrize(("command", "username"), [("create", "carol"), ("set-password", "alice")])
@pytest.mark.parametrize("data", ACCEPTED.values(), ids=ACCEPTED)
def test_the_password_is_the_first_line(
    server: Server, command: str, username: str, data: bytes
) -> None:
    server.run("users", command, username, stdin=data)

    assert server.person(username, "correct horse").send_login().status_code == 303


@pytest.mark.parametrize(
    "arguments",
    [
        ("users", "create", "zo\udceb"),
        ("users", "create", "carol", "--name", "Zo\udceb"),
        ("users", "set-password", "zo\udceb"),
        ("users", "delete", "zo\udceb"),
        ("clients", "delete", "caf\udce9"),
        ("clients", "rotate-secret", "caf\udce9"),
        ("clients", "create", "--name", "Caf\udce9", "--resource-server"),
        ("clients", "create", "--name", "x", "--redirect-uri", "https://x.example/\udce9"),
        ("clients", "create", "--name", "x", "--scope", "\udce9"),
    ],
)
def test_an_argument_that_is_not_utf_8_is_refused_in_one_line(
    server: Server, arguments: tuple[str, ...]
) -> None:
    result = server.run(*arguments, stdin="correct horse\n")

    assert failure(result) == "Error: An argument must be UTF-8."


class Shell:
    """Runs the command line as a process of its own, with bytes as arguments."""

    def __init__(self, instance_path: Path) -> None:
        self.instance_path = instance_path

    def run(
        self, *arguments: bytes, stdin: bytes | None = b"", **environ: str | bytes
    ) -> subprocess.CompletedProcess[bytes]:
        command = [sys.executable, "-m", "flask", "--app", "app:create_auth_server", *arguments]
        variables = {"PATH": os.environ["PATH"], "TRIPOD_INSTANCE_PATH": str(self.instance_path)}
        if stdin is None:  # Standard input is closed.
            command = ["sh", "-c", 'exec "$@" <&-', "sh", *command]
        return subprocess.run(
            command, cwd=PROJECT_ROOT, env=variables | environ, input=stdin, capture_output=True
        )


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path / "instance")


@pytest.mark.processes
@pytest.mark.parametrize("locale", LOCALES, ids=["ASCII", "C", "UTF-8"])
def test_names_survive_every_locale(shell: Shell, locale: dict[str, str]) -> None:
    name = "Zoë 👩\u200d👧".encode()
    arguments = (b"users", b"create", b"zoe", b"--name", name)
    created = shell.run(*arguments, stdin=b"long enough", **locale)
    listed = shell.run(b"users", b"list", **locale)
    in_utf_8 = shell.run(b"users", b"list", PYTHONUTF8="1")

    assert (created.returncode, listed.returncode) == (0, 0)
    assert listed.stdout.startswith(b"zoe\t")
    assert in_utf_8.stdout.rstrip().endswith(name)


@pytest.mark.processes
def test_a_closed_standard_input_is_refused_in_one_line(shell: Shell) -> None:
    result = shell.run(b"users", b"create", b"carol", stdin=None)

    assert result.returncode == 1
    assert result.stderr == b"Error: The password cannot be read from standard input.\n"


@pytest.mark.processes
@pytest.mark.parametrize("name", ["TRIPOD_NAME", "TRIPOD_AUTH_SERVER_URL", "TRIPOD_INSTANCE_PATH"])
def test_a_setting_must_be_utf_8(shell: Shell, name: str) -> None:
    result = shell.run(b"users", b"list", **{name: b"caf\xe9"})

    assert (result.returncode, result.stderr) == (4, f"tripod: {name} must be UTF-8.\n".encode())
