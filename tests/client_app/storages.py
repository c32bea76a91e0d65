"""What the tests do to the three kinds of session stores behind the back of Print Shop."""

import secrets
from datetime import timedelta

import pytest
import redis

from client_app.redis_records import RedisRecords
from client_app.session_store import LEASE
from client_app.sql_records import SqlRecords, sessions
from web.clock import now
from web.database import Database

_MILLISECOND = timedelta(milliseconds=1)
#: The parameters of the fixture `storage` for tests that must pass on every kind of store.
EVERY_STORE = [
    "sqlite",
    pytest.param("postgresql", marks=pytest.mark.processes),
    pytest.param("redis", marks=pytest.mark.processes),
]


class SqlStorage:
    """A database."""

    def __init__(self, url, server=None):
        self.url, self.server = url, server
        self._database = Database(url)
        self._opened = [self._database]

    def open(self):
        """Return the records as another process would open them."""
        self._opened.append(Database(self.url))
        return SqlRecords(self._opened[-1])

    def stored(self):
        """Return the stored data of each key."""
        return {row.digest: row.data for row in self._execute(sessions.select())}

    def store(self, key, data):
        """Replace the stored data of the key."""
        self._execute(sessions.update().where(sessions.c.digest == key).values(data=data))

    def lease_to_another(self, until=LEASE):
        """Lease every record to a process that stopped."""
        self._execute(sessions.update().values(leased_by="another", leased_until=now() + until))

    def age(self, time):
        """Do nothing: the records hold times of Print Shop's clock."""

    def destroy(self):
        """Make the store fail."""
        with self._database.writing() as db:
            sessions.drop(db.connection())

    def close(self):
        """Start the server again if it was stopped, and close the connections of the test."""
        if self.server is not None and self.server.process is None:
            self.server.start()
        for database in self._opened:
            database.close()

    def _execute(self, statement):
        with self._database.writing() as db:
            result = db.connection().execute(statement)
            return result.all() if result.returns_rows else []


class RedisStorage:
    """A database of Redis."""

    def __init__(self, server):
        self.server = server
        self.url = server.create_database()
        self._redis = redis.Redis.from_url(self.url)

    def open(self):
        """Return the records as another process would open them."""
        return RedisRecords(self.url)

    def stored(self):
        """Return the stored data of each key."""
        keys = [key for key in self.keys() if not key.endswith(":lease")]
        return {key: self._redis.get(key) for key in keys}

    def keys(self):
        """Return every key of the database."""
        return [key.decode() for key in self._redis.scan_iter()]

    def store(self, key, data):
        """Replace the stored data of the key."""
        self._redis.set(key, data, keepttl=True)

    def lease_to_another(self, until=LEASE):
        """Lease every record to a process that stopped."""
        seconds, microseconds = self._redis.time()
        end = seconds * 1000 + microseconds // 1000 + until // _MILLISECOND
        for key in self.stored():
            self._redis.hset(f"{key}:lease", mapping={"holder": "another", "until": end})

    def age(self, time):
        """Let everything be older by `time`: a test cannot move the clock of Redis."""
        milliseconds = time // _MILLISECOND
        for key in self.keys():
            if key.endswith(":lease"):
                self._redis.hincrby(key, "until", -milliseconds)
            self._redis.pexpire(key, max(0, self._redis.pttl(key) - milliseconds))

    def destroy(self):
        """Make the store fail."""
        self.server.stop()

    def close(self):
        """Start the server again if it was stopped, and close the connections of the test."""
        if self.server.process is None:
            self.server.start()
        self._redis.close()


def open_storage(kind, request, folder):
    """Return a new, empty store of the kind."""
    if kind == "redis":
        return RedisStorage(request.getfixturevalue("redis_server"))
    if kind == "postgresql":
        server = request.getfixturevalue("postgresql")
        return SqlStorage(server.create_database(secrets.token_hex(8)), server)
    return SqlStorage(f"sqlite:///{folder}/client_sessions.db")
