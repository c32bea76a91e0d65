"""A5, A6 – The consent page: its content, the decision, and what is remembered (RFC 6749 §4.1)."""

from collections.abc import Callable

import pytest
from requests import Response
from world.cast import Person
from world.clock import Clock
from world.events import Events
from world.page import Page
from world.registered_client import AuthorizationResponse, RegisteredClient, Tokens

from auth_server import consents, users
from auth_server.scopes import SCOPES
from tests.auth_server.server import ISSUER, Server

EVERYTHING = "profile photos:read photos:write"


def is_settled(answer: Response) -> bool:
    """Return whether the response redirects to a client with a code."""
    return "code" in AuthorizationResponse.read(answer).parameters


# Content ----------------------------------------------------------------------


def test_the_page_names_the_client_the_user_and_the_scopes(
    alice: Person, print_shop: RegisteredClient
) -> None:
    page = alice.consent_page(print_shop.authorization_path(scope=EVERYTHING))

    assert "Print Shop" in page.text
    assert "Signed in as Alice Liddell" in page.text
    for scope in EVERYTHING.split():
        assert SCOPES[scope].title in page.text
        assert SCOPES[scope].explanation in page.text
    assert SCOPES["photos:write"].warning in page.text


def test_the_event_log_says_which_client_asks(
    alice: Person, print_shop: RegisteredClient, events: Events
) -> None:
    alice.consent_page(print_shop.authorization_path())

    [entry] = events.named("consent_requested")
    assert (entry["client_id"], entry["client_name"]) == ("print-shop", "Print Shop")


def test_the_page_shows_the_host_of_the_redirect_uri(
    alice: Person, print_shop: RegisteredClient
) -> None:
    assert print_shop.redirect_uri in alice.consent_page(print_shop.authorization_path()).text


def test_the_page_does_not_mention_other_scopes(
    alice: Person, print_shop: RegisteredClient
) -> None:
    page = alice.consent_page(print_shop.authorization_path(scope="profile"))

    assert list(page.boxes) == ["profile"]
    assert SCOPES["photos:write"].title not in page.text


def test_a_page_with_one_scope_does_not_offer_to_untick_it(
    alice: Person, print_shop: RegisteredClient
) -> None:
    one = alice.consent_page(print_shop.authorization_path(scope="profile")).text
    two = alice.consent_page(print_shop.authorization_path(scope="profile photos:read")).text

    assert "You decide whether it may do this." in one
    assert "Untick" not in one
    assert "You decide what it may do. Untick anything that you do not want to allow." in two


def test_each_requested_scope_has_a_ticked_checkbox(
    alice: Person, print_shop: RegisteredClient
) -> None:
    page = alice.consent_page(print_shop.authorization_path(scope=EVERYTHING))

    assert page.boxes == {"profile": True, "photos:read": True, "photos:write": True}


def test_the_page_has_a_button_for_each_decision(
    alice: Person, print_shop: RegisteredClient
) -> None:
    form = alice.consent_page(print_shop.authorization_path()).form

    assert sorted((button.name, button.value) for button in form.buttons) == [
        ("decision", "allow"),
        ("decision", "deny"),
    ]
    assert "scope" not in form.entries


def test_the_clients_name_is_escaped(
    alice: Person, registers: Callable[..., RegisteredClient]
) -> None:
    name = "<script>alert(1)</script>"
    client = registers("--name", name, "--redirect-uri", "https://x.example/", "--scope", "profile")
    answer = alice.ask(client.authorization_path())

    assert answer.status_code == 200
    assert name in Page(answer).text
    assert name not in answer.text


def test_the_page_offers_to_sign_in_as_another_user(
    alice: Person, print_shop: RegisteredClient
) -> None:
    [switch] = [
        link
        for link in alice.consent_page(print_shop.authorization_path()).addresses
        if "/login" in link
    ]
    answer = alice.send_login(switch, username="bob", password="builder")

    assert "Signed in as Bob Mason" in Page(alice.browser.get(answer.headers["Location"])).text


def test_the_page_has_no_form_action_directive(alice: Person, print_shop: RegisteredClient) -> None:
    """Chromium applies `form-action` to each redirect after the form. Other pages have it."""
    consent = alice.consent_page(print_shop.authorization_path())
    home = alice.browser.get("/")

    assert "form-action" not in consent.headers["Content-Security-Policy"]
    assert "form-action 'self'" in home.headers["Content-Security-Policy"]


