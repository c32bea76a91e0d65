"""Convert the colours of an image to sRGB, which every browser assumes without a profile."""

from io import BytesIO

from PIL import Image, ImageCms
from PIL.ImageCms import ImageCmsProfile

_SRGB = ImageCmsProfile(ImageCms.createProfile("sRGB"))
#: The mode of Pillow for each colour space that a profile of an image can have.
_MODES = {"RGB": "RGB", "GRAY": "L", "CMYK": "CMYK"}


def open_profile(data: bytes | None) -> ImageCmsProfile | None:
    """Return the profile in these bytes, or None if it cannot be used for any image."""
    if not data or int.from_bytes(data[:4], "big") > len(data):
        return None
    try:
        profile = ImageCmsProfile(BytesIO(data))
        mode = _MODES[_colour_space(profile)]
        # A profile can be opened although it lacks a part that the conversion needs.
        ImageCms.buildTransform(profile, _SRGB, mode, "RGB", flags=ImageCms.Flags.NOOPTIMIZE)
    except (ImageCms.PyCMSError, OSError, KeyError):
        return None
    return profile


def convert_to_srgb(image: Image.Image, profile: ImageCmsProfile | None) -> Image.Image:
    """Return the image in sRGB, with its transparency. The image passed may be changed.

    As in browsers, a profile for another colour space than that of the image is ignored, but greys
    may have an RGB profile.
    """
    if profile is not None:
        image = _convert(image, profile)
    if image.mode == "CMYK":
        return image.convert("RGB")
    return image


def _convert(image: Image.Image, profile: ImageCmsProfile) -> Image.Image:
    space = _colour_space(profile)
    if image.mode == space == "CMYK":
        return _transform(image, profile)
    if image.mode in ("1", "L", "LA") and space != "CMYK":
        return _convert_greys(image, profile)
    if image.mode == "P" and space == "RGB":
        palette = Image.frombytes("RGB", (256, 1), _read_palette(image))
        image.putpalette(_transform(palette, profile).tobytes())
    if image.mode in ("RGB", "RGBA") and space == "RGB":
        # A conversion in place needs no memory for another image, and leaves the alpha channel.
        ImageCms.profileToProfile(image, profile, _SRGB, inPlace=True)
    return image


def _convert_greys(image: Image.Image, profile: ImageCmsProfile) -> Image.Image:
    """Convert each of the 256 greys once, and look them up."""
    ramp = Image.frombytes("L", (256, 1), bytes(range(256)))
    tables = _transform(ramp.convert(_MODES[_colour_space(profile)]), profile).split()
    greys = image.convert("L")
    if tables[0].tobytes() == tables[1].tobytes() == tables[2].tobytes():
        tables = tables[:1]
    channels = [greys.point(list(table.tobytes())) for table in tables]
    if image.mode == "LA":
        channels.append(image.getchannel("A"))
    return Image.merge({1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}[len(channels)], channels)


def _read_palette(image: Image.Image) -> bytes:
    return bytes(image.getpalette("RGB") or []).ljust(3 * 256, b"\0")


def _transform(image: Image.Image, profile: ImageCmsProfile) -> Image.Image:
    converted = ImageCms.profileToProfile(image, profile, _SRGB, outputMode="RGB")
    assert converted is not None  # noqa: S101 - only a conversion in place returns nothing
    return converted


def _colour_space(profile: ImageCmsProfile) -> str:
    return str(profile.profile.xcolor_space).strip()
