"""The reason codes of this leg: why it refused something, or why a connection ended.

The `reason` field of its events contains one of these codes. `oauth.py` can be copied without the
rest of the project, so its errors carry the code as a plain string. `reason_for` finds the member.
"""

from enum import StrEnum

from client_app.oauth import OAuthError, RefusedError


class Reason(StrEnum):
    """The codes. The comment beside each code says what happened."""

    # The browser's request is malformed.
    NOT_UTF8 = "not_utf8"  # The query or the form is not UTF-8.

    # This client rejected the authorization response.
    DUPLICATED_PARAMETER = "duplicated_parameter"  # A parameter is in the response twice.
    UNKNOWN_STATE = "unknown_state"  # The state belongs to no open request of this browser.
    ISSUER_MISSING = "issuer_missing"  # The response does not name its issuer.
    ISSUER_MISMATCH = "issuer_mismatch"  # The response names another issuer.
    NO_CODE = "no_code"  # The response contains no usable code.
    # The response came without this client's cookie, so it belongs to no request.
    SESSION_COOKIE_MISSING = "session_cookie_missing"

    # The authorization server refused: its `error` of RFC 6749 §4.1.2.1 or §5.2.
    ACCESS_DENIED = "access_denied"  # The user denied the request.
    INVALID_REQUEST = "invalid_request"  # The request was malformed.
    INVALID_CLIENT = "invalid_client"  # The client could not be authenticated.
    INVALID_GRANT = "invalid_grant"  # The code or the refresh token is no longer valid.
    INVALID_SCOPE = "invalid_scope"  # The scope is unknown, or not allowed for this client.
    UNAUTHORIZED_CLIENT = "unauthorized_client"  # The client may not use this grant type.
    UNSUPPORTED_GRANT_TYPE = "unsupported_grant_type"  # The server has no such grant type.
    # The server has no such response type.
    UNSUPPORTED_RESPONSE_TYPE = "unsupported_response_type"
    SERVER_ERROR = "server_error"  # The server failed.
    TEMPORARILY_UNAVAILABLE = "temporarily_unavailable"  # The server is overloaded.
    OTHER_ERROR = "other_error"  # The server sent an error code that this client does not know.

    # The authorization server gave no usable answer.
    NO_ANSWER = "no_answer"  # The server could not be reached, or did not answer in time.
    SERVER_FAILED = "server_failed"  # The server answered with status 5xx or 429.
    NO_METADATA = "no_metadata"  # The server publishes no metadata.
    WRONG_METADATA_ISSUER = "wrong_metadata_issuer"  # The metadata are those of another issuer.
    BAD_ENDPOINT = "bad_endpoint"  # An endpoint is missing or is not https.
    BAD_ANSWER = "bad_answer"  # The answer is not what the protocol allows.
    # The answer contains no usable token. (Rule S105 mistakes the code for a password.)
    BAD_TOKEN_RESPONSE = "bad_token_response"  # noqa: S105 - a code, not a secret
    CLIENT_REFUSED = "client_refused"  # The server refused the client, not the user's grant.

    # A signed token fails a check: the ID token, or a logout token.
    JWT_MISSING = "jwt_missing"  # `openid` was granted, but there is no ID token.
    SIGN_IN_CHANGED = "sign_in_changed"  # The ID token of a refresh is about another sign-in.
    JWT_MALFORMED = "jwt_malformed"  # It is no JWT, or lacks a claim.
    JWT_ALGORITHM = "jwt_algorithm"  # It is not signed, or with an algorithm that is refused.
    JWT_KEY = "jwt_key"  # The server publishes no such key.
    JWT_SIGNATURE = "jwt_signature"  # The signature does not fit the key.
    JWT_ISSUER = "jwt_issuer"  # Another issuer is named.
    JWT_AUDIENCE = "jwt_audience"  # It is for another client.
    JWT_EXPIRED = "jwt_expired"  # It has expired.
    JWT_FROM_THE_FUTURE = "jwt_from_the_future"  # It is not valid yet, or of later than now.
    NONCE_MISMATCH = "nonce_mismatch"  # It answers another authorization request.
    AT_HASH_MISMATCH = "at_hash_mismatch"  # It belongs to another access token.
    SIGN_IN_TOO_OLD = "sign_in_too_old"  # The user signed in longer ago than `max_age` allows.
    NOT_A_LOGOUT = "not_a_logout"  # It is another signed token.
    USERINFO_MISMATCH = "userinfo_mismatch"  # Userinfo is about another user.

    # The connection ended.
    DISCONNECTED = "disconnected"  # The user disconnected.
    SIGNED_OUT = "signed_out"  # The user signed out at the authorization server.
    REPLACED = "replaced"  # The browser connected again.

    # The resource API gave no usable answer.
    PHOTO_API_NO_ANSWER = "photo_api_no_answer"  # The API could not be reached.
    PHOTO_API_FAILED = "photo_api_failed"  # The API answered with an unexpected status.
    PHOTO_API_BAD_ANSWER = "photo_api_bad_answer"  # The answer could not be read.
    PHOTO_API_REFUSED = "photo_api_refused"  # The API refused the request.
    # The API rejected a new access token too. (Rule S105 mistakes the code for a password.)
    ACCESS_TOKEN_REFUSED = "access_token_refused"  # noqa: S105 - a code, not a secret


#: Error codes of other servers that have a code here; any other is `OTHER_ERROR`.
_SERVER_ERRORS = {
    reason.value: reason
    for reason in (
        Reason.ACCESS_DENIED,
        Reason.INVALID_REQUEST,
        Reason.INVALID_CLIENT,
        Reason.INVALID_GRANT,
        Reason.INVALID_SCOPE,
        Reason.UNAUTHORIZED_CLIENT,
        Reason.UNSUPPORTED_GRANT_TYPE,
        Reason.UNSUPPORTED_RESPONSE_TYPE,
        Reason.SERVER_ERROR,
        Reason.TEMPORARILY_UNAVAILABLE,
    )
}


def reason_for(error: OAuthError) -> Reason:
    """Return the code for `error`. An unknown code of another server becomes `OTHER_ERROR`."""
    if isinstance(error, RefusedError):
        return _SERVER_ERRORS.get(error.error, Reason.OTHER_ERROR)
    return Reason(error.code)
