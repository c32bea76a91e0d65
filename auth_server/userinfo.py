"""What a client learns about the user, by scope (OpenID Connect Core §5.3.2, §5.4)."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import bindparam, select

from auth_server.issued_tokens import IssuedToken
from auth_server.models import User
from auth_server.scopes import EMAIL, PROFILE
from web.statements import Executor, Query

#: The claims of the ID token and of the userinfo response, in the metadata.
CLAIMS = (
    *("sub", "iss", "aud", "exp", "iat", "auth_time", "nonce", "at_hash", "sid"),
    *("name", "preferred_username", "updated_at", "email", "email_verified"),
)


class _Contact(NamedTuple):
    email: str | None
    created_at: datetime


_FIND = Query(select(User.email, User.created_at).where(User.id == bindparam("user_id")), _Contact)


def describe_user(db: Executor, token: IssuedToken) -> dict[str, object]:
    """Return the claims about the user that the scope of the access token allows."""
    contact = _FIND.one(db, user_id=token.user_id)
    claims: dict[str, object] = {"sub": token.user_id}
    if contact is None:
        return claims
    if token.has_scope(PROFILE):
        claims |= {
            "name": token.name,
            "preferred_username": token.username,
            # Names do not change after the account was created.
            "updated_at": int(contact.created_at.timestamp()),
        }
    if token.has_scope(EMAIL) and contact.email is not None:
        claims |= {"email": contact.email, "email_verified": False}
    return claims
