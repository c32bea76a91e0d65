"""The keys that sign ID tokens (RFC 7517): published, kept encrypted, and rotated."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from joserfc.errors import InvalidKeyIdError
from joserfc.jwk import import_key
from sqlalchemy import func, select, update
from sqlalchemy.exc import OperationalError
from world.cast import Person
from world.clock import Clock
from world.events import Events
from world.id_tokens import header_of, read_id_token
from world.page import media_type
from world.registered_client import RegisteredClient

from auth_server import signing_keys
from auth_server.models import signing_keys as table
from auth_server.signing_keys import (
    ANNOUNCED_FOR,
    FRESH_FOR,
    ID_TOKEN_LIFETIME,
    KEPT_FOR,
    PUBLISHED_FOR,
)
from tests.auth_server.server import Server

JWKS = "/oauth/jwks"
#: In seconds; the tests replace it.
ORDINARY_RELOAD = signing_keys.RELOAD_AFTER
#: The members of a private key (RFC 7518 §6).
PRIVATE_MEMBERS = {"d", "p", "q", "dp", "dq", "qi", "oth", "k"}


@pytest.fixture(autouse=True)
def _reload_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let each use read the keys again, as after some seconds."""
    monkeypatch.setattr(signing_keys, "RELOAD_AFTER", -1)


def published_keys(server: Server) -> list[dict[str, Any]]:
    keys: list[dict[str, Any]] = server.browser().get(JWKS).json()["keys"]
    return keys


def kids(server: Server) -> set[str]:
    return {key["kid"] for key in published_keys(server)}


def id_token_of(person: Person, client: RegisteredClient) -> str:
    return person.connect(client, scope="openid").id_token


def test_one_key_is_published_for_each_algorithm(server: Server) -> None:
    keys = {key["alg"]: key for key in published_keys(server)}

    assert {alg: key["kty"] for alg, key in keys.items()} == {"RS256": "RSA", "ES256": "EC"}
    assert {key["use"] for key in keys.values()} == {"sig"}
    assert len(keys["RS256"]["n"]) == 342  # 2048 bits in base64url
    assert keys["ES256"]["crv"] == "P-256"


def test_no_private_member_is_published(server: Server) -> None:
    assert [PRIVATE_MEMBERS & set(key) for key in published_keys(server)] == [set(), set()]


def test_caches_may_keep_the_published_keys(server: Server) -> None:
    answer = server.browser().get(JWKS)

    assert media_type(answer) == "application/json"
    assert answer.headers["Cache-Control"] == "public, max-age=60"
    assert "Set-Cookie" not in answer.headers


def test_the_database_holds_no_private_key_in_clear(server: Server) -> None:
    with server.reading() as db:
        stored = db.scalars(select(table.c.private_key)).all()

    assert len(stored) == 2
    assert not any('"' in value or "PRIVATE" in value for value in stored)


def test_keys_are_made_only_once(start: Callable[..., Server], server: Server) -> None:
    before = kids(server)

    start(NAME="Another process")

    assert kids(server) == before


def test_a_new_key_is_published_before_it_signs(
    clock: Clock, server: Server, alice: Person, print_shop: RegisteredClient
) -> None:
    """Another process may have read the keys a moment ago, and answers clients with them."""
    former = header_of(id_token_of(alice, print_shop))["kid"]

    server.run("keys", "rotate")

    assert len(kids(server)) == 4
    assert header_of(id_token_of(alice, print_shop))["kid"] == former
    clock.forward(ANNOUNCED_FOR)
    assert header_of(id_token_of(alice, print_shop))["kid"] != former


def test_every_client_can_fetch_a_key_before_it_signs() -> None:
    """A process reads the keys again after `RELOAD_AFTER`, and a query can take as long."""
    assert ANNOUNCED_FOR.total_seconds() >= FRESH_FOR + 3 * ORDINARY_RELOAD


def test_after_two_rotations_the_newest_key_signs(
    clock: Clock, server: Server, alice: Person, print_shop: RegisteredClient
) -> None:
    server.run("keys", "rotate")
    clock.forward(1)
    output = server.run("keys", "rotate").output
    clock.forward(ANNOUNCED_FOR)

    assert header_of(id_token_of(alice, print_shop))["kid"] in output


def test_after_a_rotation_older_id_tokens_still_verify(
    server: Server, alice: Person, print_shop: RegisteredClient
) -> None:
    older = id_token_of(alice, print_shop)

    server.run("keys", "rotate")

    assert len(kids(server)) == 4
    assert read_id_token(older, server.browser().get(JWKS))["aud"] == "print-shop"


def test_another_process_notices_a_rotation(server: Server, start: Callable[..., Server]) -> None:
    other = start(NAME="Another process")
    before = kids(other)

    server.run("keys", "rotate")

    assert before < kids(other) == kids(server)


def test_a_process_reads_the_keys_only_every_few_seconds(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signing_keys, "RELOAD_AFTER", 5.0)
    before = kids(server)

    server.run("keys", "rotate")

    assert kids(server) == before


