"""The server's side of a browser's session: one encrypted record for each browser.

Tokens must not be in an ordinary session. A slow request reads such a session, changes it and
writes it back; it would undo a refresh that happened meanwhile, and the next refresh would present
a spent refresh token. So a record is changed only under a **lease**. One request at a time holds
it, across threads, processes and machines, and reads the record again first. If the holder stops,
the others wait until its lease expires. A holder that was too slow and lost its lease writes
nothing.

`read` and `change` are all that the rest of Print Shop uses. The records themselves are in an SQL
database (`sql_records.py`) or in Redis (`redis_records.py`).
"""

import hashlib
import secrets
import time
from collections.abc import Callable
from contextvars import ContextVar
from datetime import timedelta
from typing import Protocol, TypeVar

from client_app.models import REQUEST_LIFETIME, Record
from client_app.record_cipher import RecordCipher
from web.application import SIGN_IN_LIFETIME

T = TypeVar("T")
#: Renews the lease that the current thread holds.
_renewal: ContextVar[Callable[[], bool] | None] = ContextVar("_renewal", default=None)

#: Longer than a holder's work takes: three HTTP requests, each with its timeouts.
LEASE = timedelta(seconds=40)
#: Seconds to wait for a lease that another request holds, and seconds between two attempts.
MAX_WAIT = 15.0
POLL_INTERVAL = 0.02


class StoreUnavailableError(Exception):
    """The store does not answer, or another request holds the record for too long."""


class Records(Protocol):
    """Where the records are stored, encrypted and under the digests of the browsers' ids.

    Each method raises `StoreUnavailableError` when the store does not answer.
    """

    def find(self, digest: str) -> bytes | None:
        """Return the encrypted record, or None when there is none or it has expired."""

    def take_lease(self, digest: str, holder: str) -> bool:
        """Lease the record to `holder` for `LEASE`; return False when another holds the lease.

        A record can be leased before it exists.
        """

    def renew_lease(self, digest: str, holder: str) -> bool:
        """Renew the lease; return False when `holder` has lost it."""

    def store(self, digest: str, holder: str, data: bytes, lifetime: timedelta) -> bool:
        """Store the record and release its lease; return False when `holder` has lost the lease.

        A lease is lost when it ran out and another request has taken it.
        """

    def delete(self, digest: str, holder: str) -> bool:
        """Delete the record with its lease; return False when `holder` has lost the lease."""

    def check(self) -> None:
        """Ask the store whether it can serve."""

    def close(self) -> None:
        """Close all connections."""


def renew_lease() -> None:
    """Renew the lease that the current thread holds, if it holds one.

    Work that waits for a person calls this in shorter intervals than `LEASE`.

    :raises StoreUnavailableError: when the lease is lost.
    """
    renew = _renewal.get()
    if renew is not None and not renew():
        raise StoreUnavailableError("the lease ran out")


def find_nothing(_record: Record) -> None:
    """Return None: no other request has done the work."""


class SessionStore:
    """The records of browsers. The key is the random id in the browser's cookie."""

    def __init__(self, records: Records, cipher: RecordCipher) -> None:
        self.records, self._cipher = records, cipher

    def read(self, browser: str) -> Record:
        """Return a copy of the record, or an empty record when there is none."""
        return self._read(_digest(browser))

    def change(
        self,
        browser: str,
        update: Callable[[Record], T],
        peek: Callable[[Record], T | None] = find_nothing,
    ) -> T:
        """Call `update` with the record under a lease, store the record, and return the result.

        The record is stored even if `update` raises. `peek` is called with the record each time
        that it is read, before and after the lease is taken. If `peek` returns anything but None,
        another request has done the work: return that, and do not call `update`.

        :raises StoreUnavailableError: when the store or the lease is not available. The record is
            unchanged then.
        """
        digest, holder = _digest(browser), secrets.token_hex(16)
        deadline = time.monotonic() + MAX_WAIT
        while True:
            found = peek(self._read(digest))
            if found is not None:
                return found
            if self.records.take_lease(digest, holder):
                return self._change_leased(digest, holder, update, peek)
            if time.monotonic() > deadline:
                raise StoreUnavailableError("another request holds the record")
            time.sleep(POLL_INTERVAL)

    def _change_leased(
        self,
        digest: str,
        holder: str,
        update: Callable[[Record], T],
        peek: Callable[[Record], T | None],
    ) -> T:
        record = self._read(digest)
        renewal = _renewal.set(lambda: self.records.renew_lease(digest, holder))
        try:
            found = peek(record)
            if found is not None:
                return found
            return update(record)
        finally:
            _renewal.reset(renewal)
            self._store(digest, holder, record)

    def _store(self, digest: str, holder: str, record: Record) -> None:
        """Store the record and release the lease, unless another request holds it by now."""
        if record.is_empty:
            is_stored = self.records.delete(digest, holder)
        else:
            data = self._cipher.encrypt(record)
            is_stored = self.records.store(digest, holder, data, _find_lifetime(record))
        if not is_stored:
            raise StoreUnavailableError("the lease ran out")

    def _read(self, digest: str) -> Record:
        data = self.records.find(digest)
        if data is None:
            return Record()
        return self._cipher.decrypt(data)


def _find_lifetime(record: Record) -> timedelta:
    if record.connections or record.browsers:
        return SIGN_IN_LIFETIME
    return timedelta(seconds=REQUEST_LIFETIME)


def _digest(browser: str) -> str:
    """Return the key of a record, so that a person who reads the store cannot act as a browser."""
    return hashlib.sha256(browser.encode()).hexdigest()
