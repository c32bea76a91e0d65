"""`GET /inspector` at Print Shop: what went over the wire, without JavaScript."""

import re
from html import unescape
from pathlib import Path

import pytest
from support.browser import Browser
from support.cast import Attacker, Person
from support.clock import Clock
from support.legs import Legs
from support.registered_client import RegisteredClient

from inspector.lab.attacks import ATTACKS
from inspector.lab.run import run
from inspector.record.store import Store
from tests.inspector.lab.conftest import stage_for

ROOT = Path(__file__).resolve().parents[2]
ARROW = re.compile(r'data-message="(\d+)" aria-label="(?:([A-Z]\d): )?([^"]*)"')
PARTIES = ["browser", "client", "authorization-server", "resource-api"]


@pytest.fixture
def inspector(inspected: Legs) -> Browser:
    """Another tab, at the inspector."""
    browser = Browser(inspected.network)
    browser.open(f"{inspected.client_app_url}/inspector")
    return browser


def look(inspector: Browser, query: str = "") -> str:
    """The page as it is now."""
    page = inspector.open(re.sub(r"/inspector.*", f"/inspector{query}", inspector.current.url))
    assert page.status == 200, page
    return page.source


def arrows(html: str) -> list[tuple[str, str]]:
    """Step and words of every arrow of the drawing."""
    return [(step, unescape(words)) for _, step, words in ARROW.findall(html)]


def number_of(html: str, words: str) -> str:
    """The message whose arrow says that."""
    return next(n for n, _, said in ARROW.findall(html) if words in unescape(said))


def refused(inspector: Browser) -> list[str]:
    """Why something was refused, as the newest flow tells."""
    return re.findall(
        r"<strong>Why it was refused:</strong> (.*?)\.(?: Only|<)", look(inspector, "?all=1")
    )


def refreshes(legs: Legs) -> int:
    """How often a refresh token was presented."""
    asked = legs.network.exchanges_with(legs.auth_server_url, "/oauth/token")
    return sum(one.form["grant_type"] == "refresh_token" for one in asked)


def test_at_first_the_page_says_what_to_do(inspector: Browser) -> None:
    assert "Nothing recorded yet" in inspector.current.source
    assert inspector.follow("Connect your photos").has_field("password")


def test_a_whole_round_trip_is_one_flow_with_every_step_of_the_table(
    inspector: Browser, alice: Person, inspected: Legs
) -> None:
    alice.go_through(f"{inspected.client_app_url}/connect")
    alice.browser.press("Refresh now")
    alice.browser.press("Disconnect")

    html = look(inspector, "?all=1")
    table = set(re.findall(r"^\| ([A-Z]\d) \|", (ROOT / "README.md").read_text(), re.MULTILINE))

    assert {step for step, _ in arrows(html) if step} == table
    assert "round trip 1 of 1" in html
    for phase in ("1 Authorization", "2 Token", "3 Resource", "4 Refresh", "5 End"):
        assert phase in html


def test_the_introspection_that_no_browser_sees_is_there(
    inspector: Browser, alice: Person, inspected: Legs
) -> None:
    alice.go_through(f"{inspected.client_app_url}/connect")

    assert ("R2", "Photo API to Tripod ID, POST /oauth/introspect") in [
        (step, words.removeprefix("R2: ")) for step, words in arrows(look(inspector))
    ]


def test_a_message_opens_with_its_wire_its_parameters_and_a_curl_line(
    inspector: Browser, alice: Person, inspected: Legs
) -> None:
    alice.go_through(f"{inspected.client_app_url}/connect")
    n = number_of(look(inspector), "Print Shop to Tripod ID, POST /oauth/token")

    html = look(inspector, f"?message={n}")
    [opened] = re.findall(r'<details class="message[^>]*open>(.*?)</details>', html, re.DOTALL)

    assert "POST /oauth/token HTTP/1.1" in opened
    assert "HTTP/1.1 200 OK" in opened
    assert "The secret behind the challenge. A stolen code is useless without it." in opened
    assert "https://www.rfc-editor.org/rfc/rfc7636#section-4.5" in opened
    assert "--data-urlencode code=&#34;$CODE&#34;" in opened
    assert "Back channel" in opened


