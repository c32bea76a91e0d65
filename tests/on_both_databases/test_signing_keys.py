"""Signing keys on both databases: several workers make them once, and a rotation reaches all."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest

from auth_server import key_rotation
from auth_server.key_cipher import KeyCipher
from auth_server.key_rotation import make_missing_keys, rotate_keys
from auth_server.signing_keys import ALGORITHMS, SigningKeys, list_stored
from config import PROJECT_ROOT
from web import migrations
from web.database import Database

WORKERS = 6
PAUSE = 0.03
CIPHER = KeyCipher(["the secret key of all workers"])


@pytest.fixture
def workers(empty_database_url: str) -> Iterator[list[Database]]:
    """Return the databases of several workers, which are one, without keys."""
    databases = [Database(empty_database_url) for _ in range(WORKERS)]
    migrations.upgrade(databases[0].engine, PROJECT_ROOT / "migrations" / "auth_server")
    yield databases
    for database in databases:
        database.close()


@pytest.fixture(autouse=True)
def _slow_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let each transaction pause between what it reads and what it writes."""
    find, store = key_rotation._find_missing, key_rotation._store

    def find_slowly(stored: Any, cipher: Any) -> Any:
        missing = find(stored, cipher)
        time.sleep(PAUSE)
        return missing

    def store_slowly(db: Any, made: Any) -> None:
        time.sleep(PAUSE)
        store(db, made)

    monkeypatch.setattr(key_rotation, "_find_missing", find_slowly)
    monkeypatch.setattr(key_rotation, "_store", store_slowly)


def run_together(function: object, databases: list[Database]) -> None:
    barrier = Barrier(len(databases))

    def run(database: Database) -> None:
        barrier.wait()
        function(database, CIPHER)  # type: ignore[operator]

    with ThreadPoolExecutor(len(databases)) as pool:
        list(pool.map(run, databases))


def test_workers_that_start_together_make_the_keys_once(workers: list[Database]) -> None:
    run_together(make_missing_keys, workers)

    with workers[0].session(writing=False) as db:
        assert sorted(key.alg for key in list_stored(db)) == sorted(ALGORITHMS)


def test_concurrent_rotations_leave_one_current_key_for_each_algorithm(
    workers: list[Database],
) -> None:
    run_together(rotate_keys, workers)

    with workers[0].session(writing=False) as db:
        stored = list_stored(db)
    signing = [key.alg for key in stored if key.retired_at is None]
    assert sorted(signing) == sorted(ALGORITHMS)
    assert len(stored) == WORKERS * len(ALGORITHMS)


def test_all_workers_sign_with_the_same_key(workers: list[Database]) -> None:
    run_together(make_missing_keys, workers)

    signs = {SigningKeys(database, CIPHER).current("RS256").kid for database in workers}

    assert len(signs) == 1
