"""OpenID Connect after the sign-in: userinfo and signing out. It does not use Flask.

`oauth.py` checks the ID token; this file uses it.
"""

import json
from http import HTTPStatus
from typing import Any

from client_app.api_errors import InvalidTokenError
from client_app.oauth import (
    BadTokenError,
    Client,
    NotUnderstoodError,
    RefusedError,
    SignedToken,
    read_json,
)
from web.addresses import append_parameters

#: The member of `events` that makes a token a logout token (Back-Channel Logout §2.4).
LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"
#: `typ` of a logout token. Some servers send `JWT` or nothing; any other type is another token.
LOGOUT_TYPES = ("logout+jwt", "application/logout+jwt", "jwt", "")


def fetch_userinfo(client: Client, access_token: str, id_token: SignedToken) -> dict[str, Any]:
    """Return what the server says about the user (OpenID Connect Core §5.3).

    :raises BadTokenError: when it is about another user than the ID token (§5.3.4).
    :raises InvalidTokenError: when the server does not accept the access token.
    """
    headers = {"Authorization": f"Bearer {access_token}"}
    response = client.send("GET", client.find_endpoint("userinfo_endpoint"), headers=headers)
    if response.status_code == HTTPStatus.UNAUTHORIZED:
        raise InvalidTokenError("the server rejected the access token")
    try:
        claims = read_json(response)
    except RefusedError as error:
        raise NotUnderstoodError("bad_answer", "userinfo is an error") from error
    if claims.get("sub") != id_token.claims["sub"]:
        raise BadTokenError("userinfo_mismatch")
    return claims


def end_session_url(
    client: Client, id_token: SignedToken | None, return_to: str, state: str
) -> str | None:
    """Return the address that signs the user out at the server (RP-Initiated Logout §2).

    Return None if the user did not sign in with OpenID Connect, or the server has no such address.
    """
    if id_token is None:
        return None
    try:
        endpoint = client.find_endpoint("end_session_endpoint")
    except NotUnderstoodError:
        return None
    parameters = {
        "id_token_hint": id_token.raw,
        "client_id": client.client_id,
        "post_logout_redirect_uri": return_to,
        "state": state,
    }
    return append_parameters(endpoint, parameters)


def read_logout_token(client: Client, raw: str) -> SignedToken:
    """Return a valid logout token (Back-Channel Logout §2.6).

    :raises BadTokenError: when it is not a valid logout token.
    """
    token = client.read_signed_token(raw)
    if str(token.header.get("typ", "")).lower() not in LOGOUT_TYPES:
        raise BadTokenError("not_a_logout")
    events = token.claims.get("events")
    if not isinstance(events, dict) or not isinstance(events.get(LOGOUT_EVENT), dict):
        raise BadTokenError("not_a_logout")
    if "nonce" in token.claims:  # An ID token has one (§2.4).
        raise BadTokenError("not_a_logout")
    _check_ids(token.claims)
    return token


def _check_ids(claims: dict[str, Any]) -> None:
    """Require `jti`, and `sid` or `sub`; each must be a string (§2.4)."""
    ids = [claims[name] for name in ("sid", "sub") if name in claims]
    if not ids or not all(isinstance(value, str) for value in [*ids, claims.get("jti")]):
        raise BadTokenError("jwt_malformed")


def is_signed_out(id_token: SignedToken | None, logout: dict[str, Any]) -> bool:
    """Return whether the claims of a logout token are about the sign-in of `id_token`.

    A token with `sid` ends that session, and one without it all sessions of the user (§2.4).
    """
    if id_token is None:
        return False
    names = [name for name in ("iss", "sid", "sub") if name in logout]
    return all(id_token.claims.get(name) == logout[name] for name in names)


def as_text(value: object) -> str:
    """Return the value of a claim as text: a string as it is, anything else as JSON."""
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)
