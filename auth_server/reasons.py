# ruff: noqa: S105 - the values are codes, not passwords
"""The reason codes of the authorization server: why it refused something, or why a grant ended.

The `reason` field of its events holds one of these codes, and so does `grants.end_reason`. A
response says less: it has one description per OAuth error code (`errors.DESCRIPTIONS`).
"""

from enum import StrEnum

from authlib.oauth2.rfc6749 import OAuth2Error


class Reason(StrEnum):
    """Each code, with its meaning beside it."""

    # Client authentication failed (RFC 6749 §2.3).
    UNKNOWN_CLIENT = "unknown_client"  # No client with this client_id is registered.
    WRONG_CLIENT_SECRET = "wrong_client_secret"  # The client secret is wrong.
    CLIENT_SECRET_MISSING = "client_secret_missing"  # A confidential client sent no secret.
    # A client authenticated by a method that the endpoint does not accept.
    CLIENT_METHOD_NOT_ALLOWED = "client_method_not_allowed"
    MALFORMED_AUTHORIZATION_HEADER = "malformed_authorization_header"  # The header is not Basic.
    SEVERAL_CLIENT_METHODS = "several_client_methods"  # The request uses header and body.

    # Too many requests of this client or address failed before this one.
    TOO_MANY_FAILURES = "too_many_failures"

    # A code or a token cannot be used.
    UNKNOWN_CODE = "unknown_code"  # This server issued no such code.
    CODE_OF_ANOTHER_CLIENT = "code_of_another_client"  # The code was issued to another client.
    CODE_EXPIRED = "code_expired"  # The lifetime of the code is over.
    CODE_REPLAYED = "code_replayed"  # The code was redeemed before.
    REDIRECT_URI_DIFFERS = "redirect_uri_differs"  # The redirect URI is not the expected one.
    REDIRECT_URI_MISSING = "redirect_uri_missing"  # The request has no redirect URI, but needs one.
    VERIFIER_MISMATCH = "verifier_mismatch"  # The code verifier does not match the code challenge.
    UNKNOWN_REFRESH_TOKEN = "unknown_refresh_token"  # No such refresh token was issued.
    # The refresh token was issued to another client.
    REFRESH_TOKEN_OF_ANOTHER_CLIENT = "refresh_token_of_another_client"
    REFRESH_TOKEN_REPLAYED = "refresh_token_replayed"  # The refresh token was used before.
    GRANT_ENDED = "grant_ended"  # The grant ended; the field `end_reason` has the reason.
    GRANT_EXPIRED = "grant_expired"  # The lifetime of the grant is over.
    TOKEN_OF_ANOTHER_CLIENT = "token_of_another_client"  # The token was issued to another client.
    TOKEN_FOR_ANOTHER_RESOURCE = "token_for_another_resource"  # It is for other resource servers.
    UNKNOWN_TOKEN = "unknown_token"  # This server issued no such token.
    ACCESS_TOKEN_EXPIRED = "access_token_expired"  # The lifetime of the access token is over.
    REFRESH_TOKEN_NOT_ACTIVE = "refresh_token_not_active"  # The refresh token is spent or expired.

    # An access token cannot be used at the userinfo endpoint (RFC 6750 §3.1).
    NO_CREDENTIALS = "no_credentials"  # There is no access token in the `Authorization` header.
    MALFORMED_CREDENTIALS = "malformed_credentials"  # The header holds not exactly one token.
    NOT_AN_ACCESS_TOKEN = "not_an_access_token"  # The token is a refresh token.
    SCOPE_NOT_GRANTED = "scope_not_granted"  # The token was not granted the scope.

    # The request is invalid (RFC 6749 §4.1.2.1 and §5.2).
    NOT_ONE_CLIENT_ID = "not_one_client_id"  # The client_id is missing or repeated.
    NOT_A_CLIENT = "not_a_client"  # The client_id belongs to a resource server.
    # The redirect_uri is missing or repeated.
    NOT_ONE_REDIRECT_URI = "not_one_redirect_uri"
    # The query of the registered redirect URI has a parameter of the authorization response.
    REDIRECT_URI_HAS_RESPONSE_PARAMETER = "redirect_uri_has_response_parameter"
    DUPLICATED_PARAMETER = "duplicated_parameter"  # A parameter is repeated.
    MALFORMED_RESOURCE = "malformed_resource"  # A `resource` is not an absolute URI (RFC 8707).
    UNKNOWN_RESOURCE = "unknown_resource"  # A `resource` is not that of a resource server.
    # The token request names a `resource` that the authorization request did not name.
    RESOURCE_NOT_GRANTED = "resource_not_granted"
    MISSING_PARAMETER = "missing_parameter"  # A required parameter is missing.
    NOT_UTF8 = "not_utf8"  # The query or the form is not UTF-8.
    WRONG_CONTENT_TYPE = "wrong_content_type"  # The body is not form-encoded.
    UNSUPPORTED_RESPONSE_TYPE = "unsupported_response_type"  # The response type is not `code`.
    UNSUPPORTED_RESPONSE_MODE = "unsupported_response_mode"  # The response mode is not `query`.
    MALFORMED_NONCE = "malformed_nonce"  # The nonce is longer than any client needs, or has a NUL.
    INVALID_MAX_AGE = "invalid_max_age"  # The `max_age` is not a whole number of seconds.
    INVALID_ID_TOKEN_HINT = "invalid_id_token_hint"  # This server did not issue the ID token.
    # Parameters that this server does not support (OpenID Connect Core §3.1.2.6).
    REQUEST_NOT_SUPPORTED = "request_not_supported"
    REQUEST_URI_NOT_SUPPORTED = "request_uri_not_supported"
    REGISTRATION_NOT_SUPPORTED = "registration_not_supported"
    INVALID_PROMPT = "invalid_prompt"  # The prompt has an unknown value, or `none` and another one.
    CODE_CHALLENGE_MISSING = "code_challenge_missing"  # The request has no code challenge.
    CODE_CHALLENGE_METHOD_NOT_S256 = "code_challenge_method_not_s256"  # The method is not `S256`.
    # The challenge is not 43 base64url characters.
    MALFORMED_CODE_CHALLENGE = "malformed_code_challenge"
    UNSUPPORTED_GRANT_TYPE = "unsupported_grant_type"  # This server has no such grant type.
    UNAUTHORIZED_CLIENT = "unauthorized_client"  # The client may not use this grant type.
    INVALID_SCOPE = "invalid_scope"  # The scope is unknown or not allowed here.
    INVALID_REQUEST = "invalid_request"  # The request is invalid; the field `detail` says more.
    INVALID_GRANT = "invalid_grant"  # The grant is invalid; the field `detail` says more.
    OTHER_ERROR = "other_error"  # Any other error of the OAuth library.

    # A program cannot register a client, or change one (RFC 7591 §3.2.2, RFC 7592 §2).
    REGISTRATION_CLOSED = "registration_closed"  # TRIPOD_REGISTRATION is `closed`.
    # The request has no access token for the registration, or a wrong one.
    REGISTRATION_TOKEN_MISSING = "registration_token_missing"
    WRONG_REGISTRATION_TOKEN = "wrong_registration_token"
    TOO_MANY_REGISTRATIONS = "too_many_registrations"  # From this address within a minute.
    INVALID_CLIENT_METADATA = "invalid_client_metadata"  # The field `detail` names the member.
    INVALID_REDIRECT_URI = "invalid_redirect_uri"  # A redirect URI must not be registered.

    # The metadata document of a client cannot be used (Client ID Metadata Documents).
    INVALID_DOCUMENT_ADDRESS = "invalid_document_address"  # Its address breaks a rule.
    # The host is not in TRIPOD_CLIENT_METADATA_HOSTS.
    DOCUMENT_HOST_NOT_ACCEPTED = "document_host_not_accepted"
    DOCUMENT_NOT_FETCHED = "document_not_fetched"  # The field `detail` says why.
    INVALID_DOCUMENT = "invalid_document"  # The field `detail` says what is wrong with it.
    TOO_MANY_DOCUMENTS = "too_many_documents"  # For this address, or at the same time.

    # The resource owner denied the request, or must sign in or consent first.
    ACCESS_DENIED = "access_denied"  # The resource owner denied the request.
    CONSENT_REQUIRED = "consent_required"  # `prompt=none`, but the resource owner must be asked.
    LOGIN_REQUIRED = "login_required"  # `prompt=none`, but the resource owner must sign in.
    ANOTHER_USER = "another_user"  # Another user signed in than the one of the `id_token_hint`.

    # A request to sign out is invalid (OpenID Connect RP-Initiated Logout §4).
    CLIENT_DIFFERS = "client_differs"  # The client_id is not that of the `id_token_hint`.
    # The client has not registered the `post_logout_redirect_uri`.
    UNKNOWN_POST_LOGOUT_REDIRECT_URI = "unknown_post_logout_redirect_uri"

    # A grant ended.
    REPLAY = "replay"  # A single-use code or token was presented again.
    REVOKED_BY_CLIENT = "revoked_by_client"  # The client revoked its token (RFC 7009).
    REMOVED_BY_RESOURCE_OWNER = "removed_by_resource_owner"  # The resource owner removed the app.
    SCOPE_WITHDRAWN = "scope_withdrawn"  # The client's registration lost every scope of the grant.
    # The resource owner denied or unticked every scope of the grant on a new consent page.
    CONSENT_WITHDRAWN = "consent_withdrawn"
    REDIRECT_URI_REMOVED = "redirect_uri_removed"  # Its code was sent to a removed redirect URI.
    TOO_MANY_GRANTS = "too_many_grants"  # There are as many newer grants as the limit allows.
    CLIENT_DELETED = "client_deleted"  # The client is being deleted.
    USER_DELETED = "user_deleted"  # The resource owner is being deleted.


