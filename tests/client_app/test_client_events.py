"""The events that the client writes to the event log."""

import pytest

from client_app.record_cipher import RecordCipher


def test_a_flow_is_logged_from_start_to_end(events, alices_browser):
    log = events()

    assert log["authorization_request_sent"]["scope"] == "profile photos:read"
    assert log["tokens_received"]["scope"] == "profile photos:read"
    assert log["tokens_received"]["flow"] == log["authorization_request_sent"]["flow"]
    assert log["tokens_received"]["leg"] == "client_app"


@pytest.mark.parametrize(
    ("query", "reason"),
    [("state=unknown&code=c", "unknown_state"), ("code=c&code=c", "duplicated_parameter")],
)
def test_a_rejected_response_is_logged_with_its_reason(events, browser, query, reason):
    browser.get("/")
    browser.get(f"/callback?{query}")

    assert events()["authorization_response_refused"]["reason"] == reason


def test_a_denied_request_is_logged(events, browser, tripod_id):
    state = tripod_id.parameters_of(browser.begin())["state"]
    browser.get(f"/callback?error=access_denied&state={state}&iss={tripod_id.url}")

    assert events()["authorization_response_refused"]["reason"] == "access_denied"


def test_the_log_contains_neither_the_state_nor_the_connection_id(
    logged, browser, tripod_id, stored
):
    state = tripod_id.parameters_of(browser.begin())["state"]
    browser.get(f"/callback?error=access_denied&state={state}&iss={tripod_id.url}")
    browser.connect()
    cipher = RecordCipher("client_app", ["a key for the tests"])
    [connection] = cipher.decrypt(stored()[0]).connections
    written = str([vars(record) for record in logged()])

    assert "tokens_received" in written
    assert state not in written
    assert connection.id not in written


def test_a_rejected_code_is_logged(events, browser, tripod_id):
    callback = tripod_id.authorize(browser.begin())
    tripod_id.codes.clear()
    browser.get(callback)

    assert events()["access_token_request_failed"]["reason"] == "invalid_grant"


def test_a_refresh_is_logged(events, alices_browser):
    alices_browser.post("/refresh")

    assert events()["tokens_refreshed"]["connection"] == events()["tokens_received"]["connection"]


def test_an_ended_grant_is_logged(events, alices_browser, tripod_id, clock):
    tripod_id.end_all()
    clock.forward(130)
    alices_browser.get("/photos")

    assert events()["refresh_failed"]["reason"] == "invalid_grant"
    assert events()["connection_ended"]["reason"] == "invalid_grant"


@pytest.mark.parametrize(
    ("action", "reason"), [("disconnect", "disconnected"), ("connect", "replaced")]
)
def test_the_end_of_a_connection_is_logged_with_its_reason(events, alices_browser, action, reason):
    alices_browser.post("/disconnect") if action == "disconnect" else alices_browser.connect()

    assert events()["connection_ended"]["reason"] == reason


def test_a_failed_revocation_is_logged(events, alices_browser, network):
    network.instead["/oauth/revoke"] = (503, b"")
    alices_browser.post("/disconnect")

    assert events()["revocation_failed"]["reason"] == "server_failed"
    assert events()["revocation_failed"]["detail"].startswith("503")


@pytest.mark.parametrize(
    ("path", "event", "reason"),
    [
        ("/connect", "authorization_request_failed", "no_answer"),
        ("/photos", "photo_api_unreachable", "photo_api_no_answer"),
    ],
)
def test_an_unreachable_server_is_logged(
    events, alices_browser, network, tripod_id, photo_api, clock, path, event, reason
):
    clock.forward(0 if path == "/photos" else 301)
    network.down |= {tripod_id.url, photo_api.url}
    alices_browser.get(path)

    assert events()[event]["reason"] == reason
    assert events()[event]["detail"].startswith("ConnectionError")


@pytest.mark.parametrize("error", ["disconnected", "something_new"])
def test_an_unknown_error_of_the_server_is_logged_as_other_error(events, browser, tripod_id, error):
    state = tripod_id.parameters_of(browser.begin())["state"]
    browser.get(f"/callback?error={error}&state={state}&iss={tripod_id.url}")
    refused = events()["authorization_response_refused"]

    assert (refused["reason"], refused["error"]) == ("other_error", error)
