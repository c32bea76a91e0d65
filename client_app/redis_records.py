"""Records of browsers in Redis: one string for each record, and one hash for each lease.

Redis deletes what has expired. Each change is one script, which Redis runs as one step. A script
that is sent again, because its answer was lost, has no further effect.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import cast

import redis
from redis.backoff import ConstantBackoff
from redis.retry import Retry

from client_app.session_store import LEASE, StoreUnavailableError

#: Seconds in which Redis must answer. The URL can set another limit.
ANSWER_WITHIN = 2.0
#: Seconds before a command is sent once more over a new connection if the old one was closed.
RECONNECT_AFTER = 0.05
#: How long a lease is stored. After its end, its holder can write until another request takes it.
LEASE_IS_STORED = 15 * LEASE

_MILLISECOND = timedelta(milliseconds=1)
# In each script, the first key is that of the lease, and the first argument is the holder.
# `_STORE` without data deletes the record.
_TAKE_LEASE = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local lease = redis.call('HMGET', KEYS[1], 'holder', 'until')
local is_held = lease[1] and lease[1] ~= ARGV[1]
local until_ = tonumber(lease[2] or 0)
-- A lease that ends later than a new one could is from before the clock was set back.
if is_held and until_ > now and until_ <= now + 2 * ARGV[2] then
    return 0
end
redis.call('HSET', KEYS[1], 'holder', ARGV[1], 'until', now + ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1
"""
_STORE = """
if redis.call('HGET', KEYS[1], 'holder') ~= ARGV[1] then
    return 0
end
if ARGV[2] == '' then
    redis.call('DEL', KEYS[2])
else
    redis.call('SET', KEYS[2], ARGV[2], 'PX', ARGV[3])
end
redis.call('HSET', KEYS[1], 'until', 0)
return 1
"""


class RedisRecords:
    """The records in the Redis database that `url` names.

    :raises StoreUnavailableError: when Redis does not answer.
    """

    def __init__(self, url: str) -> None:
        self._redis = redis.Redis.from_url(
            url,
            socket_connect_timeout=ANSWER_WITHIN,
            socket_timeout=ANSWER_WITHIN,
            retry=Retry(ConstantBackoff(RECONNECT_AFTER), 1, (redis.ConnectionError,)),
        )
        self._take_lease = self._redis.register_script(_TAKE_LEASE)
        self._store = self._redis.register_script(_STORE)
        self.check()

    def find(self, digest: str) -> bytes | None:
        """Return the encrypted record, or None when there is none or it has expired."""
        with _errors_of_the_store():
            data = self._redis.get(_name_record(digest))
        return cast("bytes | None", data)

    def take_lease(self, digest: str, holder: str) -> bool:
        """Lease the record to `holder`; return False when another request holds the lease."""
        keys = [_name_lease(digest)]
        arguments: list[str | int] = [
            holder,
            LEASE // _MILLISECOND,
            LEASE_IS_STORED // _MILLISECOND,
        ]
        with _errors_of_the_store():
            taken = self._take_lease(keys, arguments)
        return bool(taken)

    def renew_lease(self, digest: str, holder: str) -> bool:
        """Renew the lease, unless `holder` has lost it.

        If it ran out and no other request took it, it is taken again.
        """
        return self.take_lease(digest, holder)

    def store(self, digest: str, holder: str, data: bytes, lifetime: timedelta) -> bool:
        """Store the record and release its lease, unless `holder` has lost the lease."""
        keys = [_name_lease(digest), _name_record(digest)]
        with _errors_of_the_store():
            stored = self._store(keys, [holder, data, lifetime // _MILLISECOND])
        return bool(stored)

    def delete(self, digest: str, holder: str) -> bool:
        """Delete the record and release its lease, unless `holder` has lost the lease."""
        return self.store(digest, holder, b"", timedelta())

    def check(self) -> None:
        """Ask Redis whether it can serve."""
        with _errors_of_the_store():
            self._redis.ping()

    def close(self) -> None:
        """Close all connections."""
        self._redis.close()


def _name_record(digest: str) -> str:
    """Return the key of a record. A cluster stores keys with the same braces on one node."""
    return f"tripod:client-session:{{{digest}}}"


def _name_lease(digest: str) -> str:
    return f"{_name_record(digest)}:lease"


@contextmanager
def _errors_of_the_store() -> Iterator[None]:
    try:
        yield
    except redis.RedisError as error:
        raise StoreUnavailableError(f"the session store does not answer: {error}") from error
