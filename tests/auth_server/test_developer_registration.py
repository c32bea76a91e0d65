"""Validation at /developer/apps: the page shows errors beside their fields and keeps the values."""

import html
import re
from typing import Any

import pytest
from requests import Response
from world.cast import Person

from tests.auth_server.developers import POSTCARDS, Developer

NOT_GOOD: dict[str, tuple[str, Any]] = {
    "no name": ("name", ""),
    "a name of spaces": ("name", "   "),
    "a long name": ("name", "x" * 101),
    "a name of two lines": ("name", "Print\nShop"),
    "a name that runs backwards": ("name", "Print\u202eShop"),
    "a name with a zero": ("name", "Print\0Shop"),
    "a name without width": ("name", "\u200b"),
    "a name of fillers": ("name", "\u3164\uffa0"),
    "a name of accents": ("name", "\u0301"),
    "an embedded name": ("name", "\u202bPrint Shop"),
    "a homepage that is a program": ("homepage", "javascript:alert(1)"),
    "a homepage that is data": ("homepage", "data:text/html,x"),
    "a homepage in clear": ("homepage", "http://postcards.example/"),
    "a homepage with a user": ("homepage", "https://tripod@postcards.example/"),
    "an invalid homepage": ("homepage", "postcards"),
    "a long homepage": ("homepage", "https://postcards.example/" + "x" * 2000),
    "no redirect URI": ("redirect_uris", ""),
    "lines of spaces": ("redirect_uris", " \r\n \r\n"),
    "plain http": ("redirect_uris", "http://postcards.example/callback"),
    "loopback in its name only": ("redirect_uris", "http://127.0.0.1.evil.example/"),
    "a fragment": ("redirect_uris", "https://postcards.example/#callback"),
    "an empty fragment": ("redirect_uris", "https://postcards.example/#"),
    "a user": ("redirect_uris", "https://a:b@postcards.example/"),
    "a wildcard": ("redirect_uris", "https://*.postcards.example/"),
    "a tab": ("redirect_uris", "https://postcards.example/\tcallback"),
    "a zero": ("redirect_uris", "https://postcards.example/\0"),
    "a line that only some break": (
        "redirect_uris",
        "https://postcards.example/\x0bhttps://b.example/",
    ),
    "a carriage return": ("redirect_uris", "https://postcards.example/\rhttps://b.example/"),
    "a backslash": ("redirect_uris", "https://postcards.example\\@evil.example/"),
    "a scheme of its own": ("redirect_uris", "postcards://callback"),
    "a relative one": ("redirect_uris", "/callback"),
    "an invalid port": ("redirect_uris", "https://postcards.example:99999/"),
    "port 0": ("redirect_uris", "http://127.0.0.1:0/callback"),
    "text after an IPv6 address": ("redirect_uris", "http://[::1]x/callback"),
    "an IPv6 address with a zone": ("redirect_uris", "http://[::1%25lo]/callback"),
    "half an address": ("redirect_uris", "https://[::1"),
    "another alphabet": ("redirect_uris", "https://pöstcards.example/"),
    "one good and one bad": ("redirect_uris", "https://postcards.example/\r\nhttp://evil.example/"),
    "one too many": (
        "redirect_uris",
        "\r\n".join(f"https://postcards.example/{n}" for n in range(21)),
    ),
    "a long one": ("redirect_uris", "https://postcards.example/" + "x" * 2000),
    "no scope": ("scope", []),
    "an unknown scope": ("scope", ["profile", "admin"]),
    "a scope of spaces": ("scope", [" "]),
    "no type": ("type", ""),
    "an unknown type": ("type", "both"),
}


@pytest.fixture
def developer(mallory: Person) -> Developer:
    return Developer(mallory)


@pytest.mark.parametrize(("field", "value"), NOT_GOOD.values(), ids=NOT_GOOD)
def test_an_invalid_value_is_reported_beside_its_field(
    developer: Developer, field: str, value: Any
) -> None:
    answer = developer.registers(**{field: value})

    assert answer.status_code == 400
    assert fields_with_errors(answer) == {field}
    assert is_described_by_error(answer, field)
    assert "<title>Error: " in answer.text
    assert "No apps yet" in developer.page().text


