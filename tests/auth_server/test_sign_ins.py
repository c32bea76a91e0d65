"""A sign-in is a record on the server: it ends by itself, or when its user ends it."""

import logging
import sqlite3
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from world.cast import Person
from world.clock import Clock
from world.page import Button, Page

from auth_server import sign_in_records
from auth_server.models import SignIn
from tests.auth_server.server import ELSEWHERE, SOMEWHERE, Server


def copy_of(person: Person) -> Person:
    """Return a person at another browser that has a copy of the session cookie."""
    copy = person.in_another_browser()
    copy.browser.session_cookie = person.browser.session_cookie
    return copy


def visit_every(clock: Clock, person: Person, pause: timedelta, times: int) -> list[bool]:
    """Return whether the person was signed in after each pause."""
    visits = []
    for _ in range(times):
        clock.forward(pause)
        visits.append(person.is_signed_in())
    return visits


def sign_out_buttons(person: Person) -> list[Button]:
    """Return the buttons of the activity page that end a sign-in."""
    page = Page(person.ask("/account/activity"))
    return [button for form in page.forms for button in form.buttons if button.name == "sign_in"]


def end(person: Person, button: Button) -> str:
    """Press that button of the activity page, and return the text of the next page."""
    page = Page(person.ask("/account/activity"))
    form = next(form for form in page.forms if button.name in [b.name for b in form.buttons])
    answer = person.browser.post(form.action, form.entries | {"sign_in": str(button.value)})
    assert answer.status_code == 303
    return Page(person.browser.get(answer.headers["Location"])).text


def records(server: Server) -> int:
    with server.reading() as db:
        return db.scalar(select(func.count()).select_from(SignIn)) or 0


# The end


def test_a_copied_cookie_is_worthless_after_the_sign_out(alice: Person) -> None:
    alice.send_login()
    copy = copy_of(alice)
    before = copy.is_signed_in()
    alice.send_logout()

    assert before
    assert not copy.is_signed_in()


def test_signing_out_ends_only_the_sign_in_of_this_browser(alice: Person) -> None:
    elsewhere = alice.in_another_browser()
    for person in (alice, elsewhere):
        person.send_login()
    alice.send_logout()

    assert elsewhere.is_signed_in()


def test_a_sign_in_ends_after_12_hours_although_it_is_used(clock: Clock, alice: Person) -> None:
    alice.send_login()

    assert visit_every(clock, alice, timedelta(hours=1), 13) == [True] * 11 + [False] * 2


def test_a_sign_in_ends_after_2_hours_without_use(clock: Clock, alice: Person) -> None:
    alice.send_login()
    visits = visit_every(clock, alice, timedelta(hours=1, minutes=59), 2)

    assert visits == [True, True]
    assert visit_every(clock, alice, timedelta(hours=2), 1) == [False]


def test_the_requests_of_another_browser_keep_no_sign_in(
    clock: Clock, alice: Person, bob: Person
) -> None:
    alice.send_login()
    bob.send_login()

    assert visit_every(clock, bob, timedelta(hours=1), 2) == [True, True]
    assert not alice.is_signed_in()


def test_a_new_sign_in_in_the_same_browser_ends_the_one_before(alice: Person) -> None:
    alice.send_login()
    copy = copy_of(alice)
    alice.send_login("/login")

    assert alice.is_signed_in()
    assert not copy.is_signed_in()


def test_a_sign_in_gets_a_new_identity(alice: Person) -> None:
    """A cookie that an attacker has set before, or knows from before, is not signed in later."""
    alice.browser.get("/login")
    before = copy_of(alice)
    alice.send_login()

    assert alice.is_signed_in()
    assert not before.is_signed_in()


def test_deleting_a_user_ends_the_sign_ins(server: Server, mallory: Person) -> None:
    mallory.send_login()
    before = records(server)
    server.run("users", "delete", "mallory")

    assert (before, records(server)) == (1, 0)
    assert not mallory.is_signed_in()


def test_an_administrators_new_password_ends_the_sign_ins(server: Server, alice: Person) -> None:
    alice.send_login()
    server.run("users", "set-password", "alice", stdin="somebody else chose it\n")

    assert records(server) == 0
    assert not alice.is_signed_in()


def test_the_51st_sign_in_ends_the_one_that_was_used_least_recently(
    clock: Clock, server: Server, alice: Person
) -> None:
    people = [alice.in_another_browser() for _ in range(sign_in_records.MOST_SIGN_INS + 1)]
    for person in people:
        person.send_login()
        clock.forward(1)

    assert records(server) == sign_in_records.MOST_SIGN_INS
    assert [person.is_signed_in() for person in people[:2]] == [False, True]


# The list


def test_the_activity_page_lists_the_sign_ins(clock: Clock, server: Server, alice: Person) -> None:
    elsewhere = Person("alice", "wonderland", server.browser(ELSEWHERE))
    elsewhere.send_login()
    clock.forward(minutes=5)
    text = Page(alice.ask("/account/activity")).text

    assert f"This browser , from {SOMEWHERE} Signed in 4 March 2031, 12:05 UTC" in text
    assert f"Another browser, from {ELSEWHERE} Signed in 4 March 2031, 12:00 UTC" in text
    assert "Last used 5 minutes ago" in text


