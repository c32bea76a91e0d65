"""A3, A4 – The login page (RFC 9700 §4.11 and §4.12, RFC 6749 §10.10 and §10.13)."""

import hashlib
from collections.abc import Callable
from urllib.parse import urlencode

import pytest
from world.browser import SESSION_COOKIE
from world.cast import Person
from world.clock import Clock
from world.events import Events
from world.page import Page
from world.registered_client import RegisteredClient
from world.threads import repeat_at_once

from auth_server import digests
from auth_server.hashing_turns import Turns
from tests.auth_server.server import ELSEWHERE, SOMEWHERE, Server

LEADS_ASTRAY = {
    "another site": "https://evil.example/",
    "without a scheme": "//evil.example/",
    "three slashes": "///evil.example/",
    "a backslash": "/\\evil.example/",
    "two backslashes": "\\\\evil.example/",
    "a scheme without slashes": "https:evil.example",
    "a scheme with three": "https:///evil.example/",
    "a script": "javascript:alert(1)",
    "data": "data:text/html,<script>alert(1)</script>",
    "a user name": "http://127.0.0.1:9000@evil.example/",
    "a user name without a scheme": "//127.0.0.1:9000@evil.example/",
    "escaped slashes": "%2F%2Fevil.example/",
    "one escaped slash": "/%2Fevil.example/",
    "an escaped backslash": "/%5Cevil.example/",
    "a tab inside": "/\t/evil.example/",
    "a tab in front": "\t//evil.example/",
    "a new line inside": "/\n/evil.example/",
    "a second header": "/\r\nLocation: https://evil.example/",
    "a space in front": " //evil.example/",
    "a NUL": "/\0/evil.example/",
    "a dot": "/.//evil.example/",
    "two dots": "/oauth/authorize/..//evil.example/",
    "a semicolon": "/;@evil.example/",
    "half an address": "//[",
    "half an address with a scheme": "http://[",
    "not ASCII": "/oauth/authorize?état",
    "wide slashes": "／／evil.example/",
    "relative": "oauth/authorize",
    "a query alone": "?client_id=print-shop",
    "this server, spelt out": "http://127.0.0.1:9000/oauth/authorize",
    "no page": "/nowhere",
    "a page to post to": "/logout",
    "a machine's page": "/oauth/token",
    "the login page": "/login",
    "the login page again": "/login?next=//evil.example/",
    "a file": "/static/css/base.css",
    "health": "/healthz",
    "nothing": "",
}


