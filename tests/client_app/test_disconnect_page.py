"""`POST /disconnect`: Print Shop revokes its tokens at the server and deletes them."""

import pytest


def test_disconnecting_ends_the_grant_and_deletes_the_tokens(alice, tripod_id, stored):
    refresh_token = next(iter(tripod_id.refresh_tokens))
    response = alice.post("/disconnect")

    assert (response.status_code, response.headers["Location"]) == (303, "/")
    assert tripod_id.revoked == [refresh_token]
    assert not stored()


def test_the_next_page_confirms_the_disconnection_once(alice):
    alice.post("/disconnect")
    first, second = alice.get("/").text, alice.get("/").text

    assert "You are disconnected." in first
    assert "You are disconnected." not in second
    assert "Connect your photos" in first


def test_the_album_is_not_available_after_disconnecting(alice):
    alice.post("/disconnect")

    assert alice.get("/photos").status_code == 403


@pytest.mark.parametrize("failure", [(503, b""), (400, {"error": "invalid_client"})], ids=str)
def test_tokens_are_deleted_even_if_the_revocation_fails(alice, network, stored, failure):
    network.instead["/oauth/revoke"] = failure
    response = alice.post("/disconnect")

    assert response.status_code == 303
    assert not stored()
    assert "could not revoke them at Tripod ID" in alice.get("/").text


def test_all_connections_of_the_browser_are_disconnected(alice, tripod_id, at_once):
    """Two simultaneous flows leave two connections in one browser, and there is only one button."""
    tabs = [alice.another_tab(), alice.another_tab()]
    callbacks = [tripod_id.authorize(tab.begin()) for tab in tabs]
    at_once(lambda: tabs[0].get(callbacks[0]), lambda: tabs[1].get(callbacks[1]))
    refresh_tokens_of_both = set(tripod_id.refresh_tokens)
    tabs[0].post("/disconnect")

    assert refresh_tokens_of_both <= set(tripod_id.revoked)
    assert tabs[1].get("/photos").status_code == 403


def test_disconnecting_twice_is_no_error(alice, tripod_id):
    other_tab = alice.another_tab()
    form = other_tab.form()
    alice.post("/disconnect")
    again = other_tab.post("/disconnect", form)

    assert again.status_code == 303
    assert len(tripod_id.revoked) == 1


def test_an_attacker_who_set_the_cookie_cannot_disconnect(browser, tripod_id):
    browser.get("/")
    mallory = browser.another_tab()
    mallory.connect()
    mallorys_form = mallory.form()
    mallory.post("/disconnect")
    browser.connect()
    mallory.post("/disconnect", mallorys_form)

    assert browser.get("/photos").status_code == 200


@pytest.mark.parametrize("path", ["/disconnect", "/refresh"])
@pytest.mark.parametrize("form", [{}, {"csrf_token": "forged"}], ids=["no token", "a forged token"])
def test_a_form_without_a_csrf_token_changes_nothing(alice, network, path, form):
    before = len(network.requests)
    response = alice.post(path, form)

    assert response.status_code == 400
    assert "Go back, reload the page, and try again" in response.text
    assert len(network.requests) == before


def test_a_get_request_does_not_disconnect(alice):
    assert [alice.get(path).status_code for path in ("/disconnect", "/refresh")] == [405, 405]
