"""Validate uploaded images, and remove everything but their pixels.

An image is checked by decoding it; the file's name and its declared type are ignored. Metadata can
tell where the owner lives, so a new image is encoded from the pixels. It looks in every browser as
the uploaded file looks in Chromium: the orientation and the colour profile are applied to the
pixels first, and an animation keeps only its first frame.
"""

import ctypes
import sys
from collections.abc import Callable
from contextlib import suppress
from io import BytesIO
from typing import IO

from resource_api.errors import ApiError, TooLarge, UnsupportedImage
from resource_api.images import MAX_BYTES, CleanImage
from resource_api.images.avif import open_avif
from resource_api.images.colour import convert_to_srgb
from resource_api.images.jpeg import open_jpeg
from resource_api.images.opened import OpenedImage
from resource_api.images.orientation import turn_upright
from resource_api.images.png import open_png
from resource_api.images.webp import open_webp

CONTENT_TYPES = {
    "PNG": "image/png",
    "JPEG": "image/jpeg",
    "WEBP": "image/webp",
    "AVIF": "image/avif",
}
UNSUPPORTED = "image must be a complete and valid PNG, JPEG, WebP or AVIF image."
HEIC = "image is in the format HEIC, which is not supported. Convert it to JPEG first."
#: The option of mallopt(3) for the size from which a block is returned to the system when freed.
M_MMAP_THRESHOLD = -3
LARGE_BLOCK = 2**20

# By default, glibc keeps the memory of a few decoded images for each thread. musl does not.
if sys.platform == "linux":
    with suppress(AttributeError):
        ctypes.CDLL(None).mallopt(M_MMAP_THRESHOLD, LARGE_BLOCK)


def clean(upload: IO[bytes]) -> CleanImage:
    """Return the uploaded image as it may be stored.

    :raises TooLarge: when it has too many bytes or pixels.
    :raises UnsupportedImage: when it does not decode as a PNG, JPEG, WebP or AVIF image.
    """
    data = upload.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise TooLarge("image must be at most 10 MiB.")
    open_image = _recognize(data)
    try:
        return _encode_pixels(open_image(data))
    except (ApiError, MemoryError):
        raise
    except Exception as error:
        # With hostile bytes, Pillow raises OSError, ValueError, struct.error and others.
        raise UnsupportedImage(UNSUPPORTED) from error


def _recognize(data: bytes) -> Callable[[bytes], OpenedImage]:
    """Return the function that opens files of this format.

    :raises UnsupportedImage: when the first bytes are those of no supported format.
    """
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return open_png
    if data.startswith(b"\xff\xd8"):
        return open_jpeg
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return open_webp
    if data[4:8] == b"ftyp":
        # ISO/IEC 14496-12 §4.3: the brands of the file, with a version after the first.
        brands = data[8 : int.from_bytes(data[:4])]
        if b"avif" in brands or b"avis" in brands:
            return open_avif
        if b"hei" in brands or b"hev" in brands:
            raise UnsupportedImage(HEIC)
    raise UnsupportedImage(UNSUPPORTED)


def _encode_pixels(opened: OpenedImage) -> CleanImage:
    pixels = convert_to_srgb(opened.decode(opened.image), opened.profile)
    pixels = turn_upright(pixels, opened.orientation)
    # The transparency of a palette image belongs to its pixels; the rest of `info` is metadata.
    pixels.info = {name: value for name, value in pixels.info.items() if name == "transparency"}
    written = BytesIO()
    pixels.save(written, **opened.encoding)
    content_type = CONTENT_TYPES[opened.encoding["format"]]
    return CleanImage(written.getvalue(), content_type, pixels.width, pixels.height)
