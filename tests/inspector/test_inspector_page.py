"""The inspector's page at Print Shop shows the recorded messages, also without JavaScript."""

import gzip
import re
from html import unescape
from pathlib import Path

import pytest
from world.browser import Browser
from world.cast import Attacker, Person
from world.clock import Clock
from world.legs import Legs
from world.registered_client import RegisteredClient

from inspector.lab.attacks import ATTACKS
from inspector.lab.run import run
from inspector.record.store import Store
from tests.inspector.lab.conftest import stage_for

ROOT = Path(__file__).resolve().parents[2]
ARROW = re.compile(r'data-message="(\d+)" aria-label="(?:([A-Z]\d): )?([^"]*)"')
PARTIES = ["browser", "client", "authorization-server", "resource-api"]


@pytest.fixture
def inspector(inspected: Legs) -> Browser:
    """Return a second browser, at the inspector."""
    browser = Browser(inspected.network)
    browser.open(f"{inspected.client_app_url}/inspector")
    return browser


def open_inspector(inspector: Browser, query: str = "") -> str:
    """Open the inspector with this query, and return the page's HTML."""
    page = inspector.open(re.sub(r"/inspector.*", f"/inspector{query}", inspector.current.url))
    assert page.status == 200, page
    return page.source


def list_arrows(html: str) -> list[tuple[str, str]]:
    """Return the step and the description of each arrow."""
    return [(step, unescape(words)) for _, step, words in ARROW.findall(html)]


def find_message_number(html: str, text: str) -> str:
    """Return the number of the first message whose arrow contains this text."""
    return next(n for n, _, description in ARROW.findall(html) if text in unescape(description))


def list_refusal_reasons(inspector: Browser) -> list[str]:
    """Return the reasons of refusals that the page shows for the newest flow."""
    return re.findall(
        r"<strong>Why it was refused:</strong> (.*?)\.(?: Only|<)",
        open_inspector(inspector, "?all=1"),
    )


def count_refreshes(legs: Legs) -> int:
    """Return how often a refresh token was presented."""
    token_requests = legs.network.exchanges_with(legs.auth_server_url, "/oauth/token")
    return sum(one.form["grant_type"] == "refresh_token" for one in token_requests)


def test_the_empty_page_links_to_the_start_of_a_flow(inspector: Browser) -> None:
    assert "No messages are recorded yet" in inspector.current.source
    assert inspector.follow("Connect your photos").has_field("password")


def test_a_complete_flow_has_every_step_of_the_table(
    inspector: Browser, alice: Person, inspected: Legs
) -> None:
    alice.go_through(f"{inspected.client_app_url}/connect")
    alice.browser.press("Refresh now")
    alice.browser.press("Disconnect")

    html = open_inspector(inspector, "?all=1")
    table = set(re.findall(r"^\| ([A-Z]\d) \|", (ROOT / "README.md").read_text(), re.MULTILINE))

    assert {step for step, _ in list_arrows(html) if step} == table
    assert "round trip 1 of 1" in html
    for phase in ("1 Authorization", "2 Token", "3 Resource", "4 Refresh", "5 End"):
        assert phase in html


def test_the_introspection_is_shown(inspector: Browser, alice: Person, inspected: Legs) -> None:
    alice.go_through(f"{inspected.client_app_url}/connect")

    asks = "Photo API asks about the token. Photo API to Tripod ID, POST /oauth/introspect"

    assert ("R2", asks) in list_arrows(open_inspector(inspector))


def test_an_open_message_shows_raw_http_parameters_and_a_curl_command(
    inspector: Browser, alice: Person, inspected: Legs
) -> None:
    alice.go_through(f"{inspected.client_app_url}/connect")
    n = find_message_number(open_inspector(inspector), "Print Shop to Tripod ID, POST /oauth/token")

    html = open_inspector(inspector, f"?message={n}")
    [opened] = re.findall(
        r'<details class="message[^>]*open>(.*?)<p class="turn">', html, re.DOTALL
    )

    assert "POST /oauth/token HTTP/1.1" in opened
    assert "HTTP/1.1 200 OK" in opened
    assert "The secret behind the challenge. A stolen code is useless without it." in opened
    assert "https://www.rfc-editor.org/rfc/rfc7636#section-4.5" in opened
    assert "--data-urlencode code=&#34;$CODE&#34;" in opened
    assert "Back channel" in opened


