"""Stored images: Chromium shows each one as it shows the uploaded file.

Each row of the tables is an uploaded file. It is compared pixel by pixel with what is stored of it.
"""

import io
import struct
import zlib
from functools import cache
from itertools import product

import pytest
from PIL import Image, ImageCms
from world.chromium import launched_chromium
from world.picture_files import (
    ADOBE_RGB,
    DISPLAY_P3,
    PNG_SIGNATURE,
    chromaticities,
    chunk,
    cmyk_profile,
    code_points,
    colours,
    embedded,
    encode,
    exif,
    exif_segment,
    gamma,
    greys,
    palette,
    patches,
    png,
    profile,
    profile_segment,
    segment,
    transparent,
    webp_chunks,
    webp_of,
    with_code_points,
    with_segments,
)
from world.shown_pictures import show

from resource_api.images.cleaning import clean

pytestmark = pytest.mark.processes

#: Two decoders and two converters of colours round differently.
ROUNDING = 2
#: A new lossy encoding changes even a flat colour by some levels. At hard edges of strong colours
#: it changes more, so there the pixels are not compared.
LOSS = 5

P3 = ((0.3127, 0.329), (0.68, 0.32), (0.265, 0.69), (0.15, 0.06))
SRGB = ((0.3127, 0.329), (0.64, 0.33), (0.3, 0.6), (0.15, 0.06))

PROFILES = {
    "sRGB": ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes(),
    "Adobe RGB": profile(primaries=ADOBE_RGB),
    "linear Display P3": profile(primaries=DISPLAY_P3, exponent=1),
    "grey": profile(b"GRAY", exponent=1),
    "CMYK": cmyk_profile(),
    "text": b"This is not a profile.",
    "cut": profile(primaries=ADOBE_RGB)[:-20],
    "incomplete": profile(primaries=ADOBE_RGB).replace(b"bTRC", b"xxxx"),
}
COLOURS = [(200, 50, 50), (50, 200, 90), (0, 0, 255), (128, 128, 128), (255, 255, 255)]
PALETTE = palette(*COLOURS)

