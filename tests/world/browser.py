"""A user's browser on the in-process network.

It behaves as real ones where tests rely on it: one cookie jar for all ports of a host, `SameSite`,
redirects across origins, `Referer` and `Origin` by the page's Referrer-Policy. It runs no scripts.
"""

from http.cookiejar import Cookie, CookieJar, DefaultCookiePolicy
from typing import Any, Protocol, TypeVar
from urllib.parse import urljoin, urlsplit

import requests
from requests.adapters import BaseAdapter
from requests.cookies import create_cookie, extract_cookies_to_jar, get_cookie_header

from world.network import origin_of
from world.page import Button, Form, Page

HEADERS = {
    "User-Agent": "Mozilla/5.0 (a test's browser)",
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8",
    "Accept-Language": "en",
}
S = TypeVar("S", bound=requests.Session)

REDIRECTS = (301, 302, 303, 307, 308)
MOST_REDIRECTS = 20
SESSION_COOKIE = "tripod_auth_server"


class Wire(Protocol):
    """The network of a browser: in memory, or another one with adapters for `requests`."""

    def adapter(self, remote_address: str, /) -> BaseAdapter:
        """Return an adapter that sends requests from `remote_address` if it can choose."""
        ...

    def mount(self, session: S, /) -> S:
        """Put a program's session on the same network."""
        ...


class Browser:
    """The browser of one user. `history` holds every response, redirects included."""

    def __init__(self, network: Wire, remote_address: str = "127.0.0.1", *, home: str = "") -> None:
        self.home = home
        self.history: list[requests.Response] = []
        self.network = network
        self._remote_address = remote_address
        self.page: Page | None = None
        self._visited: list[str] = []
        self._adapter = network.adapter(remote_address)
        self._policy = _CookiePolicy()
        self._jar = CookieJar(self._policy)

    def another(self) -> "Browser":
        """Return a new browser at the same place, which has no cookies."""
        return Browser(self.network, self._remote_address, home=self.home)

    @property
    def session_cookie(self) -> str:
        """The cookie of the session at the authorization server, or nothing."""
        return self.cookies().get(SESSION_COOKIE, "")

    @session_cookie.setter
    def session_cookie(self, value: str) -> None:
        host = str(urlsplit(self.home).hostname)
        self._jar.set_cookie(create_cookie(SESSION_COOKIE, value, domain=host))  # type: ignore[no-untyped-call]

    def get(self, url: str, **options: Any) -> requests.Response:
        """Send a GET request and return its response; a relative address belongs to `home`."""
        return self.request("GET", url, **options)

    def post(self, url: str, data: Any = None, **options: Any) -> requests.Response:
        """Send a POST request and return its response; a relative address belongs to `home`."""
        return self.request("POST", url, data=data, **options)

    def request(self, method: str, url: str, **options: Any) -> requests.Response:
        """Send a request with the cookies. Follow no redirect and keep the current page."""
        return self.fetch(urljoin(self.home, url), method, **options)

    @property
    def current(self) -> Page:
        """The page on the screen."""
        assert self.page is not None, "no page is open"
        return self.page

    def open(self, url: str) -> Page:
        """Type an address, or pick a bookmark; a relative one belongs to the page on the screen."""
        return self._show(self._navigate("GET", self._absolute(url), came_from=None))

    def follow(self, text: str) -> Page:
        """Click the link with these words in it."""
        return self._show(
            self._navigate(
                "GET", self._absolute(self.current.link(text).href), came_from=self.current
            )
        )

    def fill(self, **values: str) -> None:
        """Write into the fields of these names."""
        for name, value in values.items():
            for control in self.current.form_with(name).fields:
                if control.name == name:
                    control.value = value

    def tick(self, name: str, *values: str) -> None:
        """Leave exactly these `values` ticked among the checkboxes of that name."""
        boxes = [control for control in self.current.form_with(name).fields if control.name == name]
        assert set(values) <= {box.value for box in boxes}, (
            f"{name} offers {[box.value for box in boxes]}"
        )
        for box in boxes:
            box.checked = box.value in values

    def press(
        self, text: str | None = None, *, name: str | None = None, value: str | None = None
    ) -> Page:
        """Press the button with this text, or with that name and value, and submit its form."""
        button = self.current.button(text, name=name, value=value)
        return self._submit(self.current.form_of(button), button)

    def press_enter(self, name: str) -> Page:
        """Press Enter in the field of that name: the form's first button does what it does."""
        form = self.current.form_with(name)
        return self._submit(form, next(iter(form.buttons), None))

    def reload(self) -> Page:
        """Ask for the page on the screen again."""
        return self.open(self._visited.pop())

    def back(self) -> Page:
        """Return to the page before; nothing here is cached, so it is asked for again."""
        self._visited.pop()
        return self.open(self._visited.pop())

    def load_images(self) -> list[requests.Response]:
        """Fetch the pictures of the page on the screen."""
        return [self.fetch(source) for source in self.current.images]

    def fetch(self, url: str, method: str = "GET", **options: Any) -> requests.Response:
        """Send a request with the cookies, as a script of the current page would.

        The current page stays. Several threads can call this at once.
        """
        headers = HEADERS | options.pop("headers", {})
        request = requests.Request(
            method, self._absolute(url), headers=headers, **options
        ).prepare()
        if cookies := get_cookie_header(self._jar, request):  # type: ignore[no-untyped-call]
            request.headers["Cookie"] = cookies
        response = self._adapter.send(request)
        _ = response.content  # read it, so that the connection can be reused
        extract_cookies_to_jar(self._jar, request, response.raw)  # type: ignore[no-untyped-call]
        self.history.append(response)
        return response

    def cookies(self, host: str | None = None) -> dict[str, str]:
        """Names and values of the cookies in the jar; of one host, when it is given."""
        return {
            cookie.name: cookie.value or "" for cookie in self._jar if host in (None, cookie.domain)
        }

    def forget_cookies(self) -> None:
        """Empty the jar."""
        self._jar.clear()

    def _absolute(self, url: str) -> str:
        base = self.page.url if self.page else self.home
        return urljoin(base, url)

    def _submit(self, form: Form, button: Button | None) -> Page:
        page = self.current
        action = (button.action if button else None) or form.action or page.url
        target, fields = self._absolute(action), form.submission(button)
        if form.method == "POST":
            return self._show(self._navigate("POST", target, came_from=page, data=fields))
        target = (
            requests.Request("GET", target.partition("?")[0], params=fields).prepare().url or target
        )
        return self._show(self._navigate("GET", target, came_from=page))

    def _show(self, response: requests.Response) -> Page:
        self.page = Page(response)
        self._visited.append(self.page.url)
        return self.page

    def _navigate(
        self, method: str, url: str, *, came_from: Page | None, **options: Any
    ) -> requests.Response:
        for _ in range(MOST_REDIRECTS):
            self._policy.look_at(method, url, came_from)
            headers = _provenance(method, url, came_from)
            response = self.fetch(url, method, headers=headers, **options)
            location = response.headers.get("Location")
            if response.status_code not in REDIRECTS or location is None:
                self._policy.look_at("GET", url, None)
                return response
            url = urljoin(url, location)
            if response.status_code not in (307, 308) and method != "HEAD":
                method, options = "GET", {}
        raise AssertionError(f"{MOST_REDIRECTS} redirects, the last to {url}")


