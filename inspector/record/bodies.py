"""The body of a message as it is kept: a form's fields, masked JSON, or a few words."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html import unescape
from itertools import islice
from typing import Any

from inspector.record import json_values
from inspector.record.exchange import Pairs
from inspector.record.headers import media_type
from inspector.record.limits import DEPTH, ELLIPSIS, EXCERPT, MEDIA_TYPE, TITLE, VALUES, cut
from inspector.record.masking import Masker
from inspector.record.parameters import CLEAR, is_secret

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"
PAGE = "text/html"
_TITLE = re.compile(r"<title>(.*?)</title>", re.DOTALL)
#: Numbers beyond it may be anything.
_COUNTABLE = 10**15


@dataclass(kw_only=True)
class Draft:
    """A body that is masked, and not yet searched for what was masked elsewhere. `tell` makes a text of its `content`."""

    media_type: str
    size: int
    form: Pairs = field(default_factory=list)
    content: Any = ""
    tell: Callable[[Any], str] = str

    def strings(self) -> Iterator[str]:
        """Everything in it that may yet have to go."""
        return json_values.strings([self.media_type, self.form, self.content])

    def finished(self, change: Callable[[str], str]) -> dict[str, Any]:
        """For an exchange's document, with every string changed."""
        return {
            "media_type": cut(change(self.media_type), MEDIA_TYPE),
            "size": self.size,
            "form": json_values.with_each(self.form, change),
            "text": self.tell(json_values.with_each(self.content, change, names=True)),
        }


def masked(masker: Masker, headers: Pairs, content: bytes, size: int) -> Draft:
    """What is kept of `content`, which is as much as was copied of a body of `size` bytes."""
    kind, text, is_whole = (
        media_type(headers),
        content.decode(errors="replace"),
        size <= len(content),
    )
    draft = Draft(media_type=masker.text(kind), size=size)
    if kind == FORM and content:
        draft.form = masker.fields(text, is_whole=is_whole)
    elif kind == JSON and content:
        draft.content, draft.tell = _document(masker, text, is_whole)
    elif kind == PAGE and (title := _TITLE.search(text)):
        draft.content, draft.tell = masker.text(" ".join(unescape(title[1]).split())), _titled
    elif kind and size:
        draft.content = f"{draft.media_type}, {size:,} bytes"
    return draft


def _titled(title: str) -> str:
    return f"an HTML page: “{cut(title, TITLE)}”"


def _document(masker: Masker, text: str, is_whole: bool) -> tuple[Any, Callable[[Any], str]]:
    if not is_whole:
        return "JSON that is too long to be kept", str
    try:
        return _Members(masker).masked("", json.loads(text)), _written
    except (ValueError, RecursionError):
        return "JSON that cannot be read", str


def _written(document: Any) -> str:
    text = json.dumps(document, indent=2, ensure_ascii=False)
    return text if len(text) <= EXCERPT else f"{text[:EXCERPT]}\n{ELLIPSIS}"


class _Members:
    """Masks the members of a JSON document: so many, and so deep."""

    def __init__(self, masker: Masker) -> None:
        self._masker = masker
        self._left = VALUES

    def masked(self, name: str, value: Any, depth: int = 0) -> Any:
        """The value of the member of that name."""
        if isinstance(value, dict):
            first, more = self._first(value, depth)
            kept = {
                self._name(name, key, value[key]): self._inside(name, key, value[key], depth)
                for key in first
            }
            return kept | ({ELLIPSIS: more} if more else {})
        if isinstance(value, list):
            first, more = self._first(value, depth)
            return [self.masked(name, each, depth + 1) for each in first] + (
                [f"{ELLIPSIS} {more}"] if more else []
            )
        is_number = isinstance(value, int | float) and abs(value) < _COUNTABLE
        says_nothing = value is None or isinstance(value, bool) or (name in CLEAR and is_number)
        return value if says_nothing else self._masker.named(name, str(value))

    def _inside(self, outer: str, name: str, value: Any, depth: int) -> Any:
        """A member of a member: of a secret's, everything is one."""
        return self.masked(outer if is_secret(outer) else name, value, depth + 1)

    def _name(self, outer: str, name: str, value: Any) -> str:
        return (
            self._masker.named(outer, name) if is_secret(outer) else self._masker.name(name, value)
        )

    def _first(self, values: Any, depth: int) -> tuple[list[Any], str]:
        """As many as there is room for, and how many more there are."""
        number = 0 if depth == DEPTH else min(len(values), self._left)
        self._left -= number
        return list(islice(values, number)), f"{len(values) - number:,} more" if len(
            values
        ) > number else ""
