"""The lab's page: one table of all attacks, and each attack with the servers' real responses."""

import logging
import re
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from unittest.mock import Mock
from urllib.parse import urlsplit

import pytest
import requests
from world.browser import Browser
from world.legs import Legs
from world.processes import free_ports

from inspector.lab.actors import MALLORY
from inspector.lab.attack import Attack, Group
from inspector.lab.checks import CHECKS
from inspector.lab.laboratory import Laboratory
from inspector.lab.outcome import Failure, Outcome, Result
from inspector.lab.plain.comparison import compare
from inspector.lab.run import Report, run_all
from inspector.lab.setup import add_lab
from inspector.lab.source import source_of
from inspector.lab.stage import Stage
from inspector.lab.views import add_pages
from inspector.record.store import Store
from inspector.setup import open_pages

CHECK = CHECKS[0]
REFUSED = Outcome(
    has_succeeded=False,
    status=400,
    error="invalid_grant",
    description="This code was redeemed before.",
    request_id="lab-code-replay-abc123-07",
    consequence="The tokens from the first use stopped working.",
)
SUCCEEDED = replace(
    REFUSED,
    has_succeeded=True,
    status=200,
    error="",
    description="",
    consequence="Mallory sees Carol’s photos.",
)
#: In seconds.
TIMEOUT = 5.0


def must_not_run(_stage: Stage) -> Outcome:
    raise AssertionError("the tests must use the prepared runner")


def make_attack(slug: str, **changes: object) -> Attack:
    """Return an attack on the token endpoint, with these changes."""
    fields = {
        "group": Group.CODES,
        "severity": "medium",
        "aim": "POST /oauth/token",
        "leg": "auth",
        "description": "Mallory tries it.",
        "check": CHECK.slug,
    }
    return Attack(
        slug=slug,
        title=slug.replace("-", " ").capitalize(),
        run=must_not_run,
        **{**fields, **changes},
    )  # type: ignore[arg-type]


REPLAY = make_attack("code-replay", plain="authlib")
EXPIRED = make_attack("expired-token", own_legs="It runs on servers of its own.")
UNSTOPPABLE = make_attack("no-check-stops-it", check=None)


@dataclass
class PreparedRunner:
    """A runner that reports prepared results. A run waits while `may_continue` is not set."""

    results: dict[str, Result] = field(default_factory=dict)
    plain_result: Result = REFUSED
    error: Exception | None = None
    may_continue: threading.Event = field(default_factory=threading.Event)

    def run(self, attacks: Sequence[Attack], report: Report) -> None:
        for attack in attacks:
            assert self.may_continue.wait(TIMEOUT)
            if self.error:
                raise self.error
            report(attack, self.results.get(attack.slug, REFUSED))

    def compare(self, attack: Attack) -> Result | None:
        if attack.plain is None:
            return None
        return self.plain_result


@pytest.fixture
def runner() -> Iterator[PreparedRunner]:
    runner = PreparedRunner()
    runner.may_continue.set()
    yield runner
    runner.may_continue.set()


@pytest.fixture
def laboratory(legs: Legs, watched: Store, runner: PreparedRunner) -> Iterator[Laboratory]:
    """Return the laboratory whose pages Print Shop serves."""
    laboratory = Laboratory(
        watched, run=runner.run, compare=runner.compare, attacks=(REPLAY, EXPIRED, UNSTOPPABLE)
    )
    open_pages(legs.client_app, legs.client_app.extensions["tripod.settings"], lambda: None)
    add_pages(legs.client_app, laboratory)
    yield laboratory
    runner.may_continue.set()
    laboratory.join(TIMEOUT)


@pytest.fixture
def browser(legs: Legs, laboratory: Laboratory) -> Browser:
    """Return a browser that shows the lab's page."""
    browser = Browser(legs.network)
    browser.open(f"{legs.client_app_url}/inspector/lab")
    return browser


def row(browser: Browser, slug: str) -> str:
    """Return the HTML of the attack's row in the table."""
    found = re.search(rf'<tr id="{slug}".*?</tr>', browser.current.response.text, re.DOTALL)
    assert found
    return found[0]


