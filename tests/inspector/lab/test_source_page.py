"""The source page shows the code of a check from the file that the table names."""

import html
import re
from dataclasses import replace
from pathlib import Path
from unittest.mock import Mock

import pytest
from world.browser import Browser
from world.legs import Legs

from config import PROJECT_ROOT
from inspector.lab.attacks import ATTACKS
from inspector.lab.checks import CHECK_PAIRS, CHECKS, Check
from inspector.lab.laboratory import Laboratory
from inspector.lab.source import source_of
from inspector.lab.views import add_pages
from inspector.record.store import Store
from inspector.setup import open_pages
from web.safety.rules import RULES

FILE = """import os

LIMIT = 3
LONG: tuple[int, ...] = (
    1,
    2,
)


class Example:
    def method(self):
        return "method"

    @staticmethod
    def static():
        return "static"


@decorated
def function():
    return "function"
"""

MARKED = """

def branch(self):
    # Lab check: the-branch
    if self:
        return 1
    return 2


def text():
    value = "# Lab check: in-a-string"
    # Lab check: the-text
    return value
"""


@pytest.fixture
def browser(legs: Legs, store: Store) -> Browser:
    open_pages(legs.client_app, legs.client_app.extensions["tripod.settings"], lambda: None)
    add_pages(
        legs.client_app,
        Laboratory(
            store, run=lambda *_: None, compare=lambda _: pytest.fail("no comparison must run")
        ),
    )
    browser = Browser(legs.network)
    browser.open(f"{legs.client_app_url}/inspector/lab")
    return browser


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.slug)
def test_every_declared_check_has_source_lines(check: Check) -> None:
    source = source_of(check)

    name = check.symbol.rpartition(".")[2]
    assert any(name in line for _, line in source.lines)
    assert [line for _, line in source.lines] == [
        (PROJECT_ROOT / check.file).read_text().splitlines()[number - 1]
        for number, _ in source.lines
    ]


@pytest.mark.parametrize(
    ("symbol", "first", "last"),
    [
        ("LIMIT", (3, "LIMIT = 3"), (3, "LIMIT = 3")),
        ("LONG", (4, "LONG: tuple[int, ...] = ("), (7, ")")),
        ("Example.method", (11, "    def method(self):"), (12, '        return "method"')),
        ("Example.static", (14, "    @staticmethod"), (16, '        return "static"')),
        ("function", (19, "@decorated"), (21, '    return "function"')),
    ],
)
def test_a_definition_is_shown_whole(
    symbol: str, first: tuple[int, str], last: tuple[int, str], tmp_path: Path
) -> None:
    (tmp_path / "example.py").write_text(FILE)

    source = source_of(replace(CHECKS[0], file="example.py", symbol=symbol), root=tmp_path)

    assert (source.lines[0], source.lines[-1]) == (first, last)


@pytest.mark.parametrize(
    ("symbol", "first", "last", "where"),
    [("branch", 26, 27, "lines 26 to 27"), ("text", 34, 34, "line 34")],
)
def test_the_marked_statement_of_a_definition_is_found(
    symbol: str, first: int, last: int, where: str, tmp_path: Path
) -> None:
    (tmp_path / "example.py").write_text(FILE + MARKED)
    check = replace(CHECKS[0], slug=f"the-{symbol}", symbol=symbol, file="example.py")

    source = source_of(replace(check, has_marker=True), root=tmp_path)

    assert (source.first, source.last, source.where) == (first, last, where)
    assert source.has_more
    assert not source_of(check, root=tmp_path).has_more


@pytest.mark.parametrize("slug", ["no-such-marker", "the-branch", "in-a-string"])
def test_a_marker_outside_the_definition_raises_an_error(slug: str, tmp_path: Path) -> None:
    (tmp_path / "example.py").write_text(FILE + MARKED)
    check = replace(CHECKS[0], slug=slug, file="example.py", symbol="text", has_marker=True)

    with pytest.raises(LookupError):
        source_of(check, root=tmp_path)


@pytest.mark.parametrize("symbol", ["missing", "Example.missing", "Example.method.missing"])
def test_a_missing_symbol_raises_an_error(symbol: str, tmp_path: Path) -> None:
    (tmp_path / "example.py").write_text(FILE)

    with pytest.raises(LookupError):
        source_of(replace(CHECKS[0], file="example.py", symbol=symbol), root=tmp_path)