#: The reasons for errors that Authlib raises, by the description of the error.
_AUTHLIB_DESCRIPTIONS = {
    "Code challenge failed.": Reason.VERIFIER_MISMATCH,
    "Missing 'code' in request.": Reason.MISSING_PARAMETER,
    "Missing 'code_verifier'": Reason.MISSING_PARAMETER,
    "Missing 'refresh_token' in request.": Reason.MISSING_PARAMETER,
}
#: The reasons for its other errors, by error code. For any error not listed, it is `OTHER_ERROR`.
_AUTHLIB_ERRORS = {
    reason.value: reason
    for reason in (
        Reason.UNSUPPORTED_GRANT_TYPE,
        Reason.UNSUPPORTED_RESPONSE_TYPE,
        Reason.UNAUTHORIZED_CLIENT,
        Reason.INVALID_SCOPE,
        Reason.INVALID_REQUEST,
        Reason.INVALID_GRANT,
    )
}

#: Reasons with several possible causes. An event with such a reason also has the field `detail`.
UNSPECIFIC = (Reason.INVALID_REQUEST, Reason.INVALID_GRANT, Reason.OTHER_ERROR)


def reason_for(error: OAuth2Error) -> Reason:
    """Return the reason that `error` carries, or the reason for an error that Authlib raised."""
    reason = getattr(error, "reason", None)
    if isinstance(reason, Reason):
        return reason
    by_error = _AUTHLIB_ERRORS.get(error.error, Reason.OTHER_ERROR)
    return _AUTHLIB_DESCRIPTIONS.get(error.description, by_error)
