"""How Chromium shows images: each one is drawn on black and on white, and its pixels are read.

Two backgrounds show the transparency, without the rounding of colours that are almost transparent.
"""

import base64
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product

from playwright.sync_api import Browser as Chromium

DRAW = """async (addresses) => {
  const show = async (address) => {
    const image = new Image();
    const loaded = new Promise((resolve) => {
      image.onload = () => resolve(true);
      image.onerror = () => resolve(false);
    });
    image.src = address;
    if (!await loaded) return null;
    const { naturalWidth: width, naturalHeight: height } = image;
    const drawn = ['black', 'white'].map((background) => {
      const canvas = new OffscreenCanvas(width, height);
      const options = { colorSpace: 'srgb', willReadFrequently: true };
      const context = canvas.getContext('2d', options);
      context.fillStyle = background;
      context.fillRect(0, 0, width, height);
      context.drawImage(image, 0, 0);
      const pixels = context.getImageData(0, 0, width, height).data;
      let binary = '';
      for (let i = 0; i < pixels.length; i += 8192)
        binary += String.fromCharCode(...pixels.subarray(i, i + 8192));
      return btoa(binary);
    });
    return [width, height, ...drawn];
  };
  return Promise.all(addresses.map(show));
}"""


@dataclass(frozen=True)
class Shown:
    """The pixels of an image, as red, green, blue and 255, on two backgrounds."""

    width: int
    height: int
    on_black: bytes
    on_white: bytes

    def difference(self, other: "Shown", *, edges: bool = True) -> int:
        """Return the largest difference of two samples.

        Without `edges`, only the pixels in the middle of the four patches are compared.
        """
        assert (self.width, self.height) == (other.width, other.height)
        pairs = ((self.on_black, other.on_black), (self.on_white, other.on_white))
        parts = [
            slice(4 * (row * self.width + columns.start), 4 * (row * self.width + columns.stop))
            for rows, columns in product(_parts(self.height, edges), _parts(self.width, edges))
            for row in rows
        ]
        differences = (
            abs(mine - its)
            for pixels, others in pairs
            for part in parts
            if pixels[part] != others[part]
            for mine, its in zip(pixels[part], others[part], strict=True)
        )
        return max(differences, default=0)


def _parts(length: int, edges: bool) -> list[range]:
    """Return all positions, or those in the middle of each half."""
    if edges:
        return [range(length)]
    return [range(length // 8, 3 * length // 8), range(5 * length // 8, 7 * length // 8)]


def show(chromium: Chromium, images: Iterable[tuple[str, bytes]]) -> list[Shown | None]:
    """Return what Chromium shows of each image, or None where it shows a broken image."""
    page = chromium.new_page()
    page.goto("about:blank")
    addresses = [
        f"data:{content_type};base64,{base64.b64encode(data).decode()}"
        for content_type, data in images
    ]
    answers = page.evaluate(DRAW, addresses)
    page.close()
    return [answer and _read(*answer) for answer in answers]


def _read(width: int, height: int, on_black: str, on_white: str) -> Shown:
    return Shown(width, height, base64.b64decode(on_black), base64.b64decode(on_white))