def test_the_page_cannot_be_framed_or_cached(alice: Person, print_shop: RegisteredClient) -> None:
    """RFC 6749 §10.13, clickjacking."""
    headers = alice.consent_page(print_shop.authorization_path()).headers

    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Cache-Control"] == "no-store"


# Decisions --------------------------------------------------------------------


def test_allowing_everything_grants_everything(
    alice: Person, print_shop: RegisteredClient, events: Events
) -> None:
    tokens = alice.connect(print_shop, scope=EVERYTHING)

    assert tokens.scope == EVERYTHING
    assert [entry["scope"] for entry in events.named("consent_given")] == [EVERYTHING]


def test_unticking_a_scope_narrows_the_grant(alice: Person, print_shop: RegisteredClient) -> None:
    """RFC 6749 §3.3: MUST include the scope to inform the client of the actual scope granted."""
    tokens = alice.connect(print_shop, "profile", scope=EVERYTHING)

    assert tokens.scope == "profile"
    assert print_shop.introspect(tokens.access_token).json()["scope"] == "profile"


def test_a_refresh_cannot_add_an_unticked_scope(
    alice: Person, print_shop: RegisteredClient
) -> None:
    tokens = alice.connect(print_shop, "profile", scope=EVERYTHING)
    refused = print_shop.refresh(tokens.refresh_token, scope="photos:read")

    assert refused.json()["error"] == "invalid_scope"


def test_denying_redirects_with_access_denied(
    alice: Person, print_shop: RegisteredClient, events: Events
) -> None:
    """RFC 6749 §4.1.2.1: access_denied, to the client."""
    response = alice.deny_request(print_shop.authorization_path(state="S 1"))

    assert (response.status, response.redirect_uri) == (302, print_shop.redirect_uri)
    assert (response.error, response.state, response.iss) == ("access_denied", "S 1", ISSUER)
    assert "code" not in response.parameters
    assert len(events.named("consent_denied")) == 1


def test_denying_ignores_ticked_checkboxes(alice: Person, print_shop: RegisteredClient) -> None:
    page = alice.consent_page(print_shop.authorization_path())
    response = AuthorizationResponse.read(alice.decide(page, "deny", *page.boxes))

    assert response.error == "access_denied"


@pytest.mark.parametrize(
    ("decision", "scopes"),
    [
        ("allow", []),
        ("allow", ["photos:write"]),
        ("allow", ["profile", "photos:write"]),
        ("allow", ["profile", "everything"]),
        ("allow", ["profile photos:read"]),
        ("allow", [""]),
        ("Allow", ["profile"]),
        ("yes", ["profile"]),
        ("", ["profile"]),
    ],
    ids=[
        *[
            "nothing ticked",
            "only what was not asked for",
            "more than was asked for",
            "an unknown scope",
        ],
        *[
            "two scopes in one",
            "an empty scope",
            "a decision in capitals",
            "an unknown decision",
            "no decision",
        ],
    ],
)
def test_an_invalid_decision_is_a_form_error(
    alice: Person, print_shop: RegisteredClient, events: Events, decision: str, scopes: list[str]
) -> None:
    page = alice.consent_page(print_shop.authorization_path())
    answer = alice.decide(page, decision, *scopes)

    assert answer.status_code == 400
    assert Page(answer).title.startswith("Error: ")
    assert list(Page(answer).boxes) == ["profile", "photos:read"]
    assert not events.named("authorization_code_issued")
    assert not events.named("consent_given")


def test_a_form_error_can_be_corrected(alice: Person, print_shop: RegisteredClient) -> None:
    page = Page(alice.decide(alice.consent_page(print_shop.authorization_path()), "allow"))
    response = AuthorizationResponse.read(alice.decide(page, "allow", "profile"))

    assert "Nothing was decided" in page.text
    assert Tokens.read(print_shop.redeem(response.code)).scope == "profile"


# Forgery ----------------------------------------------------------------------


@pytest.mark.parametrize("token", [None, "", "made-up"])
def test_a_forged_consent_is_rejected(
    alice: Person, print_shop: RegisteredClient, events: Events, token: str | None
) -> None:
    """RFC 6749 §10.12: MUST implement CSRF protection for its authorization endpoint."""
    page = alice.consent_page(print_shop.authorization_path())
    page.form.entries.pop("csrf_token")
    page.form.entries |= {} if token is None else {"csrf_token": token}
    answer = alice.decide(page, "allow", *page.boxes)

    assert answer.status_code == 400
    assert "Location" not in answer.headers
    assert not events.named("authorization_code_issued")
    assert alice.ask(print_shop.authorization_path()).status_code == 200


