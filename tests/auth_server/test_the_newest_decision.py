"""A6 – The newest decision counts: what is unticked or denied is withdrawn everywhere."""

import pytest
from world.cast import Person
from world.clock import Clock
from world.events import Events
from world.page import Page
from world.registered_client import AuthorizationResponse, RegisteredClient, Tokens

EVERYTHING = "profile photos:read photos:write"
WITHDRAWN = "You withdrew a permission from Print Shop."


def scope_of(client: RegisteredClient, token: str) -> str | None:
    """Return the scope of the token, or None if it is not active."""
    scope: str | None = client.introspect(token).json().get("scope")
    return scope


def ask_again(alice: Person, client: RegisteredClient, scope: str = EVERYTHING) -> Page:
    """Return the consent page of a request with `prompt=consent`."""
    return alice.consent_page(client.authorization_path(scope=scope, prompt="consent"))


@pytest.fixture
def tokens(alice: Person, print_shop: RegisteredClient) -> Tokens:
    return alice.connect(print_shop, scope=EVERYTHING)


@pytest.mark.parametrize("decision", ["deny", "allow"])
def test_a_withdrawn_scope_is_asked_again(
    alice: Person, print_shop: RegisteredClient, tokens: Tokens, decision: str
) -> None:
    alice.decide(ask_again(alice, print_shop, "profile photos:write"), decision, "profile")

    page = alice.consent_page(print_shop.authorization_path(scope=EVERYTHING))
    expected = {"deny": ["profile", "photos:write"], "allow": ["photos:write"]}
    assert list(page.boxes) == expected[decision]


def test_an_unticked_scope_is_removed_from_every_grant_and_token(
    alice: Person, print_shop: RegisteredClient, tokens: Tokens
) -> None:
    code = alice.allow_request(print_shop.authorization_path(scope=EVERYTHING)).code
    alice.decide(ask_again(alice, print_shop), "allow", "profile", "photos:read")

    for token in (tokens.access_token, tokens.refresh_token):
        assert scope_of(print_shop, token) == "profile photos:read"
    assert Tokens.read(print_shop.refresh(tokens.refresh_token)).scope == "profile photos:read"
    assert Tokens.read(print_shop.redeem(code)).scope == "profile photos:read"


def test_a_denial_ends_what_is_left_without_scope(
    alice: Person, print_shop: RegisteredClient, tokens: Tokens, events: Events
) -> None:
    narrow = alice.connect(print_shop, scope="photos:read")
    code = alice.allow_request(print_shop.authorization_path(scope="photos:read")).code
    response = AuthorizationResponse.read(
        alice.decide(ask_again(alice, print_shop, "photos:read"), "deny")
    )

    assert response.error == "access_denied"
    assert scope_of(print_shop, narrow.access_token) is None
    assert print_shop.refresh(narrow.refresh_token).json()["error"] == "invalid_grant"
    assert print_shop.redeem(code).json()["error"] == "invalid_grant"
    assert scope_of(print_shop, tokens.access_token) == "profile photos:write"
    assert {entry["reason"] for entry in events.named("grant_ended")} == {"consent_withdrawn"}


def test_a_token_with_only_the_withdrawn_scope_is_inactive(
    alice: Person, print_shop: RegisteredClient, tokens: Tokens
) -> None:
    narrow = Tokens.read(print_shop.refresh(tokens.refresh_token, scope="photos:write"))
    alice.decide(ask_again(alice, print_shop), "allow", "profile")

    assert scope_of(print_shop, narrow.access_token) is None
    assert Tokens.read(print_shop.refresh(narrow.refresh_token)).scope == "profile"


def test_denying_more_access_keeps_what_was_not_asked(
    alice: Person, print_shop: RegisteredClient
) -> None:
    tokens = alice.connect(print_shop, scope="profile photos:read")
    alice.deny_request(print_shop.authorization_path(scope=EVERYTHING))

    assert scope_of(print_shop, tokens.access_token) == "profile photos:read"
    assert alice.connect(print_shop, scope="profile photos:read").scope == "profile photos:read"


