"""What a JSON answer holds, as far as it was kept, and masked as it was."""

import json
from typing import Any

from inspector.record.exchange import Exchange


def document(exchange: Exchange) -> dict[str, Any]:
    """The object; an empty one where there is none, or where it was too long to be kept whole."""
    try:
        found = json.loads(exchange.response_body.text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def members(exchange: Exchange) -> dict[str, str]:
    """Its members as text; of a list, the values in it. What is built of objects is left out."""
    found = document(exchange).items()
    return {name: _as_text(value) for name, value in found if _is_plain(value)}


def _is_plain(value: object) -> bool:
    values = value if isinstance(value, list) else [value]
    return not any(isinstance(each, dict | list) for each in values)


def _as_text(value: object) -> str:
    if isinstance(value, list):
        return " ".join(map(_as_text, value))
    return value if isinstance(value, str) else json.dumps(value)
