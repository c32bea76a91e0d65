"""The store of recorded exchanges is ordered, bounded and private. It never fails a request."""

import json
import sqlite3
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from threading import Thread

import pytest

from config import PROJECT_ROOT
from inspector.record import store as store_module
from inspector.record.exchange import Body, Exchange
from inspector.record.store import MAX_BYTES, MAX_EXCHANGES, PRUNE_EVERY, Store
from tests.inspector.exchanges import exchange

AN_EXCHANGE = exchange("client_app", "GET /connect", id=0)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return the path of the recording of the fixture `store`."""
    return tmp_path / "inspector.db"


def add_exchanges(store: Store, *new_paths: str) -> None:
    """Add an exchange for each of these paths."""
    for path in new_paths:
        store.add(exchange("client_app", f"GET {path}"), store.run_id)


def stored_paths(store: Store) -> list[str]:
    """Return the paths of the stored exchanges."""
    return [one.path for one in store.exchanges()]


def stored_ids(store: Store) -> list[int]:
    """Return the ids of the stored exchanges."""
    return [one.id for one in store.exchanges()]


def test_a_stored_exchange_is_loaded_unchanged_with_an_id(store: Store) -> None:
    original = Exchange(
        leg="auth_server",
        request_id="request-1",
        started_at=1000.000001,
        ended_at=1000.25,
        method="POST",
        host="127.0.0.1:9000",
        path="/oauth/token",
        query=[("a", "1"), ("a", "2")],
        request_headers=[("Accept", "*/*")],
        request_body=Body(
            media_type="application/x-www-form-urlencoded",
            size=7,
            form=[("code", "••••••••~3fa9c1")],
        ),
        status=200,
        response_headers=[("Content-Type", "application/json")],
        response_body=Body(media_type="application/json", size=2, text="{}\N{SNOWMAN}"),
        ties=["code:3fa9c1d2"],
        events=[{"event": "token_issued", "scopes": ["profile"], "retried": False}],
    )
    store.add(original, store.run_id)

    [kept] = store.exchanges()

    assert kept == Exchange.from_document(original.to_document(), exchange_id=1)
    assert kept.query == original.query
    assert kept.request_body == original.request_body


def test_ids_increase_in_the_order_of_arrival(store: Store) -> None:
    add_exchanges(store, "/1", "/2", "/3")

    assert stored_paths(store) == ["/1", "/2", "/3"]
    assert stored_ids(store) == [1, 2, 3]
    assert [one.path for one in store.exchanges(after=2)] == ["/3"]


def test_an_empty_recording_has_no_last_id(store: Store) -> None:
    assert store.last_id() == 0
    assert store.exchanges() == []


def test_the_last_id_is_that_of_the_newest_exchange(store: Store) -> None:
    add_exchanges(store, "/1", "/2")

    assert store.last_id() == 2


def test_clearing_deletes_everything_and_ids_keep_increasing(store: Store) -> None:
    add_exchanges(store, "/1", "/2")
    store.clear()
    add_exchanges(store, "/3")

    assert stored_ids(store) == [3]


def test_every_change_of_the_recording_changes_the_last_id(store: Store) -> None:
    """The inspector's page detects changes by the last id."""
    last_ids = [store.last_id()]
    for change in (
        lambda: add_exchanges(store, "/1"),
        lambda: add_exchanges(store, "/2"),
        store.clear,
        lambda: add_exchanges(store, "/3"),
    ):
        change()
        last_ids.append(store.last_id())

    assert len(set(last_ids)) == len(last_ids)


def test_only_a_limited_number_of_the_newest_exchanges_is_kept(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_module, "MAX_EXCHANGES", 100)
    for n in range(3 * PRUNE_EVERY + 7):
        add_exchanges(store, f"/{n}")

    assert stored_ids(store) == list(range(3 * PRUNE_EVERY - 99, 3 * PRUNE_EVERY + 8))


def test_the_number_of_bytes_is_bounded(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_module, "MAX_BYTES", 100_000)
    add_exchanges(store, *["/" + "." * 4000] * 2 * PRUNE_EVERY)

    kept = stored_ids(store)
    assert kept == list(range(kept[0], 2 * PRUNE_EVERY + 1))
    assert 50_000 < sum(len(json.dumps(one.to_document())) for one in store.exchanges()) < 100_000


