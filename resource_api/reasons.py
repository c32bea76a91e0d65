"""The reason codes of this leg: why it refused access to a photo or to the user's profile.

The `reason` field of an `access_refused` event holds one of these codes. The caller learns less:
the descriptions in `protection.py` do not say which check of the token failed.
"""

from enum import StrEnum


class Reason(StrEnum):
    """Each code, with its meaning beside it."""

    # The request holds no usable credentials.
    NO_CREDENTIALS = "no_credentials"  # There is no Bearer access token in the request.
    MALFORMED_CREDENTIALS = "malformed_credentials"  # The Authorization header is not valid.

    # The introspection response does not confirm the token.
    NOT_ACTIVE = "not_active"  # The authorization server says that the token is not active.
    # The token is of another kind, such as a refresh token.
    NOT_AN_ACCESS_TOKEN = "not_an_access_token"  # noqa: S105 - a code, not a secret
    OTHER_ISSUER = "other_issuer"  # Another authorization server issued the token.
    OTHER_AUDIENCE = "other_audience"  # The token is meant for another API.
    NO_SUBJECT = "no_subject"  # The response does not name the resource owner.

    # The authorization server gave no usable answer.
    NO_ANSWER = "no_answer"  # The server could not be reached, or did not answer in time.
    SERVER_FAILED = "server_failed"  # The server answered with status 5xx or 429.
    # The server refused the API's own credentials: status 401 or 403, or `invalid_client`.
    CREDENTIALS_REFUSED = "credentials_refused"
    NO_INTROSPECTION = "no_introspection"  # Its answer is not an introspection response.

    # The token is valid, but not for this request.
    SCOPE_NOT_GRANTED = "scope_not_granted"  # The resource owner did not grant this scope.
