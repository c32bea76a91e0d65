"""Open PNG files. Pillow gets only the parts that make up the picture."""

import struct
import zlib
from functools import partial

from PIL import Image, ImageChops
from PIL.ImageCms import ImageCmsProfile

from resource_api.images.colour import open_profile
from resource_api.images.described_colours import profile_of_code_points, profile_of_gamma
from resource_api.images.icc import Chromaticities
from resource_api.images.opened import OpenedImage, check_size, open_header
from resource_api.images.orientation import read_orientation
from resource_api.images.png_chunks import Chunks, read_chunks, write_picture
from resource_api.images.png_rows import check_rows

#: A larger profile is ignored. It cannot fill the memory either, as it is not decompressed further.
MAX_PROFILE_BYTES = 8 * 1024 * 1024

_GREY, _RGB, _PALETTE, _GREY_WITH_ALPHA = 0, 2, 3, 4


def open_png(data: bytes) -> OpenedImage:
    """Return the image; of an animation, the first frame."""
    chunks = read_chunks(data)
    check_size(*chunks.size)
    size, corner, pixels = _find_shown_picture(chunks)
    check_rows(chunks.header, size, pixels)
    return OpenedImage(
        open_header(write_picture(chunks, size, pixels), "PNG"),
        orientation=read_orientation(chunks.first.get(b"eXIf", b"")),
        profile=_find_profile(chunks.first),
        encoding={"format": "PNG"},
        decode=partial(_decode, chunks=chunks, corner=corner),
    )


def _find_shown_picture(
    chunks: Chunks,
) -> tuple[tuple[int, int], tuple[int, int], list[memoryview]]:
    """Return the size, the upper left corner and the compressed pixels."""
    control = chunks.first.get(b"fcTL", b"")
    if chunks.frame and len(control) == 26:
        width, height, left, top = struct.unpack_from(">4I", control, 4)
        if left + width <= chunks.size[0] and top + height <= chunks.size[1]:
            return (width, height), (left, top), chunks.frame
    return chunks.size, (0, 0), chunks.pixels


# Pixels


def _decode(image: Image.Image, chunks: Chunks, corner: tuple[int, int]) -> Image.Image:
    """Return the pixels. A frame that covers only a part of the image is put in its place."""
    image.load()
    image.info.clear()
    pixels = _apply_transparency(image, chunks)
    if pixels.size == chunks.size:
        return pixels
    whole = Image.new("RGBA", chunks.size)
    whole.paste(pixels.convert("RGBA"), corner)
    return whole


def _apply_transparency(image: Image.Image, chunks: Chunks) -> Image.Image:
    """Return the image with 8 bits for each sample, and with an alpha channel if it needs one."""
    transparency = _find_transparency(chunks)
    if image.mode == "I;16":
        return _reduce_to_8_bits(image, transparency)
    if chunks.colour_type == _GREY_WITH_ALPHA and image.mode == "RGBA":
        return Image.merge("LA", [image.getchannel("R"), image.getchannel("A")])
    if transparency is None:
        return image
    image.info["transparency"] = transparency
    if chunks.colour_type == _PALETTE:
        return image
    return image.convert({_GREY: "LA", _RGB: "RGBA"}[chunks.colour_type])


def _find_transparency(chunks: Chunks) -> bytes | int | tuple[int, ...] | None:
    """Return the alpha values of a palette, or the transparent colour in the image's mode."""
    content, depth = chunks.first.get(b"tRNS", b""), chunks.bit_depth
    if chunks.colour_type == _PALETTE and content:
        colours = len(chunks.first[b"PLTE"]) // 3
        alpha = content[:colours].ljust(colours, b"\xff")
        return alpha + alpha[-1:] * ((1 << depth) - colours)
    if chunks.colour_type == _GREY and len(content) >= 2:
        (grey,) = struct.unpack_from(">H", content)
        if depth == 16:
            return int(grey)
        if depth == 8:
            return int(grey & 0xFF)
        if grey < 2**depth:
            return int(grey * 255 // (2**depth - 1))
    if chunks.colour_type == _RGB and len(content) >= 6:
        # Pillow keeps the upper half of each sample of 16 bits.
        start = {8: 1, 16: 0}[depth]
        return tuple(content[start:6:2])
    return None


def _reduce_to_8_bits(image: Image.Image, transparency: object) -> Image.Image:
    """Return the upper half of each sample, with an alpha channel if one grey is transparent."""
    lower, upper = Image.frombytes("LA", image.size, image.tobytes()).split()
    if not isinstance(transparency, int):
        return upper
    differences = [
        half.point([255 * (value != wanted) for value in range(256)])
        for half, wanted in ((lower, transparency & 0xFF), (upper, transparency >> 8))
    ]
    return Image.merge("LA", [upper, ImageChops.lighter(*differences)])


# Colours


def _find_profile(chunks: dict[bytes, bytes]) -> ImageCmsProfile | None:
    """Return the profile by the first of these chunks that can be used: cICP, iCCP, sRGB, gAMA."""
    cicp = chunks.get(b"cICP", b"")
    if len(cicp) == 4 and cicp[2:] == b"\0\1":
        profile = profile_of_code_points(cicp[0], cicp[1])
        if profile is not None:
            return profile
    profile = open_profile(_decompress_profile(chunks.get(b"iCCP", b"")))
    if profile is not None or chunks.get(b"sRGB", b"") in (b"\0", b"\1", b"\2", b"\3"):
        return profile
    if len(chunks.get(b"gAMA", b"")) != 4:
        return None
    (gamma,) = struct.unpack(">I", chunks[b"gAMA"])
    try:
        primaries = _read_chromaticities(chunks.get(b"cHRM", b""))
    except ValueError:
        # Chromium then ignores gAMA too.
        return None
    return profile_of_gamma(gamma / 100_000, primaries)


def _read_chromaticities(chunk: bytes) -> Chromaticities | None:
    """Return the white point and the primaries, or None without a whole chunk.

    :raises ValueError: when a number is negative, which PNG does not allow (§7.1).
    """
    if len(chunk) != 32:
        return None
    numbers = struct.unpack(">8i", chunk)
    if min(numbers) < 0:
        raise ValueError("cHRM has a negative number.")
    white_x, white_y, *others = [number / 100_000 for number in numbers]
    red_x, red_y, green_x, green_y, blue_x, blue_y = others
    return (white_x, white_y), (red_x, red_y), (green_x, green_y), (blue_x, blue_y)


def _decompress_profile(chunk: bytes) -> bytes | None:
    name, _, compressed = chunk.partition(b"\0")
    if not 1 <= len(name) <= 80 or not compressed.startswith(b"\0"):
        return None
    decompressor = zlib.decompressobj()
    try:
        profile = decompressor.decompress(compressed[1:], MAX_PROFILE_BYTES)
    except zlib.error:
        return None
    if not decompressor.eof:
        return None
    return profile
