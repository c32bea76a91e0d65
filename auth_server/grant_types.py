"""The grant types of Authlib, with this server's hooks.

Each hook translates one question of the protocol into one query or one row. None of them commits.
"""

import re
from http import HTTPStatus
from typing import Any

from authlib.oauth2.rfc6749 import grants
from authlib.oauth2.rfc7636 import CodeChallenge

from auth_server import issued_tokens, tokens
from auth_server.client_authentication import METHODS
from auth_server.context import get_settings
from auth_server.digests import new_secret, s256_matches
from auth_server.errors import GrantRefused, InvalidRequest, ReplayDetected
from auth_server.grants import begin_grant
from auth_server.issued_tokens import AuthorizationCode, RefreshToken
from auth_server.protocol_request import ProtocolRequest
from auth_server.reasons import Reason
from auth_server.redirect_uris import first_difference
from auth_server.registered_client import RegisteredClient
from auth_server.scopes import scope_list, scope_text
from auth_server.signed_in_user import SignedInUser
from web.addresses import append_parameters
from web.clock import now
from web.database import get_transaction
from web.event_log import record_on_commit

_S256_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")


def grace_for(client: RegisteredClient) -> int:
    """Return the seconds in which `client` may present a spent refresh token once more."""
    if client.is_public:
        return 0
    return get_settings().refresh_token_grace


class AuthorizationCodeGrant(grants.AuthorizationCodeGrant):  # type: ignore[misc]  # Authlib is untyped
    """The authorization code grant (RFC 6749 §4.1)."""

    TOKEN_ENDPOINT_AUTH_METHODS = list(METHODS)

    def create_authorization_response(
        self, redirect_uri: str, grant_user: SignedInUser
    ) -> tuple[int, str, list[tuple[str, str]]]:
        """A7 – Authorization response (§4.1.2): append code, `state` and `iss` to the redirect URI.

        This is done here, because Authlib would rebuild the address and change its query.
        """
        self.request.user = grant_user
        code, state = self.generate_authorization_code(), self.request.payload.state
        self.save_authorization_code(code, self.request)
        parameters = {"code": code}
        if state:
            parameters["state"] = state
        parameters["iss"] = get_settings().url  # RFC 9207 §2
        return HTTPStatus.FOUND, "", [("Location", append_parameters(redirect_uri, parameters))]

    def generate_authorization_code(self) -> str:
        """Return a new code. The probability of guessing it MUST be at most 2^-128 (§10.10)."""
        return new_secret()

    def save_authorization_code(self, code: str, request: ProtocolRequest) -> None:
        """Begin a grant of the allowed scopes, and store its code."""
        db, settings, client_id = get_transaction(), get_settings(), request.client.client_id
        grant = begin_grant(
            db,
            request.user,
            client_id,
            scope=request.granted_scope,
            resources=" ".join(request.resources) or None,
            lifetime=settings.refresh_token_lifetime,
        )
        tokens.store_code(
            db,
            code,
            grant_id=grant.id,
            redirect_uri=request.payload.redirect_uri,
            code_challenge=request.payload.data["code_challenge"],
            nonce=request.payload.data.get("nonce"),
            now=grant.created_at,
            lifetime=settings.authorization_code_lifetime,
        )
        record_on_commit(
            db,
            "authorization_code_issued",
            grant_id=grant.id,
            client_id=client_id,
            sub=request.user.id,
            scope=request.granted_scope,
            code_lifetime=settings.authorization_code_lifetime,
            grant_lifetime=settings.refresh_token_lifetime,
        )

    def query_authorization_code(
        self, presented_code: str, client: RegisteredClient
    ) -> AuthorizationCode:
        """Return the code if it was issued to the authenticated client and is valid (§4.1.3).

        Accept a redeemed code here: a replay must end the grant only if the verifier is right too.

        :raises GrantRefused: when a check fails.
        """
        code = issued_tokens.find_code(get_transaction(), presented_code, demo=get_settings().demo)
        if code is None:
            raise GrantRefused(Reason.UNKNOWN_CODE)
        if not code.check_client(client):
            raise GrantRefused(Reason.CODE_OF_ANOTHER_CLIENT, code.grant_id)
        if objection := code.objection(now()):
            raise GrantRefused(objection, code.grant_id, end_reason=code.end_reason)
        _check_same_redirect_uri(code, self.request.payload.redirect_uri)
        return code

    def delete_authorization_code(self, authorization_code: AuthorizationCode) -> None:
        """T2 – Access token response (§4.1.4): redeem the code in the transaction of its tokens.

        Authlib calls this last, after the client, the redirect URI and the verifier were checked.

        :raises ReplayDetected: when the code was redeemed before.
        """
        if not tokens.redeem_code(get_transaction(), authorization_code, now()):
            raise ReplayDetected(Reason.CODE_REPLAYED, authorization_code.grant_id)

    def authenticate_user(self, authorization_code: AuthorizationCode) -> str:
        """Return the subject. The codes of a deleted user are deleted too."""
        return authorization_code.user_id


