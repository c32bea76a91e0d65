"""After each success, the album says in one line what happened."""

from io import BytesIO

import pytest

ADDED, RENAMED, DELETED = (
    f"<strong>The photo was {done}.</strong>" for done in ("added", "renamed", "deleted")
)
ROTATED = "<strong>New access token; the old refresh token is spent.</strong>"
CONNECTED = "<strong>You are connected.</strong>"


def test_a_new_connection_is_announced_once(browser):
    browser.connect()

    assert [browser.get("/photos").text.count(CONNECTED) for _ in range(2)] == [1, 0]


def test_a_refresh_says_what_became_of_the_tokens(alices_browser):
    alices_browser.get("/photos")
    alices_browser.post("/refresh")

    assert ROTATED in alices_browser.get("/photos").text


def test_an_automatic_refresh_is_announced_on_the_page_that_needed_it(alices_browser, clock):
    alices_browser.get("/photos")
    clock.forward(130)
    page = alices_browser.get("/photos").text

    assert "The access token had expired, so Print Shop refreshed it." in page
    assert ROTATED in page
    assert ROTATED not in alices_browser.get("/photos").text


def test_a_kept_refresh_token_is_not_called_spent(alices_browser, tripod_id):
    alices_browser.get("/photos")
    form = alices_browser.form()
    tripod_id.token_response = {"refresh_token": None}
    alices_browser.post("/refresh", form)
    page = alices_browser.get("/photos").text

    assert "<strong>New access token.</strong>" in page
    assert "spent" not in page


@pytest.mark.parametrize(
    ("path", "fields", "sentence"),
    [
        ("/photos", {"title": "Harbour"}, ADDED),
        ("/photos/fjord/title", {"title": "Harbour"}, RENAMED),
        ("/photos/fjord/delete", {}, DELETED),
    ],
)
def test_a_change_of_the_album_is_announced(writer, path, fields, sentence):
    writer.get("/photos")
    if path == "/photos":
        fields = fields | {"image": (BytesIO(b"pixels"), "harbour.png")}
    response = writer.fill_in(path, **fields)

    assert response.status_code == 303
    assert sentence in writer.get("/photos").text


def test_the_outcome_is_not_in_the_address_nor_in_the_session(alices_browser):
    """A form that writes to the session cookie could overwrite the one of another tab."""
    alices_browser.get("/photos")
    form = alices_browser.form()
    response = alices_browser.post("/refresh", form)

    assert response.headers["Location"] == "/photos"
    [cookie] = response.headers.getlist("Set-Cookie")
    assert cookie.startswith("tripod_client_app_outcome=")
    assert "HttpOnly; Path=/photos; SameSite=Lax" in cookie


@pytest.mark.parametrize(
    "value", ["", "rotated", "rotated.x", "stolen.0123456789", ".", "<b>.abcdefgh"]
)
def test_an_outcome_that_nobody_announced_is_ignored(alices_browser, value):
    alices_browser.get("/photos")
    alices_browser.client.set_cookie(
        "tripod_client_app_outcome", value, domain="127.0.0.1", path="/photos"
    )
    page = alices_browser.get("/photos")

    assert page.status_code == 200
    assert 'class="alert notice done"' not in page.text
