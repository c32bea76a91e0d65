"""The session store: records that only their browser finds, only the server reads, and only one request changes."""

import stat
from datetime import timedelta

import pytest
import sqlalchemy as sa

from client_app import session_store
from client_app.models import Connection, Record
from client_app.oauth import Tokens
from client_app.orders import Order, OrderForm, Print
from client_app.record_cipher import RecordCipher
from client_app.session_store import SessionStore, StoreUnavailableError, sessions
from web.clock import now
from web.database import Database


@pytest.fixture
def database(tmp_path):
    database = Database(f"sqlite:///{tmp_path}/sessions.db")
    yield database
    database.engine.dispose()


@pytest.fixture
def store(database):
    return SessionStore(database, RecordCipher("client_app", ["a key"]))


def connection(name):
    return Connection(
        name, Tokens(f"at-{name}", f"rt-{name}", "profile", expires_at=0, lifetime=1), made_at=0
    )


def add(name):
    return lambda record: record.connections.append(connection(name))


def names(record):
    return [held.id for held in record.connections]


def execute(database, statement):
    with database.writing() as db:
        return db.connection().execute(statement)


def test_an_unknown_browsers_record_is_empty(store):
    assert store.read("nobody").is_empty


def test_a_change_is_kept_for_that_browser_alone(store):
    store.change("alice", add("a"))

    assert names(store.read("alice")) == ["a"]
    assert store.read("bob").is_empty


def test_a_change_is_kept_even_if_its_maker_fails_later(store):
    def fail(record):
        add("a")(record)
        raise LookupError

    with pytest.raises(LookupError):
        store.change("alice", fail)

    assert names(store.read("alice")) == ["a"]


def test_what_is_only_read_is_not_kept(store):
    add("a")(store.read("alice"))

    assert store.read("alice").is_empty


def test_a_record_that_became_empty_is_gone(store, database):
    store.change("alice", add("a"))
    store.change("alice", lambda record: record.remove_connection("a"))

    assert execute(database, sessions.select()).all() == []


def test_no_change_at_the_same_moment_is_lost(store, at_once):
    at_once(*(lambda name=str(number): store.change("alice", add(name)) for number in range(20)))

    assert sorted(names(store.read("alice")), key=int) == [str(number) for number in range(20)]


def test_a_look_that_finds_the_work_done_needs_no_lease(store, database):
    store.change("alice", add("a"))
    execute(
        database,
        sessions.update().values(leased_by="another", leased_until=now() + session_store.LEASE),
    )

    assert store.change("alice", add("b"), peek=names) == ["a"]


def test_a_lease_is_waited_for_but_not_for_ever(store, database, monkeypatch):
    monkeypatch.setattr(session_store, "MAX_WAIT", 0.05)
    store.change("alice", add("a"))
    execute(
        database,
        sessions.update().values(leased_by="another", leased_until=now() + session_store.LEASE),
    )

    with pytest.raises(StoreUnavailableError):
        store.change("alice", add("b"))

    assert names(store.read("alice")) == ["a"]


def test_a_dead_holders_lease_runs_out(store, database, clock):
    store.change("alice", add("a"))
    execute(
        database,
        sessions.update().values(leased_by="dead", leased_until=now() + session_store.LEASE),
    )
    clock.shift(session_store.LEASE)
    store.change("alice", add("b"))

    assert names(store.read("alice")) == ["a", "b"]


def test_who_lost_the_lease_writes_nothing(store, clock):
    def too_slow(record):
        add("slow")(record)
        clock.shift(session_store.LEASE + timedelta(seconds=1))
        store.change("alice", add("quick"))

    with pytest.raises(StoreUnavailableError, match="ran out"):
        store.change("alice", too_slow)

    assert names(store.read("alice")) == ["quick"]


def test_who_was_slow_but_alone_is_in_time(store, clock):
    store.change(
        "alice", lambda record: clock.shift(session_store.LEASE * 2) or add("slow")(record)
    )

    assert names(store.read("alice")) == ["slow"]