def verdicts(browser: Browser, slug: str) -> list[str]:
    """Return what the row says about this server and about Authlib's defaults."""
    return re.findall(r'class="verdict \w+">([^<]+)<', row(browser, slug))


def details(browser: Browser) -> str:
    """Return the HTML of what the open attack shows."""
    [found] = re.findall(r'<tr class="details">.*?</tr>', browser.current.response.text, re.DOTALL)
    return str(found)


def open_attack(browser: Browser, slug: str) -> str:
    """Open the attack and return its details."""
    browser.open(f"{re.split('[?#]', browser.current.url)[0]}?attack={slug}")
    return details(browser)


def run(browser: Browser, slug: str) -> str:
    """Open and run the attack, and return its details."""
    open_attack(browser, slug)
    assert browser.press(name="attack", value=slug).status == 200
    return details(browser)


def test_an_attack_that_has_not_run_says_so(browser: Browser) -> None:
    assert verdicts(browser, "code-replay") == ["Not run yet", "Not run yet"]
    assert "It has not been run yet." in open_attack(browser, "code-replay")
    assert "None of the 3 attacks has been run yet." in browser.current.text


def test_the_page_opens_one_attack_at_a_time(browser: Browser) -> None:
    assert '<tr class="details">' not in browser.current.response.text

    browser.follow("Expired token")

    assert 'aria-expanded="true"' in row(browser, "expired-token")
    assert 'aria-expanded="false"' in row(browser, "code-replay")
    assert "It runs on servers of its own." in details(browser)
    browser.follow("Expired token")
    assert '<tr class="details">' not in browser.current.response.text


def test_an_unknown_attack_opens_nothing(browser: Browser) -> None:
    page = browser.open(f"{browser.current.url}?attack=no-such-attack")

    assert (page.status, '<tr class="details">' in page.source) == (200, False)


def test_a_row_says_who_attacks_whom_and_how_severe_it_is(
    browser: Browser, laboratory: Laboratory
) -> None:
    lured = replace(REPLAY, slug="lured", leg="client", uses_carols_browser=True, severity="high")
    laboratory.attacks = (REPLAY, lured)
    browser.reload()

    assert "Mallory attacks Tripod ID" in row(browser, "code-replay")
    assert '<span class="hidden">Severity: </span>Medium' in row(browser, "code-replay")
    assert "Mallory, through Carol’s browser, attacks Print Shop" in row(browser, "lured")
    assert '<span class="hidden">Severity: </span>High' in row(browser, "lured")


def test_a_waiting_attack_says_what_it_waits_for(browser: Browser) -> None:
    assert "It has not been run yet. It runs on servers of its own." in open_attack(
        browser, "expired-token"
    )
    assert "servers of its own" not in open_attack(browser, "code-replay")


def test_a_refusal_names_the_server_the_reason_and_the_section(browser: Browser) -> None:
    shown = run(browser, "code-replay")

    assert "Tripod ID refused it (400 invalid_grant)." in shown
    assert CHECK.title in shown
    assert CHECK.section.url in shown
    assert "The tokens from the first use stopped working." in shown
    assert verdicts(browser, "code-replay") == ["Stopped", "Stopped"]
    assert "1 of 3 attacks run: 1 stopped, 0 got through." in browser.current.text


def test_an_attack_names_its_rule_of_the_security_table(browser: Browser) -> None:
    shown = run(browser, "code-replay")

    assert "<code>code-once</code> in <a href=" in shown
    assert "/inspector/lab/security.md" in shown


def test_a_harmless_success_response_is_not_called_a_refusal(
    browser: Browser, runner: PreparedRunner
) -> None:
    """For example, a sign-in that redirects to the server's own page instead of Mallory's."""
    runner.results["code-replay"] = replace(REFUSED, status=303, error="")

    shown = run(browser, "code-replay")

    assert "Tripod ID did not follow it (303)." in shown
    assert "Tripod ID refused it" not in shown
    assert "1 stopped, 0 got through." in browser.current.text


def test_a_redirect_with_an_error_is_a_refusal(browser: Browser, runner: PreparedRunner) -> None:
    runner.results["code-replay"] = replace(REFUSED, status=302, error="invalid_request")

    assert "Tripod ID refused it (302 invalid_request)." in run(browser, "code-replay")


