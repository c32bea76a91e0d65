"""Read how an image must be turned, and turn it."""

import struct

from PIL import Image

UPRIGHT = 1

_BYTE_ORDERS = {b"II*\0": "<", b"MM\0*": ">"}
_ORIENTATION_TAG, _SHORT = 0x0112, 3
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def read_orientation(exif: bytes) -> int:
    """Return the orientation in EXIF data, or `UPRIGHT` where a browser finds none.

    Only the entries of the first directory are read, and no value that lies elsewhere. So it does
    not matter what the rest of the metadata contains.
    """
    byte_order = _BYTE_ORDERS.get(exif[:4])
    if byte_order is None:
        return UPRIGHT
    try:
        (start,) = struct.unpack_from(byte_order + "I", exif, 4)
        (entries,) = struct.unpack_from(byte_order + "H", exif, start)
        for entry in range(entries):
            tag, kind, count, value = struct.unpack_from(
                byte_order + "HHIHxx", exif, start + 2 + 12 * entry
            )
            if (tag, kind, count) == (_ORIENTATION_TAG, _SHORT, 1) and value in _TURNS:
                return int(value)
    except struct.error:
        # The directory is cut off.
        return UPRIGHT
    return UPRIGHT


def turn_upright(image: Image.Image, orientation: int) -> Image.Image:
    """Return the image as it is to be shown."""
    if orientation in _TURNS:
        return image.transpose(_TURNS[orientation])
    return image
