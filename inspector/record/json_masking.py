"""Mask the values of a JSON document."""

from itertools import islice
from typing import Any

from inspector.record.limits import ELLIPSIS, JSON_DEPTH, VALUES
from inspector.record.masking import Masker
from inspector.record.parameter_kinds import Rule
from inspector.record.parameters import find_parameter, is_secret

#: Larger numbers may be anything, also a secret.
_MAX_QUANTITY = 10**15


class JsonMasker:
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
        return self._number(name, value)

    def _number(self, name: str, value: float) -> str:
        """Return a number masked. It ties no messages: an error has a number named `code` too."""
        if find_parameter(name).rule is Rule.PASSWORD:
            return self._masker.password(str(value))
        return self._masker.secret(str(value))

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
