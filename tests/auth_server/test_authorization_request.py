"""A2 – Authorization request (RFC 6749 §4.1.1 and §4.1.2.1, RFC 7636 §4.3, RFC 8252 §7.3).

`prompt` is defined in OpenID Connect Core §3.1.2.1.
"""

from collections.abc import Callable
from urllib.parse import parse_qsl, urlsplit

import pytest
from world.cast import Person
from world.events import Events
from world.page import Page, media_type
from world.registered_client import AuthorizationResponse, Parameter, RegisteredClient, s256

from auth_server.scopes import SCOPES
from tests.auth_server.server import ISSUER, VERIFIER, Server

CALLBACK = "http://127.0.0.1:9001/callback"
CHALLENGE = s256(VERIFIER)

NOT_A_CLIENT: dict[str, Parameter] = {
    "missing": None,
    "empty": "",
    "unknown": "nobody",
    "twice": ["print-shop", "print-shop"],
    "two different": ["print-shop", "nobody"],
    "in capitals": "PRINT-SHOP",
    "with a NUL": "print-shop\0",
    "not ASCII": "prïnt-shop",
    "a resource server": "photo-api",
}

NOT_THE_REDIRECT_URI: dict[str, Parameter] = {
    "twice": [CALLBACK, CALLBACK],
    "two different": [CALLBACK, "https://evil.example/callback"],
    "another site": "https://evil.example/callback",
    "a quote": f'{CALLBACK}"',
    "a backslash": f"{CALLBACK}\\",
    "not ASCII": f"{CALLBACK}é",
    "a NUL": f"{CALLBACK}\0",
    "a new line": f"{CALLBACK}\n",
    "a space before it": f" {CALLBACK}",
    "a fragment": f"{CALLBACK}#here",
    "only the beginning": "http://127.0.0.1:9001/",
    "a longer path": f"{CALLBACK}/evil",
    "a trailing slash": f"{CALLBACK}/",
    "another case": "http://127.0.0.1:9001/Callback",
    "escaped": "http://127.0.0.1:9001/%63allback",
    "dots": "http://127.0.0.1:9001/x/../callback",
    "an extra parameter": f"{CALLBACK}?next=https://evil.example/",
    "an empty query": f"{CALLBACK}?",
    "another port": "http://127.0.0.1:9009/callback",
    "another scheme": "https://127.0.0.1:9001/callback",
    "another name of the host": "http://localhost:9001/callback",
    "a subdomain": "http://evil.127.0.0.1:9001/callback",
    "a longer host": "http://127.0.0.1:9001.evil.example/callback",
    "a user name": "http://127.0.0.1:9001@evil.example/callback",
    "a script": "javascript:alert(1)//http://127.0.0.1:9001/callback",
}

