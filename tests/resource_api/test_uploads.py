"""Uploads: Photo API decodes each image to validate it, and stores it without metadata."""

import io
import struct
import zlib
from contextlib import suppress

import pytest
from PIL import Image, ImageCms, PngImagePlugin

from resource_api import photos
from resource_api.images.cleaning import clean
from resource_api.reasons import Reason, UploadRefused

MIB = 1024 * 1024
PRIVATE_DATA = b"52.37 N 4.90 E"
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
ORIENTATION, GPS_AREA = 0x0112, 0x001C
#: A process decodes the image of these tests, as it does outside the tests.
starts_a_decoder = pytest.mark.processes


class Deadlock(Exception):
    """PostgreSQL's error for one of two transactions that wait for each other."""

    sqlstate = "40P01"


def png_of(width, height):
    """Return a PNG that has a size in its header but no pixels."""

    def chunk(name, data):
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b""))
        + chunk(b"IEND", b"")
    )


def exif(orientation=1):
    """Return the metadata of a camera, with an orientation and a position."""
    data = Image.Exif()
    data[ORIENTATION] = orientation
    data.get_ifd(0x8825)[GPS_AREA] = PRIVATE_DATA
    return data.tobytes()


def load_stored_image(alices_client, response):
    """Return the stored image, decoded, and its bytes."""
    assert response.status_code == 201, response.json
    data = alices_client.get(f"/photos/{response.json['id']}/image").data
    return Image.open(io.BytesIO(data)), data


@starts_a_decoder
@pytest.mark.parametrize(
    ("file_format", "content_type"),
    [
        ("PNG", "image/png"),
        ("JPEG", "image/jpeg"),
        ("WEBP", "image/webp"),
        ("AVIF", "image/avif"),
    ],
)
def test_an_uploaded_photo_can_be_read_at_its_location(
    alices_client, drawing, file_format, content_type
):
    response = alices_client.upload(drawing(file_format, size=(40, 30)), "Holiday")

    assert response.status_code == 201
    assert response.headers["Location"] == f"http://127.0.0.1:9002/photos/{response.json['id']}"
    assert alices_client.get(f"/photos/{response.json['id']}").json == response.json
    assert (response.json["title"], response.json["content_type"]) == ("Holiday", content_type)
    assert (response.json["width"], response.json["height"]) == (40, 30)


@starts_a_decoder
def test_the_media_type_follows_the_content_and_not_the_file_name(alices_client, drawing):
    response = alices_client.upload(drawing("WEBP"), file_name="../../photo.php")

    assert response.json["content_type"] == "image/webp"


@starts_a_decoder
def test_an_upload_survives_a_deadlock(alices_client, drawing, monkeypatch):
    add, deadlocks = photos.add, iter([Deadlock()])

    def add_after_a_deadlock(*arguments):
        for deadlock in deadlocks:
            raise deadlock
        return add(*arguments)

    monkeypatch.setattr(photos, "add", add_after_a_deadlock)

    assert alices_client.upload(drawing()).status_code == 201


# Stored images


@starts_a_decoder
@pytest.mark.parametrize("file_format", ["PNG", "JPEG", "WEBP"])
def test_metadata_is_removed(alices_client, drawing, file_format):
    options = {"exif": exif(), "xmp": b"<x:xmpmeta>" + PRIVATE_DATA, "comment": PRIVATE_DATA}
    upload = drawing(file_format, **options)
    image, data = load_stored_image(alices_client, alices_client.upload(upload))

    assert PRIVATE_DATA in upload
    assert PRIVATE_DATA not in data
    assert not image.getexif()
    assert not {"exif", "xmp", "comment", "icc_profile", "XML:com.adobe.xmp"} & set(image.info)


@starts_a_decoder
def test_text_chunks_of_a_png_are_removed(alices_client, drawing):
    texts = PngImagePlugin.PngInfo()
    texts.add_text("Author", PRIVATE_DATA.decode())
    texts.add_itxt("Comment", PRIVATE_DATA.decode())
    image, data = load_stored_image(
        alices_client, alices_client.upload(drawing("PNG", pnginfo=texts))
    )

    assert PRIVATE_DATA not in data
    assert image.text == {}


@starts_a_decoder
def test_bytes_after_the_image_are_removed(alices_client, drawing):
    _, data = load_stored_image(
        alices_client, alices_client.upload(drawing("JPEG") + b"<?php " + PRIVATE_DATA)
    )

    assert PRIVATE_DATA not in data


