"""Client ID Metadata Documents: the client_id is the address of the client's metadata.

Each document comes from a real host over TLS. The answers of the DNS are given to libcurl.
"""

import json
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from requests import Response
from sqlalchemy import select, update
from world.cast import Person
from world.clock import Clock
from world.events import Events
from world.page import Page
from world.registered_client import RegisteredClient, Tokens
from world.tls_host import Answer, TlsHost, send

from auth_server import metadata_documents
from auth_server.metadata_documents import MetadataDocuments
from auth_server.models import Client
from auth_server.request_throttling import DOCUMENTS_PER_ADDRESS
from auth_server.scopes import SCOPES
from tests.auth_server.self_registered import Program
from tests.auth_server.server import ELSEWHERE, Server
from web import guarded_client
from web.waiting import WouldWait, call_without_waiting

CALLBACK = "http://127.0.0.1:3334/callback"


class Publisher:
    """A host that publishes the document of its app, and a server that can find the host."""

    def __init__(self, host: TlsHost, server: Server) -> None:
        self.host = host
        self.server = server
        self.client_id = host.url("/app.json")
        self.documents = MetadataDocuments(host.client())
        server.app.extensions["tripod.metadata_documents"] = self.documents
        self.publishes()

    def document(self, **changes: Any) -> dict[str, Any]:
        """Return the document but for `changes`; None leaves a member out."""
        members = {
            "client_id": self.client_id,
            "client_name": "Notebook Agent",
            "redirect_uris": [CALLBACK],
        }
        changed = members | changes
        return {name: value for name, value in changed.items() if value is not None}

    def publishes(self, *headers: str, **changes: Any) -> None:
        """Answer with the document."""
        self.answers(send(json.dumps(self.document(**changes)).encode(), *headers))

    def answers(self, answer: Answer) -> None:
        self.host.answer = answer

    @property
    def client(self) -> RegisteredClient:
        return self.server.client(self.client_id, None, CALLBACK)

    def request(self, client_id: str | None = None, address: str = "127.0.1.1") -> Response:
        """Send an authorization request of this client; a good one leads to the login page."""
        client = self.server.client(client_id or self.client_id, None, CALLBACK)
        return self.server.browser(address).get(client.authorization_path())

    @property
    def fetches(self) -> int:
        return len(self.host.requests)


@pytest.fixture
def publisher(server: Server, tmp_path: Path) -> Iterator[Publisher]:
    host, own = TlsHost(tmp_path), server.app.extensions["tripod.metadata_documents"]
    yield Publisher(host, server)
    server.app.extensions["tripod.metadata_documents"] = own
    host.close()


def is_refused(response: Response) -> bool:
    """Return whether the response is the error page for a client that is not trusted."""
    return (
        response.status_code == 400
        and "Location" not in response.headers
        and "document that cannot be used" in response.text
    )


# What a document is for


def test_a_client_that_nobody_registered_gets_tokens(publisher: Publisher, alice: Person) -> None:
    tokens = alice.connect(publisher.client)

    assert tokens.scope == "profile photos:read"
    assert publisher.client.refresh(tokens.refresh_token).status_code == 200


def test_the_server_says_that_it_supports_documents(server: Server) -> None:
    metadata = server.browser().get("/.well-known/oauth-authorization-server").json()

    assert metadata["client_id_metadata_document_supported"] is True


@pytest.mark.parametrize("hosts", ["", "other.example"])
def test_a_stored_document_is_refused_when_its_host_is_not_accepted(
    publisher: Publisher, start: Callable[..., Server], hosts: str
) -> None:
    publisher.request()
    with publisher.server.database.writing() as db:
        db.execute(update(Client).values(is_demo=False))
    server = start(DEMO="0", CLIENT_METADATA_HOSTS=hosts)

    response = server.browser().get(publisher.client.authorization_path())

    assert is_refused(response)
    assert "does not accept clients of this host" in Page(response).text


@pytest.mark.settings(CLIENT_METADATA_HOSTS="app.example:1")
def test_a_document_of_another_host_is_not_fetched(publisher: Publisher, events: Events) -> None:
    assert is_refused(publisher.request())
    assert publisher.host.connections == 0
    assert events.named("authorization_request_refused")[-1]["reason"] == (
        "document_host_not_accepted"
    )


def test_the_event_loop_fetches_no_document(publisher: Publisher) -> None:
    """A fetch takes seconds, so a thread does it. Once the document is stored, nothing waits."""
    with pytest.raises(WouldWait):
        call_without_waiting(publisher.request)
    assert publisher.host.connections == 0

    publisher.request()

    assert call_without_waiting(publisher.request).status_code == 303