@pytest.fixture
def cold_server(instance: Any, server: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """Start a process on the database of `server`. It has not read the keys yet."""
    monkeypatch.setattr(signing_keys, "RELOAD_AFTER", 60)
    cold = Server(instance.settings(NAME="A process that has just started"))
    yield cold
    cold.database.close()


def test_requests_during_the_first_reading_have_keys(
    cold_server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    list_stored = signing_keys.list_stored

    def list_slowly(db: Any) -> Any:
        time.sleep(0.2)
        return list_stored(db)

    monkeypatch.setattr(signing_keys, "list_stored", list_slowly)
    with ThreadPoolExecutor(3) as threads:
        published = threads.map(lambda _: kids(cold_server), range(3))

    assert [len(keys) for keys in published] == [2, 2, 2]


def test_a_reading_of_the_keys_that_failed_is_repeated(
    cold_server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_db: Any) -> Any:
        raise OperationalError("", None, Exception("the database is away"))

    with monkeypatch.context() as away:
        away.setattr(signing_keys, "list_stored", fail)
        assert cold_server.browser().get(JWKS).status_code == 503

    assert len(kids(cold_server)) == 2


def test_a_retired_key_is_published_until_its_last_id_token_has_expired(
    clock: Clock, server: Server, alice: Person, print_shop: RegisteredClient
) -> None:
    older = id_token_of(alice, print_shop)
    server.run("keys", "rotate")

    clock.forward(ID_TOKEN_LIFETIME)
    still = read_id_token(older, server.browser().get(JWKS))
    clock.forward(PUBLISHED_FOR - ID_TOKEN_LIFETIME + ANNOUNCED_FOR)

    assert still["exp"] == int(clock.now().timestamp()) - 60 - ANNOUNCED_FOR.seconds
    with pytest.raises(InvalidKeyIdError):
        read_id_token(older, server.browser().get(JWKS))


def test_the_purge_deletes_retired_keys_that_verify_nothing(clock: Clock, server: Server) -> None:
    server.run("keys", "rotate")
    server.run("tokens", "purge")
    early = len(kids(server))
    clock.forward(KEPT_FOR + ANNOUNCED_FOR)

    server.run("tokens", "purge")

    with server.reading() as db:
        assert (early, db.scalar(select(func.count()).select_from(table))) == (4, 2)


def test_the_keys_are_listed_with_what_they_do(clock: Clock, server: Server) -> None:
    def list_uses() -> list[tuple[str, str]]:
        lines = [line.split("\t") for line in server.run("keys", "list").output.splitlines()]
        assert {line[0] for line in lines} == kids(server)
        return sorted((line[1], line[3]) for line in lines)

    algorithms = ("ES256", "RS256")
    assert list_uses() == [(alg, "signs") for alg in algorithms]
    server.run("keys", "rotate")
    start = "2031-03-04 12:01:15 UTC"
    uses = (f"signs from {start}", f"signs until {start}")
    assert list_uses() == [(alg, use) for alg in algorithms for use in uses]
    clock.forward(ANNOUNCED_FOR)
    uses = ("published until 2031-03-04 13:02:15 UTC", "signs")
    assert list_uses() == [(alg, use) for alg in algorithms for use in uses]


def test_a_rotation_needs_the_secret_key_of_the_servers(server: Server) -> None:
    before = kids(server)
    settings = replace(server.settings, secret_keys=("the key of another installation",))
    server.app.extensions["tripod.settings"] = settings

    result = server.run("keys", "rotate")

    server.app.extensions["tripod.settings"] = server.settings
    assert (result.exit_code, len(result.output.splitlines())) == (1, 1)
    assert kids(server) == before


def test_a_rotation_is_in_the_event_log(server: Server, events: Events) -> None:
    output = server.run("keys", "rotate").output

    made = events.named("signing_key_made")
    assert {entry["alg"] for entry in made} == {"RS256", "ES256"}
    assert all(entry["kid"] in output for entry in made)


def test_a_fallback_of_the_secret_key_keeps_the_keys(start: Callable[..., Server]) -> None:
    """No other test starts a server with this key: it would be the one that is found here."""
    former = "the secret key that becomes the fallback"
    before = kids(start(SECRET_KEY=former))

    new = start(SECRET_KEY="the newest secret key of the server", SECRET_KEY_FALLBACKS=former)

    assert kids(new) == before != set()


def test_a_new_secret_key_without_a_fallback_makes_new_keys(
    server: Server, start: Callable[..., Server], events: Events
) -> None:
    before = kids(server)

    after = kids(start(SECRET_KEY="quite another secret key of this server"))

    [event] = events.named("signing_keys_unreadable")
    assert before & after == set()
    assert before <= set(event["kids"])
    assert kids(server) == before


def test_a_damaged_key_is_replaced(
    instance: Any, server: Server, start: Callable[..., Server]
) -> None:
    with server.database.writing() as db:
        db.execute(update(table).values(private_key="damaged"))
    another = Server(instance.settings(NAME="A process that starts later"))

    assert len(kids(another)) == 2
    another.database.close()


def test_a_kid_is_the_thumbprint_of_its_key(server: Server) -> None:
    """RFC 7638: no two keys have the same identifier."""
    for key in published_keys(server):
        assert import_key(key).thumbprint() == key["kid"]
