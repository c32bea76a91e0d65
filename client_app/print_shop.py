"""The objects that the views use. They are created once for each application."""

from collections.abc import Callable
from dataclasses import dataclass

import requests
from flask import current_app

from client_app.access import Access
from client_app.back_channel_logout import BackChannelLogout
from client_app.flow import AuthorizationFlow
from client_app.oauth import Client
from client_app.photo_api import PhotoApi
from client_app.record_cipher import RecordCipher
from client_app.session_store import Records, SessionStore
from config import ClientAppSettings
from web.back_channel import BackChannel
from web.clock import now


def epoch_seconds() -> float:
    """Return the current time in epoch seconds, the unit of token lifetimes."""
    return now().timestamp()


@dataclass(frozen=True)
class PrintShop:
    """The client at its authorization server, the resource API and the token store.

    `issuer_name` is the name of the authorization server on the pages. `clock` returns epoch
    seconds.
    """

    client: Client
    issuer_name: str
    api: PhotoApi
    store: SessionStore
    default_scope: str
    clock: Callable[[], float] = epoch_seconds

    @property
    def flow(self) -> AuthorizationFlow:
        """The flow that gets tokens."""
        return AuthorizationFlow(self.client, self.store, self.clock)

    @property
    def back_channel_logout(self) -> BackChannelLogout:
        """The receiver of logout tokens."""
        return BackChannelLogout(self.client, self.store)

    def access(self, browser: str, connection_id: str) -> Access:
        """Return the access of one browser, which uses the tokens."""
        return Access(self.client, self.store, self.clock, browser, connection_id)


def create_client(settings: ClientAppSettings, http: Callable[[], requests.Session]) -> Client:
    """Create the client at its authorization server; `http` returns what sends its requests."""
    return Client(
        issuer=settings.issuer,
        client_id=settings.client_id,
        client_secret=settings.client_secret,
        redirect_uri=f"{settings.url}/callback",
        http=http,
        clock=epoch_seconds,
    )


def create_print_shop(
    settings: ClientAppSettings, records: Records, channel: BackChannel
) -> PrintShop:
    """Create the objects from the settings.

    `records` stores the sessions, and `channel` sends the requests.
    """
    return PrintShop(
        client=create_client(settings, channel.session),
        issuer_name=settings.issuer_name,
        api=PhotoApi(settings.resource_api_url, channel.session),
        store=SessionStore(records, RecordCipher(settings.leg, settings.secret_keys)),
        default_scope=settings.scope,
    )


def print_shop() -> PrintShop:
    """Return the Print Shop of the current application."""
    shop: PrintShop = current_app.extensions["tripod.print_shop"]
    return shop
