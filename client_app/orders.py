"""Orders: prints of some of a user's photos, all in one size.

An order stores the ids of its photos and no copy of their images. Images are too large for a record
that is read in every request, and the shop must not keep photos after the user disconnected. When
an order sheet is opened, its images are loaded from Photo API, like those of the album.
"""

import secrets
from dataclasses import dataclass
from typing import Any, Self

#: The sizes: the value in the form, and the label that the user reads.
SIZES = {"10x15": "10 × 15 cm", "13x18": "13 × 18 cm", "20x30": "20 × 30 cm"}
MAX_PHOTOS = 12
MAX_COPIES = 20
#: The number of orders of one connection. One more replaces the oldest.
MAX_ORDERS = 10
#: The characters of an order number, without those that are easily confused.
ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"


class BadOrderError(Exception):
    """The form is not a valid order. The message is for the user."""


@dataclass(frozen=True)
class OrderForm:
    """The validated fields of the order form."""

    photo_ids: tuple[str, ...]
    size: str
    copies: int

    @classmethod
    def read(cls, photo_ids: list[str], size: str, copies: str) -> Self:
        """Validate the fields of the form. A repeated photo counts once.

        :raises BadOrderError: when a field is not valid.
        """
        chosen = tuple(dict.fromkeys(photo_ids))
        if not chosen:
            raise BadOrderError("Tick at least one photo to print.")
        if len(chosen) > MAX_PHOTOS:
            raise BadOrderError(
                f"You ticked {len(chosen)} photos. One order can have {MAX_PHOTOS}. "
                "Untick some, and order them later."
            )
        if size not in SIZES:
            raise BadOrderError("Choose one of the sizes.")
        return cls(chosen, size, _read_copies(copies))


@dataclass(frozen=True)
class Print:
    """One photo of an order, with the type and the number of bytes of its fetched image."""

    photo_id: str
    title: str
    content_type: str
    bytes: int


@dataclass(frozen=True)
class Order:
    """Prints for one user. `name` is None if the user did not share it.

    `made_at` is in epoch seconds.
    """

    number: str
    size: str
    copies: int
    name: str | None
    made_at: float
    prints: tuple[Print, ...]

    @classmethod
    def create(cls, form: OrderForm, prints: list[Print], name: str | None, made_at: float) -> Self:
        """Create an order with a new number."""
        size = SIZES[form.size]
        return cls(_new_number(), size, form.copies, name, made_at, tuple(prints))

    @classmethod
    def from_stored(cls, stored: dict[str, Any]) -> Self:
        """Create an order from the result of `dataclasses.asdict`."""
        return cls(**stored | {"prints": tuple(Print(**item) for item in stored["prints"])})

    @property
    def total(self) -> int:
        """The number of prints."""
        return self.copies * len(self.prints)


def _read_copies(text: str) -> int:
    """Return the number of copies; `int` alone would accept any digits and very long numbers."""
    is_number = text.isascii() and text.isdigit() and len(text) < 4
    if not is_number or not 1 <= int(text) <= MAX_COPIES:
        raise BadOrderError(f"Copies of each must be a number from 1 to {MAX_COPIES}.")
    return int(text)


def _new_number() -> str:
    """Return a random number, which does not reveal how many orders there are."""
    characters = "".join(secrets.choice(ALPHABET) for _ in range(8))
    return f"{characters[:4]}-{characters[4:]}"
