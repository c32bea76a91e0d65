"""Sign-in records: each sign-in of a user in a browser is a row that the server can end.

The cookie of the browser holds a random identifier, the row its digest. A sign-in ends at sign-out,
when it is too old, and when it was not used for some time. Nothing here commits.
"""

from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import ColumnElement, bindparam, delete, select, update

from auth_server.digests import digest, new_identifier, new_secret
from auth_server.models import SignIn, User
from auth_server.signed_in_user import SignedInUser
from web.application import SIGN_IN_LIFETIME
from web.clock import now
from web.statements import Change, Executor, Query

IDLE_LIMIT = timedelta(hours=2)
#: A use is stored only when the last one that was stored is older.
USE_STORED_EVERY = timedelta(minutes=1)
#: The most sign-ins of one user. Beyond it, the one that was used least recently ends.
MOST_SIGN_INS = 50

_is_own = SignIn.user_id == bindparam("user_id")
_is_young = SignIn.signed_in_at > bindparam("oldest")
_is_active = _is_young & (SignIn.used_at > bindparam("idle_since"))


class SignInRecord(NamedTuple):
    """One sign-in as its user sees it."""

    id: str
    signed_in_at: datetime
    used_at: datetime
    address: str | None


_FIND = Query(
    select(
        User.id,
        User.username,
        User.name,
        User.is_demo,
        SignIn.id,
        SignIn.digest,
        SignIn.signed_in_at,
        SignIn.used_at,
    )
    .join(SignIn, SignIn.user_id == User.id)
    .where(SignIn.digest == bindparam("digest"), _is_active),
    SignedInUser,
)
_LIST = Query(
    select(SignIn.id, SignIn.signed_in_at, SignIn.used_at, SignIn.address)
    .where(_is_own, _is_active)
    .order_by(SignIn.used_at.desc(), SignIn.id),
    SignInRecord,
)
_LOCK_USER = Query(
    select(User.id).where(User.id == bindparam("user_id")).with_for_update(key_share=True), str
)
_BEGIN = Change.insert(SignIn, "id", "digest", "user_id", "signed_in_at", "used_at", "address")
_RENEW = Change(
    update(SignIn)
    .where(SignIn.digest == bindparam("old_digest"))
    .values(digest=bindparam("new_digest"), signed_in_at=bindparam("moment"))
)
_STORE_USE = Change(
    update(SignIn).where(SignIn.id == bindparam("sign_in_id")).values(used_at=bindparam("moment"))
)
_END = Change(delete(SignIn).where(SignIn.digest == bindparam("old_digest")))
_END_ONE = Change(delete(SignIn).where(_is_own, SignIn.id == bindparam("sign_in_id")))
_END_OTHERS = Change(delete(SignIn).where(_is_own, SignIn.id != bindparam("sign_in_id")))
_END_ALL = Change(delete(SignIn).where(_is_own))
_END_SURPLUS = Change(
    delete(SignIn).where(
        SignIn.id.in_(
            select(SignIn.id).where(_is_own).order_by(SignIn.used_at.desc()).offset(MOST_SIGN_INS)
        )
    )
)


def find_signed_in_user(db: Executor, identifier: str) -> SignedInUser | None:
    """Return the user of the sign-in with this identifier, or None when it has ended."""
    return _FIND.one(db, digest=digest(identifier), **_limits())


def begin(db: Executor, user_id: str, address: str | None, *, sign_in_id: str | None = None) -> str:
    """Store a new sign-in, and return its identifier for the cookie. The user must be locked.

    A sign-in that continues one which ended in this transaction has the `sign_in_id` of that one.
    """
    identifier, moment = new_secret(), now()
    _BEGIN.run(
        db,
        id=sign_in_id or new_identifier(),
        digest=digest(identifier),
        user_id=user_id,
        signed_in_at=moment,
        used_at=moment,
        address=address,
    )
    _END_SURPLUS.run(db, user_id=user_id)
    return identifier


def renew(db: Executor, user: SignedInUser, *, signed_in_at: datetime) -> str | None:
    """Give the sign-in a new identifier, end all others of the user, and return the identifier.

    The user must be locked. Return None if the sign-in has ended or was renewed by another request.
    """
    identifier = new_secret()
    is_renewed = _RENEW.run(
        db,
        old_digest=user.sign_in_digest,
        new_digest=digest(identifier),
        moment=signed_in_at,
    )
    if not is_renewed:
        return None
    _END_OTHERS.run(db, user_id=user.id, sign_in_id=user.sign_in_id)
    return identifier


def end(db: Executor, identifier: str) -> bool:
    """End the sign-in with this identifier, and return False when it had ended before."""
    return _END.run(db, old_digest=digest(identifier)) == 1


def end_one(db: Executor, user_id: str, sign_in_id: str) -> bool:
    """End one sign-in of the user, and return False when there is none with this id."""
    lock_user(db, user_id)
    return _END_ONE.run(db, user_id=user_id, sign_in_id=sign_in_id) == 1


def end_all(db: Executor, user_id: str) -> None:
    """End every sign-in of the user, who must be locked."""
    _END_ALL.run(db, user_id=user_id)


def lock_user(db: Executor, user_id: str) -> None:
    """Wait for other requests that end or begin sign-ins of the user."""
    _LOCK_USER.one(db, user_id=user_id)


def list_sign_ins(db: Executor, user_id: str) -> list[SignInRecord]:
    """Return the sign-ins of the user that are active, the last used first."""
    return _LIST.all(db, user_id=user_id, **_limits())


def list_others(db: Executor, user: SignedInUser) -> list[str]:
    """Return the ids of the active sign-ins of the user in other browsers."""
    ids = [found.id for found in list_sign_ins(db, user.id)]
    return [sign_in_id for sign_in_id in ids if sign_in_id != user.sign_in_id]


def is_use_due(user: SignedInUser) -> bool:
    """Return whether the time of the last use is to be stored again.

    After the clock was set back, the stored time is in the future.
    """
    return abs(now() - user.used_at) > USE_STORED_EVERY


def store_use(db: Executor, user: SignedInUser) -> None:
    """Store that the sign-in was used now."""
    _STORE_USE.run(db, sign_in_id=user.sign_in_id, moment=now())


def is_over() -> ColumnElement[bool]:
    """Return the condition for sign-ins that have ended by themselves.

    Use of a sign-in that is too old is not stored, so it is soon idle as well.
    """
    return SignIn.used_at <= now() - IDLE_LIMIT


def _limits() -> dict[str, datetime]:
    moment = now()
    return {"oldest": moment - SIGN_IN_LIFETIME, "idle_since": moment - IDLE_LIMIT}
