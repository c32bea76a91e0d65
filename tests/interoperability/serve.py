"""Serves the pages of a relying party at ORIGIN, as `serve.mjs` does.

A page is a function of the parameters of its address. The answer is the JSON of what it returns, or
a redirect if that is text. An error of the library is answered with 400.
"""

import json
import os
import traceback
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qsl, urlsplit

Page = Callable[[dict[str, str]], object]


def serve(pages: Mapping[str, Page]) -> None:
    """Answer requests until the process ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            address = urlsplit(self.path)
            page = pages.get(address.path)
            if page is None:
                self.send_error(404)
                return
            status, headers, body = answer(page, dict(parse_qsl(address.query)))
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body.encode())

    port = urlsplit(os.environ["ORIGIN"]).port
    assert port
    server = HTTPServer(("127.0.0.1", port), Handler)
    print("ready", flush=True)
    server.serve_forever()


def answer(page: Page, parameters: dict[str, str]) -> tuple[int, dict[str, str], str]:
    """Return the status, the headers and the body of the response."""
    try:
        result = page(parameters)
    except Exception as error:
        traceback.print_exc()
        reason = {"error": type(error).__name__, "message": str(error)}
        return 400, {"Content-Type": "application/json"}, json.dumps(reason)
    if isinstance(result, str):
        return 303, {"Location": result}, ""
    return 200, {"Content-Type": "application/json"}, json.dumps(result)
