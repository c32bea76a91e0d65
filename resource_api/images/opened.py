"""An image of which only the header has been read."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from PIL import Image
from PIL.ImageCms import ImageCmsProfile

from resource_api.images.limits import MAX_PIXELS
from resource_api.reasons import Reason, UploadRefused

#: The quality for lossy encoders. At 90, encoding again causes visible loss in photos with little
#: compression.
QUALITY = 95
#: Pillow itself refuses an image with more than twice as many pixels, before it allocates memory.
Image.MAX_IMAGE_PIXELS = MAX_PIXELS // 2
warnings.simplefilter("ignore", Image.DecompressionBombWarning)


def decode_with_pillow(image: Image.Image) -> Image.Image:
    """Return the image with its pixels decoded."""
    image.load()
    return image


@dataclass(frozen=True)
class OpenedImage:
    """An image whose pixels are not decoded yet, and what else decides how a browser shows it."""

    image: Image.Image
    #: The value of the EXIF tag Orientation, from 1 to 8.
    orientation: int
    #: The profile of the colours, or None for sRGB.
    profile: ImageCmsProfile | None
    #: The arguments for Pillow's encoder: the format, and options such as the quality.
    encoding: dict[str, Any]
    decode: Callable[[Image.Image], Image.Image] = decode_with_pillow


def open_header(data: bytes, file_format: str) -> Image.Image:
    """Return the image without decoding its pixels, so that a small file cannot fill the memory.

    :raises UploadRefused: when it has too many pixels.
    """
    try:
        image = Image.open(BytesIO(data), formats=[file_format])
    except Image.DecompressionBombError:
        raise UploadRefused(Reason.TOO_MANY_PIXELS) from None
    check_size(image.width, image.height)
    return image


def check_size(width: int, height: int) -> None:
    """Raise `UploadRefused` when an image of this size has too many pixels."""
    if width * height > MAX_PIXELS:
        raise UploadRefused(Reason.TOO_MANY_PIXELS)
