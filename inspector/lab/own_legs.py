"""Run the attacks that need other legs than the demo's, on temporary legs.

Their access tokens expire soon, and Mallory's proxy is in front of their authorization server.
"""

from collections.abc import Mapping, Sequence

from config import ClientAppSettings
from inspector.lab.attack import Attack
from inspector.lab.outcome import Failure, Result
from inspector.lab.run import Report, run_all
from inspector.lab.temporary_legs import DidNotStart, legs
from inspector.record.store import Store, open_store


def run_on_own_legs(
    attacks: Sequence[Attack], report: Report, store: Store, environment: Mapping[str, str]
) -> None:
    """Run `attacks` on temporary legs, and copy what they recorded to `store`."""
    if not attacks:
        return
    results: list[tuple[Attack, Result]] = []

    def keep_recording(settings: ClientAppSettings) -> None:
        run_id = store.run_id
        for exchange in open_store(settings).exchanges():
            store.add(exchange, run_id)

    try:
        with legs(environment, when_stopped=keep_recording) as stage:
            run_all(stage, lambda *result: results.append(result), attacks)
    except DidNotStart:
        failure = Failure(reason="The servers for this attack did not start.")
        results = [(attack, failure) for attack in attacks]
    for attack, result in results:
        report(attack, result)
