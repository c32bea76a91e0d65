"""A card shows only the message that decided its attack."""

import re

import pytest
import requests
from world.legs import Legs

from inspector.lab.actors import MALLORY
from inspector.lab.attack import Attack
from inspector.lab.attacks import ATTACKS
from inspector.lab.cards import Card, cards
from inspector.lab.laboratory import Laboratory
from inspector.lab.outcome import Outcome, to_document
from inspector.lab.run import run, run_all
from inspector.lab.stage import Stage
from inspector.record.store import Store


@pytest.fixture
def laboratory(lab: Stage, watched: Store) -> Laboratory:
    return Laboratory(
        watched,
        run=lambda attacks, report: run_all(lab, report, attacks),
        compare=lambda _: None,
    )


def find_attack(slug: str) -> Attack:
    return next(attack for attack in ATTACKS if attack.slug == slug)


def find_card(laboratory: Laboratory, slug: str) -> Card:
    return next(card for card in cards(laboratory, slug) if card.attack.slug == slug)


def pattern_of(aim: str) -> re.Pattern[str]:
    """Compile an attack's method and path, in which `…` stands for an id."""
    return re.compile(re.escape(aim).replace("…", "[^/]+"))


def test_every_card_shows_the_response_of_the_attacked_endpoint(
    laboratory: Laboratory,
) -> None:
    laboratory.start(ATTACKS)
    laboratory.join(60)
    shown = [card for card in cards(laboratory, ATTACKS[0].slug) if card.result]

    assert len(shown) == len(ATTACKS)
    for each in shown:
        assert isinstance(each.result, Outcome), each.result
        assert each.exchange
        assert each.exchange.status == each.result.status
        assert pattern_of(each.attack.aim).fullmatch(f"{each.exchange.method} {each.exchange.path}")


def test_a_refusal_of_the_api_is_not_replaced_by_the_introspection(
    lab: Stage, watched: Store, laboratory: Laboratory
) -> None:
    """Photo API introspects the token under the same request id and gets a 200."""
    outcome = run(find_attack("refresh-token-as-access-token"), lab)
    watched.save_result("refresh-token-as-access-token", to_document(outcome))

    shown = find_card(laboratory, "refresh-token-as-access-token")

    assert shown.answer.startswith("HTTP/1.1 401 Unauthorized")
    assert "WWW-Authenticate: Bearer" in shown.answer
    assert "active" not in shown.answer
    assert shown.sent.startswith("GET /photos HTTP/1.1")


def test_a_deciding_header_is_shown_on_the_card(
    lab: Stage, watched: Store, laboratory: Laboratory
) -> None:
    watched.save_result("forged-consent", to_document(run(find_attack("forged-consent"), lab)))

    assert "Origin: https://mallory.example" in find_card(laboratory, "forged-consent").sent


def test_a_card_shows_the_response_text_and_the_logged_reason(
    lab: Stage, watched: Store, laboratory: Laboratory
) -> None:
    watched.save_result("pkce-plain", to_document(run(find_attack("pkce-plain"), lab)))

    shown = find_card(laboratory, "pkce-plain")

    assert shown.description == "code_challenge_method must be S256."
    assert shown.reasons == ["the code challenge method is not S256"]


@pytest.mark.parametrize(
    ("slug", "cause"),
    [
        ("expired-access-token", "the access token has expired"),
        ("revoked-access-token", "the grant has ended: the client revoked it"),
    ],
)
def test_the_reason_logged_at_the_introspection_is_shown(
    lab: Stage, watched: Store, laboratory: Laboratory, slug: str, cause: str
) -> None:
    watched.save_result(slug, to_document(run(find_attack(slug), lab)))

    assert find_card(laboratory, slug).reasons == [
        "the authorization server says that the token is not active",
        cause,
    ]


def test_refusals_of_later_messages_are_not_shown(
    lab: Stage, watched: Store, laboratory: Laboratory
) -> None:
    """The attack then introspects Print Shop's tokens, which are inactive by now."""
    watched.save_result("code-replay", to_document(run(find_attack("code-replay"), lab)))

    assert find_card(laboratory, "code-replay").reasons == ["the code was redeemed before"]


REQUEST_ID = "lab-code-replay-abc123-07"
REFUSED = Outcome(
    has_succeeded=False, status=400, error="invalid_grant", description="", request_id=REQUEST_ID
)


def redeem_with_request_id(legs: Legs, user_agent: str, code: str) -> requests.Response:
    """Send a request that claims the lab's request id."""
    settings = legs.client_app.extensions["tripod.settings"]
    headers = {"X-Request-Id": REQUEST_ID, "User-Agent": user_agent}
    form = {"grant_type": "authorization_code", "code": code}
    credentials = (settings.client_id, settings.client_secret)
    return legs.session().post(
        f"{legs.auth_server_url}/oauth/token", form, auth=credentials, headers=headers, timeout=5
    )


def test_a_foreign_message_with_the_same_request_id_is_not_shown(
    legs: Legs, watched: Store, laboratory: Laboratory
) -> None:
    watched.save_result("code-replay", to_document(REFUSED))
    redeem_with_request_id(legs, "curl/8.5.0", "a guess")

    assert find_card(laboratory, "code-replay").exchange is None


def test_the_first_of_two_matching_messages_is_shown(
    legs: Legs, watched: Store, laboratory: Laboratory
) -> None:
    watched.save_result("code-replay", to_document(REFUSED))
    redeem_with_request_id(legs, MALLORY, "first")
    redeem_with_request_id(legs, MALLORY, "second")

    shown = find_card(laboratory, "code-replay").exchange

    assert shown
    assert shown.id == min(each.id for each in watched.exchanges() if each.request_id == REQUEST_ID)
