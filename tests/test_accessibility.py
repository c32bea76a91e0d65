"""Accessibility of every page of every leg: axe, keyboard and narrow screens, in light and dark.

Add one line to `PAGES` for a new page. `test_every_template_is_visited_or_excepted` enforces it.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from io import BytesIO
from itertools import product
from pathlib import Path
from typing import Any, Literal, NamedTuple, Self

import pytest
from PIL import Image
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Locator, Page, expect
from world.chromium import launched_chromium
from world.processes import Running, free_ports, run, running, running_legs

from inspector.record.store import Store

pytestmark = pytest.mark.processes

Scheme = Literal["light", "dark"]

ROOT = Path(__file__).resolve().parent.parent
SCHEMES: tuple[Scheme, ...] = ("light", "dark")
DESK, PHONE = 1280, 390
#: The width of a window of 1280 px at a zoom of 400 % (WCAG 2.2, 1.4.10).
ZOOMED = 320
HEIGHT = 900
PASSWORDS = {"alice": "wonderland", "bob": "builder"}
EVERYTHING = "profile+photos:read+photos:write"
#: The least contrast ratio of a focus indicator (WCAG 2.2, 1.4.11 and 2.4.13).
CONTRAST = 3.0


@dataclass
class Visit:
    """A browser that uses the legs. Each step returns the visit, so that steps can be chained.

    - `cut_off` is the address of another Print Shop worker, which shares the sessions but cannot
      reach the other legs.
    - `signed_in` keeps the users' cookies at Tripod ID between visits.
    """

    page: Page
    legs: Running
    cut_off: str
    signed_in: dict[str, list[Any]] = field(default_factory=dict, repr=False)

    def tripod_id(self, path: str) -> Self:
        return self._open(self.legs.auth_server_url + path)

    def print_shop(self, path: str) -> Self:
        return self._open(self.legs.client_app_url + path)

    def led_to_print_shop(self, path: str) -> Self:
        """Open a page of Print Shop from a page of another leg, as by a link."""
        self.tripod_id("/")
        with self.page.expect_navigation():
            self.page.evaluate(
                "address => location.assign(address)", f"{self.legs.client_app_url}{path}"
            )
        return self

    def photo_api(self, path: str) -> Self:
        return self._open(self.legs.resource_api_url + path)

    def print_shop_cut_off(self, path: str) -> Self:
        return self._open(self.cut_off + path)

    def sign_in(self, username: str, password: str = "") -> Self:
        """Sign in on the current login page."""
        self.page.get_by_label("Username").fill(username)
        self.page.get_by_label("Password").fill(password or PASSWORDS[username])
        return self.press("Sign in")

    def signed_in_as(self, username: str) -> Self:
        """Sign in at Tripod ID as this user, or restore the cookies of an earlier sign-in."""
        if username in self.signed_in:
            self.page.context.add_cookies(self.signed_in[username])
            return self
        self.tripod_id("/login").sign_in(username)
        self.signed_in[username] = self.page.context.cookies()
        return self

    def connect(self, username: str, scope: str = "") -> Self:
        """Connect Print Shop and allow all requested scopes."""
        self.signed_in_as(username).print_shop(f"/connect?scope={scope}")
        return (
            self.press("Allow") if self.page.get_by_role("button", name="Allow").count() else self
        )

    def request_consent(self) -> Self:
        """Open the consent page as bob, who has never allowed these scopes."""
        return self.signed_in_as("bob").print_shop("/connect?scope=photos:read+photos:write")

    def ask_for_the_account(self) -> Self:
        """Open Print Shop's authorization request with `prompt=select_account`."""
        self.print_shop("/connect?scope=photos:read+photos:write")
        return self._open(f"{self.page.url}&prompt=select_account")

    def ask_to_return_to_print_shop(self) -> Self:
        """Ask Tripod ID to sign out and to return to Print Shop."""
        address = f"{self.legs.client_app_url}/"
        query = f"client_id=print-shop&post_logout_redirect_uri={address}"
        return self.tripod_id(f"/oauth/logout?{query}")

    def sign_in_with_another_nonce(self) -> Self:
        """Connect with `openid`, but change the nonce of the authorization request on the way."""
        self.signed_in_as("alice").print_shop("/connect?scope=openid&prompt=consent")
        return self._open(re.sub("nonce=[^&]+", "nonce=x", self.page.url)).press("Allow")

    def remove_print_shop(self, username: str) -> Self:
        """Connect Print Shop, then remove its access."""
        return self.ask_to_remove_print_shop(username).press("Remove access")

    def ask_to_remove_print_shop(self, username: str) -> Self:
        """Connect Print Shop, then open the question before its access is removed."""
        return (
            self.connect(username).tripod_id("/account/apps").press("Remove access of Print Shop")
        )

    def enter_a_wrong_password(self, username: str) -> Self:
        """Try to change the password with a wrong current password."""
        page = self.signed_in_as(username).tripod_id("/account/password").page
        for label in ("Current password", "New password", "Repeat new password"):
            page.get_by_label(label, exact=True).fill("a good guess")
        return self.press("Change password")

    def developer_apps(self, path: str = "") -> Self:
        """Open a page about the user's own clients."""
        return self.signed_in_as("alice").tripod_id(f"/developer/apps{path}")

    def register(self, redirect_uri: str = "https://postcards.example/callback") -> Self:
        """Send the form for a new client, valid or not."""
        page = self.developer_apps("/new").page
        page.get_by_label("Name").fill("Postcard Press")
        page.get_by_label("Redirect URIs").fill(redirect_uri)
        return self.press("Register")

    def request_of_a_developers_client(self) -> Self:
        """Open a request that fails, for a client of Alice's, while nobody is signed in."""
        client_id = self.register().page.locator("#new-id").inner_text()
        return self.forget_cookies().tripod_id(f"/oauth/authorize?client_id={client_id}")

    def turn_steps_on(self) -> Self:
        """Turn step mode on, which ends with the cookies."""
        page = self.print_shop("/inspector").page
        page.get_by_text("New round trip").click()
        return self.press("Turn step mode on")

    def press(self, label: str) -> Self:
        """Press the button with this label and wait for the next page."""
        with self.page.expect_navigation():
            self.page.get_by_role("button", name=label, exact=True).click()
        return self

    def follow(self, text: str) -> Self:
        """Click the first link whose text begins with `text`."""
        with self.page.expect_navigation():
            self.page.get_by_role("link", name=re.compile(f"^{text}")).first.click()
        return self

    def open_message(self, path: str) -> Self:
        """Open the inspector with the newest message of this path open."""
        store = Store(Path(self.legs.env["TRIPOD_INSTANCE_PATH"]) / "inspector.db")
        newest = [one.id for one in store.exchanges() if one.path == path][-1]
        return self.print_shop(f"/inspector?exchange={newest}")

    def reveal_first(self) -> Self:
        """Press the first button of the open message that reveals a value."""
        with self.page.expect_navigation():
            self.page.locator("[open] .sealed button").first.click()
        return self

    def send_again(self) -> Self:
        """Open the form that sends the open message again."""
        with self.page.expect_navigation():
            self.page.locator("[open] a", has_text="Send again").click()
        return self

    def tick_first(self) -> Self:
        self.page.get_by_role("checkbox").first.check()
        return self

    def order_nothing(self) -> Self:
        """Send the order form, whose button is hidden while no photo is chosen."""
        with self.page.expect_navigation():
            self.page.locator("#order").evaluate("form => form.submit()")
        return self

    def untick_all(self) -> Self:
        for box in self.page.get_by_role("checkbox").all():
            box.uncheck()
        return self

    def spoil_form(self) -> Self:
        """Replace the tokens of the page's forms by old ones."""
        self.page.locator("[name=csrf_token]").evaluate_all(
            "nodes => nodes.forEach(node => node.value = 'old')"
        )
        return self

    def enlarge_form(self) -> Self:
        """Make the page's forms larger than the server accepts."""
        self.page.locator("[name=csrf_token]").evaluate_all(
            "nodes => nodes.forEach(node => node.value = 'x'.repeat(1e6))"
        )
        return self

    def forget_cookies(self) -> Self:
        self.page.context.clear_cookies()
        return self

    def disconnect_elsewhere(self) -> Self:
        """Disconnect, then open the album with the earlier cookies, as another browser would."""
        cookies = self.page.context.cookies()
        self.press("Disconnect").forget_cookies()
        self.page.context.add_cookies(cookies)  # type: ignore[arg-type]
        return self.print_shop("/photos")

    def _open(self, url: str) -> Self:
        self.page.goto(url)
        return self


