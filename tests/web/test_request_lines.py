"""The line that `flask run` prints for each request contains no authorization code."""

import logging
from threading import Thread
from wsgiref.simple_server import demo_app

import pytest
import requests
from werkzeug.serving import make_server
from world.processes import free_ports

from web.request_lines import remove_queries


def test_the_development_server_prints_no_query(caplog: pytest.LogCaptureFixture) -> None:
    remove_queries()
    server = make_server("127.0.0.1", free_ports(1)[0], demo_app)

    with caplog.at_level(logging.INFO, logger="werkzeug"):
        thread = Thread(target=server.handle_request)
        thread.start()
        requests.get(
            f"http://127.0.0.1:{server.port}/callback?code=a-code&state=a-state", timeout=5
        )
        thread.join(5)
        server.server_close()

    assert "GET /callback?… HTTP/1.1" in caplog.text
    assert "a-code" not in caplog.text
