"""Read the chunks of a PNG file that decide how a browser shows it.

All other chunks are skipped by their length. So they cannot make the image invalid, whatever they
contain, and no text in them is decompressed.
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby, takewhile
from operator import itemgetter

SIGNATURE = b"\x89PNG\r\n\x1a\n"

_READ = frozenset(
    {b"IHDR", b"PLTE", b"tRNS", b"cICP", b"iCCP", b"sRGB", b"gAMA", b"cHRM", b"eXIf"}
    | {b"acTL", b"fcTL", b"fdAT"}
)


@dataclass
class Chunks:
    """The chunks of a PNG file that are read. Each is without its name and its checksum."""

    header: bytes
    #: The first chunk of each name. As in browsers, it counts if it comes before the pixels.
    first: dict[bytes, bytes] = field(default_factory=dict)
    #: The contents of the chunks IDAT.
    pixels: list[memoryview] = field(default_factory=list)
    #: The pixels of an animation's first frame, if they are not those in `pixels`.
    frame: list[memoryview] = field(default_factory=list)

    @property
    def size(self) -> tuple[int, int]:
        """The width and the height."""
        width, height = struct.unpack_from(">II", self.header)
        return width, height

    @property
    def bit_depth(self) -> int:
        """The bits of a sample."""
        return self.header[8]

    @property
    def colour_type(self) -> int:
        """0 for grey, 2 for RGB, 3 for a palette, 4 for grey and 6 for RGB with alpha."""
        return self.header[9]


def read_chunks(data: bytes) -> Chunks:
    """Return the chunks of the picture that is shown.

    :raises ValueError: when a chunk is damaged that a decoder needs.
    """
    by_name = (
        (name, [content for _, content, is_intact in group if is_intact])
        for name, group in groupby(_split(data), key=itemgetter(0))
    )
    name, contents = next(by_name)
    if name != b"IHDR" or [len(content) for content in contents] != [13]:
        raise ValueError("the file does not begin with one header")
    chunks = Chunks(bytes(contents[0]))
    for name, contents in takewhile(lambda group: group[0] != b"IEND", by_name):
        _add(chunks, name, contents)
        if _ends_shown_picture(chunks, name):
            break
    return chunks


def write_picture(chunks: Chunks, size: tuple[int, int], pixels: list[memoryview]) -> bytes:
    """Return a PNG file of the header, the palette and these pixels."""
    parts = {b"IHDR": struct.pack(">II", *size) + chunks.header[8:]}
    if chunks.colour_type == 3:
        parts[b"PLTE"] = _fill_palette(chunks)
    parts |= {b"IDAT": b"".join(pixels), b"IEND": b""}
    written = [
        struct.pack(">I", len(content)) + name + content + _checksum(name, content)
        for name, content in parts.items()
    ]
    return b"".join([SIGNATURE, *written])


def _split(data: bytes) -> Iterator[tuple[bytes, memoryview, bool]]:
    """Yield the name and the content of each chunk, and whether it is intact if that matters.

    Of several skipped chunks in a row, only the first one is yielded. The last chunk can be cut
    off. The decoder finds out if pixels are missing.
    """
    file, position = memoryview(data), len(SIGNATURE)
    was_skipped = False
    while position + 8 <= len(data):
        length, name = struct.unpack_from(">I4s", data, position)
        content = file[position + 8 : position + 8 + length]
        position += 12 + length
        is_skipped = name not in _READ and bool(name[0] & 0x20)
        if not (is_skipped and was_skipped):
            is_intact = True
            if name in _READ:
                is_intact = data[position - 4 : position] == _checksum(name, content)
            yield name, content, is_intact
        was_skipped = is_skipped


def _checksum(name: bytes, content: bytes | memoryview) -> bytes:
    return struct.pack(">I", zlib.crc32(content, zlib.crc32(name)))


def _add(chunks: Chunks, name: bytes, contents: list[memoryview]) -> None:
    if name == b"IDAT":
        chunks.pixels = chunks.pixels or contents
    elif name == b"fdAT":
        # Each content begins with a number of 4 bytes.
        chunks.frame = [content[4:] for content in contents]
    elif not chunks.pixels or name == b"fcTL":
        _check(chunks, name, contents)
        is_misplaced = name == b"tRNS" and chunks.colour_type == 3 and b"PLTE" not in chunks.first
        if name in _READ and contents and not is_misplaced:
            chunks.first.setdefault(name, bytes(contents[0]))


def _check(chunks: Chunks, name: bytes, contents: list[memoryview]) -> None:
    is_critical = not name[0] & 0x20
    is_intact = name == b"PLTE" and name not in chunks.first and len(contents) == 1
    if is_critical and not is_intact:
        raise ValueError("a critical chunk is damaged, unknown or repeated")


def _ends_shown_picture(chunks: Chunks, name: bytes) -> bool:
    """Return whether the chunk of this name ends a still image, or an animation's first frame.

    The pixels in IDAT are those of the first frame if they follow an fcTL.
    """
    if name == b"IDAT":
        return b"acTL" not in chunks.first or b"fcTL" in chunks.first
    return name == b"fdAT"


def _fill_palette(chunks: Chunks) -> bytes:
    """Return the palette with as many colours as pixels can name. The last colour is repeated."""
    palette = chunks.first.get(b"PLTE", b"")
    palette = palette[: len(palette) // 3 * 3]
    if not 3 <= len(palette) <= 3 * 256:
        raise ValueError("the palette has no colours or too many")
    return palette + palette[-3:] * ((1 << chunks.bit_depth) - len(palette) // 3)