REFUSED: dict[str, tuple[dict[str, Parameter], str]] = {
    "no response type": ({"response_type": None}, "invalid_request"),
    "an empty response type": ({"response_type": ""}, "invalid_request"),
    "the implicit grant": ({"response_type": "token"}, "unsupported_response_type"),
    "an unknown response type": ({"response_type": "cod"}, "unsupported_response_type"),
    "a hybrid response type": ({"response_type": "code token"}, "unsupported_response_type"),
    "an odd response type": ({"response_type": 'c"ö\\de'}, "unsupported_response_type"),
    "an unknown scope": ({"scope": "profile photos:burn"}, "invalid_scope"),
    "scopes with a tab between them": ({"scope": "profile\tphotos:read"}, "invalid_scope"),
    "a scope of another space": ({"scope": "\u00a0"}, "invalid_scope"),
    "an odd scope": ({"scope": 'pro"file\\'}, "invalid_scope"),
    "a scope in capitals": ({"scope": "PROFILE"}, "invalid_scope"),
    "no code challenge": (
        {"code_challenge": None, "code_challenge_method": None},
        "invalid_request",
    ),
    "a method without a challenge": ({"code_challenge": None}, "invalid_request"),
    "an empty challenge": ({"code_challenge": ""}, "invalid_request"),
    "the method plain": ({"code_challenge_method": "plain"}, "invalid_request"),
    "an unknown method": ({"code_challenge_method": "S512"}, "invalid_request"),
    "no method, which means plain": ({"code_challenge_method": None}, "invalid_request"),
    "a short challenge": ({"code_challenge": CHALLENGE[:-1]}, "invalid_request"),
    "a long challenge": ({"code_challenge": f"{CHALLENGE}A"}, "invalid_request"),
    "a padded challenge": ({"code_challenge": f"{CHALLENGE}="}, "invalid_request"),
    "a challenge and a new line": ({"code_challenge": f"{CHALLENGE}\n"}, "invalid_request"),
    "a challenge not of its alphabet": (
        {"code_challenge": f"{CHALLENGE[:-1]}+"},
        "invalid_request",
    ),
    "a challenge not ASCII": ({"code_challenge": f"{CHALLENGE[:-1]}é"}, "invalid_request"),
    "two response types": ({"response_type": ["code", "code"]}, "invalid_request"),
    "two scopes": ({"scope": ["profile", "photos:read"]}, "invalid_request"),
    "two challenges": ({"code_challenge": [CHALLENGE, CHALLENGE]}, "invalid_request"),
    "two methods": ({"code_challenge_method": ["S256", "plain"]}, "invalid_request"),
    "two prompts": ({"prompt": ["login", "consent"]}, "invalid_request"),
    "two of an unknown parameter": ({"nonce": ["1", "2"]}, "invalid_request"),
    "the response mode fragment": ({"response_mode": "fragment"}, "invalid_request"),
    "the response mode form_post": ({"response_mode": "form_post"}, "invalid_request"),
    "an unknown prompt": ({"prompt": "create"}, "invalid_request"),
    "none with another prompt": ({"prompt": "none login"}, "invalid_request"),
}

ODD_STATES = {
    "spaces and pluses": " a b+c ",
    "reserved": "&=#?/;:@$,%",
    "escaped": "%41%2B%00",
    "quotes": "\"'<>\\`{}|^",
    "not ASCII": "zustand-ü-☃-𝄞",
    "a new line": "one\r\ntwo",
    "a NUL": "be\0fore",
    "long": "x" * 3000,
    "only a space": " ",
    "zero": "0",
}


def responded(person: Person, request: str) -> AuthorizationResponse:
    """Return the response that the server sends without asking the user."""
    return AuthorizationResponse.read(person.browser.get(request))


# Client and redirect URI ------------------------------------------------------


@pytest.mark.parametrize("client_id", NOT_A_CLIENT.values(), ids=NOT_A_CLIENT)
def test_an_unknown_client_gets_an_error_page(
    alice: Person, print_shop: RegisteredClient, client_id: Parameter
) -> None:
    """§4.1.2.1: MUST NOT automatically redirect the user-agent to the invalid redirection URI."""
    answer = alice.browser.get(print_shop.authorization_path(client_id=client_id))

    assert answer.status_code == 400
    assert media_type(answer) == "text/html"
    assert "Location" not in answer.headers
    assert not Page(answer).forms


def test_a_resource_server_cannot_request_authorization(
    alice: Person, photo_api: RegisteredClient
) -> None:
    page = Page(
        alice.browser.get(photo_api.authorization_path(redirect_uri="https://photos.example/"))
    )

    assert "unauthorized_client" in page.text


@pytest.mark.parametrize("redirect_uri", NOT_THE_REDIRECT_URI.values(), ids=NOT_THE_REDIRECT_URI)
def test_an_unregistered_redirect_uri_is_never_followed(
    alice: Person, print_shop: RegisteredClient, redirect_uri: Parameter
) -> None:
    """RFC 9700 §2.1: authorization servers MUST utilize exact string matching."""
    answer = alice.browser.get(print_shop.authorization_path(redirect_uri=redirect_uri))

    assert answer.status_code == 400
    assert media_type(answer) == "text/html"
    assert "Location" not in answer.headers
    assert not [link for link in Page(answer).addresses if "evil" in link or "script" in link]