def test_equal_values_have_the_same_colour(
    inspector: Browser, alice: Person, inspected: Legs
) -> None:
    alice.go_through(f"{inspected.client_app_url}/connect")

    html = open_inspector(inspector, "?all=1")
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
    ("view", "visible", "hidden"),
    [
        ("browser", "GET /callback", "POST /oauth/token"),
        ("client", "POST /oauth/token", "POST /oauth/introspect"),
        ("authorization-server", "POST /oauth/introspect", "GET /callback"),
        ("resource-api", "POST /oauth/introspect", "POST /oauth/authorize"),
    ],
)
def test_a_party_sees_its_messages_and_blind_spots(
    inspector: Browser, alice: Person, inspected: Legs, view: str, visible: str, hidden: str
) -> None:
    alice.go_through(f"{inspected.client_app_url}/connect")

    html = open_inspector(inspector, f"?view={view}&all=1")
    listed = re.findall(r'<span class="headline">.*?<code>(.*?)</code>', html)

    assert visible in listed
    assert hidden not in listed
    assert "not visible to " in unescape(html)


def test_six_similar_images_are_folded(inspector: Browser, alice: Person, inspected: Legs) -> None:
    alice.go_through(f"{inspected.client_app_url}/connect")
    alice.browser.load_images()

    folded, unfolded = open_inspector(inspector), open_inspector(inspector, "?all=1")

    assert "more like it: messages" in folded
    assert "Show all messages" in folded
    assert "more like it: messages" not in unfolded
    assert len(list_arrows(unfolded)) > len(list_arrows(folded))


def test_a_message_inside_a_fold_can_be_linked_to(
    inspector: Browser, alice: Person, inspected: Legs
) -> None:
    alice.go_through(f"{inspected.client_app_url}/connect")
    alice.browser.load_images()
    last = max(int(n) for n, _, _ in ARROW.findall(open_inspector(inspector, "?all=1")))

    assert f'id="message-{last}"' in open_inspector(inspector, f"?message={last}")


def test_a_message_can_be_linked_to_by_its_id(
    inspector: Browser, alice: Person, inspected: Legs, watched: Store
) -> None:
    """Unlike the number of a message in its flow, its id never changes."""
    alice.go_through(f"{inspected.client_app_url}/connect")
    redeemed = next(one for one in watched.exchanges() if one.path == "/oauth/token")

    html = open_inspector(inspector, f"?exchange={redeemed.id}")
    [opened] = re.findall(
        r'<details class="message[^>]*open>(.*?)<p class="turn">', html, re.DOTALL
    )

    assert "POST /oauth/token HTTP/1.1" in opened


def test_a_message_without_a_flow_can_be_opened(inspector: Browser, inspected: Legs) -> None:
    inspected.session().get(f"{inspected.resource_api_url}/photos")

    html = open_inspector(inspector)

    assert "Messages without a flow" in html
    assert "A client calls Photo API without an access token" in html
    assert (
        "Why it was refused:</strong> there is no access token. The response gives this reason too."
        in html
    )


def test_every_link_keeps_the_view_and_the_unfolding(
    inspector: Browser, alice: Person, inspected: Legs
) -> None:
    alice.go_through(f"{inspected.client_app_url}/connect")

    links = re.findall(
        r'<a class="step[^"]*" href="([^"]*)"', open_inspector(inspector, "?view=client&all=1")
    )

    assert len(links) > 10
    assert [link for link in links if "view=client" not in link or "all=1" not in link] == []


def test_the_fold_counts_only_messages_that_the_party_sees(
    inspector: Browser, alice: Person, inspected: Legs
) -> None:
    alice.go_through(f"{inspected.client_app_url}/connect")
    alice.browser.load_images()
    folded = open_inspector(inspector, "?view=client")
    unfolded = open_inspector(inspector, "?view=client&all=1")
    [number] = re.findall(r"Show all messages</a>, including (\d+) that", folded)

    assert int(number) == unfolded.count("data-number") - folded.count("data-number") > 0


def test_the_newest_flow_is_shown_with_links_to_the_others(
    inspector: Browser, alice: Person, bob: Person, inspected: Legs
) -> None:
    alice.go_through(f"{inspected.client_app_url}/connect")
    bob.go_through(f"{inspected.client_app_url}/connect")

    html = open_inspector(inspector)
    older = re.findall(r'<a href="/inspector\?flow=(\d+)">', html)

    assert "round trip 2 of 2" in html
    assert "round trip 1 of 2" in open_inspector(inspector, f"?flow={older[0]}")


