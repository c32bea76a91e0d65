"""A browser's access to the photos: the code that reads, refreshes and revokes its tokens.

This module knows the token store and the authorization server, and no Flask. Views do not use it
directly; they call `page_access.py`, which finds the browser's `Access` for the current request.

Only one request at a time refreshes the tokens of a browser, in any tab, thread or process. It
holds the lease of the session store; the other requests wait and use the tokens that it stored.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import TypeVar

from client_app import oauth
from client_app.api_errors import InvalidTokenError
from client_app.events import log_id, record_failure, record_id_token
from client_app.models import Connection, Record
from client_app.orders import Order
from client_app.reasons import Reason
from client_app.session_store import SessionStore, find_nothing
from client_app.sign_in_index import SignInIndex
from web import event_log

T = TypeVar("T")


class NotConnectedError(Exception):
    """This browser has no connection."""


class ConnectionEndedError(Exception):
    """The connection of this browser has ended."""


@dataclass
class Access:
    """What one browser may do with its connection. `clock` returns epoch seconds.

    Each method that needs the connection raises `ConnectionEndedError` when it is gone. The record
    is read once, and again after each change. So an object is used for one request only.
    `replaced` are the tokens that this request refreshed.
    """

    client: oauth.Client
    store: SessionStore
    clock: Callable[[], float]
    browser: str = field(repr=False)
    connection_id: str = field(repr=False)
    replaced: oauth.Tokens | None = field(default=None, repr=False, init=False)
    _record: Record | None = field(default=None, repr=False)

    def tokens(self) -> oauth.Tokens:
        """Return the stored tokens, without refreshing them."""
        return self._connection(self._read()).tokens

    def scopes(self) -> list[str]:
        """Return the scopes that the user granted."""
        return self.tokens().scope.split()

    def orders(self) -> list[Order]:
        """Return the orders of this connection, oldest first."""
        return self._connection(self._read()).orders

    def add_order(self, order: Order) -> None:
        """Store an order until the connection ends."""
        self._change(lambda record: self._connection(record).add_order(order))

    def call(self, ask: Callable[[str], T]) -> T:
        """Call `ask` with an access token and return its result.

        Refresh an expired token before the call. If the API rejects the token, refresh it and call
        `ask` once more.

        :raises ConnectionEndedError: when the authorization server gives no new access token.
        :raises oauth.UnreachableError: when the server cannot be reached at the moment.
        """
        tokens = self.tokens()
        if tokens.has_expired(self.clock()):
            tokens = self.refresh(tokens)
        try:
            return ask(tokens.access_token)
        except InvalidTokenError:
            return self._call_with_new_token(ask, tokens)

    def _call_with_new_token(self, ask: Callable[[str], T], rejected: oauth.Tokens) -> T:
        """F3 – The client uses the new access token (RFC 6750 §2.1) after the API rejected one."""
        return ask(self.refresh(rejected).access_token)

    def refresh(self, stale: oauth.Tokens) -> oauth.Tokens:
        """Return tokens that are newer than `stale`.

        If another request has refreshed them or is doing so, return its tokens.
        """

        def find_newer(record: Record) -> oauth.Tokens | None:
            tokens = self._connection(record).tokens
            if tokens.access_token == stale.access_token or tokens.has_expired(self.clock()):
                return None
            return tokens

        return self._change(self._refresh, peek=find_newer)

    def treat_as_expired(self) -> None:
        """Store that the access token expires now, so that the next page refreshes it.

        The servers are not told.
        """

        def expire(record: Record) -> None:
            connection = self._connection(record)
            connection.tokens = replace(connection.tokens, expires_at=self.clock())

        self._change(expire)

    def _read(self) -> Record:
        if self._record is None:
            self._record = self.store.read(self.browser)
        return self._record

    def _change(
        self,
        update: Callable[[Record], T],
        peek: Callable[[Record], T | None] = find_nothing,
    ) -> T:
        self._record = None
        return self.store.change(self.browser, update, peek)

    def _refresh(self, record: Record) -> oauth.Tokens:
        connection, name = self._connection(record), log_id(self.connection_id)
        stale = connection.tokens
        try:
            with record_failure("refresh_failed", connection=name):
                connection.tokens = self.client.refresh(stale)
        except oauth.RefusedError as error:
            if error.error != "invalid_grant":
                # The server refused the client. The user's grant may still be valid, so keep it.
                raise oauth.UnreachableError(
                    Reason.CLIENT_REFUSED, f"it refused this client: {error}"
                ) from error
            self._end(record, Reason.INVALID_GRANT)
            raise ConnectionEndedError from error
        except oauth.BadTokenError as error:
            self._end(record, Reason(error.code))
            raise ConnectionEndedError from error
        self.replaced = stale
        event_log.record("tokens_refreshed", connection=name, scope=connection.tokens.scope)
        if connection.tokens.id_token is not stale.id_token:
            record_id_token(connection.tokens.id_token, connection=name)
        return connection.tokens

    def _end(self, record: Record, reason: Reason) -> None:
        """Remove the connection, whose tokens are revoked or no longer valid."""
        record.remove_connection(self.connection_id)
        name = log_id(self.connection_id)
        event_log.record("connection_ended", connection=name, reason=reason)

    def disconnect(self) -> bool:
        """Delete the tokens and revoke their grant; return whether the server confirmed it."""
        removed = self._change(self._remove_connections)
        for connection in removed:
            SignInIndex(self.store).remove(connection.tokens.id_token, self.browser)
        return revoke_connections(self.client, removed, Reason.DISCONNECTED)

    def _remove_connections(self, record: Record) -> list[Connection]:
        """Remove and return every connection of the browser.

        Another tab may have stored one just before it was closed; no page would end that one.
        """
        if record.find_connection(self.connection_id) is None:
            return []
        removed, record.connections = record.connections, []
        return removed

    def _connection(self, record: Record) -> Connection:
        connection = record.find_connection(self.connection_id)
        if connection is None:
            raise ConnectionEndedError
        return connection


def revoke_connections(
    client: oauth.Client, connections: Iterable[Connection], reason: Reason
) -> bool:
    """E1 – Revocation (RFC 7009 §2): revoke the grants of connections that are deleted here.

    Return whether the server confirmed all of them.
    """
    outcomes = [_revoke(client, connection, reason) for connection in connections]
    return all(outcomes)


def _revoke(client: oauth.Client, connection: Connection, reason: Reason) -> bool:
    name = log_id(connection.id)
    event_log.record("connection_ended", connection=name, reason=reason)
    try:
        with record_failure("revocation_failed", connection=name):
            client.revoke(connection.tokens)
    except oauth.OAuthError:
        return False
    return True
