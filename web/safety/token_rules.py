"""What the code enforces about codes, tokens and clients, whatever the configuration."""

from web.safety.rule import Rule

TOKEN_RULES = (
    Rule(
        slug="no-password-grant",
        section="2.4",
        threat="A client sees passwords",
        defence="No such grant type exists",
        file="auth_server/grant_types.py",
        test="tests/auth_server/test_access_token_request.py::"
        "test_other_grant_types_are_not_supported",
    ),
    Rule(
        slug="code-once",
        section="4.5",
        threat="A code is used twice",
        defence="A code is redeemed once; a replay ends its grant",
        file="auth_server/tokens.py",
        test="tests/auth_server/test_access_token_request.py::test_a_code_is_redeemed_only_once",
        attacks=("code-replay",),
    ),
    Rule(
        slug="code-of-its-client",
        section="4.5",
        threat="Another client redeems the code",
        defence="A code belongs to its client and its redirect URI",
        file="auth_server/grant_types.py",
        test="tests/auth_server/test_access_token_request.py::"
        "test_an_attempt_by_another_client_does_not_spend_the_code",
        attacks=("code-of-another-client", "redirect-uri-at-token"),
    ),
    Rule(
        slug="refresh-rotation",
        section="2.2.2",
        threat="An attacker and the client use the same refresh token",
        defence="Refresh tokens rotate; a replay ends the grant",
        file="auth_server/tokens.py",
        test="tests/auth_server/test_refreshing.py::test_a_third_presentation_ends_the_grant",
        attacks=("refresh-replayed",),
    ),
    Rule(
        slug="refresh-scope",
        section="4.14.2",
        threat="A refresh token gets more than the user allowed",
        defence="A refresh cannot widen the scope",
        file="auth_server/issued_tokens.py",
        test="tests/auth_server/test_refreshing.py::"
        "test_a_wider_scope_is_rejected_and_the_token_stays_unspent",
        attacks=("scope-raised",),
    ),
    Rule(
        slug="token-replay",
        section="2.2.1",
        threat="A stolen access token is used",
        defence="Tokens are short-lived, and each request asks whether the token is active. "
        "They are not bound to a key yet",
        file="resource_api/introspection.py",
        test="tests/resource_api/test_bearer_token_usage.py::"
        "test_a_revoked_token_is_rejected_at_the_next_request",
        attacks=("expired-access-token", "revoked-access-token"),
    ),
    Rule(
        slug="audience",
        section="2.3",
        threat="A token for one resource server is used at another",
        defence="The API accepts only tokens that were issued for it",
        file="resource_api/introspection.py",
        test="tests/resource_api/test_introspection.py::"
        "test_only_an_active_access_token_for_this_api_is_accepted",
        attacks=("refresh-token-as-access-token",),
    ),
    Rule(
        slug="least-privilege",
        section="2.3",
        threat="A token gives more than is needed",
        defence="Each view needs a scope, and the user can untick each one",
        file="resource_api/protection.py",
        test="tests/resource_api/test_bearer_token_usage.py::"
        "test_a_missing_scope_is_named_in_header_and_body",
        attacks=("write-with-a-read-only-token", "another-persons-photo"),
    ),
    Rule(
        slug="client-authentication",
        section="2.5",
        threat="An attacker acts as the client",
        defence="Confidential clients authenticate at each endpoint",
        file="auth_server/client_authentication.py",
        test="tests/auth_server/test_client_authentication.py::"
        "test_the_secret_of_another_client_is_rejected",
        attacks=("refresh-of-another-client",),
    ),
    Rule(
        slug="metadata",
        section="2.6",
        threat="A client is configured with a wrong address",
        defence="Metadata name every endpoint and capability (RFC 8414)",
        file="auth_server/views/metadata.py",
        test="tests/auth_server/test_metadata.py::test_every_listed_endpoint_exists",
    ),
    Rule(
        slug="no-token-in-an-address",
        section="4.3.2",
        threat="An access token stays in a history or a log",
        defence="The API takes tokens in the header alone",
        file="resource_api/protection.py",
        test="tests/resource_api/test_bearer_token_usage.py::test_a_token_in_the_query_is_ignored",
    ),
    Rule(
        slug="counterfeit-resource-server",
        section="4.9.1",
        threat="An access token is sent to an attacker's API",
        defence="The client sends tokens to its configured API alone",
        file="client_app/photo_api.py",
        test="tests/client_app/test_confidentiality.py::test_no_page_or_header_contains_a_secret",
    ),
    Rule(
        slug="nothing-usable-at-rest",
        section="4.9.2",
        threat="A database or a log is stolen",
        defence="Codes, tokens and secrets are stored as digests, and logged nowhere",
        file="auth_server/digests.py",
        test="tests/auth_server/test_nothing_usable_at_rest.py::"
        "test_the_database_contains_no_usable_secret",
    ),
    Rule(
        slug="subject",
        section="4.15",
        threat="A client acts as a resource owner with the same name",
        defence="Subjects are random, and no token belongs to a client alone",
        file="auth_server/users.py",
        test="tests/auth_server/test_introspection.py::test_the_subject_is_not_the_username",
    ),
    Rule(
        slug="one-validator",
        threat="A client that registers itself gets an address that the developer's form refuses",
        defence="The form, the command line, requests and documents have one validator",
        file="auth_server/client_metadata.py",
        test="tests/auth_server/test_dynamic_registration.py"
        "::test_every_address_follows_the_same_rules",
    ),
    Rule(
        slug="addresses-of-clients",
        threat="A client makes this server send requests into its own network",
        defence="Only public IP addresses are connected to, checked when the socket is opened",
        file="web/guarded_client.py",
        test="tests/web/test_guarded_client.py"
        "::test_an_answer_of_the_dns_that_changes_is_checked_again",
    ),
)