class HashWork:
    """Password hashing that counts its calls."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.done: list[tuple[int, int, int]] = []
        scrypt = hashlib.scrypt

        def counted(*args: object, **kwargs: int) -> bytes:
            self.done.append((kwargs["n"], kwargs["r"], kwargs["p"]))
            return scrypt(*args, **kwargs)  # type: ignore[arg-type]

        monkeypatch.setattr(hashlib, "scrypt", counted)


@pytest.fixture
def hash_work(server: Server, monkeypatch: pytest.MonkeyPatch) -> HashWork:
    return HashWork(monkeypatch)


@pytest.fixture
def guess(alice: Person, server: Server) -> Callable[..., int]:
    """Send one guess from a browser with the login page open. Return the status."""
    form = Page(alice.browser.get("/login")).form
    session_cookie = alice.browser.session_cookie

    def guess(
        username: str = "alice",
        password: str = "a guess",
        address: str = SOMEWHERE,
        at: Server = server,
        **headers: str,
    ) -> int:
        browser = at.browser(address)
        browser.session_cookie = session_cookie
        typed = {"username": username, "password": password}
        return browser.post("/login", data=form.entries | typed, headers=headers).status_code

    return guess


# Signing in -------------------------------------------------------------------


def test_the_right_password_signs_in(alice: Person, events: Events) -> None:
    """RFC 9700 §4.12: 303, so that the browser does not send the password again."""
    answer = alice.send_login()

    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    assert alice.is_signed_in()
    assert len(events.named("signed_in")) == 1


@pytest.mark.parametrize("username", ["Alice", "ALICE", "  alice  "])
def test_a_username_is_recognized_in_any_case_and_form(alice: Person, username: str) -> None:
    assert alice.send_login(username=username).status_code == 303


@pytest.mark.parametrize(
    "password", ["", "Wonderland", "wonderland ", "builder", "wonder\0land", "x" * 1025, "ẅ☃"]
)
def test_a_wrong_password_does_not_sign_in(alice: Person, events: Events, password: str) -> None:
    answer = alice.send_login(password=password)

    assert answer.status_code == 403
    assert not alice.is_signed_in()
    assert len(events.named("sign_in_refused")) == 1


@pytest.mark.parametrize(
    "username", ["", "nobody", "alice\0", "a' OR 1=1 --", "álice", "x" * 151, "☃"]
)
def test_an_unknown_username_does_not_sign_in(alice: Person, username: str) -> None:
    assert alice.send_login(username=username).status_code == 403
    assert not alice.is_signed_in()


def test_an_unknown_username_and_a_wrong_password_look_the_same(alice: Person) -> None:
    """The page must not reveal whether an account exists."""
    wrong_password = Page(alice.send_login(password="a guess"))
    wrong_name = Page(alice.send_login(username="nobody"))

    assert wrong_password.status == wrong_name.status
    assert wrong_password.text == wrong_name.text
    assert wrong_password.title == wrong_name.title


def test_an_unknown_username_and_a_wrong_password_cost_the_same(
    alice: Person, hash_work: HashWork
) -> None:
    """The response time must not reveal it either."""
    alice.send_login(password="a guess")
    for_a_wrong_password = hash_work.done.copy()
    alice.send_login(username="nobody")

    assert len(for_a_wrong_password) == 1
    assert hash_work.done == for_a_wrong_password * 2


def test_a_failed_sign_in_keeps_the_username_and_not_the_password(alice: Person) -> None:
    answer = alice.send_login(password="nearly-wonderland")

    assert Page(answer).form.entries["username"] == "alice"
    assert "nearly-wonderland" not in answer.text
    assert Page(answer).title.startswith("Error: ")


# The browser session ----------------------------------------------------------


def test_signing_in_starts_a_new_session(alice: Person, server: Server) -> None:
    """A cookie that an attacker set in Alice's browser or copied from it is useless afterwards."""
    alice.browser.get("/login")
    planted = alice.browser.session_cookie
    alice.send_login()
    attacker = server.browser()
    attacker.session_cookie = planted

    assert alice.browser.session_cookie != planted
    assert "Alice" not in attacker.get("/").text


def test_a_form_from_before_the_sign_in_is_rejected(alice: Person) -> None:
    before = Page(alice.browser.get("/login")).form.entries["csrf_token"]
    alice.send_login()
    answer = alice.browser.post("/logout", data={"csrf_token": before})

    assert answer.status_code == 400
    assert alice.is_signed_in()


def test_the_session_cookie_has_safe_attributes(alice: Person) -> None:
    cookie = alice.send_login().headers["Set-Cookie"]

    assert cookie.startswith(f"{SESSION_COOKIE}=")
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Domain" not in cookie


def test_over_https_the_cookie_is_secure(start: Callable[..., Server]) -> None:
    """The CSRF check, which requires a referrer over https, passes too."""
    origin = "https://id.example"
    others = {
        "CLIENT_APP_URL": "https://prints.example",
        "RESOURCE_API_URL": "https://photos.example",
    }
    browser = start(DEMO="0", AUTH_SERVER_URL=origin, **others).browser()
    page = browser.get(f"{origin}/login")
    typed = Page(page).form.entries | {"username": "mallory", "password": "no good at all"}
    answer = browser.post(f"{origin}/login", typed, headers={"Referer": f"{origin}/login"})

    assert page.headers["Referrer-Policy"] == "same-origin"
    assert answer.status_code == 303
    assert answer.headers["Set-Cookie"].startswith(f"__Host-{SESSION_COOKIE}=")
    assert "Secure" in answer.headers["Set-Cookie"]


