"""The filled database is consistent, and the server accepts its known tokens."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from world.hashing import cheap_hashing
from world.legs import Legs

from benchmarks.filling import GENERATIONS, KnownTokens, fill

COUNT = 2_000


class Filled:
    """The legs, whose authorization server has many tokens."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "auth_server.db"
        legs = Legs(folder)
        client = legs.register_client("https://calendar.example/callback", "photos:read")
        legs.close()
        self.known: KnownTokens = fill(self.path, client.client_id, COUNT)
        self.legs = Legs(folder)
        self.client = replace(client, http=self.legs.session())

    def count(self, query: str) -> int:
        """Return the only number of a query."""
        with closing(sqlite3.connect(self.path)) as database:
            return int(database.execute(query).fetchone()[0])


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filled]:
    """Fill a database once: all tests but the last one only look at it."""
    with cheap_hashing():
        made = Filled(tmp_path_factory.mktemp("filled") / "instance")
        yield made
        made.legs.close()


def test_there_are_as_many_tokens_as_requested(filled: Filled) -> None:
    access = filled.count("SELECT count(*) FROM access_tokens")
    refresh = filled.count("SELECT count(*) FROM refresh_tokens")

    assert (access, refresh) == (COUNT / 2, COUNT / 2)


def test_the_database_is_consistent(filled: Filled) -> None:
    with closing(sqlite3.connect(filled.path)) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert database.execute("PRAGMA foreign_key_check").fetchall() == []


def test_each_grant_has_a_chain_with_one_unspent_refresh_token(filled: Filled) -> None:
    grants = filled.count("SELECT count(*) FROM grants")
    chained = filled.count(
        "SELECT count(*) FROM refresh_tokens AS later JOIN refresh_tokens AS earlier"
        " ON earlier.digest = later.predecessor_digest AND earlier.grant_id = later.grant_id"
        " WHERE earlier.spent_at IS NOT NULL"
    )
    unspent = "FROM refresh_tokens WHERE spent_at IS NULL"

    assert filled.count(f"SELECT count(*) {unspent}") == grants
    assert filled.count(f"SELECT count(DISTINCT grant_id) {unspent}") == grants
    assert chained == (grants - len(filled.known.refresh)) * (GENERATIONS - 1)


def test_the_indexes_are_made_again(filled: Filled, tmp_path: Path) -> None:
    other = Legs(tmp_path / "other")
    names = "SELECT name FROM sqlite_master WHERE type = 'index' ORDER BY name"
    with closing(sqlite3.connect(tmp_path / "other" / "auth_server.db")) as database:
        expected = database.execute(names).fetchall()
    other.close()

    with closing(sqlite3.connect(filled.path)) as database:
        assert database.execute(names).fetchall() == expected


def test_the_server_accepts_the_known_tokens(filled: Filled) -> None:
    api = filled.legs.resource_server()

    assert api.holds(filled.known.access[-1])
    assert filled.client.refresh(filled.known.refresh[-1]).status_code == 200
