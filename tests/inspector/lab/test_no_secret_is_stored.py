"""Neither the lab's recorded messages nor its stored results nor its pages contain a secret."""

import pytest
from world.browser import Browser
from world.legs import Legs

from inspector.lab.actors import LAB_PASSWORDS
from inspector.lab.attacks import ATTACKS
from inspector.lab.outcome import to_document
from inspector.lab.run import run_all
from inspector.lab.stage import Stage
from inspector.record.store import Store
from tests.inspector.lab.conftest import Run
from tests.inspector.test_no_secret_is_recorded import find_secrets, sent_secrets, spellings


def test_a_run_of_the_lab_stores_no_secret(complete_run: Run) -> None:
    secrets = sent_secrets(complete_run.legs)

    assert len(complete_run.watched.results()) > 20
    assert secrets["password"] >= set(LAB_PASSWORDS.values())
    assert {"code", "access token", "refresh token", "verifier", "client secret on a page"} <= set(
        secrets
    )
    assert find_secrets(secrets, complete_run.legs.instance_path) == set()


def test_a_successful_attack_stores_no_secret(
    lab: Stage, legs: Legs, watched: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("auth_server.tokens.redeem_code", lambda *_: True)
    run_all(lab, lambda attack, result: watched.save_result(attack.slug, to_document(result)))

    assert watched.results()["code-replay"]["has_succeeded"]
    assert find_secrets(sent_secrets(legs), legs.instance_path) == set()


def test_no_page_of_the_lab_shows_a_secret(complete_run: Run) -> None:
    legs = complete_run.legs
    secrets = sent_secrets(legs)
    browser = Browser(legs.network)
    pages = [
        browser.open(f"{legs.client_app_url}/inspector/lab?attack={attack.slug}").source
        for attack in ATTACKS
    ]

    assert all("What was sent" in page for page in pages)
    shown = "".join(pages).encode()
    assert {
        kind
        for kind, values in secrets.items()
        for value in values
        if any(spelling in shown for spelling in spellings(value))
    } == set()
