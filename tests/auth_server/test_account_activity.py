"""The activity page: the events of the signed-in user's account."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event
from world.cast import Person
from world.clock import Clock
from world.page import Page
from world.registered_client import RegisteredClient

from tests.auth_server.server import ELSEWHERE, NOON, SOMEWHERE, Server
from web.database import Session

ALLOWED = "You gave Print Shop access."
LEFT = "Print Shop gave up its own access."
REVOKED = "Access for Print Shop was revoked because a code or token was used twice."
REMOVED = "You removed Print Shop's access."
WRONG = "Someone typed a wrong password for your account."


def activity(person: Person) -> str:
    return Page(person.ask("/account/activity")).text


def told(person: Person, *sentences: str) -> list[str]:
    """Those of `sentences` that the page has, in its order."""
    text = activity(person)
    return sorted((sentence for sentence in sentences if sentence in text), key=text.index)


def test_a_sign_in_is_listed_with_time_and_address(
    clock: Clock, alice: Person, server: Server
) -> None:
    alice.browser = server.browser(ELSEWHERE)
    alice.send_login()

    assert f"You signed in. 4 March 2031, 12:00 UTC , from {ELSEWHERE}" in activity(alice)
    assert NOON.isoformat() in alice.browser.get("/account/activity").text


def test_a_failed_sign_in_is_listed_with_time_and_address(
    clock: Clock, alice: Person, server: Server
) -> None:
    mallory = Person("alice", "a guess", server.browser(ELSEWHERE))
    mallory.send_login()
    clock.forward(60)
    alice.send_login()

    assert f"{WRONG} 4 March 2031, 12:00 UTC , from {ELSEWHERE}" in activity(alice)
    assert activity(alice).count("You signed in.") == 1


def test_a_failed_sign_in_is_listed_only_for_its_account(alice: Person, bob: Person) -> None:
    for username in ("alice", "ＡＬＩＣＥ", "nobody", "a\tname"):
        alice.send_login(username=username, password="a guess")
    alice.send_login()

    assert activity(alice).count(WRONG) == 2
    assert WRONG not in activity(bob)


def test_a_right_password_leaves_no_failure(alice: Person) -> None:
    """The failure is stored before the password is checked, at the same time as the others."""
    alice.send_login(password="a guess")
    alice.send_login()
    alice.send_login()

    assert activity(alice).count(WRONG) == 1


def test_a_wrong_current_password_is_listed(alice: Person) -> None:
    form = Page(alice.ask("/account/password")).form
    typed = {
        "current_password": "a guess",
        "new_password": "new password",
        "repeated_password": "new password",
    }
    alice.browser.post(form.action, data=form.entries | typed)

    assert activity(alice).count(WRONG) == 1


def test_guesses_keep_twenty_events_of_an_account_and_none_without_one(
    clock: Clock, server: Server, alice: Person
) -> None:
    alice.send_login()
    browser = server.browser(ELSEWHERE)
    for _ in range(5):
        for username in ("alice", "nobody"):
            for _ in range(5):
                Person(username, "a guess", browser).send_login()
        clock.forward(61)

    assert activity(alice).count(WRONG) == 20
    assert activity(alice).count("You signed in.") == 1
    with server.reading() as db:
        count = db.connection().exec_driver_sql("SELECT count(*) FROM account_events").scalar()
    assert count == 21


def test_known_and_unknown_usernames_need_the_same_statements(
    server: Server, alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So neither the answer nor its time says whether an account exists."""
    answers, statements = {}, {}
    for username in ("alice", "nobody"):
        with sent_statements(server, monkeypatch) as sent:
            answer = alice.send_login(username=username, password="a guess")
        answers[username] = answer.status_code, Page(answer).text
        statements[username] = sent

    assert statements["alice"] == statements["nobody"]
    assert any("INSERT INTO account_events" in statement for statement in statements["nobody"])
    assert answers["alice"] == answers["nobody"]
    assert answers["alice"][0] == 403