@pytest.mark.parametrize(("field", "value"), NOT_GOOD.values(), ids=NOT_GOOD)
def test_an_invalid_change_is_reported_beside_its_field(
    developer: Developer, field: str, value: Any
) -> None:
    """The type cannot be changed, so it is not among these fields."""
    client = developer.has_a_client()
    before = developer.page().text
    answer = developer.edits(client, **{field: value})

    assert answer.status_code == (303 if field == "type" else 400)
    assert field == "type" or fields_with_errors(answer) == {field}
    assert field == "type" or developer.page().text == before


def test_all_errors_are_reported_together_and_values_are_kept(
    developer: Developer,
) -> None:
    typed = {
        "name": "<b>" + "x" * 100,
        "homepage": 'x"><script>',
        "redirect_uris": "\nhttp://<i>\n'y'",
        "scope": [],
    }
    answer = developer.registers(**typed, type="public")
    text = html.unescape(answer.text)

    assert fields_with_errors(answer) == {"name", "homepage", "redirect_uris", "scope"}
    assert all(str(value) in text for name, value in typed.items() if name != "scope")
    assert "<script>" not in answer.text.replace('<script src="', "")
    assert re.search(r'value="public" checked', answer.text)
    assert not re.search(r'name="scope" value="[a-z:]+" checked', answer.text)


def test_a_name_with_markup_is_escaped(developer: Developer) -> None:
    client = developer.has_a_client(name="<img src=x onerror=alert(1)>")

    for path in ("/developer/apps", f"/developer/apps/{client.client_id}"):
        assert "<img" not in developer.browser.get(path).text


@pytest.mark.parametrize(
    "changes",
    [
        {"homepage": ""},
        {"homepage": "http://127.0.0.1:3000/#about"},
        {"name": "Ünïcode 写真 & Söhne"},
        {"name": "Family 👩\u200d👩\u200d👧"},
        {"name": "می\u200cخواهم"},
        {"redirect_uris": "http://localhost:3000/callback"},
        {"redirect_uris": "http://[::1]:8080/a?b=c"},
        {"redirect_uris": "https://a.example/?x='$HOME'&y=`id`"},
        {"redirect_uris": "\r\n".join(f"https://postcards.example/{n}" for n in range(20))},
        {"scope": ["photos:write"]},
        {"scope": ["profile photos:read"]},
    ],
    ids=str,
)
def test_valid_values_are_registered(developer: Developer, changes: dict[str, Any]) -> None:
    assert developer.registers(**changes).status_code == 200


@pytest.mark.parametrize(
    "body", [b"", b"\xff\xfe", b"name=\xff&redirect_uris=%ED%A0%80&type=public&scope=%00", b"&&=&"]
)
def test_odd_bodies_are_rejected_cleanly(developer: Developer, body: bytes) -> None:
    client = developer.has_a_client()
    for path in (
        "/developer/apps/new",
        *(f"/developer/apps/{client.client_id}{end}" for end in ("", "/secret")),
    ):
        token = developer.form(path).entries["csrf_token"]
        answer = developer.browser.post(
            path,
            data=body,
            headers={"X-CSRFToken": token, "Content-Type": "application/x-www-form-urlencoded"},
        )

        assert answer.status_code in (303, 400)


def fields_with_errors(answer: Response) -> set[str]:
    """Return the fields that have an error beside them."""
    return set(re.findall(r'<p class="hint error" id="(\w+)-error">', answer.text))


def is_described_by_error(answer: Response, field: str) -> bool:
    """Return whether a screen reader reads the error with the field."""
    return f'aria-describedby="{field}-error' in answer.text and (
        field == "type" or 'aria-invalid="true"' in answer.text
    )


def test_these_tests_cover_every_field_of_the_form(developer: Developer) -> None:
    assert set(re.findall(r' name="(\w+)"', developer.browser.get("/developer/apps/new").text)) - {
        "csrf_token",
        "form_id",
        "next",
        "theme",
        "viewport",
    } == set(POSTCARDS)
