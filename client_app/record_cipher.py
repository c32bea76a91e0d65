"""The encryption of stored records: the files and backups of the store contain no usable token."""

import base64
from collections.abc import Sequence
from functools import cached_property

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from client_app.models import Record
from web.derived_keys import derive_key


class RecordCipher:
    """Encrypts records with the first of `secret_keys`, and decrypts those of any of them."""

    def __init__(self, leg: str, secret_keys: Sequence[str]) -> None:
        self._keys = [derive_key(key, leg, "session-records") for key in secret_keys]

    def encrypt(self, record: Record) -> bytes:
        """Return the record as authenticated ciphertext."""
        return self._fernet.encrypt(record.to_json())

    def decrypt(self, ciphertext: bytes) -> Record:
        """Return the record, or an empty one when it cannot be decrypted or read."""
        try:
            return Record.from_json(self._fernet.decrypt(ciphertext))
        except (InvalidToken, ValueError):
            return Record()

    @cached_property
    def _fernet(self) -> MultiFernet:
        keys = (base64.urlsafe_b64encode(bytes.fromhex(key)) for key in self._keys)
        return MultiFernet(Fernet(key) for key in keys)
