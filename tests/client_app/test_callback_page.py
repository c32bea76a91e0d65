"""`GET /callback`: the end of the flow leads to the album or to an error page."""

import pytest
from world.threads import at_once

from client_app import session_store
from tests.client_app.storages import EVERY_STORE

pytestmark = pytest.mark.parametrize("storage", EVERY_STORE, indirect=True)


def test_a_valid_response_leads_to_the_album(browser):
    response = browser.connect()

    assert (response.status_code, response.headers["Location"]) == (303, "/photos")
    assert browser.get("/photos").status_code == 200


def test_a_reload_says_that_the_response_was_used(browser, tripod_id, network):
    callback = tripod_id.authorize(browser.begin())
    browser.get(callback)
    again = browser.get(callback)

    assert again.status_code == 400
    assert "It was used before" in again.text
    assert 'href="/photos">Open your album' in again.text
    assert network.grant_types["authorization_code"] == 1


def test_one_of_two_simultaneous_identical_responses_is_used(browser, tripod_id, network):
    callback = tripod_id.authorize(browser.begin())
    tabs = [browser.another_tab() for _ in range(8)]
    statuses = [
        response.status_code
        for response in at_once(*(lambda tab=tab: tab.get(callback) for tab in tabs))
    ]

    assert sorted(statuses) == [303] + [400] * 7
    assert network.grant_types["authorization_code"] == 1


def test_a_response_in_another_browser_is_rejected(browser, mallorys_browser, tripod_id, network):
    """RFC 6749 §10.12: otherwise an attacker could connect a user to the attacker's photos."""
    callback = tripod_id.authorize(browser.begin())
    without_cookie = mallorys_browser.get(callback)
    mallorys_browser.get("/")
    with_cookie = mallorys_browser.get(callback)

    assert (without_cookie.status_code, with_cookie.status_code) == (400, 400)
    assert not network.grant_types


@pytest.mark.parametrize(
    "tampered",
    [
        "{callback}&code=another",
        "{callback}&state=another",
        "{callback}&iss=http%3A%2F%2F127.0.0.1%3A9000",
        "/callback?code=c&state={state}",
        "/callback?code=c&state={state}&iss=https%3A%2F%2Fmallory.example",
        "/callback?state={state}&iss=http%3A%2F%2F127.0.0.1%3A9000",
        "/callback?error=%22%3E&state={state}&iss=http%3A%2F%2F127.0.0.1%3A9000",
        "/callback?code=c&state=%ED%A0%80",
        "/callback?code=c&state=%FF",
        "/callback?code=c",
        "/callback",
    ],
)
def test_a_manipulated_response_is_rejected(browser, tripod_id, network, tampered):
    callback = tripod_id.authorize(browser.begin())
    response = browser.get(
        tampered.format(callback=callback, state=tripod_id.parameters_of(callback)["state"])
    )

    assert response.status_code == 400
    assert "This response cannot be used" in response.text
    assert not network.grant_types


def send_response_to(browser, tripod_id, **parameters):
    state = tripod_id.parameters_of(browser.begin())["state"]
    return browser.get(
        "/callback", query_string={"state": state, "iss": tripod_id.url, **parameters}
    )


def test_a_denied_request_offers_to_ask_again(browser, tripod_id):
    response = send_response_to(browser, tripod_id, error="access_denied")

    assert response.status_code == 403
    assert "You denied the request" in response.text
    assert 'href="/connect">Ask me again' in response.text


def test_a_denied_request_keeps_an_older_connection(alices_browser, tripod_id):
    response = send_response_to(alices_browser, tripod_id, error="access_denied")

    assert "What you allowed before has not changed." in response.text
    assert alices_browser.get("/photos").status_code == 200


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        ("invalid_scope", "does not offer the access that Print Shop requested"),
        ("temporarily_unavailable", "is too busy"),
        ("something_new", "did not accept the request of Print Shop"),
    ],
)
def test_other_errors_show_a_sentence_and_the_code(browser, tripod_id, error, sentence):
    response = send_response_to(browser, tripod_id, error=error)

    assert response.status_code == 400
    assert sentence in response.text
    assert f"<code>{error}</code>" in response.text


