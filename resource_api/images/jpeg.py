"""Open JPEG files. Pillow gets only the segments that make up the picture."""

import struct
from functools import partial
from io import BytesIO

from PIL import Image

from resource_api.images.colour import open_profile
from resource_api.images.opened import QUALITY, OpenedImage, open_header
from resource_api.images.orientation import read_orientation

_START, _END = b"\xff\xd8", b"\xff\xd9"
_SCAN, _FILL = 0xDA, 0xFF
_APP0, _APP1, _APP2, _APP14, _APP15, _COMMENT = 0xE0, 0xE1, 0xE2, 0xEE, 0xEF, 0xFE
#: Markers that are not followed by the length of their segment.
_ALONE = frozenset({0x00, 0x01, *range(0xD0, 0xDA)})
#: Bytes that a decoder reads as pixels only if pixels are missing.
_FILLER = b"\x55\xaa" * 256


def open_jpeg(data: bytes) -> OpenedImage:
    """Return the image; of several in one file, the first one."""
    segments, scans = _split(data)
    kept = [
        struct.pack(">BBH", 0xFF, marker, len(content) + 2) + content
        for marker, content in segments
        if _belongs_to_picture(marker, content)
    ]
    picture = b"".join([_START, *kept, scans])
    return OpenedImage(
        open_header(picture, "JPEG"),
        orientation=read_orientation(_find_exif(segments)),
        profile=open_profile(_join_profile(segments)),
        encoding={"format": "JPEG", "quality": QUALITY, "subsampling": "4:4:4"},
        decode=partial(_decode, data=picture),
    )


def _split(data: bytes) -> tuple[list[tuple[int, bytes]], bytes]:
    """Return each segment before the pixels, as its marker and its content, and then the rest."""
    segments: list[tuple[int, bytes]] = []
    position = data.find(b"\xff", len(_START))
    while 0 <= position < len(data) - 3:
        marker, length = data[position + 1], int.from_bytes(data[position + 2 : position + 4])
        if marker == _SCAN:
            return segments, data[position:]
        if marker == _FILL:
            position += 1
        elif marker in _ALONE:
            position += 2
        else:
            segments.append((marker, data[position + 4 : position + 2 + length]))
            position += 2 + max(length, 2)
        # As in libjpeg, what lies between a segment and the next marker is skipped.
        position = data.find(b"\xff", position)
    raise ValueError("the file has no pixels")


def _belongs_to_picture(marker: int, content: bytes) -> bool:
    """Return whether a decoder needs the segment.

    The JFIF and Adobe segments define the colour space.
    """
    if marker == _APP0:
        return content.startswith(b"JFIF\0") and len(content) >= 14
    if marker == _APP14:
        return content.startswith(b"Adobe") and len(content) >= 12
    return not (_APP0 < marker <= _APP15 or marker == _COMMENT)


def _find_exif(segments: list[tuple[int, bytes]]) -> bytes:
    for marker, content in segments:
        if marker == _APP1 and content.startswith(b"Exif\0"):
            return content[6:]
    return b""


def _join_profile(segments: list[tuple[int, bytes]]) -> bytes | None:
    """Return the ICC profile, whose parts are numbered from 1 (ICC.1:2022 annex B.4)."""
    name, total = b"ICC_PROFILE\0", 0
    parts: dict[int, bytes] = {}
    for marker, content in segments:
        if marker == _APP2 and content.startswith(name) and len(content) >= 14:
            number, total = content[12], content[13]
            parts.setdefault(number, content[14:])
    if not total or sorted(parts) != list(range(1, total + 1)):
        return None
    return b"".join(parts[number] for number in sorted(parts))


def _decode(image: Image.Image, data: bytes) -> Image.Image:
    """Return the pixels.

    :raises OSError: when some of them are missing. The end of the file can be missing.
    """
    try:
        image.load()
    except OSError:
        if _decode_last_rows(data + _END) != _decode_last_rows(data + _FILLER + _END):
            raise
        image = Image.open(BytesIO(data + _END), formats=["JPEG"])
        image.load()
    return image


def _decode_last_rows(data: bytes) -> bytes:
    with Image.open(BytesIO(data), formats=["JPEG"]) as image:
        return image.crop((0, max(image.height - 32, 0), image.width, image.height)).tobytes()
