"""Changing and ordering photos with the real authorization server and the real API."""

import io

import pytest
from PIL import Image
from world.browser import Browser
from world.cast import Person


@pytest.fixture
def alice(legs):
    """Return Alice, connected with photos:read, with the album open."""
    person = Person("alice", "wonderland", Browser(legs.network))
    person.go_through(f"{legs.client_app_url}/connect")
    return person


@pytest.fixture
def writing_alice(alice):
    """Return Alice after a step-up to photos:write through the link in the album."""
    alice.browser.follow("Allow changes")
    alice.allow()
    return alice


def upload(browser, title, data):
    """Send the form that adds a photo. The in-memory browser cannot attach files itself."""
    fields = dict(browser.current.form_with("image").submission()) | {"title": title}
    fields.pop("image")
    return browser.fetch("/photos", "POST", data=fields, files={"image": ("x.png", data)})


def picture(size=(8, 6)):
    file = io.BytesIO()
    Image.new("RGB", size, "orange").save(file, "PNG")
    return file.getvalue()


def test_a_step_up_asks_only_for_the_new_scope_and_ends_the_old_grant(legs, alice):
    old = legs.network.exchanges_with(legs.auth_server_url, "/oauth/token")[0].json["access_token"]
    consent = alice.browser.follow("Allow changes")
    album = alice.allow()

    assert [
        box.value
        for box in consent.form_with("granted_scope").fields
        if box.name == "granted_scope"
    ] == ["photos:write"]
    assert album.url == f"{legs.client_app_url}/photos"
    assert "Add a photo" in album.text
    assert legs.resource_server().introspect(old).json() == {"active": False}


def test_a_denied_step_up_keeps_the_connection(legs, alice):
    alice.browser.follow("Allow changes")
    denied = alice.deny()
    album = alice.browser.follow("Open your album")

    assert denied.status == 403
    assert album.status == 200
    assert "Allow changes" in album.text
    assert legs.events_named("connection_ended") == []


def test_a_photo_is_added_renamed_and_deleted(legs, writing_alice):
    browser = writing_alice.browser
    added = upload(browser, "Orange", picture())
    album = browser.open(added.headers["Location"])
    assert added.status_code == 303
    assert "7 photos" in album.text

    browser.fill(title="Blood orange")
    assert "Blood orange" in browser.press("Save").text

    browser.follow("Delete Blood orange")
    album = browser.press("Delete it")
    assert album.url == f"{legs.client_app_url}/photos"
    assert "Blood orange" not in album.text


@pytest.mark.parametrize(
    ("title", "data", "status", "words"),
    [
        ("Letters", b"not an image", 415, "Photo API cannot read that file"),
        ("Empty", b"", 415, "Photo API cannot read that file"),
        ("Bytes", b"x" * (10 * 2**20 + 1), 413, "That image is too large"),
        ("  ", picture(), 422, "A title must have 1 to 200 characters"),
        ("x" * 201, picture(), 422, "A title must have 1 to 200 characters"),
    ],
    ids=["not an image", "empty file", "too large", "blank title", "long title"],
)
def test_an_error_of_the_api_is_shown_as_a_sentence(writing_alice, title, data, status, words):
    response = upload(writing_alice.browser, title, data)

    assert response.status_code == status
    assert words in response.text
    assert f'value="{title}"' in response.text


def test_an_order_shows_its_photos_on_the_sheet(legs, alice):
    browser = alice.browser
    form = browser.current.form_with("photo")
    first, second, *_ = [box.value for box in form.fields if box.name == "photo"]
    fields = [*form.submission(), ("photo", first), ("photo", second), ("size", "20x30")]
    ordered = browser.fetch("/orders", "POST", data=fields)
    sheet = browser.open(ordered.headers["Location"])

    assert ordered.status_code == 303
    assert sheet.url.startswith(f"{legs.client_app_url}/orders/")
    assert "20 × 30 cm" in sheet.text
    assert "Alice Liddell" in sheet.text
    assert len(sheet.images) == 2
    assert {image.headers["Content-Type"] for image in browser.load_images()} == {"image/webp"}
