"""A host that answers over TLS on loopback, under any name, with a certificate of its own."""

import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from web.guarded_client import GuardedClient

#: Sends the answer over a connection, whose request is given.
Answer = Callable[[ssl.SSLSocket, bytes], None]


class TlsHost:
    """A host with this name. `answer` may be replaced; `requests` are what it has received."""

    def __init__(self, folder: Path, name: str = "app.example") -> None:
        self.name = name
        self.ca_file = folder / f"{name}.pem"
        self.ca_file.write_bytes(_make_certificate(name))
        self.requests: list[bytes] = []
        self.connections = 0
        self.answer: Answer = send(b"{}")
        self._context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self._context.load_cert_chain(self.ca_file)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def url(self, path: str = "/app.json", host: str = "") -> str:
        """Return an address of this host, by its name or another one."""
        return f"https://{host or self.name}:{self.port}{path}"

    def client(self, *, allows_loopback: bool = True, address: str = "127.0.0.1") -> GuardedClient:
        """Return a client that trusts this host, and finds its name at `address`."""
        return GuardedClient(
            allows_loopback=allows_loopback,
            resolve=[f"{self.name}:{self.port}:{address}"],
            ca_file=str(self.ca_file),
        )

    def close(self) -> None:
        """Stop listening."""
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        with suppress(OSError), self._context.wrap_socket(connection, server_side=True) as secure:
            request = b""
            while b"\r\n\r\n" not in request:
                part = secure.recv(65536)
                if not part:
                    return
                request += part
            self.requests.append(request)
            self.answer(secure, request)


def send(
    body: bytes = b"",
    *headers: str,
    status: str = "200 OK",
    content_type: str = "application/json",
) -> Answer:
    """Return what sends this response."""

    def answer(connection: ssl.SSLSocket, _request: bytes) -> None:
        lines = (
            f"HTTP/1.1 {status}",
            f"Content-Type: {content_type}",
            f"Content-Length: {len(body)}",
            *headers,
        )
        connection.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + body)

    return answer


def _make_certificate(host: str) -> bytes:
    """Return a key and a certificate for `host` and for loopback that it signed itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    names = x509.SubjectAlternativeName(
        [x509.DNSName(host), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    )
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        # libcurl has the real time, and a test may have another one.
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2100, 1, 1, tzinfo=UTC))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private_key = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return private_key + certificate.public_bytes(serialization.Encoding.PEM)
