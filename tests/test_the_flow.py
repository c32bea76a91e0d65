"""The authorization code flow from A1 to E1 (RFC 6749 §4.1), across the three legs."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from world.cast import Person
from world.clock import Clock
from world.legs import Legs
from world.registered_client import query_of


def test_the_flow(clock: Clock, legs: Legs, alice: Person) -> None:
    """Perform every step of the README's table, in its words and its order."""
    browser, network = alice.browser, legs.network
    auth_server, client_app, resource_api = (
        legs.auth_server_url,
        legs.client_app_url,
        legs.resource_api_url,
    )

    # A1 – the resource owner uses the client to reach a resource
    assert browser.open(f"{client_app}/photos").status == 403
    login_page = browser.follow("Connect")

    # A2 – the client sends the authorization request: `state`, PKCE challenge, scopes
    authorization_request = query_of(network.exchanges_with(auth_server, "/oauth/authorize")[0].url)
    assert authorization_request["code_challenge_method"] == "S256"
    assert authorization_request["scope"] == "profile photos:read"
    assert authorization_request["state"]

    # A3 – the authorization server shows the login page
    assert login_page.url.startswith(f"{auth_server}/login")
    assert "Print Shop" in login_page.text

    # A4 – the resource owner submits username and password, which are validated
    consent_page = alice.sign_in()
    assert network.exchanges_with(auth_server, "/login", method="POST")[0].status == 303

    # A5 – the authorization server shows the consent page with the requested scopes
    assert consent_page.url.startswith(f"{auth_server}/oauth/authorize")
    assert consent_page.form_with("granted_scope").values("granted_scope") == [
        "profile",
        "photos:read",
    ]

    # A6 – the resource owner consents, wholly or in part
    album = alice.allow("profile", "photos:read")

    # A7 – 302 back to the client with the authorization code, `state` and `iss`
    decision = network.exchanges_with(auth_server, "/oauth/authorize", method="POST")[0]
    authorization_response = query_of(decision.headers["Location"])
    assert decision.status == 302
    assert authorization_response["state"] == authorization_request["state"]
    assert authorization_response["iss"] == auth_server

    # T1 – the client sends the access token request: its credentials, the code, the verifier
    token_request = network.exchanges_with(auth_server, "/oauth/token")[0]
    assert token_request.request_headers["Authorization"].startswith("Basic ")
    assert token_request.form["code"] == authorization_response["code"]
    assert token_request.form["code_verifier"]

    # T2 – the code is validated and spent; access token and refresh token come back as JSON
    tokens = token_request.json
    assert tokens["token_type"] == "Bearer"
    assert tokens["scope"] == "profile photos:read"

    # R1 – the client sends the access token to the resource API
    photo_list = network.exchanges_with(resource_api, "/photos")[0]
    assert photo_list.request_headers["Authorization"] == f"Bearer {tokens['access_token']}"

    # R2 – the resource API asks the authorization server about it (introspection)
    introspection = network.exchanges_with(auth_server, "/oauth/introspect")[0]
    assert introspection.form["token"] == tokens["access_token"]
    assert introspection.json["username"] == "alice"

    # R3 – the resource comes back
    assert len(photo_list.json["photos"]) == 6
    assert "Alice’s album" in album.text
    assert {image.headers["Content-Type"] for image in browser.load_images()} == {"image/webp"}

    # F1 – the access token has expired: the client sends the refresh token
    clock.forward(tokens["expires_in"] + 1)
    album = browser.reload()
    refresh_request = network.exchanges_with(auth_server, "/oauth/token")[1]
    assert refresh_request.form["refresh_token"] == tokens["refresh_token"]

    # F2 – a new access token and a new refresh token come back; the old one is spent
    new_tokens = refresh_request.json
    assert new_tokens["access_token"] != tokens["access_token"]
    assert new_tokens["refresh_token"] != tokens["refresh_token"]

    # F3 – the client uses the new access token
    assert "Alice’s album" in album.text
    last_list = network.exchanges_with(resource_api, "/photos")[-1]
    assert last_list.request_headers["Authorization"] == f"Bearer {new_tokens['access_token']}"

    # E1 – the client, or the resource owner at the authorization server, ends the grant: every
    # token of it is dead
    browser.press("Disconnect")
    resource_server = legs.resource_server()
    for token in (new_tokens["access_token"], new_tokens["refresh_token"], tokens["access_token"]):
        assert resource_server.introspect(token).json() == {"active": False}
    assert browser.open(f"{client_app}/photos").status == 403


def test_a_request_id_is_passed_through_the_three_legs(legs: Legs, alice: Person) -> None:
    """So the events of one request can be found in the logs of all legs."""
    alice.go_through(f"{legs.client_app_url}/connect")
    redeemed = legs.events_named("code_redeemed")[0]
    received = legs.events_named("tokens_received")[0]

    assert redeemed["leg"] == "auth_server"
    assert received["leg"] == "client_app"
    assert redeemed["request_id"] == received["request_id"]