@pytest.mark.parametrize(
    "changes", [{"client_id": "nobody"}, {"redirect_uri": "https://evil.example/"}]
)
def test_an_untrusted_redirect_uri_is_reported_before_other_errors(
    alice: Person, print_shop: RegisteredClient, changes: dict[str, str]
) -> None:
    answer = alice.browser.get(
        print_shop.authorization_path(
            response_type=None, scope="nonsense", prompt="none", **changes
        )
    )

    assert answer.status_code == 400
    assert "Location" not in answer.headers


def test_the_page_has_the_error_and_a_hint_for_the_developer(
    alice: Person, print_shop: RegisteredClient
) -> None:
    page = Page(
        alice.browser.get(print_shop.authorization_path(redirect_uri="https://evil.example/?a=<b>"))
    )

    assert "invalid_request" in page.text
    assert "https://evil.example/?a=<b>" in page.text
    assert "character by character" in page.text
    assert print_shop.redirect_uri in page.text


def test_values_on_the_error_page_are_escaped(alice: Person, print_shop: RegisteredClient) -> None:
    answer = alice.browser.get(
        print_shop.authorization_path(
            client_id="<script>alert(1)</script>", redirect_uri='"><img src=x>'
        )
    )

    assert "<script>alert" not in answer.text
    assert "<img" not in answer.text


def test_outside_the_demo_the_page_does_not_show_registered_uris(
    start: Callable[..., Server], posters: RegisteredClient
) -> None:
    outside = start(DEMO="0").browser()
    page = Page(outside.get(posters.authorization_path(redirect_uri="https://evil.example/")))

    assert page.status == 400
    assert "mallory.example" not in page.text


def test_a_rejected_request_is_logged(
    alice: Person, print_shop: RegisteredClient, events: Events
) -> None:
    alice.browser.get(print_shop.authorization_path(redirect_uri="https://evil.example/"))
    alice.browser.get(print_shop.authorization_path(scope="nonsense"))

    refusals = events.named("authorization_request_refused")
    assert [entry["error"] for entry in refusals] == ["invalid_request", "invalid_scope"]


def test_the_event_log_says_how_a_redirect_uri_differs(
    alice: Person, print_shop: RegisteredClient, events: Events
) -> None:
    alice.browser.get(print_shop.authorization_path(redirect_uri=print_shop.redirect_uri + "/more"))

    differs_at = len(print_shop.redirect_uri) + 1
    [refusal] = events.named("authorization_request_refused")
    assert (refusal["reason"], refusal["differs_at"]) == ("redirect_uri_differs", differs_at)


# Errors that are redirected to the client -------------------------------------


@pytest.mark.parametrize(("changes", "error"), REFUSED.values(), ids=REFUSED)
def test_other_errors_are_redirected_to_the_client(
    alice: Person, print_shop: RegisteredClient, changes: dict[str, Parameter], error: str
) -> None:
    """§4.1.2.1: by a redirect, with `error`, `state` and (RFC 9207 §2) `iss`."""
    response = responded(alice, print_shop.authorization_path(**changes))

    assert (response.status, response.redirect_uri) == (302, CALLBACK)
    assert (response.error, response.state, response.iss) == (error, "af0ifjsldkj", ISSUER)
    assert set(response.parameters) == {"error", "error_description", "state", "iss"}
    assert not set('"\\') & set(response.parameters["error_description"])
    assert response.parameters["error_description"].isascii()


def test_a_repeated_state_is_an_error_with_one_state(
    alice: Person, print_shop: RegisteredClient
) -> None:
    response = responded(alice, print_shop.authorization_path(state=["one", "two"]))

    assert (response.status, response.error, response.iss) == (302, "invalid_request", ISSUER)


