"""From the authorization request to tokens in the store: what happens between a click on Connect and the album."""

import secrets
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from client_app import oauth
from client_app.access import end
from client_app.events import failure_recorded, log_id
from client_app.models import Connection, Record
from client_app.reasons import Reason
from client_app.session_store import SessionStore
from web import event_log


@dataclass(frozen=True)
class Completed:
    """The id of a connection that was made, and the page that its person was on, if any."""

    connection_id: str
    return_to: str | None


@dataclass(frozen=True)
class AuthorizationFlow:
    """The authorization code flow, for any browser. `clock` tells epoch seconds."""

    client: oauth.Client
    store: SessionStore
    clock: Callable[[], float]

    def begin(self, browser: str, scope: str, return_to: str | None = None) -> str:
        """Where to send the browser so that the person can grant `scope`; `return_to` is the page she is on."""
        with failure_recorded("authorization_request_failed"):
            request, url = self.client.authorization_request(scope, return_to)
        self.store.change(browser, lambda record: record.remember(request))
        flow = log_id(request.state)
        event_log.record(
            "authorization_request_sent", client_id=self.client.client_id, scope=scope, flow=flow
        )
        return url

    def finish(
        self, browser: str, held_connection: str | None, parameters: Iterable[tuple[str, str]]
    ) -> Completed:
        """The connection that an authorization response makes, in place of the one that the browser held.

        :raises oauth.OAuthError: when it makes none. The request that it answers is spent all the same, and the one held
            is as it was.
        """
        with failure_recorded("authorization_response_refused"):
            response = oauth.AuthorizationResponse.read(parameters)
        flow = log_id(response.state)
        with failure_recorded("authorization_response_refused", flow=flow):
            request = self._take(browser, response)
        with failure_recorded("authorization_response_refused", flow=flow), _concerning(request):
            code = self.client.authorization_code(request, response)
        with failure_recorded("access_token_request_failed", flow=flow), _concerning(request):
            tokens = self.client.redeem(code, request)
        connection = Connection(secrets.token_urlsafe(32), tokens, made_at=self.clock())
        replaced = self.store.change(
            browser, lambda record: record.connect(connection, instead_of=held_connection)
        )
        event_log.record(
            "tokens_received", flow=flow, connection=log_id(connection.id), scope=tokens.scope
        )
        end(self.client, replaced, reason=Reason.REPLACED)
        return Completed(connection.id, request.return_to)

    def _take(
        self, browser: str, response: oauth.AuthorizationResponse
    ) -> oauth.AuthorizationRequest:
        """The request that `response` answers, once. A look comes first, so that a stranger's answer takes no lease."""

        def take(record: Record) -> oauth.AuthorizationRequest:
            return record.take(response, self.clock())

        take(self.store.read(browser))
        return self.store.change(browser, take)


@contextmanager
def _concerning(request: oauth.AuthorizationRequest) -> Iterator[None]:
    """Say of a failure in this context which request it belongs to, so that the page about it can lead back."""
    try:
        yield
    except oauth.OAuthError as error:
        error.request = request
        raise
