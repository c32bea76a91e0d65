"""End connections when the user signed out at the authorization server.

OpenID Connect Back-Channel Logout 1.0, §2.5 to §2.8. A token that is sent again finds nothing.
"""

from dataclasses import dataclass
from typing import Any

from client_app import oauth
from client_app.access import revoke_connections
from client_app.events import record_failure
from client_app.models import Connection, Record
from client_app.openid import is_signed_out, read_logout_token
from client_app.reasons import Reason
from client_app.session_store import SessionStore
from client_app.sign_in_index import SignInIndex
from web import event_log


@dataclass(frozen=True)
class BackChannelLogout:
    """The connections that a logout token ends."""

    client: oauth.Client
    store: SessionStore

    def end_connections(self, raw: str) -> None:
        """Validate the logout token, and delete and revoke the connections of its sign-in.

        :raises oauth.BadTokenError: when it is not valid.
        """
        with record_failure("logout_token_refused"):
            token = read_logout_token(self.client, raw)
        kid, alg = token.header.get("kid"), token.header["alg"]
        event_log.record("logout_token_validated", kid=kid, alg=alg)
        for browser in SignInIndex(self.store).find(token.claims):
            self._end_connections_of(browser, token.claims)

    def _end_connections_of(self, browser: str, logout: dict[str, Any]) -> None:
        def take(record: Record) -> list[Connection]:
            taken = [
                one for one in record.connections if is_signed_out(one.tokens.id_token, logout)
            ]
            record.connections = [one for one in record.connections if one not in taken]
            return taken

        # Look without a lease first, because the browser may have left.
        if not take(self.store.read(browser)):
            return
        taken = self.store.change(browser, take)
        revoke_connections(self.client, taken, Reason.SIGNED_OUT)
        for connection in taken:
            SignInIndex(self.store).remove(connection.tokens.id_token, browser)