def test_a_listed_host_is_accepted(start: Callable[..., Server], tmp_path: Path) -> None:
    host = TlsHost(tmp_path)
    server = start(CLIENT_METADATA_HOSTS=f"other.example,app.example:{host.port}")

    assert Publisher(host, server).request().status_code == 303


def test_the_list_of_connected_apps_shows_the_host(publisher: Publisher, alice: Person) -> None:
    alice.connect(publisher.client, scope="profile")

    page = Page(alice.browser.get("/account/apps"))

    host = f"app.example:{publisher.host.port}"
    assert f"It registered itself, from the host {host}." in page.text


def test_the_consent_page_shows_the_host(publisher: Publisher, alice: Person) -> None:
    page = alice.consent_page(publisher.client.authorization_request(scope="profile").url)
    host = f"app.example:{publisher.host.port}"

    assert f"from the host {host}." in page.text
    assert f"by a document on {host}" in page.text
    assert "Nobody has checked its name" in page.text


def test_a_name_that_is_missing_is_the_host(publisher: Publisher, alice: Person) -> None:
    publisher.publishes(client_name=None)
    page = alice.consent_page(publisher.client.authorization_request(scope="profile").url)

    assert f"Let app.example:{publisher.host.port} know who you are?" in page.text


def test_the_client_has_all_scopes(publisher: Publisher, server: Server) -> None:
    publisher.publishes(scope="photos:read")
    publisher.request()

    assert stored(server, publisher).scope == " ".join(SCOPES)


def stored(server: Server, publisher: Publisher) -> Client:
    with server.reading() as db:
        return db.scalars(select(Client).where(Client.client_id == publisher.client_id)).one()


# Which addresses


@pytest.mark.parametrize(
    "client_id",
    [
        "https://app.example",
        "https://app.example/",
        "https://app.example/a/../app.json",
        "https://app.example/./app.json",
        "https://app.example/%2e%2e/app.json",
        "https://app.example/a%2F..%2Fapp.json",
        "https://app.example/app.json#fragment",
        "https://app.example/app.json?query",
        "https://alice@app.example/app.json",
        "https://alice:secret@app.example/app.json",
        "https://APP.example/app.json",
        "https://app.example:443/app.json",
        "https://app.example:0/app.json",
        "https://app.example:99999/app.json",
        "https://[::1/app.json",
        "https:///app.json",
        "https://app.example/app .json",
        "https://app.example\\@evil.example/app.json",
        "https://app.example/\\evil",
        "https://äpp.example/app.json",
        "https://app.example/\x00",
        "https://app.example/" + "x" * 500,
    ],
)
def test_a_malformed_address_is_not_fetched(
    publisher: Publisher, client_id: str, events: Events
) -> None:
    assert is_refused(publisher.request(client_id))
    assert events.named("authorization_request_refused")[-1]["reason"] == (
        "invalid_document_address"
    )


@pytest.mark.parametrize(
    "client_id", ["http://127.0.0.1/app.json", "HTTPS://app.example/a", "ftp://app.example/a"]
)
def test_only_https_is_the_address_of_a_document(publisher: Publisher, client_id: str) -> None:
    response = publisher.request(client_id)

    assert response.status_code == 400
    assert "not registered at this server" in response.text


# Requests into the network of the server (SSRF)


def outside_the_demo(publisher: Publisher, address: str = "127.0.0.1") -> None:
    """Let the server use the guard that it has outside the demo."""
    publisher.documents.client = publisher.host.client(allows_loopback=False, address=address)


@pytest.mark.parametrize("address", ["127.0.0.1", "127.9.9.9", "10.0.0.1", "169.254.169.254"])
def test_a_name_with_a_private_address_is_refused(
    publisher: Publisher, address: str, events: Events
) -> None:
    outside_the_demo(publisher, address)

    assert is_refused(publisher.request())
    assert publisher.host.connections == 0
    [event] = events.named("authorization_request_refused")
    assert event["reason"] == "document_not_fetched"
    assert event["detail"] == "The document cannot be read: address not public."


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "2130706433", "0x7f000001", "0177.0.0.1", "127.1", "[::ffff:7f00:1]", "[::1]"],
)
def test_loopback_by_number_is_refused(publisher: Publisher, host: str) -> None:
    outside_the_demo(publisher)

    assert is_refused(publisher.request(publisher.host.url(host=host)))
    assert publisher.host.connections == 0


@pytest.mark.parametrize("name", ["localhost", "app.localhost", "localhost."])
def test_loopback_by_name_is_refused(publisher: Publisher, name: str) -> None:
    outside_the_demo(publisher)

    assert is_refused(publisher.request(publisher.host.url(host=name)))
    assert publisher.host.connections == 0


