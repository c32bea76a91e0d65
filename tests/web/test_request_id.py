"""The legs pass a request id on, so that their event logs can be read together."""

from collections.abc import Callable

import pytest
import requests
from flask import Flask
from world.network import Network

from web.back_channel import BackChannel
from web.request_id import HEADER

URL = "http://127.0.0.1:9000"


def test_a_request_without_an_id_gets_a_new_one(http: requests.Session) -> None:
    first, second = http.get(f"{URL}/"), http.get(f"{URL}/")

    assert len(first.headers[HEADER]) == 16
    assert first.headers[HEADER] != second.headers[HEADER]


@pytest.mark.parametrize(
    "request_id",
    [
        "abcdef-1234",
        "0d8f1f8e-6d0b-4c8e-9a51-3b1f0a52c4d9",
        "a-long-id-that-consists-of-short-words-a1b2c3-01",
    ],
)
def test_an_incoming_id_is_returned(request_id: str, http: requests.Session) -> None:
    response = http.post(f"{URL}/machine", headers={HEADER: request_id})

    assert response.headers[HEADER] == request_id


@pytest.mark.parametrize(
    "request_id", ["short", "ab-" * 21 + "cd", "a-tab\tinside", '{"event": "forged"}', "ümläut-12"]
)
def test_a_malformed_id_is_replaced(request_id: str, http: requests.Session) -> None:
    response = http.get(f"{URL}/", headers={HEADER: request_id.encode()})

    assert response.headers[HEADER] != request_id


@pytest.mark.parametrize(
    "request_id",
    [
        "tGzvFWFjXmRk1J2mO8cQSplxl0BeZQQYbYS6WxSbIA0",
        "3f1b0a52c4d94e6f9c27de81ab604f35",
        "2YotnFZFEjr1zCsicMWpAA",
    ],
    ids=["a token", "32 hexadecimal digits", "the token of RFC 6749"],
)
def test_an_id_that_could_be_a_token_is_replaced(request_id: str, http: requests.Session) -> None:
    """The event logs contain request ids, and must not contain tokens."""
    response = http.get(f"{URL}/", headers={HEADER: request_id})

    assert response.headers[HEADER] != request_id


def test_an_error_response_has_an_id(http: requests.Session) -> None:
    assert HEADER in http.get("http://evil.example/").headers
    assert HEADER in http.get(f"{URL}/failure").headers


def test_the_back_channel_sends_the_id(start: Callable[..., Flask]) -> None:
    leg, network = start(), Network()
    network.attach(URL, leg)
    back_channel = BackChannel(adapter=network.adapter)
    leg.add_url_rule(
        "/forward", view_func=lambda: back_channel.session().post(f"{URL}/machine").headers[HEADER]
    )

    response = back_channel.session().get(f"{URL}/forward", headers={HEADER: "the-same-request"})

    assert response.text == "the-same-request"


def test_outside_a_request_no_id_is_sent(network: Network) -> None:
    BackChannel(adapter=network.adapter).session().get(f"{URL}/")

    [exchange] = network.exchanges
    assert HEADER not in exchange.request_headers
