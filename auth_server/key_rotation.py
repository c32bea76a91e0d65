"""How signing keys are made: at the first start, and by the command `keys rotate`."""

from collections.abc import Iterable

from joserfc.jwk import ECKey, RSAKey
from sqlalchemy import bindparam, update

from auth_server.key_cipher import KeyCipher
from auth_server.models import signing_keys
from auth_server.signing_keys import ALGORITHMS, ANNOUNCED_FOR, RS256, StoredKey, list_stored
from web.clock import now
from web.database import Database, Session, lock
from web.event_log import record_on_commit
from web.statements import Change

RSA_BITS = 2048
CURVE = "P-256"

_STORE = Change.insert(signing_keys, "kid", "alg", "private_key", "created_at")
_RETIRE_ALL = Change(
    update(signing_keys)
    .where(signing_keys.c.retired_at.is_(None))
    .values(retired_at=bindparam("moment"))
)


class WrongSecretKey(Exception):
    """None of the keys that sign can be decrypted: the servers have another secret key."""


def make_missing_keys(database: Database, cipher: KeyCipher) -> None:
    """Make a key for each algorithm that has none.

    Of several processes that start together, the first one stores its keys. After a change of the
    secret key without a fallback, the old keys cannot be decrypted, so there are new ones.
    """
    with database.session(writing=False) as db:
        missing = _find_missing(list_stored(db), cipher)
    if not missing:
        return
    # Keys are made before the transaction, since that takes too long for one.
    made = [_make_key(alg, cipher) for alg in missing]
    with database.writing() as db:
        _lock_keys(db)
        stored = list_stored(db)
        missing = _find_missing(stored, cipher)
        _store(db, (key for key in made if key.alg in missing))
        if stored and missing:
            unreadable = [key.kid for key in stored if cipher.decrypt(key.private_key) is None]
            record_on_commit(db, "signing_keys_unreadable", kids=unreadable)


def rotate_keys(database: Database, cipher: KeyCipher) -> list[StoredKey]:
    """Make a new key for each algorithm, and return the new ones. They sign after `ANNOUNCED_FOR`.

    Until then the old ones sign. Otherwise a client would reject an ID token if it had fetched the
    keys before, or from a process that has not read the new ones yet.

    :raises WrongSecretKey: when the servers could not decrypt the new keys.
    """
    made = [_make_key(alg, cipher) for alg in ALGORITHMS]
    with database.writing() as db:
        _lock_keys(db)
        stored = list_stored(db)
        if stored and set(_find_missing(stored, cipher)) == set(ALGORITHMS):
            raise WrongSecretKey
        _RETIRE_ALL.run(db, moment=now() + ANNOUNCED_FOR)
        _store(db, made)
    return made


def _find_missing(stored: Iterable[StoredKey], cipher: KeyCipher) -> list[str]:
    signing = [key for key in stored if key.retired_at is None]
    usable = {key.alg for key in signing if cipher.decrypt(key.private_key) is not None}
    return [alg for alg in ALGORITHMS if alg not in usable]


def _lock_keys(db: Session) -> None:
    lock(db, "signing keys")


def _make_key(alg: str, cipher: KeyCipher) -> StoredKey:
    jwk: RSAKey | ECKey = ECKey.generate_key(CURVE, auto_kid=True)
    if alg == RS256:
        jwk = RSAKey.generate_key(RSA_BITS, auto_kid=True)
    private_jwk = cipher.encrypt(jwk.as_dict(private=True))
    return StoredKey(str(jwk.kid), alg, private_jwk, now(), None)


def _store(db: Session, made: Iterable[StoredKey]) -> None:
    for key in made:
        _STORE.run(
            db,
            kid=key.kid,
            alg=key.alg,
            private_key=key.private_key,
            created_at=key.created_at,
        )
        record_on_commit(db, "signing_key_made", kid=key.kid, alg=key.alg)
