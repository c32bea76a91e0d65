"""HTTP without sockets: a `requests` adapter that passes requests to the origin's WSGI application.

Messages are as on a real network: methods, headers, cookies, bodies, redirects and connection
errors. The adapter can be mounted on any `requests.Session`, so client libraries that use requests
run on it unchanged.
"""

import io
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPMessage
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import parse_qs, unquote_to_bytes, urlsplit

import requests
from requests.adapters import BaseAdapter, HTTPAdapter
from requests.structures import CaseInsensitiveDict
from urllib3 import HTTPHeaderDict, HTTPResponse
from werkzeug.test import run_wsgi_app

from web.http_client import NoResponse, Response, Transport

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

S = TypeVar("S", bound=requests.Session)


@dataclass(frozen=True)
class Exchange:
    """One request and its answer, as the network saw them."""

    method: str
    url: str
    request_headers: Mapping[str, str]
    request_body: bytes
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def origin(self) -> str:
        return origin_of(self.url)

    @property
    def path(self) -> str:
        return urlsplit(self.url).path

    @property
    def form(self) -> dict[str, str]:
        """The fields of the form that was sent, the last value of each."""
        return {name: values[-1] for name, values in parse_qs(self.request_body.decode()).items()}

    @property
    def json(self) -> Any:
        """What the answer says, where it is JSON."""
        return json.loads(self.body)


class Network:
    """The applications of each origin, and the `exchanges` in the order of their responses."""

    def __init__(self) -> None:
        self.exchanges: list[Exchange] = []
        self._applications: dict[str, WSGIApplication] = {}
        self._unreachable: set[str] = set()
        self._mute: set[str] = set()

    def attach(self, origin: str, application: "WSGIApplication") -> None:
        """Let `application` serve `origin` (`https://photos.example`) from now on."""
        self._applications[origin] = application

    def application(self, origin: str) -> "WSGIApplication":
        """Return the application of `origin`, to wrap it or to attach it elsewhere too."""
        return self._applications[origin]

    def adapter(self, remote_address: str = "127.0.0.1") -> "NetworkAdapter":
        """Return an adapter for a session; its requests come from `remote_address`."""
        return NetworkAdapter(self, remote_address)

    def mount(self, session: S) -> S:
        """Put `session` on this network, and on no other."""
        session.trust_env = False
        for scheme in ("http://", "https://"):
            session.mount(scheme, self.adapter())
        return session

    @contextmanager
    def cut_off(self, origin: str) -> Iterator[None]:
        """Let connections to `origin` fail inside the `with` block."""
        self._unreachable.add(origin)
        try:
            yield
        finally:
            self._unreachable.discard(origin)

    @contextmanager
    def losing_answers_of(self, origin: str) -> Iterator[None]:
        """Meanwhile, requests reach `origin` and are acted upon, and the answers get lost."""
        self._mute.add(origin)
        try:
            yield
        finally:
            self._mute.discard(origin)

    def exchanges_with(
        self, origin: str, path: str | None = None, *, method: str | None = None
    ) -> list[Exchange]:
        """Return the exchanges with `origin`, filtered by `path` and `method` if given."""
        return [
            exchange
            for exchange in self.exchanges
            if exchange.origin == origin
            and path in (None, exchange.path)
            and method in (None, exchange.method)
        ]

    def answer(self, request: requests.PreparedRequest, remote_address: str) -> HTTPResponse:
        """Pass the request to its application and return the response.

        :raises requests.ConnectionError: when its origin is unknown or cut off, or its response
            is lost.
        """
        url, method = str(request.url), str(request.method)
        origin = origin_of(url)
        if origin in self._unreachable or origin not in self._applications:
            raise requests.ConnectionError(f"cannot connect to {origin}", request=request)
        body = _body_of(request)
        chunks, status_line, headers = run_wsgi_app(
            self._applications[origin], _environ(request, body, remote_address), buffered=True
        )
        status, answer = int(status_line.split(" ", 1)[0]), b"".join(chunks)
        said = (
            CaseInsensitiveDict(request.headers),
            body,
            status,
            CaseInsensitiveDict(headers),
            answer,
        )
        self.exchanges.append(Exchange(method, url, *said))
        if origin in self._mute:
            raise requests.ConnectionError(f"the connection to {origin} broke", request=request)
        return _response(method, status_line, list(headers), answer)


