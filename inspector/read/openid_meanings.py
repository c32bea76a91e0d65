"""What the parameters of OpenID Connect mean where their names have other meanings elsewhere."""

from inspector.record.openid_parameters import LOGOUT_EVENT
from inspector.record.parameter_kinds import (
    BACK_CHANNEL_LOGOUT,
    LOGOUT,
    OPENID,
    Section,
    rfc,
)

#: One sentence, and the section that says so.
Meaning = tuple[str, Section | None]

_ID_TOKEN = Section(OPENID, "2", "IDToken")
_LOGOUT_TOKEN = Section(BACK_CHANNEL_LOGOUT, "2.4", "LogoutToken")
_USERINFO = Section(OPENID, "5.3.2", "UserInfoResponse")
_LOGOUT = Section(LOGOUT, "2", "RPLogout")
#: The name under which the claims of ID tokens and logout tokens are explained.
CLAIMS = "a signed token"
#: What is said about claims that are in no table.
UNKNOWN_CLAIM: Meaning = ("Not defined by OpenID Connect.", None)

AT: dict[str, dict[str, Meaning]] = {
    CLAIMS: {
        "alg": (
            "How it is signed. The client accepts only expected algorithms, and never none.",
            rfc(7515, "4.1.1"),
        ),
        "kid": (
            "Which of the issuer’s keys signed it.",
            Section(OPENID, "10.1.1", "RotateSigKeys"),
        ),
        "typ": ("What kind of token it is.", rfc(7515, "4.1.9")),
        "iss": ("Who issued it. It must be the server that the client asked.", _ID_TOKEN),
        "sub": ("The user’s identifier at this issuer, which never changes.", _ID_TOKEN),
        "aud": ("The client that it is for. Any other client must refuse it.", _ID_TOKEN),
        "azp": ("The client that asked for it.", _ID_TOKEN),
        "exp": ("When it expires, in seconds since 1970.", _ID_TOKEN),
        "iat": ("When it was issued, in seconds since 1970.", _ID_TOKEN),
        "auth_time": ("When the user typed their password, in seconds since 1970.", _ID_TOKEN),
        "nonce": (
            "The value from the authorization request. So the ID token answers this request.",
            _ID_TOKEN,
        ),
        "acr": ("How the user was authenticated.", _ID_TOKEN),
        "amr": ("The methods of the sign-in, such as a password.", _ID_TOKEN),
        "at_hash": (
            "The left half of the hash of the access token that came with it.",
            Section(OPENID, "3.1.3.6", "CodeIDToken"),
        ),
        "sid": ("The sign-in at the server. A logout token names it too.", _LOGOUT_TOKEN),
        "jti": ("The identifier of this token, so that it is accepted once.", _LOGOUT_TOKEN),
        "events": ("Says that this is a logout token and no ID token.", _LOGOUT_TOKEN),
        LOGOUT_EVENT: ("The event: a logout.", _LOGOUT_TOKEN),
    },
    "/oauth/userinfo": {
        "Authorization: Bearer": (
            "The access token. Its grant needs the scope openid.",
            Section(OPENID, "5.3.1", "UserInfoRequest"),
        ),
        "sub": ("It must equal the sub of the ID token.", _USERINFO),
        "WWW-Authenticate": (
            "What is missing or wrong with the access token.",
            Section(OPENID, "5.3.3", "UserInfoError"),
        ),
    },
    "/oauth/logout": {
        "id_token_hint": ("The ID token of the user who signs out.", _LOGOUT),
        "client_id": ("The client that asks. The hint must have been issued to it.", _LOGOUT),
        "state": ("A value of the client, which comes back after the logout.", _LOGOUT),
    },
    "/oauth/register": {
        "Authorization: Bearer": (
            "The registration access token, or the initial access token.",
            rfc(7592, "3"),
        ),
        "client_id": ("The new identifier of the client. It is public.", rfc(7591, "3.2.1")),
        "client_secret": ("The new secret. A public client gets none.", rfc(7591, "3.2.1")),
        "scope": ("The scopes that the client can ask for.", rfc(7591, "2")),
        "error": ("The error code, for programs.", rfc(7591, "3.2.2")),
        "error_description": ("The error in words, for developers.", rfc(7591, "3.2.2")),
    },
}