def test_signing_out_ends_the_sign_in(alice: Person, events: Events) -> None:
    alice.send_login()
    answer = alice.send_logout()

    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    assert not alice.is_signed_in()
    assert len(events.named("signed_out")) == 1


def test_signing_out_keeps_all_grants(alice: Person, print_shop: RegisteredClient) -> None:
    tokens = alice.connect(print_shop)
    alice.send_logout()

    assert print_shop.holds(tokens.access_token)


@pytest.mark.parametrize("fields", [{}, {"csrf_token": ""}, {"csrf_token": "made-up"}])
def test_another_site_cannot_sign_the_user_out(alice: Person, fields: dict[str, str]) -> None:
    alice.send_login()

    assert alice.browser.post("/logout", data=fields).status_code == 400
    assert alice.browser.get("/logout").status_code == 405
    assert alice.is_signed_in()


def test_signing_out_twice_is_no_error(alice: Person) -> None:
    alice.send_login()
    form = Page(alice.browser.get("/login")).form
    alice.browser.post("/logout", data=form.entries)
    form = Page(alice.browser.get("/login")).form

    assert alice.browser.post("/logout", data=form.entries).status_code == 303


def test_a_new_password_ends_every_sign_in_and_no_grant(
    server: Server, alice: Person, bob: Person, print_shop: RegisteredClient
) -> None:
    tokens = alice.connect(print_shop)
    bob.send_login()
    server.run("users", "set-password", "alice", stdin="through the looking-glass\n")

    assert not alice.is_signed_in()
    assert bob.is_signed_in()
    assert print_shop.holds(tokens.access_token)
    assert alice.send_login().status_code == 403
    assert alice.send_login(password="through the looking-glass").status_code == 303


def test_an_invented_cookie_is_ignored(server: Server, alice: Person) -> None:
    alice.send_login()
    payload, _, signature = alice.browser.session_cookie.rpartition(".")
    attacker = server.browser()
    for cookie in ("", "x", f"{payload}.{'A' * len(signature)}", f"A{payload}.{signature}"):
        attacker.session_cookie = cookie

        assert "Alice" not in attacker.get("/").text


# The login form ---------------------------------------------------------------


@pytest.mark.parametrize("token", [None, "", "made-up"])
def test_a_login_form_of_another_site_is_rejected(
    alice: Person, hash_work: HashWork, token: str | None
) -> None:
    """Login forgery: a user who is unknowingly signed in as Mallory gives Mallory their data."""
    alice.browser.get("/login")
    fields = {"username": "alice", "password": "wonderland"} | (
        {} if token is None else {"csrf_token": token}
    )
    answer = alice.browser.post("/login", data=fields)

    assert answer.status_code == 400
    assert not hash_work.done
    assert not alice.is_signed_in()


def test_json_does_not_sign_in(alice: Person, hash_work: HashWork) -> None:
    """The login page accepts only its form."""
    token = Page(alice.browser.get("/login")).form.entries["csrf_token"]
    answer = alice.browser.post("/login", json=_ALICE, headers={"X-CSRFToken": token})

    assert answer.status_code == 403
    assert not hash_work.done


def test_an_expired_form_is_answered_with_a_new_one(alice: Person) -> None:
    alice.browser.get("/login")
    page = Page(alice.browser.post("/login?next=%2F", data={"csrf_token": "old"}))

    assert "out of date" in page.text
    assert alice.browser.post(page.form.action, data=page.form.entries | _ALICE).status_code == 303


