"""The family of a grant: the code, the first tokens, their successors. A list, so that it needs no words beside it.

Usually it is one chain. Where a refresh token came again, the successor that was taken for lost stands beside the living one.
"""

from collections.abc import Sequence

from markupsafe import Markup

from inspector.read.token_lives import Member

#: A longer chain is folded in the middle: so many are shown at its beginning, and at its end.
MOST, HEAD, TAIL = 9, 2, 5


def family(root: Member) -> Markup:
    """The list."""
    generations = _generations(root)
    head, middle, tail = _folded(generations)
    items = [_generation(members) for members in head]
    if middle:
        items.append(
            Markup(
                '<li class="fold-kin"><span>{} more, each spent for the next</span></li>'
            ).format(len(middle))
        )
    items += [_generation(members) for members in tail]
    return Markup('<ol class="family">{}</ol>').format(Markup().join(items))


def _generations(root: Member) -> list[list[Member]]:
    """From the code down the line that goes on, each with the siblings that died beside it."""
    found, current = [[root]], root
    while current.children:
        goes_on = max(
            current.children, key=lambda child: (child.state != "lost", bool(child.children))
        )
        found.append([*(child for child in current.children if child is not goes_on), goes_on])
        current = goes_on
    return found


def _folded(
    all_of_them: Sequence[list[Member]],
) -> tuple[list[list[Member]], list[list[Member]], list[list[Member]]]:
    if len(all_of_them) <= MOST:
        return list(all_of_them), [], []
    return list(all_of_them[:HEAD]), list(all_of_them[HEAD:-TAIL]), list(all_of_them[-TAIL:])


def _generation(members: Sequence[Member]) -> Markup:
    return Markup('<li class="generation">{}</li>').format(
        Markup().join(_member(member) for member in members)
    )


def _member(member: Member) -> Markup:
    return Markup(
        '<div class="kin is-{}"><strong>{}</strong> <span class="state">{}</span> <span>{}</span></div>'
    ).format(member.state, member.label, member.state, member.note)
