"""The glossary: a short explanation of each step and each term, with its RFC section."""

from inspector.read.glossary_entry import Entry, term
from inspector.read.openid_terms import OPENID_TERMS
from inspector.record.parameter_kinds import Section, rfc


def _step(step: str, title: str, words: str, section: Section) -> tuple[str, Entry]:
    return step, Entry(f"step-{step}", f"{step} {title}", words, section)


#: The steps of the flow, as in the table of README.md.
STEPS = dict(
    [
        _step(
            "A1",
            "The user starts at the client",
            "The user wants the client to use their resource. The client creates a state and a "
            "PKCE verifier, and keeps both.",
            rfc(6749, "4.1"),
        ),
        _step(
            "A2",
            "Authorization request",
            "The client sends the browser to the authorization server: who asks, for which scope, "
            "and where to send the response.",
            rfc(6749, "4.1.1"),
        ),
        _step(
            "A3",
            "Login page",
            "The authorization server must know who the user is. How it finds out is not part of "
            "OAuth.",
            rfc(6749, "3.1"),
        ),
        _step(
            "A4",
            "Sign-in",
            "The user sends their password to the authorization server. The client never sees it.",
            rfc(6749, "3.1"),
        ),
        _step(
            "A5",
            "Consent page",
            "The authorization server asks the user whether the client may have the scope.",
            rfc(6749, "4.1.1"),
        ),
        _step(
            "A6",
            "Decision",
            "The user allows all of the scope, a part of it, or nothing.",
            rfc(6749, "3.3"),
        ),
        _step(
            "A7",
            "Authorization response",
            "The browser carries the code to the client, with the state and the issuer. The client "
            "checks both before it uses the code.",
            rfc(6749, "4.1.2"),
        ),
        _step(
            "T1",
            "Access token request",
            "The client redeems the code, server to server. Its secret proves who it is, and the "
            "verifier proves that it sent A2.",
            rfc(6749, "4.1.3"),
        ),
        _step(
            "T2",
            "Access token response",
            "The authorization server spends the code, and issues an access token and a refresh "
            "token.",
            rfc(6749, "4.1.4"),
        ),
        _step(
            "R1",
            "Request of a resource",
            "The client sends the access token to the resource server in the Authorization header.",
            rfc(6750, "2.1"),
        ),
        _step(
            "R2",
            "Introspection",
            "The resource server asks the authorization server whether the token is active, and "
            "what it allows.",
            rfc(7662, "2.1"),
        ),
        _step(
            "R3",
            "The resource",
            "The token is active and has the scope, so the resource server returns the resource.",
            rfc(6749, "7"),
        ),
        _step(
            "F1",
            "Refresh request",
            "The access token has expired. The client sends its refresh token to the authorization "
            "server.",
            rfc(6749, "6"),
        ),
        _step(
            "F2",
            "Refresh response",
            "The authorization server issues new tokens. The old refresh token is spent.",
            rfc(9700, "4.14.2"),
        ),
        _step(
            "F3",
            "Request with the new token",
            "The client uses the new access token. The user did not have to do anything.",
            rfc(6749, "1.5"),
        ),
        _step(
            "E1",
            "End of the grant",
            "The client revokes its token, or the user removes the client. All tokens of the grant "
            "stop working immediately.",
            rfc(7009, "2.1"),
        ),
    ]
)


FRONT_CHANNEL = term(
    "Front channel",
    "Messages that the browser carries. They may be stored in histories and logs, so a token must "
    "not be in them.",
    rfc(9700, "4.3.1"),
)
BACK_CHANNEL = term(
    "Back channel",
    "Messages from server to server, which the browser does not see.",
    rfc(6749, "4.1"),
)
TERMS = (
    term(
        "Authorization code",
        "What the client exchanges for tokens. It is not a token: the API does not accept it. It "
        "passes through the browser, so it works once, for a short time, and only with the "
        "client’s secret and the PKCE verifier.",
        rfc(6749, "1.3.1"),
    ),
    term(
        "Access token",
        "What the client sends to the API. Any client that holds it has access until it expires.",
        rfc(6749, "1.4"),
    ),
    term(
        "Refresh token",
        "What the client exchanges for new tokens. Only the authorization server accepts it, and "
        "only once.",
        rfc(6749, "1.5"),
    ),
    FRONT_CHANNEL,
    BACK_CHANNEL,
    term(
        "Resource owner",
        "The user, to whom the photos belong. The user’s browser is the first lifeline.",
        rfc(6749, "1.1"),
    ),
    term(
        "Client",
        "The application that wants access. A confidential client has a secret. A public client, "
        "such as an app on a phone, has none.",
        rfc(6749, "2.1"),
    ),
    term(
        "Authorization server",
        "It signs the user in, asks for consent, and issues the tokens.",
        rfc(6749, "1.1"),
    ),
    term(
        "Resource server",
        "The API that has the photos. It accepts access tokens.",
        rfc(6749, "1.1"),
    ),
    term(
        "Scope",
        "What a token allows. The authorization server defines the possible values.",
        rfc(6749, "3.3"),
    ),
    term(
        "Grant",
        "One authorization by one user for one client. When it ends, its code and tokens stop "
        "working.",
        rfc(6749, "1.3"),
    ),
    term(
        "State",
        "A random value of the client that comes back with the response. It proves that the same "
        "browser started the flow.",
        rfc(6749, "10.12"),
    ),
    term(
        "PKCE",
        "The client sends a hash in A2 (the challenge) and the value behind it in T1 (the "
        "verifier). An attacker with a stolen code does not have the verifier.",
        rfc(7636, "1"),
    ),
    term(
        "Issuer",
        "The address that identifies an authorization server. It is in the response, so that a "
        "client of several servers knows which of them responded.",
        rfc(9207, "1"),
    ),
    term(
        "Rotation",
        "Each refresh replaces the refresh token. If a spent one is used again, somebody has "
        "copied it, and the grant ends.",
        rfc(9700, "4.14.2"),
    ),
    *OPENID_TERMS,
    term(
        "Fingerprint",
        "The inspector shows dots and six digits in place of a secret. Equal values have equal "
        "digits, and nobody can calculate a value from its digits.",
        None,
    ),
)
