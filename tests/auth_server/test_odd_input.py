"""Unexpected input gets a defined response at every address, never a server error."""

from collections.abc import Callable, Iterator
from urllib.parse import quote

import pytest
from werkzeug.test import TestResponse
from world.cast import Person
from world.page import Page
from world.registered_client import AuthorizationResponse, RegisteredClient

from tests.auth_server.server import ISSUER, RawClient, Server

PAGES = ["/", "/login", "/oauth/authorize"]
FORMS = [
    "/login",
    "/logout",
    "/oauth/authorize",
    "/oauth/token",
    "/oauth/introspect",
    "/oauth/revoke",
]
OTHERS = ["/.well-known/oauth-authorization-server", "/healthz", "/nowhere", "/static/nothing.css"]
MACHINES = ["/oauth/token", "/oauth/introspect", "/oauth/revoke"]

PARAMETERS = [
    *[
        "client_id",
        "redirect_uri",
        "response_type",
        "scope",
        "state",
        "code_challenge",
        "code_challenge_method",
    ],
    *["prompt", "response_mode", "next"],
]
MACHINE_FORMS = [
    ("/oauth/token", "grant_type=ODD&ODD=ODD"),
    ("/oauth/token", "grant_type=authorization_code&code=ODD&redirect_uri=ODD&code_verifier=ODD"),
    ("/oauth/token", "grant_type=refresh_token&refresh_token=ODD&scope=ODD"),
    ("/oauth/token", "grant_type=refresh_token&refresh_token=REFRESH_TOKEN&scope=ODD"),
    ("/oauth/introspect", "token=ODD&token_type_hint=ODD"),
    ("/oauth/revoke", "token=ODD&token_type_hint=ODD"),
    ("/oauth/revoke", "token=x&client_id=ODD"),
    ("/oauth/revoke", "token=x&client_id=print-shop&client_secret=ODD"),
]

#: Values as they appear in a query or a form, escaped where necessary.
ODD_VALUES = {
    "a NUL": "%00",
    "control characters": "%01%08%0B%1B%7F",
    "line ends": "%0D%0A%0D%0A",
    "half of UTF-8": "%C3",
    "no UTF-8": "%FF%FE",
    "a lone surrogate": "%ED%A0%80",
    "beyond the planes": "%F4%90%80%80",
    "an emoji": "%F0%9F%A6%84",
    "right to left": "%E2%80%AE%D7%90",
    "an invalid escape": "%zz%",
    "quotes": "%22%27%5C%60",
    "markup": "%3Cscript%3Ealert(1)%3C%2Fscript%3E",
    "a template": "%7B%7B7*7%7D%7D",
    "a format": "%25s%25n%7B0%7D",
    "a query of a database": "%27%20OR%201%3D1%20--",
    "a path": "..%2F..%2F..%2Fetc%2Fpasswd",
    "only spaces": "+%20%C2%A0%09",
    "a number": "-1",
    "long": "x" * 20_000,
}

ODD_BODIES: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "application/x-www-form-urlencoded"),
    "bytes": (bytes(range(256)), "application/x-www-form-urlencoded"),
    "no UTF-8": (
        b"token=\xff\xfe&username=\xff&csrf_token=\xff",
        "application/x-www-form-urlencoded",
    ),
    "only separators": (b"&&&===&=&", "application/x-www-form-urlencoded"),
    "a thousand fields": (b"token=x&" * 1500, "application/x-www-form-urlencoded"),
    "too much": (b"token=" + b"x" * 70_000, "application/x-www-form-urlencoded"),
    "another charset": (b"\xff\xfet\0o\0", "application/x-www-form-urlencoded; charset=utf-16"),
    "an unknown charset": (b"token=x", "application/x-www-form-urlencoded; charset=nonsense"),
    "JSON": (b'{"token": "x"}', "application/json"),
    "half of JSON": (b'{"token": ', "application/json"),
    "no content type": (b"token=x", ""),
    "half a content type": (b"token=x", "application/"),
    "a content type of quotes": (b"token=x", '"; charset="\\'),
    "multipart without a boundary": (b"token=x", "multipart/form-data"),
    "multipart that never ends": (
        b'--x\r\nContent-Disposition: form-data; name="token"\r\n\r\n',
        "multipart/form-data; boundary=x",
    ),
    "multipart of nothing": (b"--x--\r\n", "multipart/form-data; boundary=x"),
    "multipart without names": (
        b"--x\r\n\r\nvalue\r\n--x--\r\n",
        "multipart/form-data; boundary=x",
    ),
    "multipart that is no UTF-8": (
        b'--x\r\nContent-Disposition: form-data; name="\xff"\r\n\r\n\xff\r\n--x--\r\n',
        "multipart/form-data; boundary=x",
    ),
    "multipart with a file": (
        b'--x\r\nContent-Disposition: form-data; name="token"; filename="../a"\r\n'
        b"\r\nbytes\r\n--x--\r\n",
        "multipart/form-data; boundary=x",
    ),
    "a long boundary": (b"token=x", f"multipart/form-data; boundary={'x' * 5000}"),
}