def test_equal_values_have_one_colour_wherever_they_go(
    inspector: Browser, alice: Person, inspected: Legs
) -> None:
    alice.go_through(f"{inspected.client_app_url}/connect")

    html = look(inspector, "?all=1")
    colours = {
        name: re.findall(
            rf'\b{name}=[\w-]*•{{8}}<span class="fp (fp-\d+)">([0-9a-f]{{6}})</span>', html
        )
        for name in ("code", "state", "code_verifier")
    }

    assert len(colours["code"]) >= 3
    assert {name: len(set(found)) for name, found in colours.items()} == {
        "code": 1,
        "state": 1,
        "code_verifier": 1,
    }
    assert len({found[0] for found in colours.values()}) == 3


@pytest.mark.parametrize(
    ("view", "seen", "unseen"),
    [
        ("browser", "GET /callback", "POST /oauth/token"),
        ("client", "POST /oauth/token", "POST /oauth/introspect"),
        ("authorization-server", "POST /oauth/introspect", "GET /callback"),
        ("resource-api", "POST /oauth/introspect", "POST /oauth/authorize"),
    ],
)
def test_a_party_sees_its_own_messages_and_the_rest_is_a_blind_spot(
    inspector: Browser, alice: Person, inspected: Legs, view: str, seen: str, unseen: str
) -> None:
    alice.go_through(f"{inspected.client_app_url}/connect")

    html = look(inspector, f"?view={view}&all=1")
    listed = re.findall(r"<summary>.*?<code>(?:<b>.*?</b> )?(.*?)</code>", html)

    assert seen in listed
    assert unseen not in listed
    assert "not visible to the" in unescape(html)


def test_six_pictures_loaded_alike_are_told_by_one(
    inspector: Browser, alice: Person, inspected: Legs
) -> None:
    alice.go_through(f"{inspected.client_app_url}/connect")
    alice.browser.load_images()

    folded, unfolded = look(inspector), look(inspector, "?all=1")

    assert "more like it: messages" in folded
    assert "Show all messages" in folded
    assert "more like it: messages" not in unfolded
    assert len(arrows(unfolded)) > len(arrows(folded))


def test_a_message_inside_a_fold_can_be_linked_to(
    inspector: Browser, alice: Person, inspected: Legs
) -> None:
    alice.go_through(f"{inspected.client_app_url}/connect")
    alice.browser.load_images()
    last = max(int(n) for n, _, _ in ARROW.findall(look(inspector, "?all=1")))

    assert f'id="message-{last}"' in look(inspector, f"?message={last}")


def test_an_exchange_can_be_linked_to(
    inspector: Browser, alice: Person, inspected: Legs, watched: Store
) -> None:
    """By what it is, whatever its number in the flow."""
    alice.go_through(f"{inspected.client_app_url}/connect")
    redeemed = next(one for one in watched.exchanges() if one.path == "/oauth/token")

    html = look(inspector, f"?exchange={redeemed.id}")
    [opened] = re.findall(r'<details class="message[^>]*open>(.*?)</details>', html, re.DOTALL)

    assert "POST /oauth/token HTTP/1.1" in opened


def test_a_message_that_belongs_to_no_round_trip_can_be_read(
    inspector: Browser, inspected: Legs
) -> None:
    inspected.session().get(f"{inspected.resource_api_url}/photos")

    html = look(inspector)

    assert "Messages without a flow" in html
    assert "A client calls Photo API without an access token" in html
    assert (
        "Why it was refused:</strong> there is no access token. The response says so too." in html
    )


def test_a_choice_is_kept_by_every_link(inspector: Browser, alice: Person, inspected: Legs) -> None:
    alice.go_through(f"{inspected.client_app_url}/connect")

    links = re.findall(
        r'<a class="step[^"]*" href="([^"]*)"', look(inspector, "?view=client&all=1")
    )

    assert len(links) > 10
    assert [link for link in links if "view=client" not in link or "all=1" not in link] == []


def test_the_number_of_the_folded_is_the_partys(
    inspector: Browser, alice: Person, inspected: Legs
) -> None:
    alice.go_through(f"{inspected.client_app_url}/connect")
    alice.browser.load_images()
    folded, unfolded = look(inspector, "?view=client"), look(inspector, "?view=client&all=1")
    [said] = re.findall(r"Show all messages</a>: (\d+) more", folded)

    assert int(said) == unfolded.count("<summary>") - folded.count("<summary>") > 0


