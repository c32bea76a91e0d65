"""Compare names as people see them (Unicode Technical Standard #39, Unicode Security Mechanisms).

Case, spaces, punctuation, accents and invisible characters do not matter, nor does the alphabet:
`Print Shop`, `PRINT-SHOP`, `Pr1nt Shop` and a name with Cyrillic `о` look the same. Unicode's table
of confusable characters comes from the library `confusable-homoglyphs`.
"""

import unicodedata
from functools import cache, lru_cache
from itertools import dropwhile, filterfalse

from web.text import is_visible

#: How Unicode decomposes characters such as `™`, `²`, `ˢ` and `ⓘ`.
_SIGNS = {"<super>", "<sub>", "<circle>", "<square>"}


def look_alike(one: str, another: str) -> bool:
    """Return whether a user could take one name for the other."""
    return not _appearances(one).isdisjoint(_appearances(another))


@lru_cache(maxsize=16384)
def _appearances(name: str) -> frozenset[str]:
    """Return the skeletons of a name, in the case of its letters and in lower case.

    Some letters have a look-alike in one case only: Greek `Ν` is like `N`, and `ν` is like `v`. A
    sign such as `™` is written with letters, and users read the name without it.
    """
    bare = (name, _remove_signs(name), _remove_last_signs(name))
    return frozenset(map(_skeleton, (*bare, *map(str.casefold, bare))))


def _skeleton(name: str) -> str:
    """Return the Latin letters and the digits that the name looks like, or else its symbols."""
    prototypes = _load_prototypes()
    shapes = map(_enlarge, "".join(_remove_shapeless(name).split()))
    # A prototype can have marks of its own.
    prototype = "".join(prototypes.get(shape, shape) for shape in shapes)
    skeleton = _remove_shapeless(prototype).casefold()
    return "".join(filter(str.isalnum, skeleton)) or skeleton


def _remove_signs(name: str) -> str:
    """Return the name without what is raised, lowered or enclosed, unless nothing else is left."""
    return "".join(filterfalse(_is_sign, name)).strip() or name


def _remove_last_signs(name: str) -> str:
    """Return the name without such signs at its end. Others can stand for letters: `Ⓟrint`."""
    last = "".join(dropwhile(_is_sign, reversed(name)))[::-1]
    return last.strip() or name


def _is_sign(character: str) -> bool:
    """Return whether users read a name without this character. Spaces never matter."""
    kind = unicodedata.decomposition(character).partition(" ")[0]
    return kind in _SIGNS or character.isspace() or unicodedata.category(character) == "So"


def _remove_shapeless(text: str) -> str:
    return "".join(filter(is_visible, unicodedata.normalize("NFKD", text)))


def _enlarge(character: str) -> str:
    """Return the capital letter for a small capital, which Unicode does not map to it."""
    prefix, _, letter = unicodedata.name(character, "").rpartition(" ")
    if prefix == "LATIN LETTER SMALL CAPITAL" and len(letter) == 1:
        return letter
    return character


@cache
def _load_prototypes() -> dict[str, str]:
    """Return for each confusable character the same one of those that look like it.

    Unicode maps `0` to `O` and `1` to `l`. Here the letter that comes first stands for all of them,
    so that `l`, `I`, `1` and `|` become `I`, and then `i`.
    """
    # It reads a file of a megabyte, which only the registration of a client needs.
    from confusable_homoglyphs.confusables import confusables_data

    prototypes: dict[str, str] = {}
    for character in confusables_data:
        if len(character) == 1 and character not in prototypes:
            group = _find_group(character, confusables_data)
            prototype = min(group, key=_preference)
            prototypes.update((member, prototype) for member in group if len(member) == 1)
    return prototypes


def _find_group(character: str, pairs: dict[str, list[dict[str, str]]]) -> set[str]:
    """Return the characters that look like this one, directly or by another one.

    A sequence such as `rn`, which looks like `m`, belongs to the group and leads no further.
    """
    group, waiting = {character}, [character]
    while waiting:
        for pair in pairs.get(waiting.pop(), ()):
            # The library keeps the marks that set the direction of the text in Unicode's file.
            found = pair["c"].strip("\u200e")
            if found not in group:
                group.add(found)
                if len(found) == 1:
                    waiting.append(found)
    return group


def _preference(member: str) -> tuple[bool, bool, str]:
    """Return the sort key: a sequence of letters first, then a letter of ASCII, then all others."""
    is_latin = member.isascii() and member.isalpha()
    return len(member) == 1 or not is_latin, not is_latin, member
