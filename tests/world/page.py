"""The content of a page: its text, links, images and forms.

Forms have text fields, hidden fields, checkboxes, radio buttons and buttons. Selection lists and
files are not supported.
"""

import re
from dataclasses import dataclass, field
from functools import cached_property
from html.parser import HTMLParser
from typing import Any, NamedTuple

import requests

#: Input types without a value that a user enters.
_BUTTON_TYPES = ("submit", "image", "button", "reset")
#: A start tag that `_Parser` does nothing with. Most are such ones, and draw the icons of a page.
_OTHER_TAG = re.compile(
    r"<(?!(?:a|button|form|img|input|script|style|textarea|title)[\s/>])[a-z]"
    r"""(?:[^<>"']|"[^"]*"|'[^']*')*>"""
)


class Link(NamedTuple):
    """A link: its text and its address."""

    text: str
    href: str


@dataclass
class Field:
    """One control of a form. A checkbox or radio button sends `value` when it is `checked`."""

    name: str
    type: str
    value: str
    checked: bool = False

    @property
    def is_sent(self) -> bool:
        return bool(self.name) and (self.checked or self.type not in ("checkbox", "radio"))


@dataclass
class Button:
    """A submit button. Its name and value are sent when it is pressed."""

    text: str
    name: str
    value: str
    action: str | None


@dataclass
class Form:
    """A form with the current values of its fields."""

    action: str
    method: str
    id: str
    fields: list[Field] = field(default_factory=list)
    buttons: list[Button] = field(default_factory=list)

    def submission(self, button: Button | None = None) -> list[tuple[str, str]]:
        """Return the names and values that are sent when `button` is pressed."""
        sent = [(control.name, control.value) for control in self.fields if control.is_sent]
        return sent + ([(button.name, button.value)] if button and button.name else [])

    @cached_property
    def entries(self) -> dict[str, Any]:
        """The names and values of the fields that are not boxes, to add to and to send."""
        return {
            control.name: control.value
            for control in self.fields
            if control.type not in ("checkbox", "radio")
        }

    @property
    def boxes(self) -> dict[tuple[str, str], bool]:
        """The checkboxes by name and value, and whether each is ticked."""
        return {
            (control.name, control.value): control.checked
            for control in self.fields
            if control.type == "checkbox"
        }

    def values(self, name: str) -> list[str]:
        """Return the values that the form would send as `name`."""
        return [value for sent_name, value in self.submission() if sent_name == name]


class Page:
    """A response as a user sees it."""

    def __init__(self, response: requests.Response) -> None:
        self.response = response
        self.url = str(response.url)
        self.status = response.status_code
        self.headers = response.headers
        self.source = response.text if "html" in response.headers.get("Content-Type", "") else ""

    @cached_property
    def _content(self) -> "_Parser":
        """What is on the page, read when a test asks for it: that takes as long as the request."""
        parser = _Parser()
        parser.feed(_OTHER_TAG.sub(_end_only, self.source))
        parser.close()
        return parser

    @property
    def title(self) -> str:
        """The title of the page."""
        return _tidy(self._content.title)

    @cached_property
    def text(self) -> str:
        """The text that a user reads, with single spaces."""
        return _tidy(self._content.text)

    @property
    def links(self) -> list[Link]:
        """The links of the page."""
        return self._content.links

    @property
    def images(self) -> list[str]:
        """The addresses of the images."""
        return self._content.images

    @cached_property
    def forms(self) -> list[Form]:
        """The forms of this page, and not those of every page."""
        return [form for form in self._content.forms if form.id not in ("sign-out", "theme")]

    @property
    def theme_form(self) -> Form | None:
        """The form at the top of every page, which chooses the theme."""
        return self._form_of_every_page("theme")

    @property
    def sign_out_form(self) -> Form | None:
        """The form at the top of every page of the authorization server, if a user is signed in."""
        return self._form_of_every_page("sign-out")

    def _form_of_every_page(self, name: str) -> Form | None:
        return next((form for form in self._content.forms if form.id == name), None)

    def __repr__(self) -> str:
        return f"<Page {self.status} {self.url} {self.title!r}>"

    @property
    def form(self) -> Form:
        """The form of a page that has only one."""
        [form] = self.forms
        return form

    @property
    def boxes(self) -> dict[str, bool]:
        """The scopes on a consent page, and whether each is ticked."""
        return {
            value: ticked
            for (name, value), ticked in self.form.boxes.items()
            if name == "granted_scope"
        }

    @property
    def addresses(self) -> list[str]:
        """The addresses that the page links to."""
        return [link.href for link in self.links]

    def has_field(self, name: str) -> bool:
        """Return whether any form has a field of that name."""
        return any(control.name == name for form in self.forms for control in form.fields)

    def form_with(self, name: str) -> Form:
        """Return the first form that has a field of that name."""
        for form in self.forms:
            if name in (control.name for control in form.fields):
                return form
        raise LookupError(f"no form with {name!r} on {self!r}")

    def link(self, text: str) -> Link:
        """Return the first link whose text contains `text`."""
        for link in self.links:
            if text in link.text:
                return link
        raise LookupError(f"no link {text!r} on {self!r}: {[link.text for link in self.links]}")

    def button(
        self, text: str | None = None, *, name: str | None = None, value: str | None = None
    ) -> Button:
        """Return the first button whose text contains `text`, or with that name and value."""
        for form in self.forms:
            for button in form.buttons:
                if (
                    (text is None or text in button.text)
                    and name in (None, button.name)
                    and value in (None, button.value)
                ):
                    return button
        raise LookupError(f"no button {text or (name, value)} on {self!r}")

    def form_of(self, button: Button) -> Form:
        """Return the form that `button` submits."""
        return next(form for form in self.forms if any(button is one for one in form.buttons))