def test_a_successful_attack_is_shown_as_successful(
    browser: Browser, runner: PreparedRunner
) -> None:
    runner.results["code-replay"] = SUCCEEDED

    shown = run(browser, "code-replay")

    assert "It got through (200)." in shown
    assert "The code that should stop it" in shown
    assert verdicts(browser, "code-replay") == ["Got through", "Stopped"]
    assert "as expected" not in row(browser, "code-replay")
    assert "0 stopped, 1 got through." in browser.current.text


def test_the_attack_that_no_check_stops_is_expected_to_succeed(
    browser: Browser, runner: PreparedRunner
) -> None:
    runner.results["no-check-stops-it"] = SUCCEEDED

    shown = run(browser, "no-check-stops-it")

    assert "No check of this server stops it within the grace period" in shown
    assert "It got through (200)." in shown
    assert "as expected" in row(browser, "no-check-stops-it")
    assert "The server refuses it only after the grace period." in shown
    assert "rfc9449" in shown
    assert "1 of 3 attacks run: 0 stopped, 1 got through." in browser.current.text


def test_an_attack_can_have_its_own_rfc_section(browser: Browser, laboratory: Laboratory) -> None:
    laboratory.attacks = (replace(REPLAY, section="66.6"),)

    shown = run(browser, "code-replay")

    assert f"{CHECK.section.document}, 66.6" in shown
    assert f"{CHECK.section}<" not in shown


def test_an_attack_that_could_not_run_is_not_counted(
    browser: Browser, runner: PreparedRunner
) -> None:
    runner.results["code-replay"] = Failure(reason="Photo API does not answer.")

    shown = run(browser, "code-replay")

    assert "The attack could not be run." in shown
    assert "Photo API does not answer." in shown
    assert "Run it again." in shown
    assert "0 stopped, 0 got through, 1 could not be run." in browser.current.text


def redeem(legs: Legs, code: str) -> requests.Response:
    """Send a real token request with the id of the decisive request."""
    settings = legs.client_app.extensions["tripod.settings"]
    return legs.session().post(
        f"{legs.auth_server_url}/oauth/token",
        {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": f"{legs.client_app_url}/callback",
        },
        auth=(settings.client_id, settings.client_secret),
        headers={"X-Request-Id": REFUSED.request_id, "User-Agent": MALLORY},
        timeout=5,
    )


def test_a_card_shows_the_decisive_message_as_recorded(browser: Browser, legs: Legs) -> None:
    code = "Q7-" * 15
    redeem(legs, code)

    shown = run(browser, "code-replay")

    assert "POST /oauth/token HTTP/1.1" in shown
    assert "Authorization: Basic print-shop:" in shown
    assert "HTTP/1.1 400 Bad Request" in shown
    assert "In the event log" in shown
    assert code not in browser.current.response.text


def test_a_card_links_to_its_messages_in_the_inspector(browser: Browser, legs: Legs) -> None:
    redeem(legs, "Q7-" * 15)
    run(browser, "code-replay")

    assert browser.follow("See the messages").title == "Inspector · Print Shop"


def test_a_card_keeps_its_result_without_a_recording(browser: Browser) -> None:
    shown = run(browser, "code-replay")

    assert "HTTP/1.1 400 Bad Request" in shown
    assert REFUSED.description in shown
    assert "See the messages" not in shown
    assert "The recording no longer has the messages. Run the attack again to see them." in shown


def test_a_servers_response_is_escaped(browser: Browser, runner: PreparedRunner) -> None:
    runner.results["code-replay"] = replace(
        REFUSED, description="<b>bold</b>", consequence="<i>italic</i>"
    )

    shown = run(browser, "code-replay")

    assert "<b>bold" not in shown
    assert "&lt;b&gt;bold" in shown
    assert "<i>italic" not in shown