class Entry(NamedTuple):
    """A page: its template, its heading, and the steps that reach it."""

    template: str
    heading: str
    reach: Callable[[Visit], Visit]


PAGES = [
    Entry("error", "This page does not exist", lambda visit: visit.tripod_id("/nowhere")),
    Entry("error", "This page does not exist", lambda visit: visit.print_shop("/nowhere")),
    Entry("auth_server/home", "This is Tripod ID", lambda visit: visit.tripod_id("/")),
    Entry(
        "auth_server/home",
        "You are signed in",
        lambda visit: visit.signed_in_as("alice").tripod_id("/"),
    ),
    Entry("auth_server/login", "Sign in", lambda visit: visit.tripod_id("/login")),
    Entry("auth_server/login", "Sign in", lambda visit: visit.print_shop("/connect")),
    Entry(
        "auth_server/login",
        "Sign in",
        lambda visit: visit.print_shop("/connect").sign_in("alice", "a wrong one"),
    ),
    Entry(
        "auth_server/login",
        "Sign in",
        lambda visit: visit.tripod_id("/login").forget_cookies().sign_in("alice"),
    ),
    Entry(
        "auth_server/account_choice",
        "Choose an account",
        lambda visit: visit.signed_in_as("alice").tripod_id("/login/account"),
    ),
    Entry(
        "auth_server/account_choice",
        "Choose an account",
        lambda visit: visit.signed_in_as("bob").ask_for_the_account(),
    ),
    Entry("auth_server/consent", "Let Print Shop", lambda visit: visit.request_consent()),
    Entry(
        "auth_server/consent",
        "Let Print Shop",
        lambda visit: visit.request_consent().untick_all().press("Allow"),
    ),
    Entry(
        "auth_server/form_refused",
        "Your browser did not send our cookie",
        lambda visit: visit.request_consent().forget_cookies().press("Deny"),
    ),
    Entry(
        "auth_server/form_refused",
        "out of date",
        lambda visit: visit.request_consent().spoil_form().press("Deny"),
    ),
    Entry(
        "auth_server/untrusted_request",
        "not valid",
        lambda visit: visit.tripod_id("/oauth/authorize?client_id=x"),
    ),
    Entry(
        "auth_server/account_apps",
        "Connected apps",
        lambda visit: visit.connect("alice").tripod_id("/account/apps"),
    ),
    Entry(
        "auth_server/account_apps", "Connected apps", lambda visit: visit.remove_print_shop("alice")
    ),
    Entry(
        "auth_server/account_remove",
        "Remove the access of Print Shop?",
        lambda visit: visit.ask_to_remove_print_shop("alice"),
    ),
    Entry(
        "auth_server/logout",
        "Sign out?",
        lambda visit: visit.signed_in_as("alice").tripod_id("/oauth/logout"),
    ),
    Entry(
        "auth_server/logout",
        "Sign out?",
        lambda visit: visit.signed_in_as("alice").ask_to_return_to_print_shop(),
    ),
    Entry(
        "auth_server/logout_refused",
        "This request is not valid",
        lambda visit: visit.tripod_id("/oauth/logout?client_id=nobody"),
    ),
    Entry(
        "auth_server/signed_out",
        "You are signed out",
        lambda visit: visit.ask_to_return_to_print_shop(),
    ),
    Entry(
        "auth_server/account_end",
        "Sign out everywhere else and remove all apps?",
        lambda visit: visit.connect("alice").tripod_id("/account/sign-out"),
    ),
    Entry(
        "auth_server/account_activity",
        "Activity",
        lambda visit: visit.signed_in_as("alice").tripod_id("/account/activity"),
    ),
    Entry(
        "auth_server/account_password",
        "Change your",
        lambda visit: visit.signed_in_as("bob").tripod_id("/account/password"),
    ),
    Entry(
        "auth_server/account_password",
        "Change your",
        lambda visit: visit.enter_a_wrong_password("bob"),
    ),
    Entry(
        "auth_server/error_redirect",
        "This request was refused",
        lambda visit: visit.request_of_a_developers_client(),
    ),
    Entry(
        "auth_server/developer_apps", "Apps that you develop", lambda visit: visit.developer_apps()
    ),
    Entry("auth_server/developer_apps", "Apps that you develop", lambda visit: visit.register()),
    Entry(
        "auth_server/developer_new", "Register an app", lambda visit: visit.developer_apps("/new")
    ),
    Entry(
        "auth_server/developer_new",
        "Register an app",
        lambda visit: visit.register("http://postcards.example/"),
    ),
    Entry(
        "auth_server/developer_app", "Postcard Press", lambda visit: visit.register().follow("Edit")
    ),
    Entry(
        "auth_server/developer_secret",
        "A new secret",
        lambda visit: visit.register().follow("New secret"),
    ),
    Entry(
        "auth_server/developer_delete",
        "Delete Postcard Press?",
        lambda visit: visit.register().follow("Delete"),
    ),
    Entry(
        "auth_server/developer_connect",
        "Connect your",
        lambda visit: visit.tripod_id("/developer/connect"),
    ),
    Entry("resource_api/home", "Photo API stores the photos", lambda visit: visit.photo_api("/")),
    Entry("client_app/home", "Prints of your photos", lambda visit: visit.print_shop("/")),
    Entry(
        "client_app/home",
        "Prints of your photos",
        lambda visit: visit.connect("alice").press("Disconnect"),
    ),
    Entry("client_app/not_connected", "not connected", lambda visit: visit.print_shop("/photos")),
    Entry(
        "client_app/connect_from_elsewhere",
        "Do you want to connect",
        lambda visit: visit.connect("alice").led_to_print_shop("/connect?scope=photos:write"),
    ),
    Entry(
        "client_app/denied",
        "You denied the request",
        lambda visit: visit.request_consent().press("Deny"),
    ),
    Entry(
        "client_app/refused",
        "did not connect you",
        lambda visit: visit.print_shop("/connect?scope=x"),
    ),
    Entry(
        "client_app/bad_authorization_response",
        "cannot be used",
        lambda visit: visit.print_shop("/").print_shop("/callback?state=x"),
    ),
    Entry(
        "client_app/bad_authorization_response",
        "Your browser did not send our cookie",
        lambda visit: visit.print_shop("/callback?state=x"),
    ),
    Entry(
        "client_app/bad_id_token",
        "cannot verify who you are",
        lambda visit: visit.sign_in_with_another_nonce(),
    ),
    Entry(
        "client_app/no_profile",
        "does not know who you are",
        lambda visit: visit.print_shop("/profile"),
    ),
    Entry(
        "client_app/profile",
        "Your profile",
        lambda visit: visit.connect("alice", "openid+profile+email+photos:read").print_shop(
            "/profile"
        ),
    ),
    Entry(
        "client_app/logout_from_elsewhere",
        "Do you want to sign out?",
        lambda visit: visit.led_to_print_shop("/logout"),
    ),
    Entry(
        "client_app/more_needed",
        "Print Shop needs your permission",
        lambda visit: visit.connect("bob", "profile"),
    ),
    Entry(
        "client_app/form_refused",
        "Your browser did not send our cookie",
        lambda visit: visit.connect("alice").forget_cookies().press("Refresh now"),
    ),
    Entry(
        "client_app/form_too_large",
        "too large",
        lambda visit: visit.connect("alice").enlarge_form().press("Refresh now"),
    ),
    Entry(
        "client_app/connection_ended",
        "has ended",
        lambda visit: visit.connect("alice").disconnect_elsewhere(),
    ),
    Entry(
        "client_app/auth_server_failed",
        "is not available",
        lambda visit: visit.print_shop_cut_off("/connect"),
    ),
    Entry(
        "client_app/photos_unreachable",
        "Your photos are not available",
        lambda visit: visit.connect("alice").print_shop_cut_off("/photos"),
    ),
    Entry("client_app/album", "Alice’s album", lambda visit: visit.connect("alice")),
    Entry("client_app/album", "Alice’s album", lambda visit: visit.connect("alice", EVERYTHING)),
    Entry(
        "client_app/album",
        "Alice’s album",
        lambda visit: visit.connect("alice").order_nothing(),
    ),
    Entry(
        "inspector/page",
        "Inspector",
        lambda visit: visit.connect("alice").print_shop("/inspector"),
    ),
    Entry(
        "inspector/page",
        "Inspector",
        lambda visit: visit.connect("alice").print_shop("/inspector?message=4"),
    ),
    Entry(
        "inspector/page",
        "Inspector",
        lambda visit: visit.connect("alice").print_shop("/inspector?view=browser"),
    ),
    Entry(
        "inspector/page",
        "Inspector",
        lambda visit: visit.print_shop("/inspector").press("Clear"),
    ),
    Entry(
        "inspector/page",
        "Inspector",
        lambda visit: visit.connect("alice").print_shop("/inspector?tour=3"),
    ),
    Entry("inspector/glossary", "Glossary", lambda visit: visit.print_shop("/inspector/glossary")),
    Entry(
        "inspector/reveal",
        "This access token stays masked",
        lambda visit: visit.connect("alice").open_message("/oauth/introspect").reveal_first(),
    ),
    Entry(
        "inspector/reveal",
        "Revealed: the code",
        lambda visit: visit.connect("alice").open_message("/callback").reveal_first(),
    ),
    Entry(
        "inspector/replay",
        "Send this message again",
        lambda visit: visit.connect("alice").open_message("/oauth/token").send_again(),
    ),
    Entry(
        "inspector/replay_answer",
        "The message was sent again",
        lambda visit: (
            visit.connect("alice").open_message("/oauth/introspect").send_again().press("Send")
        ),
    ),
    Entry("inspector/lab", "Break it", lambda visit: visit.print_shop("/inspector/lab")),
    Entry(
        "inspector/lab",
        "Break it",
        lambda visit: visit.print_shop("/inspector/lab?attack=forged-consent").press(
            "Run “Forge the consent from another site”"
        ),
    ),
    Entry(
        "inspector/lab_source",
        "A form must carry a token",
        lambda visit: visit.print_shop(
            "/inspector/lab/source?check=form-token&attack=forged-consent"
        ),
    ),
    Entry(
        "inspector/step",
        "Print Shop calls Photo API",
        lambda visit: visit.connect("alice").turn_steps_on().print_shop("/photos"),
    ),
    Entry(
        "inspector/step_over",
        "This step is over",
        lambda visit: visit.print_shop("/inspector/step/none"),
    ),
    Entry(
        "client_app/order",
        "Order",
        lambda visit: visit.connect("alice").tick_first().press("Order prints"),
    ),
    Entry(
        "client_app/no_such_order",
        "This order sheet does not exist",
        lambda visit: visit.connect("alice").print_shop("/orders/none"),
    ),
    Entry(
        "client_app/no_such_photo",
        "This photo does not exist",
        lambda visit: visit.connect("alice", EVERYTHING).print_shop("/photos/x/delete"),
    ),
    Entry(
        "client_app/delete_photo",
        "Delete this photo?",
        lambda visit: visit.connect("alice", EVERYTHING).follow("Delete"),
    ),
]

