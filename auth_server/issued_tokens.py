"""The codes and tokens that this server issued: their types, and how they are found by digest."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypeVar

from sqlalchemy import ColumnElement, Select, Table, select
from sqlalchemy.orm import Session

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

TokenKind = Literal["access_token", "refresh_token"]
ACCESS_TOKEN: TokenKind = "access_token"  # noqa: S105 - the name of a kind, not a secret
REFRESH_TOKEN: TokenKind = "refresh_token"  # noqa: S105 - the name of a kind, not a secret


@dataclass(frozen=True, kw_only=True)
class IssuedToken:
    """A code or a token that this server issued, with its grant. It may be in any state.

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

    def get_scope(self) -> str:
        """Return the scope that the resource owner granted."""
        return self.grant_scope

    def check_client(self, client: Client) -> bool:
        """Return whether this was issued to `client`."""
        return client.client_id == self.client_id


@dataclass(frozen=True, kw_only=True)
class AuthorizationCode(IssuedToken):
    """A code that a client presented (RFC 6749 §4.1.3)."""

    redirect_uri: str | None
    code_challenge: str
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


@dataclass(frozen=True, kw_only=True)
class RefreshToken(IssuedToken):
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


@dataclass(frozen=True, kw_only=True)
class AccessToken(IssuedToken):
    """An access token that a client presented."""


@dataclass(frozen=True, kw_only=True)
class ActiveToken:
    """The data that introspection returns about an active token (RFC 7662 §2.2)."""

    kind: TokenKind
    scope: str
    client_id: str
    user_id: str
    username: str
    name: str
    issued_at: datetime
    expires_at: datetime


@dataclass(frozen=True)
class Inactivity:
    """Why a token is not active, for the event log."""

    reason: Reason
    grant_id: str | None = None
    end_reason: str | None = None


Found = TypeVar("Found", AuthorizationCode, RefreshToken, AccessToken)

_GRANT_COLUMNS = (
    Grant.id.label("grant_id"),
    Grant.user_id,
    Grant.client_id,
    Grant.scope.label("grant_scope"),
    Grant.expires_at.label("grant_expires_at"),
    Grant.ended_at.label("grant_ended_at"),
    Grant.end_reason,
)
_CODE_COLUMNS = (
    authorization_codes.c.redirect_uri,
    authorization_codes.c.code_challenge,
    authorization_codes.c.expires_at,
    authorization_codes.c.redeemed_at,
)


def find_code(db: Session, presented_code: str, *, demo: bool) -> AuthorizationCode | None:
    """Return the code, whatever its state, or None. Outside the demo, demo users have no codes."""
    statement = _select_presented(authorization_codes, presented_code, demo=demo)
    return _fetch(db, AuthorizationCode, statement.add_columns(*_CODE_COLUMNS))


def find_refresh_token(db: Session, presented_token: str, *, demo: bool) -> RefreshToken | None:
    """Return the refresh token, whatever its state, or None.

    Outside the demo, demo users have no refresh tokens.
    """
    statement = _select_presented(refresh_tokens, presented_token, demo=demo)
    return _fetch(db, RefreshToken, statement)


def find_token(db: Session, presented_token: str) -> AccessToken | RefreshToken | None:
    """Return the token of either kind, in any state and of any user, or None."""
    statement = _select_presented(access_tokens, presented_token, demo=True)
    access_token = _fetch(db, AccessToken, statement)
    return access_token or find_refresh_token(db, presented_token, demo=True)


def _select_presented(table: Table, presented: str, *, demo: bool) -> Select[Any]:
    statement = select(table.c.digest, *_GRANT_COLUMNS).select_from(table).join(Grant).join(User)
    statement = statement.where(table.c.digest == digest(presented))
    if demo:
        return statement
    return statement.where(~User.is_demo)


def _fetch(db: Session, kind: type[Found], statement: Select[Any]) -> Found | None:
    row = db.execute(statement).mappings().one_or_none()
    if row is None:
        return None
    return kind(**row)


def find_active_token(
    db: Session, presented_token: str, now: datetime, *, demo: bool
) -> ActiveToken | None:
    """Return the token of either kind if it is active, or None.

    Active means not expired, not spent, and of a grant that has not ended. Outside the demo, demo
    users and demo clients have no active tokens.
    """
    token_digest = digest(presented_token)
    for kind in (ACCESS_TOKEN, REFRESH_TOKEN):
        row = (
            db.execute(_select_active(kind, token_digest, now, demo=demo)).mappings().one_or_none()
        )
        if row is not None:
            return ActiveToken(kind=kind, **row)
    return None


def _select_active(kind: TokenKind, token_digest: str, now: datetime, *, demo: bool) -> Select[Any]:
    table, columns = _ACTIVE_COLUMNS[kind]
    statement = (
        select(*columns, Grant.client_id, Grant.user_id, User.username, User.name)
        .select_from(table)
        .join(Grant)
        .join(User)
        .join(Client, Client.client_id == Grant.client_id)
        .where(table.c.digest == token_digest, _is_unexpired(kind, now), _has_unended_grant())
    )
    if kind == REFRESH_TOKEN:
        statement = statement.where(is_unspent())
    if not demo:
        statement = statement.where(~(User.is_demo | Client.is_demo))
    return statement


#: For each kind: its table, and the columns that have the names of fields of `ActiveToken`.
_ACTIVE_COLUMNS = {
    ACCESS_TOKEN: (
        access_tokens,
        (access_tokens.c.scope, access_tokens.c.issued_at, access_tokens.c.expires_at),
    ),
    REFRESH_TOKEN: (
        refresh_tokens,
        (
            Grant.scope.label("scope"),
            refresh_tokens.c.issued_at,
            Grant.expires_at.label("expires_at"),
        ),
    ),
}


def _is_unexpired(kind: TokenKind, now: datetime) -> ColumnElement[bool]:
    """Return the condition that the token has not expired. Refresh tokens expire with the grant."""
    if kind == ACCESS_TOKEN:
        return access_tokens.c.expires_at > now
    return Grant.expires_at > now


def is_unspent() -> ColumnElement[bool]:
    """Return the condition that a refresh token can still be spent."""
    return refresh_tokens.c.spent_at.is_(None) & refresh_tokens.c.lost_at.is_(None)


def _has_unended_grant() -> ColumnElement[bool]:
    return Grant.ended_at.is_(None)


def why_not_active(db: Session, presented_token: str) -> Inactivity:
    """Return why `find_active_token` did not find the token."""
    token = find_token(db, presented_token)
    if token is None:
        return Inactivity(Reason.UNKNOWN_TOKEN)
    if token.grant_ended_at is not None:
        return Inactivity(Reason.GRANT_ENDED, token.grant_id, token.end_reason)
    if isinstance(token, AccessToken):
        return Inactivity(Reason.ACCESS_TOKEN_EXPIRED, token.grant_id)
    return Inactivity(Reason.REFRESH_TOKEN_NOT_ACTIVE, token.grant_id)