def test_an_error_description_is_escaped(browser, tripod_id):
    response = send_response_to(
        browser,
        tripod_id,
        error="server_error",
        error_description="<script>x</script>" + "y" * 1000,
    )

    assert "&lt;script&gt;x" in response.text
    assert "<script>x" not in response.text
    assert "y" * 300 not in response.text


def test_an_unavailable_authorization_server_gets_a_424_at_the_callback(
    browser, tripod_id, network
):
    callback = tripod_id.authorize(browser.begin())
    network.down.add(tripod_id.url)
    response = browser.get(callback)

    assert response.status_code == 424
    assert 'href="/connect">Try again' in response.text


def test_a_rejected_code_gets_an_error_page(browser, tripod_id):
    callback = tripod_id.authorize(browser.begin())
    tripod_id.codes.clear()
    response = browser.get(callback)

    assert response.status_code == 400
    assert "no longer valid" in response.text


def test_a_pending_flow_expires_after_ten_minutes(browser, tripod_id, clock):
    first_callback, second_callback = (
        tripod_id.authorize(browser.begin()),
        tripod_id.authorize(browser.begin()),
    )
    clock.forward(595)
    status_before_expiry = browser.get(first_callback).status_code
    clock.forward(10)
    status_after_expiry = browser.get(second_callback).status_code

    assert (status_before_expiry, status_after_expiry) == (303, 400)


def test_only_the_newest_ten_pending_flows_are_kept(browser, tripod_id):
    callbacks = [tripod_id.authorize(browser.begin()) for _ in range(11)]
    first, second = (browser.get(callback).status_code for callback in callbacks[:2])

    assert (first, second) == (400, 303)


def test_flows_in_several_tabs_can_end_one_after_the_other(browser, tripod_id):
    callbacks = [tripod_id.authorize(browser.begin()) for _ in range(3)]
    responses = [
        (browser.get(callback).status_code, browser.get("/photos").status_code)
        for callback in callbacks
    ]

    assert responses == [(303, 200)] * 3


def test_flows_in_several_tabs_can_end_at_the_same_moment(browser, tripod_id):
    """The browser has a working connection, whichever response it receives last."""
    callbacks = [tripod_id.authorize(browser.begin()) for _ in range(5)]
    tabs = [browser.another_tab() for _ in callbacks]
    pairs = zip(tabs, callbacks, strict=True)
    at_once(*(lambda tab=tab, callback=callback: tab.get(callback) for tab, callback in pairs))

    assert [tab.get("/photos").status_code for tab in tabs] == [200] * 5


def test_a_new_connection_revokes_the_tokens_of_the_old_one(alices_browser, tripod_id):
    old = next(iter(tripod_id.refresh_tokens))
    alices_browser.connect()

    assert tripod_id.revoked == [old]


def test_a_connection_that_no_browser_received_is_revoked_later(browser, tripod_id, clock):
    browser.get("/")
    browser.another_tab().connect()
    unreceived = next(iter(tripod_id.refresh_tokens))
    clock.forward(61)
    browser.connect()

    assert tripod_id.revoked == [unreceived]


def test_an_attacker_who_set_the_cookie_does_not_share_the_connection(browser):
    """Session fixation: the tokens are stored under a new id."""
    browser.get("/")
    mallorys_browser = browser.another_tab()
    browser.connect()

    assert browser.get("/photos").status_code == 200
    assert mallorys_browser.get("/photos").status_code == 403


def test_an_old_connection_id_gives_no_access_to_the_new_tokens(browser):
    browser.connect()
    old_cookie = browser.another_tab()
    browser.connect()

    assert browser.get("/photos").status_code == 200
    assert old_cookie.get("/photos").status_code == 403
    assert old_cookie.get("/photos/fjord/image").status_code == 403


def test_a_forged_response_does_not_wait_for_the_record(browser, storage, monkeypatch):
    monkeypatch.setattr(session_store, "MAX_WAIT", 0.0)
    browser.begin()
    storage.lease_to_another()

    assert browser.get("/callback?code=c&state=forged").status_code == 400


def test_each_connection_gets_a_new_id(browser):
    cookies = set()
    for _ in range(3):
        browser.connect()
        cookies.add(browser.cookie)

    assert len(cookies) == 3
