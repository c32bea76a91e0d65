"""The part of a leg's settings that this package reads.

`config.py` declares the settings. It imports this package to parse them, so this package describes
what it needs instead of importing `config.py`.
"""

from pathlib import Path
from typing import ClassVar, Protocol

from flask import current_app


class LegSettings(Protocol):
    """The settings of one leg; `config.Settings` says what each of them means."""

    leg: ClassVar[str]
    project_root: ClassVar[Path]

    @property
    def url(self) -> str:
        """The canonical address of the leg."""

    @property
    def bind_address(self) -> tuple[str, int]:
        """The host and the port that the leg listens on."""

    @property
    def demo(self) -> bool:
        """Whether this is the demo, whose pages may show technical details."""

    @property
    def reload(self) -> bool:
        """Whether changed templates take effect at once."""

    @property
    def trusted_proxies(self) -> int:
        """The number of reverse proxies whose headers are trusted."""

    @property
    def secret_keys(self) -> tuple[str, ...]:
        """The current secret key first, then the old ones."""


def current_settings() -> LegSettings:
    """Return the settings of the current application."""
    settings: LegSettings = current_app.extensions["tripod.settings"]
    return settings
