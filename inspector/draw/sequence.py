"""Lays out the sequence diagram: rows in, one SVG out.

Only presentation attributes and classes are written, so that a Content-Security-Policy without 'unsafe-inline' holds and the
colours follow the style sheet.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from markupsafe import Markup

from inspector.draw import strokes
from inspector.draw.geometry import LANES, WIDTH, x
from inspector.draw.rows import Answer, Call, Fold, Phase, Redirect, Row, Unseen

HEIGHT: dict[type, int] = {Phase: 58, Call: 60, Redirect: 116, Answer: 46, Unseen: 92, Fold: 62}
#: Added at the end of a band.
REST = 14


def sequence(
    rows: Sequence[Row], names: Sequence[str], selected: int | None, link: Callable[[int], str]
) -> Markup:
    """The drawing; `names` are the lifelines', `selected` is the open message, `link` gives a message's address."""
    sheet = _Sheet(names, selected, link)
    for row in rows:
        sheet.add(row)
    return sheet.finished()


@dataclass
class _Sheet:
    names: Sequence[str]
    selected: int | None
    link: Callable[[int], str]
    y: int = 0
    band_from: int | None = None
    bands: list[Markup] = field(default_factory=list)
    bars: list[Markup] = field(default_factory=list)
    marks: list[Markup] = field(default_factory=list)
    #: Messages that have begun and not ended: their lane, and where their bar starts.
    open: dict[int, tuple[int, int]] = field(default_factory=dict)

    def add(self, row: Row) -> None:
        """Draw the row below the others."""
        if isinstance(row, Phase):
            self._end_band()
            self.band_from = self.y
        self._mind_the_bars(row)
        self.marks.append(self._drawn(row))
        self.y += HEIGHT[type(row)]

    def finished(self) -> Markup:
        """All of it."""
        self._end_band()
        for n in list(self.open):
            self._close_bar(n, self.y - REST)
        height = max(self.y, 1)
        lifeline = Markup('<line class="lifeline leg-{}" x1="{}" x2="{}" y1="0" y2="{}"/>')
        lines = Markup().join(
            lifeline.format(lane, x(place), x(place), height) for place, lane in enumerate(LANES)
        )
        body = Markup().join([*self.bands, lines, *self.bars, *self.marks])
        opening = Markup(
            '<svg class="sequence" viewBox="0 0 {} {}" role="group" aria-label="Sequence diagram">'
        )
        return opening.format(WIDTH, height) + body + Markup("</svg>")

    def _end_band(self) -> None:
        if self.band_from is not None:
            band = Markup('<rect class="band" x="0.5" y="{}" width="{}" height="{}" rx="12"/>')
            self.y += REST
            self.bands.append(
                band.format(self.band_from + 6, WIDTH - 1, self.y - self.band_from - 8)
            )

    def _mind_the_bars(self, row: Row) -> None:
        """A message lasts on its callee's lane from its beginning to its end."""
        if isinstance(row, Redirect) and row.ends != row.n:
            self._close_bar(row.ends, self.y + 42)
            self.open[row.n] = (row.target, self.y + 94)
        elif isinstance(row, Call):
            self.open[row.n] = (row.target, self.y + 36)
        elif isinstance(row, Answer | Redirect):
            self._close_bar(row.n, self.y + (38 if isinstance(row, Answer) else 42))

    def _close_bar(self, n: int, y: int) -> None:
        lane, start = self.open.pop(n, (0, y))
        if y > start:
            bar = Markup('<rect class="bar leg-{}" x="{}" y="{}" width="10" height="{}" rx="3"/>')
            self.bars.append(bar.format(LANES[lane], x(lane) - 5, start, y - start))

    def _drawn(self, row: Row) -> Markup:
        match row:
            case Phase():
                return strokes.phase(row, self.y)
            case Fold():
                return strokes.fold(row, self.y)
            case Unseen():
                return strokes.unseen(row, self.y)
            case Call():
                return self._message(
                    row, strokes.call(row, self.y), [row.source, row.target], row.label
                )
            case Redirect():
                around = f"{row.status}, through the browser, {row.label}"
                return self._message(
                    row, strokes.redirect(row, self.y), [0, row.source, row.target], around
                )
            case Answer():
                return self._message(
                    row, strokes.answer(row, self.y), [row.source, row.target], row.status
                )

    def _message(
        self, row: Call | Redirect | Answer, drawn: Markup, lanes: list[int], what: str
    ) -> Markup:
        """The row as a link to its message, with a name for those who do not see it."""
        left = x(min(lanes)) - 24
        hit = Markup('<rect class="hit" x="{}" y="{}" width="{}" height="{}" rx="10"/>').format(
            left, self.y + 2, WIDTH - 8 - left, HEIGHT[type(row)] - 2
        )
        is_attack = not isinstance(row, Answer) and row.attacker
        who = "the attacker" if is_attack else self.names[row.source]
        verb = "answers" if isinstance(row, Answer) else "to"
        return Markup(
            '<a class="step leg-{}" href="{}" data-message="{}" aria-label="{}"{}>{}{}</a>'
        ).format(
            "danger" if is_attack else LANES[row.source],
            self.link(row.n),
            row.n,
            f"{row.step + ': ' if row.step else ''}{who} {verb} {self.names[row.target]}, {what}",
            Markup(' aria-current="true"') if row.n == self.selected else "",
            hit,
            drawn,
        )
