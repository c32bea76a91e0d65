"""The seam between the pages and the tokens: what a page needs of the API is asked for here, with a token that works.

Tokens are refreshed one at a time for each browser, whatever the number of tabs, threads and processes: the first to
need it does it under the store's lease, the others wait and take what it got.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import TypeVar

from client_app import oauth
from client_app.api_errors import InvalidTokenError
from client_app.events import failure_recorded, log_id
from client_app.models import Connection, Record
from client_app.orders import Order
from client_app.reasons import Reason
from client_app.session_store import SessionStore
from web import event_log

T = TypeVar("T")


class NotConnectedError(Exception):
    """This browser has not been connected to any photos."""


class ConnectionEndedError(Exception):
    """The connection that this browser had is over."""


@dataclass(frozen=True)
class Access:
    """One browser's access to the photos of the person who connected it. `clock` tells epoch seconds."""

    client: oauth.Client
    store: SessionStore
    clock: Callable[[], float]
    browser: str = field(repr=False)
    connection_id: str = field(repr=False)

    def tokens(self) -> oauth.Tokens:
        """The tokens as they are.

        :raises ConnectionEndedError: when there are none any more.
        """
        return self._connection(self.store.read(self.browser)).tokens

    def scopes(self) -> list[str]:
        """What the person has allowed; raises like `tokens`."""
        return self.tokens().scope.split()

    def orders(self) -> list[Order]:
        """What was ordered under this connection, oldest first; raises like `tokens`."""
        return self._connection(self.store.read(self.browser)).orders

    def keep(self, order: Order) -> None:
        """Remember an order for as long as the connection lives; raises like `tokens`."""
        self.store.change(self.browser, lambda record: self._connection(record).keep(order))

    def call(self, ask: Callable[[str], T]) -> T:
        """What `ask` answers, given an access token; it is asked once more if the API refuses that one.

        :raises ConnectionEndedError: when no access token can be had any more.
        :raises oauth.UnreachableError: when none can be had now.
        """
        tokens = self.tokens()
        if tokens.has_expired(self.clock()):
            tokens = self.refresh(tokens)
        try:
            return ask(tokens.access_token)
        except InvalidTokenError:
            return self._ask_again(ask, tokens)

    def _ask_again(self, ask: Callable[[str], T], refused: oauth.Tokens) -> T:
        """F3 – The client uses the new access token (RFC 6750 §2.1), after the API has refused the old one."""
        return ask(self.refresh(refused).access_token)

    def refresh(self, stale: oauth.Tokens) -> oauth.Tokens:
        """Better tokens than `stale`: another request's, if one has refreshed or is about to, or of our own getting."""

        def better(record: Record) -> oauth.Tokens | None:
            held = self._connection(record).tokens
            is_better = held.access_token != stale.access_token and not held.has_expired(
                self.clock()
            )
            return held if is_better else None

        return self.store.change(self.browser, self._refresh, peek=better)

    def treat_as_expired(self) -> None:
        """Note that the access token expires now, so that the next page refreshes it; nobody else hears of it."""

        def note(record: Record) -> None:
            connection = self._connection(record)
            connection.tokens = replace(connection.tokens, expires_at=self.clock())

        self.store.change(self.browser, note)

    def _refresh(self, record: Record) -> oauth.Tokens:
        connection, name = self._connection(record), log_id(self.connection_id)
        try:
            with failure_recorded("refresh_failed", connection=name):
                connection.tokens = self.client.refresh(connection.tokens)
        except oauth.RefusedError as error:
            if error.error != "invalid_grant":
                # It is Print Shop that was refused, not the person: her grant may well live on.
                raise oauth.UnreachableError(
                    Reason.CLIENT_REFUSED, f"it refused this client: {error}"
                ) from error
            record.disconnect(self.connection_id)
            event_log.record("connection_ended", connection=name, reason=Reason.INVALID_GRANT)
            raise ConnectionEndedError from error
        event_log.record("tokens_refreshed", connection=name, scope=connection.tokens.scope)
        return connection.tokens

    def disconnect(self) -> bool:
        """Forget the tokens and have the server end their grant; False if it could not be told to."""
        return end(
            self.client, self.store.change(self.browser, self._forget), reason=Reason.DISCONNECTED
        )

    def _forget(self, record: Record) -> list[Connection]:
        """Every connection of the browser's, so that none is left over from a tab that was closed too early."""
        over = record.connections if record.connection(self.connection_id) else []
        record.connections = [held for held in record.connections if held not in over]
        return over

    def _connection(self, record: Record) -> Connection:
        connection = record.connection(self.connection_id)
        if connection is None:
            raise ConnectionEndedError
        return connection


def end(client: oauth.Client, connections: Iterable[Connection], reason: Reason) -> bool:
    """E1 – Revocation (RFC 7009 §2): have the server end the grants of connections that are forgotten here already."""
    outcomes = [_revoked(client, connection, reason) for connection in connections]
    return all(outcomes)


def _revoked(client: oauth.Client, connection: Connection, reason: Reason) -> bool:
    name = log_id(connection.id)
    event_log.record("connection_ended", connection=name, reason=reason)
    try:
        with failure_recorded("revocation_failed", connection=name):
            client.revoke(connection.tokens)
    except oauth.OAuthError:
        return False
    return True
