"""What became of an attack, as the inspector's store keeps it."""

import secrets
from dataclasses import asdict
from typing import Any

from inspector.lab.attack import Failure, Outcome
from inspector.lab.run import Result
from inspector.record.masking import Masker

_KINDS: dict[str, type[Outcome] | type[Failure]] = {"outcome": Outcome, "failure": Failure}


def to_document(result: Result) -> dict[str, Any]:
    """For JSON. What is as long and random as a token is masked, wherever a server has put it."""
    masker = Masker(
        secrets.token_hex()
    )  # nothing is compared with it, so nobody needs to know its key
    told = {
        name: value
        for name, value in asdict(result).items()
        if name != "request_id" and isinstance(value, str)
    }
    masked = {name: masker.text(value) for name, value in told.items()}
    return {
        "kind": "outcome" if isinstance(result, Outcome) else "failure",
        **asdict(result),
        **masked,
    }


def from_document(document: dict[str, Any]) -> Result | None:
    """As `to_document` made it; None when another version did."""
    values = dict(document)
    try:
        return _KINDS[values.pop("kind")](**values)
    except (KeyError, TypeError):
        return None
