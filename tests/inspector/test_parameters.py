"""Each parameter of the protocol has an explanation of one sentence, with an RFC section."""

import re

import pytest
from world.cast import Person
from world.legs import Legs

from inspector.read.explanations import AT, EVERYWHERE, explained, explained_response
from inspector.read.response_json import members
from inspector.record.exchange import Exchange
from inspector.record.parameter_kinds import Section
from inspector.record.store import Store
from tests.inspector.exchanges import exchange

ENTRIES = [
    *EVERYWHERE.items(),
    *((f"{name} at {place}", meaning) for place in AT for name, meaning in AT[place].items()),
]


@pytest.mark.parametrize(
    ("words", "section"), [entry for _, entry in ENTRIES], ids=[name for name, _ in ENTRIES]
)
def test_an_explanation_is_short_and_ends_with_a_full_stop(
    words: str, section: Section | None
) -> None:
    assert words.endswith(".")
    assert len(words) < 100
    assert section is None or re.fullmatch(
        r"https://[\w.-]+/[\w./-]+#(section-[\d.]+|\w+)", section.url
    )


def parameters_of(message: Exchange) -> set[str]:
    """Return the names of the parameters in a request and of the members in its response."""
    parameters = [*message.query, *message.request_body.form]
    return {name for name, _ in parameters} | set(members(message))


def explained_names(message: Exchange) -> set[str]:
    return {each.name for each in [*explained(message), *explained_response(message)]}


def test_every_parameter_of_a_complete_flow_is_explained(
    inspected: Legs, watched: Store, alice: Person
) -> None:
    alice.go_through(f"{inspected.client_app_url}/connect")
    alice.browser.press("Refresh now")
    alice.browser.press("Disconnect")
    protocol = [
        message
        for message in watched.exchanges()
        if message.path.startswith(("/oauth/", "/login", "/callback", "/connect"))
    ]

    unexplained = {
        f"{message.path} {name}"
        for message in protocol
        for name in parameters_of(message) - explained_names(message)
    }

    assert len(protocol) > 10
    assert unexplained == set()


def test_a_name_can_have_different_meanings_at_different_endpoints() -> None:
    authorization_request = exchange(
        "auth_server", "GET /oauth/authorize", query=[("redirect_uri", "x")]
    )
    token_request = exchange("auth_server", "POST /oauth/token", form=[("redirect_uri", "x")])

    [first], [second] = explained(authorization_request), explained(token_request)

    assert first.words != second.words
    assert str(second.section) == "RFC 6749, 4.1.3"


@pytest.mark.parametrize(
    ("path", "section"),
    [("/oauth/authorize", "RFC 6749, 3.1"), ("/oauth/token", "RFC 6749, 3.2"), ("/login", "None")],
)
def test_an_unknown_parameter_is_explained_as_unknown(path: str, section: str) -> None:
    """The server MUST ignore unrecognized request parameters (RFC 6749 §3.1, §3.2)."""
    [unknown] = explained(exchange("auth_server", f"GET {path}", query=[("utm_source", "x")]))

    assert (unknown.name, str(unknown.section)) == ("utm_source", section)


def test_optional_parameters_of_the_authorization_request_are_explained() -> None:
    query = [("prompt", "login"), ("login_hint", "alice"), ("resource", "https://mcp.example/")]
    message = exchange("auth_server", "GET /oauth/authorize", query=query)

    assert [str(each.section) for each in explained(message)] == [
        "OpenID Connect Core, 3.1.2.1",
        "OpenID Connect Core, 3.1.2.1",
        "RFC 8707, 2",
    ]


def test_members_of_the_resource_are_not_parameters() -> None:
    assert (
        explained_response(
            exchange(
                "resource_api", "GET /photos/1", response_text='{"title": "Dune", "width": 960}'
            )
        )
        == []
    )


def test_the_note_about_omitted_parameters_is_not_a_parameter() -> None:
    assert explained(exchange("auth_server", "GET /login", query=[("…", "2,400 more")])) == []
