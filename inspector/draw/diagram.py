"""Turn messages into the rows of the drawing, as one party sees them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from inspector.draw import blind_spots, words
from inspector.draw.rows import Call, Fold, Heading, Redirect, Response, Row
from inspector.read import headlines
from inspector.read.folding import Omission, Part
from inspector.read.messages import Message
from inspector.read.names import Names
from inspector.read.parties import Party
from inspector.read.phases import OUTSIDE, Phase, phase_inside, phase_of
from inspector.read.steps import Lane


def rows(
    parts: Sequence[Part],
    party: Party,
    names_of: Callable[[Message], Names],
    link: Callable[[int], str],
    *,
    is_flow: bool = True,
) -> list[Row]:
    """Return the rows of a flow's drawing.

    `names_of` returns the names of the parties of a message, and `link` its address, to which a
    fold leads. Messages without a flow have no phases.
    """
    shown = [part for part in parts if isinstance(part, Message)]
    redirected = {message.redirected_by.n: message for message in shown if message.redirected_by}
    phase_of_tree: Callable[[Message], Phase | None] = phase_of
    if not is_flow:
        phase_of_tree = _no_phase
    diagram = _Diagram(party, names_of, redirected, phase_of_tree)
    for part in parts:
        if isinstance(part, Omission):
            diagram.add_fold(part, link)
        else:
            diagram.add_tree(part)
    return diagram.finish()


def _no_phase(_tree: Message) -> Phase:
    return OUTSIDE


@dataclass
class _Diagram:
    """Collects the rows in order.

    `redirected` has the message to which the response of message `n` redirected the browser.
    """

    party: Party
    names_of: Callable[[Message], Names]
    redirected: dict[int, Message]
    phase_of: Callable[[Message], Phase | None]
    rows: list[Row] = field(default_factory=list)
    hidden: list[Message] = field(default_factory=list)
    phase: Phase | None = None
    anchors: set[str] = field(default_factory=set)

    def add_tree(self, tree: Message) -> None:
        phase = self.phase_of(tree) or self.phase or OUTSIDE
        self._add(tree, tree, phase)

    def add_fold(self, omission: Omission, link: Callable[[int], str]) -> None:
        seen = [message.n for message in omission.messages if self.party.sees(message)]
        if not seen:
            return
        numbers = f"message {seen[0]}"
        if len(seen) > 1:
            numbers = f"messages {seen[0]} to {seen[-1]}"
        self._append(Fold(text=f"{omission.why}: {numbers}", href=link(seen[0])))

    def finish(self) -> list[Row]:
        self._append_blind_spot()
        return self.rows

    def _add(self, message: Message, tree: Message, phase: Phase) -> None:
        inner_phase = phase
        if phase != OUTSIDE:
            inner_phase = phase_inside(tree, message) or phase
        self._begin(message, inner_phase)
        for call in message.inside:
            self._add(call, tree, phase)
        if self.party.sees(message):
            self._end(message)

    def _begin(self, message: Message, phase: Phase) -> None:
        if not self.party.sees(message):
            self._enter(phase, message)
            self.hidden.append(message)
            return
        self._append_blind_spot()
        self._enter(phase, message)
        before = message.redirected_by
        says = headlines.request(message, self.names_of(message))
        if before and self.party.sees(before):
            self._append(_redirect(before, message, says))
        else:
            self._append(_call(message, says))

    def _end(self, message: Message) -> None:
        redirected = self.redirected.get(message.n)
        if redirected and self.party.sees(redirected):
            return  # One row shows this response together with the next request.
        names, step = self.names_of(message), words.leading_step(message)
        if step:
            self._append(_open_redirect(message, step, headlines.leading(step, names)))
        else:
            self._append(_response(message, headlines.response(message, names)))

    def _enter(self, phase: Phase, message: Message) -> None:
        if phase == self.phase:
            return
        anchor = ""
        if phase.anchor not in self.anchors:
            anchor = phase.anchor
        hint = phase.hint.format(client=self.names_of(message).client)
        self._append(Heading(title=phase.title, hint=hint, anchor=anchor))
        self.anchors.add(anchor)
        self.phase = phase

    def _append(self, row: Row) -> None:
        self._append_blind_spot()
        self.rows.append(row)

    def _append_blind_spot(self) -> None:
        if self.hidden and self.party.lane is not None:
            names = self.names_of(self.hidden[0])
            self.rows.append(blind_spots.note(self.hidden, self.party.lane, names))
            self.hidden = []


def _call(message: Message, says: str) -> Row:
    return Call(
        n=message.n,
        source=message.source,
        target=message.target,
        says=says,
        label=words.request_line(message.exchange),
        params=words.parameters(message.exchange),
        step=message.step,
        front=message.front,
        attacker=message.attacker,
        is_sent_again=message.is_sent_again,
    )


def _redirect(before: Message, message: Message, says: str) -> Row:
    return Redirect(
        n=message.n,
        ends=before.n,
        source=before.target,
        target=message.target,
        status=words.status_line(before.exchange.status),
        says=says,
        label=words.request_line(message.exchange),
        params=words.parameters(message.exchange),
        step=message.step,
        attacker=message.attacker,
    )


def _open_redirect(message: Message, step: str, says: str) -> Row:
    """Return a redirect whose target the party does not see, or a client that is not recorded."""
    label, params = words.destination(message.exchange)
    target = Lane.CLIENT
    if message.target == Lane.CLIENT:
        target = Lane.AUTHORIZATION_SERVER
    return Redirect(
        n=message.n,
        ends=message.n,
        source=message.target,
        target=target,
        status=words.status_line(message.exchange.status),
        says=says,
        label=label,
        params=params,
        step=step,
        attacker=message.attacker,
    )


def _response(message: Message, says: str) -> Row:
    return Response(
        n=message.n,
        source=message.target,
        target=message.source,
        says=says,
        status=words.status_line(message.exchange.status),
        summary=words.summary(message.exchange),
        step=message.answer_step,
        front=message.front,
        is_sent_again=message.is_sent_again,
    )
