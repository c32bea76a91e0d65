"""The part of the table about OpenID Connect: ID tokens, keys, userinfo, and logout."""

from inspector.record.parameter_kinds import (
    BACK_CHANNEL_LOGOUT,
    DISCOVERY,
    LOGOUT,
    OPENID,
    Parameter,
    Rule,
    Section,
    address,
    clear,
    rfc,
    secret,
    unexplained,
)

#: The parameters and members whose value is a signed token that is shown decoded.
SIGNED_TOKENS = ("id_token", "id_token_hint", "logout_token")
#: The claim that makes a JWT a logout token, which is the name of a member too.
LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"

_REQUEST = Section(OPENID, "3.1.2.1", "AuthRequest")
_METADATA = Section(DISCOVERY, "3", "ProviderMetadata")
_CLAIMS = Section(OPENID, "5.1", "StandardClaims")

OPENID_PARAMETERS = {
    # The authorization request
    "nonce": secret(
        "A random value of the client. The ID token must contain it, so no other one fits.",
        _REQUEST,
    ),
    "max_age": clear(
        "The most seconds that may have passed since the user typed their password.", _REQUEST
    ),
    "acr_values": clear("How the client would like the user to be authenticated.", _REQUEST),
    "display": clear("How the client would like the pages to look.", _REQUEST),
    "ui_locales": clear("The languages that the user prefers.", _REQUEST),
    "claims_locales": clear("The languages that the client prefers for claims.", _REQUEST),
    # Tokens that are shown decoded
    "id_token": secret(
        "A signed statement for the client: who signed in, when and where. It opens no API.",
        Section(OPENID, "2", "IDToken"),
        "id_token",
    ),
    "id_token_hint": secret(
        "An earlier ID token, which says which user the client means.", _REQUEST, "id_token"
    ),
    "logout_token": secret(
        "A signed message to the client: this user has signed out.",
        Section(BACK_CHANNEL_LOGOUT, "2.4", "LogoutToken"),
    ),
    # Claims
    "auth_time": clear("When the user signed in, in seconds since 1970.", _CLAIMS),
    "at_hash": secret("The left half of the hash of the access token.", _CLAIMS),
    "sid": secret(
        "The sign-in at the server, which a logout ends.",
        Section(BACK_CHANNEL_LOGOUT, "2.1", "BCSupport"),
        "sid",
    ),
    "azp": clear("The client that the token was issued to.", Section(OPENID, "2", "IDToken")),
    "preferred_username": Parameter(
        Rule.USERNAME, "The name that the user would like to be called by.", _CLAIMS
    ),
    "updated_at": clear("When the information about the user changed last.", _CLAIMS),
    "email": Parameter(Rule.PASSWORD, "The user’s email address. It is not recorded.", _CLAIMS),
    "email_verified": clear("Whether the server has checked that address.", _CLAIMS),
    **unexplained(Rule.CLEAR, "typ", "acr", "amr", "events", LOGOUT_EVENT),
    # Keys
    **unexplained(Rule.CLEAR, "kty", "use", "alg", "kid", "crv", "n", "e", "x", "y", "keys"),
    # Logout
    "post_logout_redirect_uri": address(
        "Where the browser goes after the logout. It must be registered.",
        Section(LOGOUT, "2", "RPLogout"),
    ),
    # Metadata
    "jwks_uri": address("Where the public keys of the server are.", _METADATA),
    "subject_types_supported": clear(
        "Whether all clients see the same identifier of a user.", _METADATA
    ),
    "id_token_signing_alg_values_supported": clear("How ID tokens can be signed.", _METADATA),
    "claims_supported": clear("What the server can tell about a user.", _METADATA),
    "claim_types_supported": clear("The types of claims that the server knows.", _METADATA),
    "acr_values_supported": clear("How users can be authenticated here.", _METADATA),
    "request_parameter_supported": clear("Whether a request can be a JWT.", _METADATA),
    "request_uri_parameter_supported": clear(
        "Whether a request can be fetched from an address.", _METADATA
    ),
    "require_request_uri_registration": clear(
        "Whether such an address must be registered.", _METADATA
    ),
    "claims_parameter_supported": clear(
        "Whether a request can name the claims that it wants.", _METADATA
    ),
    "end_session_endpoint": address(
        "Where a client sends the browser to sign out.", Section(LOGOUT, "2.1", "OPMetadata")
    ),
    "backchannel_logout_supported": clear(
        "Whether the server tells clients that a user has signed out.",
        Section(BACK_CHANNEL_LOGOUT, "2.1", "BCSupport"),
    ),
    "backchannel_logout_session_supported": clear(
        "Whether it also says which sign-in has ended.",
        Section(BACK_CHANNEL_LOGOUT, "2.1", "BCSupport"),
    ),
    "token_endpoint_auth_signing_alg_values_supported": clear(
        "How a client can sign its proof of identity.", rfc(8414, "2")
    ),
}