def test_the_activity_page_lists_no_sign_in_that_has_ended(clock: Clock, alice: Person) -> None:
    alice.in_another_browser().send_login()
    clock.forward(hours=2)

    assert len(sign_out_buttons(alice)) == 1


def test_the_activity_page_lists_no_sign_in_of_others(alice: Person, bob: Person) -> None:
    bob.send_login()

    assert len(sign_out_buttons(alice)) == 1


def test_one_sign_in_can_be_ended(clock: Clock, alice: Person) -> None:
    lost, kept = alice.in_another_browser(), alice.in_another_browser()
    for person in (lost, kept, alice):
        person.send_login()
        clock.forward(1)
    text = end(alice, sign_out_buttons(alice)[-1])

    assert "You signed out that browser." in text
    assert "You signed out one browser." in text
    assert [person.is_signed_in() for person in (lost, kept, alice)] == [False, True, True]


def test_ending_a_sign_in_twice_changes_nothing(alice: Person) -> None:
    alice.in_another_browser().send_login()
    button = sign_out_buttons(alice)[-1]
    end(alice, button)

    assert "That browser was signed out already." in end(alice, button)


def test_ending_the_sign_in_of_this_browser_signs_it_out(alice: Person) -> None:
    [button] = sign_out_buttons(alice)
    end(alice, button)

    assert not alice.is_signed_in()


def test_the_sign_in_of_another_user_cannot_be_ended(alice: Person, mallory: Person) -> None:
    [button] = sign_out_buttons(alice)
    mallory.send_login()
    text = end(mallory, button)

    assert "Nothing was changed." in text
    assert alice.is_signed_in()


@pytest.mark.parametrize("token", ["", "made-up"])
def test_another_site_cannot_end_a_sign_in(alice: Person, token: str) -> None:
    [button] = sign_out_buttons(alice)
    form = {"sign_in": str(button.value), "csrf_token": token}

    assert alice.browser.post("/account/activity", form).status_code == 400
    assert alice.is_signed_in()


def test_the_page_does_not_show_what_the_cookie_holds(server: Server, alice: Person) -> None:
    page = alice.ask("/account/activity").text
    with server.reading() as db:
        digest = db.scalars(select(SignIn.digest)).one()

    assert digest not in page


# The records


def test_the_use_is_stored_at_most_once_a_minute(
    clock: Clock, server: Server, alice: Person
) -> None:
    alice.send_login()
    stored = set()
    for _ in range(12):
        clock.forward(10)
        alice.browser.get("/")
        with server.reading() as db:
            stored.add(db.scalars(select(SignIn.used_at)).one())

    assert len(stored) == 2


def test_a_page_is_shown_while_the_database_accepts_no_writes(
    clock: Clock, alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    def store_use(*_: object) -> None:
        raise sqlite3.OperationalError("attempt to write a readonly database")

    alice.send_login()
    clock.forward(minutes=5)
    monkeypatch.setattr(sign_in_records, "store_use", store_use)

    assert alice.is_signed_in()


def test_a_signed_in_page_needs_one_statement_for_its_user(
    server: Server, alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    statements: list[str] = []
    alice.send_login()
    transaction = type(server.database.transaction(writing=False))
    run = transaction.run

    def note(self: object, sql: str, parameters: object = ()) -> object:
        statements.append(sql)
        return run(self, sql, parameters)  # type: ignore[arg-type]

    monkeypatch.setattr(transaction, "run", note)
    alice.browser.get("/")

    assert len(statements) == 1


def test_a_purge_deletes_the_sign_ins_that_have_ended(
    clock: Clock, server: Server, alice: Person, bob: Person
) -> None:
    for _ in range(3):
        alice.in_another_browser().send_login()
    clock.forward(hours=2)
    bob.send_login()
    purged = server.run("tokens", "purge")

    assert purged.output == "Deleted 3 expired rows.\n"
    assert bob.is_signed_in()


def test_a_clock_that_is_set_back_ends_no_sign_in(clock: Clock, alice: Person) -> None:
    alice.send_login()
    clock.forward(hours=-1)

    assert alice.is_signed_in()
    assert visit_every(clock, alice, timedelta(hours=1, minutes=30), 2) == [True, True]


def test_the_time_of_the_sign_in_stays_when_other_browsers_are_signed_out(
    clock: Clock, server: Server, alice: Person
) -> None:
    """It is the `auth_time` of OpenID Connect Core §2: no password was typed."""
    alice.send_login()
    clock.forward(minutes=30)
    form = Page(alice.browser.get("/account/apps")).forms[-1]
    alice.browser.post(form.action, form.entries | {"end": "sign-ins"})
    with server.reading() as db:
        [record] = db.scalars(select(SignIn))

    assert clock.now() - record.signed_in_at == timedelta(minutes=30)


def test_the_log_has_the_events_of_sign_ins(
    alice: Person, caplog: pytest.LogCaptureFixture
) -> None:
    alice.in_another_browser().send_login()
    button = sign_out_buttons(alice)[-1]
    caplog.clear()
    with caplog.at_level(logging.INFO, "tripod.events"):
        end(alice, button)
        alice.send_logout()
    events = [record.fields["event"] for record in caplog.records if hasattr(record, "fields")]

    assert [name for name in events if "sign" in name] == ["sign_in_ended", "signed_out"]