#: Each kind of pixels that a PNG can have, as a function of the chunks before them.
PNGS = {
    "1 bit": lambda *chunks: greys(0, 1, 1, depth=1, before=chunks),
    "2 bits": lambda *chunks: greys(0, 1, 2, 3, depth=2, before=chunks),
    "4 bits": lambda *chunks: greys(0, 5, 9, 15, depth=4, before=chunks),
    "grey": lambda *chunks: greys(0, 50, 128, 255, before=chunks),
    "grey of 16 bits": lambda *chunks: greys(0, 0x3210, 0x80FF, depth=16, before=chunks),
    "palette": lambda *chunks: png(3, 8, [range(5)], before=[*chunks, PALETTE]),
    "palette of 4 bits": lambda *chunks: png(3, 4, [range(5)], before=[*chunks, PALETTE]),
    "RGB": lambda *chunks: colours(*COLOURS, before=chunks),
    "RGB of 16 bits": lambda *chunks: colours(
        (0xC8AA, 0x3210, 0x32FF), (0, 0, 0), depth=16, before=chunks
    ),
    "grey with alpha": lambda *chunks: png(4, 8, [(0, 255, 128, 128, 200, 9)], before=chunks),
    "grey with alpha of 16 bits": lambda *chunks: png(
        4, 16, [(0, 0xFFFF, 0x8080, 0x8080)], before=chunks
    ),
    "RGBA": lambda *chunks: colours((200, 50, 50, 255), (50, 200, 50, 128), before=chunks),
    "RGBA of 16 bits": lambda *chunks: colours(
        (0xC8AA, 0x3210, 0x32FF, 0xFFFF), (0, 0xFFFF, 0, 0x8080), depth=16, before=chunks
    ),
}
PNG_PROFILES = {
    f"{kind}, profile {name}": make(embedded(data))
    for (kind, make), (name, data) in product(PNGS.items(), PROFILES.items())
}
PNG_COLOUR_CHUNKS = {
    f"{kind}, {name}": make(*chunks)
    for (kind, make), (name, chunks) in product(
        PNGS.items(),
        {
            "no chunk": [],
            "gamma 1": [gamma(1)],
            "gamma and primaries": [gamma(1 / 2.2), chromaticities(*P3)],
            "linear code points": [code_points(12, 8)],
        }.items(),
    )
}
PNG_GAMMAS = {
    f"gamma {value}, {name}": PNGS["RGB"](gamma(value), *chunks)
    for value, (name, chunks) in product(
        (0, 0.001, 0.1, 0.43, 0.44, 0.45455, 0.47, 0.48, 0.55, 5, 20_000),
        {"alone": [], "with primaries": [chromaticities(*SRGB)]}.items(),
    )
}
PNG_CODE_POINTS = {
    f"code points {numbers}": PNGS["RGB"](code_points(*numbers))
    for numbers in [
        *((primaries, 13) for primaries in (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 22, 99)),
        *((1, transfer) for transfer in (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 13, 14, 15, 17, 99)),
        (2, 8),
        (1, 8, 0, 0),
    ]
}
TRANSPARENT = {
    "1 bit, white": PNGS["1 bit"](transparent(1)),
    "1 bit, beyond": PNGS["1 bit"](transparent(3)),
    "2 bits": PNGS["2 bits"](transparent(2)),
    "4 bits": PNGS["4 bits"](transparent(9)),
    "4 bits, beyond": PNGS["4 bits"](transparent(0x19)),
    "grey": PNGS["grey"](transparent(128)),
    "grey, beyond": PNGS["grey"](transparent(0x180)),
    "grey with a profile": PNGS["grey"](embedded(PROFILES["grey"]), transparent(128)),
    "grey with an RGB profile": PNGS["grey"](embedded(PROFILES["Adobe RGB"]), transparent(128)),
    "grey, cut": PNGS["grey"]((b"tRNS", b"\x80")),
    "grey, too long": PNGS["grey"]((b"tRNS", b"\0\x80\0")),
    "grey of 16 bits": PNGS["grey of 16 bits"](transparent(0x3210)),
    "grey of 16 bits, almost": PNGS["grey of 16 bits"](transparent(0x3211)),
    "RGB": PNGS["RGB"](transparent(200, 50, 50)),
    "RGB with a profile": PNGS["RGB"](embedded(PROFILES["Adobe RGB"]), transparent(200, 50, 50)),
    "RGB with a gamma": PNGS["RGB"](gamma(1), transparent(200, 50, 50)),
    "RGB, cut": PNGS["RGB"]((b"tRNS", b"\0\xc8")),
    "RGB of 16 bits": PNGS["RGB of 16 bits"](transparent(0xC8AA, 0x3210, 0x32FF)),
    "RGBA": PNGS["RGBA"](transparent(200, 50, 50)),
    "palette": png(3, 8, [range(5)], before=[PALETTE, (b"tRNS", b"\0\x80\xff\x40")]),
    "palette, one colour": png(3, 8, [range(5)], before=[PALETTE, (b"tRNS", b"\xff\0")]),
    "palette with a profile": png(
        3, 8, [range(5)], before=[embedded(PROFILES["Adobe RGB"]), PALETTE, (b"tRNS", b"\0\x80")]
    ),
    "palette, empty": png(3, 8, [range(5)], before=[PALETTE, (b"tRNS", b"")]),
    "palette, too long": png(3, 8, [range(6)], before=[PALETTE, (b"tRNS", bytes(9))]),
    "palette, twice": png(3, 8, [range(5)], before=[PALETTE, (b"tRNS", b"\0"), (b"tRNS", b"\1")]),
    "palette, too early": png(3, 8, [range(5)], before=[(b"tRNS", b"\0"), PALETTE]),
    "palette, too late": png(3, 8, [range(5)], before=[PALETTE], after=[(b"tRNS", b"\0")]),
    "palette, index beyond": png(3, 8, [range(7)], before=[PALETTE]),
}
PRECEDENCE = {
    name: PNGS["RGB"](*chunks)
    for name, chunks in {
        "cICP before iCCP": [embedded(PROFILES["Adobe RGB"]), code_points(1, 8)],
        "cICP before sRGB": [(b"sRGB", b"\0"), code_points(1, 8)],
        "cICP before gAMA": [gamma(0.45455), code_points(1, 8)],
        "unknown cICP, then gAMA": [gamma(1), code_points(99, 8)],
        "cut cICP, then gAMA": [gamma(1), (b"cICP", b"\1\x08")],
        "iCCP before sRGB": [(b"sRGB", b"\0"), embedded(PROFILES["Adobe RGB"])],
        "iCCP before gAMA": [gamma(1), embedded(PROFILES["Adobe RGB"])],
        "broken iCCP, then gAMA": [embedded(b"text"), gamma(1)],
        "cut iCCP, then gAMA": [(b"iCCP", embedded(PROFILES["Adobe RGB"])[1][:-4]), gamma(1)],
        "iCCP of an unknown method": [
            (b"iCCP", embedded(PROFILES["Adobe RGB"])[1].replace(b"\0\0", b"\0\1", 1)),
            gamma(1),
        ],
        "iCCP without a name": [(b"iCCP", embedded(PROFILES["Adobe RGB"])[1][9:])],
        "iCCP for greys, no gAMA": [embedded(PROFILES["grey"]), gamma(1)],
        "sRGB before gAMA": [gamma(1), (b"sRGB", b"\0")],
        "unknown sRGB, then gAMA": [gamma(1), (b"sRGB", b"\x09")],
        "cHRM without gAMA": [chromaticities(*P3)],
        "negative cHRM": [gamma(1), chromaticities(*P3[:-1], (0.15, 42949.6))],
        "cut cHRM": [gamma(1), (b"cHRM", chromaticities(*P3)[1][:-1])],
        "primaries on one line": [gamma(1), chromaticities(P3[0], P3[1], P3[1], P3[3])],
        "gAMA twice": [gamma(1), gamma(0.45455)],
        "iCCP twice": [embedded(PROFILES["Adobe RGB"]), embedded(PROFILES["linear Display P3"])],
        "cut gAMA": [(b"gAMA", b"\0\1")],
        "long gAMA": [(b"gAMA", b"\0\1\x86\xa0\0")],
    }.items()
} | {
    f"{name} after the pixels": colours(*COLOURS, after=[chunk])
    for name, chunk in {
        "gAMA": gamma(1),
        "iCCP": embedded(PROFILES["Adobe RGB"]),
        "cICP": code_points(1, 8),
        "eXIf": (b"eXIf", exif()),
    }.items()
}


