"""The tables: users and their sign-ins, clients, consents, grants, codes, tokens and keys.

A grant is one authorization by one resource owner to one client; codes, access tokens and refresh
tokens belong to it. A token is active when it has not expired, is not spent, and its grant has not
ended. So one UPDATE of the grant ends all access, whether the user removes an app or a replay is
detected.

A copy of the database gives no access: codes, tokens, client secrets and the identifiers of
sign-ins are stored as SHA-256 digests, passwords as memory-hard hashes.
"""

from sqlalchemy import (
    JSON,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from auth_server import digests
from web.database import NAMING_CONVENTION, Moment, UtcDateTime
from web.purging import make_lease_table

DIGEST = String(64)
IDENTIFIER = String(64)
#: It can be an address. SQLite ignores lengths, and cannot alter a column.
CLIENT_IDENTIFIER = String(512).with_variant(IDENTIFIER, "sqlite")


class Base(DeclarativeBase):
    """The authorization server's tables."""

    metadata = MetaData(naming_convention=NAMING_CONVENTION)


class User(Base):
    """A resource owner. Requests of a signed-in user use `signed_in_user.SignedInUser` instead."""

    __tablename__ = "users"

    # The `sub` of RFC 7662: random, and never given to another user.
    id: Mapped[str] = mapped_column(IDENTIFIER, primary_key=True)
    username: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    # The address was not verified: nobody has proved that the user reads it.
    email: Mapped[str | None] = mapped_column(String(254))
    password_hash: Mapped[str] = mapped_column(String(255))
    # Outside the demo, this user cannot sign in, and their tokens do not work.
    is_demo: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[Moment]

    def set_password(self, password: str) -> None:
        """Set a new password. It ends no sign-in."""
        self.password_hash = digests.hash_password(password)


class SignIn(Base):
    """One sign-in of a user in one browser. It ends when its row is deleted, or by its age."""

    __tablename__ = "sign_ins"

    # Names the sign-in on pages. It is not a secret.
    id: Mapped[str] = mapped_column(IDENTIFIER, primary_key=True)
    # The digest of the identifier that is in the cookie of the browser.
    digest: Mapped[str] = mapped_column(DIGEST, unique=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    # When the user typed their password: `auth_time` in OpenID Connect Core §2.
    signed_in_at: Mapped[Moment]
    # When it was last used. A use is stored once a minute, so the last one can be a minute later.
    used_at: Mapped[Moment] = mapped_column(index=True)
    address: Mapped[str | None] = mapped_column(String(64))


class Client(Base):
    """A registered client (RFC 6749 §2), or a resource server, which may only introspect.

    Requests of the protocol use `registered_client.RegisteredClient` instead.
    """

    __tablename__ = "clients"

    client_id: Mapped[str] = mapped_column(CLIENT_IDENTIFIER, primary_key=True)
    # None for a public client (RFC 6749 §2.1).
    client_secret_digest: Mapped[str | None] = mapped_column(DIGEST)
    name: Mapped[str] = mapped_column(String(200))
    redirect_uris: Mapped[list[str]] = mapped_column(JSON)
    scope: Mapped[str] = mapped_column(Text)
    is_resource_server: Mapped[bool] = mapped_column(default=False)
    is_demo: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[Moment]
    # The developer who registered it at /developer/apps; None for the command line.
    owner_id: Mapped[str | None] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), index=True
    )
    homepage: Mapped[str | None] = mapped_column(Text)
    # The `token_endpoint_auth_method` that was registered; None for the default of its type.
    auth_method: Mapped[str | None] = mapped_column(String(40))
    # The algorithm of its ID tokens; None for RS256.
    id_token_alg: Mapped[str | None] = mapped_column(String(10))
    post_logout_redirect_uris: Mapped[list[str] | None] = mapped_column(JSON)
    backchannel_logout_uri: Mapped[str | None] = mapped_column(Text)
    # The address of a resource server (RFC 8707 §2).
    resource: Mapped[str | None] = mapped_column(Text, unique=True, index=True)
    # Addresses by their name in RFC 7591 §2: `logo_uri`, `policy_uri`, `tos_uri`.
    links: Mapped[dict[str, str] | None] = mapped_column(JSON)
    # A value of `RegisteredBy`; None for the command line and the developer pages.
    registered_by: Mapped[str | None] = mapped_column(String(20))
    # The digest of the registration access token (RFC 7592 §3).
    registration_token_digest: Mapped[str | None] = mapped_column(DIGEST)
    # Until then, the metadata document is not fetched again.
    document_expires_at: Mapped[Moment | None]

    @property
    def is_public(self) -> bool:
        """Whether the client has no secret, because it cannot keep one."""
        return self.client_secret_digest is None

    @property
    def token_endpoint_auth_method(self) -> str:
        """The method of client authentication in the metadata (RFC 7591 §2).

        A confidential client may use `client_secret_post` as well.
        """
        if self.is_public:
            return "none"
        return "client_secret_basic"

    def renew_secret(self) -> str:
        """Store the digest of a new client secret, and return the secret in clear."""
        secret = digests.new_secret()
        self.client_secret_digest = digests.digest(secret)
        return secret


class Consent(Base):
    """One scope that a user has allowed a client, remembered so that they are not asked again."""

    __tablename__ = "consents"

    user_id: Mapped[str] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True
    )
    client_id: Mapped[str] = mapped_column(
        CLIENT_IDENTIFIER,
        ForeignKey("clients.client_id", ondelete="CASCADE"),
        primary_key=True,
        index=True,
    )
    scope: Mapped[str] = mapped_column(String(64), primary_key=True)
    granted_at: Mapped[Moment]
    # What the client has changed since, separated by spaces. If it is not null, the user is asked.
    outdated_by: Mapped[str | None] = mapped_column(String(80))


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


class SignInFailure(Base):
    """One failed sign-in, stored as long as it counts towards the limit.

    The username is stored as a keyed digest, since users sometimes type their password there.
    """

    __tablename__ = "sign_in_failures"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    # The network that counts as one client: an IPv4 address, or the /64 of an IPv6 address.
    address: Mapped[str] = mapped_column(String(64), index=True)
    account_digest: Mapped[str] = mapped_column(DIGEST)
    at: Mapped[Moment] = mapped_column(index=True)


class AccountEvent(Base):
    """One event of a user's account that the user can read, such as a sign-in."""

    __tablename__ = "account_events"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    at: Mapped[Moment]
    event: Mapped[str] = mapped_column(String(40))
    # The name at that time: the client may have been deleted since.
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

make_lease_table(Base.metadata)

signing_keys = Table(
    "signing_keys",
    Base.metadata,
    Column("kid", String(64), primary_key=True),
    Column("alg", String(10), nullable=False),
    # A private JWK, encrypted.
    Column("private_key", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    # From then on it signs no new ID token, but still verifies older ones.
    Column("retired_at", UtcDateTime),
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
