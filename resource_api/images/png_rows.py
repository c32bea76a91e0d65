"""Check that a PNG file has the pixels of all rows. Pillow leaves missing rows black."""

import zlib
from collections.abc import Iterable

_PIECE = 64 * 1024
_SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
#: The first column, the first row, and the steps from one to the next (PNG §8.1).
_PASSES = {
    0: ((0, 0, 1, 1),),
    1: (
        (0, 0, 8, 8),
        (4, 0, 8, 8),
        (0, 4, 4, 8),
        (2, 0, 4, 4),
        (0, 2, 2, 4),
        (1, 0, 2, 2),
        (0, 1, 1, 2),
    ),
}


def check_rows(header: bytes, size: tuple[int, int], pixels: Iterable[memoryview]) -> None:
    """Raise `ValueError` when the compressed pixels end too early."""
    missing = _count_bytes(header, *size)
    inflater = zlib.decompressobj()
    for piece in _divide(pixels):
        rest: bytes | memoryview = piece
        while rest and missing > 0:
            missing -= len(inflater.decompress(rest, missing))
            rest = inflater.unconsumed_tail
    if missing > 0:
        raise ValueError("the last rows are missing")


def _divide(pixels: Iterable[memoryview]) -> Iterable[memoryview]:
    """Yield pieces of which none can fill the memory when it is decompressed."""
    for content in pixels:
        for start in range(0, len(content), _PIECE):
            yield content[start : start + _PIECE]


def _count_bytes(header: bytes, width: int, height: int) -> int:
    """Return how many bytes the rows have, each with the byte that names its filter."""
    bits = header[8] * _SAMPLES[header[9]]
    total = 0
    for left, top, across, down in _PASSES[header[12]]:
        columns = max(0, -((left - width) // across))
        rows = max(0, -((top - height) // down))
        if columns:
            total += rows * (1 + (columns * bits + 7) // 8)
    return total