def rows_of(image):
    """Return the samples of an RGB image, row by row."""
    width = 3 * image.width
    data = image.tobytes()
    return [data[start : start + width] for start in range(0, len(data), width)]


@cache
def jpeg(mode="RGB", **options):
    return encode(patches(mode), "JPEG", quality=95, **options)


@cache
def webp(mode="RGB", **options):
    return encode(patches(mode), "WEBP", **{"quality": 95} | options)


@cache
def avif(mode="RGB", **options):
    return encode(patches(mode), "AVIF", **{"quality": 95, "speed": 10} | options)


def animation(file_format, mode="RGB", **options):
    frames = [patches(mode), Image.new(mode, (64, 32), "white")]
    options |= {"save_all": True, "append_images": frames[1:], "duration": 500}
    return encode(frames[0], file_format, **options)


def without_adobe(data):
    start = data.index(b"\xff\xee")
    return data[:start] + data[start + 16 :]


def as_ycck(data):
    """Return a CMYK file as if its first three inks were YCC."""
    position = data.index(b"\xff\xee") + 15
    return data[:position] + b"\2" + data[position + 1 :]


ORIENTATIONS = {
    f"{name}, orientation {orientation}": make(orientation)
    for (name, make), orientation in product(
        {
            "JPEG": lambda orientation: with_segments(jpeg(), exif_segment(exif(orientation))),
            "JPEG, big endian": lambda orientation: with_segments(
                jpeg(), exif_segment(exif(orientation, order=">"))
            ),
            "PNG": lambda orientation: png(
                2, 8, rows_of(patches()), before=[(b"eXIf", exif(orientation))]
            ),
            "AVIF": lambda orientation: avif(exif=b"Exif\0\0" + exif(orientation)),
            "WebP": lambda orientation: webp(exif=exif(orientation)),
        }.items(),
        range(10),
    )
    if (name, orientation) not in {("AVIF", 0), ("AVIF", 9)}  # Pillow cannot write these
}
UNUSUAL_ORIENTATIONS = {
    name: with_segments(jpeg(), *segments)
    for name, segments in {
        "a rational": [exif_segment(exif(kind=5))],
        "a long": [exif_segment(exif(kind=4))],
        "a byte": [exif_segment(exif(kind=1))],
        "two values": [exif_segment(exif(count=2))],
        "no value": [exif_segment(exif(count=0))],
        "cut in the entry": [exif_segment(exif()[:-6])],
        "cut after the entry": [exif_segment(exif()[:-4])],
        "the wrong byte order": [exif_segment(b"MM\0*" + exif()[4:])],
        "another magic number": [exif_segment(b"II+\0" + exif()[4:])],
        "a directory far away": [exif_segment(b"II*\0\xff\xff\xff\xff" + exif()[8:])],
        "two EXIF segments": [exif_segment(exif(6)), exif_segment(exif(3))],
        "text before EXIF": [exif_segment(b"text"), exif_segment(exif())],
        "XMP before EXIF": [
            segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0<x/>"),
            exif_segment(exif()),
        ],
        "a rational description": [
            exif_segment(exif(others=struct.pack("<HHII", 0x10E, 5, 1, 0xFFFF)))
        ],
        "a directory within itself": [
            exif_segment(exif(others=struct.pack("<HHII", 0x8769, 4, 1, 8)))
        ],
        "an unknown type": [exif_segment(exif(others=struct.pack("<HHII", 0x927C, 99, 2**31, 8)))],
    }.items()
}
JPEG_COLOURS = {
    f"{mode}, profile {name}": jpeg(mode, icc_profile=data)
    for mode, (name, data) in product(("L", "RGB", "CMYK"), PROFILES.items())
} | {
    "L": jpeg("L"),
    "RGB": jpeg(),
    "RGB without a transform": jpeg(keep_rgb=True),
    "RGB, progressive": jpeg(progressive=True),
    "RGB with restarts": jpeg(restart_marker_blocks=1),
    "CMYK": jpeg("CMYK"),
    "CMYK without the Adobe marker": without_adobe(jpeg("CMYK")),
    "CMYK with a profile, without the Adobe marker": without_adobe(
        jpeg("CMYK", icc_profile=PROFILES["CMYK"])
    ),
    "YCCK": as_ycck(jpeg("CMYK")),
    "Adobe marker without a transform": with_segments(
        jpeg()[:2] + jpeg()[20:], segment(0xEE, b"Adobe\0\x64\0\0\0\0\0")
    ),
    "a profile in two parts": with_segments(
        jpeg(),
        profile_segment(PROFILES["Adobe RGB"][100:], 2, 2),
        profile_segment(PROFILES["Adobe RGB"][:100], 1, 2),
    ),
    "a profile with a missing part": with_segments(
        jpeg(), profile_segment(PROFILES["Adobe RGB"], 1, 2)
    ),
    "a profile twice": with_segments(jpeg(), *2 * [profile_segment(PROFILES["Adobe RGB"])]),
    "bytes between the segments": with_segments(jpeg(), segment(0xE5, b"text"), b"text"),
    "fill bytes": with_segments(jpeg(), b"\xff\xff\xff"),
    "a segment of no length": with_segments(jpeg(), b"\xff\xe5\0\0"),
    "several pictures": animation("MPO"),
    "bytes after the end": jpeg() + b"<?php" * 9,
}
WEBP_COLOURS = {
    f"{kind}, profile {name}": webp(mode, lossless=lossless, icc_profile=data)
    for (kind, mode, lossless), (name, data) in product(
        [("lossy", "RGB", False), ("lossless", "RGB", True), ("alpha", "RGBA", True)],
        PROFILES.items(),
    )
} | {
    "lossy": webp(),
    "lossless": webp(lossless=True),
    "lossy with alpha": webp("RGBA"),
    "lossless with alpha": webp("RGBA", lossless=True),
    "animated": animation("WEBP"),
    "animated, lossless": animation("WEBP", "RGBA", lossless=True),
    "animated with a profile": animation("WEBP", icc_profile=PROFILES["Adobe RGB"]),
    "an unknown chunk": webp_of([*webp_chunks(webp(xmp=b"<x/>")), (b"abcd", b"text")]),
    "a profile without its flag": webp_of(
        [
            (name, bytes([content[0] & ~0x20]) + content[1:] if name == b"VP8X" else content)
            for name, content in webp_chunks(webp(icc_profile=PROFILES["Adobe RGB"]))
        ]
    ),
    "bytes after the end": webp() + b"<?php" * 9,
}
AVIF_COLOURS = (
    {
        f"profile {name}": avif(icc_profile=PROFILES[name])
        for name in ("sRGB", "Adobe RGB", "linear Display P3")
    }
    | {
        f"code points {numbers}": with_code_points(avif(), *numbers)
        for numbers in [
            *((primaries, 13) for primaries in (1, 2, 4, 5, 6, 7, 8, 9, 10, 11, 12, 22, 99)),
            *((1, transfer) for transfer in (1, 2, 4, 5, 6, 7, 8, 13, 14, 15, 17, 99)),
            (2, 8),
            (12, 2),
        ]
    }
    | {
        "grey": avif("L"),
        "alpha": avif("RGBA"),
        "alpha with a profile": avif("RGBA", icc_profile=PROFILES["Adobe RGB"]),
        "half resolution of colours": avif(subsampling="4:2:0"),
        "limited range": avif(range="limited"),
        "animated": animation("AVIF", range="limited"),
        "broken EXIF": avif(exif=b"Exif\0\0" + exif()).replace(b"II*\0", b"text"),
        "bytes after the end": avif() + b"<?php" * 9,
    }
)


