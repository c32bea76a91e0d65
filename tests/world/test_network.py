"""HTTP without sockets behaves as HTTP: programs get the same responses as on a real network."""

from collections.abc import Iterator

import pytest
import requests
from flask import Flask, Response, jsonify, request
from flask.typing import ResponseReturnValue

from world.network import Network

URL = "http://server.example:8080"


@pytest.fixture
def network() -> Network:
    """Serve one application that repeats the request, and one on https that returns its URL."""
    server, network = Flask("server"), Network()

    @server.route("/echo/<name>", methods=["GET", "POST"])
    def echo(name: str) -> ResponseReturnValue:
        return jsonify(
            name=name,
            query=request.args.to_dict(flat=False),
            form=request.form.to_dict(),
            body=request.get_data(as_text=True),
            host=request.host,
            url=request.url,
            address=request.remote_addr,
            type=request.content_type,
            accept=request.headers.get("Accept"),
        )

    @server.get("/cookies")
    def cookies() -> Response:
        response = jsonify(dict(request.cookies))
        response.set_cookie("first", "1")
        response.set_cookie("second", "2", path="/elsewhere")
        return response

    network.attach(URL, server)
    network.attach("https://server.example", server)
    return network


@pytest.fixture
def session(network: Network) -> requests.Session:
    return network.mount(requests.Session())


def test_what_is_sent_arrives(session: requests.Session) -> None:
    answer = session.post(f"{URL}/echo/x?x=1&x=%26", data={"field": "ä +&="}).json()

    assert answer["query"] == {"x": ["1", "&"]}
    assert answer["form"] == {"field": "ä +&="}
    assert answer["host"] == "server.example:8080"
    assert answer["type"] == "application/x-www-form-urlencoded"


def test_a_path_arrives_decoded(session: requests.Session) -> None:
    assert session.get(f"{URL}/echo/a%20ü").json()["name"] == "a ü"


def test_a_body_may_be_bytes_or_come_in_pieces(session: requests.Session) -> None:
    def pieces() -> Iterator[bytes]:
        yield b"one "
        yield b"two"

    assert session.post(f"{URL}/echo/x", data=b"one two").json()["body"] == "one two"
    assert session.post(f"{URL}/echo/x", data=pieces()).json()["body"] == "one two"


def test_the_scheme_and_the_default_port_are_known(session: requests.Session) -> None:
    assert (
        session.get("https://server.example/echo/x").json()["url"]
        == "https://server.example/echo/x"
    )


def test_several_cookies_are_kept_by_their_paths(session: requests.Session) -> None:
    session.get(f"{URL}/cookies")

    assert session.get(f"{URL}/cookies").json() == {"first": "1"}


def test_a_head_request_has_no_body(session: requests.Session) -> None:
    answer = session.head(f"{URL}/cookies")

    assert answer.status_code == 200
    assert answer.content == b""


def test_an_origin_that_nobody_answers_for_cannot_be_connected_to(
    session: requests.Session,
) -> None:
    with pytest.raises(requests.ConnectionError):
        session.get("http://server.example:8081/")


def test_an_origin_can_be_cut_off_for_a_while(session: requests.Session, network: Network) -> None:
    with network.cut_off(URL), pytest.raises(requests.ConnectionError):
        session.get(f"{URL}/cookies")

    assert network.exchanges == []
    assert session.get(f"{URL}/cookies").status_code == 200


def test_an_answer_can_get_lost(session: requests.Session, network: Network) -> None:
    """The client cannot know that the server received the request."""
    with network.losing_answers_of(URL), pytest.raises(requests.ConnectionError):
        session.post(f"{URL}/echo/x")

    assert [exchange.status for exchange in network.exchanges] == [200]


def test_what_was_said_is_remembered(session: requests.Session, network: Network) -> None:
    session.get(f"{URL}/echo/x")
    session.post(f"{URL}/echo/x", data={"field": "value"})
    session.get(f"{URL}/cookies")

    [exchange] = network.exchanges_with(URL, "/echo/x", method="POST")
    assert exchange.form == {"field": "value"}
    assert exchange.json["name"] == "x"
    assert len(network.exchanges_with(URL)) == 3


def test_a_request_can_come_from_elsewhere(session: requests.Session, network: Network) -> None:
    session.mount("http://", network.adapter("203.0.113.9"))

    assert session.get(f"{URL}/echo/x").json()["address"] == "203.0.113.9"
