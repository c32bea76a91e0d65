"""What the code enforces about requests and pages in the browser, whatever the configuration."""

from web.safety.rule import Rule

BROWSER_RULES = (
    Rule(
        slug="exact-redirect-uris",
        section="2.1",
        threat="A code is sent to an attacker's address",
        defence="Redirect URIs match character by character; only the loopback port of a "
        "public client may differ",
        file="auth_server/redirect_uris.py",
        test="tests/auth_server/test_redirect_uris.py::test_a_longer_or_shorter_uri_does_not_match",
        attacks=(
            "redirect-uri-port",
            "redirect-uri-prefix",
            "redirect-uri-subdomain",
            "redirect-uri-parameter",
        ),
    ),
    Rule(
        slug="no-open-redirector",
        section="2.1",
        threat="A link to the client leads to an attacker's site",
        defence="The client returns only to its own pages",
        file="client_app/return_to.py",
        test="tests/client_app/test_step_up.py::test_return_to_accepts_only_pages_of_print_shop",
    ),
    Rule(
        slug="no-redirect-after-sign-in",
        section="4.11.2",
        threat="A link to the login page leads to an attacker's site",
        defence="The authorization server returns only to its own pages",
        file="auth_server/sign_in.py",
        test="tests/auth_server/test_login_page.py::"
        "test_signing_in_never_redirects_to_another_site",
        attacks=("open-redirect",),
    ),
    Rule(
        slug="untrusted-requests",
        section="4.11.2",
        threat="The authorization server redirects to an address that nobody registered",
        defence="An error without a trusted redirect URI is a page",
        file="auth_server/authorization_request.py",
        test="tests/auth_server/test_authorization_request.py::"
        "test_an_unregistered_redirect_uri_is_never_followed",
    ),
    Rule(
        slug="callback-csrf",
        section="2.1",
        threat="An attacker's code is put into the user's session",
        defence="The state belongs to the browser, and works once",
        file="client_app/oauth.py",
        test="tests/client_app/test_callback_page.py::"
        "test_a_response_in_another_browser_is_rejected",
        attacks=("forged-callback", "callback-in-another-browser"),
    ),
    Rule(
        slug="form-csrf",
        section="4.7",
        threat="Another site sends a form in the user's name",
        defence="Each form has a token, and no form of another site is accepted",
        file="web/form_tokens.py",
        test="tests/auth_server/test_form_tokens.py::test_every_post_of_a_page_needs_a_form_token",
        attacks=("forged-consent",),
    ),
    Rule(
        slug="issuer",
        section="2.1",
        threat="A code is sent to the wrong authorization server (mix-up)",
        defence="`iss` is in every authorization response, and the client compares it (RFC 9207)",
        file="client_app/oauth.py",
        test="tests/client_app/test_oauth_authorization_response.py::"
        "test_another_issuer_is_rejected",
        attacks=("mix-up",),
    ),
    Rule(
        slug="pkce",
        section="2.1.1",
        threat="A stolen code is redeemed by an attacker, or injected",
        defence="Every authorization request needs an S256 challenge",
        file="auth_server/grant_types.py",
        test="tests/auth_server/test_authorization_request.py::"
        "test_other_errors_are_redirected_to_the_client",
        attacks=("code-without-verifier",),
    ),
    Rule(
        slug="pkce-downgrade",
        section="4.8",
        threat="A request without a challenge turns PKCE off",
        defence="No code exists without a challenge, and the verifier must match it",
        file="auth_server/grant_types.py",
        test="tests/auth_server/test_access_token_request.py::"
        "test_a_wrong_verifier_leaves_the_code_unspent",
        attacks=("pkce-plain", "pkce-none"),
    ),
    Rule(
        slug="no-implicit-grant",
        section="2.1.2",
        threat="An access token leaks from an address",
        defence="The response type is `code`; no token is in an address",
        file="auth_server/authorization_request.py",
        test="tests/auth_server/test_metadata.py::test_the_listed_response_types_and_modes_work",
    ),
    Rule(
        slug="no-cors-at-pages",
        section="2.6",
        threat="A script of another site reads the authorization endpoint",
        defence="No page answers a script of another origin",
        file="web/cors.py",
        test="tests/test_cross_origin_requests.py::"
        "test_no_other_route_answers_a_script_of_another_origin",
    ),
    Rule(
        slug="referrer",
        section="4.2.4",
        threat="A code or state leaks in `Referer`",
        defence="`Referrer-Policy: no-referrer`, and no content of other sites",
        file="web/headers.py",
        test="tests/auth_server/test_authorization_response.py::"
        "test_the_response_must_not_be_cached_or_sent_as_referrer",
    ),
    Rule(
        slug="browser-history",
        section="4.3.1",
        threat="A code stays in the browser's history",
        defence="The callback redirects at once, and the code works once",
        file="client_app/views/connect.py",
        test="tests/client_app/test_callback_page.py::"
        "test_a_reload_says_that_the_response_was_used",
    ),
    Rule(
        slug="no-307",
        section="4.12",
        threat="A redirect sends the password to the client",
        defence="Redirects after forms are 302 or 303",
        file="auth_server/views/authorize.py",
        test="tests/auth_server/test_authorization_response.py::test_no_redirect_repeats_a_form",
    ),
    Rule(
        slug="proxy-headers",
        section="4.13",
        threat="A forged header of a proxy is believed",
        defence="Forwarded headers count only from declared proxies",
        file="web/proxies.py",
        test="tests/web/test_proxies.py::test_forwarded_headers_are_ignored_by_default",
    ),
    Rule(
        slug="clickjacking",
        section="4.16",
        threat="The consent page is shown in a frame of another site",
        defence="No page can be framed",
        file="web/headers.py",
        test="tests/auth_server/test_consent_page.py::test_the_page_cannot_be_framed_or_cached",
    ),
    Rule(
        slug="guessing",
        threat="Passwords are guessed",
        defence="Failures are throttled by account and address",
        file="auth_server/throttling.py",
        test="tests/auth_server/test_login_page.py::test_fifty_parallel_guesses_are_all_counted",
    ),
    Rule(
        slug="demo-refused",
        threat="The demo's accounts work on a real server",
        defence="Outside the demo they are refused",
        file="auth_server/sign_in.py",
        test="tests/auth_server/test_outside_the_demo.py::test_demo_accounts_cannot_sign_in",
    ),
)
