"""Reads off a page what a browser would send back: its forms, and what it shows once, for a copy to be kept."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

Attributes = list[tuple[str, str | None]]
_TICKED = ("checkbox", "radio")


@dataclass
class Form:
    """A form: where it goes, what it would send, and the buttons that add something to it."""

    action: str
    fields: list[tuple[str, str]] = field(default_factory=list)
    buttons: list[tuple[str, str]] = field(default_factory=list)

    def has(self, name: str) -> bool:
        """Whether anything of that name can be sent."""
        return any(name == each for each, _ in [*self.fields, *self.buttons])


class Page(HTMLParser):
    """A page of one of the legs."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.heading = ""
        self.named: dict[str, str] = {}
        self._open: list[tuple[str, str]] = []  # elements whose text is wanted: tag, and id
        self.feed(source)
        self.close()

    def form_with(self, name: str) -> Form | None:
        """The first form in which something of that name can be sent."""
        return next((form for form in self.forms if form.has(name)), None)

    def handle_starttag(self, tag: str, attrs: Attributes) -> None:
        """Remember what counts."""
        attributes = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(Form(attributes.get("action", "")))
        elif tag in ("input", "textarea", "button") and self.forms and attributes.get("name"):
            self._add(tag, attributes)
        if tag == "h1" or (tag == "code" and "id" in attributes):
            self._open.append((tag, attributes.get("id", "")))

    def handle_endtag(self, tag: str) -> None:
        """The end of an element whose text was wanted."""
        if self._open and self._open[-1][0] == tag:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        """Text that was wanted."""
        for tag, name in self._open:
            if tag == "h1":
                self.heading = f"{self.heading} {data.strip()}".strip()
            else:
                self.named[name] = self.named.get(name, "") + data.strip()

    def _add(self, tag: str, attributes: dict[str, str]) -> None:
        form, pair = self.forms[-1], (attributes["name"], attributes.get("value", ""))
        if tag == "button":
            form.buttons.append(pair)
        elif attributes.get("type") not in _TICKED or "checked" in attributes:
            form.fields.append(pair)
