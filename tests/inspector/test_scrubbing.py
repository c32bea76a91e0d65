"""A value that is masked in one place of a message is masked in all others, in every encoding."""

import json
from urllib.parse import quote

import pytest

from inspector.record.masking import Masker
from inspector.record.scrubbing import DOTS
from tests.inspector.wires import (
    KEY,
    STATE,
    TOKEN,
    record,
    record_header,
    record_json,
    record_response,
    serialize,
)


def test_a_masked_value_is_masked_everywhere_in_the_message() -> None:
    """Even a value that is too short to look like a secret is masked."""
    events = [{"event": "refused", "reason": f"state {STATE} is unknown"}]

    assert STATE not in serialize(
        record(path=f"/callback/{STATE}", query=f"state={STATE}", events=events)
    )


@pytest.mark.parametrize(
    "spelling",
    [
        *(
            "sword/fish and chips",
            "SWORD/fish and Chips",
            "sword%2Ffish%20and%20chips",
            "sword%2ffish+and+chips",
        ),
        *(
            "sword/fish%20and%20chips",
            "%73word/fi%73h and chips",
            "sword%252Ffish%2520and%2520chips",
            "sword/fish+and+chips",
        ),
    ],
)
def test_a_masked_value_is_masked_in_every_encoding(spelling: str) -> None:
    events = [{"event": "refused", "reason": f"state {spelling} is unknown"}]

    [event] = record(query="state=sword%2Ffish%20and%20chips", events=events).events

    assert DOTS in event["reason"]
    assert "fish" not in event["reason"].casefold()
    assert "fi%73h" not in event["reason"]


@pytest.mark.parametrize("sent", ["sword%20fish%2B1", "sword+fish%2B1"])
@pytest.mark.parametrize("kept", ["sword fish+1", "sword%20fish%2B1"])
def test_the_text_around_a_masked_value_is_kept(sent: str, kept: str) -> None:
    masked = Masker(KEY).secret("sword fish+1")

    assert record(query=f"state={sent}", path=f"/about/{kept}").path == f"/about/{masked}"


@pytest.mark.parametrize("scope", ["profile%2525{}", "see%2520{}%252E"])
def test_a_token_with_escapes_is_masked(scope: str) -> None:
    encoded = "".join(f"%25{ord(letter):02x}" for letter in TOKEN)

    assert dict(record(query=f"scope={scope.format(encoded)}").query)["scope"].startswith(DOTS)


def test_a_masked_value_is_masked_inside_nested_addresses() -> None:
    """Each address escapes the value once more."""
    value = quote("sword/fish & chips", "")
    address = f"/photos?after={value}"
    for outer in ("http://shop.example/callback?return_to=", "/oauth/authorize?redirect_uri="):
        address = outer + quote(address, "")

    kept = record(query=f"state={value}&next={quote(address, '')}")

    assert "sword" not in serialize(kept)


def test_a_password_with_escapes_in_an_address_is_masked() -> None:
    assert record_header("User-Agent", "see alice%3Awonderland%40shop.example").startswith(DOTS)


@pytest.mark.parametrize("secret", ['sword"fish', "sword\\fish", "sword\nfish", "swörd/fish"])
def test_a_value_that_json_escapes_is_masked(secret: str) -> None:
    body = json.dumps({"title": f"what is {secret}", "state": secret}).encode()

    kept = record_response(body, "application/json").response_body.text

    masked = Masker(KEY).secret(secret)
    assert json.loads(kept) == {"title": f"what is {masked}", "state": masked}


def test_a_member_name_that_is_a_secret_elsewhere_is_masked() -> None:
    masked = Masker(KEY).secret("swordfish")

    assert json.loads(record_json({"code": "swordfish", "swordfish": True})) == {
        "code": masked,
        masked: True,
    }


def test_a_number_that_is_a_secret_elsewhere_is_masked() -> None:
    """The name `id` is one of those whose numbers are stored in clear."""
    assert json.loads(record_json({"pin": 31415926, "id": 31415926, "size": 3})) == {
        "pin": DOTS,
        "id": DOTS,
        "size": 3,
    }


def test_a_secret_in_the_request_id_is_masked() -> None:
    kept = record(query="code=wonder-land-1", response_headers=[("X-Request-Id", "wonder-land-1")])

    assert kept.request_id == Masker(KEY).secret("wonder-land-1")
    assert "wonder-land-1" not in serialize(kept)


def test_a_mask_in_the_request_does_not_change_other_masks() -> None:
    masked = Masker(KEY).secret(TOKEN)
    query = (
        f"state={DOTS}&magic={quote(masked)}&nonce={quote(DOTS)}&code={TOKEN}&client_id=print-shop"
    )

    kept = dict(record(query=query).query)

    assert kept["code"] == masked
    assert kept["client_id"] == "print-shop"


def test_a_value_that_begins_with_another_is_masked_completely() -> None:
    exchange = record(query="state=swordfish&code=swordfish-and-chips", path="/swordfish-and-chips")

    assert exchange.path == f"/{DOTS}~{Masker(KEY).fingerprint('swordfish-and-chips')}"


def test_a_short_secret_does_not_mask_other_words() -> None:
    """`%65%65%65` has nine characters, but it is an encoding of `eee`."""
    kept = record(query="magic=%2565%2565%2565&other=e", response_headers=[("Allow", "eee GET")])

    assert dict(kept.response_headers)["Allow"] == "eee GET"
