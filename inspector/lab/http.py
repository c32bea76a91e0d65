"""HTTP for the lab: sends marked requests, and reads answers, pages and forms."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from html.parser import HTMLParser
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, urljoin, urlsplit

import requests

from inspector.lab.outcome import CannotRun, Outcome

#: Seconds to connect, and seconds between two bytes of the answer.
TIMEOUT = (3.05, 15.0)
_CHALLENGE_PARAMETER = re.compile(r'(\w+)="([^"]*)"')
_CHECKABLE = ("checkbox", "radio")

Attributes = list[tuple[str, str | None]]


@dataclass
class Form:
    """An HTML form: its address, the fields that it sends, and its named buttons."""

    action: str
    fields: list[tuple[str, str]] = field(default_factory=list)
    buttons: list[tuple[str, str]] = field(default_factory=list)

    def has(self, name: str) -> bool:
        """Return whether a field or a button has this name."""
        return any(name == each for each, _ in [*self.fields, *self.buttons])

    def fields_except(self, *names: str) -> list[tuple[str, str]]:
        """Return the fields that have none of these names."""
        return [pair for pair in self.fields if pair[0] not in names]


class HtmlPage(HTMLParser):
    """The forms of a page, its heading, and the text of each `code` element that has an id."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.heading = ""
        self.code_texts: dict[str, str] = {}
        self._open: list[tuple[str, str]] = []  # tag and id of the open elements that are read
        self.feed(source)
        self.close()

    def form_with(self, name: str) -> Form | None:
        """Return the first form that has a field or a button of this name."""
        return next((form for form in self.forms if form.has(name)), None)

    def handle_starttag(self, tag: str, attrs: Attributes) -> None:
        """Store forms and fields, and note the elements whose text is read."""
        attributes = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(Form(attributes.get("action", "")))
        elif tag in ("input", "textarea", "button"):
            self._add_control(tag, attributes)
        elif tag == "h1" or (tag == "code" and "id" in attributes):
            self._open.append((tag, attributes.get("id", "")))

    def handle_endtag(self, tag: str) -> None:
        """Close the innermost element that is read."""
        if self._open and self._open[-1][0] == tag:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        """Store text of the elements that are read."""
        for tag, name in self._open:
            if tag == "h1":
                self.heading = f"{self.heading} {data.strip()}".strip()
            else:
                self.code_texts[name] = self.code_texts.get(name, "") + data.strip()

    def _add_control(self, tag: str, attributes: dict[str, str]) -> None:
        if not self.forms or not attributes.get("name"):
            return
        form, pair = self.forms[-1], (attributes["name"], attributes.get("value", ""))
        if tag == "button":
            form.buttons.append(pair)
        elif attributes.get("type") not in _CHECKABLE or "checked" in attributes:
            form.fields.append(pair)


class Answer:
    """A response of a leg: its status, redirect, page, JSON and error."""

    def __init__(self, response: requests.Response) -> None:
        self.response = response
        self.status = response.status_code
        self.url = str(response.url)
        self.request_id = str(response.request.headers.get("X-Request-Id", ""))

    @property
    def location(self) -> str:
        """The absolute URL that it redirects to, or ""."""
        value = self.response.headers.get("Location", "")
        if not value:
            return ""
        return urljoin(self.url, value)

    @property
    def redirect_parameters(self) -> dict[str, str]:
        """The query parameters of its redirect, for example of an authorization response."""
        return dict(parse_qsl(urlsplit(self.location).query))

    @cached_property
    def page(self) -> HtmlPage:
        """The page; an empty page if the response is not HTML."""
        if "html" not in self.response.headers.get("Content-Type", ""):
            return HtmlPage("")
        return HtmlPage(self.response.text)

    @cached_property
    def json(self) -> dict[str, Any]:
        """The JSON object; an empty one if the response holds none."""
        try:
            document = self.response.json()
        except ValueError:
            return {}
        if not isinstance(document, dict):
            return {}
        return document

    @property
    def error(self) -> str:
        """The error code of RFC 6749 §5.2 or §4.1.2.1, or of RFC 6750 §3.1."""
        return self._error_parameter("error")

    @property
    def description(self) -> str:
        """The error description, the page's heading, or the redirect's address without query."""
        if self.location and not self.error:
            return f"The browser is sent to {re.split('[?#]', self.location)[0]}"
        return self._error_parameter("error_description") or self.page.heading

    def outcome(self, *, has_succeeded: bool, consequence: str = "") -> Outcome:
        """Return the outcome of an attack that this answer decides.

        :raises CannotRun: when the server failed, because that is not a refusal.
        """
        if self.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise CannotRun(f"A server failed ({self.status}).")
        return Outcome(
            has_succeeded=has_succeeded,
            status=self.status,
            error=self.error,
            description=self.description,
            request_id=self.request_id,
            consequence=consequence,
        )

    def attempt(self, has_succeeded: bool, *, if_stopped: str = "") -> Outcome:
        """Return the outcome, with the consequence `if_stopped` unless the attack succeeded."""
        if has_succeeded:
            return self.outcome(has_succeeded=True)
        return self.outcome(has_succeeded=False, consequence=if_stopped)

    def _error_parameter(self, name: str) -> str:
        header = self.response.headers.get("WWW-Authenticate", "")
        challenge = dict(_CHALLENGE_PARAMETER.findall(header))
        for parameters in (self.json, challenge, self.redirect_parameters):
            if parameters.get(name):
                return str(parameters[name])
        return ""


@dataclass
class Sender:
    """An HTTP session that marks each request with its sender and its attack.

    `create_request_id` returns the `X-Request-Id` of the next request, which names the attack.
    """

    http: requests.Session
    user_agent: str
    create_request_id: Callable[[], str]

    def send(self, method: str, url: str, **parts: Any) -> Answer:
        """Send one request, and return its answer. Redirects are not followed."""
        headers = {
            "User-Agent": self.user_agent,
            "X-Request-Id": self.create_request_id(),
            **parts.pop("headers", {}),
        }
        response = self.http.request(
            method, url, headers=headers, allow_redirects=False, timeout=TIMEOUT, **parts
        )
        return Answer(response)


def new_session() -> requests.Session:
    """Return a session that ignores the proxies and the .netrc file of this machine."""
    session = requests.Session()
    session.trust_env = False
    return session