def test_a_scope_beyond_the_registration_is_rejected(
    alice: Person, posters: RegisteredClient
) -> None:
    response = responded(alice, posters.authorization_path(scope="profile photos:write"))

    assert (response.redirect_uri, response.error) == (posters.redirect_uri, "invalid_scope")


def test_a_request_without_state_gets_an_error_without_state(
    alice: Person, print_shop: RegisteredClient
) -> None:
    response = responded(alice, print_shop.authorization_path(state=None, scope="nonsense"))

    assert set(response.parameters) == {"error", "error_description", "iss"}


@pytest.mark.parametrize(
    "name", ["redirect_uri", "scope", "state", "prompt", "response_mode", "nonce"]
)
def test_a_parameter_without_a_value_counts_as_omitted(
    alice: Person, posters: RegisteredClient, name: str
) -> None:
    """§3.1: parameters sent without a value MUST be treated as if they were omitted."""
    code = alice.allow_request(posters.authorization_path(**{name: ""})).code

    redirect_uri = None if name == "redirect_uri" else posters.redirect_uri
    assert posters.redeem(code, redirect_uri=redirect_uri).status_code == 200


def test_the_response_mode_query_is_accepted(alice: Person, print_shop: RegisteredClient) -> None:
    assert alice.allow_request(print_shop.authorization_path(response_mode="query")).code


def test_unknown_parameters_are_ignored(alice: Person, print_shop: RegisteredClient) -> None:
    """§3.1: the authorization server MUST ignore unrecognized request parameters."""
    assert alice.allow_request(
        print_shop.authorization_path(nonce="n-0S6_WzA2Mj", display="page")
    ).code


# Redirect URIs ----------------------------------------------------------------


@pytest.mark.parametrize(
    "redirect_uri",
    [
        "http://127.0.0.1:49152/callback",
        "http://127.0.0.1:1/callback",
        "http://[::1]:51004/callback?from=phone",
    ],
)
def test_a_public_client_may_use_any_loopback_port(
    alice: Person, phone_app: RegisteredClient, redirect_uri: str
) -> None:
    """RFC 8252 §7.3: the server MUST allow any port to be specified at the time of the request."""
    response = alice.allow_request(phone_app.authorization_path(redirect_uri=redirect_uri))

    assert response.redirect_uri == redirect_uri.partition("?")[0]
    assert phone_app.redeem(response.code, redirect_uri=redirect_uri).status_code == 200


@pytest.mark.parametrize(
    "redirect_uri",
    [
        "http://localhost:49152/callback",
        "http://127.0.0.2:49152/callback",
        "https://127.0.0.1:49152/callback",
        "http://127.0.0.1:49152/",
        "http://127.0.0.1:49152/callback?more",
        "http://127.0.0.1:49152/callback#here",
        "http://127.0.0.1:/callback",
        "http://127.0.0.1:49152@evil.example/callback",
        "http://127.0.0.1:evil/callback",
        "http://[::1]:51004/callback",
        "http://[::2]:51004/callback?from=phone",
    ],
)
def test_only_the_port_of_a_loopback_uri_may_differ(
    alice: Person, phone_app: RegisteredClient, redirect_uri: str
) -> None:
    answer = alice.browser.get(phone_app.authorization_path(redirect_uri=redirect_uri))

    assert answer.status_code == 400
    assert "Location" not in answer.headers


def test_a_single_registered_redirect_uri_may_be_omitted(
    alice: Person, posters: RegisteredClient
) -> None:
    response = alice.allow_request(posters.authorization_path(redirect_uri=None))

    assert response.redirect_uri == posters.redirect_uri
    assert posters.redeem(response.code, redirect_uri=None).status_code == 200


@pytest.mark.parametrize("redirect_uri", [None, ""])
def test_a_client_with_several_redirect_uris_must_send_one(
    alice: Person, calendars: RegisteredClient, redirect_uri: Parameter
) -> None:
    """§3.1.2.3: the client MUST include a redirection URI with the authorization request."""
    answer = alice.browser.get(calendars.authorization_path(redirect_uri=redirect_uri))

    assert answer.status_code == 400
    assert "Location" not in answer.headers


