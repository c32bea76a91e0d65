"""Who may sign in, who may ask, what was consented to, and what came of it.

The grant ties everything together: it is one authorization by one resource owner to one client, and codes, access tokens
and refresh tokens belong to it. A token is active when it has not expired, is not spent, and its grant has not ended. So
taking an app out, a replay and a deleted client are one and the same short act.

Nothing here is usable at rest: codes, tokens and client secrets are SHA-256 digests, passwords are memory-hard hashes.
"""

from authlib.oauth2.rfc6749 import ClientMixin
from flask_login import UserMixin
from sqlalchemy import JSON, Column, ForeignKey, Integer, MetaData, String, Table, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from auth_server import digests, redirect_uris
from auth_server.scopes import is_within
from web.database import NAMING_CONVENTION, Moment, UtcDateTime

DIGEST = String(64)
IDENTIFIER = String(64)


class Base(DeclarativeBase):
    """The authorization server's tables."""

    metadata = MetaData(naming_convention=NAMING_CONVENTION)


class User(UserMixin, Base):  # type: ignore[misc]  # Flask-Login is untyped
    """A resource owner."""

    __tablename__ = "users"

    # The `sub` of RFC 7662: opaque, random, never given to another person.
    id: Mapped[str] = mapped_column(IDENTIFIER, primary_key=True)
    username: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    password_hash: Mapped[str] = mapped_column(String(255))
    # Advances to end every sign-in of this person: a sign-in is a signed cookie that would outlive a new password.
    epoch: Mapped[int] = mapped_column(default=0)
    # Exists in the demo only: outside it, this person cannot sign in and her tokens are dead.
    is_demo: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[Moment]

    def get_id(self) -> str:
        """What Flask-Login keeps in the session: the subject and the epoch it was signed in under."""
        return f"{self.id}.{self.epoch}"

    def set_password(self, password: str) -> None:
        """A new password ends this person's sign-ins, not her grants."""
        self.password_hash = digests.hash_password(password)
        self.epoch = (self.epoch or 0) + 1


class Client(ClientMixin, Base):  # type: ignore[misc]  # Authlib is untyped
    """A registered client (RFC 6749 §2), or the account of a resource server, which may introspect and nothing else."""

    __tablename__ = "clients"

    client_id: Mapped[str] = mapped_column(IDENTIFIER, primary_key=True)
    # None makes it a public client (RFC 6749 §2.1).
    client_secret_digest: Mapped[str | None] = mapped_column(DIGEST)
    name: Mapped[str] = mapped_column(String(200))
    redirect_uris: Mapped[list[str]] = mapped_column(JSON)
    scope: Mapped[str] = mapped_column(Text)
    is_resource_server: Mapped[bool] = mapped_column(default=False)
    is_demo: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[Moment]
    # The developer who registered it at /developer/apps; None when it came from the command line.
    owner_id: Mapped[str | None] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), index=True
    )
    homepage: Mapped[str | None] = mapped_column(Text)

    @property
    def is_public(self) -> bool:
        """Whether it cannot keep a secret, and so has none."""
        return self.client_secret_digest is None

    @property
    def token_endpoint_auth_method(self) -> str:
        """RFC 7591 §2's name for how it authenticates; a confidential client may use `client_secret_post` as well."""
        return "none" if self.is_public else "client_secret_basic"

    def renew_secret(self) -> str:
        """A new client secret, returned in clear this once; only its digest is kept."""
        secret = digests.new_secret()
        self.client_secret_digest = digests.digest(secret)
        return secret

    # What Authlib asks of a client (authlib.oauth2.rfc6749.ClientMixin) ------------------------------------------------

    def get_client_id(self) -> str:
        return self.client_id

    def get_default_redirect_uri(self) -> str | None:
        """The only registered one; a client with several must say which (RFC 6749 §3.1.2.3)."""
        return self.redirect_uris[0] if len(self.redirect_uris) == 1 else None

    def get_allowed_scope(self, scope: str | None) -> str | None:
        """`scope` when the client may have all of it, its whole registration when none is asked for, None otherwise."""
        if not (scope or "").strip():
            return self.scope
        return scope if is_within(scope, self.scope) else None

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return redirect_uris.matches(redirect_uri, self.redirect_uris, is_public=self.is_public)

    def check_client_secret(self, client_secret: str) -> bool:
        return digests.digest_matches(client_secret, self.client_secret_digest)

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return (method == "none") == self.is_public

    def check_response_type(self, response_type: str) -> bool:
        return not self.is_resource_server

    def check_grant_type(self, grant_type: str) -> bool:
        return not self.is_resource_server


