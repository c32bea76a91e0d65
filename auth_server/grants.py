"""Authlib's hooks: each translates one question of the protocol into one query or one row. None of them commits."""

import re
from typing import Any

from authlib.oauth2.rfc6749 import InvalidRequestError, OAuth2Request, grants
from authlib.oauth2.rfc7636 import CodeChallenge

from auth_server import authorizations, credentials
from auth_server.client_authentication import METHODS
from auth_server.context import get_settings
from auth_server.credentials import AuthorizationCode, RefreshToken
from auth_server.digests import new_secret, s256_matches
from auth_server.errors import GrantRefused, ReplayDetected
from auth_server.models import Client
from auth_server.redirect_uris import difference
from auth_server.scopes import scope_list, scope_text
from web.clock import now
from web.database import get_db
from web.event_log import record_on_commit

_S256_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")


class AuthorizationCodeGrant(grants.AuthorizationCodeGrant):  # type: ignore[misc]  # Authlib is untyped
    """RFC 6749 §4.1."""

    TOKEN_ENDPOINT_AUTH_METHODS = list(METHODS)

    def generate_authorization_code(self) -> str:
        """The probability of guessing a code MUST be at most 2^-128 (§10.10)."""
        return new_secret()

    def save_authorization_code(self, code: str, request: OAuth2Request) -> None:
        """A7 – Authorization response (§4.1.2): the code begins a grant of what the resource owner ticked."""
        db, settings, client_id = get_db(), get_settings(), request.client.client_id
        grant = authorizations.begin_grant(
            db,
            user_id=request.user.id,
            client_id=client_id,
            scope=request.granted_scope,
            lifetime=settings.refresh_token_lifetime,
        )
        credentials.store_code(
            db,
            code,
            grant_id=grant.id,
            redirect_uri=request.payload.redirect_uri,
            code_challenge=request.payload.data["code_challenge"],
            now=grant.created_at,
            lifetime=settings.authorization_code_lifetime,
        )
        record_on_commit(
            db,
            "authorization_code_issued",
            grant_id=grant.id,
            client_id=client_id,
            sub=grant.user_id,
            scope=grant.scope,
            grant_lifetime=settings.refresh_token_lifetime,
        )

    def query_authorization_code(self, presented_code: str, client: Client) -> AuthorizationCode:
        """Ensure that the code was issued to the authenticated client, and is valid (§4.1.3).

        A redeemed code passes for now: only who holds its verifier too can end the grant by a replay.
        """
        code = credentials.find_code(get_db(), presented_code, demo=get_settings().demo)
        if code is None:
            raise GrantRefused("unknown code")
        if not code.check_client(client):
            raise GrantRefused("code was issued to another client", code.grant_id)
        if objection := code.objection(now()):
            raise GrantRefused(objection, code.grant_id)
        if (asked_with := code.get_redirect_uri()) not in (None, self.request.payload.redirect_uri):
            # Authlib looks as well, but does not say where they differ.
            raise GrantRefused(
                difference(self.request.payload.redirect_uri, [asked_with]), code.grant_id
            )
        return code

    def delete_authorization_code(self, authorization_code: AuthorizationCode) -> None:
        """T2 – Access token response (§4.1.4): the code is spent with what it was exchanged for.

        Runs last, after the client, the redirect URI and the verifier: only proof of possession spends a code.
        """
        if not credentials.redeem_code(get_db(), authorization_code, now()):
            raise ReplayDetected("code was redeemed before", authorization_code.grant_id)

    def authenticate_user(self, authorization_code: AuthorizationCode) -> str:
        """The subject. A deleted person's codes are deleted with her."""
        return authorization_code.user_id


class S256Required(CodeChallenge):  # type: ignore[misc]
    """PKCE with S256 for every client, confidential ones too (RFC 7636, RFC 9700 §2.1.1)."""

    SUPPORTED_CODE_CHALLENGE_METHOD = ("S256",)
    CODE_CHALLENGE_METHODS = {"S256": s256_matches}

    def validate_code_challenge(self, grant: AuthorizationCodeGrant, redirect_uri: str) -> None:
        """A request without a challenge is refused; so is one without a method, since that would mean `plain` (§4.3)."""
        data = grant.request.payload.data
        if not data.get("code_challenge"):
            raise InvalidRequestError(
                "code_challenge is missing: this server requires PKCE (RFC 7636)."
            )
        if data.get("code_challenge_method") != "S256":
            raise InvalidRequestError("code_challenge_method must be S256.")
        if not _S256_CHALLENGE.fullmatch(data["code_challenge"]):
            raise InvalidRequestError(
                "code_challenge must be the 43 characters of BASE64URL(SHA256(code_verifier))."
            )
        super().validate_code_challenge(grant, redirect_uri)


class RefreshTokenGrant(grants.RefreshTokenGrant):  # type: ignore[misc]
    """RFC 6749 §6, with rotation (RFC 9700 §4.14.2)."""

    TOKEN_ENDPOINT_AUTH_METHODS = list(METHODS)
    INCLUDE_NEW_REFRESH_TOKEN = True

    def authenticate_refresh_token(self, presented_token: str) -> RefreshToken:
        """F1 – Refresh request (§6): ensure that the token was issued to this client and is valid, and spend it.

        It is spent before the scope is looked at, so that a replay is a replay whatever else is wrong with it; what is
        refused afterwards is rolled back.
        """
        token = credentials.find_refresh_token(get_db(), presented_token, demo=get_settings().demo)
        if token is None:
            raise GrantRefused("unknown refresh token")
        if not token.check_client(self.request.client):
            raise GrantRefused("refresh token was issued to another client", token.grant_id)
        if objection := token.objection(now()):
            raise GrantRefused(objection, token.grant_id)
        self._spend(token)
        return token

    def _spend(self, token: RefreshToken) -> None:
        db, moment = get_db(), now()
        if credentials.spend_refresh_token(db, token, moment):
            return
        grace = 0 if self.request.client.is_public else get_settings().refresh_token_grace
        if not credentials.retry_refresh_token(db, token, moment, grace):
            raise ReplayDetected("refresh token was used before", token.grant_id)
        record_on_commit(
            db, "refresh_token_retried", grant_id=token.grant_id, client_id=token.client_id
        )

    def issue_token(self, user: str, refresh_token: RefreshToken) -> dict[str, Any]:
        """A narrower scope narrows the access token only; one of nothing but spaces asks for what was granted (§6).

        Left to itself, Authlib takes the latter for none at all, and gives the whole registration of the client.
        """
        scope = scope_text(scope_list(self.request.payload.scope)) or refresh_token.get_scope()
        token: dict[str, Any] = self.generate_token(
            user=user, scope=scope, include_refresh_token=self.INCLUDE_NEW_REFRESH_TOKEN
        )
        return token

    def authenticate_user(self, refresh_token: RefreshToken) -> str:
        """The subject. A deleted person's tokens are deleted with her."""
        return refresh_token.user_id

    def revoke_old_credential(self, refresh_token: RefreshToken) -> None:
        """F2 – Refresh response (§6): nothing is left to do, the old token was spent when it was authenticated."""