def test_the_users_own_flow_comes_before_the_labs_attacks(
    clock: Clock, inspector: Browser, alice: Person, inspected: Legs
) -> None:
    alice.go_through(f"{inspected.client_app_url}/connect")
    run(ATTACKS[0], stage_for(inspected, clock))

    html = open_inspector(inspector)

    assert "round trip 1 of 2" in html
    assert f"Lab: {ATTACKS[0].title}" in html


def test_a_new_recording_changes_the_page_version(
    inspector: Browser, alice: Person, inspected: Legs, watched: Store
) -> None:
    session = inspected.session()
    session.get(f"{inspected.resource_api_url}/photos/first")
    open_inspector(inspector)
    watched.begin()
    session.get(f"{inspected.resource_api_url}/photos/second")

    assert "/photos/second" in open_inspector(inspector)


def test_the_inspector_does_not_record_itself(inspector: Browser, watched: Store) -> None:
    open_inspector(inspector)

    assert watched.exchanges() == []


def test_an_unchanged_page_gets_a_short_response(
    clock: Clock, inspector: Browser, alice: Person, inspected: Legs
) -> None:
    url = inspector.current.url
    version = inspector.fetch(url).headers["ETag"]
    unchanged = inspector.fetch(url, headers={"If-None-Match": version})
    alice.go_through(f"{inspected.client_app_url}/connect")
    changed = inspector.fetch(url, headers={"If-None-Match": version})

    assert (unchanged.status_code, unchanged.content) == (304, b"")
    assert changed.status_code == 200


def test_the_timeline_is_updated_without_new_messages(clock: Clock, inspector: Browser) -> None:
    version = inspector.fetch(inspector.current.url).headers["ETag"]
    clock.forward(6)

    assert (
        inspector.fetch(inspector.current.url, headers={"If-None-Match": version}).status_code
        == 200
    )


def test_the_recording_can_be_cleared(inspector: Browser, alice: Person, inspected: Legs) -> None:
    alice.go_through(f"{inspected.client_app_url}/connect")
    open_inspector(inspector)

    assert "No messages are recorded yet" in inspector.press("Clear").source


def test_clearing_requires_a_csrf_token(inspector: Browser, alice: Person, inspected: Legs) -> None:
    alice.go_through(f"{inspected.client_app_url}/connect")
    forged = inspector.fetch(f"{inspected.client_app_url}/inspector/clear", "POST")

    assert forged.status_code == 400
    assert "No messages are recorded yet" not in open_inspector(inspector)


def test_treating_the_token_as_expired_makes_the_next_page_refresh_it(
    inspected: Legs, alice: Person
) -> None:
    alice.go_through(f"{inspected.client_app_url}/connect")
    alice.browser.open(f"{inspected.client_app_url}/inspector")
    page = alice.browser.press("Treat as expired now")
    before = count_refreshes(inspected)
    alice.browser.open(f"{inspected.client_app_url}/photos")

    assert "Print Shop now treats its access token as expired." in page.source
    assert (before, count_refreshes(inspected)) == (0, 1)


def test_treating_the_token_as_expired_sends_no_request(
    inspected: Legs, alice: Person, watched: Store
) -> None:
    alice.go_through(f"{inspected.client_app_url}/connect")
    alice.browser.open(f"{inspected.client_app_url}/inspector")
    recorded, events = watched.last_id(), len(inspected.events)
    alice.browser.press("Treat as expired now")

    assert (watched.last_id(), len(inspected.events)) == (recorded, events)


def test_treating_as_expired_returns_to_the_same_flow_and_view(
    inspected: Legs, alice: Person
) -> None:
    alice.go_through(f"{inspected.client_app_url}/connect")
    alice.browser.open(f"{inspected.client_app_url}/inspector?view=client&all=1")

    page = alice.browser.press("Treat as expired now")

    assert "view=client&all=1" in page.url


def test_only_the_browser_of_a_flow_has_its_expire_button(
    inspected: Legs, alice: Person, bob: Person
) -> None:
    """The button changes the connection of the browser that sends it."""
    alice.go_through(f"{inspected.client_app_url}/connect")
    bob.go_through(f"{inspected.client_app_url}/connect")
    bobs_page = bob.browser.open(f"{inspected.client_app_url}/inspector").source
    alices_flow = re.findall(r'<a href="(/inspector\?flow=\d+)">', bobs_page)[0]

    assert "Treat as expired now" in bobs_page
    assert (
        "Treat as expired now"
        not in bob.browser.open(f"{inspected.client_app_url}{alices_flow}").source
    )
    assert (
        "Treat as expired now"
        in alice.browser.open(f"{inspected.client_app_url}{alices_flow}").source
    )


