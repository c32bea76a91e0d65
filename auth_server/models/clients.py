"""Clients, and the consents of users."""

from sqlalchemy import JSON, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from auth_server import digests
from auth_server.models.base import CLIENT_IDENTIFIER, DIGEST, Base
from web.database import Moment


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
    # When a client that registered itself last had a grant, accurate to about an hour.
    used_at: Mapped[Moment | None]
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

        A confidential client may send its secret in either way, whatever it has registered.
        """
        if self.is_public:
            return "none"
        return self.auth_method or "client_secret_basic"

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
