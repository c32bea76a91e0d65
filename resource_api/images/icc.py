"""Write an ICC profile for given primaries and a given curve (ICC.1:2022)."""

import struct
from collections.abc import Callable, Sequence

Chromaticities = tuple[
    tuple[float, float], tuple[float, float], tuple[float, float], tuple[float, float]
]
Row = tuple[float, float, float]
Matrix = tuple[Row, Row, Row]

#: The white of the space in which profiles connect, and the cone response of Bradford's method.
_D50: Row = (0.9642, 1.0, 0.8249)
_BRADFORD: Matrix = (
    (0.8951, 0.2664, -0.1614),
    (-0.7502, 1.7135, 0.0367),
    (0.0389, -0.0685, 1.0296),
)


def write_profile(chromaticities: Chromaticities, curve: Callable[[float], float]) -> bytes:
    """Return a profile of RGB colours.

    `chromaticities` are those of white, red, green and blue. `curve` returns the light for a
    value; both are from 0 to 1.

    :raises ArithmeticError: when the primaries span no colours.
    """
    light = [round(65535 * min(max(curve(value / 255), 0), 1)) for value in range(256)]
    curve_tag = struct.pack(">4s4xI256H", b"curv", 256, *light)
    columns = zip(*_colours_in_d50(chromaticities), strict=True)
    tags = {b"wtpt": _xyz_tag(_D50)}
    for channel, column in zip((b"r", b"g", b"b"), columns, strict=True):
        tags[channel + b"XYZ"] = _xyz_tag(column)
        tags[channel + b"TRC"] = curve_tag
    return _assemble(tags)


def _assemble(tags: dict[bytes, bytes]) -> bytes:
    table, body = struct.pack(">I", len(tags)), b""
    start = 128 + 4 + 12 * len(tags)
    for name, tag in tags.items():
        table += struct.pack(">4sII", name, start + len(body), len(tag))
        body += tag
    header = struct.pack(
        ">I4xI4s4s4s12x4s28x", start + len(body), 0x02400000, b"mntr", b"RGB ", b"XYZ ", b"acsp"
    )
    return (header + _fixed(_D50)).ljust(128, b"\0") + table + body


def _xyz_tag(colour: Sequence[float]) -> bytes:
    return b"XYZ \0\0\0\0" + _fixed(colour)


def _fixed(values: Sequence[float]) -> bytes:
    limit = 32767
    return struct.pack(
        f">{len(values)}i", *(round(65536 * min(max(value, -limit), limit)) for value in values)
    )


def _colours_in_d50(chromaticities: Chromaticities) -> Matrix:
    """Return the matrix from linear RGB to CIE XYZ, adapted to D50."""
    white, *primaries = [(x, y, 1 - x - y) for x, y in chromaticities]
    white_xyz = (white[0] / white[1], 1.0, white[2] / white[1])
    columns = _transpose(primaries)
    amounts = _apply(_invert(columns), white_xyz)
    unadapted = _multiply(columns, _diagonal(amounts))
    cones = zip(_apply(_BRADFORD, _D50), _apply(_BRADFORD, white_xyz), strict=True)
    scale = _diagonal([target / source for target, source in cones])
    adaptation = _multiply(_invert(_BRADFORD), _multiply(scale, _BRADFORD))
    return _multiply(adaptation, unadapted)


def _transpose(rows: Sequence[Sequence[float]]) -> Matrix:
    (a, b, c), (d, e, f), (g, h, i) = rows
    return (a, d, g), (b, e, h), (c, f, i)


def _diagonal(values: Sequence[float]) -> Matrix:
    a, b, c = values
    return (a, 0, 0), (0, b, 0), (0, 0, c)


def _apply(matrix: Matrix, vector: Sequence[float]) -> Row:
    x, y, z = (
        sum(factor * value for factor, value in zip(row, vector, strict=True)) for row in matrix
    )
    return x, y, z


def _multiply(left: Matrix, right: Matrix) -> Matrix:
    a, b, c = (_apply(left, column) for column in _transpose(right))
    return _transpose([a, b, c])


def _invert(matrix: Matrix) -> Matrix:
    (a, b, c), (d, e, f), (g, h, i) = matrix
    cofactors = (
        (e * i - f * h, c * h - b * i, b * f - c * e),
        (f * g - d * i, a * i - c * g, c * d - a * f),
        (d * h - e * g, b * g - a * h, a * e - b * d),
    )
    determinant = a * cofactors[0][0] + b * cofactors[1][0] + c * cofactors[2][0]
    x, y, z = (tuple(value / determinant for value in row) for row in cofactors)
    return (x[0], x[1], x[2]), (y[0], y[1], y[2]), (z[0], z[1], z[2])
