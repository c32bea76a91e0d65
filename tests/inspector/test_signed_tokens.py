"""An ID token is recorded decoded, without its signature, so that nobody can use it."""

import json
from typing import Any

import pytest

from inspector.record.bodies import FORM
from inspector.record.exchange import Exchange
from tests.inspector import signed
from tests.inspector.wires import record, record_response

LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"


def respond(id_token: str, **members: object) -> Exchange:
    """Return what is recorded of a token response with this ID token."""
    document = {"access_token": signed.ACCESS_TOKEN, "id_token": id_token, **members}
    return record_response(json.dumps(document).encode(), "application/json")


def send_form(**fields: str) -> Exchange:
    """Return what is recorded of a form with these fields."""
    body = "&".join(f"{name}={value}" for name, value in fields.items()).encode()
    return record(
        leg="client_app",
        method="POST",
        path="/backchannel-logout",
        request_headers=[("Content-Type", FORM)],
        request_body=body,
        request_size=len(body),
    )


def only_token(exchange: Exchange) -> dict[str, Any]:
    [found] = exchange.signed_tokens
    return found


def test_an_id_token_in_a_response_is_decoded() -> None:
    token = only_token(respond(signed.token()))

    assert token["parameter"] == "id_token"
    assert token["is_signed"]
    assert token["header"] == signed.HEADER
    assert {name: token["claims"][name] for name in ("iss", "sub", "aud", "iat", "exp")} == {
        "iss": "http://127.0.0.1:9000",
        "sub": "248289761001",
        "aud": "print-shop",
        "iat": 1000,
        "exp": 4600,
    }


def test_neither_signature_nor_claims_are_stored_encoded() -> None:
    id_token = signed.token()
    parts = id_token.split(".")

    stored = json.dumps(respond(id_token, note=id_token, part=parts[2]).to_document())

    assert [part for part in (id_token, parts[1], parts[2]) if part in stored] == []


def test_an_id_token_is_not_sealed_to_be_revealed_later() -> None:
    id_token = signed.token()
    document = json.dumps({"access_token": signed.ACCESS_TOKEN, "id_token": id_token}).encode()

    exchange = record(
        method="POST",
        path="/oauth/token",
        response_headers=[("Content-Type", "application/json")],
        response_body=document,
        response_size=len(document),
        events=[{"event": "code_redeemed"}],
    )

    assert [tie.partition(":")[0] for tie, _ in exchange.sealed.values()] == ["token"]


def test_nonce_and_hash_are_fingerprints() -> None:
    token = only_token(respond(signed.token()))
    request = record(path="/oauth/authorize", query=f"nonce={signed.NONCE}")

    assert token["claims"]["nonce"] == dict(request.query)["nonce"]
    assert signed.NONCE not in json.dumps(token)
    assert token["claims"]["at_hash"] == token["at_hash"]


def test_the_hash_of_another_access_token_differs() -> None:
    token = only_token(respond(signed.token(at_hash="77QmUPtjPfzWtF2AnpK9RQ")))

    assert token["claims"]["at_hash"] != token["at_hash"]


def test_a_hint_in_an_address_joins_the_logout_to_the_flow() -> None:
    id_token = signed.token()

    issued, logout = (
        respond(id_token),
        record(path="/oauth/logout", query=f"id_token_hint={id_token}"),
    )

    assert only_token(logout)["parameter"] == "id_token_hint"
    assert id_token not in json.dumps(logout.to_document())
    assert any(tie.startswith("id_token:") for tie in set(issued.ties) & set(logout.ties))


def test_a_logout_token_in_a_form_is_decoded() -> None:
    logout_token = signed.token(
        {"alg": "RS256", "typ": "logout+jwt"}, nonce=None, events={LOGOUT_EVENT: {}}
    )

    exchange = send_form(logout_token=logout_token)

    assert only_token(exchange)["claims"]["events"] == {LOGOUT_EVENT: {}}
    assert logout_token not in json.dumps(exchange.to_document())
    assert any(
        tie.startswith("sid:") for tie in set(exchange.ties) & set(respond(logout_token).ties)
    )


def test_a_token_without_a_signature_is_marked() -> None:
    token = only_token(respond(signed.token({"alg": "none"}, signature="")))

    assert (token["header"], token["is_signed"]) == ({"alg": "none"}, False)


def test_an_unknown_claim_is_masked() -> None:
    token = only_token(respond(signed.token(favourite="a-secret-of-alice")))

    assert token["claims"]["favourite"].startswith("••••••••")


def test_an_email_address_is_not_recorded() -> None:
    token = only_token(respond(signed.token(email="alice@example.com")))

    assert token["claims"]["email"] == "••••••••"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a.b",
        "a.b.c",
        "a.b.c.d.e",
        f"{signed.encode([1])}.{signed.encode({})}.c",
        f"{signed.encode({})}.{signed.encode('text')}.c",
        f"{signed.encode({})}.W1tbW1tb.c",
        "é.é.é",
        f"{signed.encode({})}.{signed.encode({'sub': 'a' * 20_000})}.c",
    ],
)
def test_anything_else_is_masked_and_not_decoded(text: str) -> None:
    assert respond(text).signed_tokens == []


def test_a_number_named_code_ties_no_messages() -> None:
    """A JSON-RPC error has one."""
    body = b'{"jsonrpc": "2.0", "error": {"code": -32601, "message": "Method not found"}}'

    assert record_response(body, "application/json").ties == []