def test_the_page_shows_lines_with_numbers_and_file(browser: Browser) -> None:
    check = CHECKS[0]

    page = browser.follow(check.title)

    number, line = source_of(check).lines[0]
    assert f"{number}" in page.text
    assert line.strip() in html.unescape(re.sub("<.*?>", "", page.source))
    assert check.file in page.text


@pytest.mark.parametrize(
    "slug", ["", "no-such-check", "../../config.py", "auth_server/digests.py", "/etc/passwd"]
)
def test_only_declared_checks_are_shown(browser: Browser, slug: str) -> None:
    answer = browser.fetch(f"{browser.current.url}/source?check={slug}")

    assert answer.status_code == 404
    assert "import" not in answer.text


def test_a_renamed_check_is_not_found(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    """A developer who renamed the function sees a page instead of a server error."""
    monkeypatch.setattr("inspector.lab.source.source_of", Mock(side_effect=LookupError))

    assert browser.fetch(f"{browser.current.url}/source?check=code-once").status_code == 404


def test_the_page_names_the_attacks_that_the_check_stops(browser: Browser) -> None:
    check = next(check for check in CHECKS if check.slug == "code-once")

    page = browser.open(f"{browser.current.url}/source?check=code-once")

    assert [link.href for link in page.links if "/lab?attack=" in link.href] == [
        f"/inspector/lab?attack={slug}#{slug}" for slug in check.stops
    ]


def test_a_check_of_a_pair_lists_the_attacks_that_both_stop(browser: Browser) -> None:
    pair = CHECK_PAIRS[0]

    page = browser.open(f"{browser.current.url}/source?check={pair.first}")

    assert page.link("another check").href.endswith(f"check={pair.second}")
    attacks = {f"/inspector/lab?attack={slug}#{slug}" for slug in pair.stops}
    assert attacks <= {link.href for link in page.links}


def test_a_check_with_attacks_of_two_sections_names_both(
    browser: Browser,
) -> None:
    """§4.1.3 is about another client's code, and §6 about another client's refresh token."""
    page = browser.open(f"{browser.current.url}/source?check=own-client")

    assert "RFC 6749, 4.1.3 and RFC 6749, 6 require this check." in page.text


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.slug)
def test_each_section_is_named_once_with_a_whole_address(check: Check) -> None:
    sections = check.sections(ATTACKS)

    assert len(set(map(str, sections))) == len(sections)
    assert not [section.url for section in sections if section.url.endswith(("#", "#section-"))]


@pytest.mark.parametrize(
    ("slug", "beginning"),
    [
        ("form-token", "            csrf.protect()"),
    ],
)
def test_the_line_of_a_check_is_marked_in_a_long_definition(
    browser: Browser, slug: str, beginning: str
) -> None:
    page = browser.open(f"{browser.current.url}/source?check={slug}")
    [marked] = re.findall("<mark>(.*?)</mark>", page.source, re.DOTALL)

    assert html.unescape(re.sub("<.*?>", "", marked)).startswith(beginning)
    assert "The marked line implements it." in page.text
    assert "Without this check" in page.text


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.slug)
def test_colours_change_no_character_of_the_code(check: Check) -> None:
    source = source_of(check)

    plain = [(number, line.striptags()) for number, line in source.coloured_lines()]
    assert [(number, " ".join(line.split())) for number, line in source.lines] == plain


def test_the_code_has_colours_by_class(browser: Browser) -> None:
    page = browser.open(f"{browser.current.url}/source?check=code-once")

    assert '<span class="k">def</span>' in page.source
    assert "style=" not in page.source


def test_the_page_links_back_to_the_attack_from_which_it_was_opened(browser: Browser) -> None:
    source = f"{browser.current.url}/source?check=code-once"

    assert browser.open(f"{source}&attack=code-replay").link("Back to “Use a code twice”").href == (
        "/inspector/lab?attack=code-replay#code-replay"
    )
    for other in ("", "&attack=//mallory.example"):
        assert browser.open(source + other).link("Back to all attacks").href == "/inspector/lab"


def test_the_second_of_two_checks_names_the_first(browser: Browser) -> None:
    pair = CHECK_PAIRS[0]

    page = browser.open(f"{browser.current.url}/source?check={pair.second}")

    assert page.link("another check").href.endswith(f"check={pair.first}")


def test_the_lab_links_to_the_table_of_all_threats(browser: Browser, legs: Legs) -> None:
    address = browser.follow("All threats and defences").url
    table = legs.session().get(address)

    assert table.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert [rule.slug for rule in RULES if f"| `{rule.slug}` |" not in table.text] == []
