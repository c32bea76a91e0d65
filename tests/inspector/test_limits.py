"""Limits of the recording: a bounded amount of each message is stored, and no part of a secret where it is cut."""

import json
from typing import Any
from urllib.parse import quote

import pytest

from inspector.record.bodies import FORM
from inspector.record.limits import (
    DEPTH,
    EXCERPT,
    HEADER,
    HOST,
    JSON_DEPTH,
    MEDIA_TYPE,
    METHOD,
    PAIRS,
    TEXT,
    TITLE,
)
from inspector.record.scrubbing import DOTS
from tests.inspector.wires import STATE, TOKEN, form, json_answer, recorded, request_header, stored

MANY = "&".join(f"name{n}=value{n}" for n in range(2500))


def cut_off(content: bytes, media_type: str) -> Any:
    """Return what is stored of a body that was truncated at this length."""
    return recorded(
        method="POST",
        request_headers=[("Content-Type", media_type)],
        request_body=content,
        request_size=99_999,
    ).request_body


# Numbers of items


def test_the_first_parameters_and_the_number_of_the_others_are_stored() -> None:
    for kept in (recorded(query=MANY).query, form(MANY)):
        assert [name for name, _ in kept] == [*(f"name{n}" for n in range(PAIRS)), "…"]
        assert kept[-1] == ("…", "2,400 more")


def test_parameters_within_the_limit_are_stored_without_a_note() -> None:
    fields = "&".join(f"name{n}=1" for n in range(PAIRS))

    assert [name for name, _ in form(fields)] == [f"name{n}" for n in range(PAIRS)]


def test_the_first_parameters_of_an_address_are_stored() -> None:
    kept = request_header("Referer", f"http://127.0.0.1:9001/?{MANY}")

    assert f"&name{PAIRS - 1}=" in kept or len(kept) == TEXT
    assert "name100" not in kept


def test_the_first_cookies_are_stored() -> None:
    kept = request_header("Cookie", "; ".join(f"c{n}=" for n in range(2500))).split("; ")

    assert kept == [*[f"{DOTS}="] * PAIRS, "…"]


def test_the_first_headers_are_stored() -> None:
    assert len(recorded(request_headers=[("Accept", "*/*")] * 2500).request_headers) == PAIRS


@pytest.mark.parametrize(
    ("document", "more"),
    [
        ([[]] * 2500, lambda kept: kept[-1]),
        ({"name": [[]] * 2499}, lambda kept: kept["name"][-1]),
        ([{str(n): None for n in range(2499)}], lambda kept: f"… {kept[0]['…']}"),
        ([[[]], [[]] * 2497], lambda kept: kept[-1][-1]),
    ],
    ids=["a list", "a list in an object", "an object in a list", "lists in a list"],
)
def test_the_first_json_values_and_the_number_of_the_others_are_stored(
    document: Any, more: Any
) -> None:
    assert more(json.loads(json_answer(document))) == "… 2,000 more"


def test_only_the_first_secrets_have_different_fingerprints() -> None:
    hundreds = [[f"name{n}=secret{n}{letter}" for n in range(100)] for letter in "abc"]
    sent = {
        "query": "&".join(hundreds[0]),
        "request_headers": [("Cookie", "; ".join(hundreds[1])), ("Content-Type", FORM)],
        "request_body": "&".join(hundreds[2]).encode(),
    }
    answer = {
        "response_headers": [("Content-Type", "application/json")],
        "response_body": b'{"code": "one too many"}',
    }

    kept = recorded(**sent, **answer)

    assert len(set(kept.request_body.form)) == 100
    assert json.loads(kept.response_body.text) == {"code": DOTS}


def test_the_first_events_are_stored() -> None:
    assert len(recorded(events=[{"event": "told"}] * 2500).events) == PAIRS


def test_the_first_ties_are_stored() -> None:
    nested = "&".join(f"state={n}" for n in range(90))

    assert (
        len(recorded(query=f"{nested}&next={quote('/?' + nested.replace('=', '=x'), '')}").ties)
        == PAIRS
    )


# Depth


def nested(depth: int) -> str:
    """Return an address nested in addresses, as an attacker would hide a value."""
    return "/?next=" * depth + f"/?state={STATE}"


@pytest.mark.parametrize("depth", [DEPTH, DEPTH + 1, 400, 4000])
def test_deeply_nested_addresses_are_masked(depth: int) -> None:
    kept = recorded(query=nested(depth).removeprefix("/?"))

    assert kept.query[0][0] == "next"
    assert STATE not in stored(kept)


@pytest.mark.parametrize("depth", [JSON_DEPTH + 1, 600, 900])
@pytest.mark.parametrize(
    ("before", "after"), [("[", "]"), ('{"id": ', "}")], ids=["lists", "objects"]
)
def test_deeply_nested_json_is_omitted(depth: int, before: str, after: str) -> None:
    kept = json_answer(f'{before * depth}"31415926"{after * depth}'.encode())

    assert "1 more" in kept
    assert "31415926" not in kept


def test_an_address_below_the_limit_of_depth_is_masked_as_a_whole() -> None:
    addresses = ["/album"]
    for _ in range(DEPTH + 1):
        addresses.append(f"/?next={quote(addresses[-1], '')}")

    kept = form(f"next={quote(addresses[DEPTH], '')}")[0][1]
    deeper = form(f"next={quote(addresses[DEPTH + 1], '')}")[0][1]

    assert "album" in kept
    assert "album" not in deeper
    assert DOTS in deeper


def test_a_text_with_escapes_below_the_limit_of_depth_is_masked_as_a_whole() -> None:
    text = "photo albums"
    for _ in range(DEPTH + 1):
        text = quote(text, "")

    assert dict(form(f"title={quote(text, '')}"))["title"].startswith(DOTS)


