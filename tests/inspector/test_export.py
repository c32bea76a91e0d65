"""A round trip can be exported as one HTML file, as HAR 1.2 and as a Mermaid sequence diagram."""

import json
import re
from html.parser import HTMLParser
from typing import Any

import pytest
import requests
from world.cast import Person
from world.clock import Clock
from world.legs import Legs
from world.registered_client import RegisteredClient

from inspector.export.har import archive
from inspector.export.mermaid import diagram, escaped
from inspector.read import steps
from inspector.read.messages import read_trees
from inspector.record.store import Store
from tests.inspector.exchanges import exchange
from tests.inspector.sealed_values import connect, every_value

SUFFIXES = ("html", "har", "mmd")


@pytest.fixture
def connected(clock: Clock, inspected: Legs, alice: Person) -> Legs:
    """Connect Print Shop as Alice, refresh, and open the album again."""
    connect(inspected, alice)
    clock.forward(121)
    alice.browser.open(f"{inspected.client_app_url}/photos")
    return inspected


def export(legs: Legs, store: Store, suffix: str) -> requests.Response:
    """Download the first round trip."""
    first = store.exchanges()[0]
    return legs.session().get(f"{legs.client_app_url}/inspector/export/{first.id}.{suffix}")


@pytest.mark.parametrize(
    ("suffix", "media_type"),
    [("html", "text/html"), ("har", "application/json"), ("mmd", "text/plain")],
)
def test_an_export_is_a_download_with_a_name(
    connected: Legs, watched: Store, suffix: str, media_type: str
) -> None:
    response = export(connected, watched, suffix)

    assert response.status_code == 200
    assert response.headers["Content-Type"].startswith(media_type)
    disposition = response.headers["Content-Disposition"]
    assert re.fullmatch(rf"attachment; filename=tripod-round-trip-\d+\.{suffix}", disposition)


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("flow", ["0", "99999", "x", "-1", "9" * 5000])
def test_an_unknown_round_trip_is_not_found(inspected: Legs, flow: str, suffix: str) -> None:
    address = f"{inspected.client_app_url}/inspector/export/{flow}.{suffix}"

    assert inspected.session().get(address).status_code == 404


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_an_export_contains_only_its_own_round_trip(
    inspected: Legs, watched: Store, alice: Person, client: RegisteredClient, suffix: str
) -> None:
    connect(inspected, alice)
    alice.tokens_for(client)

    assert "calendar.example" not in export(inspected, watched, suffix).text


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_no_export_contains_a_secret(connected: Legs, watched: Store, suffix: str) -> None:
    text = export(connected, watched, suffix).text
    print_shop = connected.client_app.extensions["tripod.print_shop"].client
    ciphertexts = {sealed for one in watched.exchanges() for _, sealed in one.sealed.values()}
    secrets = {*every_value(connected), print_shop.client_secret, "wonderland", *ciphertexts}

    assert len(secrets) > 8
    assert [secret for secret in secrets if secret in text] == []


# HTML


class References(HTMLParser):
    """What a page refers to, and its scripts."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.ids: set[str] = set()
        self.scripts = 0
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the addresses, the ids and the scripts."""
        self.scripts += tag == "script" or any(name.startswith("on") for name, _ in attrs)
        for name, value in attrs:
            if name in ("href", "src", "action"):
                self.addresses.append(value or "")
            if name == "id":
                self.ids.add(value or "")


def test_the_html_file_needs_no_other_file(connected: Legs, watched: Store) -> None:
    source = export(connected, watched, "html").text
    page = References(source)

    assert page.scripts == 0
    assert page.addresses
    assert [one for one in page.addresses if not one.startswith("#")] == []
    assert {one.removeprefix("#") for one in page.addresses} <= page.ids
    assert "url(" not in source
    assert "@import" not in source
    assert "--surface" in source


def test_the_html_file_has_every_message(connected: Legs, watched: Store) -> None:
    source = export(connected, watched, "html").text

    assert len(re.findall('id="message-', source)) == len(watched.exchanges())
    assert "redeems the code for tokens" in source
    assert "<title>Print Shop for alice, 2026-" in source
    assert "A round trip (resource received) with the scope <code>profile photos:read<" in source
    assert re.search(r"<h3[^>]*>1\. A1: The user starts at Print Shop ", source)


# HAR (the fields that the specification requires, with their types)

REQUIRED: dict[str, dict[str, Any]] = {
    "log": {"version": str, "creator": dict, "entries": list},
    "entry": {
        "startedDateTime": str,
        "time": (int, float),
        "request": dict,
        "response": dict,
        "cache": dict,
        "timings": dict,
    },
    "request": {
        "method": str,
        "url": str,
        "httpVersion": str,
        "cookies": list,
        "headers": list,
        "queryString": list,
        "headersSize": int,
        "bodySize": int,
    },
    "response": {
        "status": int,
        "statusText": str,
        "httpVersion": str,
        "cookies": list,
        "headers": list,
        "content": dict,
        "redirectURL": str,
        "headersSize": int,
        "bodySize": int,
    },
    "content": {"size": int, "mimeType": str, "text": str},
    "timings": {"send": (int, float), "wait": (int, float), "receive": (int, float)},
}
OPTIONAL = {"comment", "postData"}
DATE_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00")
#: RFC 3986 §2: the characters of a URI.
URI = re.compile(r"http://(?:[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=-]|%[0-9A-F]{2})*")