@starts_a_decoder
@pytest.mark.parametrize("file_format", ["PNG", "JPEG"])
@pytest.mark.parametrize("orientation", [6, 8])
def test_a_photo_taken_sideways_is_turned_upright(alices_client, drawing, file_format, orientation):
    response = alices_client.upload(drawing(file_format, size=(40, 30), exif=exif(orientation)))
    image, _ = load_stored_image(alices_client, response)

    assert image.size == (30, 40)
    assert (response.json["width"], response.json["height"]) == (30, 40)


@starts_a_decoder
def test_the_listed_size_is_that_of_the_stored_image(alices_client, drawing):
    response = alices_client.upload(drawing("JPEG", exif=exif()))
    _, data = load_stored_image(alices_client, response)

    assert response.json["size"] == len(data)


@starts_a_decoder
def test_colours_are_converted_by_the_profile(alices_client, drawing):
    """The profile swaps red and green, so the file's red must be shown as green."""
    swapped = SRGB.replace(b"rXYZ", b"????").replace(b"gXYZ", b"rXYZ").replace(b"????", b"gXYZ")
    image, _ = load_stored_image(
        alices_client,
        alices_client.upload(drawing("PNG", color=(200, 50, 50), icc_profile=swapped)),
    )
    red, green, _ = image.getpixel((0, 0))

    assert green > red
    assert "icc_profile" not in image.info


@starts_a_decoder
@pytest.mark.parametrize("profile", [b"not a profile", SRGB], ids=["malformed", "sRGB"])
@pytest.mark.parametrize("mode", ["L", "LA", "P", "RGB"])
def test_an_unusable_profile_is_ignored(alices_client, drawing, mode, profile):
    image, _ = load_stored_image(
        alices_client, alices_client.upload(drawing("PNG", mode=mode, icc_profile=profile))
    )

    assert image.convert("RGB").getpixel((0, 0)) == (0, 0, 0)
    assert "icc_profile" not in image.info


@starts_a_decoder
@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_every_kind_of_png_is_accepted(alices_client, drawing, mode):
    image, _ = load_stored_image(alices_client, alices_client.upload(drawing("PNG", mode=mode)))

    assert image.size == (8, 6)


@starts_a_decoder
@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_every_kind_of_jpeg_is_accepted(alices_client, drawing, mode):
    image, _ = load_stored_image(alices_client, alices_client.upload(drawing("JPEG", mode=mode)))

    assert image.format == "JPEG"


@starts_a_decoder
def test_a_transparent_palette_stays_transparent(alices_client, drawing):
    image, _ = load_stored_image(
        alices_client, alices_client.upload(drawing("PNG", mode="P", transparency=0))
    )

    assert image.convert("RGBA").getpixel((0, 0))[3] == 0


@starts_a_decoder
@pytest.mark.parametrize("file_format", ["PNG", "WEBP", "MPO"])
def test_the_first_picture_of_several_is_stored(alices_client, drawing, file_format):
    options = {
        "save_all": True,
        "append_images": [Image.new("RGB", (8, 6), "white")],
        "color": "black",
    }
    image, _ = load_stored_image(
        alices_client, alices_client.upload(drawing(file_format, **options))
    )

    assert getattr(image, "n_frames", 1) == 1
    assert image.convert("RGB").getpixel((0, 0)) == (0, 0, 0)


# Rejected uploads


def test_a_file_of_more_than_ten_mebibytes_is_too_large(alices_client, drawing):
    response = alices_client.upload(drawing("PNG") + bytes(10 * MIB))

    assert response.status_code == 413
    assert response.json["error"] == "too_large"


def test_a_request_far_beyond_the_limit_is_too_large(alices_client):
    response = alices_client.upload(bytes(12 * MIB))

    assert response.status_code == 413
    assert response.json["error"] == "too_large"


@starts_a_decoder
def test_a_file_of_exactly_ten_mebibytes_is_accepted(alices_client, drawing):
    image = drawing("PNG")
    response = alices_client.upload(image + bytes(10 * MIB - len(image)), "x" * 200)

    assert response.status_code == 201


@starts_a_decoder
@pytest.mark.parametrize(
    ("width", "height"),
    [(6000, 4001), (10_000, 10_000), (1, 40_000_000), (2**31 - 1, 1), (2**31 - 1, 2**31 - 1)],
)
def test_more_than_24_megapixels_are_rejected_by_the_header(alices_client, width, height):
    response = alices_client.upload(png_of(width, height))

    assert response.status_code == 413
    assert response.json["error"] == "too_large"


