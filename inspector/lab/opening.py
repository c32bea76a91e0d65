"""Opens the lab at a Print Shop that serves."""

from collections.abc import Sequence

from flask import Flask

from config import ClientAppSettings
from inspector.lab.attack import Attack
from inspector.lab.attacks import ATTACKS
from inspector.lab.comparison import compare
from inspector.lab.home import is_at_home
from inspector.lab.laboratory import Laboratory
from inspector.lab.run import Report, run_all
from inspector.lab.stage import stage_for
from inspector.lab.views import open_lab
from inspector.record.store import Store


def open_live_lab(app: Flask, settings: ClientAppSettings, store: Store) -> None:
    """Put the lab's pages beside the inspector's on `app`; its attacks go to the legs that `settings` name.

    There is no lab for a Print Shop that asks somebody else's server: that would be attacked.
    """
    if not is_at_home(settings):
        return

    def run(attacks: Sequence[Attack], report: Report) -> None:
        run_all(stage_for(settings), report, attacks)

    open_lab(app, Laboratory(store, run=run, compare=compare))
    titles = {attack.slug: attack.title for attack in ATTACKS}
    app.extensions["tripod.inspector"].attack_titles.update(titles)