def test_a_server_outside_the_demo_reaches_no_loopback(
    publisher: Publisher, start: Callable[..., Server]
) -> None:
    """The guard of the application itself, not that of a test."""
    server = start(DEMO="0", CLIENT_METADATA_HOSTS="*")
    client = server.app.extensions["tripod.metadata_documents"].client

    assert not client.allows_loopback


def test_an_answer_of_the_dns_that_changes_is_refused(clock: Clock, publisher: Publisher) -> None:
    """The host was public at first; when the document has expired, its name leads elsewhere."""
    assert publisher.request().status_code == 303
    clock.forward(days=1)
    outside_the_demo(publisher, "192.168.7.7")

    assert is_refused(publisher.request())


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See Other", "307 T", "308 P"])
def test_a_redirect_is_not_followed(publisher: Publisher, status: str) -> None:
    location = f"Location: {publisher.host.url('/other.json')}"
    publisher.answers(send(json.dumps(publisher.document()).encode(), location, status=status))

    assert is_refused(publisher.request())
    assert publisher.fetches == 1


# What the answer may be


def test_a_document_of_five_kibibytes_is_the_largest(publisher: Publisher) -> None:
    size = len(json.dumps(publisher.document(note="")).encode())
    publisher.publishes(note="x" * (5 * 1024 - size))

    assert publisher.request().status_code == 303


def test_a_larger_document_is_refused(publisher: Publisher) -> None:
    size = len(json.dumps(publisher.document(note="")).encode())
    publisher.publishes(note="x" * (5 * 1024 - size + 1))

    assert is_refused(publisher.request())


def test_an_endless_document_is_refused(publisher: Publisher) -> None:
    def answer(connection: ssl.SSLSocket, _: bytes) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")
        with suppress(OSError):
            while True:
                connection.sendall(b" " * 1024)

    publisher.answers(answer)

    assert is_refused(publisher.request())


def test_a_slow_document_is_refused(publisher: Publisher, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guarded_client, "ANSWERED_WITHIN_MS", 300)
    publisher.answers(lambda connection, request: time.sleep(1))
    begun = time.monotonic()

    assert is_refused(publisher.request())
    assert time.monotonic() - begun < 0.9


def test_a_compressed_document_is_refused(publisher: Publisher) -> None:
    """Even if it says only that it is compressed."""
    publisher.publishes("Content-Encoding: gzip")

    assert is_refused(publisher.request())


@pytest.mark.parametrize("status", ["404 Not Found", "500 Error", "204 No Content", "206 Partial"])
def test_another_status_is_refused(publisher: Publisher, status: str) -> None:
    publisher.answers(send(json.dumps(publisher.document()).encode(), status=status))

    assert is_refused(publisher.request())


@pytest.mark.parametrize("content_type", ["text/html", "text/plain", "", "application/jwt"])
def test_another_media_type_is_refused(publisher: Publisher, content_type: str) -> None:
    body = json.dumps(publisher.document()).encode()
    publisher.answers(send(body, content_type=content_type))

    assert is_refused(publisher.request())


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff", b'{"a": 1, "a": 2}', b"[" * 5000])
def test_a_body_that_is_no_json_object_is_refused(publisher: Publisher, body: bytes) -> None:
    publisher.answers(send(body))

    assert is_refused(publisher.request())


def test_a_host_with_a_wrong_certificate_is_refused(publisher: Publisher) -> None:
    address = f"https://127.0.0.1:{publisher.host.port}/app.json"
    publisher.documents.client = guarded_client.GuardedClient(allows_loopback=True)

    assert is_refused(publisher.request(address))


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": None},
        {"client_id": "https://app.example/other.json"},
        {"client_id": 7},
        {"client_secret": "hunter2"},
        {"client_secret_expires_at": 0},
        {"token_endpoint_auth_method": "client_secret_basic"},
        {"token_endpoint_auth_method": "client_secret_post"},
        {"token_endpoint_auth_method": "private_key_jwt"},
        {"redirect_uris": None},
        {"redirect_uris": ["http://app.example/callback"]},
        {"redirect_uris": ["javascript:alert(1)"]},
        {"redirect_uris": "https://app.example/callback"},
        {"logo_uri": "javascript:alert(1)"},
        {"policy_uri": "http://app.example/"},
        {"client_name": "Print Shop"},
        {"client_name": "Tripod ID"},
        {"client_name": "\u202e"},
        {"client_name": 7},
        {"grant_types": ["implicit"]},
    ],
)
def test_bad_metadata_are_refused(
    publisher: Publisher, changes: dict[str, Any], server: Server, events: Events
) -> None:
    publisher.publishes(**changes)

    assert is_refused(publisher.request())
    assert publisher.client_id not in server.run("clients", "list").output
    assert events.named("authorization_request_refused")[-1]["reason"] == "invalid_document"


