"""Sets up the lab at Print Shop, if the legs that it would attack are the demo's own."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from flask import Flask

from config import ClientAppSettings
from inspector.lab.attack import Attack
from inspector.lab.attacks import ATTACKS
from inspector.lab.laboratory import Laboratory
from inspector.lab.outcome import Result
from inspector.lab.own_legs import run_on_own_legs
from inspector.lab.run import Report, run_all
from inspector.lab.stage import stage_for
from inspector.lab.targets import has_lab
from inspector.lab.views import add_pages
from inspector.views import Inspector


def add_lab(app: Flask, settings: ClientAppSettings, environment: Mapping[str, str]) -> None:
    """Add the lab's pages to `app`, if `has_lab`. Its attacks go to the legs in `settings`.

    The inspector's pages are there already. `environment` is that of the legs that the lab starts
    for the attacks that need servers of their own.
    """
    if not has_lab(settings):
        return
    inspector: Inspector = app.extensions["tripod.inspector"]

    def run(attacks: Sequence[Attack], report: Report) -> None:
        on_own_legs = [attack for attack in attacks if attack.own_legs]
        others = [attack for attack in attacks if not attack.own_legs]
        with ThreadPoolExecutor(max_workers=1) as pool:
            pending = pool.submit(
                run_on_own_legs, on_own_legs, report, inspector.store, environment
            )
            run_all(stage_for(settings), report, others)
            pending.result()

    def compare(attack: Attack) -> Result | None:
        # The plain server has a database of its own, which the start need not wait for.
        from inspector.lab.plain import comparison

        return comparison.compare(attack)

    add_pages(app, Laboratory(inspector.store, run=run, compare=compare))
    inspector.attack_titles.update({attack.slug: attack.title for attack in ATTACKS})