def test_of_two_round_trips_the_newest_is_shown_and_the_other_is_one_link_away(
    inspector: Browser, alice: Person, bob: Person, inspected: Legs
) -> None:
    alice.go_through(f"{inspected.client_app_url}/connect")
    bob.go_through(f"{inspected.client_app_url}/connect")

    html = look(inspector)
    older = re.findall(r'<li><a href="/inspector\?flow=(\d+)">', html)

    assert "round trip 2 of 2" in html
    assert "round trip 1 of 2" in look(inspector, f"?flow={older[0]}")


def test_a_round_trip_of_ones_own_comes_before_the_attacks_of_the_lab(
    clock: Clock, inspector: Browser, alice: Person, inspected: Legs
) -> None:
    alice.go_through(f"{inspected.client_app_url}/connect")
    run(ATTACKS[0], stage_for(inspected, clock))

    html = look(inspector)

    assert "round trip 1 of 2" in html
    assert f"Lab: {ATTACKS[0].title}" in html


def test_another_recording_with_as_many_messages_is_another_page(
    inspector: Browser, alice: Person, inspected: Legs, watched: Store
) -> None:
    session = inspected.session()
    session.get(f"{inspected.resource_api_url}/photos/first")
    look(inspector)
    watched.begin()
    session.get(f"{inspected.resource_api_url}/photos/second")

    assert "/photos/second" in look(inspector)


def test_the_inspector_does_not_watch_itself(inspector: Browser, watched: Store) -> None:
    look(inspector)

    assert watched.exchanges() == []


def test_as_long_as_nothing_is_new_the_answer_is_short(
    clock: Clock, inspector: Browser, alice: Person, inspected: Legs
) -> None:
    url = inspector.current.url
    version = inspector.fetch(url).headers["ETag"]
    same = inspector.fetch(url, headers={"If-None-Match": version})
    alice.go_through(f"{inspected.client_app_url}/connect")
    changed = inspector.fetch(url, headers={"If-None-Match": version})

    assert (same.status_code, same.content) == (304, b"")
    assert changed.status_code == 200


def test_the_picture_of_the_tokens_moves_on_by_itself(clock: Clock, inspector: Browser) -> None:
    version = inspector.fetch(inspector.current.url).headers["ETag"]
    clock.forward(6)

    assert (
        inspector.fetch(inspector.current.url, headers={"If-None-Match": version}).status_code
        == 200
    )


def test_what_was_recorded_can_be_forgotten(
    inspector: Browser, alice: Person, inspected: Legs
) -> None:
    alice.go_through(f"{inspected.client_app_url}/connect")
    look(inspector)

    assert "Nothing recorded yet" in inspector.press("Clear").source


def test_forgetting_asks_for_a_form_of_this_site(
    inspector: Browser, alice: Person, inspected: Legs
) -> None:
    alice.go_through(f"{inspected.client_app_url}/connect")
    forged = inspector.fetch(f"{inspected.client_app_url}/inspector/clear", "POST")

    assert forged.status_code == 400
    assert "Nothing recorded yet" not in look(inspector)


def test_treating_the_token_as_expired_makes_the_next_page_refresh_it(
    inspected: Legs, alice: Person
) -> None:
    alice.go_through(f"{inspected.client_app_url}/connect")
    alice.browser.open(f"{inspected.client_app_url}/inspector")
    said = alice.browser.press("Treat as expired now")
    before = refreshes(inspected)
    alice.browser.open(f"{inspected.client_app_url}/photos")

    assert "Print Shop now treats its access token as expired." in said.source
    assert (before, refreshes(inspected)) == (0, 1)


def test_treating_it_as_expired_tells_nobody_else(
    inspected: Legs, alice: Person, watched: Store
) -> None:
    alice.go_through(f"{inspected.client_app_url}/connect")
    alice.browser.open(f"{inspected.client_app_url}/inspector")
    recorded, events = watched.last_id(), len(inspected.events)
    alice.browser.press("Treat as expired now")

    assert (watched.last_id(), len(inspected.events)) == (recorded, events)


def test_after_that_the_same_flow_and_view_are_looked_at(inspected: Legs, alice: Person) -> None:
    alice.go_through(f"{inspected.client_app_url}/connect")
    alice.browser.open(f"{inspected.client_app_url}/inspector?view=client&all=1")

    said = alice.browser.press("Treat as expired now")

    assert "view=client&all=1" in said.url


