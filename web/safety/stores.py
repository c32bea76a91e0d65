"""Checks of the databases and of Print Shop's store."""

import socket
from collections.abc import Iterator

from sqlalchemy.exc import SQLAlchemyError

from config import PROJECT_ROOT
from web import migrations
from web.safety.installation import Installation, Store, StoreError, describe, open_database
from web.safety.network import is_on_this_machine
from web.safety.secret_keys import find_weakness

LEAST_PASSWORD = 16
_REDIS = ("redis", "rediss")
#: The modes in which the server must prove who it is. `require` encrypts for any server.
_VERIFIED = ("verify-ca", "verify-full")
#: The options of the Redis library that turn this off, and their only safe values.
_VERIFYING = {"ssl_cert_reqs": "required", "ssl_check_hostname": "true"}


def check_reachable(installation: Installation) -> Iterator[str]:
    """Check that every store answers."""
    for store in installation.stores:
        try:
            _ask(store)
        except (StoreError, OSError) as error:
            yield f"{store.setting}: {error}"
        except SQLAlchemyError as error:
            yield f"{store.setting} does not answer: {describe(error)}"


def check_migrated(installation: Installation) -> Iterator[str]:
    """Check that the tables are those of this version."""
    for store in installation.stores:
        if not store.leg:
            continue
        with open_database(store) as database:
            directory = PROJECT_ROOT / "migrations" / store.leg
            if not migrations.is_newest(database.engine, directory):
                yield f"{store.setting} has the tables of another version: start the leg once."


def check_separate(installation: Installation) -> Iterator[str]:
    """Check that no leg reads the tables of another one."""
    owners: dict[tuple[object, ...], str] = {}
    for store in installation.stores:
        url = store.url
        place = (url.get_backend_name(), *store.hosts, url.port, url.database)
        if owners.setdefault(place, store.setting) != store.setting:
            yield f"{owners[place]} and {store.setting} are the same: use two databases."


def check_several_machines(installation: Installation) -> Iterator[str]:
    """Check that either all stores can be shared by several machines, or none."""
    files = [store.setting for store in installation.stores if store.is_file]
    shared = [store.setting for store in installation.stores if not store.is_file]
    if files and shared:
        yield (
            f"{', '.join(shared)} can be shared by several machines, but "
            f"{', '.join(files)} is a file: each machine would have its own."
        )


def check_encrypted(installation: Installation) -> Iterator[str]:
    """Check that connections to other machines are encrypted, and that they verify the server."""
    for store in installation.stores:
        if "service" in store.url.query:
            yield f"{store.setting} names a service, which is not checked: name its host instead."
        if not all(map(is_on_this_machine, store.hosts)):
            yield from _check_connection(store)


def _check_connection(store: Store) -> Iterator[str]:
    if store.url.drivername not in _REDIS:
        if store.url.query.get("sslmode") not in _VERIFIED:
            yield f"{store.setting} names another machine: add ?sslmode=verify-full."
    elif store.url.drivername != "rediss":
        yield f"{store.setting} names another machine: use rediss://."
    for option in _find_unverified(store):
        yield f"{store.setting} names another machine: remove {option}."


def _find_unverified(store: Store) -> list[str]:
    """Return the options by which any server would be accepted."""
    query = store.url.normalized_query
    return [
        name
        for name, safe in _VERIFYING.items()
        if any(value.lower() != safe for value in query.get(name, ()))
    ]


def check_passwords(installation: Installation) -> Iterator[str]:
    """Check that a store that is reached over the network needs a password that is hard to guess.

    A Unix socket tells who connects.
    """
    for store in installation.stores:
        if not store.hosts:
            continue
        if not store.url.password:
            yield f"{store.setting} has no password: set one."
        elif weakness := find_weakness(str(store.url.password), LEAST_PASSWORD):
            yield f"the password in {store.setting} {weakness}"


def _ask(store: Store) -> None:
    """Send a trivial query.

    :raises StoreError: when the file does not exist.
    """
    if store.url.drivername in _REDIS:
        address = (store.url.host or "127.0.0.1", store.url.port or 6379)
        socket.create_connection(address, timeout=5).close()
        return
    with open_database(store) as database:
        database.check()