def test_the_newest_message_is_kept_even_if_it_is_too_large(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_module, "MAX_BYTES", 100_000)
    add_exchanges(store, *["/"] * (PRUNE_EVERY - 1), "/" + "." * 200_000)

    assert stored_ids(store) == [PRUNE_EVERY]


def test_the_limits_allow_a_long_demonstration() -> None:
    assert 1000 <= MAX_EXCHANGES <= 10_000
    assert 16 * 1024**2 <= MAX_BYTES <= 64 * 1024**2


# Runs


def test_a_new_run_is_empty_and_has_another_id(store: Store) -> None:
    add_exchanges(store, "/1")
    store.save_result("code-replay", {"stopped": True})
    before = store.run_id

    store.begin()

    assert store.exchanges() == []
    assert store.results() == {}
    assert len(store.run_id) == len(before) == 16
    assert store.run_id != before


def test_a_message_of_an_earlier_run_is_not_stored(store: Store, path: Path) -> None:
    """Its fingerprints were made under another key, so they would match no others."""
    earlier = store.run_id
    Store(path).begin()

    assert not store.add(AN_EXCHANGE, earlier)
    assert store.exchanges() == []

    assert store.add(AN_EXCHANGE, store.run_id)
    assert stored_paths(store) == [AN_EXCHANGE.path]


def test_an_existing_recording_is_opened(store: Store, path: Path) -> None:
    add_exchanges(store, "/1")
    reopened = Store(path)

    assert reopened.run_id == store.run_id
    assert stored_paths(reopened) == ["/1"]


def test_two_stores_on_one_file_share_their_exchanges(store: Store, path: Path) -> None:
    """The three legs are processes that share one file."""
    other = Store(path)
    add_exchanges(store, "/1")
    add_exchanges(other, "/2")
    add_exchanges(store, "/3")

    assert stored_paths(store) == stored_paths(other) == ["/1", "/2", "/3"]
    assert other.last_id() == 3


