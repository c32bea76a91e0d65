"""Grants, codes and tokens."""

from sqlalchemy import Column, ForeignKey, Index, String, Table, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from auth_server.models.base import CLIENT_IDENTIFIER, DIGEST, IDENTIFIER, Base
from web.database import Moment, UtcDateTime


class Grant(Base):
    """One authorization by one resource owner to one client.

    `expires_at` is when all its refresh tokens expire.
    """

    __tablename__ = "grants"
    __table_args__ = (
        # A user can have many grants that have ended, but has few that have not.
        Index(
            "ix_grants_unended",
            "user_id",
            "client_id",
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
    )

    id: Mapped[str] = mapped_column(IDENTIFIER, primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    client_id: Mapped[str] = mapped_column(
        CLIENT_IDENTIFIER, ForeignKey("clients.client_id", ondelete="CASCADE"), index=True
    )
    scope: Mapped[str] = mapped_column(Text)
    # The sign-in in which the user allowed it: its id, and when the user typed their password.
    sign_in_id: Mapped[str | None] = mapped_column(IDENTIFIER, index=True)
    signed_in_at: Mapped[Moment | None]
    # The addresses of the resource servers that it is for, separated by spaces (RFC 8707 §2).
    # Null for a request that named none.
    resources: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[Moment]
    expires_at: Mapped[Moment] = mapped_column(index=True)
    # Never cleared once it is set: then no code and no token of the grant works any more.
    ended_at: Mapped[Moment | None]
    # A code of `reasons.Reason`.
    end_reason: Mapped[str | None] = mapped_column(String(40))


def _grant_id() -> Column[str]:
    return Column(
        "grant_id",
        IDENTIFIER,
        ForeignKey("grants.id", ondelete="CASCADE"),
        nullable=False,
        index=True,
    )


# These are plain tables, not mapped classes: every token request and every introspection uses them,
# and the overhead of the ORM would be higher than that of the query.

authorization_codes = Table(
    "authorization_codes",
    Base.metadata,
    Column("digest", DIGEST, primary_key=True),
    _grant_id(),
    # As in the authorization request; null if the request had none (RFC 6749 §4.1.3).
    Column("redirect_uri", Text),
    Column("code_challenge", String(128), nullable=False),
    # The `nonce` of the authorization request (OpenID Connect Core §3.1.2.1).
    Column("nonce", Text),
    Column("issued_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    # A redeemed code is not deleted, so that a replay can be detected.
    Column("redeemed_at", UtcDateTime),
)
# The index is for the purge of codes that expired before they were redeemed.
_codes = authorization_codes.c
Index(
    "ix_authorization_codes_unused",
    _codes.expires_at,
    sqlite_where=_codes.redeemed_at.is_(None),
    postgresql_where=_codes.redeemed_at.is_(None),
)

refresh_tokens = Table(
    "refresh_tokens",
    Base.metadata,
    Column("digest", DIGEST, primary_key=True),
    _grant_id(),
    # The refresh token that this one replaced; null for the first of its grant.
    Column("predecessor_digest", DIGEST, index=True),
    Column("issued_at", UtcDateTime, nullable=False),
    Column("spent_at", UtcDateTime),
    # When it was accepted again within the grace period, because the response was lost.
    Column("retried_at", UtcDateTime),
    # When its response was found to be lost. It no longer works: only an attacker can have it.
    Column("lost_at", UtcDateTime),
)

access_tokens = Table(
    "access_tokens",
    Base.metadata,
    Column("digest", DIGEST, primary_key=True),
    _grant_id(),
    # The refresh token that was issued in the same response.
    Column("refresh_token_digest", DIGEST, index=True, nullable=False),
    Column("scope", Text, nullable=False),
    # The resource servers that it is for, separated by spaces. Null for the Photo API.
    Column("audience", Text),
    Column("issued_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False, index=True),
)
