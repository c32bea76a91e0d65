"""An entry of the glossary."""

from dataclasses import dataclass

from inspector.record.parameter_kinds import Section


@dataclass(frozen=True)
class Entry:
    """A step or a term. `anchor` is its id on the glossary's page."""

    anchor: str
    title: str
    words: str
    section: Section | None


def term(title: str, words: str, section: Section | None) -> Entry:
    """Return the entry of a term."""
    return Entry(title.lower().replace(" ", "-"), title, words, section)
