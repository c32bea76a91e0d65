"""What the lab sends is as secret as anything: neither the recording of it nor its results hold any of it."""

import pytest
from support.legs import Legs

from inspector.lab.actors import LAB_PASSWORDS
from inspector.lab.outcome import to_document
from inspector.lab.run import run_all
from inspector.lab.stage import Stage
from inspector.record.store import Store
from tests.inspector.test_nothing_secret_is_recorded import leaked, travelled


def test_a_run_of_the_lab_leaves_no_secret_in_the_store(
    lab: Stage, legs: Legs, watched: Store
) -> None:
    run_all(lab, lambda attack, result: watched.save_result(attack.slug, to_document(result)))
    secrets = travelled(legs)

    assert len(watched.results()) > 20
    assert secrets["password"] >= set(LAB_PASSWORDS.values())
    assert {"code", "access token", "refresh token", "verifier", "client secret on a page"} <= set(
        secrets
    )
    assert leaked(secrets, legs.instance_path) == set()


def test_nor_does_an_attack_that_gets_through(
    lab: Stage, legs: Legs, watched: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("auth_server.tokens.redeem_code", lambda *_: True)
    run_all(lab, lambda attack, result: watched.save_result(attack.slug, to_document(result)))

    assert watched.results()["code-replay"]["has_succeeded"]
    assert leaked(travelled(legs), legs.instance_path) == set()
