"""`POST /photos`: Print Shop uploads a photo to Photo API."""

from io import BytesIO

import pytest
import requests

PNG = b"\x89PNG a picture"


def image(data=PNG, name="holiday in Rome.png"):
    return BytesIO(data), name


def post_large(browser, data):
    """Send the form with a large image. Werkzeug's encoder would leave a temporary file open."""
    fields = browser.form() | {"title": "Large"}
    prepared = requests.Request(
        "POST", "http://x", data=fields, files={"image": ("a", data)}
    ).prepare()
    content_type = prepared.headers["Content-Type"]
    return browser.client.post(
        "/photos", base_url="http://127.0.0.1:9001", data=prepared.body, content_type=content_type
    )


def test_a_photo_is_added_and_shown(writer, photo_api):
    response = writer.fill_in("/photos", title="Café, evening", image=image())

    assert (response.status_code, response.headers["Location"]) == (303, "/photos#photo-new")
    assert photo_api.uploads[0][0] == {"title": "Café, evening"}
    assert photo_api.uploads[0][2] == PNG
    assert "Café, evening" in writer.get("/photos").text


def test_the_form_offers_the_formats_that_the_api_accepts(writer):
    assert 'accept="image/png,image/jpeg,image/webp,image/avif"' in writer.get("/photos").text


def test_the_file_name_is_not_sent_to_the_api(writer, photo_api):
    writer.fill_in("/photos", title="Rome", image=image())

    assert photo_api.uploads[0][1] == "image"


def test_the_image_is_sent_again_after_a_refresh(writer, tripod_id, photo_api, network):
    """RFC 6750 §3.1: the second request contains the same bytes."""
    form = writer.form()
    tripod_id.access_tokens.clear()
    response = writer.post("/photos", form | {"title": "Twice", "image": image(PNG * 1000)})

    assert response.status_code == 303
    assert [upload[2] for upload in photo_api.uploads] == [PNG * 1000]
    assert network.grant_types["refresh_token"] == 1
    assert (
        sum(
            request.method == "POST" and request.url.endswith("/photos")
            for request in network.requests
        )
        == 2
    )


@pytest.mark.parametrize(
    ("status", "sentence", "field"),
    [
        (
            413,
            "That image is too large: Photo API accepts up to 10 MiB and 24 megapixels. If yours "
            "is smaller, save it again as an ordinary JPEG.",
            "add-image",
        ),
        (
            415,
            "Photo API cannot read that file. Choose a complete PNG, JPEG, WebP or AVIF image, "
            "or save a HEIC photo as JPEG first.",
            "add-image",
        ),
        (422, "A title must have 1 to 200 characters", "add-title"),
    ],
)
def test_a_rejected_photo_shows_an_error_at_the_field_and_keeps_the_title(
    writer, network, status, sentence, field
):
    network.instead["POST /photos"] = (
        status,
        {"error": "x", "error_description": "for developers"},
    )
    response = writer.fill_in("/photos", title="<Rome>", image=image())

    assert response.status_code == status
    assert "<title>Error: " in response.text
    assert f'<p class="hint error" id="{field}-error">{sentence}' in response.text
    assert f'aria-invalid="true" aria-describedby="{field}-error"' in response.text
    assert f'href="#{field}"' in response.text
    assert 'value="&lt;Rome&gt;"' in response.text
    assert "for developers" not in response.text


def test_the_field_says_that_the_album_is_full(writer, network):
    network.instead["POST /photos"] = (507, {"error": "insufficient_storage"})
    response = writer.fill_in("/photos", title="Rome", image=image())

    assert response.status_code == 409
    assert "Your album is full: Photo API stores up to 500 photos and 500 MiB for you." in (
        response.text
    )
    assert 'value="Rome"' in response.text


def test_a_busy_api_did_not_add_the_photo(writer, network):
    network.instead["POST /photos"] = (503, {"error": "temporarily_unavailable"})
    response = writer.fill_in("/photos", title="Rome", image=image())

    assert response.status_code == 503
    assert "Photo API is busy, so your photo was not added. Try again in a few seconds." in (
        response.text
    )
    assert 'value="Rome"' in response.text


@pytest.mark.parametrize(
    "fields", [{}, {"image": (BytesIO(), "")}, {"image": "words"}], ids=["none", "empty", "text"]
)
def test_without_an_image_nothing_is_sent(writer, photo_api, fields):
    response = writer.fill_in("/photos", title="Rome", **fields)

    assert response.status_code == 422
    assert "Choose an image to add." in response.text
    assert not photo_api.uploads


def test_ten_mebibytes_are_accepted(writer, photo_api):
    response = post_large(writer, b"x" * 10 * 2**20)

    assert response.status_code == 303
    assert len(photo_api.uploads[0][2]) == 10 * 2**20


def test_a_larger_file_gets_an_error_page(writer, photo_api):
    response = post_large(writer, b"x" * (10 * 2**20 + 70_000))

    assert response.status_code == 413
    assert "Choose an image of at most 10 MiB" in response.text
    assert not photo_api.uploads


@pytest.mark.parametrize("path", ["/photos/fjord/title", "/orders", "/refresh"])
def test_other_forms_have_a_small_size_limit(writer, path):
    response = writer.fill_in(path, title="x" * 70_000)

    assert response.status_code == 413
    assert "That form is too large" in response.text


def test_visitors_without_a_connection_have_a_small_size_limit(browser):
    browser.get("/")
    response = browser.post("/photos", {"title": "x", "image": image(b"x" * 70_000)})

    assert response.status_code == 413


def test_an_interrupted_upload_says_that_the_result_is_unknown(writer, network, photo_api):
    form = writer.form()
    network.down.add(photo_api.url)
    response = writer.post("/photos", form | {"title": "Rome", "image": image()})

    assert response.status_code == 503
    assert "Check in your album whether your change was made before you try again." in response.text


def test_nothing_is_sent_without_photos_write(alices_browser, photo_api):
    response = alices_browser.fill_in("/photos", title="Rome", image=image())

    assert response.status_code == 403
    assert "<code>photos:write</code>" in response.text
    assert not photo_api.uploads


def test_a_form_without_a_csrf_token_adds_nothing(writer, photo_api):
    assert writer.post("/photos", {"title": "Rome", "image": image()}).status_code == 400
    assert not photo_api.uploads
