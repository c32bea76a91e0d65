"""What the pages work with, made once for the application and handed to them by it."""

from collections.abc import Callable
from dataclasses import dataclass

from flask import current_app

from client_app.access import Access
from client_app.flow import AuthorizationFlow
from client_app.oauth import Client
from client_app.photo_api import PhotoApi
from client_app.record_cipher import RecordCipher
from client_app.session_store import SessionStore
from config import ClientAppSettings
from web.back_channel import BackChannel
from web.clock import now
from web.database import Database


def epoch_seconds() -> float:
    """The present moment, as tokens count it."""
    return now().timestamp()


@dataclass(frozen=True)
class PrintShop:
    """The client at its authorization server, the API, and where tokens are kept."""

    client: Client
    api: PhotoApi
    store: SessionStore
    default_scope: str
    clock: Callable[[], float] = epoch_seconds

    @property
    def flow(self) -> AuthorizationFlow:
        """The way to tokens."""
        return AuthorizationFlow(self.client, self.store, self.clock)

    def access(self, browser: str, connection_id: str) -> Access:
        """The way to use them."""
        return Access(self.client, self.store, self.clock, browser, connection_id)


def open_print_shop(
    settings: ClientAppSettings, database: Database, channel: BackChannel
) -> PrintShop:
    """As the settings say."""
    client = Client(
        issuer=settings.issuer,
        client_id=settings.client_id,
        client_secret=settings.client_secret,
        redirect_uri=f"{settings.url}/callback",
        http=channel.session,
        clock=epoch_seconds,
    )
    store = SessionStore(database, RecordCipher(settings.leg, settings.secret_keys))
    return PrintShop(
        client, PhotoApi(settings.resource_api_url, channel.session), store, settings.scope
    )


def print_shop() -> PrintShop:
    """The Print Shop of the application in hand."""
    shop: PrintShop = current_app.extensions["tripod.print_shop"]
    return shop
