"""Clients whose identifier is the address of their metadata (Client ID Metadata Documents).

The authorization endpoint fetches the document before its transaction begins, because a fetch takes
seconds, and on SQLite nobody else could write meanwhile. The document becomes a registered client
like any other one, so nothing else in this server knows where it came from. The token endpoint
never fetches anything.

Anybody can make this server send such a request, so requests go to public addresses only
(`web/guarded_client.py`), few at a time, few for each address that asks, and not again soon after
one has failed.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from threading import BoundedSemaphore, Lock
from typing import NamedTuple
from urllib.parse import urlsplit

from flask import Flask, current_app
from sqlalchemy import bindparam, select

from auth_server import clients, request_throttling
from auth_server.client_metadata import ClientMetadata
from auth_server.context import get_settings
from auth_server.document_address import is_accepted_host, is_document_address, objection_to
from auth_server.document_lifetime import MOST, find_lifetime
from auth_server.errors import DocumentRefused, RegistrationError
from auth_server.models import Client
from auth_server.reasons import Reason
from auth_server.registrants import RegisteredBy
from auth_server.registration_request import parse_members, read_metadata
from config import AuthServerSettings
from web.clock import now
from web.database import get_database, get_reader, lock
from web.guarded_client import GuardedClient
from web.http_client import NoResponse, Response
from web.statements import Query
from web.waiting import check_may_wait

MAX_BYTES = 5 * 1024
#: The most fetches at a time in one process, and the seconds to wait for one's turn.
AT_ONCE = 4
LONGEST_WAIT = 5.0
#: The most requests that fetch or wait. Each keeps a thread, and a process may have only eight.
MOST_REQUESTS = 6
#: How long a fetch that failed is not tried again.
FAILED_FOR = timedelta(seconds=30)
MAX_FAILURES = 1_000

_TOO_MANY = "Too many documents are being fetched. Try again in a minute."
_EXTENSION = "tripod.metadata_documents"


def _return_expiry(expires_at: datetime | None) -> datetime | None:
    return expires_at


_FIND_EXPIRY = Query(
    select(Client.document_expires_at).where(Client.client_id == bindparam("client_id")),
    _return_expiry,
)


class _Failure(NamedTuple):
    """A document that cannot be used, and until when that is not tried again."""

    until: datetime
    reason: Reason
    hint: str


class MetadataDocuments:
    """The client that fetches documents, and the recent failures. Tests replace `client`."""

    def __init__(self, client: GuardedClient) -> None:
        self.client = client
        self._requests = BoundedSemaphore(MOST_REQUESTS)
        self._turns = BoundedSemaphore(AT_ONCE)
        self._lock = Lock()
        # In the order in which they end.
        self._failures: dict[str, _Failure] = {}

    def add_failure(self, address: str, refusal: DocumentRefused) -> None:
        """Remember for a while that a document cannot be used."""
        failure = _Failure(now() + FAILED_FOR, refusal.reason, str(refusal))
        with self._lock:
            self._failures.pop(address, None)
            self._failures[address] = failure
            if len(self._failures) > MAX_FAILURES:
                del self._failures[next(iter(self._failures))]

    def check_failure(self, address: str) -> None:
        """Check that the fetch has not failed just before.

        :raises DocumentRefused: when it has.
        """
        moment, failure = now(), self._failures.get(address)
        if failure is not None and moment < failure.until <= moment + FAILED_FOR:
            raise DocumentRefused(failure.reason, failure.hint)

    @contextmanager
    def wait_for_turn(self) -> Iterator[None]:
        """Wait until fewer than `AT_ONCE` other fetches run, and count as one inside the block.

        :raises DocumentRefused: when that takes too long, or too many requests wait already.
        """
        with _hold(self._requests, 0), _hold(self._turns, LONGEST_WAIT):
            yield


@contextmanager
def _hold(places: BoundedSemaphore, longest_wait: float) -> Iterator[None]:
    if not places.acquire(timeout=longest_wait):
        raise DocumentRefused(Reason.TOO_MANY_DOCUMENTS, _TOO_MANY)
    try:
        yield
    finally:
        places.release()


def init_app(app: Flask, settings: AuthServerSettings) -> None:
    """Let `app` fetch documents. In the demo, they can be on loopback."""
    app.extensions[_EXTENSION] = MetadataDocuments(GuardedClient(allows_loopback=settings.demo))


def refresh(client_id: str, visitor: str) -> None:
    """Fetch the document of a client, if the client has one and the stored copy is no longer fresh.

    `visitor` is the address of the browser that asks for it. No transaction may be open.

    :raises DocumentRefused: when there is no acceptable document. A stored one of a host that is no
        longer accepted is not acceptable either.
    """
    if not is_document_address(client_id):
        return
    _check_address(client_id, get_settings().metadata_hosts)
    if _is_fresh(client_id):
        return
    documents: MetadataDocuments = current_app.extensions[_EXTENSION]
    documents.check_failure(client_id)
    check_may_wait()
    if request_throttling.count_document(visitor):
        raise DocumentRefused(Reason.TOO_MANY_DOCUMENTS, _TOO_MANY)
    with documents.wait_for_turn():
        if not _is_fresh(client_id):  # Another request may have fetched it meanwhile.
            _fetch_and_store(documents, client_id)


def _check_address(client_id: str, hosts: Collection[str]) -> None:
    if objection := objection_to(client_id):
        raise DocumentRefused(Reason.INVALID_DOCUMENT_ADDRESS, objection)
    if not is_accepted_host(client_id, hosts):
        raise DocumentRefused(
            Reason.DOCUMENT_HOST_NOT_ACCEPTED, "This server does not accept clients of this host."
        )


def _is_fresh(client_id: str) -> bool:
    """Return whether the stored document may be used. A clock may have been set back since."""
    expires_at = _FIND_EXPIRY.one(get_reader(), client_id=client_id)
    return expires_at is not None and now() < expires_at <= now() + MOST


def _fetch_and_store(documents: MetadataDocuments, client_id: str) -> None:
    try:
        response = _fetch(documents.client, client_id)
        metadata = _read(client_id, response)
        _store(client_id, metadata, now() + find_lifetime(response.headers))
    except DocumentRefused as refusal:
        documents.add_failure(client_id, refusal)
        raise


def _fetch(client: GuardedClient, address: str) -> Response:
    try:
        response = client.get(address, accept="application/json", max_bytes=MAX_BYTES)
    except NoResponse as error:
        raise DocumentRefused(
            Reason.DOCUMENT_NOT_FETCHED, f"The document cannot be read: {error}."
        ) from None
    if response.status_code != 200:
        raise DocumentRefused(
            Reason.DOCUMENT_NOT_FETCHED,
            f"The document is answered with the status {response.status_code}, not 200.",
        )
    return response


def _read(client_id: str, response: Response) -> ClientMetadata:
    """Return the metadata of a document.

    :raises DocumentRefused: when it is not a document of this client.
    """
    media_type = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise _invalid("The Content-Type of the document is application/json.")
    try:
        members = parse_members(response.content)
        metadata = read_metadata(members, default_name=urlsplit(client_id).netloc)
    except RegistrationError as error:
        raise _invalid(str(error)) from None
    if members.get("client_id") != client_id:
        raise _invalid("The client_id in the document is its own address.")
    if {"client_secret", "client_secret_expires_at"} & set(members):
        raise _invalid("A document that anybody can read has no client_secret.")
    if metadata.auth_method not in (None, "none"):
        raise _invalid("The token_endpoint_auth_method in the document is none.")
    return replace(metadata, auth_method="none")


def _store(client_id: str, metadata: ClientMetadata, expires_at: datetime) -> None:
    """Register the client, or change it as its document has changed, in a short transaction."""
    with get_database().writing() as db:
        # Of two requests with a new client, the second must find the client of the first.
        lock(db, f"document {client_id}")
        client = db.get(Client, client_id, with_for_update=True)
        try:
            if client is None:
                client, _ = clients.register_client(
                    db, metadata, registered_by=RegisteredBy.DOCUMENT, client_id=client_id
                )
            elif not clients.has_metadata(client, metadata):
                clients.update_client(db, client, metadata)
        except RegistrationError as error:
            raise _invalid(str(error)) from None
        client.document_expires_at = expires_at


def _invalid(objection: str) -> DocumentRefused:
    return DocumentRefused(Reason.INVALID_DOCUMENT, objection)
