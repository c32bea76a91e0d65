"""Read JSON responses, as far as they were stored. Their values are masked."""

import json
from typing import Any

from inspector.record.exchange import Exchange


def document(exchange: Exchange) -> dict[str, Any]:
    """Return the JSON object, or an empty one if there is none or it was too long to store."""
    try:
        found = json.loads(exchange.response_body.text)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(found, dict):
        return {}
    return found


def members(exchange: Exchange) -> dict[str, str]:
    """Return its members as text, and lists as their values. Nested objects are omitted."""
    found = document(exchange).items()
    return {name: _as_text(value) for name, value in found if _is_flat(value)}


def _is_flat(value: object) -> bool:
    if isinstance(value, list):
        return not any(isinstance(each, dict | list) for each in value)
    return not isinstance(value, dict)


def _as_text(value: object) -> str:
    if isinstance(value, list):
        return " ".join(map(_as_text, value))
    if isinstance(value, str):
        return value
    return json.dumps(value)
