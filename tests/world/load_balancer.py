"""A private nginx in front of several nodes, run by Debian's program and reached over loopback.

Its configuration is that of docs/production.md without TLS. All of its files are in one folder, so
it needs no root.
"""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from world.sockets import is_listening

READY_WITHIN = 10.0

CONFIGURATION = """\
{user}
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log warn;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    client_body_temp_path {folder}/bodies;
    proxy_temp_path {folder}/answers;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    client_max_body_size 16m;
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    proxy_set_header Host $http_host;
    proxy_set_header X-Forwarded-Host $http_host;
    proxy_set_header X-Forwarded-Proto $scheme;
    proxy_set_header X-Forwarded-For $remote_addr;
    # A request that may have reached a node is sent to the other one only if it may be repeated,
    # which a POST may not: a code or a refresh token would be presented twice.
    proxy_next_upstream error timeout;
    proxy_connect_timeout 2s;
    proxy_read_timeout 60s;
{legs}
}}
"""
LEG = """\
    upstream leg{port} {{
{servers}
        keepalive 16;
    }}
    server {{
        listen 127.0.0.1:{port};
        {extra}
        location / {{ proxy_pass http://leg{port}; }}
    }}
"""
SERVER = "        server 127.0.0.1:{port} max_fails=1 fail_timeout=1s;"


@dataclass
class Nginx:
    """A server that passes the requests for each port on to the ports of its nodes.

    `extra` are more directives for the server of a port.
    """

    folder: Path
    ports: Mapping[int, Sequence[int]]
    extra: dict[int, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the server, and return when it accepts connections."""
        self._configure()
        self.process = subprocess.Popen(
            [_find_program(), "-p", self.folder, "-c", self._file, "-e", self._log],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        deadline = time.monotonic() + READY_WITHIN
        while not all(map(is_listening, self.ports)):
            assert self.process.poll() is None, self._log.read_text()
            assert time.monotonic() < deadline, "nginx is not ready"
            time.sleep(0.02)

    def answer_itself(self, port: int, directives: str) -> None:
        """Add directives to the server of a port from now on; empty ones remove them."""
        self.extra[port] = directives
        self._configure()
        if self.process is not None:
            self.process.send_signal(signal.SIGHUP)

    def stop(self) -> None:
        """Stop the server."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait(READY_WITHIN)
            self.process = None

    @property
    def _file(self) -> Path:
        return self.folder / "nginx.conf"

    @property
    def _log(self) -> Path:
        return self.folder / "error.log"

    def _configure(self) -> None:
        legs = [
            LEG.format(
                port=port,
                servers="\n".join(SERVER.format(port=node) for node in nodes),
                extra=self.extra.get(port, ""),
            )
            for port, nodes in self.ports.items()
        ]
        user = ""
        if os.geteuid() == 0:
            user = "user root;"  # Another account could not enter the folder.
        self._file.write_text(
            CONFIGURATION.format(user=user, folder=self.folder, legs="\n".join(legs))
        )


@contextmanager
def running_nginx(folder: Path, ports: Mapping[int, Sequence[int]]) -> Iterator[Nginx]:
    """Run a server. Skip the test where nginx is not installed, except in CI."""
    folder.mkdir()
    server = Nginx(folder, ports)
    try:
        server.start()
        yield server
    finally:
        server.stop()


def _find_program() -> str:
    program = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    if program is None and not os.environ.get("CI"):
        pytest.skip("there is no nginx: apt install nginx-light")
    assert program is not None, "there is no nginx"
    return program
