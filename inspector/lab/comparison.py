"""The same attack on a plain server, so that a card can say what this project's lines are for."""

from collections.abc import Callable
from contextlib import ExitStack

import requests

from config import DEMO_CLIENT_ID
from inspector.lab.actors import MALLORY, App
from inspector.lab.attack import Attack, CannotPlay
from inspector.lab.people import LAB_PASSWORDS
from inspector.lab.plain.serving import PlainClient, plain_server
from inspector.lab.run import Result, run
from inspector.lab.stage import MALLORYS_SITE, Addresses, Stage, new_session

#: Print Shop's address there. No such host can exist (RFC 6761 §6.4): what a browser would carry to it stays here.
PRINT_SHOPS_SITE = "https://print-shop.invalid"


class PlainStage(Stage):
    """A stage at a plain server. Mallory's app is registered there from the start, and all of it ends with the server."""

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
        """There is nothing to take back."""

    def _register(self) -> App:
        client = self._mallorys_client
        return self._app(client.client_id, client.client_secret, client.redirect_uri, MALLORY)


def compare(attack: Attack) -> Result | None:
    """What becomes of `attack` there; None where it has no meaning."""
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
    raise CannotPlay("By its defaults, nothing there expires within ten days.")
