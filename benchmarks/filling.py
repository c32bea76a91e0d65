"""Fill the authorization server's SQLite database with many grants and tokens, quickly.

Rows are made by SQLite itself, in the order of their keys, and the indexes are made at the end. The
result is consistent: each grant has a chain of refresh tokens, and an access token for each of
them. Some further tokens are known in clear, so that requests can present them. Their digests and
rows are spread over the whole tables.
"""

import hashlib
import math
import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

#: The refresh tokens of a grant, all but the last one spent. It has as many access tokens.
GENERATIONS = 5
GRANTS_OF_A_USER = 10
#: The most tokens of each kind that are known in clear.
MOST_KNOWN = 10_000
SCOPE = "photos:read"

# The first 15 digits of the digests rise evenly from row to row, as those of SHA-256 would. Row `n`
# of a table has token `i` of grant `i % :grants`, so that the rows of a grant are far apart.
# `:inverse` leads from `i` back to `n`. Even row ids leave room for the known tokens.
_NUMBERS = """
WITH RECURSIVE numbers(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < :rows),
tokens(n, i) AS (SELECT n, n * :factor % :rows FROM numbers)
"""
_USERS = f"""
INSERT INTO users (id, username, name, password_hash, is_demo, created_at)
{_NUMBERS}
SELECT printf('%024d', n), printf('user-%d', n), 'A user', 'no password', 0, :before FROM numbers
"""
_GRANTS = f"""
INSERT INTO grants (rowid, id, user_id, client_id, scope, created_at, expires_at)
{_NUMBERS}
SELECT 2 * n, printf('%024d', n), printf('%024d', n % :users), :client_id, :scope, :before, :after
FROM numbers
"""
_REFRESH_TOKENS = f"""
INSERT INTO refresh_tokens (rowid, digest, grant_id, predecessor_digest, issued_at, spent_at)
{_NUMBERS}
SELECT 2 * n, printf('%015x%049d', n * :step, n), printf('%024d', i % :grants),
    CASE WHEN i >= :grants THEN printf('%015x%049d', (i - :grants) * :inverse % :rows * :step,
        (i - :grants) * :inverse % :rows) END,
    :before, CASE WHEN i < :rows - :grants THEN :before END
FROM tokens
"""
_ACCESS_TOKENS = f"""
INSERT INTO access_tokens
    (rowid, digest, grant_id, refresh_token_digest, scope, issued_at, expires_at)
{_NUMBERS}
SELECT 2 * n, printf('%015xa%048d', n * :step, n), printf('%024d', i % :grants),
    printf('%015x%049d', n * :step, n), :scope, :before, :after
FROM tokens
"""
_KNOWN_GRANT = """
INSERT INTO grants (rowid, id, user_id, client_id, scope, created_at, expires_at)
VALUES (:grant_row, :grant, :user, :client_id, :scope, :before, :after)
"""
_KNOWN_REFRESH_TOKEN = """
INSERT INTO refresh_tokens (rowid, digest, grant_id, issued_at)
VALUES (:row, :refresh_digest, :grant, :before)
"""
_KNOWN_ACCESS_TOKEN = """
INSERT INTO access_tokens
    (rowid, digest, grant_id, refresh_token_digest, scope, issued_at, expires_at)
VALUES (:row, :access_digest, :grant, :refresh_digest, :scope, :before, :after)
"""
_OWN_INDEXES = """
SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL
AND tbl_name IN ('grants', 'refresh_tokens', 'access_tokens')
"""


class KnownTokens(NamedTuple):
    """Tokens that requests can present; those with the same index belong to one grant."""

    access: list[str]
    refresh: list[str]


def fill(path: Path, client_id: str, count: int) -> KnownTokens:
    """Store `count` tokens, access and refresh tokens together, and return the known ones.

    The tables exist and have no token yet, and no server has the file open.
    """
    known = min(MOST_KNOWN, count // 20)
    rows = count // 2 - known
    common = _make_common_parameters(client_id, rows)
    tokens = KnownTokens(
        [f"a-known-access-token-{number:022}" for number in range(known)],
        [f"a-known-refresh-token-{number:021}" for number in range(known)],
    )
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        _prepare(database)
        indexes = _drop_indexes(database)
        database.execute(_USERS, {**common, "rows": common["users"], "factor": 1})
        database.execute(_GRANTS, {**common, "rows": common["grants"], "factor": 1})
        shuffled = {**common, "rows": rows, **_shuffle(rows)}
        for statement in (_REFRESH_TOKENS, _ACCESS_TOKENS):
            database.execute(statement, shuffled)
        _store_known(database, tokens, common, rows)
        for statement in indexes:
            database.execute(statement)
        database.execute("COMMIT")
    return tokens


def _make_common_parameters(client_id: str, rows: int) -> dict[str, object]:
    grants = rows // GENERATIONS
    moment = datetime.now(UTC).replace(tzinfo=None)
    return {
        "client_id": client_id,
        "scope": SCOPE,
        "before": (moment - timedelta(hours=1)).isoformat(" ", "microseconds"),
        "after": (moment + timedelta(hours=24)).isoformat(" ", "microseconds"),
        "grants": grants,
        "users": max(grants // GRANTS_OF_A_USER, 1),
    }


def _prepare(database: sqlite3.Connection) -> None:
    for pragma in (
        "journal_mode=OFF",
        "synchronous=OFF",
        "foreign_keys=OFF",
        "cache_size=-1000000",
    ):
        database.execute(f"PRAGMA {pragma}")
    database.execute("BEGIN EXCLUSIVE")


def _drop_indexes(database: sqlite3.Connection) -> list[str]:
    """Drop the indexes that are not part of a key, and return the statements that make them."""
    found = database.execute(_OWN_INDEXES).fetchall()
    for name, _ in found:
        database.execute(f"DROP INDEX {name}")
    return [statement for _, statement in found]


def _shuffle(rows: int) -> dict[str, int]:
    """Return the parameters that spread the tokens of a grant over the table."""
    factor = int(rows * 0.618)
    while math.gcd(factor, rows) != 1:
        factor += 1
    return {"factor": factor, "inverse": pow(factor, -1, rows), "step": 16**15 // rows}


def _store_known(
    database: sqlite3.Connection, tokens: KnownTokens, common: dict[str, object], rows: int
) -> None:
    parameters = list(_list_known(tokens, common, rows))
    for statement in (_KNOWN_GRANT, _KNOWN_REFRESH_TOKEN, _KNOWN_ACCESS_TOKEN):
        database.executemany(statement, parameters)


def _list_known(
    tokens: KnownTokens, common: dict[str, object], rows: int
) -> Iterator[dict[str, object]]:
    """Yield the parameters of the known tokens, in a random order that is always the same."""
    chance = random.Random(1)
    grants, users = int(str(common["grants"])), int(str(common["users"]))
    token_rows = chance.sample(range(rows), len(tokens.access))
    grant_rows = chance.sample(range(grants), len(tokens.access))
    for number, (access, refresh) in enumerate(zip(*tokens, strict=True)):
        yield {
            **common,
            "row": 2 * token_rows[number] + 1,
            "grant_row": 2 * grant_rows[number] + 1,
            "grant": f"{chance.randrange(grants):024}"[:23] + f"k{number}",
            "user": f"{chance.randrange(users):024}",
            "access_digest": _digest(access),
            "refresh_digest": _digest(refresh),
        }


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
