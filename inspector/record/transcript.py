"""Turns what crossed the wire into an `Exchange`: read, mask, search what is left for what was masked, and only then keep."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from inspector.record import bodies, headers, json_values
from inspector.record.exchange import Exchange, Pairs
from inspector.record.limits import HOST, METHOD, PAIRS, TEXT, cut
from inspector.record.masking import Masker

#: Of an event, what is the leg's own word: nobody can have it masked by sending it.
_OWN_WORDS = ("event", "grant_id")


@dataclass(kw_only=True)
class Wire:
    """What crossed the wire, unmasked, for as long as the request lasts; of bodies, as much as was copied."""

    leg: str
    method: str
    host: str
    path: str
    query: str
    request_headers: Pairs
    started_at: float
    request_body: bytes = b""
    request_size: int = 0
    status: int = 500
    response_headers: Pairs = field(default_factory=list)
    response_body: bytes = b""
    response_size: int = 0
    events: list[dict[str, Any]] = field(default_factory=list)


def transcribe(wire: Wire, key: str, ended_at: float) -> Exchange:
    """The exchange, masked under `key`."""
    masker = Masker(key)
    masked = _masked(masker, wire)
    request_body = bodies.masked(masker, wire.request_headers, wire.request_body, wire.request_size)
    response_body = bodies.masked(
        masker, wire.response_headers, wire.response_body, wire.response_size
    )
    finished = _finishing(
        masker, [*json_values.strings(masked), *request_body.strings(), *response_body.strings()]
    )
    document = _shortened(json_values.with_each(masked, finished))
    for event, told in zip(document["events"], wire.events, strict=False):
        event |= {name: told[name] for name in _OWN_WORDS if name in told}
    kept = {
        "request_body": request_body.finished(finished),
        "response_body": response_body.finished(finished),
    }
    return Exchange.from_document(
        document | kept | {"ties": list(masker.ties)} | _bare(wire, ended_at), id=0
    )


def bare(wire: Wire, ended_at: float) -> Exchange:
    """That there was one, and nothing of what was said: for what cannot be transcribed."""
    nothing = {"media_type": "", "size": 0, "form": [], "text": ""}
    document: dict[str, Any] = {"request_body": nothing, "response_body": nothing}
    document |= dict.fromkeys(("request_id", "method", "host", "path"), "")
    document |= {
        name: [] for name in ("query", "request_headers", "response_headers", "ties", "events")
    }
    return Exchange.from_document(document | _bare(wire, ended_at), id=0)


def _bare(wire: Wire, ended_at: float) -> dict[str, Any]:
    return {
        "leg": wire.leg,
        "started_at": wire.started_at,
        "ended_at": ended_at,
        "status": wire.status,
    }


def _masked(masker: Masker, wire: Wire) -> dict[str, Any]:
    return {
        "request_id": masker.text(headers.value(wire.response_headers, "X-Request-Id")),
        "method": masker.text(wire.method),
        "host": masker.text(wire.host),
        "path": masker.path(wire.path),
        "query": masker.fields(wire.query),
        "request_headers": headers.masked(masker, wire.request_headers),
        "response_headers": headers.masked(masker, wire.response_headers),
        "events": [
            {name: _told(masker, value) for name, value in event.items()}
            for event in wire.events[:PAIRS]
        ],
    }


def _told(masker: Masker, value: Any) -> Any:
    """A field of an event."""
    if isinstance(value, list):
        return [masker.text(each) for each in value]
    return masker.text(value) if isinstance(value, str) else value


def _finishing(masker: Masker, texts: list[str]) -> Callable[[str], str]:
    """What is still to be done to these texts: most often nothing."""
    scrubber, all_of_it = masker.scrubber.found_in(texts), "\n".join(texts)
    if scrubber.is_empty and _showable(all_of_it) == all_of_it and max(map(len, texts)) <= TEXT:
        return json_values.as_it_is
    return lambda text: cut(_showable(scrubber.scrub(text)), TEXT)


def _showable(text: str) -> str:
    """Without half characters, which JSON can spell and no page can show."""
    return text.encode(errors="replace").decode()


def _shortened(document: dict[str, Any]) -> dict[str, Any]:
    return document | {
        "method": cut(document["method"], METHOD),
        "host": cut(document["host"], HOST),
        "request_headers": headers.shortened(document["request_headers"]),
        "response_headers": headers.shortened(document["response_headers"]),
    }
