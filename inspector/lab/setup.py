"""Sets up the lab at Print Shop, if the legs that it would attack are the demo's own."""

from collections.abc import Sequence
from urllib.parse import urlsplit

from flask import Flask

from config import ClientAppSettings
from inspector.lab.attack import Attack
from inspector.lab.attacks import ATTACKS
from inspector.lab.laboratory import Laboratory
from inspector.lab.plain.comparison import compare
from inspector.lab.run import Report, run_all
from inspector.lab.stage import stage_for
from inspector.lab.views import add_pages
from inspector.record.store import Store
from web.addresses import is_loopback


def has_lab(settings: ClientAppSettings) -> bool:
    """Return whether Print Shop uses only the demo's own legs, and all of them on loopback.

    The lab never attacks a server of anybody else.
    """
    if not settings.demo or settings.issuer != settings.auth_server_url:
        return False
    urls = (settings.issuer, settings.url, settings.resource_api_url)
    return all(is_loopback(urlsplit(url).hostname or "") for url in urls)


def add_lab(app: Flask, settings: ClientAppSettings, store: Store) -> None:
    """Add the lab's pages to `app`, if `has_lab`. Its attacks go to the legs in `settings`."""
    if not has_lab(settings):
        return

    def run(attacks: Sequence[Attack], report: Report) -> None:
        run_all(stage_for(settings), report, attacks)

    add_pages(app, Laboratory(store, run=run, compare=compare))
    titles = {attack.slug: attack.title for attack in ATTACKS}
    app.extensions["tripod.inspector"].attack_titles.update(titles)
