"""Runs an attack against a plain server, so that a card can compare the two servers."""

from collections.abc import Callable
from contextlib import ExitStack

import requests

from config import DEMO_CLIENT_ID
from inspector.lab.actors import LAB_PASSWORDS, MALLORY, App
from inspector.lab.attack import Attack
from inspector.lab.http import new_session
from inspector.lab.outcome import CannotRun, Result
from inspector.lab.plain.serving import PlainClient, plain_server
from inspector.lab.run import run
from inspector.lab.stage import MALLORYS_SITE, Addresses, Stage

#: Print Shop's address at the plain server. No request leaves for it, since the host cannot
#: exist (RFC 6761 §6.4).
PRINT_SHOPS_SITE = "https://print-shop.invalid"


class PlainStage(Stage):
    """A stage at a plain server, where Mallory's app is already registered."""

    def __init__(
        self,
        url: str,
        print_shop: PlainClient,
        mallorys_app: PlainClient,
        http: Callable[[], requests.Session],
    ) -> None:
        addresses = Addresses(url, PRINT_SHOPS_SITE, url)
        super().__init__(
            addresses,
            print_shop.client_id,
            print_shop.client_secret,
            http=http,
            wait=_refuse_to_wait,
        )
        self._mallorys_client = mallorys_app

    def tidy(self) -> None:
        """Do nothing, because the grants end with the server."""

    def _register(self) -> App:
        client = self._mallorys_client
        return self._app(client.client_id, client.client_secret, client.redirect_uri, MALLORY)


def compare(attack: Attack) -> Result | None:
    """Return the result of `attack` at the plain server, or None if a comparison is meaningless."""
    if attack.plain is None:
        return None
    print_shop = PlainClient(client_id=DEMO_CLIENT_ID, redirect_uri=f"{PRINT_SHOPS_SITE}/callback")
    mallorys_app = PlainClient(
        client_id="free-wallpapers", redirect_uri=f"{MALLORYS_SITE}/callback"
    )
    with plain_server(LAB_PASSWORDS, [print_shop, mallorys_app]) as url, ExitStack() as sessions:
        stage = PlainStage(
            url, print_shop, mallorys_app, http=lambda: sessions.enter_context(new_session())
        )
        return run(attack, stage)


def _refuse_to_wait(_seconds: float) -> None:
    raise CannotRun("By default, no token of the plain server expires within ten days.")
