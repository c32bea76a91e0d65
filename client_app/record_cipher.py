"""Records are stored encrypted: the store's files and backups hold nothing that opens an album."""

import base64
from collections.abc import Sequence
from functools import cached_property

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from client_app.models import Record
from web.derived_keys import derived_key


class RecordCipher:
    """Seals records under the newest of `secret_keys` and opens those sealed under any of them."""

    def __init__(self, leg: str, secret_keys: Sequence[str]) -> None:
        self._keys = [derived_key(key, leg, "session-records") for key in secret_keys]

    def seal(self, record: Record) -> bytes:
        """The record as ciphertext, with a proof that nobody changed it."""
        return self._fernet.encrypt(record.to_json())

    def open(self, sealed: bytes) -> Record:
        """The record; an empty one when it cannot be opened, since a record that nobody can read is no record."""
        try:
            return Record.from_json(self._fernet.decrypt(sealed))
        except (InvalidToken, ValueError):
            return Record()

    @cached_property
    def _fernet(self) -> MultiFernet:
        return MultiFernet(
            Fernet(base64.urlsafe_b64encode(bytes.fromhex(key))) for key in self._keys
        )