def test_only_whose_flow_it_is_can_treat_its_token_as_expired(
    inspected: Legs, alice: Person, bob: Person
) -> None:
    """The button changes the notes of the browser that presses it, so it stands at that browser's own flows."""
    alice.go_through(f"{inspected.client_app_url}/connect")
    bob.go_through(f"{inspected.client_app_url}/connect")
    bobs = bob.browser.open(f"{inspected.client_app_url}/inspector").source
    alices = re.findall(r'<li><a href="(/inspector\?flow=\d+)">', bobs)[0]

    assert "Treat as expired now" in bobs
    assert (
        "Treat as expired now" not in bob.browser.open(f"{inspected.client_app_url}{alices}").source
    )
    assert (
        "Treat as expired now" in alice.browser.open(f"{inspected.client_app_url}{alices}").source
    )


def test_a_token_that_has_run_out_is_not_to_be_treated_as_expired(
    clock: Clock, inspected: Legs, alice: Person
) -> None:
    alice.go_through(f"{inspected.client_app_url}/connect")
    clock.forward(121)

    assert (
        "Treat as expired now"
        not in alice.browser.open(f"{inspected.client_app_url}/inspector").source
    )


def test_without_a_connection_there_is_nothing_to_treat_as_expired(
    inspected: Legs, alice: Person
) -> None:
    alice.go_through(f"{inspected.client_app_url}/connect")
    alice.browser.open(f"{inspected.client_app_url}/inspector")
    address = f"{inspected.client_app_url}/disconnect"
    token = re.findall(r'name="csrf_token" value="(.*?)"', alice.browser.current.source)[0]
    alice.browser.fetch(address, "POST", data={"csrf_token": token})

    page = alice.browser.press("Treat as expired now")

    assert page.status in (200, 403)
    assert "not connected" in page.source


@pytest.mark.parametrize(
    "query",
    [
        "?flow=x",
        "?flow=-1",
        "?flow=99999999999999999999",
        "?message=x",
        "?message=²",
        "?message=99999",
        "?view=x",
        "?all=x",
        "?flow=1&flow=2",
        "?message=1&view=resource-api&all=1",
        "?%00=%ff",
    ],
)
def test_a_choice_that_makes_no_sense_counts_as_not_made(
    inspector: Browser, alice: Person, inspected: Legs, query: str
) -> None:
    alice.go_through(f"{inspected.client_app_url}/connect")

    assert "round trip 1 of 1" in look(inspector, query)


def test_a_wrong_verifier_is_told_here_and_not_on_the_wire(
    inspector: Browser, alice: Person, client: RegisteredClient
) -> None:
    answer = alice.authorize(client).redeem(code_verifier="x" * 43)

    assert "verifier" not in answer.text
    assert refused(inspector) == [
        "the verifier does not match the challenge of the authorization request"
    ]


def test_a_different_redirect_uri_is_told_with_the_place_where_it_differs(
    inspector: Browser, alice: Person, client: RegisteredClient
) -> None:
    alice.authorize(client).redeem(redirect_uri="https://calendar.example/callbacks")

    assert "character 34" in refused(inspector)[0]


def test_a_spent_code_is_told_and_what_ended_with_it(
    inspector: Browser, alice: Person, client: RegisteredClient
) -> None:
    code = alice.authorize(client)
    code.redeem()
    code.redeem()

    assert refused(inspector) != []
    assert "Its tokens stopped working immediately." in look(inspector, "?all=1")


def test_an_expired_code_is_told(
    clock: Clock, inspector: Browser, alice: Person, client: RegisteredClient
) -> None:
    code = alice.authorize(client)
    clock.forward(61)
    code.redeem()

    assert "expired" in refused(inspector)[0]


def test_a_code_of_another_client_is_told(
    inspector: Browser, alice: Person, client: RegisteredClient, mallory: Attacker
) -> None:
    code = alice.authorize(client)
    mallory.client.redeem(code.value, code.verifier, redirect_uri=client.redirect_uri)

    assert "another client" in refused(inspector)[0]


def test_a_wrong_password_is_told_without_saying_more(
    inspector: Browser, browser: Browser, inspected: Legs
) -> None:
    Person("alice", "a wrong guess", browser).go_through(f"{inspected.client_app_url}/connect")

    assert refused(inspector) == [
        "the username or the password is wrong; the server does not say which"
    ]
