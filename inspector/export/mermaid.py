"""A round trip as a Mermaid sequence diagram, for documents and slides."""

import re
from collections.abc import Iterable, Iterator

from inspector.draw import words
from inspector.read.messages import Message
from inspector.read.steps import Lane

_NAMES = {
    Lane.BROWSER: "browser",
    Lane.CLIENT: "client",
    Lane.AUTHORIZATION_SERVER: "server",
    Lane.RESOURCE_API: "api",
}
#: Characters that have no meaning in Mermaid's text. All others are written by their numbers.
_PLAIN = re.compile(r"[^A-Za-z0-9 .,/_=?&:()…-]")
#: Mermaid ends a block at this word, and draws nothing.
_END = re.compile(r"\bend\b", re.IGNORECASE)


def diagram(trees: Iterable[Message], names: Iterable[str]) -> str:
    """Return the diagram. `names` are those of the lifelines, from left to right."""
    participants = [
        f"participant {_NAMES[lane]} as {escaped(name)}"
        for lane, name in zip(_NAMES, names, strict=True)
    ]
    lines = [*participants, *(line for tree in trees for line in _lines(tree))]
    return "\n    ".join(["sequenceDiagram", *lines]) + "\n"


def escaped(text: str) -> str:
    """Return one line of text for a diagram, in which nothing is an instruction."""
    one_line = " ".join(text.split())
    numbered = _PLAIN.sub(lambda found: f"#{ord(found[0])};", one_line)
    return _END.sub(lambda found: f"{found[0][:2]}#{ord(found[0][2])};", numbered)


def _lines(message: Message) -> Iterator[str]:
    """Yield the request, what it caused, and the response."""
    source, target, exchange = _NAMES[message.source], _NAMES[message.target], message.exchange
    request = words.request_line(exchange)
    parameters = " ".join(words.parameters(exchange))
    note = ""
    if message.is_sent_again:
        note = "sent again by the inspector:"
    yield f"{source}->>{target}: {_text(note, message.step, request, parameters)}"
    for inner in message.inside:
        yield from _lines(inner)
    response = words.status_line(exchange.status)
    summary = words.summary(exchange)
    yield f"{target}-->>{source}: {_text(message.answer_step, response, summary)}"


def _text(*parts: str) -> str:
    return escaped(" ".join(filter(None, parts)))
