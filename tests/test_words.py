"""The texts of the project are plain English: phrases of this table do not occur in them."""

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

#: Each phrase, as a regular expression, with what to write instead. Upper and lower case are the
#: same, a phrase begins and ends at the edge of a word, and a space may be a line break.
PHRASES = {
    # A user is "they", or "you" on a page. A client is "it".
    "she|her|hers|herself": "they, their",
    "he|him|his|himself": "they, their",
    "whoever|whosoever": "the user who, a client that",
    "somebody who|someone who": "a user who",
    "nobody else's trouble": "name the cause and who is affected",
    "nobody here wrote": "written by others",
    "for anybody|anybody's": "for every user",
    # Access is granted, removed or revoked.
    "opens? the doors?": "calls the API",
    "(let|lets|letting) (\\w+ ){1,3}in": "allow access for",
    "(shut|shuts|shutting) (\\w+ )?out": "revoke the access of",
    "took (\\w+ ){1,3}out": "removed the access of",
    "(take|takes|taking) (it|them|apps?|clients?|print shop) out": "remove the access of",
    "(gave|gives?) (\\w+ )?access back": "gave up access",
    "thrown out": "rejected",
    # Tokens, grants and processes are active, expire, are revoked or stop.
    "dies|died|dying": "expires, is revoked, stops",
    "dead|stillborn|lives? on": "no longer valid",
    "(is|are|still|stays?) alive": "is active",
    "came a second time|presented once more": "was presented again",
    "good for one use|good for once": "can be used only once",
    "accepts? (it|them) no more": "no longer accepts them",
    # Functions return, requests are sent, errors are raised.
    "gives? back|gave back": "returns",
    "asks? for what is not there": "requests something that does not exist",
    "not as it is asked for": "is invalid",
    "tells? of": "reports",
    "told of": "knows",
    "told the name": "gets the name",
    "(is|are|was|were) told": "gets, is configured with",
    "that is none|is nobody's": "that is not one, that belongs to no user",
    "to be had|for good|wherever": "name the condition",
    "looks? after|let in": "manage, allowed access",
    "of ours|of theirs": "of this project",
    "comes? off|came off": "succeeds",
    "too much to take": "is too large",
    "would trip you|pulls? the plug": "reports the problem",
    # The project has packages, modules and interfaces.
    "the seam": "the interface",
    "this house|the house|tour of the": "the project",
    "innocent of": "independent of",
    "knows nothing of|know nothing of": "is independent of",
    # Old or inverted English.
    "no more than|not more than": "at most",
    "at the most|at the least": "at most, at least",
    "for ever": "permanently",
    "in the meantime": "since then",
    "as it were|so to speak": "leave it out",
    "(of|on) its own accord|by itself alone": "automatically",
    "or no \\w+ is known": "so that it can still be detected",
    "means? no good|is well from|gets? to see|gets? to know": "say what happens",
    "all the same|just the same|none the wiser": "leave it out",
}

#: The steps are in the words of their specification, in the README's table and in the flow's test.
STEP = re.compile(r"^(?:\| | {4}# )[A-Z][0-9] .*(?:\n {4}# [a-z].*)?$", re.MULTILINE)

TEXTS = [
    "*.py",
    "Makefile",
    "README.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "docs/**/*.md",
    "templates/**/*.*",
    "static/js/*.js",
    "static/css/*.css",
    "auth_server/**/*.py",
    "benchmarks/**/*.py",
    "client_app/**/*.py",
    "inspector/**/*.py",
    "migrations/**/*.py",
    "resource_api/**/*.py",
    "tests/**/*.py",
    "web/**/*.py",
]


def compile_phrase(phrase: str) -> re.Pattern[str]:
    """Let each space match a line break too, with the `#` or `#:` of a comment's next line."""
    across_lines = phrase.replace(" ", r"[\s#:]+")
    return re.compile(rf"\b(?:{across_lines})\b", re.IGNORECASE)


#: A search for all phrases at once, in a text that has no capital letters. It finds out which files
#: have a phrase, in a tenth of the time that a search for each one takes.
ANY_PHRASE = re.compile("|".join(compile_phrase(phrase).pattern for phrase in PHRASES))


def list_texts() -> list[Path]:
    """Return the files to search. This one is left out, because it has to name the phrases."""
    found = {path for pattern in TEXTS for path in ROOT.glob(pattern)}
    return sorted(found - {Path(__file__).resolve()})


def blank_lines(match: re.Match[str]) -> str:
    return "\n" * match.group().count("\n")


def find_phrases(path: Path) -> Iterator[str]:
    """Yield each occurrence as `path:line`, with what to write instead."""
    text = STEP.sub(blank_lines, path.read_text())
    if not ANY_PHRASE.search(text.casefold()):
        return
    for phrase, better in PHRASES.items():
        for match in compile_phrase(phrase).finditer(text):
            line = text.count("\n", 0, match.start()) + 1
            yield f"{path.relative_to(ROOT)}:{line} {match.group()!r}: write {better!r}"


def test_every_pattern_of_texts_finds_a_file() -> None:
    assert [pattern for pattern in TEXTS if not [*ROOT.glob(pattern)]] == []


def test_no_text_has_a_phrase_of_the_table() -> None:
    assert [found for path in list_texts() for found in find_phrases(path)] == []
