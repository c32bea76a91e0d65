"""Read JSON bodies, as far as they were stored. Their values are masked."""

import json
from typing import Any

from inspector.record.exchange import Body, Exchange


def document(exchange: Exchange) -> dict[str, Any]:
    """Return the JSON object, or an empty one if there is none or it was too long to store."""
    return _read(exchange.response_body)


def request_document(exchange: Exchange) -> dict[str, Any]:
    """Return the JSON object in the request, or an empty one."""
    return _read(exchange.request_body)


def _read(body: Body) -> dict[str, Any]:
    try:
        found = json.loads(body.text)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(found, dict):
        return {}
    return found


def members(exchange: Exchange) -> dict[str, str]:
    """Return the members of the response as text, and lists as their values, without objects."""
    return _flat_members(document(exchange))


def request_members(exchange: Exchange) -> dict[str, str]:
    """Return the members of the JSON in the request in the same way."""
    return _flat_members(request_document(exchange))


def _flat_members(found: dict[str, Any]) -> dict[str, str]:
    return {name: as_text(value) for name, value in found.items() if _is_flat(value)}


def _is_flat(value: object) -> bool:
    if isinstance(value, list):
        return not any(isinstance(each, dict | list) for each in value)
    return not isinstance(value, dict)


def as_text(value: object) -> str:
    """Return a value as text, and a list as its values."""
    if isinstance(value, list):
        return " ".join(map(as_text, value))
    if isinstance(value, str):
        return value
    return json.dumps(value)
