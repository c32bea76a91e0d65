"""`client_app/page_access.py`: what `needs` and `call` do for a page that a developer adds."""

import pytest

from client_app.page_access import call, needs
from client_app.print_shop import print_shop
from client_app.session_store import SessionStore

PAGE = "/caption/<photo_id>"


@pytest.fixture
def app(app):
    """Return Print Shop with an additional page."""

    @app.get(PAGE)
    @needs("photos:read", "photos:write")
    def caption(photo_id):
        """Return the photo's title and the username."""
        return (
            call(print_shop().api.photo, photo_id).title
            + call(print_shop().api.document, "/me")["username"]
        )

    return app


def test_a_page_receives_data_from_the_api(writer):
    assert writer.get("/caption/dune").text == "Dune at dawnalice"


def test_expired_tokens_are_refreshed(writer, clock, network):
    clock.forward(130)

    assert writer.get("/caption/dune").status_code == 200
    assert network.grant_types["refresh_token"] == 1


def test_a_rejected_token_is_refreshed_and_tried_again(writer, tripod_id):
    tripod_id.access_tokens.clear()

    assert writer.get("/caption/dune").status_code == 200


def test_a_visitor_is_asked_to_connect_and_returns(browser):
    response = browser.get("/caption/dune?x=y")

    assert response.status_code == 403
    assert 'href="/connect?return_to=/caption/dune?x%3Dy">Connect your photos' in response.text


def test_missing_scopes_are_requested_together_with_allowed_ones(alices_browser, tripod_id):
    response = alices_browser.get("/caption/dune")
    link = response.text.partition('href="/connect')[2].partition('"')[0].replace("&amp;", "&")
    callback = alices_browser.get(
        tripod_id.authorize(alices_browser.get(f"/connect{link}").headers["Location"])
    )

    assert response.status_code == 403
    assert "Ask me" in response.text
    assert tripod_id.parameters_of(link)["scope"] == "profile photos:read photos:write"
    assert callback.headers["Location"] == "/caption/dune"


def test_all_missing_scopes_are_named(browser):
    browser.connect(grant="profile")
    text = browser.get("/caption/dune").text

    assert (
        "look at your photos and add, rename and delete photos: "
        "<code>photos:read</code> and <code>photos:write</code>" in text
    )


@pytest.mark.parametrize(
    ("response", "status", "words"),
    [
        ((404, {}), 404, "This photo does not exist"),
        ((500, {}), 503, "Your photos are not available"),
        ((200, b"?"), 503, "Your photos are not available"),
        ((200, []), 503, "Your photos are not available"),
        (
            (403, {"error": "insufficient_scope", "scope": "photos:print"}),
            403,
            "<code>photos:print</code>",
        ),
    ],
)
def test_api_errors_get_error_pages(writer, network, response, status, words):
    network.instead["/photos/dune"] = response
    page = writer.get("/caption/dune")

    assert page.status_code == status
    assert words in page.text


def test_an_unreachable_server_page_offers_to_try_the_same_page_again(
    writer, network, photo_api, tripod_id, clock
):
    network.down.add(photo_api.url)
    without_api = writer.get("/caption/dune").text
    clock.forward(130)
    network.down.add(tripod_id.url)
    without_tripod_id = writer.get("/caption/dune").text

    assert 'href="/caption/dune">Try again' in without_api
    assert 'href="/caption/dune">Try again' in without_tripod_id


def test_an_ended_grant_offers_to_connect_and_return(writer, tripod_id, clock):
    tripod_id.end_all()
    clock.forward(130)

    assert (
        'href="/connect?return_to=/caption/dune">Connect again' in writer.get("/caption/dune").text
    )


def test_the_view_keeps_its_name_and_docstring(app):
    assert app.view_functions["caption"].__doc__ == "Return the photo's title and the username."


def test_a_page_reads_the_record_of_its_browser_once(alices_browser, monkeypatch):
    reads, read = [], SessionStore.read
    monkeypatch.setattr(
        SessionStore,
        "read",
        lambda store, browser: (reads.append(browser), read(store, browser))[1],
    )

    assert alices_browser.get("/photos").status_code == 200
    assert len(reads) == 1