def test_a_connected_record_lives_as_long_as_the_cookie_and_another_ten_minutes(
    store, client, clock
):
    request, _ = client.authorization_request("profile")
    store.change("alice", add("a"))
    store.change("bob", lambda record: record.add_request(request))
    clock.shift(601)
    after_ten_minutes = (store.read("alice").is_empty, store.read("bob").is_empty)
    clock.shift(timedelta(hours=12))

    assert after_ten_minutes == (False, True)
    assert store.read("alice").is_empty


def test_who_adds_a_record_takes_away_ten_that_have_expired(store, database, clock):
    for number in range(15):
        store.change(f"visitor {number}", add("a"))
    clock.shift(timedelta(hours=13))
    counts = []
    for name in ("alice", "bob"):
        store.change(name, add("a"))
        counts.append(len(execute(database, sessions.select()).all()))

    assert counts == [6, 2]


def test_an_expired_record_that_is_being_changed_is_left_alone(store, database, clock):
    store.change("alice", add("a"))
    clock.shift(timedelta(hours=13))
    store.change("alice", lambda record: store.change("bob", add("b")) or add("new")(record))

    assert names(store.read("alice")) == ["new"]


def test_the_table_names_no_browser_and_shows_no_token(store, database):
    store.change("alice", add("a"))
    (row,) = execute(database, sessions.select()).all()

    assert "alice" not in row.digest
    assert b"at-a" not in row.data


@pytest.mark.parametrize("data", [b"", b"not a record", "truncated"], ids=str)
def test_a_record_that_cannot_be_opened_is_none(store, database, data):
    store.change("alice", add("a"))
    (row,) = execute(database, sessions.select()).all()
    execute(database, sessions.update().values(data=row.data[:-1] if data == "truncated" else data))

    assert store.read("alice").is_empty


@pytest.mark.parametrize(
    "written", [b"[]", b"{}", b"null", b'{"requests": [{"a": 1}], "connections": []}', b"?"]
)
def test_another_versions_record_is_none(store, database, written):
    store.change("alice", add("a"))
    cipher = RecordCipher("client_app", ["a key"])
    execute(database, sessions.update().values(data=cipher._fernet.encrypt(written)))

    assert store.read("alice").is_empty


def test_a_new_key_seals_and_an_old_one_still_opens(database, store):
    store.change("alice", add("old"))
    rotated = SessionStore(database, RecordCipher("client_app", ["a new key", "a key"]))
    rotated.change("alice", add("new"))

    assert names(rotated.read("alice")) == ["old", "new"]
    assert store.read("alice").is_empty


def test_the_stores_file_is_its_owners_alone(store, tmp_path):
    modes = {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.glob("sessions.db*")}

    assert modes == {0o600}


def test_many_processes_may_start_at_once(tmp_path, at_once):
    databases = [Database(f"sqlite:///{tmp_path}/new.db") for _ in range(8)]
    stores = at_once(
        *(
            lambda one=one: SessionStore(one, RecordCipher("client_app", ["a key"]))
            for one in databases
        )
    )
    stores[0].change("alice", add("a"))

    assert names(stores[7].read("alice")) == ["a"]
    for database in databases:
        database.engine.dispose()


def test_a_store_that_is_gone_says_so(store, database):
    execute(database, sa.text("DROP TABLE client_sessions"))

    with pytest.raises(StoreUnavailableError):
        store.read("alice")
    with pytest.raises(StoreUnavailableError):
        store.change("alice", add("a"))


def test_a_request_that_ends_badly_leaves_no_lease_behind(store, monkeypatch):
    monkeypatch.setattr(session_store, "MAX_WAIT", 0.0)

    def stop(record):
        raise SystemExit

    with pytest.raises(SystemExit):
        store.change("alice", stop)
    store.change("alice", add("a"))

    assert names(store.read("alice")) == ["a"]


def test_orders_are_kept_with_their_connection(store):
    order = Order.create(
        OrderForm(("fjord",), "10x15", 2),
        [Print("fjord", "Fjord", "image/webp", 12)],
        "Alice",
        made_at=1.0,
    )
    store.change("alice", add("a"))
    store.change("alice", lambda record: record.connections[0].add_order(order))

    assert store.read("alice").connections[0].orders == [order]


def test_a_record_from_before_there_were_orders_is_read(store):
    written = b'{"requests": [{"state": "s", "verifier": "v", "scope": "profile", "created_at": 1}], "connections": []}'

    assert Record.from_json(written).requests[0].return_to is None
