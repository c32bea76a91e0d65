"""`GET /connect`: the start of the flow."""

import pytest


def test_the_browser_is_sent_to_the_authorization_server(browser, tripod_id):
    response = browser.get("/connect")

    assert response.status_code == 302
    assert response.headers["Location"].startswith("http://127.0.0.1:9000/oauth/authorize?")
    assert tripod_id.parameters_of(response.headers["Location"])["scope"] == "profile photos:read"


def test_another_scope_can_be_requested(browser, tripod_id):
    url = browser.begin(scope="photos:read photos:write")

    assert tripod_id.parameters_of(url)["scope"] == "photos:read photos:write"


@pytest.mark.parametrize(
    "scope", ["a  b", " a", "a ", 'a"b', "a\\b", "a\nb", "a\n", "ñ", "a" * 201, "\x00"]
)
def test_a_malformed_scope_gets_an_error_page(browser, network, scope):
    """RFC 6749 §3.3: scope-token = 1*( %x21 / %x23-5B / %x5D-7E )."""
    response = browser.get("/connect", query_string={"scope": scope})

    assert response.status_code == 400
    assert "<h1>" in response.text
    assert not network.requests


def test_nothing_is_stored_before_a_flow_begins(browser, stored):
    browser.get("/")
    browser.get("/photos")
    before = len(stored())
    browser.begin()

    assert (before, len(stored())) == (0, 1)


def test_an_unreachable_authorization_server_gets_an_error_page(browser, network, tripod_id):
    network.down.add(tripod_id.url)
    response = browser.get("/connect")

    assert response.status_code == 503
    assert response.headers["Retry-After"] == "10"
    assert "Tripod ID is not available" in response.text


def test_another_spelling_of_the_host_redirects_to_the_canonical_one(browser):
    response = browser.client.get("/connect", base_url="http://localhost:9001")

    assert response.headers["Location"] == "http://127.0.0.1:9001/connect"


@pytest.mark.parametrize("prompt", ["login", "consent", "login consent", "consent login"])
def test_the_user_can_choose_to_be_asked_again(browser, tripod_id, prompt):
    """OpenID Connect Core §3.1.2.1: `prompt`."""
    response = browser.get("/connect", query_string={"prompt": prompt})

    assert tripod_id.parameters_of(response.headers["Location"])["prompt"] == prompt


def test_no_prompt_is_sent_if_none_is_chosen(browser, tripod_id):
    for address in ("/connect", "/connect?prompt="):
        location = browser.get(address).headers["Location"]
        assert "prompt" not in tripod_id.parameters_of(location)


@pytest.mark.parametrize("prompt", ["none", "Login", "login login", "login  consent", "\x00", "x"])
def test_an_unknown_prompt_gets_an_error_page(browser, network, prompt):
    response = browser.get("/connect", query_string={"prompt": prompt})

    assert response.status_code == 400
    assert "It can be login, consent or login consent." in response.text
    assert not network.requests


def test_asking_again_keeps_the_prompt(browser, tripod_id):
    location = browser.get("/connect?prompt=login+consent").headers["Location"]
    state = tripod_id.parameters_of(location)["state"]
    page = browser.get(
        "/callback",
        query_string={"error": "access_denied", "state": state, "iss": "http://127.0.0.1:9000"},
    )

    assert 'href="/connect?prompt=login+consent">Ask me again' in page.text


def test_a_failed_start_keeps_the_prompt(browser, network, tripod_id):
    network.down.add(tripod_id.url)
    page = browser.get("/connect?prompt=consent").text

    assert 'href="/connect?prompt=consent"' in page
