"""A request and its response as a leg received and sent them, with everything secret masked."""

from dataclasses import dataclass, field
from typing import Any, Self

#: Names and values, in the order of the message.
Pairs = list[tuple[str, str]]
_BODIES = ("request_body", "response_body")


@dataclass(frozen=True, kw_only=True)
class Body:
    """The body of a message: the fields of a form, or a text.

    The text is masked JSON, or a description of a body that is not stored. `size` is in bytes.
    """

    media_type: str = ""
    size: int = 0
    form: Pairs = field(default_factory=list)
    text: str = ""


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """A request that arrived at `leg`, and its response. Times are in epoch seconds.

    `ties` are the fingerprints of the values by which exchanges belong together, each after its
    kind (`state:3fa9c1d2`, `code:…`, `token:…`, `challenge:…`, `session:…`). `events` are the
    entries of the leg's event log during the request. `sealed` has the codes,
    tokens and verifiers of a message that issues some, by their masks: each with its tie and its
    ciphertext. `signed_tokens` are the decoded ID tokens and logout tokens. `id` is given by the
    store, and is 0 before.
    Of a message that cannot be transcribed, only the leg, the times and the status are known.
    """

    leg: str
    started_at: float
    ended_at: float
    status: int
    request_id: str = ""
    method: str = ""
    host: str = ""
    path: str = ""
    query: Pairs = field(default_factory=list)
    request_headers: Pairs = field(default_factory=list)
    request_body: Body = field(default_factory=Body)
    response_headers: Pairs = field(default_factory=list)
    response_body: Body = field(default_factory=Body)
    ties: list[str] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    sealed: dict[str, list[str]] = field(default_factory=dict)
    signed_tokens: list[dict[str, Any]] = field(default_factory=list)
    id: int = 0

    def to_document(self) -> dict[str, Any]:
        """Return the exchange as a document for JSON."""
        bodies = {name: vars(getattr(self, name)) for name in _BODIES}
        return {**vars(self), **bodies}  # dataclasses.asdict would copy every pair

    @classmethod
    def from_document(cls, document: dict[str, Any], exchange_id: int) -> Self:
        """Return the exchange that `to_document` wrote, with the id of the store."""
        pairs = {
            name: _read_pairs(document[name])
            for name in ("query", "request_headers", "response_headers")
        }
        bodies = {name: _read_body(document[name]) for name in _BODIES}
        sealed = {masked: [tie, text] for masked, (tie, text) in document["sealed"].items()}
        return cls(**{**document, **pairs, **bodies, "sealed": sealed, "id": exchange_id})


def _read_pairs(stored: list[list[str]]) -> Pairs:
    return [(name, value) for name, value in stored]


def _read_body(stored: dict[str, Any]) -> Body:
    return Body(**{**stored, "form": _read_pairs(stored["form"])})
