"""Short requests over libcurl: nothing from outside changes them, and each failure has a name."""

import gzip
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from web import http_client
from web.http_client import HttpClient, NoResponse, UnreadableResponse

FORM = b"token=abc"
CLOSE = b"close"
DRIP = b"drip"


class Server:
    """A server that sends `answers` as they are, one for each request, on as many connections.

    For `CLOSE` it closes the connection without an answer, and for `DRIP` it sends an endless
    answer, byte by byte.
    """

    def __init__(self, host: str, answers: Sequence[bytes], *, closes: bool = False) -> None:
        self.requests: list[bytes] = []
        self.connections = 0
        self._answers, self._closes = list(answers), closes
        self.listener = socket.create_server((host, 0), family=_family(host))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with connection:
            while data := connection.recv(65536):
                if data.startswith(b"POST") and data.endswith(b"\r\n\r\n"):
                    data += connection.recv(65536)
                self.requests.append(data)
                answer = self._answers.pop(0)
                if answer == CLOSE:
                    return
                if answer == DRIP:
                    self._drip(connection)
                    return
                connection.sendall(answer)
                if self._closes:
                    return

    def _drip(self, connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 60000\r\n\r\n")
        with suppress(OSError):
            while True:
                connection.sendall(b"a")
                time.sleep(0.01)


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def answer(body: bytes = b"ok", *headers: str, length: int | None = None) -> bytes:
    """Return a response with this body."""
    lines = (f"Content-Length: {len(body) if length is None else length}", *headers)
    return "\r\n".join(("HTTP/1.1 200 OK", *lines, "", "")).encode() + body


@pytest.fixture(autouse=True)
def own_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """Begin without an open connection."""
    monkeypatch.setattr(http_client, "_connection", http_client._Connection())


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    """Return a function that starts a `Server`."""
    started: list[Server] = []

    def serve(*answers: bytes, host: str = "127.0.0.1", closes: bool = False) -> Server:
        started.append(Server(host, answers, closes=closes))
        return started[-1]

    yield serve
    for server in started:
        server.listener.close()


def post(server: Server, path: str = "/") -> http_client.Response:
    return HttpClient().post(f"http://127.0.0.1:{server.port}{path}", ["X-Own: 1"], FORM)


def test_a_form_arrives_with_its_headers(serve: Callable[..., Server]) -> None:
    server = serve(answer(b"text", "X-Answer: a", "x-answer: b"))

    response = post(server, "/prefix/oauth/introspect")

    [request] = server.requests
    assert request.startswith(b"POST /prefix/oauth/introspect HTTP/1.1\r\n")
    assert b"\r\nX-Own: 1\r\n" in request
    assert request.endswith(b"\r\n\r\n" + FORM)
    assert (response.status_code, response.content) == (200, b"text")
    assert response.headers.getlist("X-Answer") == ["a", "b"]


def test_the_address_can_be_an_ipv6_literal(serve: Callable[..., Server]) -> None:
    server = serve(answer(), host="::1")

    response = HttpClient().post(f"http://[::1]:{server.port}/", [], b"token=x")

    assert response.status_code == 200
    assert f"Host: [::1]:{server.port}".encode() in server.requests[0]


def test_a_proxy_and_a_netrc_of_the_environment_are_not_used(
    serve: Callable[..., Server], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".netrc").write_text("default login user password other\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    server = serve(answer())

    assert post(server).status_code == 200
    assert b"Authorization" not in server.requests[0]


def test_a_connection_is_used_again(serve: Callable[..., Server]) -> None:
    server = serve(answer(), answer())
    post(server)
    post(server)

    assert server.connections == 1


def test_each_thread_has_its_own_connection(serve: Callable[..., Server]) -> None:
    server = serve(answer(), answer())
    post(server)
    thread = threading.Thread(target=post, args=(server,))
    thread.start()
    thread.join()

    assert server.connections == 2


def test_a_connection_that_the_server_closed_while_idle_is_replaced(
    serve: Callable[..., Server],
) -> None:
    server = serve(answer(), answer(), closes=True)
    post(server)

    assert post(server).status_code == 200


def test_a_request_that_an_idle_connection_lost_is_sent_again(
    serve: Callable[..., Server],
) -> None:
    """The server closed the connection while the request was on its way."""
    server = serve(answer(), CLOSE, answer())
    post(server)

    assert post(server).status_code == 200
    assert server.requests[1] == server.requests[2]


def test_a_request_on_a_new_connection_is_not_sent_again(serve: Callable[..., Server]) -> None:
    server = serve(CLOSE, answer())

    with pytest.raises(NoResponse, match="empty response"):
        post(server)
    assert len(server.requests) == 1


def test_a_redirect_is_not_followed_and_a_cookie_is_not_kept(
    serve: Callable[..., Server],
) -> None:
    moved = b"HTTP/1.1 307 Moved\r\nLocation: /x\r\nSet-Cookie: a=b\r\nContent-Length: 0\r\n\r\n"
    server = serve(moved, answer())

    assert post(server).status_code == 307
    post(server)
    assert b"Cookie" not in server.requests[1]


def test_a_compressed_response_is_decompressed(serve: Callable[..., Server]) -> None:
    server = serve(answer(gzip.compress(b"text"), "Content-Encoding: gzip"))

    assert post(server).content == b"text"
    assert b"Accept-Encoding: identity" in server.requests[0]


def test_a_response_with_the_most_bytes_is_read(serve: Callable[..., Server]) -> None:
    server = serve(answer(b"x" * http_client.MAX_BYTES))

    assert len(post(server).content) == http_client.MAX_BYTES


TOO_LARGE = b"x" * (http_client.MAX_BYTES + 1)


@pytest.mark.parametrize(
    "response",
    [answer(TOO_LARGE), answer(gzip.compress(TOO_LARGE), "Content-Encoding: gzip")],
    ids=["plain", "compressed"],
)
def test_a_response_that_is_too_large_is_not_read(
    serve: Callable[..., Server], response: bytes
) -> None:
    with pytest.raises(UnreadableResponse, match="too large"):
        post(serve(response))


def test_a_response_that_cannot_be_decompressed_is_not_read(serve: Callable[..., Server]) -> None:
    with pytest.raises(UnreadableResponse, match="content encoding not valid"):
        post(serve(answer(b"not gzip", "Content-Encoding: gzip")))


def test_an_incomplete_response_is_no_response(serve: Callable[..., Server]) -> None:
    with pytest.raises(NoResponse, match="incomplete response"):
        post(serve(answer(b"half", length=8), closes=True))


@pytest.mark.parametrize(
    "beginning",
    [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", DRIP],
    ids=["silent", "begun", "byte by byte"],
)
def test_a_server_that_does_not_finish_its_response_is_given_up(
    serve: Callable[..., Server], monkeypatch: pytest.MonkeyPatch, beginning: bytes
) -> None:
    """The connection of this thread has the time of the product, so the test has one of its own."""
    monkeypatch.setattr(http_client, "ANSWERED_WITHIN_MS", 100)
    monkeypatch.setattr(http_client, "_connection", http_client._Connection())

    with pytest.raises(NoResponse, match="timeout"):
        post(serve(beginning))


def test_a_server_that_is_not_there_is_named_in_the_error() -> None:
    with pytest.raises(NoResponse, match="not connected"):
        HttpClient().post("http://127.0.0.1:1/", [], b"")


def test_the_client_works_after_an_error(serve: Callable[..., Server]) -> None:
    server = serve(answer(TOO_LARGE), answer(b"ok"))
    with pytest.raises(UnreadableResponse):
        post(server)

    assert post(server).content == b"ok"


def test_a_self_signed_certificate_is_refused(tmp_path: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(_make_certificate(tmp_path))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

        def shake_hands() -> None:
            connection, _ = listener.accept()
            with suppress(OSError), context.wrap_socket(connection, server_side=True):
                pass

        threading.Thread(target=shake_hands, daemon=True).start()
        with pytest.raises(NoResponse, match="certificate not valid"):
            HttpClient().post(f"https://127.0.0.1:{port}/", [], b"")


def _make_certificate(folder: Path) -> Path:
    """Return a PEM file with a key and a certificate that it signed itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    day = timedelta(days=1)
    today = datetime.now(UTC)
    builder = builder.not_valid_before(today - day).not_valid_after(today + day)
    path = folder / "own.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    )
    return path