def test_a_login_form_in_another_tab_continues_after_a_sign_in(
    alice: Person, print_shop: RegisteredClient
) -> None:
    request = print_shop.authorization_path()
    other_tab = Page(alice.browser.get(alice.browser.get(request).headers["Location"])).form
    alice.send_login()
    answer = alice.browser.post(other_tab.action, data=other_tab.entries | _ALICE)

    assert (answer.status_code, answer.headers["Location"]) == (303, request)


def test_the_page_cannot_be_framed_or_cached(alice: Person) -> None:
    """RFC 6749 §10.13; a `form-action` directive would block the redirect to a client."""
    headers = alice.browser.get("/login").headers

    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert "form-action" not in headers["Content-Security-Policy"]
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Cache-Control"] == "no-store"


def test_the_page_names_the_client(alice: Person, print_shop: RegisteredClient) -> None:
    asked = Page(
        alice.browser.get(alice.browser.get(print_shop.authorization_path()).headers["Location"])
    )
    unknown = Page(
        alice.browser.get("/login?" + urlencode({"next": "/oauth/authorize?client_id=nobody"}))
    )

    assert "Print Shop asks for access" in asked.text
    assert "asks for access" not in unknown.text


def test_demo_accounts_are_shown_only_in_the_demo(
    server: Server, start: Callable[..., Server]
) -> None:
    inside = server.browser().get("/login").text
    outside = start(DEMO="0").browser().get("/login").text

    assert "wonderland" in inside
    assert "wonderland" not in outside


# The next page ----------------------------------------------------------------


@pytest.mark.parametrize("astray", LEADS_ASTRAY.values(), ids=LEADS_ASTRAY)
def test_signing_in_never_redirects_to_another_site(alice: Person, astray: str) -> None:
    """RFC 9700 §4.11: authorization servers MUST NOT be open redirectors."""
    answer = alice.send_login(f"/login?{urlencode({'next': astray})}")

    assert (answer.status_code, answer.headers["Location"]) == (303, "/")


@pytest.mark.parametrize(
    "page", ["/", "/oauth/authorize?client_id=x", "/oauth/authorize?state=//evil.example/%5C"]
)
def test_signing_in_redirects_to_the_next_page(alice: Person, page: str) -> None:
    assert alice.send_login(f"/login?{urlencode({'next': page})}").headers["Location"] == page


def test_a_failed_sign_in_keeps_the_next_page(alice: Person, print_shop: RegisteredClient) -> None:
    request = print_shop.authorization_path()
    page = Page(
        alice.send_login(alice.browser.get(request).headers["Location"], password="a guess")
    )
    answer = alice.browser.post(page.form.action, data=page.form.entries | _ALICE)

    assert answer.headers["Location"] == request


# Throttling -------------------------------------------------------------------


def test_guesses_for_an_account_are_throttled(
    guess: Callable[..., int], hash_work: HashWork, events: Events
) -> None:
    """RFC 6749 §2.3.1: the server MUST protect any endpoint utilizing passwords."""
    statuses = [guess() for _ in range(7)]

    assert statuses == [403] * 5 + [429] * 2
    assert len(hash_work.done) == 5
    assert len(events.named("sign_in_throttled")) == 2


def test_a_throttled_response_says_when_to_retry(
    clock: Clock, alice: Person, guess: Callable[..., int]
) -> None:
    for _ in range(5):
        guess()
        clock.forward(2)
    answer = alice.send_login()

    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == "51"
    assert "51 seconds" in Page(answer).text


def test_the_right_password_works_again_after_the_wait(
    clock: Clock, alice: Person, guess: Callable[..., int]
) -> None:
    for _ in range(5):
        guess()
    too_early = alice.send_login()
    clock.forward(int(too_early.headers["Retry-After"]))

    assert too_early.status_code == 429
    assert alice.send_login().status_code == 303


def test_throttled_requests_do_not_extend_the_wait(
    clock: Clock, alice: Person, guess: Callable[..., int]
) -> None:
    for _ in range(5):
        guess()
    clock.forward(59)
    refused = [guess() for _ in range(5)]
    clock.forward(1)

    assert refused == [429] * 5
    assert alice.send_login().status_code == 303


