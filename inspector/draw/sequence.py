"""Lay out the sequence diagram: rows in, one SVG out.

The SVG has only presentation attributes and classes. So a Content-Security-Policy without
'unsafe-inline' holds, and the colours follow the style sheet.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from markupsafe import Markup

from inspector.draw import strokes
from inspector.draw.geometry import INSPECTOR, LANES, WIDTH, x
from inspector.draw.rows import Arrow, BlindSpot, Call, Fold, Heading, Redirect, Response, Row

HEIGHT: dict[type, int] = {
    Heading: 42,
    Call: 50,
    Redirect: 80,
    Response: 42,
    BlindSpot: 92,
    Fold: 62,
}
#: The space at the end of a band.
REST = 12


def sequence(
    rows: Sequence[Row], names: Sequence[str], selected: int | None, link: Callable[[int], str]
) -> Markup:
    """Return the drawing.

    `names` are the names of the lifelines, `selected` is the number of the open message, and `link`
    returns the address of a message.
    """
    sheet = _Sheet(names, selected, link)
    for row in rows:
        sheet.add(row)
    return sheet.finish()


@dataclass
class _Sheet:
    names: Sequence[str]
    selected: int | None
    link: Callable[[int], str]
    y: int = 0
    band_start: int | None = None
    bands: list[Markup] = field(default_factory=list)
    bars: list[Markup] = field(default_factory=list)
    shapes: list[Markup] = field(default_factory=list)
    #: The messages that have begun and not ended: their lane, and the top of their bar.
    open_bars: dict[int, tuple[int, int]] = field(default_factory=dict)

    def add(self, row: Row) -> None:
        """Draw the row below the others."""
        if isinstance(row, Heading):
            self._end_band()
            self.band_start = self.y
        self._update_bars(row)
        self.shapes.append(self._draw(row))
        self.y += HEIGHT[type(row)]

    def finish(self) -> Markup:
        """Return the whole drawing."""
        self._end_band()
        for n in list(self.open_bars):
            self._end_bar(n, self.y - REST)
        height = max(self.y, 1)
        lifeline = Markup('<line class="lifeline leg-{}" x1="{}" x2="{}" y1="0" y2="{}"/>')
        lines = Markup().join(
            lifeline.format(lane, x(place), x(place), height) for place, lane in enumerate(LANES)
        )
        body = Markup().join([*self.bands, lines, *self.bars, *self.shapes])
        opening = Markup(
            '<svg class="sequence" viewBox="0 0 {} {}" role="group" aria-label="Sequence diagram">'
        )
        return opening.format(WIDTH, height) + body + Markup("</svg>")

    def _end_band(self) -> None:
        if self.band_start is None:
            return
        band = Markup('<rect class="band" x="0.5" y="{}" width="{}" height="{}" rx="12"/>')
        self.y += REST
        height = self.y - self.band_start - 8
        self.bands.append(band.format(self.band_start + 6, WIDTH - 1, height))

    def _update_bars(self, row: Row) -> None:
        """Start or end the bar of a message, which is on the lane of its receiver."""
        match row:
            case Redirect() if row.ends != row.n:
                self._end_bar(row.ends, self.y + 24)
                self.open_bars[row.n] = (row.target, self.y + 66)
            case Redirect():
                self._end_bar(row.n, self.y + 24)
            case Call():
                self.open_bars[row.n] = (row.target, self.y + 36)
            case Response():
                self._end_bar(row.n, self.y + 34)

    def _end_bar(self, n: int, y: int) -> None:
        lane, start = self.open_bars.pop(n, (0, y))
        if y > start:
            bar = Markup('<rect class="bar leg-{}" x="{}" y="{}" width="10" height="{}" rx="3"/>')
            self.bars.append(bar.format(LANES[lane], x(lane) - 5, start, y - start))

    def _draw(self, row: Row) -> Markup:
        match row:
            case Heading():
                return strokes.heading(row, self.y)
            case Fold():
                return strokes.fold(row, self.y)
            case BlindSpot():
                return strokes.blind_spot(row, self.y)
            case Call():
                return self._link(row, strokes.call(row, self.y))
            case Redirect():
                return self._link(row, strokes.redirect(row, self.y))
            case Response():
                return self._link(row, strokes.response(row, self.y))

    def _link(self, row: Arrow, drawn: Markup) -> Markup:
        """Return the row as a link to its message, with a name for screen readers."""
        current = Markup()
        if row.n == self.selected:
            current = Markup(' aria-current="true"')
        sender, receiver = _sender_and_receiver(row)
        leg = sender
        if row.attacker:
            leg = "danger"
        return Markup(
            '<a class="step leg-{}" href="{}" data-message="{}" aria-label="{}"'
            ' data-from="{}" data-to="{}"{}>{}{}</a>'
        ).format(
            leg,
            self.link(row.n),
            row.n,
            self._name(row),
            sender,
            receiver,
            current,
            self._area(row),
            drawn,
        )

    def _area(self, row: Arrow) -> Markup:
        """Return the area of the row that can be clicked."""
        lanes = [row.source, row.target]
        if isinstance(row, Redirect):
            lanes.append(0)
        left = x(min(lanes)) - 24
        return Markup('<rect class="hit" x="{}" y="{}" width="{}" height="{}" rx="10"/>').format(
            left, self.y + 2, WIDTH - 8 - left, HEIGHT[type(row)] - 2
        )

    def _name(self, row: Arrow) -> str:
        names = {**dict(zip(LANES, self.names, strict=True)), INSPECTOR: "the inspector"}
        sender, receiver = (names[end] for end in _sender_and_receiver(row))
        verb = "to"
        if row.attacker:
            sender = "the attacker"
        match row:
            case Call():
                content = row.label
            case Redirect():
                content = f"{row.status}, through the browser, {row.label}"
            case Response():
                verb, content = "answers", row.status
        name = f"{row.says}. {sender} {verb} {receiver}, {content}"
        if row.step:
            name = f"{row.step}: {name}"
        return name


def _sender_and_receiver(row: Arrow) -> tuple[str, str]:
    """Return the CSS classes of the sender and of the receiver."""
    sender, receiver = LANES[row.source], LANES[row.target]
    if not row.is_sent_again:
        return sender, receiver
    if isinstance(row, Response):
        return sender, INSPECTOR
    return INSPECTOR, receiver