def check_object(kind: str, found: dict[str, Any]) -> None:
    """Check that an object has the fields that HAR 1.2 requires, and no unknown ones."""
    required = REQUIRED[kind]
    assert set(required) <= set(found) <= set(required) | OPTIONAL, kind
    for name, types in required.items():
        assert isinstance(found[name], types), (kind, name)


def check_pairs(pairs: list[dict[str, str]]) -> None:
    assert all(set(pair) == {"name", "value"} for pair in pairs)
    assert all(isinstance(value, str) for pair in pairs for value in pair.values())


def check_archive(archive: dict[str, Any]) -> None:
    """Check an archive by the specification of HAR 1.2."""
    assert set(archive) == {"log"}
    check_object("log", archive["log"])
    assert archive["log"]["version"] == "1.2"
    assert set(archive["log"]["creator"]) == {"name", "version"}
    for entry in archive["log"]["entries"]:
        request, response = entry["request"], entry["response"]
        for kind, found in (("entry", entry), ("request", request), ("response", response)):
            check_object(kind, found)
        check_object("content", response["content"])
        check_object("timings", entry["timings"])
        for pairs in (request["headers"], request["queryString"], response["headers"]):
            check_pairs(pairs)
        assert DATE_TIME.fullmatch(entry["startedDateTime"])
        assert URI.fullmatch(request["url"]), request["url"]
        assert entry["time"] == sum(entry["timings"].values()) >= 0
        if "postData" in request:
            assert set(request["postData"]) in ({"mimeType", "params"}, {"mimeType", "text"})
            check_pairs(request["postData"].get("params", []))


def test_the_archive_follows_har_1_2(connected: Legs, watched: Store) -> None:
    archive = json.loads(export(connected, watched, "har").text)

    check_archive(archive)
    entries = archive["log"]["entries"]
    assert len(entries) == len(watched.exchanges())
    token_request = next(one for one in entries if one["request"]["url"].endswith("/oauth/token"))
    assert "grant_type" in str(token_request["request"]["postData"]["params"])
    assert next(one["comment"] for one in entries if one["comment"]) == "A1"


@pytest.mark.parametrize("path", ["/ü", "/%zz", "/a b", "//x", "/<&\"'>"])
def test_an_odd_message_is_exported(inspected: Legs, watched: Store, path: str) -> None:
    odd = exchange(
        "auth_server",
        f"GET {path}",
        query=[("state", "a&b=•")],
        location="http://127.0.0.1:9001/callback?code=a|b",
        ties=["state:1"],
        host="[::1]:9000",
    )
    begin = exchange("client_app", "GET /connect", ties=["state:1"])
    watched.clear()
    for one in (begin, odd):
        watched.add(one, watched.run_id)

    check_archive(json.loads(export(inspected, watched, "har").text))
    assert export(inspected, watched, "html").status_code == 200
    check_diagram(export(inspected, watched, "mmd").text)


# Mermaid

#: A line of a sequence diagram: a participant, or an arrow with a text in which nothing is special.
TEXT = r"(?:[A-Za-z0-9 .,/_=?&:()…-]|#\d+;)+"
PARTICIPANT = re.compile(rf"    participant (browser|client|server|api) as {TEXT}")
ARROW = re.compile(
    rf"    (browser|client|server|api)-?->>(browser|client|server|api): {TEXT}", re.ASCII
)


def check_diagram(text: str) -> None:
    """Check the grammar of a sequence diagram."""
    first, *lines = text.splitlines()
    assert first == "sequenceDiagram"
    assert [PARTICIPANT.fullmatch(line) is not None for line in lines[:4]] == [True] * 4
    assert [line for line in lines[4:] if not ARROW.fullmatch(line)] == []
    assert not re.search(r"\bend\b", text, re.IGNORECASE)


def test_the_diagram_has_a_request_and_a_response_for_each_message(
    connected: Legs, watched: Store
) -> None:
    text = export(connected, watched, "mmd").text

    check_diagram(text)
    assert text.count("->>") == 2 * len(watched.exchanges())
    assert "participant server as Tripod ID" in text
    assert "browser->>client: A1 GET /connect" in text


def test_what_the_inspector_sent_again_is_marked() -> None:
    by_inspector = [("User-Agent", steps.sent_again(7))]
    trees = read_trees([exchange("auth_server", "POST /oauth/token", request_headers=by_inspector)])

    assert "client->>server: sent again by the inspector: POST /oauth/token" in diagram(
        trees, ("Browser", "Print Shop", "Tripod ID", "Photo API")
    )
    [entry] = archive(trees, "1")["log"]["entries"]
    assert entry["comment"] == "sent again by the inspector"


@pytest.mark.parametrize(
    "name", ["a; b", "x\nend", "End", "%%{init}%%", "#35;", "<script>", "Alice: Bob", "{a}", "→"]
)
def test_names_and_texts_are_escaped(name: str) -> None:
    trees = read_trees([exchange("client_app", f"GET /{name}")])

    check_diagram(diagram(trees, ("Browser", name, "Tripod ID", "Photo API")))
    assert escaped("a;b") == "a#59;b"