class _CookiePolicy(DefaultCookiePolicy):
    """A policy that sends no `SameSite` cookies with a navigation from another site.

    All ports of a host are one site.
    """

    def __init__(self) -> None:
        super().__init__()
        self._withheld: tuple[str, ...] = ()

    def look_at(self, method: str, url: str, came_from: Page | None) -> None:
        """Take note of the navigation that comes next."""
        if came_from is None or urlsplit(came_from.url).hostname == urlsplit(url).hostname:
            self._withheld = ()
        else:
            self._withheld = ("strict",) if method == "GET" else ("strict", "lax")

    def return_ok(self, cookie: Cookie, request: Any) -> bool:
        same_site = (cookie.get_nonstandard_attr("SameSite") or "").lower()
        return same_site not in self._withheld and bool(super().return_ok(cookie, request))


def _provenance(method: str, url: str, came_from: Page | None) -> dict[str, str]:
    """Return `Referer` and `Origin` of a navigation from that page (Referrer Policy, Fetch)."""
    if came_from is None:
        return {}
    policy = came_from.headers.get("Referrer-Policy", "strict-origin-when-cross-origin")
    own_origin, same_origin = origin_of(came_from.url), origin_of(came_from.url) == origin_of(url)
    headers = {}
    if policy != "no-referrer" and same_origin:
        headers["Referer"] = came_from.url.partition("#")[0]
    elif policy == "strict-origin-when-cross-origin":
        headers["Referer"] = own_origin + "/"
    if method == "POST":
        is_told = policy != "no-referrer" and (same_origin or policy != "same-origin")
        headers["Origin"] = own_origin if is_told else "null"
    return headers
