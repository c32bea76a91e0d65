"""Turn a message into an `Exchange`: mask its values, and then search its texts for them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from inspector.record import bodies, headers, json_values, sealing, signed_tokens
from inspector.record.exchange import Exchange, Pairs
from inspector.record.limits import FIELDS, HOST, METHOD, TEXT, cut
from inspector.record.masking import Masker
from inspector.record.sealing import ISSUES

#: The fields of an event that only the leg writes. No sent value can have them masked.
_LEGS_OWN_FIELDS = ("event", "grant_id")


@dataclass(kw_only=True)
class Wire:
    """An unmasked message, held only during the request. Bodies have only the copied part."""

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
    """Return the exchange, masked under `key`."""
    masker = Masker(key)
    masked = _masked(masker, wire)
    request = bodies.masked(masker, wire.request_headers, wire.request_body, wire.request_size)
    response = bodies.masked(masker, wire.response_headers, wire.response_body, wire.response_size)
    tokens = signed_tokens.decoded(masker)
    finish = _finisher(
        masker, json_values.strings([masked, tokens, *request.unsearched, *response.unsearched])
    )
    fields = _shortened(json_values.with_each(masked, finish))
    for event, logged in zip(fields["events"], wire.events, strict=False):
        event |= {name: logged[name] for name in _LEGS_OWN_FIELDS if name in logged}
    return Exchange(
        **fields,
        request_body=request.finished(finish),
        response_body=response.finished(finish),
        signed_tokens=json_values.with_each(tokens, finish, names=True),
        ties=list(masker.ties),
        sealed=_sealed(masker, key, wire),
        **_unmasked(wire, ended_at),
    )


def _sealed(masker: Masker, key: str, wire: Wire) -> dict[str, list[str]]:
    if wire.leg != "auth_server" or ISSUES.isdisjoint(one.get("event") for one in wire.events):
        return {}
    return sealing.seal_all(key, masker.credentials)


def bare(wire: Wire, ended_at: float) -> Exchange:
    """Return the exchange without its content, for a message that cannot be transcribed."""
    return Exchange(**_unmasked(wire, ended_at))


def _unmasked(wire: Wire, ended_at: float) -> dict[str, Any]:
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
        "events": [_masked_event(masker, event) for event in wire.events[:FIELDS]],
    }


def _masked_event(masker: Masker, event: dict[str, Any]) -> dict[str, Any]:
    return {name: _masked_event_field(masker, value) for name, value in event.items()}


def _masked_event_field(masker: Masker, value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return [masker.text(item) for item in value]
    if isinstance(value, str):
        return masker.text(value)
    return value


def _finisher(masker: Masker, texts: list[str]) -> Callable[[str], str]:
    """Return the function that finishes these texts. Most often it changes nothing."""
    joined = "\n".join(texts)
    scrubber = masker.scrubber.found_in(joined)
    is_short = len(joined) <= TEXT or max(map(len, texts)) <= TEXT
    if scrubber.is_empty and is_short and _showable(joined) == joined:
        return json_values.unchanged
    return lambda text: cut(_showable(scrubber.scrub(text)), TEXT)


def _showable(text: str) -> str:
    """Return `text` without half characters, which JSON can contain but no page can show."""
    return text.encode(errors="replace").decode()


def _shortened(document: dict[str, Any]) -> dict[str, Any]:
    return document | {
        "method": cut(document["method"], METHOD),
        "host": cut(document["host"], HOST),
        "request_headers": headers.shortened(document["request_headers"]),
        "response_headers": headers.shortened(document["response_headers"]),
    }
