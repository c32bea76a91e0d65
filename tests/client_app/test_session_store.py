"""The session store: encrypted records, one per browser, changed by one request at a time."""

import hashlib
import stat
from datetime import timedelta

import pytest
from world.threads import at_once

from client_app import session_store
from client_app.models import Connection, Record
from client_app.oauth import Tokens
from client_app.orders import Order, OrderForm, Print
from client_app.record_cipher import RecordCipher
from client_app.session_store import (
    LEASE,
    SessionStore,
    StoreUnavailableError,
    renew_lease,
)
from tests.client_app.storages import EVERY_STORE, open_storage


@pytest.fixture
def cipher():
    return RecordCipher("client_app", ["a key"])


@pytest.fixture(params=EVERY_STORE)
def storage(request, tmp_path):
    storage = open_storage(request.param, request, tmp_path)
    yield storage
    storage.close()


@pytest.fixture
def store(storage, cipher):
    records = storage.open()
    yield SessionStore(records, cipher)
    records.close()


def connection(name):
    return Connection(
        name, Tokens(f"at-{name}", f"rt-{name}", "profile", expires_at=0, lifetime=1), made_at=0
    )


def add(name):
    """Return a change of a record that adds a connection with this id."""
    return lambda record: record.connections.append(connection(name))


def connection_ids(record):
    return [connection.id for connection in record.connections]


def test_an_unknown_browsers_record_is_empty(store):
    assert store.read("unknown").is_empty


def test_a_change_is_stored_only_for_its_browser(store):
    store.change("alice", add("a"))

    assert connection_ids(store.read("alice")) == ["a"]
    assert store.read("bob").is_empty


def test_a_change_is_stored_even_if_the_request_fails_later(store):
    def fail(record):
        add("a")(record)
        raise LookupError

    with pytest.raises(LookupError):
        store.change("alice", fail)

    assert connection_ids(store.read("alice")) == ["a"]


def test_reading_stores_nothing(store):
    add("a")(store.read("alice"))

    assert store.read("alice").is_empty


def test_an_empty_record_is_deleted(store, storage):
    store.change("alice", add("a"))
    store.change("alice", lambda record: record.remove_connection("a"))

    assert storage.stored() == {}


def test_simultaneous_changes_are_all_stored(store):
    at_once(*(lambda name=str(number): store.change("alice", add(name)) for number in range(20)))

    assert sorted(connection_ids(store.read("alice")), key=int) == [
        str(number) for number in range(20)
    ]


def test_a_change_that_is_no_longer_needed_takes_no_lease(store, storage):
    store.change("alice", add("a"))
    storage.lease_to_another()

    assert store.change("alice", add("b"), peek=connection_ids) == ["a"]


def test_waiting_for_a_lease_has_a_limit(store, storage, monkeypatch):
    monkeypatch.setattr(session_store, "MAX_WAIT", 0.05)
    store.change("alice", add("a"))
    storage.lease_to_another()

    with pytest.raises(StoreUnavailableError):
        store.change("alice", add("b"))

    assert connection_ids(store.read("alice")) == ["a"]


def test_the_lease_of_a_crashed_process_expires(store, storage, clock):
    store.change("alice", add("a"))
    storage.lease_to_another()
    clock.forward(LEASE)
    store.change("alice", add("b"))

    assert connection_ids(store.read("alice")) == ["a", "b"]


def test_a_request_that_lost_its_lease_writes_nothing(store, clock):
    def change_slowly(record):
        add("slow")(record)
        clock.forward(LEASE + timedelta(seconds=1))
        store.change("alice", add("quick"))

    with pytest.raises(StoreUnavailableError, match="ran out"):
        store.change("alice", change_slowly)

    assert connection_ids(store.read("alice")) == ["quick"]


def test_a_slow_request_without_competitors_still_writes(store, clock):
    store.change("alice", lambda record: clock.forward(LEASE * 2) or add("slow")(record))

    assert connection_ids(store.read("alice")) == ["slow"]


def test_a_record_expires_ten_minutes_after_the_cookie(store, client, clock):
    request, _ = client.authorization_request("profile")
    store.change("alice", add("a"))
    store.change("bob", lambda record: record.add_request(request))
    clock.forward(601)
    after_ten_minutes = (store.read("alice").is_empty, store.read("bob").is_empty)
    clock.forward(timedelta(hours=12))

    assert after_ten_minutes == (False, True)
    assert store.read("alice").is_empty


def test_a_request_that_waits_for_a_person_can_renew_its_lease(store, clock):
    def wait(record):
        for _ in range(4):
            clock.forward(LEASE / 2)
            renew_lease()
        assert not store.records.take_lease(hashlib.sha256(b"alice").hexdigest(), "another tab")
        add("slow")(record)

    store.change("alice", wait)

    assert connection_ids(store.read("alice")) == ["slow"]


def test_a_lost_lease_cannot_be_renewed(store, storage, clock):
    store.change("alice", add("a"))

    def wait(_record):
        clock.forward(LEASE + timedelta(seconds=1))
        storage.lease_to_another()
        renew_lease()

    with pytest.raises(StoreUnavailableError):
        store.change("alice", wait)


def test_renewing_without_a_lease_does_nothing(store):
    store.change("alice", add("a"))
    renew_lease()


