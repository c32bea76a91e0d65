"""From messages to the rows of the drawing, as one party sees them."""

from collections.abc import Callable, Sequence

from inspector.draw import blind_spots, words
from inspector.draw.rows import Answer, Call, Redirect, Row
from inspector.draw.rows import Fold as Pill
from inspector.draw.rows import Phase as Heading
from inspector.read.folding import Fold, parts
from inspector.read.messages import Message
from inspector.read.parties import Party
from inspector.read.phases import BESIDE, Phase, phase_inside, phase_of
from inspector.read.steps import Lane


def rows(
    trees: Sequence[Message], party: Party, unfold: str | None, *, is_flow: bool = True
) -> list[Row]:
    """The rows of a flow's drawing. What repeats itself is folded, with a link to `unfold`, unless that is None.

    Messages that are no flow have no phases.
    """
    told: Sequence[Message | Fold] = parts(trees) if unfold else trees
    shown = [part for part in told if isinstance(part, Message)]
    led_to = {message.redirected_by.n: message for message in shown if message.redirected_by}
    pen = _Pen(party, led_to, phase_of if is_flow else lambda _tree: BESIDE)
    for part in told:
        if isinstance(part, Fold):
            pen.fold(part, unfold or "")
        else:
            pen.draw_tree(part)
    return pen.finished()


class _Pen:
    """Writes the rows down one after the other. `next_of` tells the message to which a message's answer led."""

    def __init__(
        self,
        party: Party,
        next_of: dict[int, Message],
        phase_of_tree: Callable[[Message], Phase | None],
    ) -> None:
        self._rows: list[Row] = []
        self._hidden: list[Message] = []
        self._phase: Phase | None = None
        self._party = party
        self._next_of = next_of
        self._phase_of = phase_of_tree

    def draw_tree(self, tree: Message) -> None:
        phase = self._phase_of(tree) or self._phase or BESIDE
        self._draw(
            tree, lambda message: phase if phase == BESIDE else phase_inside(tree, message) or phase
        )

    def fold(self, fold: Fold, href: str) -> None:
        if seen := [message.n for message in fold.messages if self._party.sees(message)]:
            which = f"message {seen[0]}" if len(seen) == 1 else f"messages {seen[0]} to {seen[-1]}"
            self._write(Pill(text=f"{fold.why}: {which}", href=href))

    def finished(self) -> list[Row]:
        self._admit_the_blind_spot()
        return self._rows

    def _draw(self, message: Message, phase_for: Callable[[Message], Phase]) -> None:
        self._begin(message, phase_for(message))
        for call in message.inside:
            self._draw(call, phase_for)
        if self._party.sees(message):
            self._end(message)

    def _begin(self, message: Message, phase: Phase) -> None:
        if not self._party.sees(message):
            self._enter(phase)
            self._hidden.append(message)
            return
        self._admit_the_blind_spot()
        self._enter(phase)
        before = message.redirected_by
        self._write(
            _redirect(before, message) if before and self._party.sees(before) else _call(message)
        )

    def _end(self, message: Message) -> None:
        led_to = self._next_of.get(message.n)
        if led_to and self._party.sees(led_to):
            return  # the next row is the answer and the next request in one
        self._write(_departure(message) if words.leading_step(message) else _answer(message))

    def _enter(self, phase: Phase) -> None:
        if phase != self._phase:
            self._admit_the_blind_spot()
            self._rows.append(Heading(title=phase.title, hint=phase.hint))
            self._phase = phase

    def _write(self, row: Row) -> None:
        self._admit_the_blind_spot()
        self._rows.append(row)

    def _admit_the_blind_spot(self) -> None:
        if self._hidden:
            self._rows.append(blind_spots.note(self._hidden, self._party))
            self._hidden = []


def _call(message: Message) -> Row:
    return Call(
        n=message.n,
        source=message.source,
        target=message.target,
        label=words.request_line(message.exchange),
        params=words.parameters(message.exchange),
        step=message.step,
        front=message.front,
        attacker=message.attacker,
    )


def _redirect(before: Message, message: Message) -> Row:
    return Redirect(
        n=message.n,
        ends=before.n,
        source=before.target,
        target=message.target,
        status=words.status_line(before.exchange.status),
        label=words.request_line(message.exchange),
        params=words.parameters(message.exchange),
        step=message.step,
        attacker=message.attacker,
    )


def _departure(message: Message) -> Row:
    """A redirect whose other end this party does not see, or is a client's that nobody records."""
    label, params = words.destination(message.exchange)
    return Redirect(
        n=message.n,
        ends=message.n,
        source=message.target,
        target=Lane.AUTHORIZATION_SERVER if message.target == Lane.CLIENT else Lane.CLIENT,
        status=words.status_line(message.exchange.status),
        label=label,
        params=params,
        step=words.leading_step(message),
        attacker=message.attacker,
    )


def _answer(message: Message) -> Row:
    return Answer(
        n=message.n,
        source=message.target,
        target=message.source,
        status=words.status_line(message.exchange.status),
        summary=words.summary(message.exchange),
        step=message.answer_step,
        front=message.front,
    )