def test_run_all_shows_its_progress_and_then_the_results(
    browser: Browser, laboratory: Laboratory, runner: PreparedRunner
) -> None:
    runner.may_continue.clear()

    page = browser.press(name="attack", value="all")

    assert "Code replay is running: 0 of 3 done, about " in " ".join(page.text.split())
    assert '<progress max="3" value="0"' in page.source
    assert '<noscript><meta http-equiv="refresh"' in page.source
    assert verdicts(browser, "code-replay") == ["Running", "Running"]
    assert verdicts(browser, "no-check-stops-it") == ["Waiting", "Not compared"]
    runner.may_continue.set()
    laboratory.join(TIMEOUT)
    page = browser.reload()
    assert page.source.count('class="verdict stopped"') == 4
    assert "3 of 3 attacks run: 3 stopped, 0 got through." in page.text
    assert "http-equiv" not in page.source


def test_a_second_run_is_rejected_while_the_first_continues(
    browser: Browser, laboratory: Laboratory, runner: PreparedRunner
) -> None:
    runner.may_continue.clear()
    browser.press(name="attack", value="all")

    open_attack(browser, "code-replay")
    page = browser.press(name="attack", value="code-replay")

    assert (page.status, urlsplit(page.url).path) == (200, "/inspector/lab")
    assert "Another run has not ended yet." in page.text
    assert "Another run has not ended yet." not in browser.reload().text
    runner.may_continue.set()
    laboratory.join(TIMEOUT)
    assert set(laboratory.results()) == {"code-replay", "expired-token", "no-check-stops-it"}


@pytest.mark.parametrize("path", ["", "/source?check=state"])
def test_the_menu_marks_the_lab_on_all_its_pages(browser: Browser, path: str) -> None:
    page = browser.open(f"{browser.current.url}{path}")

    current = re.findall(r"<a [^>]*aria-current=[^>]*>([^<]+)</a>", page.source)
    assert current == ["Break it"]


def test_results_are_visible_to_other_workers(
    browser: Browser, runner: PreparedRunner, watched: Store
) -> None:
    run(browser, "code-replay")

    another = Laboratory(watched, run=runner.run, compare=runner.compare, attacks=(REPLAY,))

    assert another.results() == {"code-replay": REFUSED}


def test_an_unchanged_page_is_not_sent_again(browser: Browser, laboratory: Laboratory) -> None:
    known = {"If-None-Match": browser.current.response.headers["ETag"]}

    assert browser.fetch(browser.current.url, headers=known).status_code == 304
    laboratory.start([REPLAY])
    laboratory.join(TIMEOUT)
    assert browser.fetch(browser.current.url, headers=known).status_code == 200


def comparison_text(browser: Browser) -> str:
    """Run the attack, and return the text about the plain server."""
    shown = run(browser, "code-replay")
    [html] = re.findall(r"<dt>Authlib’s defaults</dt>(<dd.*?</dd>)", shown, re.DOTALL)
    return " ".join(re.sub(r'<span class="hidden">.*?</span>|<.*?>', "", html).split())


def test_the_page_says_what_a_plain_server_is(browser: Browser) -> None:
    assert "a plain server that has Authlib’s defaults" in browser.current.text


def test_a_success_on_the_plain_server_links_to_the_check(
    browser: Browser, runner: PreparedRunner
) -> None:
    runner.plain_result = SUCCEEDED
    source = source_of(CHECK)

    text = comparison_text(browser)

    assert text == (
        "It got through (200). Mallory sees Carol’s photos. "
        f"{source.file}, {source.where}, make the difference."
    )
    assert (
        f"/source?check={CHECK.slug}&attack=code-replay" in browser.current.link(source.file).href
    )


def test_an_attack_that_succeeded_here_shows_no_difference(
    browser: Browser, runner: PreparedRunner
) -> None:
    runner.plain_result = runner.results["code-replay"] = SUCCEEDED

    assert comparison_text(browser).endswith("should stop it here.")


