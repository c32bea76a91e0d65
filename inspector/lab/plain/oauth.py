"""The authorization server: Authlib's, with the hooks that its documentation asks for."""

from authlib.integrations.flask_oauth2 import AuthorizationServer, ResourceProtector
from authlib.integrations.sqla_oauth2 import (
    create_bearer_token_validator,
    create_query_client_func,
    create_revocation_endpoint,
    create_save_token_func,
)
from authlib.oauth2.rfc6749 import OAuth2Request, grants
from authlib.oauth2.rfc7636 import CodeChallenge
from flask import Flask
from sqlalchemy.orm import Session

from inspector.lab.plain import openid
from inspector.lab.plain.models import AuthorizationCode, Client, Token, User
from web.clock import now


def set_up(app: Flask, db: Session) -> tuple[AuthorizationServer, ResourceProtector]:
    """Return the authorization server and the protector of the API, with their data in `db`."""
    app.config["OAUTH2_REFRESH_TOKEN_GENERATOR"] = True
    server = AuthorizationServer(
        app, create_query_client_func(db, Client), create_save_token_func(db, Token)
    )
    keys = openid.create_keys()
    extensions = [CodeChallenge(required=True), openid.create_id_tokens(keys)]
    server.register_grant(_create_code_grant(db), extensions)
    server.register_grant(_create_refresh_grant(db))
    server.register_endpoint(create_revocation_endpoint(db, Token))
    server.register_endpoint(openid.create_logout(keys))
    protector = ResourceProtector()
    protector.register_token_validator(create_bearer_token_validator(db, Token)())
    return server, protector


def _create_code_grant(db: Session) -> type[grants.AuthorizationCodeGrant]:
    class AuthorizationCodeGrant(grants.AuthorizationCodeGrant):  # type: ignore[misc]  # Authlib is untyped
        def save_authorization_code(self, code: str, request: OAuth2Request) -> None:
            db.add(_new_code(code, request))
            db.commit()

        def query_authorization_code(self, code: str, client: Client) -> AuthorizationCode | None:
            codes = db.query(AuthorizationCode)
            found = codes.filter_by(code=code, client_id=client.client_id).first()
            if found is None or found.is_expired():
                return None
            return found

        def delete_authorization_code(self, authorization_code: AuthorizationCode) -> None:
            db.delete(authorization_code)
            db.commit()

        def authenticate_user(self, authorization_code: AuthorizationCode) -> User | None:
            return db.get(User, authorization_code.user_id)

    return AuthorizationCodeGrant


def _new_code(code: str, request: OAuth2Request) -> AuthorizationCode:
    return AuthorizationCode(
        code=code,
        client_id=request.client.client_id,
        redirect_uri=request.payload.redirect_uri,
        scope=request.scope,
        user_id=request.user.id,
        nonce=request.payload.data.get("nonce"),
        code_challenge=request.payload.data.get("code_challenge"),
        code_challenge_method=request.payload.data.get("code_challenge_method"),
    )


def _create_refresh_grant(db: Session) -> type[grants.RefreshTokenGrant]:
    class RefreshTokenGrant(grants.RefreshTokenGrant):  # type: ignore[misc]
        INCLUDE_NEW_REFRESH_TOKEN = True

        def authenticate_refresh_token(self, refresh_token: str) -> Token | None:
            found = db.query(Token).filter_by(refresh_token=refresh_token).first()
            if found is None or found.is_revoked():
                return None
            return found

        def authenticate_user(self, credential: Token) -> User:
            return credential.user

        def revoke_old_credential(self, credential: Token) -> None:
            credential.refresh_token_revoked_at = int(now().timestamp())
            db.commit()

    return RefreshTokenGrant
