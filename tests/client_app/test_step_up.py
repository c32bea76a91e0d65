"""Step-up: requesting additional scopes, and returning to the same page."""

from urllib.parse import parse_qsl, urlsplit

import pytest


def find_connect_link(response):
    """Return the address and parameters of the page's link to the authorization server."""
    address = response.text.partition('href="/connect')[2].partition('"')[0].replace("&amp;", "&")
    return "/connect" + address, dict(parse_qsl(urlsplit(address).query))


def test_the_album_names_the_missing_scope_and_offers_to_request_it(alices_browser):
    page = alices_browser.get("/photos")

    assert "it needs the scope <code>photos:write</code>" in page.text
    assert find_connect_link(page)[1] == {"scope": "profile photos:read photos:write"}
    assert "Add a photo" not in page.text


def test_a_user_who_has_allowed_the_scope_is_not_asked(writer):
    page = writer.get("/photos").text

    assert "Add a photo" in page
    assert 'href="/connect' not in page


def test_the_request_includes_only_granted_scopes(browser):
    """A scope that the user unticked is not requested again."""
    browser.connect(grant="photos:read")

    assert find_connect_link(browser.get("/photos"))[1]["scope"] == "photos:read photos:write"


def test_the_old_grant_is_ended_once_the_new_tokens_are_stored(alices_browser, tripod_id, network):
    old = next(iter(tripod_id.refresh_tokens))
    address, _ = find_connect_link(alices_browser.get("/photos"))
    alices_browser.get(tripod_id.authorize(alices_browser.get(address).headers["Location"]))

    assert tripod_id.revoked == [old]
    assert [request.url.rpartition("/")[2] for request in network.requests[-2:]] == [
        "token",
        "revoke",
    ]
    assert "Add a photo" in alices_browser.get("/photos").text


@pytest.mark.parametrize(
    "path",
    [
        "/photos?after=fjord",
        "/photos/fjord/delete",
        "/photos/fjord/delete?after=dune",
        "/photos/fjord/delete?b=%E9",
        "/photos/fjord/delete?y=a%20b",
        "/photos/fjord/delete?flag",
        "/photos/fjord/delete?a=1&&b=2",
        "/photos/fjord/delete?a=1&a=&x=%2f%7E~;+?",
    ],
)
def test_a_step_up_returns_to_the_same_page(alices_browser, tripod_id, path):
    address, parameters = find_connect_link(alices_browser.get(path))
    response = alices_browser.get(
        tripod_id.authorize(alices_browser.get(address).headers["Location"])
    )

    assert parameters["return_to"] == path
    assert (response.status_code, response.headers["Location"]) == (303, path)
    assert alices_browser.get(path).status_code == 200


def test_connecting_returns_to_the_page_the_visitor_was_on(browser, tripod_id):
    address, _ = find_connect_link(browser.get("/photos?after=fjord"))
    response = browser.get(tripod_id.authorize(browser.get(address).headers["Location"]))

    assert response.headers["Location"] == "/photos?after=fjord"


def test_the_page_is_not_sent_to_the_authorization_server(alices_browser, tripod_id):
    parameters = tripod_id.parameters_of(
        alices_browser.get("/connect?return_to=/photos/fjord/delete").headers["Location"]
    )

    assert "fjord" not in str(parameters)


@pytest.mark.parametrize(
    "return_to",
    [
        "https://mallory.example/photos",
        "//mallory.example/photos",
        "/\\mallory.example/photos",
        "\\\\mallory.example",
        "javascript:alert(1)",
        "http:/photos",
        "http:photos",
        "//[/photos",
        "photos",
        "/nowhere",
        "/connect",
        "/connect?scope=photos:write",
        "/callback",
        "/disconnect",
        "/photos/fjord/title",
        "/photos/fjord/image",
        "/static/css/base.css",
        "/healthz",
        "/",
        "/photos?after=" + "a" * 500,
        "",
    ],
)
def test_return_to_accepts_only_pages_of_print_shop(browser, tripod_id, return_to):
    redirect = browser.get("/connect", query_string={"return_to": return_to})
    response = browser.get(tripod_id.authorize(redirect.headers["Location"]))

    assert (response.status_code, response.headers["Location"]) == (303, "/photos")


@pytest.mark.parametrize(
    ("address", "rebuilt"),
    [
        ("/photos?_external=1&_scheme=javascript", "/photos?_external=1&_scheme=javascript"),
        ("/photos?after=a\r\nX: y", "/photos?after=aX:%20y"),
        ("/photos#@mallory.example", "/photos"),
        ("/photos/%2f%2fmallory.example/delete", "/photos"),
        ("/photos/..%5cmallory/delete", "/photos/..%5Cmallory/delete"),
        ("/photos/%C3%BC%20%23%3F/delete", "/photos/%C3%BC%20%23%3F/delete"),
    ],
)
def test_the_return_address_is_rebuilt(browser, tripod_id, address, rebuilt):
    redirect = browser.get("/connect", query_string={"return_to": address})
    response = browser.get(tripod_id.authorize(redirect.headers["Location"]))

    assert response.headers["Location"] == rebuilt


def deny_request(browser, tripod_id, address):
    state = tripod_id.parameters_of(browser.get(address).headers["Location"])["state"]
    return browser.get(
        "/callback", query_string={"state": state, "iss": tripod_id.url, "error": "access_denied"}
    )


def test_a_denied_step_up_keeps_the_scopes_and_returns(alices_browser, tripod_id):
    address, _ = find_connect_link(alices_browser.get("/photos?after=fjord"))
    response = deny_request(alices_browser, tripod_id, address)

    assert response.status_code == 403
    assert "What you allowed before has not changed." in response.text
    assert 'href="/photos?after=fjord">Back to the page' in response.text
    assert alices_browser.get("/photos").status_code == 200
    assert tripod_id.revoked == []


def test_a_denied_scope_can_be_requested_again(alices_browser, tripod_id):
    address, _ = find_connect_link(alices_browser.get("/photos?after=fjord"))

    assert find_connect_link(deny_request(alices_browser, tripod_id, address))[0] == address


def test_a_failed_callback_offers_the_same_request_again(alices_browser, tripod_id, network):
    callback = tripod_id.authorize(
        alices_browser.get("/connect?scope=photos:write&return_to=/photos?after=fjord").headers[
            "Location"
        ]
    )
    network.down.add(tripod_id.url)

    assert find_connect_link(alices_browser.get(callback))[1] == {
        "scope": "photos:write",
        "return_to": "/photos?after=fjord",
    }


def test_a_page_that_needs_more_scopes_explains_why(alices_browser):
    response = alices_browser.get("/photos/fjord/delete")

    assert response.status_code == 403
    assert (
        "You have not allowed Print Shop to add, rename and delete photos: "
        "<code>photos:write</code>" in response.text
    )
    assert 'href="/photos">Your album' in response.text


def test_insufficient_scope_from_the_api_offers_to_request_it(writer, tripod_id):
    """The user may have removed a scope that Print Shop still lists as granted."""
    for grant, _ in tripod_id.access_tokens.values():
        grant.scope = "profile photos:read"
    response = writer.fill_in("/photos/fjord/title", title="Other")

    assert response.status_code == 403
    assert "<code>photos:write</code>" in response.text
