"""Uploads: what is not stored of an image does not decide whether it is accepted.

Metadata can be broken, huge or compressed. Missing or damaged pixels are an error.
"""

import io
import struct
import zlib

import pytest
from PIL import Image
from world.picture_files import (
    ADOBE_RGB,
    PNG_SIGNATURE,
    chunk,
    colours,
    embedded,
    encode,
    exif,
    exif_segment,
    patches,
    profile,
    segment,
    webp_chunks,
    webp_of,
    with_segments,
)

#: Each file is decoded by a process.
pytestmark = pytest.mark.processes

MIB = 1024 * 1024
PRIVATE_DATA = b"52.37 N 4.90 E"
BOMB = zlib.compress(bytes(32 * MIB), 9)

JPEG = encode(patches(), "JPEG", quality=95)
WEBP = encode(
    patches(), "WEBP", xmp=b"<x/>", exif=exif(1), icc_profile=profile(primaries=ADOBE_RGB)
)
AVIF = encode(patches(), "AVIF", speed=10, exif=b"Exif\0\0" + exif(1))
NOISE = encode(Image.effect_noise((64, 64), 60).convert("RGB"), "PNG")
NOISY_JPEG = encode(Image.effect_noise((64, 64), 60).convert("RGB"), "JPEG", quality=95)

LARGE_PROFILE = profile(primaries=ADOBE_RGB) + bytes(1_500_000)


def png(*chunks, after=()):
    return colours((200, 50, 50), (50, 200, 50), before=chunks, after=after)


def png_of(*chunks):
    """Return a PNG of exactly these chunks."""
    return PNG_SIGNATURE + b"".join(
        part if isinstance(part, bytes) else chunk(*part) for part in chunks
    )


def png_with_header(*chunks):
    return png_of((b"IHDR", struct.pack(">IIBBBBB", 2, 1, 8, 2, 0, 0, 0)), *chunks, (b"IEND", b""))


PIXELS = zlib.compress(b"\0" + bytes([200, 50, 50, 50, 200, 50]))
DESCRIPTION_AS_RATIONAL = struct.pack("<HHII", 0x10E, 5, 1, 26)

