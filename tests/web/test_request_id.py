"""One id runs through the legs, so that their event logs can be read together."""

from collections.abc import Callable

import pytest
import requests
from flask import Flask
from support.network import Network

from web.back_channel import BackChannel
from web.request_id import HEADER

URL = "http://127.0.0.1:9000"


def test_a_request_without_an_id_is_given_one(http: requests.Session) -> None:
    first, second = http.get(f"{URL}/"), http.get(f"{URL}/")

    assert len(first.headers[HEADER]) == 16
    assert first.headers[HEADER] != second.headers[HEADER]


def test_an_id_that_comes_in_goes_out(http: requests.Session) -> None:
    response = http.post(f"{URL}/machine", headers={HEADER: "abcdef-1234_XYZ"})

    assert response.headers[HEADER] == "abcdef-1234_XYZ"


@pytest.mark.parametrize("presented", ["short", "x" * 65, "a-line\tbreaker", '{"event": "forged"}', "ümläut-12"])
def test_an_id_that_could_confuse_a_log_is_replaced(presented: str, http: requests.Session) -> None:
    response = http.get(f"{URL}/", headers={HEADER: presented.encode()})

    assert response.headers[HEADER] != presented


def test_even_a_refusal_has_an_id(http: requests.Session) -> None:
    assert HEADER in http.get("http://evil.example/").headers
    assert HEADER in http.get(f"{URL}/failure").headers


def test_the_back_channel_carries_the_id_on(start: Callable[..., Flask]) -> None:
    leg, network = start(), Network()
    network.attach(URL, leg)
    back_channel = BackChannel(adapter=network.adapter)
    leg.add_url_rule("/onward", view_func=lambda: back_channel.session().post(f"{URL}/machine").headers[HEADER])

    response = back_channel.session().get(f"{URL}/onward", headers={HEADER: "one-and-the-same"})

    assert response.text == "one-and-the-same"


def test_outside_a_request_there_is_no_id_to_carry(network: Network) -> None:
    BackChannel(adapter=network.adapter).session().get(f"{URL}/")

    [exchange] = network.exchanges
    assert HEADER not in exchange.request_headers