def test_legs_that_start_together_use_the_same_run(path: Path) -> None:
    opened: list[Store] = []
    threads = [Thread(target=lambda: opened.append(Store(path))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(opened) == 4
    assert {one.run_id for one in opened} == {Store(path).run_id} != {""}


def test_threads_can_write_in_parallel(store: Store) -> None:
    threads = [Thread(target=lambda n=n: add_exchanges(store, *[f"/{n}"] * 20)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert stored_ids(store) == list(range(1, 81))


# Results of the lab


def test_the_latest_result_of_each_attack_is_kept(store: Store) -> None:
    store.save_result("code-replay", {"stopped": False})
    store.save_result("code-replay", {"stopped": True})
    store.save_result("mix-up", {"stopped": True, "answer": "400 – “no”"})

    assert store.results() == {
        "code-replay": {"stopped": True},
        "mix-up": {"stopped": True, "answer": "400 – “no”"},
    }


def test_results_stay_when_the_messages_are_cleared(store: Store) -> None:
    store.save_result("code-replay", {"stopped": True})
    add_exchanges(store, "/1")

    store.clear()

    assert (list(store.results()), stored_paths(store)) == (["code-replay"], [])


# Rows that cannot be read

UNREADABLE = [
    "{}",
    "[]",
    "null",
    "7",
    "",
    "no JSON",
    "[" * 5000,
    '{"leg": "client_app"}',
    b"\x00\xff",
    3.5,
]


@pytest.mark.parametrize("document", UNREADABLE, ids=lambda document: repr(document)[:30])
def test_unreadable_rows_are_omitted(document: object, store: Store, path: Path) -> None:
    add_exchanges(store, "/1")
    store.save_result("code-replay", {"stopped": True})
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("INSERT INTO exchanges (document) VALUES (?)", (document,))
        connection.execute("INSERT INTO lab_results VALUES ('odd', ?)", (document,))
    add_exchanges(store, "/2")

    assert stored_paths(store) == ["/1", "/2"]
    assert {"code-replay": {"stopped": True}}.items() <= store.results().items()
    assert all(isinstance(result, dict) for result in store.results().values())


# The file


def test_only_the_owner_can_read_the_files(store: Store, path: Path) -> None:
    add_exchanges(store, "/1")

    files = sorted(path.parent.glob("inspector.db*"))

    assert [file.name for file in files] == ["inspector.db", "inspector.db-shm", "inspector.db-wal"]
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


def text_file(path: Path) -> None:
    """Create a file that is not a database."""
    path.write_text("This is not a database.\n" * 100)


def database_of_another_program(path: Path) -> None:
    """Create a database with a table of the same name but other columns."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE exchanges (currency TEXT, rate REAL)")


def damaged_database(path: Path) -> None:
    """Create a recording, and overwrite everything after its first 100 bytes."""
    add_exchanges(Store(path), "/1")
    path.write_bytes(path.read_bytes()[:100] + b"\xff" * 5000)
    path.with_name("inspector.db-wal").unlink(missing_ok=True)


def recording_of_another_version(path: Path) -> None:
    """Create a recording without one of its columns."""
    add_exchanges(Store(path), "/1")
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("ALTER TABLE exchanges DROP COLUMN document")


@pytest.mark.parametrize(
    "prepare_file",
    [text_file, database_of_another_program, damaged_database, recording_of_another_version],
)
def test_a_new_run_replaces_a_file_that_is_not_a_recording(
    path: Path, prepare_file: Callable[[Path], None]
) -> None:
    prepare_file(path)
    store = Store(path)
    add_exchanges(store, "/lost")
    store.begin()
    add_exchanges(store, "/2")

    assert stored_paths(store) == ["/2"]
    assert store.run_id
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_new_run_does_not_replace_a_recording_that_is_locked(store: Store, path: Path) -> None:
    add_exchanges(store, "/1")
    with closing(sqlite3.connect(path, isolation_level=None)) as writer:
        writer.execute("BEGIN EXCLUSIVE")
        other = Store(path)
        other.begin()
        writer.execute("ROLLBACK")

    assert stored_paths(other) == stored_paths(store) == ["/1"]


def test_a_message_is_dropped_while_the_file_is_locked(store: Store, path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as writer:
        writer.execute("BEGIN EXCLUSIVE")
        began = time.monotonic()
        add_exchanges(store, "/lost")
        seconds_waited = time.monotonic() - began
        writer.execute("ROLLBACK")
    add_exchanges(store, "/kept")

    assert stored_paths(store) == ["/kept"]
    assert seconds_waited < 1


def use_every_operation(store: Store) -> None:
    """Use every operation of the store."""
    store.begin()
    store.add(AN_EXCHANGE, store.run_id)
    store.save_result("code-replay", {})
    store.clear()


def test_a_recording_that_cannot_be_created_is_empty(tmp_path: Path) -> None:
    store = Store(tmp_path / "no such folder" / "inspector.db")
    use_every_operation(store)

    assert (store.exchanges(), store.results(), store.last_id(), store.run_id) == ([], {}, 0, "")


def test_a_folder_in_place_of_the_file_is_not_changed(path: Path) -> None:
    path.mkdir()
    store = Store(path)
    use_every_operation(store)

    assert (store.exchanges(), store.results(), store.last_id(), store.run_id) == ([], {}, 0, "")
    assert path.is_dir()


LOAD_IN_ANOTHER_PROCESS = """
import sys
from pathlib import Path
from inspector.record.store import Store
print(*(exchange.path for exchange in Store(Path(sys.argv[1])).exchanges()))
"""


def load_in_another_process(path: Path) -> list[str]:
    """Open the recording in another process, close it at once, and return its paths."""
    command = [sys.executable, "-c", LOAD_IN_ANOTHER_PROCESS, str(path)]
    finished = subprocess.run(command, cwd=PROJECT_ROOT, capture_output=True, text=True, check=True)
    return finished.stdout.split()


def test_a_second_thread_keeps_the_locks_of_the_first(store: Store, path: Path) -> None:
    """Without its locks, the other process would delete the write-ahead log that is in use."""
    add_exchanges(store, "/first")
    thread = Thread(target=store.exchanges)
    thread.start()
    thread.join()
    load_in_another_process(path)

    add_exchanges(store, "/second")

    assert load_in_another_process(path) == ["/first", "/second"]


def test_a_recording_of_an_earlier_version_is_replaced(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE run (id TEXT)")
        connection.execute("CREATE TABLE lab_results (slug TEXT PRIMARY KEY, document TEXT)")
        connection.execute(
            "CREATE TABLE exchanges (id INTEGER PRIMARY KEY AUTOINCREMENT,"
            " size INTEGER NOT NULL, document TEXT NOT NULL)"
        )
    store = Store(path)
    store.begin()
    store.add(exchange("auth_server", "GET /new"), store.run_id)

    assert stored_paths(store) == ["/new"]
