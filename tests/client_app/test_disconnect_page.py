"""`POST /disconnect`: Print Shop revokes its tokens at the server and deletes them."""

import pytest
from world.threads import at_once


def test_disconnecting_ends_the_grant_and_deletes_the_tokens(alices_browser, tripod_id, stored):
    refresh_token = next(iter(tripod_id.refresh_tokens))
    response = alices_browser.post("/disconnect")

    assert (response.status_code, response.headers["Location"]) == (303, "/")
    assert tripod_id.revoked == [refresh_token]
    assert not stored()


def test_the_next_page_confirms_the_disconnection_once(alices_browser):
    alices_browser.post("/disconnect")
    first, second = alices_browser.get("/").text, alices_browser.get("/").text

    assert "You are disconnected." in first
    assert "You are disconnected." not in second
    assert "Connect your photos" in first


def test_the_album_is_not_available_after_disconnecting(alices_browser):
    alices_browser.post("/disconnect")

    assert alices_browser.get("/photos").status_code == 403


@pytest.mark.parametrize("failure", [(503, b""), (400, {"error": "invalid_client"})], ids=str)
def test_tokens_are_deleted_even_if_the_revocation_fails(alices_browser, network, stored, failure):
    network.instead["/oauth/revoke"] = failure
    response = alices_browser.post("/disconnect")

    assert response.status_code == 303
    assert not stored()
    assert "could not revoke them at Tripod ID" in alices_browser.get("/").text


def test_all_connections_of_the_browser_are_disconnected(alices_browser, tripod_id):
    """Two simultaneous flows leave two connections in one browser, and there is only one button."""
    tabs = [alices_browser.another_tab(), alices_browser.another_tab()]
    callbacks = [tripod_id.authorize(tab.begin()) for tab in tabs]
    at_once(lambda: tabs[0].get(callbacks[0]), lambda: tabs[1].get(callbacks[1]))
    refresh_tokens_of_both = set(tripod_id.refresh_tokens)
    tabs[0].post("/disconnect")

    assert refresh_tokens_of_both <= set(tripod_id.revoked)
    assert tabs[1].get("/photos").status_code == 403


def test_disconnecting_twice_is_no_error(alices_browser, tripod_id):
    other_tab = alices_browser.another_tab()
    form = other_tab.form()
    alices_browser.post("/disconnect")
    again = other_tab.post("/disconnect", form)

    assert again.status_code == 303
    assert len(tripod_id.revoked) == 1


def test_an_attacker_who_set_the_cookie_cannot_disconnect(browser, tripod_id):
    browser.get("/")
    mallorys_browser = browser.another_tab()
    mallorys_browser.connect()
    mallorys_form = mallorys_browser.form()
    mallorys_browser.post("/disconnect")
    browser.connect()
    mallorys_browser.post("/disconnect", mallorys_form)

    assert browser.get("/photos").status_code == 200


@pytest.mark.parametrize("path", ["/disconnect", "/refresh"])
@pytest.mark.parametrize("form", [{}, {"csrf_token": "forged"}], ids=["no token", "a forged token"])
def test_a_form_without_a_csrf_token_changes_nothing(alices_browser, network, path, form):
    before = len(network.requests)
    response = alices_browser.post(path, form)

    assert response.status_code == 400
    assert "Go back, reload the page, and try again" in response.text
    assert len(network.requests) == before


def test_a_get_request_does_not_disconnect(alices_browser):
    assert [alices_browser.get(path).status_code for path in ("/disconnect", "/refresh")] == [
        405,
        405,
    ]
