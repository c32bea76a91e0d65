"""The codes and tokens that this server issued: their types, and how they are found by digest."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import (
    ColumnElement,
    Select,
    SQLColumnExpression,
    Table,
    bindparam,
    false,
    literal_column,
    select,
    union_all,
)

from auth_server.digests import digest
from auth_server.models import (
    Client,
    Grant,
    User,
    access_tokens,
    authorization_codes,
    refresh_tokens,
)
from auth_server.reasons import Reason
from auth_server.registered_client import RegisteredClient
from web.statements import Executor, Query

TokenKind = Literal["access_token", "refresh_token"]
ACCESS_TOKEN: TokenKind = "access_token"  # noqa: S105 - the name of a kind, not a secret
REFRESH_TOKEN: TokenKind = "refresh_token"  # noqa: S105 - the name of a kind, not a secret


@dataclass(frozen=True, slots=True)
class PresentedCredential:
    """A code or a refresh token that a client presented, with its grant. It may be in any state.

    The methods have the names by which Authlib calls them.
    """

    digest: str
    grant_id: str
    user_id: str
    client_id: str
    grant_scope: str
    grant_expires_at: datetime
    grant_ended_at: datetime | None
    end_reason: str | None
    resources: str | None
    sign_in_id: str | None
    signed_in_at: datetime | None
    is_demo: bool

    def get_scope(self) -> str:
        """Return the scope that the resource owner granted."""
        return self.grant_scope

    def check_client(self, client: RegisteredClient) -> bool:
        """Return whether this was issued to `client`."""
        return client.client_id == self.client_id


@dataclass(frozen=True, slots=True)
class AuthorizationCode(PresentedCredential):
    """A code that a client presented (RFC 6749 §4.1.3)."""

    redirect_uri: str | None
    code_challenge: str
    nonce: str | None
    expires_at: datetime
    redeemed_at: datetime | None
    code_challenge_method: str = "S256"

    def get_redirect_uri(self) -> str | None:
        """Return the redirect URI of the authorization request; None when it had none."""
        return self.redirect_uri

    def objection(self, now: datetime) -> Reason | None:
        """Return why the code cannot be used, or None.

        `redeem_code` checks later whether the code was redeemed before, since a replay ends the
        grant.
        """
        if self.grant_ended_at is not None:
            return Reason.GRANT_ENDED
        if self.redeemed_at is None and now >= self.expires_at:
            return Reason.CODE_EXPIRED
        return None


@dataclass(frozen=True, slots=True)
class RefreshToken(PresentedCredential):
    """A refresh token that a client presented (RFC 6749 §6)."""

    def objection(self, now: datetime) -> Reason | None:
        """Return why the token cannot be used, or None.

        `spend_refresh_token` checks later whether the token was spent before, since a replay can
        end the grant.
        """
        if self.grant_ended_at is not None:
            return Reason.GRANT_ENDED
        if now >= self.grant_expires_at:
            return Reason.GRANT_EXPIRED
        return None


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """A token of either kind that was presented to introspect or revoke it, in any state.

    `is_demo` is whether its user or its client exists only in the demo.
    """

    kind: TokenKind
    issued_at: datetime
    scope: str
    audience: str | None
    expires_at: datetime
    is_spent: bool
    grant_id: str
    client_id: str
    grant_ended_at: datetime | None
    end_reason: str | None
    user_id: str
    username: str
    name: str
    is_demo: bool

    def objection(self, now: datetime) -> Reason | None:
        """Return why the token is not active (RFC 7662 §2.2), or None.

        Active means not expired, not spent, and of a grant that has not ended.
        """
        if self.has_ended_grant():
            return Reason.GRANT_ENDED
        if self.kind == ACCESS_TOKEN and self.has_expired(now):
            return Reason.ACCESS_TOKEN_EXPIRED
        if self.is_spent or self.has_expired(now):
            return Reason.REFRESH_TOKEN_NOT_ACTIVE
        return None

    def has_scope(self, name: str) -> bool:
        """Return whether this scope was granted. A stored scope has single spaces."""
        return name in self.scope.split(" ")

    def has_ended_grant(self) -> bool:
        """Return whether the grant has ended, and with it all of its tokens."""
        return self.grant_ended_at is not None

    def has_expired(self, now: datetime) -> bool:
        """Return whether the lifetime of the token is over; a refresh token's is its grant's."""
        return now >= self.expires_at


def _select_presented(table: Table, *columns: ColumnElement[Any]) -> Select[Any]:
    """Return the query for a presented code or refresh token.

    It locks the grant, which every change of a code or a token does first. So two requests for one
    grant follow each other, and never wait for each other in a circle. SQLite has no such lock; a
    writing transaction has locked the database.
    """
    return (
        select(
            table.c.digest,
            Grant.id,
            Grant.user_id,
            Grant.client_id,
            Grant.scope,
            Grant.expires_at,
            Grant.ended_at,
            Grant.end_reason,
            Grant.resources,
            Grant.sign_in_id,
            Grant.signed_in_at,
            User.is_demo,
            *columns,
        )
        .select_from(table)
        .join(Grant)
        .join(User)
        .where(table.c.digest == bindparam("digest"))
        .with_for_update(of=Grant, key_share=True)
    )


def _select_token(kind: TokenKind, table: Table, *columns: SQLColumnExpression[Any]) -> Select[Any]:
    """Return the query for a token of one kind. `columns` are `scope` to `is_spent`."""
    return (
        select(
            literal_column(f"'{kind}'").label("kind"),
            table.c.issued_at,
            *columns,
            Grant.id,
            Grant.client_id,
            Grant.ended_at,
            Grant.end_reason,
            User.id,
            User.username,
            User.name,
            (User.is_demo | Client.is_demo).label("is_demo"),
        )
        .select_from(table)
        .join(Grant)
        .join(User)
        .join(Client, Client.client_id == Grant.client_id)
        .where(table.c.digest == bindparam("digest"))
    )


_FIND_CODE = Query(
    _select_presented(
        authorization_codes,
        authorization_codes.c.redirect_uri,
        authorization_codes.c.code_challenge,
        authorization_codes.c.nonce,
        authorization_codes.c.expires_at,
        authorization_codes.c.redeemed_at,
    ),
    AuthorizationCode,
)
_FIND_REFRESH_TOKEN = Query(_select_presented(refresh_tokens), RefreshToken)
# One query for both kinds, so that an unknown token costs as little as a known one.
_FIND_TOKEN = Query(
    union_all(
        _select_token(
            ACCESS_TOKEN,
            access_tokens,
            access_tokens.c.scope,
            access_tokens.c.audience,
            access_tokens.c.expires_at,
            false(),
        ),
        _select_token(
            REFRESH_TOKEN,
            refresh_tokens,
            Grant.scope,
            Grant.resources,
            Grant.expires_at,
            refresh_tokens.c.spent_at.is_not(None) | refresh_tokens.c.lost_at.is_not(None),
        ),
    ),
    IssuedToken,
)


def find_code(db: Executor, presented_code: str, *, demo: bool) -> AuthorizationCode | None:
    """Return the code, whatever its state, or None. Outside the demo, demo users have no codes."""
    code = _FIND_CODE.one(db, digest=digest(presented_code))
    if code is None or (code.is_demo and not demo):
        return None
    return code


def find_refresh_token(db: Executor, presented_token: str, *, demo: bool) -> RefreshToken | None:
    """Return the refresh token, whatever its state, or None.

    Outside the demo, demo users have no refresh tokens.
    """
    token = _FIND_REFRESH_TOKEN.one(db, digest=digest(presented_token))
    if token is None or (token.is_demo and not demo):
        return None
    return token


def find_token(db: Executor, presented_token: str) -> IssuedToken | None:
    """Return the token of either kind, in any state and of any user, or None."""
    return _FIND_TOKEN.one(db, digest=digest(presented_token))
