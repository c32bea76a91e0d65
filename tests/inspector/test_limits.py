"""Limits of the recording.

A bounded part of each message is stored. No part of a secret is stored where a value is cut.
"""

import json
from typing import Any
from urllib.parse import quote

import pytest

from inspector.record.bodies import FORM
from inspector.record.limits import (
    DEPTH,
    ESCAPES,
    EXCERPT,
    FIELDS,
    HEADER,
    HOST,
    JSON_DEPTH,
    MEDIA_TYPE,
    METHOD,
    TEXT,
    TITLE,
)
from inspector.record.scrubbing import DOTS
from tests.inspector.wires import (
    STATE,
    TOKEN,
    record,
    record_form,
    record_header,
    record_json,
    record_response,
    serialize,
)

MANY = "&".join(f"name{n}=value{n}" for n in range(2500))


def record_truncated(content: bytes, media_type: str) -> Any:
    """Return the body that is recorded of a request if only `content` of it was copied."""
    return record(
        method="POST",
        request_headers=[("Content-Type", media_type)],
        request_body=content,
        request_size=99_999,
    ).request_body


# Numbers of items


def test_the_first_parameters_are_stored_and_the_others_counted() -> None:
    for kept in (record(query=MANY).query, record_form(MANY)):
        assert [name for name, _ in kept] == [*(f"name{n}" for n in range(FIELDS)), "…"]
        assert kept[-1] == ("…", "2,400 more")


def test_parameters_within_the_limit_are_stored_without_a_note() -> None:
    fields = "&".join(f"name{n}=1" for n in range(FIELDS))

    assert [name for name, _ in record_form(fields)] == [f"name{n}" for n in range(FIELDS)]


def test_the_first_parameters_of_an_address_are_stored() -> None:
    kept = record_header("Referer", f"http://127.0.0.1:9001/?{MANY}")

    assert f"&name{FIELDS - 1}=" in kept or len(kept) == TEXT
    assert "name100" not in kept


def test_the_first_cookies_are_stored() -> None:
    kept = record_header("Cookie", "; ".join(f"c{n}=" for n in range(2500))).split("; ")

    assert kept == [*[f"{DOTS}="] * FIELDS, "…"]


def test_the_first_headers_are_stored() -> None:
    assert len(record(request_headers=[("Accept", "*/*")] * 2500).request_headers) == FIELDS


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
def test_the_first_json_values_are_stored_and_the_others_counted(document: Any, more: Any) -> None:
    assert more(json.loads(record_json(document))) == "… 2,000 more"


def test_only_the_first_secrets_have_different_fingerprints() -> None:
    hundreds = [[f"name{n}=secret{n}{letter}" for n in range(100)] for letter in "abc"]
    request = {
        "query": "&".join(hundreds[0]),
        "request_headers": [("Cookie", "; ".join(hundreds[1])), ("Content-Type", FORM)],
        "request_body": "&".join(hundreds[2]).encode(),
    }
    response = {
        "response_headers": [("Content-Type", "application/json")],
        "response_body": b'{"code": "secret number 301"}',
    }

    kept = record(**request, **response)

    assert len(set(kept.request_body.form)) == 100
    assert json.loads(kept.response_body.text) == {"code": DOTS}


def test_the_first_events_are_stored() -> None:
    assert len(record(events=[{"event": "code_redeemed"}] * 2500).events) == FIELDS


def test_the_first_ties_are_stored() -> None:
    states = "&".join(f"state={n}" for n in range(90))
    inner = quote("/?" + states.replace("=", "=x"), "")

    assert len(record(query=f"{states}&next={inner}").ties) == FIELDS


# Depth


def nest_address(depth: int) -> str:
    """Return an address with a state inside `depth` other addresses."""
    return "/?next=" * depth + f"/?state={STATE}"


@pytest.mark.parametrize("depth", [DEPTH, DEPTH + 1, 400, 4000])
def test_deeply_nested_addresses_are_masked(depth: int) -> None:
    kept = record(query=nest_address(depth).removeprefix("/?"))

    assert kept.query[0][0] == "next"
    assert STATE not in serialize(kept)


@pytest.mark.parametrize("depth", [JSON_DEPTH + 1, 600, 900])
@pytest.mark.parametrize(
    ("before", "after"), [("[", "]"), ('{"id": ', "}")], ids=["lists", "objects"]
)
def test_deeply_nested_json_is_omitted(depth: int, before: str, after: str) -> None:
    kept = record_json(f'{before * depth}"31415926"{after * depth}'.encode())

    assert "1 more" in kept
    assert "31415926" not in kept


