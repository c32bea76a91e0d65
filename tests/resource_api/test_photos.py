"""A user's photos: listing, reading, renaming and deleting them. Other users have no access."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from resource_api import photos
from resource_api.images import CleanImage
from resource_api.photos import PART_BYTES

pytestmark = pytest.mark.usefixtures("decoded_here")

UNKNOWN_ID = "00000000000000000000000000000000"
INVALID_QUERIES = {
    "no limit": "limit=",
    "zero": "limit=0",
    "too many": "limit=101",
    "negative": "limit=-1",
    "a fraction": "limit=1.5",
    "a sign": "limit=%2B5",
    "a space": "limit=5%20",
    "a newline": "limit=5%0A",
    "digits of another script": "limit=%D9%A5",
    "letters": "limit=many",
    "two limits": "limit=5&limit=5",
    "an empty id": "after=",
    "a malformed id": "after=../../etc/passwd",
    "a NUL": "after=%00",
    "an unknown id": f"after={UNKNOWN_ID}",
    "two ids": f"after={UNKNOWN_ID}&after={UNKNOWN_ID}",
}
INVALID_TITLES = {
    "null": None,
    "empty": "",
    "too long": "x" * 201,
    "blank": " \t ",
    "a number": 17,
    "a list": ["Holiday"],
    "a line break": "Holi\nday",
    "a NUL": "Holi\0day",
    "a lone surrogate": "Holi\ud800day",
    "a line separator": "Holi\u2028day",
    "no width": "\u200b\u2060",
    "a Hangul filler": "\u3164",
    "a blank of Braille": "\u2800",
    "soft hyphens": "\u00ad",
    "accents alone": "\u0301",
}


@pytest.fixture
def seven_photos(alices_client):
    """Return seven photos of Alice, oldest first, added one day apart."""
    with time_machine.travel(datetime(2020, 1, 1, tzinfo=UTC), tick=False) as clock:
        added = []
        for number in range(7):
            added.append(alices_client.add_photo(f"Number {number}"))
            clock.shift(timedelta(days=1))
    return added


def titles(response):
    return [photo["title"] for photo in response.json["photos"]]


# Listing


def test_a_new_user_has_no_photos(alices_client):
    response = alices_client.get("/photos")

    assert response.json == {"photos": [], "next": None}


def test_the_newest_photo_comes_first(alices_client, seven_photos):
    response = alices_client.get("/photos")

    assert response.json["photos"] == seven_photos[::-1]
    assert response.json["next"] is None


def test_a_photo_is_described_completely(alices_client, seven_photos):
    photo = alices_client.get("/photos?limit=1").json["photos"][0]

    assert set(photo) == {
        "id",
        "title",
        "content_type",
        "width",
        "height",
        "size",
        "created_at",
        "image",
    }
    assert re.fullmatch(r"[A-Za-z0-9]{22,}", photo["id"])
    assert photo["created_at"] == "2020-01-07T00:00:00Z"
    assert photo["image"] == f"http://127.0.0.1:9002/photos/{photo['id']}/image"
    assert (photo["content_type"], photo["width"], photo["height"]) == ("image/png", 8, 6)


def test_following_next_reaches_every_photo_once(alices_client, seven_photos):
    pages, address = [], "http://127.0.0.1:9002/photos?limit=3"
    while address:
        assert address.startswith("http://127.0.0.1:9002/photos?")
        response = alices_client.get(address.removeprefix("http://127.0.0.1:9002"))
        pages.append(response.json["photos"])
        address = response.json["next"]

    assert [len(page) for page in pages] == [3, 3, 1]
    assert [photo for page in pages for photo in page] == seven_photos[::-1]


def test_a_full_last_page_has_no_next(alices_client, seven_photos):
    response = alices_client.get("/photos?limit=7")

    assert len(response.json["photos"]) == 7
    assert response.json["next"] is None


def test_photos_of_the_same_moment_are_all_listed(alices_client):
    with time_machine.travel(datetime(2020, 1, 1, tzinfo=UTC), tick=False):
        added = {alices_client.add_photo()["id"] for _ in range(5)}
    first = alices_client.get("/photos?limit=3").json
    second = alices_client.get(f"/photos?limit=3&after={first['photos'][-1]['id']}").json

    assert {photo["id"] for photo in first["photos"] + second["photos"]} == added


def test_a_photo_added_meanwhile_does_not_shift_the_pages(alices_client, seven_photos):
    first = alices_client.get("/photos?limit=3")
    alices_client.add_photo("Added meanwhile")
    second = alices_client.get(f"/photos?limit=3&after={first.json['photos'][-1]['id']}")

    assert titles(second) == ["Number 3", "Number 2", "Number 1"]


def test_the_default_limit_is_fifty(alices_client, app):
    with app.extensions["tripod.database"].writing() as db:
        for _ in range(51):
            photos.add(db, "subject-of-alice", "A photo", CleanImage(b"", "image/png", 1, 1))
    response = alices_client.get("/photos")

    assert len(response.json["photos"]) == 50
    assert response.json["next"]
    assert len(alices_client.get("/photos?limit=100").json["photos"]) == 51


@pytest.mark.parametrize("query", INVALID_QUERIES.values(), ids=INVALID_QUERIES)
def test_an_invalid_limit_or_after_is_an_invalid_request(alices_client, query):
    response = alices_client.get(f"/photos?{query}")

    assert response.status_code == 400
    assert response.json["error"] == "invalid_request"


def test_another_users_photo_in_after_counts_as_unknown(alices_client, bobs_client):
    bobs = bobs_client.add_photo()
    response = alices_client.get(f"/photos?after={bobs['id']}")

    assert response.status_code == 400
    assert response.json == alices_client.get(f"/photos?after={UNKNOWN_ID}").json


# Reading


def test_a_photo_has_its_own_address(alices_client):
    photo = alices_client.add_photo("Holiday")
    response = alices_client.get(f"/photos/{photo['id']}")

    assert response.json == photo


def test_the_image_has_its_content_type_and_nosniff(alices_client):
    photo = alices_client.add_photo()
    response = alices_client.get(f"/photos/{photo['id']}/image")

    assert response.is_streamed, "slow clients would keep whole images in memory"
    assert response.status_code == 200
    assert response.content_type == "image/png"
    assert len(response.data) == photo["size"]
    assert response.headers["Content-Disposition"] == "inline"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Cache-Control"] == "no-store"


def test_the_image_of_a_photo_that_is_deleted_meanwhile_ends_early(app):
    database = app.extensions["tripod.database"]
    with database.writing() as db:
        image = CleanImage(bytes(2 * PART_BYTES), "image/png", 1, 1)
        photo = photos.add(db, "subject-of-alice", "A photo", image)
    parts = photos.read_image(database, photo)
    first = next(parts)
    with database.writing() as db:
        photos.remove(db, "subject-of-alice", photo.id)

    assert (len(first), list(parts)) == (PART_BYTES, [])


@pytest.mark.parametrize("photo_id", [UNKNOWN_ID, "1", "%00", "%FF", "x" * 5000, "' OR 1=1 --"])
def test_an_unknown_photo_is_not_found(alices_client, photo_id):
    response = alices_client.get(f"/photos/{photo_id}")

    assert response.status_code == 404
    assert response.json == {"error": "not_found", "error_description": "There is no such photo."}


@pytest.mark.parametrize(
    ("method", "path", "json"),
    [
        ("get", "/photos/{id}", None),
        ("get", "/photos/{id}/image", None),
        ("patch", "/photos/{id}", {"title": "Mine"}),
        ("delete", "/photos/{id}", None),
    ],
    ids=["read", "read the image", "rename", "delete"],
)
def test_another_users_photo_is_not_found(alices_client, bobs_client, method, path, json):
    """The response is that of a missing photo. It does not reveal that the photo exists."""
    photo = alices_client.add_photo("Alice's own")
    arguments = {"json": json} if json else {}
    response = getattr(bobs_client, method)(path.format(id=photo["id"]), **arguments)
    missing = getattr(bobs_client, method)(path.format(id=UNKNOWN_ID), **arguments)

    assert response.status_code == 404
    assert response.data == missing.data
    assert alices_client.get(f"/photos/{photo['id']}").json == photo


# Renaming


@pytest.mark.parametrize(
    "title",
    [
        *["x", "x" * 200, "Ærø, sommer 🏖️", " padded ", '<script>alert("hi")</script>'],
        *[
            "👩\u200d👧",
            "می\u200cخواهم",
            "🏴\U000e0067\U000e007f",
            "Zoe\u0308",
            "\u2067חנות!\u2069",
        ],
        *["🦄" * 200, "50\ufffd", "\U0001fae9"],
    ],
)
def test_a_title_is_stored_unchanged(alices_client, title):
    photo = alices_client.add_photo()
    response = alices_client.patch(f"/photos/{photo['id']}", json={"title": title})

    assert response.status_code == 200
    assert response.json == photo | {"title": title}
    assert alices_client.get(f"/photos/{photo['id']}").json == photo | {"title": title}


@pytest.mark.parametrize("title", INVALID_TITLES.values(), ids=INVALID_TITLES)
def test_an_invalid_title_is_rejected(alices_client, title):
    photo = alices_client.add_photo("Before")
    response = alices_client.patch(f"/photos/{photo['id']}", json={"title": title})

    assert response.status_code == 422
    assert response.json["error"] == "invalid_title"
    assert alices_client.get(f"/photos/{photo['id']}").json["title"] == "Before"


def test_a_missing_title_is_rejected(alices_client):
    response = alices_client.patch(
        f"/photos/{alices_client.add_photo()['id']}", json={"name": "Holiday"}
    )

    assert response.status_code == 422


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff",
        b"null",
        b'"title"',
        b'["title"]',
        b"[" * 60_000,
        b'{"title": ' + b"9" * 5_000 + b"}",
    ],
    ids=[
        "empty",
        "incomplete",
        "not UTF-8",
        "null",
        "a string",
        "a list",
        "deeply nested",
        "a long number",
    ],
)
def test_a_body_that_is_not_a_json_object_is_an_invalid_request(alices_client, body):
    photo = alices_client.add_photo()
    response = alices_client.patch(
        f"/photos/{photo['id']}", data=body, content_type="application/json"
    )

    assert response.status_code == 400
    assert response.json["error"] == "invalid_request"


def test_a_body_without_the_json_media_type_is_unsupported(alices_client):
    response = alices_client.patch(
        f"/photos/{alices_client.add_photo()['id']}", data={"title": "Holiday"}
    )

    assert response.status_code == 415
    assert response.json["error"] == "unsupported_media_type"


def test_a_huge_body_is_too_large(alices_client):
    response = alices_client.patch(f"/photos/{UNKNOWN_ID}", json={"title": "x" * 100_000})

    assert response.status_code == 413
    assert response.json["error"] == "too_large"


# Deleting


def test_a_deleted_photo_and_its_image_are_not_found(alices_client, app):
    photo = alices_client.add_photo()
    response = alices_client.delete(f"/photos/{photo['id']}")

    assert (response.status_code, response.data) == (204, b"")
    assert alices_client.get(f"/photos/{photo['id']}").status_code == 404
    assert alices_client.get(f"/photos/{photo['id']}/image").status_code == 404
    with app.extensions["tripod.database"].engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM photo_image").scalar() == 0


def test_deleting_a_photo_twice_is_not_found(alices_client):
    photo = alices_client.add_photo()
    alices_client.delete(f"/photos/{photo['id']}")
    response = alices_client.delete(f"/photos/{photo['id']}")

    assert response.status_code == 404
