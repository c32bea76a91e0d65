"""`POST /photos`: a photo goes to Photo API, through Print Shop."""

from io import BytesIO

import pytest
import requests

PNG = b"\x89PNG a picture"


def image(data=PNG, name="holiday in Rome.png"):
    return BytesIO(data), name


def post_large(browser, data):
    """The form with a large image. Werkzeug's own encoder would leave a temporary file open."""
    fields = browser.form() | {"title": "Large"}
    built = requests.Request(
        "POST", "http://x", data=fields, files={"image": ("a", data)}
    ).prepare()
    content_type = built.headers["Content-Type"]
    return browser.client.post(
        "/photos", base_url="http://127.0.0.1:9001", data=built.body, content_type=content_type
    )


def test_a_photo_is_added_and_shown(writer, photo_api):
    answer = writer.fill_in("/photos", title="Café, evening", image=image())

    assert (answer.status_code, answer.headers["Location"]) == (303, "/photos#photo-new")
    assert photo_api.uploads[0][0] == {"title": "Café, evening"}
    assert photo_api.uploads[0][2] == PNG
    assert "Café, evening" in writer.get("/photos").text


def test_the_files_name_stays_here(writer, photo_api):
    writer.fill_in("/photos", title="Rome", image=image())

    assert photo_api.uploads[0][1] == "image"


def test_a_token_that_is_refused_in_the_middle_is_refreshed_and_the_image_sent_again(
    writer, tripod_id, photo_api, network
):
    """RFC 6750 §3.1: the same bytes, from the first to the last."""
    form = writer.form()
    tripod_id.access_tokens.clear()
    answer = writer.post("/photos", form | {"title": "Twice", "image": image(PNG * 1000)})

    assert answer.status_code == 303
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
        (413, "That image is too large", "add-image"),
        (415, "Photo API cannot read that file", "add-image"),
        (422, "A title must have 1 to 200 characters", "add-title"),
    ],
)
def test_a_refusal_is_a_sentence_at_the_field_and_keeps_what_was_typed(
    writer, network, status, sentence, field
):
    network.instead["POST /photos"] = (
        status,
        {"error": "x", "error_description": "for developers"},
    )
    answer = writer.fill_in("/photos", title="<Rome>", image=image())

    assert answer.status_code == status
    assert "<title>Error: " in answer.text
    assert f'<p class="hint error" id="{field}-error">{sentence}' in answer.text
    assert f'aria-invalid="true" aria-describedby="{field}-error"' in answer.text
    assert f'href="#{field}"' in answer.text
    assert 'value="&lt;Rome&gt;"' in answer.text
    assert "for developers" not in answer.text


@pytest.mark.parametrize(
    "fields", [{}, {"image": (BytesIO(), "")}, {"image": "words"}], ids=["none", "empty", "text"]
)
def test_without_an_image_nothing_is_sent(writer, photo_api, fields):
    answer = writer.fill_in("/photos", title="Rome", **fields)

    assert answer.status_code == 422
    assert "Choose an image to add." in answer.text
    assert not photo_api.uploads


def test_ten_mebibytes_pass(writer, photo_api):
    answer = post_large(writer, b"x" * 10 * 2**20)

    assert answer.status_code == 303
    assert len(photo_api.uploads[0][2]) == 10 * 2**20


def test_more_gets_a_page(writer, photo_api):
    answer = post_large(writer, b"x" * (10 * 2**20 + 70_000))

    assert answer.status_code == 413
    assert "An image may have at most 10 MiB" in answer.text
    assert not photo_api.uploads


@pytest.mark.parametrize("path", ["/photos/fjord/title", "/orders", "/refresh"])
def test_there_is_no_room_in_other_forms(writer, path):
    answer = writer.fill_in(path, title="x" * 70_000)

    assert answer.status_code == 413
    assert "The form contains more than is allowed" in answer.text


def test_there_is_no_room_for_strangers(browser):
    browser.get("/")
    answer = browser.post("/photos", {"title": "x", "image": image(b"x" * 70_000)})

    assert answer.status_code == 413


def test_an_api_that_went_away_leaves_it_open_what_happened(writer, network, photo_api):
    form = writer.form()
    network.down.add(photo_api.url)
    answer = writer.post("/photos", form | {"title": "Rome", "image": image()})

    assert answer.status_code == 503
    assert "check your album before you try again" in answer.text


def test_without_the_right_to_it_nothing_is_sent(alice, photo_api):
    answer = alice.fill_in("/photos", title="Rome", image=image())

    assert answer.status_code == 403
    assert "<code>photos:write</code>" in answer.text
    assert not photo_api.uploads


def test_a_forged_form_adds_nothing(writer, photo_api):
    assert writer.post("/photos", {"title": "Rome", "image": image()}).status_code == 400
    assert not photo_api.uploads