# Length


LONG = "x " * 50_000


@pytest.fixture
def worst() -> dict[str, Any]:
    """Return a message with more of everything than a server accepts."""
    long = "&".join(f"name{n}={'y ' * 900}" for n in range(200))
    return {
        "query": long.replace("name", "scope=1&title"),
        "path": LONG,
        "request_headers": [
            ("Referer", f"http://127.0.0.1/?{long}"),
            ("Cookie", long),
            ("Content-Type", FORM),
        ]
        * 50,
        "request_body": "&".join(["scope=" + "%E2%98%83" * 900] * 200).encode(),
        "response_headers": [("Location", f"/?{long}"), ("Content-Type", "application/json")] * 50,
        "response_body": json.dumps({"name": ["x " * 9000] * 600}).encode(),
        "events": [{"reason": LONG}] * 200,
    }


def test_long_texts_are_cut() -> None:
    kept = recorded(
        method=LONG,
        host=LONG,
        path=LONG,
        query=f"scope={LONG}",
        request_headers=[
            ("User-Agent", LONG),
            ("Referer", f"http://127.0.0.1/{LONG}"),
            ("Cookie", "theme=dark; " * 99),
        ],
        response_headers=[("Content-Type", LONG), ("X-Request-Id", LONG)],
        response_size=1,
        events=[{"reason": LONG, "scopes": [LONG]}],
    )

    assert (len(kept.method), len(kept.host), len(kept.path), len(kept.query[0][1])) == (
        METHOD,
        HOST,
        TEXT,
        TEXT,
    )
    assert [len(value) for _, value in kept.request_headers] == [HEADER, TEXT, TEXT]
    assert [len(value) for _, value in kept.response_headers] == [HEADER, HEADER]
    assert (len(kept.request_id), len(kept.response_body.media_type)) == (TEXT, MEDIA_TYPE)
    assert (len(kept.events[0]["reason"]), len(kept.events[0]["scopes"][0])) == (TEXT, TEXT)
    assert kept.path.endswith("…")


def test_a_long_page_title_is_cut() -> None:
    page = f"<title>{LONG}</title>".encode()
    kept = recorded(
        response_headers=[("Content-Type", "text/html")],
        response_body=page,
        response_size=len(page),
    )

    assert len(kept.response_body.text) == len("an HTML page: “”") + TITLE


def test_a_long_json_document_is_cut() -> None:
    kept = json_answer({"name": ["x " * 50] * 100})

    assert len(kept) == EXCERPT + len("\n…")
    assert kept.endswith("\n…")


def test_the_stored_message_has_a_maximum_size(worst: dict[str, Any]) -> None:
    assert len(stored(recorded(**worst))) < 1_000_000


# Cuts


@pytest.mark.parametrize("most", [METHOD, HOST, HEADER, TEXT, MEDIA_TYPE, TITLE])
@pytest.mark.parametrize("secret", ["swordfish-and-chips", TOKEN])
def test_no_part_of_a_secret_is_stored_at_a_cut(most: int, secret: str) -> None:
    """Half a secret would not be recognized as one."""
    text = ("x" * (most - 10) + " ") if most > 60 else "x " * ((most - 10) // 2)
    page = f"<title>{text}{secret}</title>".encode()
    kept = recorded(
        method=f"{text}{secret}",
        host=f"{text}{secret}",
        path=f"{text}{secret}",
        query=f"code={secret}&scope={text}{secret}",
        request_headers=[("User-Agent", f"{text}{secret}"), ("Content-Type", f"{text}{secret}")],
        response_headers=[("Content-Type", "text/html")],
        response_body=page,
        response_size=len(page),
    )

    assert secret[6:9] not in stored(kept).replace("swordf••", "")


def test_no_part_of_a_secret_is_stored_where_json_is_cut() -> None:
    document = {
        "code": "swordfish-and-chips",
        "name": ["x " * 50] * 37 + ["swordfish-and-chips"] * 9,
    }

    for lead in range(0, 60):
        assert "swordfish" not in json_answer(document | {"title": "." * lead})


@pytest.mark.parametrize(
    "fields", ["client_id=x&scope=wonderla", "client_id=x&scope", "client_id=x&wonderla"]
)
def test_the_last_field_of_a_truncated_form_is_omitted(fields: str) -> None:
    """It may contain half a secret."""
    assert cut_off(fields.encode(), FORM).form == [("client_id", "x"), ("…", "more")]


@pytest.mark.parametrize("content", [b'{"id": 1}', b'{"id": "wonderla', b"12345"])
def test_truncated_json_is_not_stored(content: bytes) -> None:
    assert cut_off(content, "application/json").text == "JSON that is too long to be stored"


# Odd input


@pytest.mark.parametrize(
    "fields",
    [
        b"code=\xff\xfe\x00swordfish",
        b"%ff%fe=swordfish",
        b"code=%00swordfish",
        b"=swordfish",
        b"&&;swordfish=swordfish",
    ],
    ids=str,
)
def test_odd_bytes_are_masked(fields: bytes) -> None:
    kept = form(fields)

    assert kept
    assert "swordfish" not in [value for _, value in kept]
    assert "\x00swordfish" not in str(kept)


def test_half_a_character_can_be_stored_and_shown() -> None:
    """JSON can contain a lone surrogate, but files and pages cannot."""
    kept = json_answer(rb'{"title": "\ud83d", "code": "\ud83d swordfish", "state": "\ud83d"}')

    assert "swordfish" not in kept.encode().decode()
    assert '"title": "?"' in kept
