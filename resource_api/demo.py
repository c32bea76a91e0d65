"""The demo's photos: six of alice's, two of bob's, and one of each user of the lab.

Outside the demo no user has these subjects, so nobody can request the photos.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from config import DEMO_SUBJECTS, LAB_SUBJECTS
from resource_api import photos
from resource_api.images import CleanImage
from resource_api.models import Seeding
from web.clock import now
from web.database import Database, Session, lock

FOLDER = Path(__file__).parent / "demo_photos"
WIDTH, HEIGHT = 960, 720


class DemoPhoto(NamedTuple):
    """A photo to add: its owner's username, the time in UTC, and its file in `FOLDER`."""

    owner: str
    title: str
    taken: str
    file_name: str


PHOTOS = (
    DemoPhoto("alice", "Fjord, blue hour", "2025-01-18 16:42", "fjord-blue-hour.webp"),
    DemoPhoto("alice", "Dune at dawn", "2024-11-09 05:58", "dune-at-dawn.webp"),
    DemoPhoto("alice", "Pines in fog", "2024-10-13 08:20", "pines-in-fog.webp"),
    DemoPhoto("alice", "Lighthouse", "2024-08-24 21:05", "lighthouse.webp"),
    DemoPhoto("alice", "Rain on glass", "2024-03-02 19:31", "rain-on-glass.webp"),
    DemoPhoto("alice", "Poppy hill", "2023-06-11 13:14", "poppy-hill.webp"),
    DemoPhoto("bob", "The light at the point", "2024-09-07 20:47", "lighthouse.webp"),
    DemoPhoto("bob", "Behind the building site", "2023-05-28 11:02", "poppy-hill.webp"),
)
LAB_PHOTOS = (
    DemoPhoto("lab-carol", "Nobody else’s business", "2025-02-08 09:12", "rain-on-glass.webp"),
    DemoPhoto("lab-mallory", "A trap", "2025-02-09 23:59", "pines-in-fog.webp"),
)
#: The sets of photos that are added together, by the name of their `Seeding` row.
SEEDINGS = {"demo-photos": PHOTOS, "lab-photos": LAB_PHOTOS}


def seed(database: Database) -> None:
    """Add the demo's photos, each set only once, so that a deleted photo stays deleted."""
    for name, demo_photos in SEEDINGS.items():
        with database.writing() as db:
            lock(db, "demo")  # Of several workers that start together, the first adds the photos.
            if db.get(Seeding, name) is None:
                _add_photos(db, name, demo_photos)


def _add_photos(db: Session, name: str, demo_photos: Sequence[DemoPhoto]) -> None:
    db.add(Seeding(name=name, seeded_at=now()))
    for photo in demo_photos:
        image = CleanImage((FOLDER / photo.file_name).read_bytes(), "image/webp", WIDTH, HEIGHT)
        owner = (DEMO_SUBJECTS | LAB_SUBJECTS)[photo.owner]
        taken = datetime.fromisoformat(photo.taken).replace(tzinfo=UTC)
        photos.add(db, owner, photo.title, image, created_at=taken)