def test_the_query_of_a_redirect_uri_is_kept(alice: Person, calendars: RegisteredClient) -> None:
    """§3.1.2: which MUST be retained when adding additional query parameters."""
    allowed = alice.allow_request(calendars.authorization_path())
    refused = responded(alice, calendars.authorization_path(scope="nonsense"))

    for response in (allowed, refused):
        assert response.redirect_uri == "https://calendars.example/callback"
        assert (response.parameters["shop"], response.parameters["lang"]) == ("7", "de")
        assert response.state == "af0ifjsldkj"


# Scope and state --------------------------------------------------------------


@pytest.mark.parametrize("scope", [None, "", " "])
def test_without_a_scope_all_registered_scopes_are_requested(
    alice: Person, print_shop: RegisteredClient, scope: Parameter
) -> None:
    """§3.3: the server MUST either use a pre-defined default value or fail the request."""
    page = alice.consent_page(print_shop.authorization_path(scope=scope))

    assert list(page.boxes) == list(SCOPES)


def test_a_repeated_scope_is_requested_once(alice: Person, print_shop: RegisteredClient) -> None:
    page = alice.consent_page(
        print_shop.authorization_path(scope="photos:read  profile photos:read")
    )

    assert list(page.boxes) == ["photos:read", "profile"]


@pytest.mark.parametrize("state", ODD_STATES.values(), ids=ODD_STATES)
def test_the_state_is_returned_unchanged(
    alice: Person, print_shop: RegisteredClient, state: str
) -> None:
    """§4.1.2: the exact value received from the client. The pages do not change it."""
    refused = responded(alice, print_shop.authorization_path(state=state, scope="nonsense"))
    allowed = alice.allow_request(print_shop.authorization_path(state=state))

    assert refused.state == state
    assert allowed.state == state


# prompt -----------------------------------------------------------------------


def test_prompt_none_does_not_show_a_login_page(
    alice: Person, print_shop: RegisteredClient
) -> None:
    """OpenID Connect Core §3.1.2.1: MUST NOT display any authentication or consent pages."""
    response = responded(alice, print_shop.authorization_path(prompt="none"))

    assert (response.status, response.error) == (302, "login_required")
    assert (response.state, response.iss) == ("af0ifjsldkj", ISSUER)


def test_prompt_none_does_not_show_a_consent_page(
    alice: Person, print_shop: RegisteredClient
) -> None:
    alice.send_login()
    response = responded(alice, print_shop.authorization_path(prompt="none"))

    assert (response.status, response.error) == (302, "consent_required")
    assert (response.state, response.iss) == ("af0ifjsldkj", ISSUER)


def test_prompt_none_succeeds_if_consent_is_remembered(
    alice: Person, print_shop: RegisteredClient
) -> None:
    alice.allow_request(print_shop.authorization_path())
    response = responded(alice, print_shop.authorization_path(prompt="none"))

    assert print_shop.redeem(response.code).status_code == 200


@pytest.mark.parametrize(
    "odd", ["spaces and pluses", "reserved", "escaped", "quotes", "not ASCII", "a new line"]
)
def test_prompt_login_requires_one_new_sign_in(
    alice: Person, print_shop: RegisteredClient, odd: str
) -> None:
    request = print_shop.authorization_path(prompt="login", state=ODD_STATES[odd])
    alice.allow_request(print_shop.authorization_path())
    to_login = alice.browser.get(request)
    response = responded(alice, alice.send_login(to_login.headers["Location"]).headers["Location"])

    assert (to_login.status_code, urlsplit(to_login.headers["Location"]).path) == (303, "/login")
    assert response.code
    assert response.state == ODD_STATES[odd]