def test_a_csrf_token_of_another_session_is_rejected(
    alice: Person, mallory: Person, posters: RegisteredClient, events: Events
) -> None:
    """Mallory makes alice's browser send the form that mallory received."""
    mallorys = mallory.consent_page(posters.authorization_path())
    alice.send_login()
    answer = alice.decide(mallorys, "allow", *mallorys.boxes)

    assert answer.status_code == 400
    assert not events.named("authorization_code_issued")


def test_a_consent_page_for_alice_is_rejected_after_bob_signed_in(
    alice: Person, print_shop: RegisteredClient, events: Events
) -> None:
    page = alice.consent_page(print_shop.authorization_path())
    alice.send_login(username="bob", password="builder")
    answer = alice.decide(page, "allow", *page.boxes)

    assert answer.status_code == 400
    assert "Location" not in answer.headers
    assert not events.named("authorization_code_issued")


def test_the_rejection_page_links_to_a_new_form(
    alice: Person, print_shop: RegisteredClient
) -> None:
    request = print_shop.authorization_path()
    page = alice.consent_page(request)
    alice.send_login()
    refusal = Page(alice.decide(page, "allow", *page.boxes))

    assert request in refusal.addresses


def test_a_decision_sent_after_signing_out_has_no_effect(
    alice: Person, print_shop: RegisteredClient, events: Events
) -> None:
    page = alice.consent_page(print_shop.authorization_path())
    alice.send_logout()
    answer = alice.decide(page, "allow", *page.boxes)

    assert answer.status_code == 400
    assert not events.named("authorization_code_issued")


def test_the_request_is_checked_again_with_the_decision(
    alice: Person, print_shop: RegisteredClient
) -> None:
    """The form posts to the request's address, so a changed address is checked again."""
    page = alice.consent_page(print_shop.authorization_path())
    page.form.action = print_shop.authorization_path(redirect_uri="https://evil.example/")
    untrusted = alice.decide(page, "allow", *page.boxes)
    page.form.action = print_shop.authorization_path(code_challenge=None)
    refused = AuthorizationResponse.read(alice.decide(page, "allow", *page.boxes))

    assert (untrusted.status_code, "Location" in untrusted.headers) == (400, False)
    assert refused.error == "invalid_request"


def test_request_parameters_are_not_read_from_the_form(
    alice: Person, print_shop: RegisteredClient
) -> None:
    """RFC 6749 §3.1: parameters MUST NOT be included more than once."""
    page = alice.consent_page(print_shop.authorization_path())
    page.form.entries |= {
        "redirect_uri": "https://evil.example/",
        "scope": EVERYTHING,
        "state": "forged",
    }
    response = AuthorizationResponse.read(alice.decide(page, "allow", *page.boxes))

    assert (response.redirect_uri, response.state) == (print_shop.redirect_uri, "af0ifjsldkj")
    assert Tokens.read(print_shop.redeem(response.code)).scope == print_shop.scope


# Remembered consent -----------------------------------------------------------


def test_an_allowed_scope_is_not_asked_again(alice: Person, print_shop: RegisteredClient) -> None:
    alice.allow_request(print_shop.authorization_path())

    assert is_settled(alice.ask(print_shop.authorization_path()))
    assert is_settled(alice.ask(print_shop.authorization_path(scope="photos:read")))


def test_only_new_scopes_are_asked(alice: Person, print_shop: RegisteredClient) -> None:
    alice.allow_request(print_shop.authorization_path(scope="profile"))
    page = alice.consent_page(print_shop.authorization_path(scope=EVERYTHING))

    assert page.boxes == {"photos:read": True, "photos:write": True}
    assert SCOPES["profile"].title.lower() in page.text.lower()


def test_scopes_allowed_before_are_included(alice: Person, print_shop: RegisteredClient) -> None:
    alice.allow_request(print_shop.authorization_path(scope="profile"))
    tokens = alice.connect(print_shop, "photos:write", scope=EVERYTHING)

    assert tokens.scope == "profile photos:write"


