"""Image files, written byte by byte where an encoder would not write them that way."""

import io
import struct
import zlib
from collections.abc import Sequence
from typing import Any

from PIL import Image, ImageDraw

Chunk = tuple[bytes, bytes]

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
#: Samples per pixel, for each colour type of PNG.
SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
RED, GREEN, BLUE, YELLOW = (200, 50, 50), (50, 200, 50), (50, 50, 200), (230, 220, 30)


def patches(mode: str = "RGB", size: tuple[int, int] = (64, 32)) -> Image.Image:
    """Return an image of four colours, so that it shows how it is turned."""
    image = Image.new("RGB", size, RED)
    draw, (width, height) = ImageDraw.Draw(image), size
    draw.rectangle([width // 2, 0, width, height // 2 - 1], fill=GREEN)
    draw.rectangle([0, height // 2, width // 2 - 1, height], fill=BLUE)
    draw.rectangle([width // 2, height // 2, width, height], fill=YELLOW)
    converted = image.convert(mode.removesuffix("+A"))
    if mode in ("LA", "RGBA"):
        converted.putalpha(Image.linear_gradient("L").resize(size))
    return converted


def encode(image: Image.Image, file_format: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, file_format, **options)
    return file.getvalue()


# PNG


def chunk(name: bytes, content: bytes, *, checksum: int | None = None) -> bytes:
    if checksum is None:
        checksum = zlib.crc32(name + content)
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", checksum)


def png(
    colour_type: int,
    depth: int,
    rows: Sequence[Sequence[int]],
    before: Sequence[Chunk | bytes] = (),
    after: Sequence[Chunk | bytes] = (),
) -> bytes:
    """Return a PNG of these samples, with chunks before and after its pixels."""
    width = len(rows[0]) // SAMPLES[colour_type]
    header = struct.pack(">IIBBBBB", width, len(rows), depth, colour_type, 0, 0, 0)
    pixels = b"".join(b"\0" + _pack_row(row, depth) for row in rows)
    written = [
        (b"IHDR", header),
        *before,
        (b"IDAT", zlib.compress(pixels)),
        *after,
        (b"IEND", b""),
    ]
    return PNG_SIGNATURE + b"".join(
        part if isinstance(part, bytes) else chunk(*part) for part in written
    )


def _pack_row(row: Sequence[int], depth: int) -> bytes:
    if depth == 16:
        return struct.pack(f">{len(row)}H", *row)
    bits = "".join(f"{sample:0{depth}b}" for sample in row)
    bits += "0" * (-len(bits) % 8)
    return int(bits, 2).to_bytes(len(bits) // 8, "big")


def greys(*values: int, depth: int = 8, **chunks: Sequence[Chunk | bytes]) -> bytes:
    """Return a grey PNG of one row."""
    return png(0, depth, [values], **chunks)


def colours(*values: tuple[int, ...], depth: int = 8, **chunks: Sequence[Chunk | bytes]) -> bytes:
    """Return a PNG of one row, in RGB or RGBA."""
    colour_type = {3: 2, 4: 6}[len(values[0])]
    return png(colour_type, depth, [[sample for value in values for sample in value]], **chunks)


def palette(*values: tuple[int, int, int]) -> Chunk:
    return b"PLTE", bytes(sample for value in values for sample in value)


def transparent(*values: int) -> Chunk:
    """Return the chunk that makes one grey or one colour transparent."""
    return b"tRNS", struct.pack(f">{len(values)}H", *values)


def gamma(value: float) -> Chunk:
    return b"gAMA", struct.pack(">I", round(value * 100_000))


def chromaticities(*points: tuple[float, float]) -> Chunk:
    """Return the chunk for white, red, green and blue."""
    values = [round(100_000 * value) for point in points for value in point]
    return b"cHRM", struct.pack(">8I", *values)


def code_points(primaries: int, transfer: int, matrix: int = 0, full_range: int = 1) -> Chunk:
    return b"cICP", bytes([primaries, transfer, matrix, full_range])


def embedded(profile: bytes) -> Chunk:
    return b"iCCP", b"a profile\0\0" + zlib.compress(profile)


# JPEG


def segment(marker: int, content: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(content) + 2) + content


def with_segments(jpeg: bytes, *segments: bytes) -> bytes:
    return jpeg[:2] + b"".join(segments) + jpeg[2:]


def exif_segment(exif: bytes) -> bytes:
    return segment(0xE1, b"Exif\0\0" + exif)


def profile_segment(part: bytes, number: int = 1, total: int = 1) -> bytes:
    return segment(0xE2, b"ICC_PROFILE\0" + bytes([number, total]) + part)


# WebP


def webp_chunks(webp: bytes) -> list[Chunk]:
    chunks, position = [], 12
    while position + 8 <= len(webp):
        name, length = struct.unpack_from("<4sI", webp, position)
        chunks.append((name, webp[position + 8 : position + 8 + length]))
        position += 8 + length + length % 2
    return chunks


def webp_of(chunks: Sequence[Chunk]) -> bytes:
    body = b"WEBP" + b"".join(
        name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)
        for name, content in chunks
    )
    return b"RIFF" + struct.pack("<I", len(body)) + body


# AVIF


def with_code_points(avif: bytes, primaries: int, transfer: int) -> bytes:
    start = avif.index(b"colrnclx") + 8
    return avif[:start] + struct.pack(">HH", primaries, transfer) + avif[start + 4 :]


# Metadata


def exif(
    orientation: int = 6, *, kind: int = 3, count: int = 1, order: str = "<", others: bytes = b""
) -> bytes:
    """Return EXIF data with an orientation, and with the entries `others` before it."""
    signature = {"<": b"II*\0", ">": b"MM\0*"}[order]
    entry = struct.pack(order + "HHIHxx", 0x112, kind, count, orientation)
    entries = struct.pack(order + "H", len(others) // 12 + 1) + others + entry
    return signature + struct.pack(order + "I", 8) + entries + b"\0\0\0\0"


def profile(
    space: bytes = b"RGB ",
    *,
    exponent: float = 2.2,
    primaries: Sequence[Sequence[float]] = (),
    tags: Sequence[Chunk] = (),
) -> bytes:
    """Return an ICC profile with the curve of this exponent."""
    curve = struct.pack(">4s4xIHxx", b"curv", 1, round(exponent * 256))
    white = _xyz(0.9642, 1, 0.8249)
    if space == b"GRAY":
        tags = [(b"kTRC", curve)]
    elif space == b"RGB ":
        channels = list(zip((b"r", b"g", b"b"), primaries, strict=True))
        tags = [(name + b"XYZ", _xyz(*column)) for name, column in channels]
        tags += [(name + b"TRC", curve) for name, _ in channels]
    tags = [*tags, (b"wtpt", white)]
    table, body, start = struct.pack(">I", len(tags)), b"", 132 + 12 * len(tags)
    for name, content in tags:
        table += struct.pack(">4sII", name, start + len(body), len(content))
        body += content + b"\0" * (-len(content) % 4)
    pcs = b"Lab " if space == b"CMYK" else b"XYZ "
    header = struct.pack(
        ">I4xI4s4s4s12x4s28x", start + len(body), 0x02400000, b"mntr", space, pcs, b"acsp"
    )
    return (header + white[8:]).ljust(128, b"\0") + table + body


def cmyk_profile() -> bytes:
    """Return a profile of four inks, with a table with two values for each ink."""
    table = struct.pack(">4s4xBBBx", b"mft1", 4, 3, 2)
    table += struct.pack(">9i", *(65536 * value for value in (1, 0, 0, 0, 1, 0, 0, 0, 1)))
    table += bytes(range(256)) * 4
    for inks in range(16):
        cyan, magenta, yellow, black = (inks >> shift & 1 for shift in (3, 2, 1, 0))
        light = 1 - 0.9 * black
        table += bytes(
            [
                round(255 * (1 - 0.3 * cyan - 0.3 * magenta - 0.05 * yellow) * light),
                round(128 + (60 * magenta - 40 * cyan) * light),
                round(128 + (80 * yellow - 40 * cyan) * light),
            ]
        )
    return profile(b"CMYK", tags=[(b"A2B0", table + bytes(range(256)) * 3)])


def _xyz(*values: float) -> bytes:
    return b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(65536 * value) for value in values))


#: The columns of red, green and blue, in CIE XYZ adapted to D50.
ADOBE_RGB = ((0.6097, 0.3111, 0.0195), (0.2053, 0.6257, 0.0609), (0.1492, 0.0632, 0.7446))
DISPLAY_P3 = ((0.5151, 0.2412, -0.0011), (0.292, 0.6922, 0.0419), (0.1571, 0.0666, 0.7841))