def test_a_new_sign_in_is_recognized_however_the_browser_escapes_the_request(
    alice: Person, print_shop: RegisteredClient
) -> None:
    """Browsers escape an apostrophe in a query that they are redirected to; some clients do not."""
    request = print_shop.authorization_path(prompt="login", state=None) + "&state=it's"
    location = alice.send_login(alice.browser.get(request).headers["Location"]).headers["Location"]
    page = Page(alice.browser.get(location.replace("'", "%27")))

    assert list(page.boxes) == ["profile", "photos:read"]


def test_a_new_sign_in_counts_for_one_request(alice: Person, print_shop: RegisteredClient) -> None:
    alice.allow_request(print_shop.authorization_path(prompt="login", state="first"))
    same = alice.browser.get(print_shop.authorization_path(prompt="login", state="first"))
    other = alice.browser.get(print_shop.authorization_path(prompt="login", state="second"))

    assert same.headers["Location"].startswith("/login?")
    assert other.headers["Location"].startswith("/login?")


def test_a_sign_in_for_one_request_does_not_count_for_another(
    alice: Person, print_shop: RegisteredClient
) -> None:
    alice.ask(print_shop.authorization_path(prompt="login", state="first"))
    other = alice.browser.get(print_shop.authorization_path(prompt="login", state="second"))

    assert other.headers["Location"].startswith("/login?")


def test_a_denied_request_requires_a_new_sign_in_again(
    alice: Person, print_shop: RegisteredClient
) -> None:
    alice.deny_request(print_shop.authorization_path(prompt="login"))
    again = alice.browser.get(print_shop.authorization_path(prompt="login"))

    assert again.headers["Location"].startswith("/login?")


def test_an_ordinary_sign_in_does_not_satisfy_prompt_login(
    alice: Person, print_shop: RegisteredClient
) -> None:
    alice.send_login()
    answer = alice.browser.get(print_shop.authorization_path(prompt="login"))

    assert answer.headers["Location"].startswith("/login?")


def test_another_user_may_sign_in_at_prompt_login(
    alice: Person, bob: Person, print_shop: RegisteredClient
) -> None:
    """The user who signs in is asked for consent: bob, in alice's browser."""
    request = print_shop.authorization_path(prompt="login")
    alice.allow_request(print_shop.authorization_path())
    to_login = alice.browser.get(request).headers["Location"]
    page = Page(
        alice.browser.get(
            alice.send_login(to_login, username="bob", password="builder").headers["Location"]
        )
    )

    assert "Bob Mason" in page.text


def test_prompt_consent_asks_again(alice: Person, print_shop: RegisteredClient) -> None:
    alice.allow_request(print_shop.authorization_path())
    page = alice.consent_page(print_shop.authorization_path(prompt="consent"))

    assert page.boxes == {"profile": True, "photos:read": True}


def test_prompts_may_be_combined(alice: Person, print_shop: RegisteredClient) -> None:
    request = print_shop.authorization_path(prompt="consent login")
    alice.allow_request(print_shop.authorization_path())
    to_login = alice.browser.get(request)
    page = Page(
        alice.browser.get(alice.send_login(to_login.headers["Location"]).headers["Location"])
    )

    assert to_login.status_code == 303
    assert page.boxes == {"profile": True, "photos:read": True}


# Login ------------------------------------------------------------------------


def test_a_user_who_is_not_signed_in_is_sent_to_the_login_page(
    server: Server, print_shop: RegisteredClient
) -> None:
    request = print_shop.authorization_path()
    answer = server.browser().get(request)

    assert answer.status_code == 303
    assert urlsplit(answer.headers["Location"]).path == "/login"
    assert dict(parse_qsl(urlsplit(answer.headers["Location"]).query)) == {"next": request}


def test_the_login_page_returns_to_the_request(alice: Person, print_shop: RegisteredClient) -> None:
    request = print_shop.authorization_path()
    answer = alice.send_login(alice.browser.get(request).headers["Location"])

    assert (answer.status_code, answer.headers["Location"]) == (303, request)