def test_an_expired_record_under_a_lease_is_kept(store, clock):
    store.change("alice", add("a"))
    clock.forward(timedelta(hours=13))
    store.change("alice", lambda record: store.change("bob", add("b")) or add("new")(record))

    assert connection_ids(store.read("alice")) == ["new"]


def test_the_store_contains_neither_browser_ids_nor_tokens(store, storage):
    store.change("alice", add("a"))
    ((key, data),) = storage.stored().items()

    assert "alice" not in key
    assert b"at-a" not in data


@pytest.mark.parametrize("data", [b"", b"not a record", "truncated"], ids=str)
def test_a_record_that_cannot_be_decrypted_counts_as_missing(store, storage, data):
    store.change("alice", add("a"))
    ((key, stored),) = storage.stored().items()
    storage.store(key, stored[:-1] if data == "truncated" else data)

    assert store.read("alice").is_empty


@pytest.mark.parametrize(
    "content", [b"[]", b"{}", b"null", b'{"requests": [{"a": 1}], "connections": []}', b"?"]
)
def test_a_record_of_another_version_counts_as_missing(store, storage, cipher, content):
    store.change("alice", add("a"))
    (key,) = storage.stored()
    storage.store(key, cipher._fernet.encrypt(content))

    assert store.read("alice").is_empty


def test_a_new_key_encrypts_and_an_old_one_still_decrypts(store):
    store.change("alice", add("old"))
    rotated = SessionStore(store.records, RecordCipher("client_app", ["a new key", "a key"]))
    rotated.change("alice", add("new"))

    assert connection_ids(rotated.read("alice")) == ["old", "new"]
    assert store.read("alice").is_empty


@pytest.mark.parametrize("storage", ["sqlite"], indirect=True)
def test_only_the_owner_can_read_the_stores_file(store, tmp_path):
    modes = {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.glob("client_sessions.db*")}

    assert modes == {0o600}


def test_many_processes_can_start_at_the_same_moment(storage, cipher):
    stores = at_once(*[lambda: SessionStore(storage.open(), cipher)] * 8)
    stores[0].change("alice", add("a"))

    assert connection_ids(stores[7].read("alice")) == ["a"]
    for store in stores:
        store.records.close()


def test_a_missing_store_raises_an_error(store, storage):
    storage.destroy()

    with pytest.raises(StoreUnavailableError):
        store.read("alice")
    with pytest.raises(StoreUnavailableError):
        store.change("alice", add("a"))


def test_a_failed_request_releases_its_lease(store, monkeypatch):
    monkeypatch.setattr(session_store, "MAX_WAIT", 0.0)

    def exit_process(record):
        raise SystemExit

    with pytest.raises(SystemExit):
        store.change("alice", exit_process)
    store.change("alice", add("a"))

    assert connection_ids(store.read("alice")) == ["a"]


def test_orders_are_stored_with_their_connection(store):
    order = Order.create(
        OrderForm(("fjord",), "10x15", 2),
        [Print("fjord", "Fjord", "image/webp", 12)],
        "Alice",
        made_at=1.0,
    )
    store.change("alice", add("a"))
    store.change("alice", lambda record: record.connections[0].add_order(order))

    assert store.read("alice").connections[0].orders == [order]


def test_a_record_without_orders_can_be_read(store):
    request = b'{"state": "s", "verifier": "v", "scope": "profile", "created_at": 1}'
    written = b'{"requests": [' + request + b'], "connections": []}'

    assert Record.from_json(written).requests[0].return_to is None


def test_a_lease_from_the_future_does_not_block_the_record(store, storage, monkeypatch):
    """Its holder stopped, and then the clock was set back by a day."""
    monkeypatch.setattr(session_store, "MAX_WAIT", 0.0)
    store.change("alice", add("a"))
    storage.lease_to_another(LEASE + timedelta(days=1))
    store.change("alice", add("b"))

    assert connection_ids(store.read("alice")) == ["a", "b"]


def test_only_its_holder_can_release_a_lease(store):
    digest = "d" * 64
    store.records.take_lease(digest, "alice's tab")

    assert not store.records.store(digest, "another tab", b"data", timedelta(minutes=1))
    assert not store.records.delete(digest, "another tab")
    assert not store.records.take_lease(digest, "another tab")
    assert store.records.find(digest) in (None, b"")
    assert store.records.store(digest, "alice's tab", b"data", timedelta(minutes=1))
    assert store.records.take_lease(digest, "another tab")


@pytest.mark.parametrize("storage", ["redis"], indirect=True)
def test_redis_deletes_what_has_expired(store, storage, client, clock):
    request, _ = client.authorization_request("profile")
    store.change("alice", lambda record: record.add_request(request))
    before = len(storage.keys())
    clock.forward(601)

    assert (before, storage.keys()) == (2, [])


@pytest.mark.parametrize("storage", ["redis"], indirect=True)
def test_a_change_that_is_sent_again_has_no_further_effect(store):
    """The answer was lost, because the connection was closed."""
    digest, second = "d" * 64, timedelta(seconds=1)
    taken = [store.records.take_lease(digest, "holder") for _ in range(2)]
    stored = [store.records.store(digest, "holder", b"data", second) for _ in range(2)]

    assert (taken, stored) == ([True] * 2, [True] * 2)
