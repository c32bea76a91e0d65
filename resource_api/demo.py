"""The demo's photos: six of alice's, two of bob's, and one of each user of the lab.

Outside the demo no user has these subjects, so nobody can request the photos.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from sqlalchemy.exc import IntegrityError

from config import DEMO_SUBJECTS, LAB_SUBJECTS
from resource_api import photos
from resource_api.images import CleanImage
from resource_api.models import Seeding
from web.clock import now
from web.database import Database, Session

FOLDER = Path(__file__).parent / "demo_photos"
WIDTH, HEIGHT = 960, 720


class DemoPhoto(NamedTuple):
    """A photo to add: its owner's username, and the name of its file in `FOLDER`."""

    owner: str
    title: str
    taken: datetime
    file_name: str


PHOTOS = (
    DemoPhoto(
        "alice",
        "Fjord, blue hour",
        datetime(2025, 1, 18, 16, 42, tzinfo=UTC),
        "fjord-blue-hour.webp",
    ),
    DemoPhoto(
        "alice", "Dune at dawn", datetime(2024, 11, 9, 5, 58, tzinfo=UTC), "dune-at-dawn.webp"
    ),
    DemoPhoto(
        "alice", "Pines in fog", datetime(2024, 10, 13, 8, 20, tzinfo=UTC), "pines-in-fog.webp"
    ),
    DemoPhoto("alice", "Lighthouse", datetime(2024, 8, 24, 21, 5, tzinfo=UTC), "lighthouse.webp"),
    DemoPhoto(
        "alice", "Rain on glass", datetime(2024, 3, 2, 19, 31, tzinfo=UTC), "rain-on-glass.webp"
    ),
    DemoPhoto("alice", "Poppy hill", datetime(2023, 6, 11, 13, 14, tzinfo=UTC), "poppy-hill.webp"),
    DemoPhoto(
        "bob", "The light at the point", datetime(2024, 9, 7, 20, 47, tzinfo=UTC), "lighthouse.webp"
    ),
    DemoPhoto(
        "bob",
        "Behind the building site",
        datetime(2023, 5, 28, 11, 2, tzinfo=UTC),
        "poppy-hill.webp",
    ),
)
LAB_PHOTOS = (
    DemoPhoto(
        "lab-carol",
        "Nobody else’s business",
        datetime(2025, 2, 8, 9, 12, tzinfo=UTC),
        "rain-on-glass.webp",
    ),
    DemoPhoto(
        "lab-mallory", "A trap", datetime(2025, 2, 9, 23, 59, tzinfo=UTC), "pines-in-fog.webp"
    ),
)
#: The sets of photos that are added together, by the name of their `Seeding` row.
SEEDINGS = {"demo-photos": PHOTOS, "lab-photos": LAB_PHOTOS}


def seed(database: Database) -> None:
    """Add the demo's photos, each set only once, so that a deleted photo stays deleted."""
    for name, demo_photos in SEEDINGS.items():
        try:
            with database.writing() as db:
                if db.get(Seeding, name) is None:
                    _add_photos(db, name, demo_photos)
        except IntegrityError:
            # Another worker started at the same time and adds these photos.
            continue


def _add_photos(db: Session, name: str, demo_photos: Sequence[DemoPhoto]) -> None:
    db.add(Seeding(name=name, seeded_at=now()))
    # The row must be stored first: another worker then fails here and adds no photos.
    db.flush()
    for photo in demo_photos:
        image = CleanImage((FOLDER / photo.file_name).read_bytes(), "image/webp", WIDTH, HEIGHT)
        owner = (DEMO_SUBJECTS | LAB_SUBJECTS)[photo.owner]
        photos.add(db, owner, photo.title, image, created_at=photo.taken)
