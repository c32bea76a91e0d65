"""Draw the family of a grant as a list: the code, the first tokens, and their successors.

Usually it is one chain. If a refresh token was presented twice, the successor that counts as lost
is listed below the other one.
"""

from collections.abc import Sequence

from markupsafe import Markup

from inspector.read.token_lives import Member

#: A chain longer than `MAX_SHOWN` is folded: `HEAD` generations are shown first, and `TAIL` last.
MAX_SHOWN, HEAD, TAIL = 9, 2, 5


def family(root: Member) -> Markup:
    """Return the list."""
    generations = [_generation(members) for members in _generations(root)]
    if len(generations) > MAX_SHOWN:
        fold = Markup(
            '<li class="fold-kin"><span>{} more, each replaced by the next</span></li>'
        ).format(len(generations) - HEAD - TAIL)
        generations = [*generations[:HEAD], fold, *generations[-TAIL:]]
    return Markup('<ol class="family">{}</ol>').format(Markup().join(generations))


def _generations(root: Member) -> list[list[Member]]:
    """Return the chain from the code to its last tokens, each with the lost ones below it."""
    found, current = [[root]], root
    while current.children:
        successor = max(current.children, key=_is_successor)
        lost = [child for child in current.children if child is not successor]
        found.append([successor, *lost])
        current = successor
    return found


def _is_successor(child: Member) -> tuple[bool, bool]:
    return child.state != "lost", bool(child.children)


def _generation(members: Sequence[Member]) -> Markup:
    return Markup('<li class="generation">{}</li>').format(
        Markup().join(_member(member) for member in members)
    )


def _member(member: Member) -> Markup:
    return Markup(
        '<div class="kin is-{}"><strong>{}</strong> '
        '<span class="state">{}</span> <span>{}</span></div>'
    ).format(member.state, member.label, member.state, member.note)
