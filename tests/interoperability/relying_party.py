"""A relying party that runs, visited by a user."""

from dataclasses import dataclass, replace
from typing import Any, Self
from urllib.parse import urlencode

from world.cast import Person
from world.page import Page


@dataclass(frozen=True)
class RelyingParty:
    """The pages of a program that `serve.mjs` serves at `url`, and the browser of its user."""

    url: str
    client_id: str
    user: Person

    def in_another_browser(self) -> Self:
        """Return the same program, visited with a browser that has no cookies."""
        return replace(self, user=self.user.in_another_browser())

    def log_in(self, **parameters: str) -> dict[str, Any]:
        """Log in with these parameters in the request, and return what the callback answers."""
        return read_answer(self.user.go_through(self.address("/login", **parameters)))

    def sign_in_at(self, path: str, button: str) -> Page:
        """Press the button on a page of the program, and do what the provider asks for."""
        self.user.browser.open(f"{self.url}{path}")
        page = self.user.browser.press(button)
        if page.has_field("password"):
            page = self.user.sign_in()
        return self.user.allow() if page.has_field("granted_scope") else page

    def open(self, path: str, **parameters: str) -> dict[str, Any]:
        """Open a page of the program, and return its answer."""
        return read_answer(self.user.browser.open(self.address(path, **parameters)))

    def log_out(self) -> dict[str, Any]:
        """Log out here and at the provider, which may ask for confirmation."""
        page = self.user.browser.open(self.address("/logout"))
        if page.forms:
            page = self.user.browser.press("Sign out")
        return read_answer(page)

    def asks_for_password(self, **parameters: str) -> bool:
        """Return whether the provider asks for the password when the user wants to log in."""
        return self.user.browser.open(self.address("/login", **parameters)).has_field("password")

    def address(self, path: str, **parameters: str) -> str:
        """Return the address of a page of the program."""
        return f"{self.url}{path}?{urlencode(parameters)}"


def read_answer(page: Page) -> dict[str, Any]:
    """Return the JSON on the screen. An error has the members `error` and `message`."""
    assert "json" in page.headers["Content-Type"], page
    answer: dict[str, Any] = page.response.json()
    assert (page.status == 200) == ("error" not in answer)
    return answer