def test_an_expired_token_has_no_expire_button(
    clock: Clock, inspected: Legs, alice: Person
) -> None:
    alice.go_through(f"{inspected.client_app_url}/connect")
    clock.forward(121)

    assert (
        "Treat as expired now"
        not in alice.browser.open(f"{inspected.client_app_url}/inspector").source
    )


def test_without_a_connection_there_is_no_expire_button(inspected: Legs, alice: Person) -> None:
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
def test_an_invalid_query_parameter_is_ignored(
    inspector: Browser, alice: Person, inspected: Legs, query: str
) -> None:
    alice.go_through(f"{inspected.client_app_url}/connect")

    assert "round trip 1 of 1" in open_inspector(inspector, query)


def test_a_wrong_verifier_is_explained_only_in_the_inspector(
    inspector: Browser, alice: Person, client: RegisteredClient
) -> None:
    response = alice.authorize(client).redeem(code_verifier="x" * 43)

    assert "verifier" not in response.text
    assert list_refusal_reasons(inspector) == [
        "the verifier does not match the challenge of the authorization request"
    ]


def test_a_different_redirect_uri_is_explained_with_the_difference(
    inspector: Browser, alice: Person, client: RegisteredClient
) -> None:
    alice.authorize(client).redeem(redirect_uri="https://calendar.example/callbacks")

    assert "character 34" in list_refusal_reasons(inspector)[0]


def test_a_replayed_code_is_explained_with_its_consequence(
    inspector: Browser, alice: Person, client: RegisteredClient
) -> None:
    code = alice.authorize(client)
    code.redeem()
    code.redeem()

    assert list_refusal_reasons(inspector) != []
    assert "Its tokens stopped working immediately." in open_inspector(inspector, "?all=1")


def test_an_expired_code_is_explained(
    clock: Clock, inspector: Browser, alice: Person, client: RegisteredClient
) -> None:
    code = alice.authorize(client)
    clock.forward(61)
    code.redeem()

    assert "expired" in list_refusal_reasons(inspector)[0]


def test_a_code_of_another_client_is_explained(
    inspector: Browser, alice: Person, client: RegisteredClient, mallory: Attacker
) -> None:
    code = alice.authorize(client)
    mallory.client.redeem(code.value, code.verifier, redirect_uri=client.redirect_uri)

    assert "another client" in list_refusal_reasons(inspector)[0]


def test_a_wrong_password_is_explained_without_details(
    inspector: Browser, browser: Browser, inspected: Legs
) -> None:
    Person("alice", "a wrong password", browser).go_through(f"{inspected.client_app_url}/connect")

    assert list_refusal_reasons(inspector) == [
        "the username or the password is wrong; the server does not say which"
    ]


def test_a_message_shows_its_parameters_before_the_raw_http(
    inspector: Browser, alice: Person, inspected: Legs
) -> None:
    alice.go_through(f"{inspected.client_app_url}/connect")
    n = find_message_number(open_inspector(inspector), "Print Shop redeems the code")
    html = open_inspector(inspector, f"?message={n}")
    opened = html.partition(f'id="message-{n}"')[2]
    parts = (
        "<h3>What was sent",
        "<code>code_verifier</code>",
        "<h3>What came back",
        "<code>access_token</code>",
        "Checks that you can repeat",
        "What happens here",
        "Raw HTTP",
    )

    assert sorted(parts, key=opened.index) == list(parts)
    assert "S256(code_verifier) equals the code_challenge of A2" in opened
    assert html.count("≠") == 0


def test_the_arrows_and_the_views_name_the_same_parties(
    inspector: Browser, alice: Person, inspected: Legs
) -> None:
    alice.go_through(f"{inspected.client_app_url}/connect")
    html = open_inspector(inspector)
    names = ["Browser", "Print Shop", "Tripod ID", "Photo API"]

    assert re.findall(r"<span><strong>(.*?)</strong><small>", html) == names
    assert re.findall(r'view=[a-z-]+">(.*?)</a>', html) == names
    assert "Seen by" in html