@contextmanager
def sent_statements(server: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Give the statements that the server sends to its database, in their order."""
    statements: list[str] = []
    run = Session.run

    def run_and_note(self: Session, sql: str, parameters: Any = ()) -> Any:
        statements.append(sql)
        return run(self, sql, parameters)

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        statements.append(statement)

    event.listen(server.database.engine, "before_cursor_execute", note)
    with monkeypatch.context() as patches:
        patches.setattr(Session, "run", run_and_note)
        yield statements
    event.remove(server.database.engine, "before_cursor_execute", note)


def test_the_newest_event_comes_first(
    clock: Clock, alice: Person, print_shop: RegisteredClient
) -> None:
    tokens = alice.connect(print_shop)
    clock.forward(60)
    print_shop.revoke(tokens.access_token)

    assert told(alice, ALLOWED, LEFT) == [LEFT, ALLOWED]


def test_a_new_app_is_listed_once(alice: Person, print_shop: RegisteredClient) -> None:
    alice.connect(print_shop)
    alice.connect(print_shop)

    assert activity(alice).count(ALLOWED) == 1


def test_a_public_app_is_listed_once_while_it_has_access(
    clock: Clock, alice: Person, phone_app: RegisteredClient
) -> None:
    alice.connect(phone_app)
    alice.connect(phone_app)
    once = activity(alice).count("You gave Phone App access.")
    clock.forward(86_400 + 120)
    alice.connect(phone_app)

    assert once == 1
    assert activity(alice).count("You gave Phone App access.") == 2


def test_a_denied_request_is_not_listed(alice: Person, print_shop: RegisteredClient) -> None:
    alice.deny_request(print_shop.authorization_path())

    assert told(alice, ALLOWED) == []


def test_an_app_that_gives_up_its_last_grant_is_listed(
    alice: Person, print_shop: RegisteredClient
) -> None:
    """A step-up revokes the old grant after the new one is issued. The app keeps its access."""
    old, new = alice.connect(print_shop), alice.connect(print_shop)
    print_shop.revoke(old.refresh_token)
    before = told(alice, LEFT)
    print_shop.revoke(new.refresh_token)
    print_shop.revoke(new.refresh_token)

    assert before == []
    assert activity(alice).count(LEFT) == 1


@pytest.mark.parametrize("what", ["a code", "a refresh token"])
def test_a_replay_is_listed(
    clock: Clock, alice: Person, print_shop: RegisteredClient, what: str
) -> None:
    code = alice.allow_request(print_shop.authorization_path()).code
    refresh_token = print_shop.redeem(code).json()["refresh_token"]
    print_shop.refresh(refresh_token)
    clock.forward(11)
    before = told(alice, REVOKED)
    for _ in range(2):
        print_shop.redeem(code) if what == "a code" else print_shop.refresh(refresh_token)
    answer = alice.browser.get("/account/activity").text

    assert before == []
    assert Page(alice.browser.get("/account/activity")).text.count(REVOKED) == 1
    assert answer.count('class="leg-danger"') == 1


def test_a_code_presented_by_another_client_is_not_listed(
    alice: Person, print_shop: RegisteredClient, posters: RegisteredClient
) -> None:
    """It has no effect, and mallory must not be able to fill the page."""
    code = alice.allow_request(print_shop.authorization_path()).code
    print_shop.redeem(code)
    posters.redeem(code)

    assert told(alice, REVOKED, "Mallory") == []


def test_the_users_own_actions_are_listed(alice: Person, print_shop: RegisteredClient) -> None:
    alice.connect(print_shop)
    alice.browser.open("/account/apps")
    alice.browser.press("Remove access of Print Shop")
    alice.browser.press("Remove access")
    alice.browser.press("Sign out everywhere else")
    form = Page(alice.browser.get("/account/password")).form
    typed = {
        "current_password": "wonderland",
        "new_password": "new password",
        "repeated_password": "new password",
    }
    alice.browser.post(form.action, data=form.entries | typed)

    newest_first = [
        "You changed your password.",
        "You signed out everywhere else.",
        REMOVED,
        ALLOWED,
    ]
    assert told(alice, *newest_first) == newest_first


def test_signing_out_all_apps_lists_each_app(
    alice: Person, print_shop: RegisteredClient, phone_app: RegisteredClient
) -> None:
    alice.connect(print_shop)
    alice.connect(phone_app)
    form = Page(alice.browser.get("/account/apps")).forms[-1]
    alice.browser.post(form.action, data=form.entries | {"end": "everything"})

    sentences = [REMOVED, "You removed Phone App's access.", "You signed out everywhere else."]
    assert sorted(told(alice, *sentences)) == sorted(sentences)


def test_a_password_set_on_the_command_line_is_listed(server: Server, alice: Person) -> None:
    server.run("users", "set-password", "alice", stdin="through the looking-glass\n")
    alice.password = "through the looking-glass"
    alice.send_login()

    assert "An administrator reset your password." in activity(alice)


def test_a_deleted_app_keeps_its_name_in_the_list(
    server: Server, alice: Person, posters: RegisteredClient
) -> None:
    alice.connect(posters)
    server.run("clients", "delete", posters.client_id)

    assert "You gave Mallory's Posters access." in activity(alice)


def test_users_see_only_their_own_events(
    alice: Person, bob: Person, calendars: RegisteredClient
) -> None:
    bob.send_login()
    alice.connect(calendars)

    assert "Calendars" in activity(alice)
    assert "Calendars" not in activity(bob)
    assert activity(bob).count("You signed in.") == 1


def test_the_page_shows_the_last_fifty_events(clock: Clock, server: Server, alice: Person) -> None:
    alice.send_login()
    with server.database.writing() as db:
        db.connection().exec_driver_sql(
            "INSERT INTO account_events (user_id, at, event, client_name) WITH RECURSIVE n(i) AS "
            "(SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60) "
            "SELECT user_id, '2031-03-04 13:00:' || printf('%02d', i - 1) || '.000000', "
            "'app_allowed', 'App ' || i || ',' "
            "FROM account_events, n"
        )
    page = Page(alice.browser.get("/account/activity")).text

    assert page.count("You gave ") == 50
    assert "App 60, access." in page
    assert "App 10, access." not in page


def test_events_are_purged_after_ninety_days(clock: Clock, server: Server, alice: Person) -> None:
    alice.send_login()
    clock.forward(90 * 86_400 - 1)
    early = server.run("tokens", "purge").output
    clock.forward(1)
    late = server.run("tokens", "purge").output

    # The first purge deletes the sign-in.
    assert (early, late) == ("Deleted 1 expired rows.\n", "Deleted 1 expired rows.\n")


def test_deleting_a_user_deletes_their_events(server: Server, alice: Person) -> None:
    alice.send_login()
    server.run("users", "delete", "alice")

    with server.reading() as db:
        assert db.connection().exec_driver_sql("SELECT count(*) FROM account_events").scalar() == 0


def test_the_address_is_that_of_the_browser_and_not_of_the_client(
    alice: Person, print_shop: RegisteredClient
) -> None:
    """A client's own requests come from its server, which says nothing about where the user was."""
    print_shop.revoke(alice.connect(print_shop).access_token)

    assert f"{LEFT} " in activity(alice)
    assert SOMEWHERE not in activity(alice).split(LEFT)[1].split("You ")[0]
