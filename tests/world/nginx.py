"""A private nginx for tests, run by Debian's program."""

import os
import shutil
import ssl
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http.client import HTTPSConnection
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple
from urllib.parse import urlencode

import pytest

READY_WITHIN = 10.0
#: What an `nginx.conf` has around the files of `conf.d`.
WRAPPER = """
daemon off;
{user}
pid {folder}/nginx.pid;
error_log {folder}/error.log;
{main}
http {{
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/tripod.conf;
}}
"""


class Answer(NamedTuple):
    """A response."""

    status: int
    headers: dict[str, str]
    text: str


@dataclass
class Nginx:
    """A server with TLS on `port`, whose files are in `folder`."""

    folder: Path
    port: int

    def ask(
        self,
        host: str,
        path: str,
        headers: Mapping[str, str] = MappingProxyType({}),
        form: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send a GET request for `host`, or post `form`, and return the response."""
        method, body, sent = "GET", None, {"Host": host, **headers}
        if form is not None:
            method, body = "POST", urlencode(form)
            sent["Content-Type"] = "application/x-www-form-urlencoded"
        trust = ssl.create_default_context(cafile=str(self.folder / "tripod.pem"))
        trust.check_hostname = False
        address = ("127.0.0.1", self.port)
        with closing(HTTPSConnection(*address, context=trust, timeout=30)) as connection:
            connection.request(method, path, body, sent)
            response = connection.getresponse()
            received = {name.title(): value for name, value in response.getheaders()}
            return Answer(response.status, received, response.read().decode())

    @property
    def access_log(self) -> str:
        return (self.folder / "tripod.log").read_text()


def create_certificate(folder: Path) -> None:
    """Create a self-signed certificate and its key."""
    options = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1"
    names = ["-subj", "/CN=id.example", "-addext", "subjectAltName=DNS:id.example"]
    files = ["-keyout", str(folder / "tripod.key"), "-out", str(folder / "tripod.pem")]
    command = [_find("openssl"), *options.split(), *names, *files]
    subprocess.run(command, check=True, capture_output=True)


@contextmanager
def running_nginx(folder: Path, port: int, configuration: str, main: str) -> Iterator[Nginx]:
    """Run nginx with the configuration of a file in `conf.d`, and the settings outside `http`.

    Skip the test where nginx is not installed, except in CI.
    """
    program = _find("nginx")
    user = ""
    if os.geteuid() == 0:
        user = "user root;"
    (folder / "tripod.conf").write_text(configuration)
    (folder / "nginx.conf").write_text(WRAPPER.format(folder=folder, user=user, main=main))
    command = [program, "-c", str(folder / "nginx.conf"), "-p", str(folder)]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + READY_WITHIN
        while not (folder / "nginx.pid").exists():
            assert process.poll() is None, (folder / "error.log").read_text()
            assert time.monotonic() < deadline, "nginx is not ready"
            time.sleep(0.02)
        yield Nginx(folder, port)
    finally:
        process.terminate()
        process.wait(10)


def _find(program: str) -> str:
    path = shutil.which(program) or shutil.which(program, path="/usr/sbin")
    if path is None and not os.environ.get("CI"):
        pytest.skip(f"{program} is not installed: apt install {program}")
    assert path, f"{program} is not installed"
    return path
