"""Open WebP files. Pillow does not read their metadata, and only the first frame is decoded."""

import struct

from PIL import Image

from resource_api.images.colour import open_profile
from resource_api.images.opened import QUALITY, OpenedImage, decode_with_pillow, open_header
from resource_api.images.orientation import UPRIGHT

#: The methods take a few seconds at most for the largest image.
LOSSY = {"quality": QUALITY, "method": 2}
LOSSLESS = {"lossless": True, "quality": 0, "method": 0}

#: The bits of an extended file's flags.
_ANIMATED, _HAS_ALPHA = 0x02, 0x10
#: The lengths of the headers of a file, of a chunk and of a frame.
_FILE, _CHUNK, _FRAME = 12, 8, 16


def open_webp(data: bytes) -> OpenedImage:
    """Return the image; of an animation, the first frame."""
    image = open_header(data, "WEBP")
    encoding: dict[str, int] = LOSSY
    if _find_codec(data) == b"VP8L":
        encoding = LOSSLESS
    profile, decode = image.info.get("icc_profile"), decode_with_pillow
    if data[12:16] == b"VP8X" and data[20] & _ANIMATED:
        # Browsers ignore the profile of an animation.
        profile = None
    if data[12:16] == b"VP8X" and not data[20] & _HAS_ALPHA:
        decode = _decode_opaque
    return OpenedImage(
        image,
        # Chromium shows the pixels as they are stored, whatever the EXIF orientation is.
        orientation=UPRIGHT,
        profile=open_profile(profile),
        encoding={"format": "WEBP"} | encoding,
        decode=decode,
    )


def _decode_opaque(image: Image.Image) -> Image.Image:
    """Return the image without the alpha that the file's flags do not announce."""
    return image.convert("RGB")


def _find_codec(data: bytes) -> bytes:
    """Return the name of the chunk with the first pixels: VP8 with loss, VP8L without."""
    position = _FILE
    while position + _CHUNK <= len(data):
        name, length = struct.unpack_from("<4sI", data, position)
        if name in (b"VP8 ", b"VP8L"):
            return bytes(name)
        if name == b"ANMF":
            # The chunks of the frame are within this chunk.
            length = _FRAME
        position += _CHUNK + length + length % 2
    return b""
