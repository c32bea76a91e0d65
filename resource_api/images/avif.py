"""Open AVIF files. Pillow decodes them with libavif and dav1d."""

import re

from PIL import AvifImagePlugin
from PIL.ImageCms import ImageCmsProfile

from resource_api.images.colour import open_profile
from resource_api.images.described_colours import (
    BT_709,
    CURVES,
    PRIMARIES,
    SRGB,
    profile_of_code_points,
)
from resource_api.images.opened import QUALITY, OpenedImage, open_header
from resource_api.images.orientation import read_orientation

#: At this speed, the largest image takes a few seconds.
ENCODING = {"format": "AVIF", "quality": QUALITY, "subsampling": "4:4:4", "speed": 10}
#: By default, there is a thread for each processor, and each thread needs memory.
AvifImagePlugin.DEFAULT_MAX_THREADS = 1

#: The entry of the item list for EXIF data, up to the item's type (ISO/IEC 14496-12 §8.11.6).
_EXIF_ITEM = re.compile(rb"(infe\x02.{3}.{4}|infe\x03.{3}.{6})Exif", re.DOTALL)
#: The code points of the colours (ISO/IEC 14496-12 §12.1.5).
_CODE_POINTS = re.compile(rb"colrnclx(.{2})(.{2})", re.DOTALL)
#: In AVIF, Chromium treats these television curves as sRGB; in PNG it does not.
_TELEVISION = (1, 6, 14, 15)


def open_avif(data: bytes) -> OpenedImage:
    """Return the image; of an animation, the first frame.

    As in browsers, the image is turned by the container's `irot` and `imir`, and not by its EXIF
    data. Pillow would parse and change the EXIF data, so the type of this item is replaced by an
    unknown one.
    """
    image = open_header(_EXIF_ITEM.sub(rb"\1none", data), "AVIF")
    profile = open_profile(image.info.get("icc_profile"))
    if profile is None:
        profile = _read_code_points(data)
    return OpenedImage(
        image,
        orientation=read_orientation(image.info.get("exif", b"").removeprefix(b"Exif\0\0")),
        profile=profile,
        encoding=ENCODING,
    )


def _read_code_points(data: bytes) -> ImageCmsProfile | None:
    """Return the profile for the code points, or None for sRGB."""
    found = _CODE_POINTS.search(data)
    if found is None:
        return None
    primaries, transfer = (int.from_bytes(group) for group in found.groups())
    if primaries not in PRIMARIES:
        primaries = BT_709
    if transfer not in CURVES or transfer in _TELEVISION:
        transfer = SRGB
    return profile_of_code_points(primaries, transfer)