def test_a_check_that_cannot_be_found_is_not_linked(
    browser: Browser, runner: PreparedRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    runner.plain_result = SUCCEEDED
    monkeypatch.setattr("inspector.lab.source.source_of", Mock(side_effect=LookupError))

    assert comparison_text(browser).endswith("Mallory sees Carol’s photos.")


def test_a_refusal_by_the_plain_server_is_shown_with_its_consequence(
    browser: Browser, runner: PreparedRunner
) -> None:
    runner.plain_result = replace(REFUSED, consequence="The first tokens still work.")

    assert comparison_text(browser) == (
        "Refused too (400 invalid_grant). The first tokens still work."
    )


def test_a_result_that_authlib_does_not_decide_says_so(
    browser: Browser, runner: PreparedRunner, laboratory: Laboratory
) -> None:
    laboratory.attacks = (replace(REPLAY, plain="view"),)
    runner.plain_result = SUCCEEDED

    assert "The plain server’s own code decides this, not Authlib." in comparison_text(browser)


def test_a_failed_comparison_says_so(browser: Browser, runner: PreparedRunner) -> None:
    runner.plain_result = Failure(reason="No port was free.")

    assert "The comparison could not be run. No port was free." in run(browser, "code-replay")


def test_an_attack_that_cannot_be_compared_says_so(browser: Browser) -> None:
    assert verdicts(browser, "expired-token") == ["Not run yet", "Not compared"]


def status_of_form(browser: Browser, path: str, attack: str, **fields: str) -> int:
    """Send a form that the page does not offer, and return the status."""
    url = browser.current.url + path
    return browser.fetch(url, "POST", data={"attack": attack, **fields}).status_code


def test_an_unknown_attack_runs_nothing(browser: Browser, laboratory: Laboratory) -> None:
    [token] = {
        field.value
        for form in browser.current.forms
        for field in form.fields
        if field.name == "csrf_token"
    }

    assert status_of_form(browser, "/run", "no-such-attack", csrf_token=token) == 400
    assert laboratory.results() == {}


def test_another_site_cannot_start_a_run(browser: Browser, laboratory: Laboratory) -> None:
    assert status_of_form(browser, "/run", "code-replay") == 400
    assert laboratory.results() == {}


def test_an_interrupted_run_is_reported_without_the_error_message(
    browser: Browser, runner: PreparedRunner, caplog: pytest.LogCaptureFixture
) -> None:
    runner.error = ValueError("a-secret-that-was-sent")

    with caplog.at_level(logging.DEBUG):
        shown = run(browser, "code-replay")

    assert "The lab stopped because of an error (ValueError)." in shown
    assert "a-secret" not in shown + caplog.text


def test_the_next_run_starts_after_an_interrupted_one(
    browser: Browser, runner: PreparedRunner
) -> None:
    runner.error = ValueError()
    run(browser, "code-replay")
    runner.error = None

    assert "Tripod ID refused it" in run(browser, "code-replay")


def test_a_real_attack_is_shown_with_its_own_messages(
    legs: Legs, watched: Store, lab: Stage
) -> None:
    laboratory = Laboratory(
        watched, run=lambda attacks, report: run_all(lab, report, attacks), compare=compare
    )
    open_pages(legs.client_app, legs.client_app.extensions["tripod.settings"], lambda: None)
    add_pages(legs.client_app, laboratory)
    browser = Browser(legs.network)
    browser.open(f"{legs.client_app_url}/inspector/lab")

    shown = run(browser, "code-replay")

    assert "Tripod ID refused it" in shown
    assert "code was redeemed before" in shown
    assert "The grant ended. The tokens from the first use stopped working." in shown
    assert "Lab: code replay" in " ".join(
        browser.follow("See the messages of Use a code twice").text.split()
    )


def test_an_attack_without_running_servers_is_a_failure(legs: Legs, watched: Store) -> None:
    unused_addresses = [f"http://127.0.0.1:{port}" for port in free_ports(3)]
    urls = dict(
        zip(
            ("auth_server_url", "client_app_url", "resource_api_url"), unused_addresses, strict=True
        )
    )
    settings = legs.client_app.extensions["tripod.settings"]
    open_pages(legs.client_app, settings, lambda: None)
    add_lab(legs.client_app, replace(settings, issuer=unused_addresses[0], **urls), {})
    browser = Browser(legs.network)
    browser.open(f"{legs.client_app_url}/inspector/lab")

    shown = run(browser, "code-replay")

    assert "A server did not answer (ConnectionError)." in shown
    assert "Run it again." in shown
