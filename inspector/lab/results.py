"""What became of an attack, as the inspector's store keeps it."""

from dataclasses import asdict
from typing import Any

from inspector.lab.attack import Failure, Outcome
from inspector.lab.run import Result

_KINDS: dict[str, type[Outcome] | type[Failure]] = {"outcome": Outcome, "failure": Failure}


def to_document(result: Result) -> dict[str, Any]:
    """For JSON."""
    return {"kind": "outcome" if isinstance(result, Outcome) else "failure", **asdict(result)}


def from_document(document: dict[str, Any]) -> Result:
    """As `to_document` made it."""
    values = dict(document)
    return _KINDS[values.pop("kind")](**values)