ODD_HEADERS = {
    "a cookie of bytes": {"Cookie": "tripod_auth_server=\xff\xfe\x01"},
    "a cookie of dots": {"Cookie": "tripod_auth_server=...."},
    "a cookie that is half of one": {"Cookie": "tripod_auth_server=eyJ.; =; ;;"},
    "a compressed cookie": {
        "Cookie": "tripod_auth_server=.eJwAAAAA.AAAAAA.AAAAAAAAAAAAAAAAAAAAAAAAAAA"
    },
    "an odd request id": {"X-Request-Id": "\xff<script>"},
    "an odd length": {"Content-Length": "many"},
    "a length less than nothing": {"Content-Length": "-1"},
    "an odd encoding": {"Transfer-Encoding": "chunked, nonsense", "Content-Encoding": "br"},
    "an odd language": {"Accept-Language": "\xff;q=x", "Accept": "*/;q=\xff"},
    "odd forwarding": {
        "X-Forwarded-For": "\xff, , [::",
        "X-Forwarded-Host": "evil.example",
        "Forwarded": "for=\xff",
    },
    "an odd referrer": {"Referer": "http://[", "Origin": "null"},
    "an odd range": {"Range": "bytes=x-", "If-Modified-Since": "tomorrow", "If-None-Match": '"'},
}

ODD_HOSTS = [
    "",
    "[",
    "[::1",
    "evil.example",
    "127.0.0.1:9000:9000",
    "127.0.0.1:99999",
    "a b",
    "127.0.0.1@evil",
    "é",
    "x" * 300,
    "a..b",
    "..",
]

RAW_QUERIES = [
    *[
        "client_id=\xff",
        "state=\xc3\xbc",
        "next=/\xff",
        "\xff\xfe",
        'state=a\\b|^`{}<>"',
        "state=a b",
        "#",
        "?",
        "&;=",
    ],
]

ODD_ADDRESSES = [
    *[
        "/%01",
        "/%FF",
        "/%ED%A0%80",
        "/%00",
        "//",
        "/./",
        "/../../etc/passwd",
        "/static/../config.py",
    ],
    *["/static/%2e%2e/config.py", "/%3Cscript%3Ealert(1)%3C/script%3E", "/" + "x" * 5000],
]

METHODS = [
    "GET",
    "HEAD",
    "POST",
    "PUT",
    "PATCH",
    "DELETE",
    "OPTIONS",
    "TRACE",
    "CONNECT",
    "PROPFIND",
    "BREW",
]


