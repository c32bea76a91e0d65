"""Validate uploaded images, and remove everything but their pixels.

An image is checked by decoding it; the file's name and its declared type are ignored. Metadata can
tell where the owner lives, so a new image is encoded from the pixels. The orientation and the
colour profile are applied to the pixels first, and an animation keeps only its first frame.
"""

from dataclasses import dataclass
from io import BytesIO
from typing import IO

from PIL import Image, ImageCms, ImageOps

from resource_api.errors import ApiError, TooLarge, UnsupportedImage

MAX_BYTES = 10 * 1024 * 1024
MAX_PIXELS = 40_000_000

INPUT_FORMATS = ("PNG", "JPEG", "WEBP")
#: Pillow calls a JPEG with further pictures in it MPO; many telephones write such files.
OUTPUT_FORMATS = {"PNG": "PNG", "JPEG": "JPEG", "MPO": "JPEG", "WEBP": "WEBP"}
CONTENT_TYPES = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp"}
#: Almost no visible loss, and a few seconds at most for the largest image.
ENCODING: dict[str, dict[str, int]] = {
    "PNG": {},
    "JPEG": {"quality": 90},
    "WEBP": {"quality": 90, "method": 2},
}

_SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))


@dataclass(frozen=True)
class CleanImage:
    """An image that may be stored. Width and height are in pixels."""

    data: bytes
    content_type: str
    width: int
    height: int


def clean(upload: IO[bytes]) -> CleanImage:
    """Return the uploaded image as it may be stored.

    :raises TooLarge: when it has too many bytes or pixels.
    :raises UnsupportedImage: when it does not decode as a PNG, JPEG or WebP image.
    """
    data = upload.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise TooLarge("image must be at most 10 MiB.")
    try:
        return _encode_pixels(data)
    except (ApiError, MemoryError):
        raise
    except Exception as error:
        # With hostile bytes, Pillow raises OSError, ValueError, struct.error and others.
        raise UnsupportedImage(
            "image must be a complete and valid PNG, JPEG or WebP image."
        ) from error


def _encode_pixels(data: bytes) -> CleanImage:
    image = _open(data)
    output_format = OUTPUT_FORMATS[str(image.format)]
    pixels = _convert_to_srgb(ImageOps.exif_transpose(image))
    # The transparency of a palette image belongs to its pixels; the rest of `info` is metadata.
    pixels.info = {name: value for name, value in pixels.info.items() if name == "transparency"}
    written = BytesIO()
    pixels.save(written, output_format, **ENCODING[output_format])
    return CleanImage(written.getvalue(), CONTENT_TYPES[output_format], pixels.width, pixels.height)


def _open(data: bytes) -> Image.Image:
    """Return the image without decoding its pixels, so that a small file cannot fill the memory."""
    too_large = TooLarge("image must have at most 40 million pixels.")
    try:
        image = Image.open(BytesIO(data), formats=INPUT_FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise too_large from None
    if image.width * image.height > MAX_PIXELS:
        raise too_large
    return image


def _convert_to_srgb(image: Image.Image) -> Image.Image:
    """Return the image in sRGB, which every screen assumes for an image without a profile."""
    profile = image.info.get("icc_profile")
    if not profile:
        return image
    mode = "RGB"
    if image.mode == "RGBA":
        mode = "RGBA"
    try:
        source = ImageCms.ImageCmsProfile(BytesIO(profile))
        return ImageCms.profileToProfile(image, source, _SRGB, outputMode=mode) or image
    except (ImageCms.PyCMSError, OSError):
        # A broken profile, or one for another colour mode, is ignored.
        return image