@starts_a_decoder
def test_24_megapixels_are_accepted(alices_client):
    response = alices_client.upload(png_of(6000, 4000))

    assert response.status_code == 415, "the size was accepted, and decoding found no pixels"


@starts_a_decoder
@pytest.mark.parametrize(
    "image",
    [
        b"",
        b"Hello",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"\x89PNG\r\n\x1a\n",
        b"\xff\xd8\xff",
        png_of(0, 5),
        png_of(5, 5),
    ],
    ids=[
        "an empty file",
        "a text",
        "an SVG",
        "a PNG signature",
        "a JPEG signature",
        "no width",
        "no pixels",
    ],
)
def test_a_file_that_is_not_an_image_is_unsupported(alices_client, image):
    response = alices_client.upload(image, file_name="photo.png")

    assert response.status_code == 415
    assert response.json["error"] == "unsupported_media_type"


@starts_a_decoder
@pytest.mark.parametrize("file_format", ["GIF", "BMP", "TIFF", "ICO"])
def test_other_formats_are_unsupported(alices_client, drawing, file_format):
    response = alices_client.upload(drawing(file_format, size=(16, 16)))

    assert response.status_code == 415


@starts_a_decoder
@pytest.mark.parametrize("file_format", ["PNG", "JPEG", "WEBP"])
def test_a_truncated_image_is_unsupported(alices_client, drawing, file_format):
    image = drawing(file_format, size=(64, 64))
    response = alices_client.upload(image[: len(image) * 2 // 3])

    assert response.status_code == 415


@pytest.mark.parametrize("part", [0.3, 0.6, 0.95])
@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"restart_marker_rows": 1}])
def test_a_jpeg_that_lacks_many_rows_is_unsupported(options, part):
    written = io.BytesIO()
    Image.effect_noise((400, 400), 60).save(written, "JPEG", **options)

    with pytest.raises(UploadRefused) as refused:
        clean(written.getvalue()[: int(written.tell() * part)])
    assert refused.value.reason is Reason.UNSUPPORTED_IMAGE


@pytest.mark.parametrize("file_format", ["PNG", "JPEG", "WEBP"])
def test_damaged_images_never_cause_another_error(drawing, file_format):
    image = drawing(file_format, size=(4, 3), exif=exif(6))
    for at in range(0, len(image), 11):
        with suppress(UploadRefused):
            clean(image[:at] + bytes([image[at] ^ 0xFF]) + image[at + 1 :])


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"title": "Holiday"},
        {"title": "Holiday", "image": "not a file"},
        {"title": "Holiday", "image": (io.BytesIO(b""), "")},
        {
            "title": "Holiday",
            "image": [(io.BytesIO(b"first"), "1.png"), (io.BytesIO(b"second"), "2.png")],
        },
        {"title": "Holiday", "photo": (io.BytesIO(b"image"), "photo.png")},
    ],
    ids=[
        "empty form",
        "only a title",
        "a text field",
        "no file chosen",
        "two images",
        "another name",
    ],
)
def test_a_missing_image_is_an_invalid_request(alices_client, form):
    response = alices_client.post("/photos", data=form, content_type="multipart/form-data")

    assert response.status_code == 400
    assert response.json["error"] == "invalid_request"


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", b'{"title": "Holiday"}'),
        ("image/png", b"\x89PNG\r\n\x1a\n"),
        ("multipart/form-data", b"no boundary"),
        ("multipart/form-data; boundary=\xe9", b"a boundary outside ASCII"),
        ("multipart/form-data; boundary=x", b"--x\r\nno end"),
        ("application/x-www-form-urlencoded", b"title=%FF&image=\xff"),
    ],
)
def test_a_body_that_is_not_multipart_is_an_invalid_request(alices_client, content_type, body):
    response = alices_client.post("/photos", data=body, content_type=content_type)

    assert response.status_code == 400
    assert response.json["error"] == "invalid_request"


@pytest.mark.parametrize(
    "title", ["", "  ", "x" * 201, "Holi\nday"], ids=["empty", "blank", "too long", "two lines"]
)
def test_a_photo_needs_a_title(alices_client, drawing, title):
    response = alices_client.upload(drawing(), title)

    assert response.status_code == 422
    assert response.json["error"] == "invalid_title"
    assert alices_client.get("/photos").json["photos"] == []


def test_a_missing_title_is_rejected(alices_client, drawing):
    response = alices_client.post("/photos", data={"image": (io.BytesIO(drawing()), "photo.png")})

    assert response.status_code == 422
