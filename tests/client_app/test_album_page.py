"""`GET /photos`: the album page and its images."""

import pytest
import requests


def test_the_album_shows_each_photo_with_its_title_and_month(alices_browser):
    page = alices_browser.get("/photos").text

    assert "<h1>Alice’s album</h1>" in page
    assert '<img src="/photos/fjord/image" alt=""' in page
    assert "<span>Jan 2025</span>" in page
    assert page.index("fjord") < page.index("dune")


def test_the_album_without_a_connection_offers_to_connect(browser):
    response = browser.get("/photos")

    assert response.status_code == 403
    assert 'href="/connect">Connect your photos' in response.text


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (0, "You have no photos yet."),
        (1, "1 photo, loaded"),
        (2, "2 photos, loaded"),
        (50, "50 photos, loaded"),
    ],
)
def test_the_number_of_photos_has_the_right_plural(alices_browser, photo_api, count, words):
    photo_api.photos = [photo_api.photos[0] | {"id": f"p{number}"} for number in range(count)]

    assert words in alices_browser.get("/photos").text


def test_a_long_album_is_divided_into_pages(alices_browser, photo_api):
    photo_api.photos = [photo_api.photos[0] | {"id": f"p{number}"} for number in range(60)]
    first, second = alices_browser.get("/photos").text, alices_browser.get("/photos?after=p49").text

    assert "50 photos on this page" in first
    assert 'href="/photos?after=p49">Older photos' in first
    assert "10 photos on this page" in second
    assert 'href="/photos">Newest photos' in second


def test_without_profile_the_heading_says_your_photos(browser, network):
    browser.connect(grant="photos:read")
    page = browser.get("/photos").text

    assert "<h1>Your album</h1>" in page
    assert not any(request.url.endswith("/me") for request in network.requests)


@pytest.mark.parametrize(
    ("name", "heading"),
    [
        ("", "Your album"),
        ("  ", "Your album"),
        ("\u3164\u200b", "Your album"),
        ("Bob", "Bob’s album"),
        ("<b>", "&lt;b&gt;’s album"),
    ],
)
def test_the_heading_contains_the_first_name(alices_browser, photo_api, name, heading):
    photo_api.name = name

    assert f"<h1>{heading}</h1>" in alices_browser.get("/photos").text


def test_a_title_is_escaped(alices_browser, photo_api):
    photo_api.photos[0]["title"] = '"><script>x</script>'
    page = alices_browser.get("/photos").text

    assert "<script>x" not in page
    assert "&#34;&gt;&lt;script&gt;x&lt;/script&gt;" in page


def test_a_connection_without_photos_read_offers_to_ask_again(browser, tripod_id):
    """RFC 6750 §3.1: the API answers insufficient_scope."""
    browser.connect(grant="profile")
    response = browser.get("/photos")

    assert response.status_code == 403
    assert "<code>photos:read</code>" in response.text
    assert 'href="/connect?scope=profile+photos:read">Ask again' in response.text


def test_the_page_shows_the_seconds_left_of_the_access_token(alices_browser, clock):
    clock.forward(30)
    page = alices_browser.get("/photos").text

    assert 'data-left="90">1:30</time>' in page
    assert '<progress max="120" value="90"' in page
    assert "<code>profile</code> and <code>photos:read</code>" in page


def test_the_page_does_not_guess_when_the_refresh_token_expires(alices_browser):
    page = alices_browser.get("/photos").text

    assert page.count("<time") == 1


def test_an_image_is_passed_on_unchanged(alices_browser):
    response = alices_browser.get("/photos/fjord/image")

    assert response.data == b"RIFF....WEBP"
    assert response.headers["Content-Type"] == "image/webp"
    assert response.headers["Cache-Control"] == "private, no-store"
    assert response.headers["X-Content-Type-Options"] == "nosniff"


def test_an_image_that_is_cut_off_ends_early(alices_browser, monkeypatch):
    """Its photo was deleted meanwhile."""

    def send_half(_response, _size):
        yield b"half"
        raise requests.exceptions.ChunkedEncodingError

    alices_browser.get("/photos")
    monkeypatch.setattr(requests.Response, "iter_content", send_half)

    assert alices_browser.get("/photos/fjord/image").data == b"half"


def test_a_response_that_is_not_an_image_is_not_passed_on(alices_browser, photo_api):
    photo_api.image = (200, b"<script>x</script>", {"Content-Type": "text/html"})
    response = alices_browser.get("/photos/fjord/image")

    assert response.status_code == 503
    assert "<script>x" not in response.text


@pytest.mark.parametrize("photo_id", ["..", "%2e%2e%2fme", "someone-elses"])
def test_a_malformed_or_unknown_photo_id_is_not_found(alices_browser, photo_id):
    assert alices_browser.get(f"/photos/{photo_id}/image").status_code == 404


@pytest.mark.parametrize("after", ["..", "a%0d%0aX: y"])
def test_a_malformed_after_is_not_found(alices_browser, after):
    assert alices_browser.get(f"/photos?after={after}").status_code == 404


def test_an_unusable_api_response_gets_an_error_page(alices_browser, network):
    network.instead["/photos"] = (200, b"<html>")
    response = alices_browser.get("/photos")

    assert response.status_code == 503
    assert response.headers["Retry-After"] == "10"
    assert "You are still connected." in response.text


def test_an_unavailable_api_gets_an_error_page_until_it_returns(alices_browser, network, photo_api):
    network.down.add(photo_api.url)
    during_outage = alices_browser.get("/photos")
    network.down.clear()

    assert during_outage.status_code == 503
    assert "Your photos are not available" in during_outage.text
    assert alices_browser.get("/photos").status_code == 200
