"""Images as they come in and as they are kept: checked by decoding, upright, and with nothing in them but pixels.

Neither the name of a file nor the type it claims is believed. A photo's metadata tells where its owner lives, so the image is
written anew from its pixels: orientation and colour profile are worked into them first, an animation keeps its first frame.
"""

from dataclasses import dataclass
from io import BytesIO
from typing import IO

from PIL import Image, ImageCms, ImageOps

from resource_api.errors import ApiError, TooLarge, UnsupportedImage

MAX_BYTES = 10 * 1024 * 1024
MAX_PIXELS = 40_000_000

READ = ("PNG", "JPEG", "WEBP")
#: MPO is what Pillow calls a JPEG that carries further pictures, as many telephones write them.
WRITTEN_AS = {"PNG": "PNG", "JPEG": "JPEG", "MPO": "JPEG", "WEBP": "WEBP"}
CONTENT_TYPES = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp"}
#: Little loss to the eye, and a few seconds at most for the largest image.
ENCODING: dict[str, dict[str, int]] = {
    "PNG": {},
    "JPEG": {"quality": 90},
    "WEBP": {"quality": 90, "method": 2},
}

_SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))


@dataclass(frozen=True)
class CleanImage:
    """An image that may be kept."""

    data: bytes
    content_type: str
    width: int
    height: int


def clean(upload: IO[bytes]) -> CleanImage:
    """The uploaded image as it may be kept.

    :raises TooLarge: when it has too many bytes or pixels.
    :raises UnsupportedImage: when it does not decode as a PNG, JPEG or WebP image.
    """
    data = upload.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise TooLarge("image must be at most 10 MiB.")
    try:
        return _written_anew(data)
    except (ApiError, MemoryError):
        raise
    except Exception as error:
        # Pillow meets hostile bytes with whatever its decoders trip over: OSError, ValueError, struct.error and more.
        raise UnsupportedImage(
            "image must be a PNG, JPEG or WebP image, whole and in order."
        ) from error


def _written_anew(data: bytes) -> CleanImage:
    image = _opened(data)
    written_as = WRITTEN_AS[str(image.format)]
    pixels = _in_srgb(ImageOps.exif_transpose(image))
    # What a palette image says of transparency is pixels too. Everything else in `info` is metadata.
    pixels.info = {name: value for name, value in pixels.info.items() if name == "transparency"}
    written = BytesIO()
    pixels.save(written, written_as, **ENCODING[written_as])
    return CleanImage(written.getvalue(), CONTENT_TYPES[written_as], pixels.width, pixels.height)


def _opened(data: bytes) -> Image.Image:
    """The image with its header read and nothing decoded, so that a small file cannot fill the memory."""
    too_large = TooLarge("image must have at most 40 million pixels.")
    try:
        image = Image.open(BytesIO(data), formats=READ)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise too_large from None
    if image.width * image.height > MAX_PIXELS:
        raise too_large
    return image


def _in_srgb(image: Image.Image) -> Image.Image:
    """The colours that the image's profile means, in those that every screen assumes where there is no profile."""
    profile = image.info.get("icc_profile")
    if not profile:
        return image
    mode = "RGBA" if image.mode == "RGBA" else "RGB"
    try:
        source = ImageCms.ImageCmsProfile(BytesIO(profile))
        return ImageCms.profileToProfile(image, source, _SRGB, outputMode=mode) or image
    except (ImageCms.PyCMSError, OSError):
        return image  # a broken profile, or one of another kind of image: what remains is still a picture