def test_flows_in_several_tabs_can_end_in_any_order(legs: Legs, alice: Person) -> None:
    """Both tabs show the login page. Alice signs in first in one of them, then in the other."""
    browser = alice.browser
    first_tab = browser.open(f"{legs.client_app_url}/connect")
    browser.open(f"{legs.client_app_url}/connect")
    alice.sign_in()
    second_tab = alice.allow()
    browser.page = first_tab

    first_tab = alice.sign_in()

    assert [second_tab.url, first_tab.url] == [f"{legs.client_app_url}/photos"] * 2
    assert first_tab.status == 200


def test_partial_consent_narrows_the_granted_scope(legs: Legs, alice: Person) -> None:
    page = alice.go_through(f"{legs.client_app_url}/connect", "profile")

    assert legs.events_named("code_redeemed")[0]["scope"] == "profile"
    assert page.status == 403
    assert "Ask again" in page.text


def test_denying_returns_to_a_page_that_says_so(legs: Legs, alice: Person) -> None:
    alice.browser.open(f"{legs.client_app_url}/connect")
    alice.sign_in()

    page = alice.deny()

    assert 400 <= page.status < 500
    assert page.url.startswith(f"{legs.client_app_url}/callback?error=access_denied")
    assert legs.events_named("code_redeemed") == []


def test_a_user_sees_only_their_own_photos(legs: Legs, alice: Person, bob: Person) -> None:
    alices_album = alice.go_through(f"{legs.client_app_url}/connect")
    bobs_album = bob.go_through(f"{legs.client_app_url}/connect")
    response = bob.browser.fetch(alices_album.images[0])

    assert set(alices_album.images).isdisjoint(bobs_album.images)
    assert response.status_code == 404


def test_fifty_parallel_requests_after_expiry_cause_one_refresh(
    clock: Clock, legs: Legs, alice: Person
) -> None:
    alice.go_through(f"{legs.client_app_url}/connect")
    clock.forward(121)

    with ThreadPoolExecutor(50) as threads:
        answers = list(threads.map(lambda _: alice.browser.fetch("/photos").status_code, range(50)))

    assert Counter(answers) == {200: 50}
    assert len(legs.network.exchanges_with(legs.auth_server_url, "/oauth/token")) == 2


def test_a_page_whose_images_load_after_expiry_causes_one_refresh(
    clock: Clock, legs: Legs, alice: Person
) -> None:
    album = alice.go_through(f"{legs.client_app_url}/connect")
    clock.forward(121)

    with ThreadPoolExecutor(6) as threads:
        answers = list(
            threads.map(lambda source: alice.browser.fetch(source).status_code, album.images)
        )

    assert answers == [200] * 6
    assert len(legs.network.exchanges_with(legs.auth_server_url, "/oauth/token")) == 2
    assert alice.browser.reload().status == 200


def test_a_lost_refresh_response_does_not_end_the_connection(
    clock: Clock, legs: Legs, alice: Person
) -> None:
    """The old refresh token is spent already, but the grace period allows a retry."""
    alice.go_through(f"{legs.client_app_url}/connect")
    clock.forward(121)

    with legs.network.losing_answers_of(legs.auth_server_url):
        failed = alice.browser.open(f"{legs.client_app_url}/photos")
    retried = alice.browser.reload()

    assert failed.status == 503
    assert retried.status == 200
    assert len(legs.events_named("refresh_token_retried")) == 1


def test_an_ended_grant_is_noticed_at_the_next_request(legs: Legs, alice: Person) -> None:
    alice.go_through(f"{legs.client_app_url}/connect")
    tokens = legs.network.exchanges_with(legs.auth_server_url, "/oauth/token")[0].json
    legs.run("clients", "delete", "print-shop")

    page = alice.browser.reload()

    assert page.status in (403, 503)
    assert legs.resource_server().introspect(tokens["access_token"]).json() == {"active": False}


def test_the_api_rejects_requests_if_it_cannot_introspect(legs: Legs, alice: Person) -> None:
    alice.go_through(f"{legs.client_app_url}/connect")
    token = legs.network.exchanges_with(legs.auth_server_url, "/oauth/token")[0].json[
        "access_token"
    ]

    with legs.network.cut_off(legs.auth_server_url):
        refusal = legs.session().get(
            f"{legs.resource_api_url}/photos", headers={"Authorization": f"Bearer {token}"}
        )

    assert refusal.status_code == 503
    assert refusal.json()["error"] == "temporarily_unavailable"
    assert int(refusal.headers["Retry-After"]) > 0
