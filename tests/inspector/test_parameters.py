"""Every parameter of the protocol has a one-sentence explanation with its RFC section."""

import re

import pytest
from world.cast import Person
from world.legs import Legs

from inspector.read.explanations import AT, EVERYWHERE, explained
from inspector.read.response_json import members
from inspector.record.exchange import Exchange
from inspector.record.parameters import Section
from inspector.record.store import Store
from tests.inspector.exchanges import exchange

ENTRIES = [*EVERYWHERE.items(), *AT.items()]


@pytest.mark.parametrize(
    ("words", "section"), [entry for _, entry in ENTRIES], ids=[str(name) for name, _ in ENTRIES]
)
def test_an_explanation_is_short_and_ends_with_a_full_stop(
    words: str, section: Section | None
) -> None:
    assert words.endswith(".")
    assert len(words) < 100
    assert section is None or re.fullmatch(
        r"https://[\w.-]+/[\w./-]+#(section-[\d.]+|\w+)", section.url
    )


def parameters_of(one: Exchange) -> set[str]:
    return {name for name, _ in [*one.query, *one.request_body.form]} | set(members(one))


def test_every_parameter_of_a_complete_flow_is_explained(
    inspected: Legs, watched: Store, alice: Person
) -> None:
    alice.go_through(f"{inspected.client_app_url}/connect")
    alice.browser.press("Refresh now")
    alice.browser.press("Disconnect")
    protocol = [
        one
        for one in watched.exchanges()
        if one.path.startswith(("/oauth/", "/login", "/callback", "/connect"))
    ]

    unexplained = {
        f"{one.path} {name}"
        for one in protocol
        for name in parameters_of(one) - {each.name for each in explained(one)}
    }

    assert len(protocol) > 10
    assert unexplained == set()


def test_a_name_can_have_different_meanings_at_different_endpoints() -> None:
    asked = exchange("auth_server", "GET /oauth/authorize", query=[("redirect_uri", "x")])
    redeemed = exchange("auth_server", "POST /oauth/token", form=[("redirect_uri", "x")])

    [first], [second] = explained(asked), explained(redeemed)

    assert first.words != second.words
    assert str(second.section) == "RFC 6749, 4.1.3"


@pytest.mark.parametrize(
    ("path", "section"),
    [("/oauth/authorize", "RFC 6749, 3.1"), ("/oauth/token", "RFC 6749, 3.2"), ("/login", "None")],
)
def test_an_unknown_name_is_explained_as_unknown(path: str, section: str) -> None:
    """The authorization server MUST ignore unrecognized request parameters (RFC 6749 §3.1, §3.2)."""
    [unknown] = explained(exchange("auth_server", f"GET {path}", query=[("utm_source", "x")]))

    assert (unknown.name, str(unknown.section)) == ("utm_source", section)


def test_members_of_the_resource_are_not_parameters() -> None:
    assert (
        explained(
            exchange("resource_api", "GET /photos/1", answer='{"title": "Dune", "width": 960}')
        )
        == []
    )


def test_the_note_about_omitted_parameters_is_not_a_parameter() -> None:
    assert explained(exchange("auth_server", "GET /login", query=[("…", "2,400 more")])) == []
