"""The program that cleans one image: `python -m resource_api.images.decoder`.

It reads the uploaded file from standard input, and writes one line of JSON to standard output: a
reason code, or the description of the clean image, whose bytes follow the line. It has no secrets
and no connections. It limits itself before it reads the file, so that an image that uses too much
memory or time, or that makes a decoder execute code of an attacker, can do little.
"""

import json
import signal
import sys
from contextlib import suppress

from PIL import AvifImagePlugin, Image, ImageColor, ImagePalette, TiffImagePlugin, WebPImagePlugin

from resource_api.images.cleaning import clean
from resource_api.images.limits import CPU_SECONDS, MAX_STORED_BYTES, MEMORY_BYTES, WALL_SECONDS
from resource_api.reasons import Reason, UploadRefused

if sys.platform != "win32":
    import resource

#: Pillow imports these modules only when it needs them, and then it could not open their files.
_NEEDED_LATER = (AvifImagePlugin, ImageColor, ImagePalette, TiffImagePlugin, WebPImagePlugin)
Image.preinit()  # the other formats

#: The limits of setrlimit(2). Every file that the program needs is open already.
_LIMITS = {
    "RLIMIT_AS": MEMORY_BYTES,
    "RLIMIT_CPU": CPU_SECONDS,
    "RLIMIT_CORE": 0,
    "RLIMIT_FSIZE": MAX_STORED_BYTES + 1024,
    "RLIMIT_NOFILE": 0,
}


def main() -> None:
    """Clean the image on standard input."""
    restrict_process()
    sys.stdout.buffer.write(_answer(sys.stdin.buffer.read()))


def restrict_process() -> None:
    """Limit what this process can use, where the operating system has these limits.

    Windows has none of them, and macOS does not limit the address space.
    """
    if sys.platform == "win32":
        return
    # The process that serves requests finishes its requests before it stops.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    # It ends this process even if the parent process was killed.
    signal.alarm(WALL_SECONDS)
    for name, limit in _LIMITS.items():
        # An error means that the limit was lower already, or that the system does not have it.
        with suppress(OSError, ValueError):
            resource.setrlimit(getattr(resource, name), (limit, limit))


def _answer(data: bytes) -> bytes:
    try:
        image = clean(data)
    except UploadRefused as refused:
        return _line({"reason": refused.reason})
    except MemoryError:
        return _line({"reason": Reason.IMAGE_TOO_COMPLEX})
    description: dict[str, object] = {
        "content_type": image.content_type,
        "width": image.width,
        "height": image.height,
    }
    return _line(description) + image.data


def _line(document: dict[str, object]) -> bytes:
    return json.dumps(document).encode() + b"\n"


if __name__ == "__main__":
    main()