def test_an_unticked_scope_is_asked_again(alice: Person, print_shop: RegisteredClient) -> None:
    alice.allow_request(print_shop.authorization_path(), "profile")

    assert list(alice.consent_page(print_shop.authorization_path()).boxes) == ["photos:read"]


def test_a_denied_scope_is_asked_again(alice: Person, print_shop: RegisteredClient) -> None:
    alice.deny_request(print_shop.authorization_path())

    assert list(alice.consent_page(print_shop.authorization_path()).boxes) == [
        "profile",
        "photos:read",
    ]


def test_consent_is_remembered_per_user(
    alice: Person, bob: Person, print_shop: RegisteredClient
) -> None:
    alice.allow_request(print_shop.authorization_path())

    assert bob.consent_page(print_shop.authorization_path()).boxes


def test_consent_is_remembered_per_client(
    alice: Person, print_shop: RegisteredClient, posters: RegisteredClient
) -> None:
    alice.allow_request(print_shop.authorization_path())

    assert alice.consent_page(posters.authorization_path()).boxes


def test_consent_is_remembered_across_browsers(alice: Person, print_shop: RegisteredClient) -> None:
    alice.allow_request(print_shop.authorization_path())

    assert is_settled(alice.in_another_browser().ask(print_shop.authorization_path()))


def test_consent_for_a_public_client_is_asked_every_time(
    alice: Person, phone_app: RegisteredClient
) -> None:
    """RFC 6749 §10.2: SHOULD NOT process requests of unidentified clients automatically."""
    alice.allow_request(phone_app.authorization_path())

    assert list(alice.consent_page(phone_app.authorization_path()).boxes) == [
        "profile",
        "photos:read",
    ]


def test_a_remembered_consent_grants_the_requested_scopes(
    alice: Person, print_shop: RegisteredClient
) -> None:
    alice.allow_request(print_shop.authorization_path(scope=EVERYTHING))

    assert alice.connect(print_shop, scope="photos:read").scope == "photos:read"


def test_two_consent_pages_can_be_answered_one_after_the_other(
    alice: Person, print_shop: RegisteredClient
) -> None:
    """The second page still asks for a scope that was allowed on the first."""
    first = alice.consent_page(print_shop.authorization_path(state="first"))
    second = alice.consent_page(print_shop.authorization_path(state="second"))

    assert is_settled(alice.decide(first, "allow", *first.boxes))
    assert is_settled(alice.decide(second, "allow", *second.boxes))


def test_unticking_counts_even_if_another_tab_allowed_the_scope(
    alice: Person, print_shop: RegisteredClient
) -> None:
    first = alice.consent_page(print_shop.authorization_path(state="first"))
    second = alice.consent_page(print_shop.authorization_path(state="second"))
    alice.decide(first, "allow", *first.boxes)
    response = AuthorizationResponse.read(alice.decide(second, "allow", "profile"))

    assert Tokens.read(print_shop.redeem(response.code)).scope == "profile"


def test_a_form_error_shows_the_same_scopes_even_if_another_tab_allowed_them(
    alice: Person, print_shop: RegisteredClient
) -> None:
    first = alice.consent_page(print_shop.authorization_path(state="first"))
    second = alice.consent_page(print_shop.authorization_path(state="second"))
    alice.decide(first, "allow", *first.boxes)
    answer = alice.decide(second, "allow")

    assert answer.status_code == 400
    assert list(Page(answer).boxes) == ["profile", "photos:read"]


def test_a_public_client_is_asked_about_even_if_a_consent_is_stored(
    server: Server, alice: Person, phone_app: RegisteredClient
) -> None:
    with server.database.writing() as db:
        user = users.find_user(db, "alice")
        consents.remember_consent(db, user.id, phone_app.client_id, phone_app.scope.split())

    assert alice.consent_page(phone_app.authorization_path()).form.entries


def test_the_event_log_says_when_a_remembered_consent_was_given(
    clock: Clock, alice: Person, print_shop: RegisteredClient, events: Events
) -> None:
    alice.allow_request(print_shop.authorization_path(scope="profile"))
    clock.forward(60)
    alice.allow_request(print_shop.authorization_path(scope="profile photos:read"))
    newest = int(clock.now().timestamp())
    clock.forward(60)
    alice.allow_request(print_shop.authorization_path(scope="profile photos:read"))

    [entry] = events.named("consent_remembered")
    assert (entry["client_id"], entry["scope"]) == ("print-shop", "profile photos:read")
    assert entry["allowed_at"] == newest