def animated_png(default_image=None):
    """Return an animated PNG, perhaps with a default image that is not a frame of it."""
    frames = [patches("RGBA"), Image.new("RGBA", (64, 32), "white")]
    if default_image is not None:
        frames.insert(0, default_image)
    return encode(
        frames[0],
        "PNG",
        save_all=True,
        append_images=frames[1:],
        default_image=default_image is not None,
        duration=500,
    )


#: The seven passes of 8 by 8 pixels, each row with the filter 0.
INTERLACED = PNG_SIGNATURE + b"".join(
    [
        chunk(b"IHDR", struct.pack(">IIBBBBB", 8, 8, 8, 0, 0, 0, 1)),
        chunk(
            b"IDAT",
            zlib.compress(
                b"".join(
                    (b"\0" + bytes(range(10 * width, 11 * width))) * rows
                    for width, rows in [(1, 1), (1, 1), (2, 1), (2, 2), (4, 2), (4, 4), (8, 4)]
                )
            ),
        ),
        chunk(b"IEND", b""),
    ]
)
FRAME_IN_A_CORNER = colours(
    *COLOURS,
    before=[(b"acTL", struct.pack(">II", 1, 0))],
    after=[
        (b"fcTL", struct.pack(">5I2H2B", 0, 2, 1, 3, 0, 1, 2, 0, 0)),
        (b"fdAT", struct.pack(">I", 1) + zlib.compress(b"\0" + bytes([9, 200, 9, 90, 9, 200]))),
    ],
)
PNG_STRUCTURE = {
    "animated": animated_png(),
    "animated with a default image": animated_png(Image.new("RGBA", (64, 32), "black")),
    "not animated after all": animated_png().replace(b"acTL", b"acTX"),
    "interlaced": INTERLACED,
    "a frame in a corner": FRAME_IN_A_CORNER,
    "a palette beside RGB": PNGS["RGB"](PALETTE),
    "an unknown chunk": PNGS["RGB"]((b"abCD", b"text")),
    "a name with a zero": PNGS["RGB"]((b"a\0CD", b"text")),
    "pixels of two chunks": colours(*COLOURS, after=[(b"IDAT", b"")]),
    "EXIF twice": png(2, 8, rows_of(patches()), before=[(b"eXIf", exif(6)), (b"eXIf", exif(3))]),
    "EXIF with the prefix of JPEG": png(
        2, 8, rows_of(patches()), before=[(b"eXIf", b"Exif\0\0" + exif())]
    ),
    "bytes after the end": PNGS["RGB"]() + b"<?php" * 9,
}
TABLES = {
    "PNG profiles": PNG_PROFILES,
    "PNG colour chunks": PNG_COLOUR_CHUNKS,
    "PNG gammas": PNG_GAMMAS,
    "PNG code points": PNG_CODE_POINTS,
    "PNG transparency": TRANSPARENT,
    "PNG precedence": PRECEDENCE,
    "PNG structure": PNG_STRUCTURE,
    "orientation": ORIENTATIONS,
    "unusual orientation": UNUSUAL_ORIENTATIONS,
    "JPEG": JPEG_COLOURS,
    "WebP": WEBP_COLOURS,
    "AVIF": AVIF_COLOURS,
}
UPLOADS = {
    f"{table}: {row}": upload for table, rows in TABLES.items() for row, upload in rows.items()
}
#: The stored image has no high dynamic range. Only its greys are compared with those that Chromium
#: shows on a screen without it.
HDR = {
    f"{name}, grey": greys(*range(0, 256, 5), before=[code_points(9, transfer)])
    for name, transfer in (("PQ", 16), ("HLG", 18))
}


