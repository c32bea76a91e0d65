"""A simulated authorization server that issues ID tokens, each as a test wants it."""

import base64
import hashlib
import hmac
import json
import time

from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from tests.client_app.simulated_servers import TRIPOD_ID, SimulatedTripodId

RSA = RSAKey.generate_key(2048, {"kid": "rsa-1", "alg": "RS256", "use": "sig"})
OTHER_RSA = RSAKey.generate_key(2048, {"kid": "rsa-2", "alg": "RS256", "use": "sig"})
EC = ECKey.generate_key("P-256", {"kid": "ec-1", "alg": "ES256", "use": "sig"})


def encode_segment(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def encode_with_hmac(header, claims, secret):
    """Return a JWT with the HMAC of `secret`; an empty secret gives no signature (RFC 7519 §6.1).

    joserfc refuses to sign like this.
    """
    segments = [encode_segment(json.dumps(part).encode()) for part in (header, claims)]
    signed = ".".join(segments)
    digest = hmac.digest(secret, signed.encode(), "sha256") if secret else b""
    return f"{signed}.{encode_segment(digest)}"


class SimulatedProvider(SimulatedTripodId):
    """The authorization server with ID tokens, keys and userinfo.

    `claims` replace the usual ones of the ID token, and None removes one. `sign` turns the claims
    into the token, or returns None for a response without one.
    """

    def __init__(self):
        super().__init__()
        self.metadata |= {
            "jwks_uri": f"{TRIPOD_ID}/oauth/jwks",
            "userinfo_endpoint": f"{TRIPOD_ID}/oauth/userinfo",
            "end_session_endpoint": f"{TRIPOD_ID}/oauth/logout",
        }
        self.keys, self.claims, self.sign = [RSA, EC], {}, self.sign_with(RSA)
        self.user = {"sub": "alice-1", "name": "Alice Liddell"}
        self.nonces = {}  # by grant
        self.named_scope = None  # in a response, instead of the granted one

    @staticmethod
    def sign_with(key, **header):
        """Return a function that signs claims with `key`."""
        return lambda claims: jwt.encode(
            {"alg": key.alg, "kid": key.kid} | header, claims, key, algorithms=[key.alg]
        )

    def answer(self, request, path):
        if path == "/oauth/jwks":
            return 200, {"keys": [key.as_dict(private=False) for key in self.keys]}
        if path == "/oauth/userinfo":
            token = request.headers["Authorization"].removeprefix("Bearer ")
            return (200, self.user) if self.scope_of(token) else (401, {"error": "invalid_token"})
        return super().answer(request, path)

    def _redeem(self, form, request):
        status, answer = super()._redeem(form, request)
        if status != 200 or "openid" not in answer["scope"].split():
            return status, answer
        return status, self._add_id_token(answer, {"nonce": request.get("nonce")})

    def _refresh(self, refresh_token):
        status, answer = super()._refresh(refresh_token)
        if status != 200 or "openid" not in answer["scope"].split():
            return status, answer
        return status, self._add_id_token(answer, {})

    def _add_id_token(self, answer, more):
        claims = self.claims_for(answer["access_token"]) | more | self.claims
        id_token = self.sign({name: value for name, value in claims.items() if value is not None})
        if self.named_scope is not None:
            answer |= {"scope": self.named_scope}
        return answer | ({"id_token": id_token} if id_token else {})

    @staticmethod
    def claims_for(access_token):
        """Return the usual claims of an ID token that is issued now, without its `nonce`."""
        digest = hashlib.sha256(access_token.encode()).digest()[:16]
        now = int(time.time())
        return {
            "iss": TRIPOD_ID,
            "sub": "alice-1",
            "aud": "print-shop",
            "iat": now,
            "exp": now + 600,
            "auth_time": 1_700_000_000,
            "sid": "session-1",
            "at_hash": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
        }
