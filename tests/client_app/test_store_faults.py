"""A session store that stops, hangs and starts again: some requests are refused, no more."""

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from world.browser import Browser
from world.cast import Person
from world.legs import Legs, copy_of
from world.page import Page

from client_app import create_app, redis_records
from client_app.redis_records import RedisRecords
from client_app.session_store import StoreUnavailableError
from web.environment import ConfigurationError

pytestmark = pytest.mark.processes

SERVERS = ["postgresql", "redis"]
#: In seconds: how long the store runs before a stop, and is stopped. The grace period is longer.
UP, DOWN = 0.6, 0.3
RESTARTS = 3


@pytest.fixture
def legs(stage, storage, tmp_path):
    """Run the legs with the session store of the test."""
    folder = copy_of(stage.instance_path, tmp_path / "instance")
    legs = Legs(folder, TRIPOD_SESSION_STORE_URL=storage.url)
    yield legs
    legs.close()


@pytest.fixture
def alice(legs):
    """Return Alice, who has connected Print Shop."""
    alice = Person("alice", "wonderland", Browser(legs.network, home=legs.auth_server_url))
    assert "Alice’s album" in alice.go_through(f"{legs.client_app_url}/connect").text
    return alice


@pytest.mark.parametrize("storage", SERVERS, indirect=True)
@pytest.mark.parametrize("path", ["/photos", "/", "/connect"])
def test_the_connection_works_again_after_a_restart_of_the_store(alices_browser, storage, path):
    storage.server.stop()
    meanwhile = alices_browser.get(path)
    storage.server.start()

    assert (meanwhile.status_code, meanwhile.headers["Retry-After"]) == (503, "10")
    assert "Print Shop cannot read its data" in meanwhile.text
    assert alices_browser.get(path).status_code in (200, 302)
    assert alices_browser.get("/photos").status_code == 200


@pytest.mark.parametrize("storage", ["redis"], indirect=True)
def test_a_redis_that_hangs_is_not_waited_for(alices_browser, storage):
    storage.server.pause()
    began_at = time.monotonic()
    meanwhile = [alices_browser.get(path) for path in ("/photos", "/connect", "/healthz")]
    waited = time.monotonic() - began_at
    storage.server.resume()

    assert [response.status_code for response in meanwhile] == [503] * 3
    assert waited < 10 * len(meanwhile) * redis_records.ANSWER_WITHIN
    assert alices_browser.get("/photos").status_code == 200


@pytest.mark.parametrize("storage", SERVERS, indirect=True)
def test_healthz_tells_whether_the_store_answers(browser, storage):
    statuses = [browser.get("/healthz").status_code]
    storage.server.stop()
    statuses.append(browser.get("/healthz").status_code)
    storage.server.start()

    assert [*statuses, browser.get("/healthz").status_code] == [200, 503, 200]


@pytest.mark.parametrize("storage", SERVERS, indirect=True)
def test_refreshing_tabs_keep_their_connection_while_the_store_restarts(legs, alice, storage):
    album = f"{legs.client_app_url}/photos"
    form = Page(alice.browser.get(album)).forms[0].entries
    statuses, is_over = Counter(), Event()

    def refresh_again_and_again():
        while not is_over.is_set():
            response = alice.browser.post(f"{legs.client_app_url}/refresh", form)
            statuses[response.status_code] += 1
            assert response.status_code != 503 or "Retry-After" in response.headers

    with ThreadPoolExecutor(4) as threads:
        tabs = [threads.submit(refresh_again_and_again) for _ in range(4)]
        for _ in range(RESTARTS):
            time.sleep(UP)
            storage.server.stop()
            time.sleep(DOWN)
            storage.server.start()
        time.sleep(UP)
        is_over.set()
        for tab in tabs:
            tab.result()

    assert set(statuses) == {303, 503}
    assert "Alice’s album" in alice.browser.get(album).text


@pytest.mark.parametrize("storage", ["redis"], indirect=True)
def test_without_redis_the_start_ends_with_one_clear_line(settings, storage):
    storage.server.stop()

    with pytest.raises(ConfigurationError) as refused:
        create_app(settings)

    line = str(refused.value)
    assert line.startswith("TRIPOD_SESSION_STORE_URL: the session store does not answer: ")
    assert "\n" not in line


def test_a_password_of_redis_is_in_no_error(redis_server):
    address = redis_server.create_database().removeprefix("redis://")

    with pytest.raises(StoreUnavailableError) as refused:
        RedisRecords(f"redis://tripod:password-in-url@{address}")

    assert "password-in-url" not in str(refused.value)
