"""Quotas: a user has at most 500 photos, and 500 MiB of them."""

import secrets
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier

import pytest
from world.postgresql import ON_BOTH_DATABASES

from resource_api import decoders, photos
from resource_api.images import CleanImage
from resource_api.models import Photo
from resource_api.reasons import UploadRefused
from web.clock import now

ALICE = "subject-of-alice"
MIB = 1024 * 1024
TOO_MANY = "The user has 500 photos, which is the limit."
TOO_MUCH = "The photos of the user would have more than 500 MiB, which is the limit."


@pytest.fixture
def add_photos(app):
    """Return a function that stores photos of Alice, without their bytes."""

    def add_photos(number, size=1):
        with app.extensions["tripod.database"].writing() as db:
            for _ in range(number):
                photo = Photo(
                    id=secrets.token_hex(16),
                    owner=ALICE,
                    title="A photo",
                    content_type="image/png",
                    width=1,
                    height=1,
                    size=size,
                    created_at=now(),
                )
                db.add(photo)

    return add_photos


def check_refusal(response, sentence):
    assert response.status_code == 507
    assert response.json == {"error": "insufficient_storage", "error_description": sentence}


def test_a_user_has_at_most_500_photos(alices_client, drawing, add_photos, events):
    add_photos(499)

    assert alices_client.upload(drawing()).status_code == 201
    check_refusal(alices_client.upload(drawing()), TOO_MANY)
    assert [event["reason"] for event in events] == ["too_many_photos"]


def test_a_user_has_at_most_500_mebibytes(alices_client, drawing, add_photos, events):
    add_photos(5, 100 * MIB - 10)

    check_refusal(alices_client.upload(drawing()), TOO_MUCH)
    assert [event["reason"] for event in events] == ["storage_full"]


def test_a_deleted_photo_makes_room(alices_client, drawing, add_photos):
    add_photos(500)
    photo = alices_client.get("/photos").json["photos"][0]
    alices_client.delete(f"/photos/{photo['id']}")

    assert alices_client.upload(drawing()).status_code == 201


def test_the_photos_of_one_user_take_no_room_from_another(bobs_client, drawing, add_photos):
    add_photos(500)

    assert bobs_client.upload(drawing()).status_code == 201


@pytest.mark.parametrize(("number", "size"), [(500, 1), (5, 100 * MIB)])
def test_without_room_no_image_is_decoded(alices_client, add_photos, monkeypatch, number, size):
    add_photos(number, size)
    monkeypatch.setattr(decoders, "_COMMAND", ("there is no such program",))

    assert alices_client.upload(b"image").status_code == 507


@pytest.fixture(params=ON_BOTH_DATABASES)
def database(request, settings, start):
    """Return the database of the API, of each kind."""
    if request.param == "postgresql":
        server = request.getfixturevalue("postgresql")
        url = server.create_database(f"quotas-{secrets.token_hex(4)}")
        settings = replace(settings, database_url=url)
    return start(settings).extensions["tripod.database"]


def test_the_last_place_is_given_to_only_one_of_several_uploads(database):
    """The uploads arrive at several processes, so nothing but the database can count them."""
    image, together = CleanImage(b"data", "image/png", 1, 1), Barrier(8)

    def add(_=None, count=1):
        transaction = database.transaction(writing=True)
        try:
            for _ in range(count):
                photos.add(transaction, ALICE, "A photo", image)
            transaction.commit()
        except UploadRefused as refused:
            return refused.reason
        finally:
            transaction.rollback()
        return "stored"

    def add_together(_):
        together.wait()
        return add()

    assert add(count=499) == "stored"
    with ThreadPoolExecutor(8) as threads:
        outcomes = Counter(threads.map(add_together, range(8)))

    assert outcomes == {"stored": 1, "too_many_photos": 7}
