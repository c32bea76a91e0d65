"""Make profiles for images that describe their colours in numbers instead of with a profile.

PNG has the chunks gAMA and cHRM for this. PNG and AVIF have code points of ITU-T H.273.
"""

import math
from collections.abc import Callable
from functools import cache

from PIL.ImageCms import ImageCmsProfile

from resource_api.images.colour import open_profile
from resource_api.images.icc import Chromaticities, write_profile

#: The code points of sRGB: its primaries, which are those of ITU-R BT.709, and its curve.
BT_709, SRGB = 1, 13

#: Chromaticities (x, y) of white, red, green and blue.
SRGB_PRIMARIES: Chromaticities = ((0.3127, 0.329), (0.64, 0.33), (0.3, 0.6), (0.15, 0.06))

#: Colour primaries, ITU-T H.273 table 2.
PRIMARIES: dict[int, Chromaticities] = {
    1: SRGB_PRIMARIES,
    4: ((0.31, 0.316), (0.67, 0.33), (0.21, 0.71), (0.14, 0.08)),
    5: ((0.3127, 0.329), (0.64, 0.33), (0.29, 0.6), (0.15, 0.06)),
    6: ((0.3127, 0.329), (0.63, 0.34), (0.31, 0.595), (0.155, 0.07)),
    7: ((0.3127, 0.329), (0.63, 0.34), (0.31, 0.595), (0.155, 0.07)),
    8: ((0.31, 0.316), (0.681, 0.319), (0.243, 0.692), (0.145, 0.049)),
    9: ((0.3127, 0.329), (0.708, 0.292), (0.17, 0.797), (0.131, 0.046)),
    10: ((1 / 3, 1 / 3), (1.0, 0.0), (0.0, 1.0), (0.0, 0.0)),
    11: ((0.314, 0.351), (0.68, 0.32), (0.265, 0.69), (0.15, 0.06)),
    12: ((0.3127, 0.329), (0.68, 0.32), (0.265, 0.69), (0.15, 0.06)),
    22: ((0.3127, 0.329), (0.63, 0.34), (0.295, 0.605), (0.155, 0.077)),
}

Curve = Callable[[float], float]

#: An image of high dynamic range shows white paper at 203 cd/m² (ITU-R BT.2408). The lower half of
#: the output range is for luminances below 203 cd/m². The upper half is for 203 to 1000 cd/m².
_PAPER_WHITE, _BRIGHTEST = 203, 1000


def _power(exponent: float) -> Curve:
    return lambda value: float(value**exponent)


def _srgb(value: float) -> float:
    if value <= 0.04045:
        return value / 12.92
    return float(((value + 0.055) / 1.055) ** 2.4)


def _smpte_240(value: float) -> float:
    if value < 0.0913:
        return value / 4
    return float(((value + 0.1115) / 1.1115) ** (1 / 0.45))


def _smpte_428(value: float) -> float:
    return float(value**2.6 * 52.37 / 48)


def _perceptual_quantizer(value: float) -> float:
    power = value ** (32 / 2523)
    light = max(power - 0.8359375, 0) / (18.8515625 - 18.6875 * power)
    return _compress_lights(10_000 * light ** (8192 / 1305))


def _hybrid_log_gamma(value: float) -> float:
    scene = value * value / 3
    if value > 0.5:
        scene = (math.exp((value - 0.55991073) / 0.17883277) + 0.28466892) / 12
    return _compress_lights(_BRIGHTEST * scene**1.2)


def _compress_lights(luminance: float) -> float:
    """Return how bright the stored image shows a luminance in cd/m². This is close to Chromium."""
    if luminance <= _PAPER_WHITE:
        return luminance / _PAPER_WHITE / 2
    lightness = math.log(luminance / _PAPER_WHITE) / math.log(_BRIGHTEST / _PAPER_WHITE)
    return float(1 - max(1 - lightness, 0) ** 1.2 / 2)


#: Transfer characteristics, ITU-T H.273 table 3, as Chromium shows them.
CURVES: dict[int, Curve] = {
    1: _power(2.4),
    4: _power(2.2),
    5: _power(2.8),
    6: _power(2.4),
    7: _smpte_240,
    8: _power(1),
    11: _power(2.4),
    13: _srgb,
    14: _power(2.4),
    15: _power(2.4),
    16: _perceptual_quantizer,
    17: _smpte_428,
    18: _hybrid_log_gamma,
}


@cache
def profile_of_code_points(primaries: int, transfer: int) -> ImageCmsProfile | None:
    """Return the profile for two code points, or None if they are unknown."""
    if primaries not in PRIMARIES or transfer not in CURVES:
        return None
    return open_profile(write_profile(PRIMARIES[primaries], CURVES[transfer]))


def profile_of_gamma(gamma: float, chromaticities: Chromaticities | None) -> ImageCmsProfile | None:
    """Return the profile for a PNG's gAMA and cHRM, or None if it is sRGB or cannot be shown.

    As in browsers, a gamma close to that of sRGB is taken for sRGB, if there is no cHRM.
    """
    if chromaticities is None and abs(gamma * 2.2 - 1) < 0.05:
        return None
    try:
        return open_profile(write_profile(chromaticities or SRGB_PRIMARIES, _power(1 / gamma)))
    except ArithmeticError:
        # The gamma is zero, or the primaries span no colours.
        return None