def test_the_list_of_round_trips_shows_the_outcome_the_person_and_the_scope(
    inspector: Browser, alice: Person, inspected: Legs
) -> None:
    alice.go_through(f"{inspected.client_app_url}/connect")
    text = inspector.open(inspector.current.url).text

    assert "Print Shop for alice profile photos:read resource received" in text


def test_a_second_connection_does_not_show_the_end_of_the_first_as_its_own(
    inspector: Browser, alice: Person, inspected: Legs
) -> None:
    for _ in range(2):
        alice.go_through(f"{inspected.client_app_url}/connect")
    text = inspector.open(inspector.current.url).text

    assert "resource received (round trip 2 of 2" in text


def test_the_code_and_the_tokens_are_described_at_the_top(
    inspector: Browser, alice: Person, inspected: Legs
) -> None:
    alice.go_through(f"{inspected.client_app_url}/connect")
    text = inspector.open(inspector.current.url).text

    assert "Code redeemed once, after" in text
    assert "Photo API does not accept it" in text
    assert "Access token 1 issued; the newest works for" in text


def test_a_page_with_forty_messages_is_small_on_the_wire(
    inspector: Browser, alice: Person, inspected: Legs
) -> None:
    alice.go_through(f"{inspected.client_app_url}/connect")
    for _ in range(2):
        alice.browser.load_images()
    url = f"{inspected.client_app_url}/inspector?all=1"
    page = inspected.client_app.test_client().get(url, headers={"Accept-Encoding": "gzip, br"})

    assert page.headers["Content-Encoding"] == "gzip"
    assert len(page.data) < 100_000
    assert gzip.decompress(page.data).count(b"data-number=") >= 40


def test_a_browser_without_gzip_gets_the_page_uncompressed(
    inspector: Browser, alice: Person, inspected: Legs
) -> None:
    url = f"{inspected.client_app_url}/inspector"
    response = inspector.fetch(url, headers={"Accept-Encoding": "gzip;q=0"})

    assert "Content-Encoding" not in response.headers
    assert "Accept-Encoding" in response.headers["Vary"]


def test_an_update_has_only_the_parts_that_have_changed(
    clock: Clock, inspector: Browser, alice: Person, inspected: Legs
) -> None:
    alice.go_through(f"{inspected.client_app_url}/connect")
    html = open_inspector(inspector)
    have = {"X-Inspector-Have": " ".join(re.findall(r'data-digest="(\w+)"', html))}
    clock.forward(6)
    later = inspector.fetch(inspector.current.url, headers=have).text
    alice.browser.press("Refresh now")
    refreshed = inspector.fetch(inspector.current.url, headers=have).text

    assert re.findall(r'id="(part-\w+)"', later) == ["part-top", "part-tokens"]
    assert "part-diagram" in refreshed
    assert "<!doctype" not in later + refreshed


def test_the_glossary_explains_every_step_of_the_table(inspector: Browser) -> None:
    page = inspector.open(inspector.current.url.replace("/inspector", "/inspector/glossary"))
    table = re.findall(r"^\| ([A-Z]\d) \|", (ROOT / "README.md").read_text(), re.MULTILINE)

    assert re.findall(r'id="step-(\w+)"', page.source) == table
    assert "It is not a token: the API does not accept it." in page.text
    assert "https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2" in page.source


def test_a_message_explains_its_steps(inspector: Browser, alice: Person, inspected: Legs) -> None:
    alice.go_through(f"{inspected.client_app_url}/connect")
    html = open_inspector(inspector)

    for title in ("A2 Authorization request", "T2 Access token response", "Back channel"):
        assert f'<details class="term"><summary>{title}</summary>' in html


def test_the_tour_is_offered_until_it_is_declined(
    inspector: Browser, alice: Person, inspected: Legs
) -> None:
    alice.go_through(f"{inspected.client_app_url}/connect")

    assert "Is this your first visit?" in open_inspector(inspector)
    assert "Is this your first visit?" not in inspector.press("No, thanks").source


@pytest.mark.parametrize("stop", ["0", "6", "x", "-1"])
def test_an_unknown_stop_of_the_tour_shows_the_page(
    inspector: Browser, alice: Person, inspected: Legs, stop: str
) -> None:
    alice.go_through(f"{inspected.client_app_url}/connect")

    assert "of 5</p>" not in open_inspector(inspector, f"?tour={stop}")


def test_the_tour_works_before_anything_is_recorded(inspector: Browser) -> None:
    assert "Step 4 of 5" in open_inspector(inspector, "?tour=4")
