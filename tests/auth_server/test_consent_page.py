"""A5, A6 – The consent page: what a person is told, what she can decide, and what is remembered (RFC 6749 §4.1, §10.2)."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from werkzeug.test import TestResponse

from auth_server import consents, users
from auth_server.scopes import SCOPES
from tests.auth_server.cast import (
    ISSUER,
    AuthorizationResponse,
    Events,
    Page,
    Person,
    RegisteredClient,
    Server,
    Tokens,
)

EVERYTHING = "profile photos:read photos:write"


def is_settled(answer: TestResponse) -> bool:
    """Whether the browser is on its way back to a client with a code."""
    return "code" in AuthorizationResponse.read(answer).parameters


# What it says ----------------------------------------------------------------------------------------------------------


def test_it_says_who_asks_whom_for_what(alice: Person, print_shop: RegisteredClient) -> None:
    page = alice.consent_page(print_shop.authorization_request(scope=EVERYTHING))

    assert "Print Shop" in page.text
    assert "Signed in as Alice Liddell" in page.text
    for scope in EVERYTHING.split():
        assert SCOPES[scope].title in page.text
        assert SCOPES[scope].explanation in page.text
    assert SCOPES["photos:write"].warning in page.text


def test_the_event_log_says_which_client_asks(
    alice: Person, print_shop: RegisteredClient, events: Events
) -> None:
    alice.consent_page(print_shop.authorization_request())

    [entry] = events.named("consent_requested")
    assert (entry["client_id"], entry["client_name"]) == ("print-shop", "Print Shop")


def test_it_says_where_the_person_will_go(alice: Person, print_shop: RegisteredClient) -> None:
    assert print_shop.redirect_uri in alice.consent_page(print_shop.authorization_request()).text


def test_it_does_not_speak_of_what_was_not_asked_for(
    alice: Person, print_shop: RegisteredClient
) -> None:
    page = alice.consent_page(print_shop.authorization_request(scope="profile"))

    assert list(page.boxes) == ["profile"]
    assert SCOPES["photos:write"].title not in page.text


def test_every_requested_scope_has_a_box_that_is_ticked(
    alice: Person, print_shop: RegisteredClient
) -> None:
    page = alice.consent_page(print_shop.authorization_request(scope=EVERYTHING))

    assert page.boxes == {"profile": True, "photos:read": True, "photos:write": True}


def test_there_is_a_button_for_either_decision(alice: Person, print_shop: RegisteredClient) -> None:
    form = alice.consent_page(print_shop.authorization_request()).form

    assert sorted(form.buttons) == [("decision", "allow"), ("decision", "deny")]
    assert "scope" not in form.fields


def test_a_clients_name_is_no_markup(
    alice: Person, registers: Callable[..., RegisteredClient]
) -> None:
    name = "<script>alert(1)</script>"
    client = registers("--name", name, "--redirect-uri", "https://x.example/", "--scope", "profile")
    answer = alice.ask(client.authorization_request())

    assert answer.status_code == 200
    assert name in Page(answer).text
    assert name not in answer.text


def test_somebody_else_can_sign_in_instead(alice: Person, print_shop: RegisteredClient) -> None:
    [switch] = [
        link
        for link in alice.consent_page(print_shop.authorization_request()).links
        if "/login" in link
    ]
    answer = alice.sign_in(switch, username="bob", password="builder")

    assert "Signed in as Bob Mason" in Page(alice.browser.get(answer.location)).text


def test_it_lets_the_way_back_lead_anywhere(alice: Person, print_shop: RegisteredClient) -> None:
    """Chromium applies `form-action` to every redirect after the form; elsewhere it holds."""
    consent = alice.consent_page(print_shop.authorization_request())
    home = alice.browser.get("/")

    assert "form-action" not in consent.headers["Content-Security-Policy"]
    assert "form-action 'self'" in home.headers["Content-Security-Policy"]


def test_it_is_safe_from_frames_and_caches(alice: Person, print_shop: RegisteredClient) -> None:
    """RFC 6749 §10.13, clickjacking."""
    headers = alice.consent_page(print_shop.authorization_request()).headers

    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Cache-Control"] == "no-store"


# What is decided -------------------------------------------------------------------------------------------------------


def test_allowing_everything_grants_everything(
    alice: Person, print_shop: RegisteredClient, events: Events
) -> None:
    tokens = print_shop.connect(alice, scope=EVERYTHING)

    assert tokens.scope == EVERYTHING
    assert [entry["scope"] for entry in events.named("consent_given")] == [EVERYTHING]


def test_unticking_a_scope_narrows_the_grant(alice: Person, print_shop: RegisteredClient) -> None:
    """RFC 6749 §3.3: the server MUST include the scope parameter to inform the client of the actual scope granted."""
    tokens = print_shop.connect(alice, "profile", scope=EVERYTHING)

    assert tokens.scope == "profile"
    assert print_shop.introspect(tokens.access_token).json["scope"] == "profile"


def test_what_was_unticked_cannot_be_had_by_refreshing(
    alice: Person, print_shop: RegisteredClient
) -> None:
    tokens = print_shop.connect(alice, "profile", scope=EVERYTHING)
    refused = print_shop.refresh(tokens.refresh_token, scope="photos:read")

    assert refused.json["error"] == "invalid_scope"


def test_denying_is_an_answer(alice: Person, print_shop: RegisteredClient, events: Events) -> None:
    """RFC 6749 §4.1.2.1: access_denied, to the client."""
    response = alice.deny(print_shop.authorization_request(state="S 1"))

    assert (response.status, response.redirect_uri) == (302, print_shop.redirect_uri)
    assert (response.error, response.state, response.iss) == ("access_denied", "S 1", ISSUER)
    assert "code" not in response.parameters
    assert len(events.named("consent_denied")) == 1


def test_denying_wins_over_ticked_boxes(alice: Person, print_shop: RegisteredClient) -> None:
    page = alice.consent_page(print_shop.authorization_request())
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
def test_anything_else_is_an_error_of_the_form(
    alice: Person, print_shop: RegisteredClient, events: Events, decision: str, scopes: list[str]
) -> None:
    page = alice.consent_page(print_shop.authorization_request())
    answer = alice.decide(page, decision, *scopes)

    assert answer.status_code == 400
    assert Page(answer).title.startswith("Error: ")
    assert list(Page(answer).boxes) == ["profile", "photos:read"]
    assert not events.named("authorization_code_issued")
    assert not events.named("consent_given")


def test_an_error_of_the_form_can_be_mended(alice: Person, print_shop: RegisteredClient) -> None:
    page = Page(alice.decide(alice.consent_page(print_shop.authorization_request()), "allow"))
    response = AuthorizationResponse.read(alice.decide(page, "allow", "profile"))

    assert "Nothing was decided" in page.text
    assert Tokens.read(print_shop.redeem(response.code)).scope == "profile"


# Forgery ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("token", [None, "", "made-up"])
def test_a_forged_consent_is_refused(
    alice: Person, print_shop: RegisteredClient, events: Events, token: str | None
) -> None:
    """RFC 6749 §10.12: the authorization server MUST implement CSRF protection for its authorization endpoint."""
    page = alice.consent_page(print_shop.authorization_request())
    page.form.fields.pop("csrf_token")
    page.form.fields |= {} if token is None else {"csrf_token": token}
    answer = alice.decide(page, "allow", *page.boxes)

    assert answer.status_code == 400
    assert "Location" not in answer.headers
    assert not events.named("authorization_code_issued")
    assert alice.ask(print_shop.authorization_request()).status_code == 200


def test_a_consent_with_the_token_of_another_session_is_refused(
    alice: Person, mallory: Person, posters: RegisteredClient, events: Events
) -> None:
    """Mallory makes alice's browser send the form that mallory was given."""
    mallorys = mallory.consent_page(posters.authorization_request())
    alice.sign_in()
    answer = alice.decide(mallorys, "allow", *mallorys.boxes)

    assert answer.status_code == 400
    assert not events.named("authorization_code_issued")


