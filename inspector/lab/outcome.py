"""Results of attacks, and their form in the store."""

import secrets
from dataclasses import asdict, dataclass
from http import HTTPStatus
from typing import Any

from inspector.record.masking import Masker


class CannotRun(Exception):
    """A precondition of the attack is not met, so that the attack proves nothing.

    The message is shown on the card and holds no secret.
    """


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """The answer to the decisive request of an attack, and the consequence of that request.

    `error` is the OAuth error code, or "". `description` is the text of the answer. `request_id`
    finds the request in the recording. `consequence` was observed over HTTP, not assumed.
    """

    has_succeeded: bool
    status: int
    error: str
    description: str
    request_id: str
    consequence: str = ""

    @property
    def is_refusal(self) -> bool:
        """Whether the answer is an error. A redirect to a safe page, for example, is not."""
        if self.has_succeeded:
            return False
        return bool(self.error) or self.status >= HTTPStatus.BAD_REQUEST


@dataclass(frozen=True, kw_only=True)
class Failure:
    """An attack that could not be run. It proves nothing."""

    reason: str


Result = Outcome | Failure

_TYPES: dict[str, type[Outcome] | type[Failure]] = {"outcome": Outcome, "failure": Failure}


def to_document(result: Result) -> dict[str, Any]:
    """Return `result` for JSON. Texts that look like a token are masked.

    The key of the mask is not stored, because nothing is compared with the masked text.
    """
    masker = Masker(secrets.token_hex())
    document: dict[str, Any] = {"kind": type(result).__name__.lower()}
    for name, value in asdict(result).items():
        if isinstance(value, str) and name != "request_id":
            value = masker.text(value)
        document[name] = value
    return document


def from_document(document: dict[str, Any]) -> Result | None:
    """Return the result that `to_document` stored, or None if another version stored it."""
    values = dict(document)
    try:
        return _TYPES[values.pop("kind")](**values)
    except (KeyError, TypeError):
        return None
