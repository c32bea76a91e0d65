"""The baseline: a bare Flask route that returns a constant."""

import os
import re
from functools import partial

from world.processes import free_ports

from benchmarks.contenders.contender import ROOT, Contender
from benchmarks.contenders.serving import serve
from benchmarks.messages import Form, make_basic
from benchmarks.processes import Server, is_healthy
from benchmarks.works import INTROSPECTION, repeat_at


class BareRoute(Contender):
    """A bare Flask route, which only reads a request and returns a constant."""

    name = "bare Flask route"

    def set_up(self) -> None:
        """Start the server."""
        [port] = free_ports(1)
        command = serve("benchmarks.contenders.bare_application:asgi_app", port)
        log = self.folder / "output.txt"
        server = self.start(
            "server", Server(command, os.environ, [partial(is_healthy, port)], ROOT, log)
        )
        form = Form(port, "/introspect", make_basic("an-api", "a-secret"))
        request = form.fill({"token": "0123456789012345678901234567890123456789012"})
        self.works = {
            INTROSPECTION: repeat_at(port, request, re.compile(rb'"active":true'), [server])
        }