def test_a_page_for_alice_cannot_be_used_after_bob_signed_in(
    alice: Person, print_shop: RegisteredClient, events: Events
) -> None:
    page = alice.consent_page(print_shop.authorization_request())
    alice.sign_in(username="bob", password="builder")
    answer = alice.decide(page, "allow", *page.boxes)

    assert answer.status_code == 400
    assert "Location" not in answer.headers
    assert not events.named("authorization_code_issued")


def test_the_page_that_refuses_a_form_leads_to_a_fresh_one(
    alice: Person, print_shop: RegisteredClient
) -> None:
    request = print_shop.authorization_request()
    page = alice.consent_page(request)
    alice.sign_in()
    refusal = Page(alice.decide(page, "allow", *page.boxes))

    assert request in refusal.links


def test_a_decision_of_somebody_signed_out_is_none(
    alice: Person, print_shop: RegisteredClient, events: Events
) -> None:
    page = alice.consent_page(print_shop.authorization_request())
    alice.sign_out()
    answer = alice.decide(page, "allow", *page.boxes)

    assert answer.status_code == 400
    assert not events.named("authorization_code_issued")


def test_a_decision_is_checked_like_the_request_it_belongs_to(
    alice: Person, print_shop: RegisteredClient
) -> None:
    """The page posts back to its request; changing that on the way changes what is checked."""
    page = alice.consent_page(print_shop.authorization_request())
    page.form.action = print_shop.authorization_request(redirect_uri="https://evil.example/")
    untrusted = alice.decide(page, "allow", *page.boxes)
    page.form.action = print_shop.authorization_request(code_challenge=None)
    refused = AuthorizationResponse.read(alice.decide(page, "allow", *page.boxes))

    assert (untrusted.status_code, "Location" in untrusted.headers) == (400, False)
    assert refused.error == "invalid_request"