def test_a_redirect_uri_that_is_not_in_the_document_is_refused(publisher: Publisher) -> None:
    client = publisher.client
    client.redirect_uri = "https://evil.example/callback"
    response = publisher.server.browser().get(client.authorization_path())

    assert response.status_code == 400
    assert "Location" not in response.headers


# The cache


def test_a_document_is_fetched_once_while_it_is_fresh(clock: Clock, publisher: Publisher) -> None:
    publisher.publishes("Cache-Control: max-age=600")
    publisher.request()
    clock.forward(599)
    publisher.request()
    assert publisher.fetches == 1
    clock.forward(1)
    publisher.request()

    assert publisher.fetches == 2


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        (["Cache-Control: max-age=3600"], 3600),
        (["Cache-Control: max-age=999999999999"], 86400),
        (["Cache-Control: max-age=0"], 10),
        (["Cache-Control: max-age=-1"], 10),
        (["Cache-Control: no-store"], 10),
        (["Cache-Control: no-cache, max-age=3600"], 10),
        (["Cache-Control: max-age=3600", "Age: 600"], 3000),
        (["Cache-Control: max-age=60", "Age: 99999999"], 10),
        (
            ["Date: Tue, 04 Mar 2031 12:00:00 GMT", "Expires: Tue, 04 Mar 2031 13:00:00 GMT"],
            3600,
        ),
        (["Date: Tue, 04 Mar 2031 12:00:00 GMT", "Expires: 0"], 10),
        (["Expires: Tue, 04 Mar 2031 13:00:00 GMT"], 10),
        (
            ["Date: Tue, 04 Mar 2031 12:00:00 GMT", "Expires: Tue, 04 Mar 2099 13:00:00 GMT"],
            86400,
        ),
        ([], 300),
        (["Cache-Control: nonsense"], 300),
    ],
)
def test_the_headers_say_how_long_it_is_fresh(
    clock: Clock, publisher: Publisher, server: Server, headers: list[str], seconds: int
) -> None:
    publisher.publishes(*headers)
    begun = clock.now()
    publisher.request()

    expires_at = stored(server, publisher).document_expires_at
    assert expires_at is not None
    assert (expires_at - begun).total_seconds() == seconds


def test_a_clock_that_was_set_back_does_not_extend_a_document(
    clock: Clock, publisher: Publisher
) -> None:
    publisher.publishes("Cache-Control: max-age=86400")
    publisher.request()
    clock.forward(days=-30)
    publisher.request()

    assert publisher.fetches == 2


def test_a_failure_is_not_tried_again_at_once(clock: Clock, publisher: Publisher) -> None:
    publisher.answers(send(status="500 Error"))
    for _ in range(3):
        assert is_refused(publisher.request())
    assert publisher.fetches == 1
    publisher.publishes()
    clock.forward(31)

    assert publisher.request().status_code == 303
    assert publisher.fetches == 2


def test_failures_do_not_fill_the_memory(
    publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metadata_documents, "MAX_FAILURES", 3)
    publisher.answers(send(status="500 Error"))
    for number in range(6):
        publisher.request(publisher.host.url(f"/{number}.json"))

    assert len(publisher.documents._failures) == 3


def test_a_changed_document_changes_the_client(
    clock: Clock, publisher: Publisher, alice: Person, events: Events
) -> None:
    client = publisher.client
    code = alice.allow_request(client.authorization_path()).code
    publisher.publishes(client_name="Agent 2", redirect_uris=["https://app.example/callback"])
    clock.forward(301)
    client.redirect_uri = "https://app.example/callback"
    page = alice.consent_page(client.authorization_request(scope="profile").url)

    assert "Let Agent 2 know who you are?" in page.text
    assert publisher.client.redeem(code).json()["error"] == "invalid_grant"
    assert len(events.named("client_updated")) == 1


def test_an_unchanged_document_changes_nothing(
    clock: Clock, publisher: Publisher, events: Events
) -> None:
    publisher.publishes(client_uri="https://app.example/", policy_uri="https://app.example/p")
    publisher.request()
    clock.forward(301)
    publisher.request()

    assert publisher.fetches == 2
    assert events.named("client_updated") == []
    [event] = events.named("client_registered")
    assert event["registered_by"] == "document"


