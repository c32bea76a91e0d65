"""The uploaded images: how they are checked, and what is stored of them.

Only the program in `decoder.py` decodes an image. `resource_api/decoders.py` starts it for each
upload, so the process that serves requests does not load Pillow.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class CleanImage:
    """An image that may be stored. Width and height are in pixels."""

    data: bytes
    content_type: str
    width: int
    height: int
