"""Parameters are appended to an address; nothing that is there changes (RFC 6749 §3.1.2)."""

import re
from pathlib import Path
from urllib.parse import parse_qsl

import pytest
from flask import Flask, redirect

from config import AuthServerSettings
from web.addresses import append_parameters
from web.application import new_application

ROOT = Path(__file__).resolve().parents[2]
#: An address, and what stands between it and the parameters.
SEPARATORS = {
    "https://app.example": "?",
    "https://app.example/": "?",
    "https://app.example/cb": "?",
    "https://app.example/cb?": "",
    "https://app.example/cb?a=1&": "",
    "https://app.example/cb?flag": "&",
    "https://app.example/cb?b=%E9": "&",
    "https://app.example/cb?y=a%20b": "&",
    "https://app.example/cb?y=a+b": "&",
    "https://app.example/cb?a=1&&b=2": "&",
    "https://app.example/cb?a=1;b=2": "&",
    "https://app.example/cb?a=1?": "&",
    "https://app.example/cb?a=%c3%a9&x=%2f%7E~": "&",
    "https://app.example/cb?to=a%26b%3Dc": "&",
    "https://app.example/cb?a=1&a=2&a=": "&",
    "https://app.example/cb?=&==": "&",
    "https://app.example/a;v=1/b;w?x": "&",
    "https://app.example//a//./../b/": "?",
    "https://app.example/%7Ealice/%c3%a9%2f": "?",
    "https://app.example/{id}|^`<>[]'?{id}|^`<>[]'": "&",
    "HTTPS://App.Example:443/Cb": "?",
    "https://app.example:0443/cb": "?",
    "http://[2001:DB8::0:1]:8080/cb?x": "&",
    "com.example.app:/cb": "?",
    "com.example.app:/cb?x=1": "&",
    "com.example.app://cb": "?",
    "com.example.app:///cb": "?",
    "com.example.app:/?": "",
    "https://app.example/cb?" + "x=%20&" * 300: "",
}
REBUILDING = re.compile("add_params_to|urlunsplit|urlunparse")
STATE = "a b%20+&=~%#?/;:@!$'()*,\"<>\\^`{|}"
each_address = pytest.mark.parametrize("address", SEPARATORS)


@each_address
def test_the_address_stays_as_it_is(address: str) -> None:
    """The endpoint URI's query component "MUST be retained when adding" parameters (§3.1.2)."""
    longer = append_parameters(address, {"code": "abc", "state": "xyz"})

    assert longer == f"{address}{SEPARATORS[address]}code=abc&state=xyz"


@pytest.mark.parametrize("state", [STATE, "é", " ", "%E9", "a\r\nX: y", "+" * 3000])
def test_each_value_comes_back_exactly(state: str) -> None:
    longer = append_parameters("https://app.example/cb?b=%E9", [("state", state), ("n", "1")])

    assert longer.isascii()
    assert longer.isprintable()
    assert " " not in longer
    assert parse_qsl(longer.partition("&")[2]) == [("state", state), ("n", "1")]


def test_a_space_is_readable_for_programs_that_do_not_decode_plus() -> None:
    assert append_parameters("com.example.app:/cb", {"state": "a b"}).endswith("?state=a%20b")


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    environ = {
        "TRIPOD_INSTANCE_PATH": str(tmp_path),
        "TRIPOD_SECRET_KEY": "a key that is long enough for a test",
    }
    return new_application(AuthServerSettings.load(environ))


@each_address
def test_a_redirect_sends_the_address_as_it_is(address: str, app: Flask) -> None:
    """Werkzeug would normalize the host, the port and the escapes."""
    app.add_url_rule("/away", view_func=lambda: redirect(address))

    answer = app.test_client().get("/away", base_url="http://127.0.0.1:9000")

    assert answer.headers["Location"] == address


def test_nothing_else_puts_addresses_together() -> None:
    """Other functions decode a query and encode it anew; `oauth.py` is a file to copy."""
    legs = ("auth_server", "client_app", "resource_api", "web")
    sources = {
        str(file.relative_to(ROOT)): file.read_text()
        for leg in legs
        for file in (ROOT / leg).rglob("*.py")
    }

    assert [name for name, text in sources.items() if REBUILDING.search(text)] == []
    assert {name for name, text in sources.items() if "urlencode(" in text} == {
        "web/addresses.py",
        "client_app/oauth.py",
        "auth_server/sign_in.py",  # for a digest
        "resource_api/introspection.py",  # for a form
    }
