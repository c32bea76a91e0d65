"""An image is stored and read in parts: slow clients would keep whole images in memory."""

import secrets
from collections.abc import Iterator

import pytest

from config import PROJECT_ROOT
from resource_api import photos
from resource_api.images import CleanImage
from resource_api.photos import PART_BYTES
from web import migrations
from web.database import Database


@pytest.fixture
def database(empty_database_url: str) -> Iterator[Database]:
    database = Database(empty_database_url)
    migrations.upgrade(database.engine, PROJECT_ROOT / "migrations" / "resource_api")
    yield database
    database.close()


@pytest.mark.parametrize("size", [0, 1, PART_BYTES, PART_BYTES + 1, 3 * PART_BYTES - 1])
def test_the_parts_of_an_image_are_the_whole_image(database: Database, size: int) -> None:
    image = CleanImage(secrets.token_bytes(size), "image/png", 1, 1)
    with database.writing() as db:
        photo = photos.add(db, "subject-of-alice", "A photo", image)

    parts = list(photos.read_image(database, photo))

    assert b"".join(parts) == image.data
    assert len(parts) == -(-size // PART_BYTES)
    assert all(len(part) <= PART_BYTES for part in parts)
