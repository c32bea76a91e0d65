"""E1 – Connected apps: which apps have access, and how a user removes one."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from requests import Response
from world.cast import Person
from world.clock import Clock
from world.events import Events
from world.page import Page
from world.registered_client import RegisteredClient, Tokens

from auth_server.scopes import SCOPES
from tests.auth_server.server import Server


def apps_page(person: Person) -> Page:
    return Page(person.ask("/account/apps"))


def take_out(person: Person, client: RegisteredClient, page: Page | None = None) -> Response:
    """Send the form that removes `client`, with the token of a form on the page."""
    form = (page or apps_page(person)).forms[-1]
    return person.browser.post("/account/apps", form.entries | {"client_id": client.client_id})


def listed(person: Person) -> list[str]:
    """Return the identifiers on the buttons of the page."""
    return [
        button.value
        for form in apps_page(person).forms
        for button in form.buttons
        if button.name == "client_id"
    ]


# Content ----------------------------------------------------------------------


def test_an_app_is_listed_with_its_scopes(
    clock: Clock, alice: Person, print_shop: RegisteredClient
) -> None:
    alice.connect(print_shop)
    clock.forward(240)
    page = apps_page(alice)

    assert (
        f"Print Shop {SCOPES['profile'].title} profile {SCOPES['photos:read'].title} photos:read"
        in page.text
    )
    assert SCOPES["photos:write"].title not in page.text
    assert "Since 4 March 2031. Last used 4 minutes ago, on 4 March 2031." in page.text


@pytest.mark.parametrize(
    ("later", "words"),
    [
        (59, "just now, on 4 March"),
        (60, "1 minute ago, on 4 March"),
        (7200, "2 hours ago, on 4 March"),
        (86_400, "yesterday, on 4 March"),
        (30 * 86_400, "30 days ago, on 4 March"),
        (31 * 86_400, "on 4 March"),
    ],
)
def test_the_page_says_when_an_app_was_last_used(
    clock: Clock, alice: Person, print_shop: RegisteredClient, later: int, words: str
) -> None:
    alice.connect(print_shop)
    clock.forward(later)

    assert f"Last used {words} 2031." in apps_page(alice).text


def test_a_refresh_counts_as_use(clock: Clock, alice: Person, print_shop: RegisteredClient) -> None:
    tokens = alice.connect(print_shop)
    clock.forward(7200)
    print_shop.refresh(tokens.refresh_token)
    clock.forward(60)

    assert "Last used 1 minute ago" in apps_page(alice).text


def test_since_is_the_time_of_the_first_consent(
    clock: Clock, alice: Person, print_shop: RegisteredClient
) -> None:
    alice.connect(print_shop, scope="profile")
    clock.forward(3 * 86_400)
    alice.connect(print_shop, scope="profile photos:read")

    assert "Since 4 March 2031." in apps_page(alice).text


def test_an_app_that_never_redeemed_its_code_is_unused(
    alice: Person, print_shop: RegisteredClient
) -> None:
    alice.allow_request(print_shop.authorization_path())

    assert "Not used yet" in apps_page(alice).text


def test_the_page_without_apps_says_so(
    alice: Person, bob: Person, calendars: RegisteredClient
) -> None:
    alice.connect(calendars)
    page = apps_page(bob)

    assert "No app is connected" in page.text
    assert "Calendars" not in page.text
    assert listed(bob) == []


def test_an_app_with_only_a_remembered_consent_stays_listed(
    clock: Clock, alice: Person, print_shop: RegisteredClient
) -> None:
    """Its grant has ended but the consent is remembered, so the user can see and remove it."""
    tokens = alice.connect(print_shop)
    has_access = apps_page(alice).text
    print_shop.revoke(tokens.refresh_token)

    assert "no access now" not in has_access
    assert listed(alice) == ["print-shop"]
    assert "no access now" in apps_page(alice).text


def test_a_public_app_is_listed_while_it_has_an_active_grant(
    clock: Clock, alice: Person, phone_app: RegisteredClient
) -> None:
    alice.connect(phone_app)
    before = listed(alice)
    clock.forward(86_400 + 120)

    assert before == [phone_app.client_id]
    assert listed(alice) == []


def test_an_app_with_only_an_expired_code_is_not_listed(
    clock: Clock, alice: Person, phone_app: RegisteredClient
) -> None:
    alice.allow_request(phone_app.authorization_path())
    before = listed(alice)
    clock.forward(60)

    assert before == [phone_app.client_id]
    assert listed(alice) == []


def test_an_app_with_an_access_token_that_outlives_its_grant_is_listed(
    clock: Clock, alice: Person, phone_app: RegisteredClient, photo_api: RegisteredClient
) -> None:
    tokens = alice.connect(phone_app)
    clock.forward(86_399)
    access_token = Tokens.read(phone_app.refresh(tokens.refresh_token)).access_token
    clock.forward(10)
    was_good, was_listed = photo_api.holds(access_token), listed(alice) == [phone_app.client_id]
    take_out(alice, phone_app)

    assert (was_good, was_listed) == (True, True)
    assert not photo_api.holds(access_token)


def test_the_homepage_is_shown_and_the_name_is_escaped(
    server: Server, alice: Person, registers: Callable[..., RegisteredClient]
) -> None:
    name = "<b>Frame</b>"
    frame = registers(
        "--name", name, "--redirect-uri", "https://frame.example/", "--scope", "profile"
    )
    with server.database.writing() as db:
        db.connection().exec_driver_sql(
            "UPDATE clients SET homepage = 'https://frame.example/about'"
        )
    alice.connect(frame)
    answer = alice.browser.get("/account/apps")

    assert "https://frame.example/about" in Page(answer).addresses
    assert name in Page(answer).text
    assert name not in answer.text


# Removing an app --------------------------------------------------------------


def test_removing_an_app_deactivates_its_tokens_immediately(
    alice: Person, print_shop: RegisteredClient, photo_api: RegisteredClient, events: Events
) -> None:
    first = alice.connect(print_shop)
    second = alice.connect(print_shop)
    answer = take_out(alice, print_shop)

    assert (answer.status_code, answer.headers["Location"]) == (303, "/account/apps")
    for token in (
        first.access_token,
        first.refresh_token,
        second.access_token,
        second.refresh_token,
    ):
        assert photo_api.introspect(token).json() == {"active": False}
    assert print_shop.refresh(first.refresh_token).json()["error"] == "invalid_grant"
    assert [entry["reason"] for entry in events.named("grant_ended")] == [
        "removed_by_resource_owner"
    ] * 2


def test_removing_an_app_invalidates_its_unredeemed_code(
    alice: Person, print_shop: RegisteredClient
) -> None:
    code = alice.allow_request(print_shop.authorization_path()).code
    take_out(alice, print_shop)

    assert print_shop.redeem(code).json()["error"] == "invalid_grant"


def test_the_notice_names_the_removed_app(alice: Person, print_shop: RegisteredClient) -> None:
    alice.connect(print_shop)
    notice = Page(alice.browser.get(take_out(alice, print_shop).headers["Location"])).text

    assert "You removed Print Shop’s access. Its codes and tokens stopped working" in notice
    assert "You removed Print Shop’s access" not in apps_page(alice).text
    assert listed(alice) == []


def test_a_removed_app_must_ask_for_consent_again(
    alice: Person, print_shop: RegisteredClient
) -> None:
    alice.connect(print_shop)
    take_out(alice, print_shop)

    assert list(alice.consent_page(print_shop.authorization_path()).boxes) == [
        "profile",
        "photos:read",
    ]


def test_removing_an_app_keeps_the_others(
    alice: Person, bob: Person, print_shop: RegisteredClient, calendars: RegisteredClient
) -> None:
    alices, bobs, another = (
        alice.connect(print_shop),
        bob.connect(print_shop),
        alice.connect(calendars),
    )
    take_out(alice, print_shop)

    assert not print_shop.holds(alices.access_token)
    assert print_shop.holds(bobs.access_token)
    assert calendars.holds(another.access_token)
    assert listed(alice) == [calendars.client_id]
    assert listed(bob) == ["print-shop"]


def test_a_user_cannot_remove_another_users_app(
    alice: Person,
    bob: Person,
    print_shop: RegisteredClient,
    calendars: RegisteredClient,
    events: Events,
) -> None:
    alices = alice.connect(calendars)
    bob.connect(print_shop)
    notice = Page(bob.browser.get(take_out(bob, calendars).headers["Location"])).text

    assert "Nothing was changed" in notice
    assert "Calendars" not in notice
    assert calendars.holds(alices.access_token)
    assert listed(alice) == [calendars.client_id]
    assert not events.named("grant_ended")


@pytest.mark.parametrize("client_id", ["", "nobody", "photo-api", "print-shop\0", "☃", "x" * 5000])
def test_removing_an_unknown_app_changes_nothing(
    alice: Person, print_shop: RegisteredClient, client_id: str
) -> None:
    tokens = alice.connect(print_shop)
    answer = take_out(alice, replace(print_shop, client_id=client_id))

    assert answer.status_code == 303
    assert "Nothing was changed" in Page(alice.browser.get(answer.headers["Location"])).text
    assert print_shop.holds(tokens.access_token)


def test_removing_an_app_twice_is_no_error(alice: Person, print_shop: RegisteredClient) -> None:
    alice.connect(print_shop)
    page = apps_page(alice)
    take_out(alice, print_shop, page)
    answer = take_out(alice, print_shop, page)

    assert (
        "Nothing was changed"
        in Page(alice.browser.get(answer.headers["Location"])).text.split(
            "You removed Print Shop’s access"
        )[1]
    )


# Permissions ------------------------------------------------------------------


def test_the_button_asks_before_the_app_is_removed(
    alice: Person, print_shop: RegisteredClient
) -> None:
    """The question changes nothing, and its form removes the app."""
    tokens = alice.connect(print_shop)
    alice.browser.open("/account/apps")
    question = alice.browser.press("Remove access of Print Shop")
    is_kept = print_shop.holds(tokens.access_token)
    removed = alice.browser.press("Remove access")

    assert question.text.count("Remove the access of Print Shop?") >= 1
    assert (question.form.method, question.form.action) == ("POST", "/account/apps")
    assert "/account/apps" in question.addresses
    assert is_kept
    assert "You removed Print Shop’s access." in removed.text
    assert not print_shop.holds(tokens.access_token)


@pytest.mark.parametrize("query", ["?client_id=none", "?client_id=print-shop", "", "?client_id="])
def test_the_question_needs_a_connected_app(alice: Person, query: str) -> None:
    alice.send_login()
    answer = alice.browser.get(f"/account/apps/remove{query}")

    assert (answer.status_code, answer.headers["Location"]) == (303, "/account/apps")
    assert "That app is not connected" in apps_page(alice).text


@pytest.mark.parametrize("token", [None, "", "made-up"])
def test_another_site_cannot_remove_an_app(
    alice: Person, print_shop: RegisteredClient, token: str | None
) -> None:
    tokens = alice.connect(print_shop)
    page = apps_page(alice)
    page.forms[-1].entries.pop("csrf_token")
    page.forms[-1].entries |= {} if token is None else {"csrf_token": token}
    answer = take_out(alice, print_shop, page)

    assert answer.status_code == 400
    assert "/account/apps" in Page(answer).addresses
    assert print_shop.holds(tokens.access_token)


@pytest.mark.parametrize("path", ["/account/apps", "/account/activity", "/account/password"])
def test_the_page_requires_a_sign_in(alice: Person, path: str) -> None:
    answer = alice.browser.get(path)

    assert (answer.status_code, answer.headers["Location"]) == (303, f"/login?next={path}")
    assert alice.send_login(answer.headers["Location"]).headers["Location"] == path


def test_a_form_sent_after_signing_out_does_nothing(
    server: Server, alice: Person, print_shop: RegisteredClient
) -> None:
    tokens = alice.connect(print_shop)
    page = apps_page(alice)
    server.run("users", "set-password", "alice", stdin="through the looking-glass\n")
    answer = take_out(alice, print_shop, page)

    assert (answer.status_code, answer.headers["Location"]) == (303, "/login?next=/account/apps")
    assert print_shop.holds(tokens.access_token)


def test_the_navigation_marks_the_current_page(alice: Person) -> None:
    alice.send_login()
    for path in ("/account/apps", "/account/activity", "/account/password"):
        assert f'<a href="{path}" aria-current="page">' in alice.browser.get(path).text


def test_the_start_page_and_the_consent_page_link_to_the_apps(
    alice: Person, print_shop: RegisteredClient
) -> None:
    assert "/account/apps" in alice.consent_page(print_shop.authorization_path()).addresses
    assert {"/account/apps", "/account/activity", "/account/password"} <= set(
        Page(alice.browser.get("/")).addresses
    )