class Consent(Base):
    """One scope that a person has allowed one client, remembered so that she is not asked again."""

    __tablename__ = "consents"

    user_id: Mapped[str] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True
    )
    client_id: Mapped[str] = mapped_column(
        ForeignKey("clients.client_id", ondelete="CASCADE"), primary_key=True, index=True
    )
    scope: Mapped[str] = mapped_column(String(64), primary_key=True)
    granted_at: Mapped[Moment]


class Grant(Base):
    """One authorization by one resource owner to one client. `expires_at` is the end of its refresh tokens, all of them."""

    __tablename__ = "grants"

    id: Mapped[str] = mapped_column(IDENTIFIER, primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    client_id: Mapped[str] = mapped_column(
        ForeignKey("clients.client_id", ondelete="CASCADE"), index=True
    )
    scope: Mapped[str] = mapped_column(Text)
    created_at: Mapped[Moment]
    expires_at: Mapped[Moment] = mapped_column(index=True)
    # Once set, never unset: every code and token of the grant is dead.
    ended_at: Mapped[Moment | None]
    end_reason: Mapped[str | None] = mapped_column(String(40))


class SignInFailure(Base):
    """One failed sign-in, kept for as long as it counts. The name is a keyed digest: people type passwords there, too."""

    __tablename__ = "sign_in_failures"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    address: Mapped[str] = mapped_column(String(64), index=True)
    account_digest: Mapped[str] = mapped_column(DIGEST)
    at: Mapped[Moment] = mapped_column(index=True)


class AccountEvent(Base):
    """Something around a person's account that she will want to know of: a sign-in, an app let in, an app shut out."""

    __tablename__ = "account_events"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    at: Mapped[Moment]
    event: Mapped[str] = mapped_column(String(40))
    # As it was called then: the client may be gone.
    client_name: Mapped[str | None] = mapped_column(String(200))
    address: Mapped[str | None] = mapped_column(String(64))


def _grant_id() -> Column[str]:
    return Column(
        "grant_id",
        IDENTIFIER,
        ForeignKey("grants.id", ondelete="CASCADE"),
        nullable=False,
        index=True,
    )


# Plain tables, not mapped classes: every token request and every introspection passes here, and the ORM's bookkeeping
# would cost more than the query.

authorization_codes = Table(
    "authorization_codes",
    Base.metadata,
    Column("digest", DIGEST, primary_key=True),
    _grant_id(),
    # As presented in the authorization request; null when it was left out (RFC 6749 §4.1.3).
    Column("redirect_uri", Text),
    Column("code_challenge", String(128), nullable=False),
    Column("issued_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    # A redeemed code stays, so that a replay is known for what it is.
    Column("redeemed_at", UtcDateTime),
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
    # Presented once more within the grace, because the answer was lost.
    Column("retried_at", UtcDateTime),
    # Was in the answer that was lost: dead, and whoever presents it is not the client.
    Column("lost_at", UtcDateTime),
)

access_tokens = Table(
    "access_tokens",
    Base.metadata,
    Column("digest", DIGEST, primary_key=True),
    _grant_id(),
    # The refresh token that was issued in the same answer.
    Column("refresh_token_digest", DIGEST, index=True, nullable=False),
    Column("scope", Text, nullable=False),
    Column("issued_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False, index=True),
)