def test_the_token_endpoint_fetches_nothing(
    clock: Clock, publisher: Publisher, alice: Person
) -> None:
    client = publisher.client
    tokens = Tokens.read(client.redeem(alice.allow_request(client.authorization_path()).code))
    fetches = publisher.fetches
    clock.forward(301)
    publisher.answers(send(status="404 Gone"))

    assert client.refresh(tokens.refresh_token).status_code == 200
    assert publisher.fetches == fetches


def test_a_document_that_is_gone_stops_new_authorizations(
    clock: Clock, publisher: Publisher
) -> None:
    publisher.request()
    clock.forward(301)
    publisher.answers(send(status="404 Gone"))

    assert is_refused(publisher.request())


# Load


def test_other_requests_are_answered_during_a_fetch(publisher: Publisher) -> None:
    """The fetch holds no transaction: on SQLite nobody else could write meanwhile."""
    reached, finish = threading.Event(), threading.Event()

    def answer(connection: ssl.SSLSocket, request: bytes) -> None:
        reached.set()
        finish.wait(4)
        send(json.dumps(publisher.document()).encode())(connection, request)

    publisher.answers(answer)
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(publisher.request)
        assert reached.wait(4)
        registered = Program(publisher.server).registers()
        assert not waiting.done()
        finish.set()
        assert waiting.result().status_code == 303
    assert registered.status_code == 201


def test_concurrent_requests_register_one_client(publisher: Publisher) -> None:
    with ThreadPoolExecutor(6) as pool:
        responses = list(pool.map(lambda _: publisher.request(), range(6)))

    assert {response.status_code for response in responses} == {303}


def test_few_documents_are_fetched_at_a_time(
    publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metadata_documents, "LONGEST_WAIT", 0.1)
    finish = threading.Event()
    publisher.answers(lambda connection, request: finish.wait(3) and None)
    addresses = [publisher.host.url(f"/{number}.json") for number in range(9)]
    with ThreadPoolExecutor(9) as pool:
        waiting = [pool.submit(publisher.request, address) for address in addresses]
        time.sleep(1)
        assert publisher.host.connections == metadata_documents.AT_ONCE
        finish.set()
        assert all(is_refused(future.result()) for future in waiting)


def test_few_requests_wait_for_a_document(publisher: Publisher) -> None:
    """Each keeps a thread, which token requests need too."""
    finish = threading.Event()
    publisher.answers(lambda connection, request: finish.wait(4) and None)
    addresses = [publisher.host.url(f"/{number}.json") for number in range(20)]
    with ThreadPoolExecutor(20) as pool:
        requests = [pool.submit(publisher.request, address) for address in addresses]
        time.sleep(2)
        still_waiting = sum(1 for request in requests if not request.done())
        finish.set()

    assert still_waiting == metadata_documents.MOST_REQUESTS


def test_visitors_who_wait_for_one_document_fetch_it_once(publisher: Publisher) -> None:
    publisher.documents._turns = threading.BoundedSemaphore(1)
    with ThreadPoolExecutor(4) as pool:
        responses = list(pool.map(lambda _: publisher.request(), range(4)))

    assert {response.status_code for response in responses} == {303}
    assert publisher.fetches == 1


def test_one_visitor_causes_few_fetches(clock: Clock, publisher: Publisher, events: Events) -> None:
    """Otherwise this server could be used to flood another one."""
    publisher.answers(send(status="404 Gone"))
    for number in range(DOCUMENTS_PER_ADDRESS + 1):
        assert is_refused(publisher.request(publisher.host.url(f"/{number}.json")))

    assert publisher.fetches == DOCUMENTS_PER_ADDRESS
    assert events.named("authorization_request_refused")[-1]["reason"] == "too_many_documents"
    publisher.publishes()
    assert publisher.request(address=ELSEWHERE).status_code == 303


def test_a_request_with_several_client_ids_fetches_nothing(publisher: Publisher) -> None:
    path = publisher.client.authorization_path(client_id=[publisher.client_id, "print-shop"])

    assert publisher.server.browser().get(path).status_code == 400
    assert publisher.fetches == 0


def test_head_fetches_nothing(publisher: Publisher) -> None:
    publisher.server.browser().request("HEAD", publisher.client.authorization_path())

    assert publisher.fetches == 0


def test_a_client_of_a_document_that_nobody_used_is_purged(
    clock: Clock, publisher: Publisher, server: Server
) -> None:
    publisher.request()
    clock.forward(days=1)
    server.run("tokens", "purge")

    assert publisher.client_id not in server.run("clients", "list").output
    assert Page(publisher.server.browser().get("/login")).text
