"""The terms of the glossary about OpenID Connect, and about clients that register themselves."""

from inspector.read.glossary_entry import term
from inspector.record.parameter_kinds import DISCOVERY, OPENID, Section, rfc

OPENID_TERMS = (
    term(
        "ID token",
        "A signed statement of the authorization server for the client: which user signed in, "
        "when, and for which request. It is not for the API.",
        Section(OPENID, "2", "IDToken"),
    ),
    term(
        "Nonce",
        "A random value that the client sends in A2. The ID token must contain it: the ID token of "
        "another request has another nonce.",
        Section(OPENID, "15.5.2", "NonceNotes"),
    ),
    term(
        "Userinfo",
        "An endpoint of the authorization server. It tells a client with an access token about "
        "the user, as far as the scope allows.",
        Section(OPENID, "5.3", "UserInfo"),
    ),
    term(
        "Discovery",
        "A client reads the metadata of a server to find its endpoints, so that it needs to know "
        "only the issuer.",
        Section(DISCOVERY, "4", "ProviderConfig"),
    ),
    term(
        "JWKS",
        "The public keys of the authorization server. With them, anybody can check the signature "
        "of an ID token, but nobody can sign one.",
        rfc(7517, "5"),
    ),
    term(
        "Resource indicator",
        "The address of the API for which a client wants a token. Other APIs refuse that token.",
        rfc(8707, "2"),
    ),
    term(
        "Dynamic registration",
        "A client that nobody has registered sends its name and its redirect URIs to the "
        "authorization server, and gets a client_id.",
        rfc(7591, "3"),
    ),
    term(
        "Metadata document",
        "A client can use the address of a document about itself as its client_id. The "
        "authorization server reads the document, and no registration is needed.",
        None,
    ),
)