def test_an_address_nested_too_deeply_is_masked_as_a_whole() -> None:
    addresses = ["/album"]
    for _ in range(DEPTH + 1):
        addresses.append(f"/?next={quote(addresses[-1], '')}")

    kept = record_form(f"next={quote(addresses[DEPTH], '')}")[0][1]
    deeper = record_form(f"next={quote(addresses[DEPTH + 1], '')}")[0][1]

    assert "album" in kept
    assert "album" not in deeper
    assert DOTS in deeper


def test_a_text_that_is_encoded_too_often_is_masked_as_a_whole() -> None:
    text = "photo albums"
    for _ in range(ESCAPES + 1):
        text = quote(text, "")

    assert dict(record_form(f"title={quote(text, '')}"))["title"].startswith(DOTS)


# Length


LONG = "x " * 50_000


@pytest.fixture
def largest_message() -> dict[str, Any]:
    """Return a message whose parts are all larger than a server accepts."""
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
    kept = record(
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
    kept = record_response(page, "text/html")

    assert len(kept.response_body.text) == len("an HTML page: “”") + TITLE


def test_a_long_json_document_is_cut() -> None:
    kept = record_json({"name": ["x " * 50] * 100})

    assert len(kept) == EXCERPT + len("\n…")
    assert kept.endswith("\n…")


def test_the_stored_message_has_a_maximum_size(largest_message: dict[str, Any]) -> None:
    assert len(serialize(record(**largest_message))) < 1_000_000


# Truncation


@pytest.mark.parametrize("limit", [METHOD, HOST, HEADER, TEXT, MEDIA_TYPE, TITLE])
@pytest.mark.parametrize("secret", ["swordfish-and-chips", TOKEN])
def test_no_part_of_a_secret_is_stored_at_a_cut(limit: int, secret: str) -> None:
    """A secret that is cut before it is masked would not be recognized."""
    text = "x " * ((limit - 10) // 2)
    if limit > 60:
        text = "x" * (limit - 10) + " "
    page = f"<title>{text}{secret}</title>".encode()
    kept = record(
        method=f"{text}{secret}",
        host=f"{text}{secret}",
        path=f"{text}{secret}",
        query=f"code={secret}&scope={text}{secret}",
        request_headers=[("User-Agent", f"{text}{secret}"), ("Content-Type", f"{text}{secret}")],
        response_headers=[("Content-Type", "text/html")],
        response_body=page,
        response_size=len(page),
    )

    assert secret[6:9] not in serialize(kept).replace("swordf••", "")


def test_no_part_of_a_secret_is_stored_where_json_is_cut() -> None:
    document = {
        "code": "swordfish-and-chips",
        "name": ["x " * 50] * 37 + ["swordfish-and-chips"] * 9,
    }

    for shift in range(60):
        assert "swordfish" not in record_json(document | {"title": "." * shift})


@pytest.mark.parametrize(
    "fields", ["client_id=x&scope=wonderla", "client_id=x&scope", "client_id=x&wonderla"]
)
def test_the_last_field_of_a_truncated_form_is_omitted(fields: str) -> None:
    """The field may contain the beginning of a secret."""
    assert record_truncated(fields.encode(), FORM).form == [("client_id", "x"), ("…", "more")]


@pytest.mark.parametrize("content", [b'{"id": 1}', b'{"id": "wonderla', b"12345"])
def test_truncated_json_is_not_stored(content: bytes) -> None:
    assert (
        record_truncated(content, "application/json").text == "JSON that is too long to be stored"
    )


# Malformed input


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
def test_malformed_form_fields_are_masked(fields: bytes) -> None:
    kept = record_form(fields)

    assert kept
    assert "swordfish" not in [value for _, value in kept]
    assert "\x00swordfish" not in str(kept)


def test_a_lone_surrogate_is_replaced_by_a_question_mark() -> None:
    """JSON can contain a lone surrogate, but UTF-8 cannot (RFC 8259 §8.2)."""
    kept = record_json(rb'{"title": "\ud83d", "code": "\ud83d swordfish", "state": "\ud83d"}')

    assert "swordfish" not in kept.encode().decode()
    assert '"title": "?"' in kept
