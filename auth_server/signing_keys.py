"""The keys that sign ID tokens, as the processes that serve use them (RFC 7517).

For each algorithm, one key signs. After a rotation, the old key is published until the last token
signed with it has expired, and verifies hints for longer. The private keys are encrypted in the
database; `key_rotation.py` makes them.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from flask import Flask, current_app
from joserfc.jwk import Key, import_key
from sqlalchemy import ColumnElement, select

from auth_server.key_cipher import KeyCipher
from auth_server.models import signing_keys
from web.clock import now
from web.database import Database
from web.statements import Executor, Query

RS256, ES256 = "RS256", "ES256"
#: The first one is the default (OpenID Connect Registration §2).
ALGORITHMS = (RS256, ES256)
ID_TOKEN_LIFETIME = timedelta(hours=1)
#: Seconds after which a process reads the keys again, so that it notices a rotation.
RELOAD_AFTER = 5.0
#: Seconds for which a cached copy of the published keys is fresh (`max-age`).
FRESH_FOR = 60
#: How long a new key is published before it signs. By then, every process publishes it, and a
#: client that fetches the keys again for an unknown `kid` gets it.
ANNOUNCED_FOR = timedelta(seconds=FRESH_FOR + 15)
#: How long a retired key is published. Another process may have signed with it for some seconds.
PUBLISHED_FOR = ID_TOKEN_LIFETIME + timedelta(minutes=1)
#: How long a retired key verifies hints. To sign the user out, clients send the ID token of the
#: sign-in, which can be weeks old.
KEPT_FOR = timedelta(days=30)


class StoredKey(NamedTuple):
    """A row of the table."""

    kid: str
    alg: str
    private_key: str
    created_at: datetime
    retired_at: datetime | None


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key that was decrypted."""

    alg: str
    jwk: Key
    retired_at: datetime | None

    @property
    def kid(self) -> str:
        """The identifier: the thumbprint of the key (RFC 7638)."""
        return str(self.jwk.kid)

    def can_sign(self, moment: datetime) -> bool:
        """Return whether an ID token may be signed with it at `moment`."""
        return self.retired_at is None or moment < self.retired_at

    def is_published(self, moment: datetime) -> bool:
        """Return whether an ID token that it signed may still be valid."""
        return self.retired_at is None or moment < self.retired_at + PUBLISHED_FOR

    def public_jwk(self) -> dict[str, Any]:
        """Return the public members only, with the purpose and the algorithm (RFC 7517 §4)."""
        return dict(self.jwk.as_dict(private=False, use="sig", alg=self.alg))


_LIST = Query(select(signing_keys).order_by(signing_keys.c.created_at.desc()), StoredKey)


class SigningKeys:
    """The keys of one process, which are read again after some seconds."""

    def __init__(self, database: Database, cipher: KeyCipher) -> None:
        self._database = database
        self._cipher = cipher
        self._jwks: dict[str, Key | None] = {}
        self._keys: list[SigningKey] = []
        self._read_at: float | None = None

    def current(self, alg: str) -> SigningKey:
        """Return the key that signs with this algorithm: the oldest one that is not retired.

        A newer one is already published, and signs after `ANNOUNCED_FOR`.
        """
        moment = now()
        of_alg = filter(lambda key: key.alg == alg, reversed(self._list()))
        return next(key for key in of_alg if key.can_sign(moment))

    def published(self) -> list[SigningKey]:
        """Return every key with which a valid ID token may have been signed, the newest first."""
        moment = now()
        return [key for key in self._list() if key.is_published(moment)]

    def find(self, kid: str) -> SigningKey | None:
        """Return the key with this identifier, which can be a retired one, or None.

        An unknown one can be that of a rotation a moment ago, so the keys are read again.
        """
        for _ in range(2):
            for key in self._list():
                if key.kid == kid:
                    return key
            self.forget()
        return None

    def forget(self) -> None:
        """Read the keys again before the next use."""
        self._read_at = None

    def _list(self) -> list[SigningKey]:
        """Return the keys, read again if `RELOAD_AFTER` has passed.

        The time is stored after the query, because the query can fail or take long. Threads that
        ask meanwhile repeat it, because they cannot sign without keys.
        """
        read_at, moment = self._read_at, time.monotonic()
        if read_at is None or moment - read_at > RELOAD_AFTER:
            self._keys = list(self._read())
            self._read_at = moment
        return self._keys

    def _read(self) -> Iterable[SigningKey]:
        for stored in list_stored(self._database.transaction(writing=False)):
            if stored.kid not in self._jwks:
                self._jwks[stored.kid] = self._decrypt(stored)
            jwk = self._jwks[stored.kid]
            if jwk is not None:
                yield SigningKey(stored.alg, jwk, stored.retired_at)

    def _decrypt(self, stored: StoredKey) -> Key | None:
        private_jwk = self._cipher.decrypt(stored.private_key)
        if private_jwk is None:
            return None
        return import_key(private_jwk)


def init_app(app: Flask, database: Database, cipher: KeyCipher) -> None:
    """Let `app` use the keys of the database."""
    app.extensions["tripod.signing_keys"] = SigningKeys(database, cipher)


def get_signing_keys() -> SigningKeys:
    """Return the keys of the current application."""
    keys: SigningKeys = current_app.extensions["tripod.signing_keys"]
    return keys


def list_stored(db: Executor) -> list[StoredKey]:
    """Return every row, the newest first."""
    return _LIST.all(db)


def is_over() -> ColumnElement[bool]:
    """Return the condition for keys that verify nothing any more."""
    return signing_keys.c.retired_at <= now() - KEPT_FOR
