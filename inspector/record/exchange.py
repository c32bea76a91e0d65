"""One message and its answer, as a leg received and gave them, with everything secret masked."""

from dataclasses import dataclass, field
from typing import Any, Self

#: Name and value, in the order of the wire.
Pairs = list[tuple[str, str]]
_BODIES = ("request_body", "response_body")


@dataclass(frozen=True, kw_only=True)
class Body:
    """What was in a message: the fields of a form, or text (masked JSON, or a few words about what is not kept)."""

    media_type: str
    size: int
    form: Pairs = field(default_factory=list)
    text: str = ""


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """A request that arrived at `leg` and what it answered. Moments are in epoch seconds, to the microsecond.

    `ties` are the fingerprints of the values by which messages belong together, each with its kind before it
    (`state:3fa9c1d2`, `code:…`, `token:…`, `challenge:…`, `session:…`). `events` are what the leg's event log told meanwhile.
    `id` is the store's: 0 until it has been stored.
    """

    leg: str
    request_id: str
    started_at: float
    ended_at: float
    method: str
    host: str
    path: str
    query: Pairs
    request_headers: Pairs
    request_body: Body
    status: int
    response_headers: Pairs
    response_body: Body
    ties: list[str]
    events: list[dict[str, Any]]
    id: int = 0

    def to_document(self) -> dict[str, Any]:
        """For JSON."""
        bodies = {name: vars(getattr(self, name)) for name in _BODIES}
        return {**vars(self), **bodies}  # dataclasses.asdict would copy every pair

    @classmethod
    def from_document(cls, document: dict[str, Any], id: int) -> Self:
        """As `to_document` made it, under the id that the store gave it."""
        pairs = {
            name: _pairs(document[name])
            for name in ("query", "request_headers", "response_headers")
        }
        bodies = {name: _body(document[name]) for name in _BODIES}
        return cls(**{**document, **pairs, **bodies, "id": id})


def _pairs(stored: list[list[str]]) -> Pairs:
    return [(name, value) for name, value in stored]


def _body(stored: dict[str, Any]) -> Body:
    return Body(**{**stored, "form": _pairs(stored["form"])})