def test_parameters_of_the_request_do_not_come_from_the_form(
    alice: Person, print_shop: RegisteredClient
) -> None:
    """RFC 6749 §3.1: parameters MUST NOT be included more than once; what counts is the request's own."""
    page = alice.consent_page(print_shop.authorization_request())
    page.form.fields |= {
        "redirect_uri": "https://evil.example/",
        "scope": EVERYTHING,
        "state": "forged",
    }
    response = AuthorizationResponse.read(alice.decide(page, "allow", *page.boxes))

    assert (response.redirect_uri, response.state) == (print_shop.redirect_uri, "af0ifjsldkj")
    assert Tokens.read(print_shop.redeem(response.code)).scope == print_shop.scope


# What is remembered ----------------------------------------------------------------------------------------------------


def test_what_was_allowed_is_not_asked_again(alice: Person, print_shop: RegisteredClient) -> None:
    alice.allow(print_shop.authorization_request())

    assert is_settled(alice.ask(print_shop.authorization_request()))
    assert is_settled(alice.ask(print_shop.authorization_request(scope="photos:read")))


def test_only_what_is_new_is_asked(alice: Person, print_shop: RegisteredClient) -> None:
    alice.allow(print_shop.authorization_request(scope="profile"))
    page = alice.consent_page(print_shop.authorization_request(scope=EVERYTHING))

    assert page.boxes == {"photos:read": True, "photos:write": True}
    assert SCOPES["profile"].title.lower() in page.text.lower()


def test_what_was_allowed_before_comes_along(alice: Person, print_shop: RegisteredClient) -> None:
    alice.allow(print_shop.authorization_request(scope="profile"))
    tokens = print_shop.connect(alice, "photos:write", scope=EVERYTHING)

    assert tokens.scope == "profile photos:write"


def test_what_was_unticked_is_asked_again(alice: Person, print_shop: RegisteredClient) -> None:
    alice.allow(print_shop.authorization_request(), "profile")

    assert list(alice.consent_page(print_shop.authorization_request()).boxes) == ["photos:read"]


def test_what_was_denied_is_asked_again(alice: Person, print_shop: RegisteredClient) -> None:
    alice.deny(print_shop.authorization_request())

    assert list(alice.consent_page(print_shop.authorization_request()).boxes) == [
        "profile",
        "photos:read",
    ]


def test_somebody_else_is_asked(alice: Person, bob: Person, print_shop: RegisteredClient) -> None:
    alice.allow(print_shop.authorization_request())

    assert bob.consent_page(print_shop.authorization_request()).boxes


def test_another_client_is_asked_for(
    alice: Person, print_shop: RegisteredClient, posters: RegisteredClient
) -> None:
    alice.allow(print_shop.authorization_request())

    assert alice.consent_page(posters.authorization_request()).boxes


def test_it_is_remembered_across_browsers(alice: Person, print_shop: RegisteredClient) -> None:
    alice.allow(print_shop.authorization_request())

    assert is_settled(replace(alice).ask(print_shop.authorization_request()))


def test_a_public_client_is_asked_for_every_time(
    alice: Person, phone_app: RegisteredClient
) -> None:
    """RFC 6749 §10.2: the server SHOULD NOT process repeated requests automatically without assurance of who asks."""
    alice.allow(phone_app.authorization_request())

    assert list(alice.consent_page(phone_app.authorization_request()).boxes) == [
        "profile",
        "photos:read",
    ]


def test_a_grant_that_was_not_asked_about_is_as_wide_as_the_request(
    alice: Person, print_shop: RegisteredClient
) -> None:
    alice.allow(print_shop.authorization_request(scope=EVERYTHING))

    assert print_shop.connect(alice, scope="photos:read").scope == "photos:read"


def test_two_tabs_can_be_answered_one_after_the_other(
    alice: Person, print_shop: RegisteredClient
) -> None:
    """What one tab settled is no longer a question to the other, whose page still asks it."""
    first = alice.consent_page(print_shop.authorization_request(state="first"))
    second = alice.consent_page(print_shop.authorization_request(state="second"))

    assert is_settled(alice.decide(first, "allow", *first.boxes))
    assert is_settled(alice.decide(second, "allow", *second.boxes))


def test_what_is_unticked_counts_whatever_another_tab_settled(
    alice: Person, print_shop: RegisteredClient
) -> None:
    first = alice.consent_page(print_shop.authorization_request(state="first"))
    second = alice.consent_page(print_shop.authorization_request(state="second"))
    alice.decide(first, "allow", *first.boxes)
    response = AuthorizationResponse.read(alice.decide(second, "allow", "profile"))

    assert Tokens.read(print_shop.redeem(response.code)).scope == "profile"


def test_an_error_of_the_form_asks_again_whatever_another_tab_settled(
    alice: Person, print_shop: RegisteredClient
) -> None:
    first = alice.consent_page(print_shop.authorization_request(state="first"))
    second = alice.consent_page(print_shop.authorization_request(state="second"))
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

    assert alice.consent_page(phone_app.authorization_request()).form.fields