ACCEPTED = {
    "PNG, compressed text of 2 MiB": png((b"zTXt", b"a\0\0" + zlib.compress(bytes(2 * MIB)))),
    "PNG, compressed text that is a bomb": png((b"zTXt", b"a\0\0" + BOMB)),
    "PNG, international text that is a bomb": png((b"iTXt", b"a\0\1\0\0\0" + BOMB)),
    "PNG, bombs after the pixels": png(after=[(b"zTXt", b"a\0\0" + BOMB)]),
    "PNG, a profile that is a bomb": png((b"iCCP", b"a\0\0" + BOMB)),
    "PNG, a profile of 1.5 MiB": png(embedded(LARGE_PROFILE)),
    "PNG, text of an unknown method": png((b"zTXt", b"a\0\1text")),
    "PNG, cut text": png((b"tEXt", b"")),
    "PNG, a cut size": png((b"pHYs", b"\0")),
    "PNG, cut colours": png((b"gAMA", b"\0"), (b"cHRM", b"\0"), (b"sRGB", b"")),
    "PNG, cut animation": png((b"acTL", b"\0"), (b"fcTL", b"\0")),
    "PNG, an animation without frames": png((b"acTL", bytes(8))),
    "PNG, an animation of many frames": png((b"acTL", b"\xff" * 8), (b"fcTL", b"\xff" * 26)),
    "PNG, two animations": png((b"acTL", bytes(8)), (b"acTL", bytes(8))),
    "PNG, a private chunk": png((b"prVt", bytes(MIB))),
    "PNG, a broken EXIF chunk": png((b"eXIf", b"II*\0\xff\xff\xff\xff")),
    "PNG, XMP that is not XML": png((b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0\xff<")),
    "PNG, bytes after the end": png() + b"x" * MIB,
    "PNG, a cut chunk after the pixels": png()[:-12] + b"\0\1\0\0tEXta\0b",
    "PNG, without an end": NOISE[:-12],
    "PNG, without the checksum of the pixels": NOISE[:-16],
    **{
        f"PNG, a wrong checksum in {name.decode()}": png(chunk(name, b"a\0b", checksum=1))
        for name in [b"tEXt", b"zTXt", b"iTXt", b"iCCP", b"eXIf", b"pHYs", b"gAMA", b"tIME"]
    },
    "PNG, a wrong checksum in the end": png()[:-4] + b"\0\0\0\0",
    "JPEG, description as a rational": with_segments(
        JPEG, exif_segment(exif(6, others=DESCRIPTION_AS_RATIONAL))
    ),
    "JPEG, a rational that is cut": with_segments(
        JPEG, exif_segment(exif(6, others=struct.pack("<HHII", 0x11A, 5, 1, 2**31)))
    ),
    "JPEG, a maker's note of 4 GiB": with_segments(
        JPEG, exif_segment(exif(6, others=struct.pack("<HHII", 0x927C, 7, 2**32 - 1, 0)))
    ),
    "JPEG, a directory within itself": with_segments(
        JPEG, exif_segment(exif(6, others=struct.pack("<HHII", 0x8769, 4, 1, 8)))
    ),
    "JPEG, cut EXIF": with_segments(JPEG, exif_segment(exif()[:12])),
    "JPEG, EXIF of one byte": with_segments(JPEG, segment(0xE1, b"Exif\0")),
    "JPEG, a broken directory of pictures": with_segments(JPEG, segment(0xE2, b"MPF\0II*\0text")),
    "JPEG, cut JFIF": with_segments(JPEG, segment(0xE0, b"JFIF\0")),
    "JPEG, cut Photoshop data": with_segments(JPEG, segment(0xED, b"Photoshop 3.0\x008BIM")),
    "JPEG, a cut profile": with_segments(JPEG, segment(0xE2, b"ICC_PROFILE\0")),
    "JPEG, a comment": with_segments(JPEG, segment(0xFE, b"\xff" * 9)),
    "JPEG, without an end": NOISY_JPEG[:-2],
    "JPEG, bytes after the end": JPEG + b"x" * MIB,
    "WebP, broken EXIF": webp_of(
        [(name, b"text" if name == b"EXIF" else data) for name, data in webp_chunks(WEBP)]
    ),
    "WebP, an empty profile and XMP": webp_of(
        [(name, b"" if name in (b"ICCP", b"XMP ") else data) for name, data in webp_chunks(WEBP)]
    ),
    "AVIF, broken EXIF": AVIF.replace(b"II*\0", b"text"),
}
REJECTED = {
    "PNG, cut in the pixels": NOISE[: len(NOISE) // 2],
    "PNG, the last row is missing": png_with_header((b"IDAT", zlib.compress(b"\0" + bytes(3)))),
    "PNG, no pixels": png_with_header(),
    "PNG, empty pixels": png_with_header((b"IDAT", b"")),
    "PNG, an unknown filter": png_with_header((b"IDAT", zlib.compress(b"\x09" + bytes(6)))),
    "PNG, text between the pixels": png_with_header(
        (b"IDAT", PIXELS[:8]), (b"tEXt", b"a\0b"), (b"IDAT", PIXELS[8:])
    ),
    "PNG, wrong checksum in the header": png().replace(png()[29:33], b"\0\0\0\0", 1),
    "PNG, a second header": png()[:33] + png()[8:],
    "PNG, text before the header": png_of((b"tEXt", b"a\0b")) + png()[8:],
    "PNG, an unknown critical chunk": png((b"ABCD", b"")),
    "PNG, no palette": encode(patches("P"), "PNG").replace(b"PLTE", b"plTE"),
    "PNG, an empty palette": png_of(
        (b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 3, 0, 0, 0)),
        (b"PLTE", b""),
        (b"IDAT", zlib.compress(b"\0\0")),
    ),
    "PNG, an unknown colour type": png_of(
        (b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 5, 0, 0, 0)), (b"IDAT", zlib.compress(bytes(9)))
    ),
    "PNG, an unknown interlacing": png_of(
        (b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 9)), (b"IDAT", zlib.compress(bytes(9)))
    ),
    "PNG, text that ends beyond the file": png()[:33] + struct.pack(">I", 2**31 - 1) + b"tEXt",
    "JPEG, cut in the pixels": NOISY_JPEG[: len(NOISY_JPEG) // 2],
    "JPEG, the last pixels are missing": NOISY_JPEG[:-40],
    "JPEG, no pixels": JPEG[: JPEG.index(b"\xff\xda")],
    "JPEG, a segment that ends beyond the file": JPEG[:2] + b"\xff\xe5\xff\xff" + JPEG[2:],
    "WebP, cut": WEBP[:-1],
    "AVIF, cut": AVIF[:-50],
    "AVIF, only its first box": AVIF[:32],
}
HEIC = {
    "a photo": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(64),
    "a photo of 10 bits": b"\0\0\0\x18ftypheix\0\0\0\0mif1heix" + bytes(64),
    "a general brand": b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic" + bytes(64),
    "a sequence": b"\0\0\0\x18ftypmsf1\0\0\0\0msf1hevc" + bytes(64),
}


@pytest.mark.parametrize("upload", ACCEPTED.values(), ids=ACCEPTED)
def test_invalid_metadata_does_not_reject_an_image(alices_client, upload):
    response = alices_client.upload(upload)

    assert response.status_code == 201, response.json


@pytest.mark.parametrize("upload", REJECTED.values(), ids=REJECTED)
def test_an_image_with_missing_or_damaged_pixels_is_unsupported(alices_client, upload):
    response = alices_client.upload(upload)

    assert response.status_code == 415
    assert "complete and valid PNG, JPEG, WebP or AVIF" in response.json["error_description"]


@pytest.mark.parametrize("upload", HEIC.values(), ids=HEIC)
def test_a_heic_photo_is_rejected_with_what_to_do(alices_client, upload):
    response = alices_client.upload(upload)

    assert response.status_code == 415
    assert "Convert it to JPEG" in response.json["error_description"]


def test_an_orientation_counts_beside_a_broken_tag(alices_client):
    upload = with_segments(JPEG, exif_segment(exif(6, others=DESCRIPTION_AS_RATIONAL)))
    response = alices_client.upload(upload)

    assert (response.json["width"], response.json["height"]) == (32, 64)


def test_metadata_of_an_avif_is_removed(alices_client):
    xmp = b"<x:xmpmeta>" + PRIVATE_DATA
    upload = encode(patches(), "AVIF", speed=10, xmp=xmp, exif=b"Exif\0\0" + exif(1))
    photo = alices_client.upload(upload).json
    data = alices_client.get(f"/photos/{photo['id']}/image").data
    image = Image.open(io.BytesIO(data))

    assert PRIVATE_DATA in upload
    assert photo["content_type"] == "image/avif"
    assert PRIVATE_DATA not in data
    assert not image.getexif()
    assert not {"exif", "xmp", "icc_profile"} & set(image.info)


def test_a_lossless_webp_is_stored_without_loss(alices_client):
    noise = Image.effect_noise((32, 32), 60).convert("RGB")
    photo = alices_client.upload(encode(noise, "WEBP", lossless=True)).json
    stored = Image.open(io.BytesIO(alices_client.get(f"/photos/{photo['id']}/image").data))

    assert stored.convert("RGB").tobytes() == noise.tobytes()


def test_the_size_of_an_animation_counts_and_not_that_of_its_frame(alices_client):
    header = (b"IHDR", struct.pack(">IIBBBBB", 8000, 5001, 8, 2, 0, 0, 0))
    control = (b"fcTL", struct.pack(">5I2H2B", 0, 1, 1, 0, 0, 1, 2, 0, 0))
    frame = (b"fdAT", struct.pack(">I", 1) + zlib.compress(bytes(4)))
    upload = png_of(header, (b"acTL", struct.pack(">II", 1, 0)), (b"IDAT", b"x"), control, frame)

    assert alices_client.upload(upload).status_code == 413
