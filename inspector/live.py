"""Answer with only the parts of the page that have changed, and compress pages."""

import gzip
import hashlib
from collections.abc import Iterable

from flask import Response, request
from flask_wtf.csrf import generate_csrf
from markupsafe import Markup

#: The request header with the digests of the parts that the browser has. `inspector.js` sends it.
HAVE = "X-Inspector-Have"
#: Shorter responses are not compressed.
MIN_COMPRESSED = 1000


def part(name: str, html: str) -> Markup:
    """Return a live part of the page, with a digest of its content.

    The CSRF token of its forms is not part of the digest, because it is different in each response.
    """
    content = html.replace(generate_csrf(), "")
    digest = hashlib.blake2b(content.encode(errors="replace"), digest_size=6).hexdigest()
    opening = Markup('<div class="part" id="part-{}" data-digest="{}">').format(name, digest)
    return opening + Markup(html) + Markup("</div>")  # noqa: S704 - a rendered template


def changed(parts: Iterable[Markup]) -> str | None:
    """Return the parts that the browser does not have, or None if it requests the whole page."""
    have = request.headers.get(HAVE)
    if have is None:
        return None
    digests = have.split()
    return Markup().join(one for one in parts if _digest(one) not in digests)


def _digest(one: Markup) -> str:
    return one.partition('data-digest="')[2].partition('"')[0]


def compress(response: Response) -> Response:
    """Compress a page that the browser accepts with gzip.

    A compressed page that contains a secret can reveal it by its length to an observer of the
    network (BREACH). These pages exist in the demo only, and it answers only this machine.
    """
    response.vary.add("Accept-Encoding")
    is_page = response.mimetype == "text/html" and not response.direct_passthrough
    if not is_page or not request.accept_encodings.quality("gzip"):
        return response
    content = response.get_data()
    if len(content) >= MIN_COMPRESSED:
        response.set_data(gzip.compress(content, compresslevel=5, mtime=0))
        response.headers["Content-Encoding"] = "gzip"
    return response
