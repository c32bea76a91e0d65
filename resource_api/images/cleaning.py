"""Validate uploaded images, and remove everything but their pixels.

An image is checked by decoding it; the file's name and its declared type are ignored. Metadata can
tell where the owner lives, so a new image is encoded from the pixels. It looks in every browser as
the uploaded file looks in Chromium: the orientation and the colour profile are applied to the
pixels first, and an animation keeps only its first frame.
"""

from collections.abc import Callable
from io import BytesIO

from resource_api.images import CleanImage
from resource_api.images.avif import open_avif
from resource_api.images.colour import convert_to_srgb
from resource_api.images.jpeg import open_jpeg
from resource_api.images.limits import MAX_STORED_BYTES
from resource_api.images.opened import OpenedImage
from resource_api.images.orientation import turn_upright
from resource_api.images.png import open_png
from resource_api.images.webp import open_webp
from resource_api.reasons import Reason, UploadRefused

CONTENT_TYPES = {
    "PNG": "image/png",
    "JPEG": "image/jpeg",
    "WEBP": "image/webp",
    "AVIF": "image/avif",
}


def clean(data: bytes) -> CleanImage:
    """Return the uploaded image as it may be stored.

    :raises UploadRefused: when it must not be stored.
    :raises MemoryError: when it needs more memory than there is.
    """
    open_image = _recognize(data)
    try:
        return _encode_pixels(open_image(data))
    except (UploadRefused, MemoryError):
        raise
    except Exception as error:
        # With hostile bytes, Pillow raises OSError, ValueError, struct.error and others.
        raise UploadRefused(Reason.UNSUPPORTED_IMAGE) from error


def _recognize(data: bytes) -> Callable[[bytes], OpenedImage]:
    """Return the function that opens files of this format.

    :raises UploadRefused: when the first bytes are those of no supported format.
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
            raise UploadRefused(Reason.HEIC_IMAGE)
    raise UploadRefused(Reason.UNSUPPORTED_IMAGE)


def _encode_pixels(opened: OpenedImage) -> CleanImage:
    pixels = convert_to_srgb(opened.decode(opened.image), opened.profile)
    pixels = turn_upright(pixels, opened.orientation)
    # The transparency of a palette image belongs to its pixels; the rest of `info` is metadata.
    pixels.info = {name: value for name, value in pixels.info.items() if name == "transparency"}
    encoding = opened.encoding
    # The pixels as they were before they were turned need as much memory as those after it.
    del opened
    written = BytesIO()
    pixels.save(written, **encoding)
    if written.tell() > MAX_STORED_BYTES:
        raise UploadRefused(Reason.IMAGE_TOO_COMPLEX)
    content_type = CONTENT_TYPES[encoding["format"]]
    return CleanImage(written.getvalue(), content_type, pixels.width, pixels.height)
