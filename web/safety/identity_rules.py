"""What the code enforces about ID tokens (OpenID Connect Core), whatever the configuration."""

from web.safety.rule import Rule

IDENTITY_RULES = (
    Rule(
        slug="id-token-nonce",
        section="2.1.1",
        threat="The ID token of another sign-in is put into a session",
        defence="The ID token has the nonce of this browser's request, and the hash of the access "
        "token that came with it",
        file="client_app/oauth.py",
        test="tests/client_app/test_id_token.py::test_an_id_token_with_another_nonce_is_refused",
        attacks=("id-token-replayed",),
    ),
    Rule(
        slug="id-token-parties",
        threat="An ID token of another client or server signs a user in",
        defence="The ID token names the configured issuer, and this client",
        file="client_app/oauth.py",
        test="tests/client_app/test_id_token.py::test_an_id_token_of_another_client_is_refused",
        attacks=("id-token-of-another-client",),
    ),
    Rule(
        slug="id-token-signature",
        threat="An ID token is forged: unsigned, or signed with the public key as a secret",
        defence="The client accepts RS256 and ES256 alone, with a key that the issuer publishes",
        file="client_app/oauth.py",
        test="tests/client_app/test_id_token.py::"
        "test_an_id_token_with_another_algorithm_is_refused",
        attacks=("id-token-without-signature", "id-token-key-confusion"),
    ),
    Rule(
        slug="logout-hint",
        threat="A link signs a user out",
        defence="Without an ID token of the present sign-in, the user is asked first",
        file="auth_server/logout_request.py",
        test="tests/auth_server/test_logout_endpoint.py::"
        "test_the_hint_of_somebody_else_ends_no_sign_in",
        attacks=("logout-with-another-hint",),
    ),
)
