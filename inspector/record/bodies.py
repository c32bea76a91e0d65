"""Mask the body of a message: the fields of a form, JSON, or a short description."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from html import unescape
from itertools import islice
from typing import Any

from inspector.record import json_values
from inspector.record.exchange import Body, Pairs
from inspector.record.headers import media_type
from inspector.record.limits import ELLIPSIS, EXCERPT, JSON_DEPTH, MEDIA_TYPE, TITLE, VALUES, cut
from inspector.record.masking import Masker
from inspector.record.parameters import Rule, find_parameter, is_secret

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"
PAGE = "text/html"
_TITLE = re.compile(r"<title>(.*?)</title>", re.DOTALL)
#: Larger numbers may be anything, also a secret.
_MAX_QUANTITY = 10**15


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
        return _JsonMasker(masker).masked("", json.loads(text)), _write_json
    except (ValueError, RecursionError):
        return "JSON that cannot be read", str


def _write_json(document: Any) -> str:
    text = json_values.written(document)
    if len(text) <= EXCERPT:
        return text
    return f"{text[:EXCERPT]}\n{ELLIPSIS}"


class _JsonMasker:
    """Masks the values of a JSON document, up to `VALUES` of them and `JSON_DEPTH` levels."""

    def __init__(self, masker: Masker) -> None:
        self._masker = masker
        self._room = VALUES

    def masked(self, name: str, value: Any, depth: int = 0) -> Any:
        """Return the masked value of the member `name`."""
        if isinstance(value, str):
            return self._masker.named(name, value)
        if isinstance(value, dict):
            return self._masked_object(name, value, depth)
        if isinstance(value, list):
            first, more = self._first(value, depth)
            items = [self.masked(name, item, depth + 1) for item in first]
            if more:
                items.append(f"{ELLIPSIS} {more}")
            return items
        if value is None or isinstance(value, bool) or self._is_quantity(name, value):
            return value
        return self._masker.named(name, str(value))

    def _masked_object(self, name: str, value: dict[str, Any], depth: int) -> dict[str, Any]:
        first, more = self._first(value, depth)
        if is_secret(name):
            members = self._masked_like(name, value, first, depth)
        else:
            members = {
                self._masker.name(key, value[key]): self.masked(key, value[key], depth + 1)
                for key in first
            }
        if more:
            members[ELLIPSIS] = more
        return members

    def _masked_like(
        self, outer: str, value: dict[str, Any], names: list[str], depth: int
    ) -> dict[str, Any]:
        """Return the members of the secret `outer`, with all names and values masked like it."""
        return {
            self._masker.named(outer, name): self.masked(outer, value[name], depth + 1)
            for name in names
        }

    def _is_quantity(self, name: str, value: float) -> bool:
        return abs(value) < _MAX_QUANTITY and find_parameter(name).rule is Rule.CLEAR

    def _first(self, values: Any, depth: int) -> tuple[list[Any], str]:
        """Return the values for which there is room, and the number of the others in words."""
        number = min(len(values), self._room)
        if depth == JSON_DEPTH:
            number = 0
        self._room -= number
        more = ""
        if number < len(values):
            more = f"{len(values) - number:,} more"
        return list(islice(values, number)), more