@pytest.fixture(autouse=True)
def _nothing_unexpected(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Fail if anything is logged as an error, since unforeseen exceptions are."""
    yield
    assert [
        record.getMessage()
        for record in caplog.records
        if record.levelname in ("ERROR", "CRITICAL")
    ] == []


def is_ours(answer: TestResponse) -> bool:
    """Return whether the response is a defined one with the headers of every response."""
    assert answer.status_code < 500, answer.text
    assert "Traceback" not in answer.text
    assert "<script>alert" not in answer.text
    assert not (answer.location or "").startswith(("//", "https://evil", "http://evil"))
    return answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.fixture
def raw(server: Server) -> RawClient:
    """Return a client without cookies."""
    return server.raw_client()


def signed_in_as(server: Server, person: Person) -> RawClient:
    """Return a client that has the cookie of the person's browser."""
    return server.raw_client(person.browser.session_cookie)


@pytest.mark.parametrize("value", ODD_VALUES.values(), ids=ODD_VALUES)
def test_odd_queries_get_a_defined_response(raw: RawClient, value: str) -> None:
    for path in ("/", "/login", "/oauth/authorize"):
        assert is_ours(raw.get(f"{path}?{value}={value}&next={value}&client_id={value}"))
    assert is_ours(raw.get(f"/oauth/authorize?client_id=print-shop&redirect_uri={value}"))
    assert is_ours(raw.get(f"/login?next=/oauth/authorize?client_id={value}"))


@pytest.mark.parametrize("value", ODD_VALUES.values(), ids=ODD_VALUES)
def test_one_odd_parameter_gets_a_defined_response(
    server: Server, alice: Person, print_shop: RegisteredClient, value: str
) -> None:
    """The rest of the request is valid, so that the odd value is reached."""
    alice.ask(print_shop.authorization_path())
    raw = signed_in_as(server, alice)
    for name in PARAMETERS:
        request = print_shop.authorization_path(**{name: None}) + f"&{name}={value}"

        assert is_ours(raw.get(request))


@pytest.mark.parametrize("path", [*PAGES, *MACHINES, *OTHERS])
def test_a_query_of_raw_bytes_gets_a_defined_response(raw: RawClient, path: str) -> None:
    """Browsers escape such bytes but other programs may not. Invalid UTF-8 is rejected."""
    for query in RAW_QUERIES:
        method = "POST" if path in MACHINES else "GET"

        assert is_ours(raw.open(path, method=method, environ_overrides={"QUERY_STRING": query}))


@pytest.mark.parametrize("state", ["ü", 'a\\b|^`{}"', "<>"])
def test_a_request_with_raw_bytes_survives_the_login_page(
    raw: RawClient, alice: Person, print_shop: RegisteredClient, state: str
) -> None:
    query = f"{print_shop.authorization_path(state=None).partition('?')[2]}&state={state}"
    environ = {"QUERY_STRING": query.encode().decode("latin-1")}
    to_login = raw.get("/oauth/authorize", environ_overrides=environ)
    after_login = alice.send_login(to_login.headers["Location"])
    page = Page(alice.browser.get(after_login.headers["Location"]))
    response = AuthorizationResponse.read(alice.decide(page, "allow", "profile"))

    assert response.state == state


@pytest.mark.parametrize("value", ODD_VALUES.values(), ids=ODD_VALUES)
def test_odd_machine_forms_get_a_defined_response(
    server: Server, alice: Person, print_shop: RegisteredClient, value: str
) -> None:
    """For an authenticated client, an unauthenticated one, and a request without a client."""
    assert print_shop.client_secret
    auth = ("print-shop", print_shop.client_secret)
    refresh_token = alice.connect(print_shop).refresh_token
    raw = signed_in_as(server, alice)
    for path, fields in MACHINE_FORMS:
        body = fields.replace("ODD", value).replace("REFRESH_TOKEN", refresh_token).encode()
        form = {"data": body, "content_type": "application/x-www-form-urlencoded"}

        assert is_ours(raw.post(path, **form, auth=auth))
        assert is_ours(raw.post(path, **form))


@pytest.mark.parametrize("value", ODD_VALUES.values(), ids=ODD_VALUES)
def test_odd_user_forms_get_a_defined_response(
    server: Server, alice: Person, print_shop: RegisteredClient, value: str
) -> None:
    """The form has a valid CSRF token, so that its values are reached."""
    alice.send_login()
    page = alice.consent_page(print_shop.authorization_path())
    form = {"content_type": "application/x-www-form-urlencoded"}
    token = quote(page.form.entries["csrf_token"])
    raw = signed_in_as(server, alice)
    for name in ("decision", "granted_scope", "asked_scope"):
        fields = {"decision": "allow", "granted_scope": "profile", "asked_scope": "profile"} | {
            name: value
        }
        body = "&".join(f"{key}={text}" for key, text in fields.items())

        assert is_ours(
            raw.post(page.form.action, data=f"csrf_token={token}&{body}".encode(), **form)
        )
    token = quote(Page(alice.browser.get("/login")).form.entries["csrf_token"])
    raw = signed_in_as(server, alice)
    for body in (f"username={value}&password=x", f"username=bob&password={value}", value):
        assert is_ours(raw.post("/login", data=f"csrf_token={token}&{body}".encode(), **form))


@pytest.mark.parametrize(("body", "content_type"), ODD_BODIES.values(), ids=ODD_BODIES)
def test_odd_bodies_get_a_defined_response(
    raw: RawClient, print_shop: RegisteredClient, body: bytes, content_type: str
) -> None:
    assert print_shop.client_secret
    for path in FORMS:
        auth = ("print-shop", print_shop.client_secret) if path in MACHINES else None
        answer = raw.post(path, data=body, content_type=content_type, auth=auth)

        assert is_ours(answer)
        assert answer.status_code >= 400 or path in MACHINES
        assert answer.mimetype == ("application/json" if path in MACHINES else "text/html")


@pytest.mark.parametrize("headers", ODD_HEADERS.values(), ids=ODD_HEADERS)
def test_odd_headers_get_a_defined_response(
    raw: RawClient,
    start: Callable[..., Server],
    print_shop: RegisteredClient,
    headers: dict[str, str],
) -> None:
    behind_a_proxy = start(TRUSTED_PROXIES="1").raw_client()
    for visitor in (raw, behind_a_proxy) if "X-Forwarded-For" in headers else (raw,):
        for path in (*PAGES, print_shop.authorization_path(), *OTHERS):
            assert is_ours(visitor.get(path, headers=headers))
        for path in FORMS:
            assert is_ours(visitor.post(path, data={"token": "x"}, headers=headers))


@pytest.mark.parametrize("host", ODD_HOSTS)
def test_odd_hosts_are_rejected(raw: RawClient, host: str) -> None:
    """The server answers only for its own host and writes no other host into an address."""
    for path in (*PAGES, "/oauth/token", "/.well-known/oauth-authorization-server"):
        answer = raw.open(
            path, base_url=ISSUER, environ_overrides={"HTTP_HOST": host.encode().decode("latin-1")}
        )

        assert is_ours(answer)
        assert answer.status_code == 400


@pytest.mark.parametrize("method", METHODS)
def test_odd_methods_get_a_defined_response(raw: RawClient, method: str) -> None:
    for path in {*PAGES, *FORMS, *OTHERS}:
        assert is_ours(raw.open(path, method=method))


@pytest.mark.parametrize("path", ODD_ADDRESSES)
def test_odd_addresses_get_a_defined_response(raw: RawClient, path: str) -> None:
    answer = raw.get(path)

    assert is_ours(answer)
    assert answer.status_code in (308, 404)
