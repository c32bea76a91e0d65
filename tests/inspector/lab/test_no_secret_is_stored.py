"""Neither the lab's recorded messages nor its stored results contain a secret."""

import pytest
from world.legs import Legs

from inspector.lab.actors import LAB_PASSWORDS
from inspector.lab.outcome import to_document
from inspector.lab.run import run_all
from inspector.lab.stage import Stage
from inspector.record.store import Store
from tests.inspector.test_no_secret_is_recorded import find_secrets, sent_secrets


def test_a_run_of_the_lab_stores_no_secret(lab: Stage, legs: Legs, watched: Store) -> None:
    run_all(lab, lambda attack, result: watched.save_result(attack.slug, to_document(result)))
    secrets = sent_secrets(legs)

    assert len(watched.results()) > 20
    assert secrets["password"] >= set(LAB_PASSWORDS.values())
    assert {"code", "access token", "refresh token", "verifier", "client secret on a page"} <= set(
        secrets
    )
    assert find_secrets(secrets, legs.instance_path) == set()


def test_a_successful_attack_stores_no_secret(
    lab: Stage, legs: Legs, watched: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("auth_server.tokens.redeem_code", lambda *_: True)
    run_all(lab, lambda attack, result: watched.save_result(attack.slug, to_document(result)))

    assert watched.results()["code-replay"]["has_succeeded"]
    assert find_secrets(sent_secrets(legs), legs.instance_path) == set()
