"""`GET /logout`: ends the connection here and the sign-in at the server (RP-Initiated Logout)."""

import pytest

from client_app import oauth
from tests.client_app.openid_provider import TRIPOD_ID, SimulatedProvider
from tests.client_app.test_id_token import sign_in


@pytest.fixture
def tripod_id():
    return SimulatedProvider()


def test_the_user_is_sent_to_the_server_with_the_id_token(signed_in, tripod_id, app):
    shop = app.extensions["tripod.print_shop"]
    with signed_in.client.session_transaction(base_url="http://127.0.0.1:9001") as session:
        access = shop.access(session["browser"], session["connection"])
    id_token = access.tokens().id_token
    response = signed_in.get("/logout")
    sent = tripod_id.parameters_of(response.headers["Location"])

    assert response.status_code == 303
    assert response.headers["Location"].startswith(f"{TRIPOD_ID}/oauth/logout?")
    assert sent.pop("state")
    assert sent == {
        "id_token_hint": id_token.raw,
        "client_id": "print-shop",
        "post_logout_redirect_uri": "http://127.0.0.1:9001/",
    }


def test_the_connection_is_revoked_and_deleted(signed_in, tripod_id, stored):
    [refresh_token] = tripod_id.refresh_tokens
    signed_in.get("/logout")

    assert tripod_id.revoked == [refresh_token]
    assert signed_in.get("/photos").status_code == 403
    assert not stored()
    assert "You are disconnected." in signed_in.get("/").text


def test_the_server_returns_the_user_who_reads_that_they_are_signed_out(signed_in, tripod_id):
    sent = tripod_id.parameters_of(signed_in.get("/logout").headers["Location"])
    returned = signed_in.get(f"/?state={sent['state']}")

    assert (returned.status_code, returned.headers["Location"]) == (303, "/")
    assert "You are signed out of Tripod ID." in signed_in.get("/").text


@pytest.mark.parametrize("state", ["made-up", "é"])
def test_another_state_says_nothing_about_a_sign_out(signed_in, state):
    signed_in.get("/logout")
    returned = signed_in.get(f"/?state={state}")

    assert (returned.status_code, returned.headers["Location"]) == (303, "/")
    assert "You are signed out" not in signed_in.get("/").text


def test_the_end_session_endpoint_may_have_a_query(browser, tripod_id):
    tripod_id.metadata["end_session_endpoint"] = f"{TRIPOD_ID}/end?tenant=1"
    sign_in(browser)

    assert browser.get("/logout").headers["Location"].startswith(f"{TRIPOD_ID}/end?tenant=1&id_")


@pytest.mark.parametrize("endpoint", [None, 5, "javascript:alert(1)", "http://mallory.example/"])
def test_without_an_endpoint_the_user_is_only_disconnected(browser, tripod_id, endpoint):
    tripod_id.metadata["end_session_endpoint"] = endpoint
    sign_in(browser)
    response = browser.get("/logout")

    assert (response.status_code, response.headers["Location"]) == (303, "/")
    assert len(tripod_id.revoked) == 1


def test_without_an_id_token_the_user_is_only_disconnected(alices_browser, tripod_id):
    response = alices_browser.get("/logout")

    assert (response.status_code, response.headers["Location"]) == (303, "/")
    assert len(tripod_id.revoked) == 1


def test_without_a_connection_nothing_happens(browser, tripod_id):
    response = browser.get("/logout")

    assert (response.status_code, response.headers["Location"]) == (303, "/")
    assert not tripod_id.revoked


def test_the_connection_ends_even_if_the_server_is_out_of_reach(clock, signed_in, network):
    clock.forward(oauth.METADATA_LIFETIME)
    network.down.add(TRIPOD_ID)
    response = signed_in.get("/logout")

    assert (response.status_code, response.headers["Location"]) == (303, "/")
    assert "could not revoke them" in signed_in.get("/").text


def test_another_site_cannot_sign_the_user_out(signed_in, tripod_id):
    response = signed_in.get("/logout", headers={"Sec-Fetch-Site": "cross-site"})

    assert response.status_code == 200
    assert "Do you want to sign out?" in response.text
    assert 'href="/logout"' in response.text
    assert not tripod_id.revoked


def test_head_changes_nothing(signed_in, tripod_id):
    signed_in.client.head("/logout", base_url="http://127.0.0.1:9001")

    assert not tripod_id.revoked


def test_signing_out_twice_is_no_error(signed_in):
    other_tab = signed_in.another_tab()
    signed_in.get("/logout")

    assert other_tab.get("/logout").headers["Location"] == "/"


def test_the_id_token_is_in_no_log(signed_in, tripod_id, logged):
    address = signed_in.get("/logout").headers["Location"]
    hint = tripod_id.parameters_of(address)["id_token_hint"]

    assert hint not in "".join(str(vars(record)) for record in logged())
