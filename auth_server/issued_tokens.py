"""The codes and tokens of this server as typed values, which `tokens` loads from the database."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from auth_server.models import Client
from auth_server.reasons import Reason

TokenKind = Literal["access_token", "refresh_token"]
ACCESS_TOKEN: TokenKind = "access_token"
REFRESH_TOKEN: TokenKind = "refresh_token"


@dataclass(frozen=True, kw_only=True)
class IssuedToken:
    """A code or a token that this server issued, with its grant, in whatever state it is.

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

        Whether it was redeemed before is checked last, by `redeem_code`, since that ends its grant.
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

        Whether it was spent before is checked last, by `spend_refresh_token`, since that can end
        its grant.
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
    """All that introspection tells of an active token (RFC 7662 §2.2)."""

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
