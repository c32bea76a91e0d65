"""The uploaded images: how they are checked, and what is stored of them."""

from dataclasses import dataclass

MAX_BYTES = 10 * 1024 * 1024


@dataclass(frozen=True)
class CleanImage:
    """An image that may be stored. Width and height are in pixels."""

    data: bytes
    content_type: str
    width: int
    height: int
