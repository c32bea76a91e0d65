"""Open JPEG files. Pillow gets only the segments that make up the picture."""

import re
import struct
from collections.abc import Iterator
from functools import partial
from io import BytesIO
from itertools import takewhile

from PIL import Image

from resource_api.images.colour import open_profile
from resource_api.images.limits import MAX_SCANS
from resource_api.images.opened import QUALITY, OpenedImage, open_header
from resource_api.images.orientation import read_orientation
from resource_api.reasons import Reason, UploadRefused

_START, _END = b"\xff\xd8", b"\xff\xd9"
_SCAN, _END_OF_IMAGE = 0xDA, 0xD9
_APP0, _APP1, _APP2, _APP14, _APP15, _COMMENT = 0xE0, 0xE1, 0xE2, 0xEE, 0xEF, 0xFE
#: A marker that ends the image or begins a segment. Pixels can contain the other ones.
_MARKER = re.compile(rb"\xff([^\x00\x01\xd0-\xd8\xff])", re.DOTALL)
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
    """Return each segment before the pixels, as its marker and its content, and then the rest.

    :raises UploadRefused: when the pixels have too many scans.
    """
    segments: list[tuple[int, bytes]] = []
    markers = _read_markers(data)
    for marker, position, content in markers:
        if marker == _SCAN:
            _check_number_of_scans(markers)
            return segments, data[position:]
        if marker != _END_OF_IMAGE:
            segments.append((marker, content))
    raise ValueError("the file has no pixels")


def _read_markers(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Yield each marker with its position, and with the content of its segment.

    As in libjpeg, what lies between a segment and the next marker is skipped.
    """
    found = _MARKER.search(data, len(_START))
    while found is not None:
        marker, start = found[1][0], found.start()
        length = 0
        if marker != _END_OF_IMAGE:
            length = int.from_bytes(data[start + 2 : start + 4])
        yield marker, start, data[start + 4 : start + 2 + length]
        found = _MARKER.search(data, start + 2 + length)


def _check_number_of_scans(markers: Iterator[tuple[int, int, bytes]]) -> None:
    """Raise `UploadRefused` when too many scans follow the first one."""
    rest = takewhile(lambda found: found[0] != _END_OF_IMAGE, markers)
    if 1 + sum(marker == _SCAN for marker, *_ in rest) > MAX_SCANS:
        raise UploadRefused(Reason.TOO_MANY_SCANS)


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
        image = _load(data + _END)
        if image.tobytes() != _load(data + _FILLER + _END).tobytes():
            raise
    return image


def _load(picture: bytes) -> Image.Image:
    image = Image.open(BytesIO(picture), formats=["JPEG"])
    image.load()
    return image