def content_type_of(data):
    return {b"\x89PN": "image/png", b"\xff\xd8\xff": "image/jpeg", b"RIF": "image/webp"}.get(
        data[:3], "image/avif"
    )


@pytest.fixture(scope="module")
def shown():
    """Return a function for how Chromium shows an upload, and what is stored of it."""
    uploads = UPLOADS | HDR
    stored = [clean(upload) for upload in uploads.values()]
    with launched_chromium() as chromium:
        before = show(chromium, [(content_type_of(data), data) for data in uploads.values()])
        after = show(chromium, [(image.content_type, image.data) for image in stored])
    return dict(zip(uploads, zip(before, after, strict=True), strict=True)).get


@pytest.mark.parametrize("row", UPLOADS)
def test_a_stored_image_is_shown_as_the_uploaded_one(shown, row):
    before, after = shown(row)

    if content_type_of(UPLOADS[row]) == "image/png":
        assert before.difference(after) <= ROUNDING
    else:
        assert before.difference(after, edges=False) <= LOSS


@pytest.mark.parametrize("row", HDR)
def test_greys_of_high_dynamic_range_are_shown_alike(shown, row):
    before, after = shown(row)

    assert before.difference(after) <= ROUNDING


def test_alpha_that_a_webp_does_not_announce_is_ignored():
    """Chromium shows such an image opaque. Not in the table: on white, it draws it wrongly."""
    (name, header), *chunks = webp_chunks(webp("RGBA", lossless=True, xmp=b"<x/>"))
    unannounced = webp_of([(name, bytes([header[0] & ~0x10]) + header[1:]), *chunks])

    assert Image.open(io.BytesIO(clean(unannounced).data)).mode == "RGB"
