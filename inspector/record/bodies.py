"""Mask the body of a message: the fields of a form, JSON, or a short description."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from html import unescape
from typing import Any

from inspector.record import json_values
from inspector.record.exchange import Body, Pairs
from inspector.record.headers import media_type
from inspector.record.json_masking import JsonMasker
from inspector.record.limits import ELLIPSIS, EXCERPT, MEDIA_TYPE, TITLE, cut
from inspector.record.masking import Masker

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"
PAGE = "text/html"
_TITLE = re.compile(r"<title>(.*?)</title>", re.DOTALL)


@dataclass(kw_only=True)
class Draft:
    """A masked body that was not yet searched for values that were masked elsewhere.

    `write` makes the text of `content`.
    """

    media_type: str
    size: int
    form: Pairs = field(default_factory=list)
    content: Any = ""
    write: Callable[[Any], str] = str

    @property
    def unsearched(self) -> tuple[Any, ...]:
        """What may still contain a secret."""
        return self.media_type, self.form, self.content

    def finished(self, change: Callable[[str], str]) -> Body:
        """Return the body with every string changed."""
        return Body(
            media_type=cut(change(self.media_type), MEDIA_TYPE),
            size=self.size,
            form=json_values.with_each(self.form, change),
            text=self.write(json_values.with_each(self.content, change, names=True)),
        )


def masked(masker: Masker, headers: Pairs, content: bytes, size: int) -> Draft:
    """Return the masked body. `content` is the copied part of a body of `size` bytes."""
    kind, text = media_type(headers), content.decode(errors="replace")
    is_whole = size <= len(content)
    draft = Draft(media_type=masker.text(kind), size=size)
    title = _TITLE.search(text)
    if kind == FORM and content:
        draft.form = masker.fields(text, is_whole=is_whole)
    elif kind == JSON and content:
        draft.content, draft.write = _mask_json(masker, text, is_whole)
    elif kind == PAGE and title:
        draft.content = masker.text(" ".join(unescape(title[1]).split()))
        draft.write = _write_title
    elif kind and size:
        draft.content = f"{draft.media_type}, {size:,} bytes"
    return draft


def _write_title(title: str) -> str:
    return f"an HTML page: “{cut(title, TITLE)}”"


def _mask_json(masker: Masker, text: str, is_whole: bool) -> tuple[Any, Callable[[Any], str]]:
    if not is_whole:
        return "JSON that is too long to be stored", str
    try:
        return JsonMasker(masker).masked("", json.loads(text)), _write_json
    except (ValueError, RecursionError):
        return "JSON that cannot be read", str


def _write_json(document: Any) -> str:
    text = json_values.written(document)
    if len(text) <= EXCERPT:
        return text
    return f"{text[:EXCERPT]}\n{ELLIPSIS}"
