"""Refreshing access tokens (RFC 6749 §6, RFC 6750 §3.1), also in many tabs and threads.

The simulated authorization server has no grace period: a refresh token that is used twice ends
every grant.
"""

import pytest
from world.threads import at_once

from client_app import create_app
from tests.client_app.storages import EVERY_STORE
from web.back_channel import BackChannel

pytestmark = pytest.mark.parametrize("storage", EVERY_STORE, indirect=True)


def test_an_expired_token_is_refreshed_automatically(alices_browser, network, clock):
    clock.forward(130)

    assert alices_browser.get("/photos").status_code == 200
    assert network.grant_types["refresh_token"] == 1


def test_a_valid_token_is_not_refreshed(alices_browser, network, clock):
    clock.forward(110)
    alices_browser.get("/photos")

    assert network.grant_types["refresh_token"] == 0


@pytest.mark.parametrize("lifetime", [1, 2, 3])
def test_a_short_lived_token_is_used_until_it_expires(browser, tripod_id, network, clock, lifetime):
    tripod_id.lifetime = lifetime
    browser.connect()
    for _ in range(4):
        clock.forward(lifetime)
        assert browser.get("/photos").status_code == 200
        assert browser.get("/photos/fjord/image").status_code == 200

    assert network.grant_types["refresh_token"] == 4


def test_fifty_parallel_requests_after_expiry_cause_one_refresh(
    alices_browser, tripod_id, network, clock
):
    tripod_id.delay = 0.1
    clock.forward(130)
    tabs = [alices_browser.another_tab() for _ in range(50)]
    responses = at_once(*(lambda tab=tab: tab.get("/photos") for tab in tabs))

    assert [response.status_code for response in responses] == [200] * 50
    assert network.grant_types["refresh_token"] == 1


def test_fifty_parallel_requests_with_a_rejected_token_cause_one_refresh(
    alices_browser, tripod_id, network
):
    tripod_id.delay = 0.1
    tripod_id.access_tokens.clear()
    tabs = [alices_browser.another_tab() for _ in range(50)]
    responses = at_once(*(lambda tab=tab: tab.get("/photos/fjord/image") for tab in tabs))

    assert [response.status_code for response in responses] == [200] * 50
    assert network.grant_types["refresh_token"] == 1


def test_two_processes_cause_one_refresh(alices_browser, app, settings, tripod_id, network, clock):
    tripod_id.delay = 0.1
    clock.forward(130)
    other = create_app(settings, BackChannel(adapter=lambda: network))
    tabs = [alices_browser.another_tab(app=process) for process in (app, other) * 5]
    responses = at_once(*(lambda tab=tab: tab.get("/photos") for tab in tabs))
    other.extensions["tripod.print_shop"].store.records.close()

    assert [response.status_code for response in responses] == [200] * 10
    assert network.grant_types["refresh_token"] == 1


def test_a_rejected_token_is_refreshed_once_and_tried_again(alices_browser, tripod_id, network):
    tripod_id.scope_of = lambda token: None
    response = alices_browser.get("/photos")

    assert response.status_code == 503
    assert network.grant_types["refresh_token"] == 1
    assert sum(request.url.endswith("/photos") for request in network.requests) == 2


def test_refresh_now_returns_to_the_album(alices_browser, network):
    response = alices_browser.post("/refresh")

    assert (response.status_code, response.headers["Location"]) == (303, "/photos")
    assert network.grant_types["refresh_token"] == 1


def test_an_ended_grant_is_reported_and_its_tokens_deleted(
    alices_browser, tripod_id, clock, stored
):
    tripod_id.end_all()
    clock.forward(130)
    responses = [alices_browser.get("/photos"), alices_browser.get("/photos")]

    assert [response.status_code for response in responses] == [403, 403]
    assert all("Your connection has ended" in response.text for response in responses)
    assert not stored()


def test_the_user_can_connect_again_after_the_grant_ended(alices_browser, tripod_id):
    tripod_id.end_all()
    alices_browser.get("/photos")
    alices_browser.connect()

    assert alices_browser.get("/photos").status_code == 200


def test_an_unreachable_authorization_server_keeps_the_connection(
    alices_browser, tripod_id, network, clock
):
    clock.forward(130)
    network.down.add(tripod_id.url)
    during_outage = alices_browser.get("/photos")
    network.down.clear()

    assert during_outage.status_code == 503
    assert "You are still connected." in during_outage.text
    assert alices_browser.get("/photos").status_code == 200


@pytest.mark.parametrize(
    "response",
    [(200, b"?"), (400, b"?"), (401, {"error": "invalid_client"}), (429, {}), (500, {})],
    ids=str,
)
def test_a_malformed_refresh_response_keeps_the_connection(
    alices_browser, network, clock, response
):
    clock.forward(130)
    network.instead["/oauth/token"] = response
    during_outage = alices_browser.get("/photos")
    network.instead.clear()

    assert during_outage.status_code == 503
    assert alices_browser.get("/photos").status_code == 200


def test_without_a_refresh_token_the_connection_ends_with_the_access_token(
    browser, tripod_id, clock
):
    tripod_id.token_response["refresh_token"] = None
    browser.connect()
    before = browser.get("/photos")
    clock.forward(130)

    assert before.status_code == 200
    assert "Refresh token" not in before.text
    assert browser.get("/photos").status_code == 403


def test_a_slow_page_does_not_undo_a_refresh(alices_browser, photo_api, network, clock):
    """A request that loaded the old tokens must not store them again."""
    usual_answer = photo_api.answer
    other_tab = alices_browser.another_tab()

    def answer_slowly(request, path):
        photo_api.answer = usual_answer
        clock.forward(130)
        other_tab.get("/photos")
        clock.forward(130)
        return usual_answer(request, path)

    photo_api.answer = answer_slowly

    assert alices_browser.get("/photos").status_code == 200
    assert alices_browser.get("/photos").status_code == 200


@pytest.mark.parametrize("seconds", [-3, -86_400])
def test_a_clock_that_was_set_back_causes_one_refresh_and_one_retry(
    alices_browser, network, clock, tripod_id, seconds
):
    """The API rejects the token, so Print Shop refreshes it."""
    for token in tripod_id.access_tokens:
        tripod_id.access_tokens[token] = (tripod_id.access_tokens[token][0], 0)
    tripod_id.lifetime = 2 * 86_400  # for the new token, by the clock of the server
    clock.forward(seconds)
    page = alices_browser.get("/photos")

    assert page.status_code == 200
    assert network.grant_types["refresh_token"] == 1


def test_an_api_that_rejects_every_token_causes_one_refresh_per_page(
    alices_browser, network, events
):
    network.instead["/photos"] = network.instead["/me"] = (401, {"error": "invalid_token"})
    statuses = [alices_browser.get("/photos").status_code for _ in range(2)]

    assert statuses == [503, 503]
    assert network.grant_types["refresh_token"] == 2
    assert events()["photo_api_unreachable"]["reason"] == "access_token_refused"


def test_the_countdown_is_never_longer_than_the_lifetime(alices_browser, clock):
    clock.forward(-86_400)

    assert 'data-left="120"' in alices_browser.get("/photos").text