def transport_over(adapter: BaseAdapter) -> Transport:
    """Return what sends the requests of an `HttpClient` on the network of an adapter."""

    def transport(url: str, headers: Sequence[str], form: bytes | None) -> Response:
        fields = dict(line.split(": ", 1) for line in headers)
        method = "GET" if form is None else "POST"
        request = requests.Request(method, url, fields, data=form).prepare()
        try:
            response = adapter.send(request)
        except requests.RequestException as error:
            raise NoResponse("not connected") from error
        lines = [f"{name}: {value}\r\n".encode() for name, value in response.headers.items()]
        return Response(response.status_code, response.content, lines)

    return transport


class NetworkAdapter(HTTPAdapter):
    """Carries the requests of a session to a network's applications."""

    def __init__(self, network: Network, remote_address: str) -> None:
        super().__init__(max_retries=0)
        self._network = network
        self._remote_address = remote_address

    def send(
        self, request: requests.PreparedRequest, *_: object, **__: object
    ) -> requests.Response:
        """Answer at once, from memory; timeouts, certificates and proxies have no meaning here."""
        return self.build_response(request, self._network.answer(request, self._remote_address))


def origin_of(url: str) -> str:
    """Scheme, host and port of `url`."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _body_of(request: requests.PreparedRequest) -> bytes:
    body: Any = request.body
    if body is None:
        return b""
    if isinstance(body, str):
        return body.encode()
    if hasattr(body, "read"):
        body = body.read()
    return body if isinstance(body, bytes) else b"".join(body)


def _header_variables(request: requests.PreparedRequest) -> dict[str, str]:
    variables = {}
    for name, value in request.headers.items():
        text = value.decode("latin-1") if isinstance(value, bytes) else value
        variables[f"HTTP_{name.upper().replace('-', '_')}"] = text
    return variables


def _environ(
    request: requests.PreparedRequest, body: bytes, remote_address: str
) -> "WSGIEnvironment":
    """Return the environ of PEP 3333 for this request."""
    parts = urlsplit(str(request.url))
    environ: WSGIEnvironment = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(parts.path).decode("latin-1"),
        "QUERY_STRING": parts.query,
        "REQUEST_URI": request.path_url,
        "SERVER_NAME": parts.hostname,
        "SERVER_PORT": str(parts.port or {"http": 80, "https": 443}[parts.scheme]),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": remote_address,
        "HTTP_HOST": parts.netloc,
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": parts.scheme,
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    environ |= _header_variables(request)
    environ["CONTENT_TYPE"] = environ.pop("HTTP_CONTENT_TYPE", "")
    environ["CONTENT_LENGTH"] = str(len(body) or "")
    environ.pop("HTTP_CONTENT_LENGTH", None)
    environ.pop("HTTP_TRANSFER_ENCODING", None)
    return environ


def _response(
    method: str, status_line: str, headers: list[tuple[str, str]], body: bytes
) -> HTTPResponse:
    message = HTTPMessage()
    for name, value in headers:
        message[name] = value
    status, _, reason = status_line.partition(" ")
    return HTTPResponse(
        body=io.BytesIO(body),
        headers=HTTPHeaderDict(headers),
        status=int(status),
        reason=reason,
        preload_content=False,
        request_method=method,
        # requests reads cookies from what http.client would have left here.
        original_response=SimpleNamespace(msg=message, isclosed=lambda: True, close=lambda: None),  # type: ignore[arg-type]
    )