@pytest.mark.parametrize("username", ["ALICE", " alice"])
def test_every_spelling_of_a_username_counts_for_one_account(
    guess: Callable[..., int], username: str
) -> None:
    assert [guess() for _ in range(5)] == [403] * 5
    assert guess(username=username) == 429


def test_guesses_for_an_unknown_username_are_throttled_the_same(
    guess: Callable[..., int],
) -> None:
    assert [guess(username="nobody") for _ in range(6)] == [403] * 5 + [429]


def test_guesses_from_another_address_do_not_lock_the_user_out(guess: Callable[..., int]) -> None:
    throttled = [guess(address=ELSEWHERE) for _ in range(6)][-1]

    assert throttled == 429
    assert guess(password="wonderland", address=SOMEWHERE) == 303


def test_guesses_for_one_account_do_not_throttle_others(guess: Callable[..., int]) -> None:
    throttled = [guess() for _ in range(6)][-1]

    assert throttled == 429
    assert guess("bob", "builder") == 303


def test_trying_one_password_on_many_accounts_is_throttled(guess: Callable[..., int]) -> None:
    statuses = [guess(username=f"person{number}") for number in range(51)]

    assert statuses == [403] * 50 + [429]
    assert guess("bob", "builder") == 429
    assert guess("bob", "builder", address=ELSEWHERE) == 303


def test_successful_sign_ins_do_not_count(guess: Callable[..., int]) -> None:
    """Many users behind one address can all sign in."""
    assert {guess(password="wonderland") for _ in range(51)} == {303}


def test_a_successful_sign_in_does_not_reset_the_count(guess: Callable[..., int]) -> None:
    """Otherwise Mallory could sign in to Mallory's account between guesses."""
    assert [guess(password=word) for word in ("1", "2", "wonderland", "3", "4", "5", "6")] == [
        *[403, 403, 303],
        *[403, 403, 403, 429],
    ]


def test_fifty_parallel_guesses_are_all_counted(
    guess: Callable[..., int], hash_work: HashWork, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Otherwise the server could be too busy for some of them.
    monkeypatch.setattr(digests, "turns", Turns(at_once=2, places=50))
    statuses = repeat_at_once(50, guess)

    assert len(hash_work.done) <= 5
    assert sorted(statuses) == [403] * 5 + [429] * 45


def test_a_forwarded_address_is_ignored_without_a_declared_proxy(guess: Callable[..., int]) -> None:
    statuses = [guess(**{"X-Forwarded-For": f"203.0.113.{number}"}) for number in range(6)]

    assert statuses == [403] * 5 + [429]


def test_a_forwarded_address_from_a_declared_proxy_counts(
    start: Callable[..., Server], guess: Callable[..., int]
) -> None:
    behind_a_proxy = start(TRUSTED_PROXIES="1")
    statuses = [
        guess(at=behind_a_proxy, **{"X-Forwarded-For": f"203.0.113.{number}"})
        for number in range(6)
    ]

    assert statuses == [403] * 6


def test_only_the_declared_proxys_entry_counts(
    start: Callable[..., Server], guess: Callable[..., int]
) -> None:
    """Mallory can add entries at the front of the list. The proxy adds the last one."""
    behind_a_proxy = start(TRUSTED_PROXIES="1")
    statuses = [
        guess(at=behind_a_proxy, **{"X-Forwarded-For": f"203.0.113.{number}, 198.51.100.9"})
        for number in range(6)
    ]

    assert statuses == [403] * 5 + [429]


def test_old_failures_are_deleted(clock: Clock, guess: Callable[..., int], server: Server) -> None:
    guess()
    clock.forward(61)
    purged = server.run("tokens", "purge")

    assert purged.output == "Deleted 1 expired rows.\n"


_ALICE = {"username": "alice", "password": "wonderland"}