def test_only_what_the_page_asked_is_withdrawn(alice: Person, print_shop: RegisteredClient) -> None:
    """The page did not show a scope that was forgotten since in another tab."""
    alice.connect(print_shop, scope="profile")
    kept = alice.connect(print_shop, scope="profile")
    page = alice.consent_page(print_shop.authorization_path(scope=EVERYTHING))
    form = Page(alice.browser.get("/account/apps")).forms[-1]
    alice.browser.post("/account/apps", form.entries | {"client_id": print_shop.client_id})
    renewed = alice.connect(print_shop, scope="profile")
    alice.decide(page, "deny")

    assert scope_of(print_shop, kept.access_token) is None
    assert scope_of(print_shop, renewed.access_token) == "profile"


@pytest.mark.parametrize("asked", ["photos:read profile nonsense", "", "photos:write"])
def test_a_form_withdraws_only_what_its_request_has(
    alice: Person, print_shop: RegisteredClient, tokens: Tokens, asked: str
) -> None:
    page = ask_again(alice, print_shop, "profile")
    page.form.entries["asked_scope"] = asked
    alice.decide(page, "deny")

    remaining = {"profile"} if "profile" not in asked else set()
    left = set(str(scope_of(print_shop, tokens.access_token)).split())
    assert left == {"photos:read", "photos:write"} | remaining


def test_an_invalid_decision_withdraws_nothing(
    alice: Person, print_shop: RegisteredClient, tokens: Tokens
) -> None:
    assert alice.decide(ask_again(alice, print_shop), "allow").status_code == 400

    assert scope_of(print_shop, tokens.access_token) == EVERYTHING


def test_a_forged_denial_withdraws_nothing(
    alice: Person, print_shop: RegisteredClient, tokens: Tokens
) -> None:
    page = ask_again(alice, print_shop)
    page.form.entries.pop("csrf_token")

    assert alice.decide(page, "deny").status_code == 400
    assert scope_of(print_shop, tokens.access_token) == EVERYTHING


def test_a_decision_concerns_one_user_and_one_client(
    alice: Person, bob: Person, print_shop: RegisteredClient, posters: RegisteredClient
) -> None:
    kept = [bob.connect(print_shop).access_token, alice.connect(posters).access_token]
    alice.connect(print_shop)
    alice.decide(ask_again(alice, print_shop, "profile photos:read"), "deny")

    for token, client in zip(kept, (print_shop, posters), strict=True):
        assert scope_of(client, token) == "profile photos:read"


def test_the_decision_about_a_public_client_counts_too(
    alice: Person, phone_app: RegisteredClient, photo_api: RegisteredClient
) -> None:
    tokens = alice.connect(phone_app)
    alice.allow_request(phone_app.authorization_path(), "profile")

    assert scope_of(photo_api, tokens.access_token) == "profile"
    alice.deny_request(phone_app.authorization_path())
    assert scope_of(photo_api, tokens.access_token) is None


def test_the_second_of_two_consent_pages_counts(
    alice: Person, print_shop: RegisteredClient
) -> None:
    first, second = (alice.consent_page(print_shop.authorization_path()) for _ in range(2))
    code = AuthorizationResponse.read(alice.decide(first, "allow", *first.boxes)).code
    tokens = Tokens.read(print_shop.redeem(code))
    alice.decide(second, "allow", "profile")

    assert scope_of(print_shop, tokens.access_token) == "profile"
    assert list(alice.consent_page(print_shop.authorization_path()).boxes) == ["photos:read"]


def test_a_withdrawn_permission_is_in_the_users_activity_and_in_the_event_log(
    clock: Clock, alice: Person, print_shop: RegisteredClient, tokens: Tokens, events: Events
) -> None:
    alice.decide(ask_again(alice, print_shop), "allow", "profile")
    alice.decide(ask_again(alice, print_shop, "photos:read"), "deny")

    [entry] = events.named("consent_withdrawn")
    assert (entry["client_id"], entry["scope"]) == ("print-shop", "photos:read photos:write")
    assert Page(alice.browser.get("/account/activity")).text.count(WITHDRAWN) == 1


def test_a_denial_without_earlier_access_withdraws_nothing(
    alice: Person, print_shop: RegisteredClient, events: Events
) -> None:
    alice.deny_request(print_shop.authorization_path())

    assert events.named("consent_withdrawn") == []
    assert WITHDRAWN not in Page(alice.browser.get("/account/activity")).text