def _end_only(tag: re.Match[str]) -> str:
    """Return what remains of a start tag: the end of its element if that is empty."""
    if tag[0].endswith("/>"):
        return "</x>"
    return ""


def media_type(response: requests.Response) -> str:
    """Return the media type of a response, without its parameters."""
    return response.headers["Content-Type"].partition(";")[0]


class _Parser(HTMLParser):
    """A parser that collects links, images and forms, and the text of each open element."""

    def __init__(self) -> None:
        super().__init__()
        self.title = ""
        self.text = ""
        self.links: list[Link] = []
        self.images: list[str] = []
        self.forms: list[Form] = []
        self._form: Form | None = None
        self._open: list[tuple[str, dict[str, str], list[str]]] = []

    def updatepos(self, i: int, j: int) -> int:
        """Do not count lines: nothing asks where an element is."""
        return j

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        if tag == "form":
            method = attributes.get("method", "get").upper()
            self._form = Form(attributes.get("action", ""), method, attributes.get("id", ""))
            self.forms.append(self._form)
        elif tag == "input":
            self._input(attributes)
        elif tag == "img" and attributes.get("src"):
            self.images.append(attributes["src"])
        elif tag in ("a", "button", "title", "textarea", "script", "style"):
            self._open.append((tag, attributes, []))

    def handle_data(self, data: str) -> None:
        if any(tag in ("script", "style") for tag, _, _ in self._open):
            return
        for _, _, words in self._open:
            words.append(data)
        if not any(tag in ("title", "textarea") for tag, _, _ in self._open):
            self.text += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        elif self._open and self._open[-1][0] == tag:
            _, attributes, words = self._open.pop()
            self._close(tag, attributes, "".join(words))
        # Neighbouring blocks are different words, even without a space between their tags.
        self.text += " "

    def _close(self, tag: str, attributes: dict[str, str], words: str) -> None:
        if tag == "title":
            self.title = self.title or words
        elif tag == "a" and "href" in attributes:
            self.links.append(Link(_tidy(attributes.get("aria-label", words)), attributes["href"]))
        elif tag == "button" and attributes.get("type", "submit") == "submit":
            self._button(_tidy(words), attributes)
        elif tag == "textarea":
            self._add(Field(attributes.get("name", ""), "textarea", words), attributes)

    def _input(self, attributes: dict[str, str]) -> None:
        kind = attributes.get("type", "text").lower()
        if kind == "submit":
            self._button(attributes.get("value", ""), attributes)
        elif kind not in _BUTTON_TYPES:
            default = "on" if kind in ("checkbox", "radio") else ""
            value = attributes.get("value", default)
            self._add(
                Field(attributes.get("name", ""), kind, value, "checked" in attributes), attributes
            )

    def _button(self, text: str, attributes: dict[str, str]) -> None:
        form = self._owner(attributes)
        if form is not None and "disabled" not in attributes:
            name, value = attributes.get("name", ""), attributes.get("value", "")
            form.buttons.append(
                Button(
                    attributes.get("aria-label", text), name, value, attributes.get("formaction")
                )
            )

    def _add(self, control: Field, attributes: dict[str, str]) -> None:
        form = self._owner(attributes)
        if form is not None and "disabled" not in attributes:
            form.fields.append(control)

    def _owner(self, attributes: dict[str, str]) -> Form | None:
        """Return the form around a control, or the form that its `form` attribute names."""
        if "form" not in attributes:
            return self._form
        return next((form for form in self.forms if form.id == attributes["form"]), None)


def _tidy(words: str) -> str:
    return " ".join(words.split())