def _check_same_redirect_uri(code: AuthorizationCode, presented_uri: str | None) -> None:
    """Compare with the redirect URI of the authorization request, if it had one (§4.1.3).

    Authlib compares too, but does not say where they differ.
    """
    requested_uri = code.get_redirect_uri()
    if requested_uri is None or requested_uri == presented_uri:
        return
    if not presented_uri:
        raise GrantRefused(Reason.REDIRECT_URI_MISSING, code.grant_id)
    raise GrantRefused(
        Reason.REDIRECT_URI_DIFFERS,
        code.grant_id,
        differs_at=first_difference(presented_uri, [requested_uri]),
    )


class S256Required(CodeChallenge):  # type: ignore[misc]
    """PKCE with S256 for every client, confidential ones too (RFC 7636, RFC 9700 §2.1.1)."""

    SUPPORTED_CODE_CHALLENGE_METHOD = ("S256",)
    CODE_CHALLENGE_METHODS = {"S256": s256_matches}

    def validate_code_challenge(self, grant: AuthorizationCodeGrant, redirect_uri: str) -> None:
        """Reject a request without an S256 challenge. A missing method would mean `plain` (§4.3).

        :raises InvalidRequest: when a check fails.
        """
        data = grant.request.payload.data
        if not data.get("code_challenge"):
            raise InvalidRequest(
                Reason.CODE_CHALLENGE_MISSING,
                "code_challenge is missing: this server requires PKCE (RFC 7636).",
            )
        if data.get("code_challenge_method") != "S256":
            raise InvalidRequest(
                Reason.CODE_CHALLENGE_METHOD_NOT_S256, "code_challenge_method must be S256."
            )
        if not _S256_CHALLENGE.fullmatch(data["code_challenge"]):
            raise InvalidRequest(
                Reason.MALFORMED_CODE_CHALLENGE,
                "code_challenge must be the 43 characters of BASE64URL(SHA256(code_verifier)).",
            )
        super().validate_code_challenge(grant, redirect_uri)


class RefreshTokenGrant(grants.RefreshTokenGrant):  # type: ignore[misc]
    """The refresh token grant (RFC 6749 §6), with rotation (RFC 9700 §4.14.2)."""

    TOKEN_ENDPOINT_AUTH_METHODS = list(METHODS)
    INCLUDE_NEW_REFRESH_TOKEN = True

    def authenticate_refresh_token(self, presented_token: str) -> RefreshToken:
        """F1 – Refresh request (§6): validate the token for this client, and spend it.

        The token is spent before the scope is checked, so that a replay is detected whatever else
        is wrong with the request. If a later check fails, the transaction is rolled back.

        :raises GrantRefused: when a check fails.
        :raises ReplayDetected: when the token was spent before, and this is no accepted retry.
        """
        token = issued_tokens.find_refresh_token(
            get_transaction(), presented_token, demo=get_settings().demo
        )
        if token is None:
            raise GrantRefused(Reason.UNKNOWN_REFRESH_TOKEN)
        if not token.check_client(self.request.client):
            raise GrantRefused(Reason.REFRESH_TOKEN_OF_ANOTHER_CLIENT, token.grant_id)
        if objection := token.objection(now()):
            raise GrantRefused(objection, token.grant_id, end_reason=token.end_reason)
        self._spend(token)
        return token

    def _spend(self, token: RefreshToken) -> None:
        db, moment = get_transaction(), now()
        if tokens.spend_refresh_token(db, token, moment):
            return
        grace = grace_for(self.request.client)
        if not tokens.retry_refresh_token(db, token, moment, grace):
            raise ReplayDetected(Reason.REFRESH_TOKEN_REPLAYED, token.grant_id)
        record_on_commit(
            db, "refresh_token_retried", grant_id=token.grant_id, client_id=token.client_id
        )

    def issue_token(self, user: str, refresh_token: RefreshToken) -> dict[str, Any]:
        """Return new tokens. A narrower scope narrows only the access token (§6).

        A scope that holds only spaces means the granted scope. Authlib would take it for no scope
        and issue a token for the whole registration of the client.
        """
        scope = scope_text(scope_list(self.request.payload.scope)) or refresh_token.get_scope()
        token_response: dict[str, Any] = self.generate_token(
            user=user, scope=scope, include_refresh_token=self.INCLUDE_NEW_REFRESH_TOKEN
        )
        return token_response

    def authenticate_user(self, refresh_token: RefreshToken) -> str:
        """Return the subject. The tokens of a deleted user are deleted too."""
        return refresh_token.user_id

    def revoke_old_credential(self, refresh_token: RefreshToken) -> None:
        """F2 – Refresh response (§6): do nothing, since the old token is spent already."""
