"""An answer of a leg, as somebody reads it who has just tried something."""

import re
from functools import cached_property
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, urljoin, urlsplit

import requests

from inspector.lab.attack import CannotPlay, Outcome
from inspector.lab.html import Page

_PARAMETER = re.compile(r'(\w+)="([^"]*)"')


class Answer:
    """A response with its address, its page and its error, wherever that stands."""

    def __init__(self, response: requests.Response) -> None:
        self.response = response
        self.status = response.status_code
        self.url = str(response.url)
        self.request_id = str(response.request.headers.get("X-Request-Id", ""))

    @property
    def location(self) -> str:
        """Where it sends the browser, in full; "" when it stays."""
        value = self.response.headers.get("Location", "")
        return urljoin(self.url, value) if value else ""

    @property
    def carried(self) -> dict[str, str]:
        """The parameters of the address that it sends the browser to: those of an authorization response, say."""
        return dict(parse_qsl(urlsplit(self.location).query))

    @cached_property
    def page(self) -> Page:
        """The page; an empty one when it is none."""
        return Page(
            self.response.text if "html" in self.response.headers.get("Content-Type", "") else ""
        )

    @cached_property
    def json(self) -> dict[str, Any]:
        """The JSON object; an empty one when it is none."""
        try:
            document = self.response.json()
        except ValueError:
            return {}
        return document if isinstance(document, dict) else {}

    @property
    def error(self) -> str:
        """The error code of RFC 6749 §5.2, of §4.1.2.1 or of RFC 6750 §3.1."""
        return str(self._told("error"))

    @property
    def said(self) -> str:
        """Its own words."""
        if self.location and not self.error:
            return f"The browser is sent to {re.split('[?#]', self.location)[0]}"
        return str(self._told("error_description")) or self.page.heading

    def outcome(self, *, got_through: bool, consequence: str = "") -> Outcome:
        """This answer as the decisive one.

        :raises CannotPlay: when the leg failed: that is no refusal.
        """
        if self.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise CannotPlay(f"A server failed ({self.status}).")
        return Outcome(
            got_through=got_through,
            status=self.status,
            error=self.error,
            said=self.said,
            request_id=self.request_id,
            consequence=consequence,
        )

    def _told(self, name: str) -> str:
        challenge = dict(_PARAMETER.findall(self.response.headers.get("WWW-Authenticate", "")))
        return self.json.get(name) or challenge.get(name) or self.carried.get(name) or ""
