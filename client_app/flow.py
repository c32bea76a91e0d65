"""The authorization code flow of a browser, from the authorization request to stored tokens."""

import secrets
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from client_app import oauth
from client_app.access import revoke_connections
from client_app.events import log_id, record_failure, record_id_token
from client_app.models import Connection, Record
from client_app.reasons import Reason
from client_app.session_store import SessionStore
from client_app.sign_in_index import SignInIndex
from web import event_log


@dataclass(frozen=True)
class NewConnection:
    """The id of a connection that a flow has made, and the page to return to, if any."""

    connection_id: str
    return_to: str | None


@dataclass(frozen=True)
class AuthorizationFlow:
    """The authorization code flow for any browser. `clock` returns epoch seconds."""

    client: oauth.Client
    store: SessionStore
    clock: Callable[[], float]

    def begin(self, browser: str, scope: str, return_to: str | None = None, **more: str) -> str:
        """Store an authorization request for `scope` and return the URL to redirect to.

        `return_to` is the page to which the user returns. `more` are further parameters of the
        request, such as `prompt`.
        """
        with record_failure("authorization_request_failed"):
            request, url = self.client.authorization_request(scope, return_to, **more)
        self.store.change(browser, lambda record: record.add_request(request))
        event_log.record(
            "authorization_request_sent",
            client_id=self.client.client_id,
            scope=scope,
            flow=log_id(request.state),
        )
        return url

    def finish(
        self, browser: str, previous_connection: str | None, parameters: Iterable[tuple[str, str]]
    ) -> NewConnection:
        """Redeem the code of an authorization response and replace the browser's connection.

        :raises oauth.OAuthError: when no tokens were received. The authorization request is deleted
            then too, and the previous connection is not changed.
        """
        with record_failure("authorization_response_refused"):
            response = oauth.AuthorizationResponse.read(parameters)
        flow = log_id(response.state)
        with record_failure("authorization_response_refused", flow=flow):
            request = self._take_request(browser, response)
        with attach_request_to_errors(request):
            tokens = self._redeem(request, response, flow)
        connection = Connection(secrets.token_urlsafe(32), tokens, made_at=self.clock())
        SignInIndex(self.store).add(tokens.id_token, browser)
        replaced = self.store.change(
            browser, lambda record: record.add_connection(connection, previous_connection)
        )
        event_log.record(
            "tokens_received", flow=flow, connection=log_id(connection.id), scope=tokens.scope
        )
        record_id_token(tokens.id_token, flow=flow)
        revoke_connections(self.client, replaced, Reason.REPLACED)
        return NewConnection(connection.id, request.return_to)

    def _redeem(
        self, request: oauth.AuthorizationRequest, response: oauth.AuthorizationResponse, flow: str
    ) -> oauth.Tokens:
        with record_failure("authorization_response_refused", flow=flow):
            code = self.client.authorization_code(request, response)
        with record_failure("access_token_request_failed", flow=flow):
            return self.client.redeem(code, request)

    def _take_request(
        self, browser: str, response: oauth.AuthorizationResponse
    ) -> oauth.AuthorizationRequest:
        """Remove and return the request that `response` answers.

        Look without a lease first, so that a forged response does not block the record.
        """

        def take(record: Record) -> oauth.AuthorizationRequest:
            return record.take_request(response, self.clock())

        take(self.store.read(browser))
        return self.store.change(browser, take)


@contextmanager
def attach_request_to_errors(request: oauth.AuthorizationRequest) -> Iterator[None]:
    """Set `request` on each `OAuthError` of this context, so that the error page can retry it."""
    try:
        yield
    except oauth.OAuthError as error:
        error.request = request
        raise
