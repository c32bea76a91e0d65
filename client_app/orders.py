"""What a person orders: prints of some of her photos, in one size.

An order names its photos and keeps no copy of them. The tokens' record is read at every request and is no place for
megabytes; and a shop that kept people's photos after they took their leave would not be one to trust. The sheet's images
come from Photo API when the sheet is looked at, as the album's do, for as long as the connection lives.
"""

import secrets
from dataclasses import dataclass
from typing import Any, Self

#: By the value in the form, what a person reads.
SIZES = {"10x15": "10 × 15 cm", "13x18": "13 × 18 cm", "20x30": "20 × 30 cm"}
MAX_PHOTOS = 12
MAX_COPIES = 20
#: Of one connection; the oldest make room.
MAX_ORDERS = 10
#: Without those that look alike when they are read out.
ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"


class BadOrderError(Exception):
    """The form cannot be carried out as it is. The text is a sentence for the person."""


@dataclass(frozen=True)
class Wish:
    """What the order form asks for."""

    photo_ids: tuple[str, ...]
    size: str
    copies: int

    @classmethod
    def read(cls, photo_ids: list[str], size: str, copies: str) -> Self:
        """Of the form's fields, each photo once.

        :raises BadOrderError: when it is no order.
        """
        ticked = tuple(dict.fromkeys(photo_ids))
        if not ticked:
            raise BadOrderError("Tick at least one photo to print.")
        if len(ticked) > MAX_PHOTOS:
            raise BadOrderError(
                f"You ticked {len(ticked)} photos. One order takes {MAX_PHOTOS}: untick some, order the rest after."
            )
        if size not in SIZES:
            raise BadOrderError("Choose one of the sizes.")
        if not (
            copies.isascii()
            and copies.isdigit()
            and len(copies) < 4
            and 1 <= int(copies) <= MAX_COPIES
        ):
            raise BadOrderError(f"Copies of each must be a number from 1 to {MAX_COPIES}.")
        return cls(ticked, size, int(copies))


@dataclass(frozen=True)
class Print:
    """One photo of an order, with what arrived when its image was fetched."""

    photo_id: str
    title: str
    content_type: str
    bytes: int


@dataclass(frozen=True)
class Order:
    """Prints for one person; `name` is hers if she lets Print Shop know it. `made_at` is in epoch seconds."""

    number: str
    size: str
    copies: int
    name: str | None
    made_at: float
    prints: tuple[Print, ...]

    @classmethod
    def of(cls, wish: Wish, prints: list[Print], name: str | None, made_at: float) -> Self:
        """A new one."""
        return cls(_number(), SIZES[wish.size], wish.copies, name, made_at, tuple(prints))

    @classmethod
    def from_stored(cls, stored: dict[str, Any]) -> Self:
        """As `dataclasses.asdict` left it."""
        return cls(**stored | {"prints": tuple(Print(**one) for one in stored["prints"])})

    @property
    def total(self) -> int:
        """How many prints that makes."""
        return self.copies * len(self.prints)


def _number() -> str:
    """Random, so that it tells nothing of how many orders there are."""
    drawn = "".join(secrets.choice(ALPHABET) for _ in range(8))
    return f"{drawn[:4]}-{drawn[4:]}"
