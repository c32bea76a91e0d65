"""The inspector can show a message with any content."""

import random

import pytest
from world.browser import Browser
from world.cast import Person
from world.legs import Legs
from world.registered_client import RegisteredClient

from inspector.read import flows
from inspector.read.parties import PARTIES
from inspector.record.exchange import Body, Exchange, Pairs
from inspector.record.store import Store
from tests.inspector.exchanges import exchange

STRANGE = (
    *(
        "",
        " ",
        "\x00",
        "\u202e",
        "😀" * 50,
        "x" * 5000,
        "<script>alert(1)</script>",
        "{{ 7 * 7 }}",
        "%s %d",
    ),
    *(
        "http://[::1",
        "//",
        "?",
        "#",
        "/\\",
        "javascript:alert(1)",
        "••••••••",
        "••••••••~3fa9c1",
        '"',
        "'",
        "&amp;",
        "%",
    ),
)
NAMES = ("code", "state", "error")
HEADERS = ("Location", "Authorization", "WWW-Authenticate", "User-Agent")
TIES = ("state:1", "code:1", "token:1", "challenge:1", "session:1")
EVENTS = (
    "authorization_code_issued",
    "code_redeemed",
    "tokens_refreshed",
    "grant_ended",
    "request_refused",
    "unknown",
)
PATHS = (
    "/connect",
    "/callback",
    "/oauth/authorize",
    "/oauth/token",
    "/oauth/introspect",
    "/photos",
    "/login",
    "//",
    "/%",
)
LEGS = ("auth_server", "client_app", "resource_api")
STATUSES = (100, 200, 204, 302, 303, 400, 401, 500, 599, 999, 0)
JSON = ("{", "[]", '{"expires_in": 1e400}', "null")


class ExchangeGenerator:
    """A generator of random exchanges that share ties. Equal seeds give equal exchanges."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - the values are test data, not secrets

    def exchange(self) -> Exchange:
        """Return the next random exchange."""
        headers = [(self._one_of(HEADERS), self._word())]
        return exchange(
            self._random.choice(LEGS),
            f"{self._one_of(('GET', 'POST', 'PATCH', 'ODD'))} {self._one_of(PATHS)}",
            at=self._random.uniform(0, 5),
            until=self._random.uniform(-1, 9),
            request_id=self._random.choice(("one", "other", "lab-odd-abcdef-01", "")),
            status=self._random.choice(STATUSES),
            query=self._pairs(),
            request_headers=headers,
            response_headers=headers,
            request_body=Body(
                media_type=self._word(), size=1, form=self._pairs(), text=self._word()
            ),
            response_body=Body(media_type=self._word(), size=1, text=self._one_of(JSON)),
            ties=self._random.sample(TIES, 2),
            events=[self._event()] * self._random.randrange(2),
        )

    def _event(self) -> dict[str, object]:
        lifetime = self._random.choice((0, 60, None, "x"))
        return {
            "event": self._one_of(EVENTS),
            "grant_id": "g",
            "reason": self._word(),
            "grant_lifetime": lifetime,
        }

    def _pairs(self) -> Pairs:
        return [(self._one_of(NAMES), self._word()) for _ in range(self._random.randrange(4))]

    def _word(self) -> str:
        return self._random.choice(STRANGE)

    def _one_of(self, expected: tuple[str, ...]) -> str:
        """Return one of the expected values, or in a fifth of the cases any other value."""
        if self._random.random() < 0.2:
            return self._word()
        return self._random.choice(expected)


@pytest.mark.parametrize("seed", range(3))
def test_any_mixture_of_messages_can_be_shown_in_every_view(
    inspected: Legs, watched: Store, seed: int
) -> None:
    generator = ExchangeGenerator(seed)
    for _ in range(40):
        watched.add(generator.exchange(), watched.run_id)
    browser = Browser(inspected.network)

    for flow in flows.flows(watched.exchanges()):
        for party in PARTIES:
            page = browser.open(
                f"{inspected.client_app_url}/inspector?flow={flow.id}&view={party.view}&all=1&message=3"
            )

            assert page.status == 200, page
            assert "<script>alert" not in page.source
            assert 'href="javascript:' not in page.source


def test_pages_outside_a_flow_are_not_shown(inspected: Legs, watched: Store, alice: Person) -> None:
    alice.browser.fetch(f"{inspected.client_app_url}/nowhere")
    alice.browser.fetch(f"{inspected.auth_server_url}/login?next=//x")

    assert (
        "No messages are recorded yet"
        in alice.browser.open(f"{inspected.client_app_url}/inspector").source
    )


def test_a_lone_surrogate_can_be_shown(
    inspected: Legs, watched: Store, alice: Person, client: RegisteredClient
) -> None:
    """JSON can contain a lone surrogate, but UTF-8 cannot (RFC 8259 §8.2)."""
    token = alice.tokens_for(client, "photos:read photos:write")["access_token"]
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    legs_session = inspected.session()
    legs_session.patch(
        f"{inspected.resource_api_url}/photos/x",
        data=b'{"title": "\\ud800", "\\ud800": 1}',
        headers=headers,
    )

    page = alice.browser.open(f"{inspected.client_app_url}/inspector?all=1")

    assert page.status == 200
    assert "PATCH /photos/x" in page.source