#: Templates that no visit reaches, each with the reason.
NOT_VISITED = {
    "inspector/export": "it is a file that tests/inspector/test_export.py reads",
    "client_app/store_unavailable": "it needs a broken session store and looks like the others",
}


@pytest.fixture(scope="module")
def chromium() -> Iterator[Chromium]:
    with launched_chromium() as chromium:
        yield chromium


@pytest.fixture(scope="module")
def legs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running_legs(tmp_path_factory.mktemp("legs"), TRIPOD_ACCESS_TOKEN_LIFETIME="3600") as legs:
        yield legs


@pytest.fixture(scope="module")
def cut_off(legs: Running, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run a Print Shop that shares the sessions but cannot reach the other legs."""
    own, *unused = (f"http://127.0.0.1:{port}" for port in free_ports(3))
    names = ("TRIPOD_ISSUER", "TRIPOD_RESOURCE_API_URL")
    env = {**legs.env, "TRIPOD_CLIENT_APP_URL": own, **dict(zip(names, unused, strict=True))}
    with running(
        "app.py", "client-app", env=env, log=tmp_path_factory.mktemp("cut_off") / "output.txt"
    ) as shop:
        shop.wait_until_ready(own)
        yield own


@pytest.fixture(scope="module")
def axe() -> str:
    """Return the script that defines `axe` in a page. Its result is null, since axe is large."""
    from axe_playwright_python.sync_playwright import Axe

    return f"{Axe().axe_script}\n;null"


@pytest.fixture(scope="module")
def visit(chromium: Chromium, legs: Running, cut_off: str) -> Visit:
    """Return the browser that all tests of this module share."""
    return Visit(chromium.new_context().new_page(), legs, cut_off)


def reset(visit: Visit, scheme: Scheme = "light") -> Visit:
    """Return the same browser without cookies, at desktop width."""
    visit.forget_cookies().page.set_viewport_size({"width": DESK, "height": HEIGHT})
    visit.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    return visit


@dataclass(frozen=True)
class Examination:
    """The findings for one colour scheme and one width.

    - `violations` are the findings of axe.
    - `sticking_out` is the markup of the elements that make the page scroll sideways.
    """

    scheme: Scheme
    width: int
    violations: list[str]
    sticking_out: list[str]


@pytest.fixture(
    scope="module", params=PAGES, ids=lambda entry: f"{entry.template}: {entry.heading}"
)
def examinations(request: pytest.FixtureRequest, visit: Visit, axe: str) -> list[Examination]:
    """Open one page once, and examine it in every scheme and at every width.

    At 320 px only the layout is examined.
    """
    entry: Entry = request.param
    page = entry.reach(reset(visit)).page
    expect(page.get_by_role("heading", level=1)).to_contain_text(entry.heading)
    page.evaluate(axe)
    found = [examine(page, scheme, width) for width, scheme in product((DESK, PHONE), SCHEMES)]
    page.set_viewport_size({"width": ZOOMED, "height": HEIGHT})
    return [*found, Examination("light", ZOOMED, [], page.evaluate(STICKING_OUT))]


def examine(page: Page, scheme: Scheme, width: int) -> Examination:
    """Examine the current page in one scheme and at one width (in px)."""
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": HEIGHT})
    rules = COLOUR_RULES if scheme == "dark" else {}
    found: dict[str, Any] = page.evaluate(
        "how => axe.run(document, how)", {"resultTypes": ["violations"], **rules}
    )
    return Examination(scheme, width, violations_in(found), page.evaluate(STICKING_OUT))


#: The only rules that depend on the scheme. The others are examined in the light scheme only.
COLOUR_RULES = {"runOnly": ["color-contrast", "link-in-text-block"]}
#: Returns the innermost elements that are wider than the window and make the page scroll.
STICKING_OUT = """() => {
    const width = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= width) return [];
    const wide = [...document.body.querySelectorAll("*")]
        .filter(node => node.getBoundingClientRect().right > width);
    return wide.filter(node => !wide.some(other => other !== node && node.contains(other)))
        .map(node => node.outerHTML);
}"""


def violations_in(found: dict[str, Any]) -> list[str]:
    """Return for each violation the rule, the help text, the element and the cause."""
    return [
        "\n    ".join(
            (
                f"{rule['id']}: {rule['help']}",
                " ".join(map(str, node["target"])),
                node["html"],
                node["failureSummary"],
            )
        )
        for rule in found["violations"]
        for node in rule["nodes"]
    ]


def test_axe_finds_nothing_on_any_page(examinations: list[Examination]) -> None:
    found = [
        f"{examination.scheme}, {examination.width} px: {line}"
        for examination in examinations
        for line in examination.violations
    ]

    assert not found, "\n".join(found)


def test_no_page_scrolls_sideways(examinations: list[Examination]) -> None:
    found = [
        f"{examination.width} px: {line}"
        for examination in examinations
        for line in examination.sticking_out
    ]

    assert not found, "\n".join(found)


def test_every_template_is_visited_or_excepted() -> None:
    """Each template is in `PAGES`, or in the list of exceptions with a reason."""
    templates = {
        path.relative_to(ROOT / "templates").with_suffix("").as_posix()
        for path in ROOT.glob("templates/**/*.html")
    }
    pages = {name for name in templates if not Path(name).name.startswith("_")} - {"base"}

    assert pages == {entry.template for entry in PAGES} | set(NOT_VISITED)


def tab_to(page: Page, target: Locator) -> None:
    """Press Tab until `target` has the focus."""
    for _ in range(30):
        page.keyboard.press("Tab")
        if target.evaluate("node => node === document.activeElement"):
            return
    raise AssertionError(f"Tab does not lead to {target}")


def test_a_user_can_connect_and_disconnect_with_the_keyboard_alone(visit: Visit) -> None:
    """Sign in, consent without one scope, see the album, and disconnect: Tab, Space and Enter."""
    flask = ("-m", "flask", "--app", "app:create_auth_server")
    run(*flask, "users", "create", "carol", env=visit.legs.env, stdin="a long pass phrase\n")
    page = reset(visit).print_shop("/").page
    heading = page.get_by_role("heading", level=1)

    tab_to(page, page.get_by_role("link", name="Connect your photos"))
    page.keyboard.press("Enter")
    expect(heading).to_have_text("Sign in to Tripod ID")
    tab_to(page, page.get_by_label("Username"))
    page.keyboard.type("carol")
    tab_to(page, page.get_by_label("Password"))
    page.keyboard.type("a long pass phrase")
    page.keyboard.press("Enter")
    expect(heading).to_have_text("Let Print Shop know who you are and see your photos?")
    tab_to(page, page.locator("[name=granted_scope][value=profile]"))
    page.keyboard.press("Space")
    tab_to(page, page.get_by_role("button", name="Allow"))
    page.keyboard.press("Enter")
    expect(heading).to_have_text("Your album")
    tab_to(page, page.get_by_role("button", name="Disconnect"))
    page.keyboard.press("Space")

    expect(page.get_by_role("status")).to_contain_text("You are disconnected")


def test_the_first_tab_stop_is_the_skip_link(visit: Visit) -> None:
    page = reset(visit).tripod_id("/login").page

    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")

    assert page.locator("main").evaluate("main => main.contains(document.activeElement)")


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize(
    "reach",
    [
        pytest.param(lambda visit: visit.print_shop("/connect"), id="login"),
        pytest.param(lambda visit: visit.request_consent(), id="consent"),
    ],
)
def test_every_focused_element_has_a_visible_indicator(
    reach: Callable[[Visit], Visit], scheme: Scheme, visit: Visit
) -> None:
    """The indicator is as large as a 2 px outline and has enough contrast (WCAG 2.2, 2.4.13)."""
    page = reach(reset(visit, scheme)).page

    stops = {stop["html"]: shows_focus(page, stop) for stop in tab_stops(page)}

    assert len(stops) > 5
    assert [html for html, is_shown in stops.items() if not is_shown] == []


def tab_stops(page: Page) -> Iterator[dict[str, Any]]:
    """Yield the markup and the box of each element that Tab reaches, while it has the focus."""
    page.evaluate("document.activeElement.blur()")
    seen: set[str] = set()
    while True:
        page.keyboard.press("Tab")
        stop: dict[str, Any] | None = page.evaluate(FOCUSED)
        if stop is None or stop["html"] in seen:
            return
        seen.add(stop["html"])
        yield stop


#: Hides the caret of an input, because a caret is not a focus indicator.
FOCUSED = """() => {
    const node = document.activeElement;
    if (node === document.body) return null;
    node.style.caretColor = "transparent";
    const {x, y, width, height} = node.getBoundingClientRect();
    return {html: node.outerHTML, x, y, width, height};
}"""
#: The pixels around an element in which its indicator can be.
MARGIN = 8


def shows_focus(page: Page, stop: dict[str, Any]) -> bool:
    """Return whether enough pixels in and around the element change when it loses the focus."""
    clip = {"x": max(0, stop["x"] - MARGIN), "y": max(0, stop["y"] - MARGIN)}
    clip |= {"width": stop["width"] + 2 * MARGIN, "height": stop["height"] + 2 * MARGIN}
    focused = page.screenshot(clip=clip)  # type: ignore[arg-type]
    page.evaluate("document.activeElement.blur()")
    blurred = page.screenshot(clip=clip)  # type: ignore[arg-type]
    changed = sum(
        contrast(*pair) >= CONTRAST for pair in zip(pixels(focused), pixels(blurred), strict=True)
    )
    return changed >= 2 * 2 * (stop["width"] + stop["height"])


def pixels(png: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield red, green and blue of each pixel."""
    with Image.open(BytesIO(png)) as image:
        data = image.convert("RGB").tobytes()
    yield from zip(data[::3], data[1::3], data[2::3], strict=True)


@cache
def contrast(one: tuple[int, int, int], other: tuple[int, int, int]) -> float:
    """Return WCAG's contrast ratio of two colours."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: tuple[int, int, int]) -> float:
    """Return WCAG's relative luminance of a colour."""
    red, green, blue = (
        value / 3294.6 if value <= 10 else ((value / 255 + 0.055) / 1.055) ** 2.4
        for value in colour
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
