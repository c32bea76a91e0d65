"""The demo's photos: six of Alice's and two of Bob's. They are stored only once."""

import io
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from PIL import Image

from config import DEMO_SUBJECTS
from resource_api import demo


@pytest.fixture
def settings(settings):
    return replace(settings, demo=True)


@pytest.fixture
def alices_client(caller):
    return caller(sub=DEMO_SUBJECTS["alice"])


@pytest.fixture
def bobs_client(caller):
    return caller(sub=DEMO_SUBJECTS["bob"])


def titles(person):
    return [photo["title"] for photo in person.get("/photos").json["photos"]]


def test_alice_has_six_photos_newest_first(alices_client):
    assert titles(alices_client) == [
        "Fjord, blue hour",
        "Dune at dawn",
        "Pines in fog",
        "Lighthouse",
        "Rain on glass",
        "Poppy hill",
    ]


def test_bob_has_two_photos(bobs_client):
    assert titles(bobs_client) == ["The light at the point", "Behind the building site"]


def test_the_images_match_their_descriptions(alices_client):
    for photo in alices_client.get("/photos").json["photos"]:
        data = alices_client.get(f"/photos/{photo['id']}/image").data
        image = Image.open(io.BytesIO(data))

        assert photo["size"] == len(data)
        assert (photo["width"], photo["height"]) == image.size
        assert (photo["content_type"], image.format) == ("image/webp", "WEBP")
        assert not {"exif", "xmp", "icc_profile"} & set(image.info)


def test_a_deleted_photo_stays_deleted_after_a_restart(alices_client, start, settings):
    fjord = alices_client.get("/photos").json["photos"][0]
    alices_client.delete(f"/photos/{fjord['id']}")
    start(settings)

    assert "Fjord, blue hour" not in titles(alices_client)
    assert len(titles(alices_client)) == 5


def test_workers_that_start_together_store_the_photos_once(alices_client, app):
    database = app.extensions["tripod.database"]
    with database.writing() as db:
        db.connection().exec_driver_sql("DELETE FROM photo")
        db.connection().exec_driver_sql("DELETE FROM seeding")
    with ThreadPoolExecutor(8) as workers:
        list(workers.map(demo.seed, [database] * 8))

    assert len(titles(alices_client)) == 6


def test_a_failed_seeding_stores_nothing(alices_client, app, monkeypatch):
    database = app.extensions["tripod.database"]
    with database.writing() as db:
        db.connection().exec_driver_sql("DELETE FROM photo")
        db.connection().exec_driver_sql("DELETE FROM seeding")
    with monkeypatch.context() as patched:
        patched.setitem(
            demo.SEEDINGS,
            "demo-photos",
            (*demo.PHOTOS, demo.PHOTOS[0]._replace(file_name="missing.webp")),
        )
        with pytest.raises(FileNotFoundError):
            demo.seed(database)

    assert titles(alices_client) == []
    demo.seed(database)
    assert len(titles(alices_client)) == 6


def test_outside_the_demo_no_photos_are_stored(caller, start, settings, tmp_path):
    app = start(replace(settings, demo=False, database_url=f"sqlite:///{tmp_path / 'other.db'}"))

    with app.extensions["tripod.database"].engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM photo").scalar() == 0
