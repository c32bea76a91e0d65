"""A registered client as a request uses it: found once, and never changed.

The developer pages and the commands change clients; they use `auth_server.models.Client`.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, select

from auth_server import digests, redirect_uris
from auth_server.context import get_settings
from auth_server.models import Client
from auth_server.scopes import is_within, scope_list
from web.statements import Executor, Query


@dataclass(frozen=True, slots=True)
class RegisteredClient:
    """A client (RFC 6749 §2), or a resource server, which may only introspect.

    The methods have the names by which Authlib calls them (authlib.oauth2.rfc6749.ClientMixin).
    """

    client_id: str
    client_secret_digest: str | None
    name: str
    redirect_uris: list[str]
    scope: str
    is_resource_server: bool
    is_demo: bool
    owner_id: str | None
    created_at: datetime
    resource: str | None
    registered_by: str | None
    auth_method: str | None
    id_token_alg: str | None

    @property
    def is_public(self) -> bool:
        """Whether the client has no secret, because it cannot keep one."""
        return self.client_secret_digest is None

    def get_client_id(self) -> str:
        """Return the client identifier."""
        return self.client_id

    def get_default_redirect_uri(self) -> str | None:
        """Return the only registered URI, or None if there are several (RFC 6749 §3.1.2.3)."""
        if len(self.redirect_uris) != 1:
            return None
        return self.redirect_uris[0]

    def get_allowed_scope(self, scope: str | None) -> str | None:
        """Return `scope` if the client may have all of it, or else None.

        Without a requested scope, return the whole scope of the registration.
        """
        if not scope_list(scope):
            return self.scope
        if is_within(scope, self.scope):
            return scope
        return None

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        """Return whether the URI matches a registered one."""
        return redirect_uris.matches(redirect_uri, self.redirect_uris, is_public=self.is_public)

    def check_client_secret(self, client_secret: str) -> bool:
        """Return whether this is the client's secret. A public client has no secret."""
        return digests.digest_matches(client_secret, self.client_secret_digest)

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        """Return whether the client may use the method. Only public clients may use `none`."""
        return (method == "none") == self.is_public

    def check_response_type(self, response_type: str) -> bool:
        """Return whether the client may send authorization requests."""
        return not self.is_resource_server

    def check_grant_type(self, grant_type: str) -> bool:
        """Return whether the client may request tokens."""
        return not self.is_resource_server


_select = select(
    Client.client_id,
    Client.client_secret_digest,
    Client.name,
    Client.redirect_uris,
    Client.scope,
    Client.is_resource_server,
    Client.is_demo,
    Client.owner_id,
    Client.created_at,
    Client.resource,
    Client.registered_by,
    Client.auth_method,
    Client.id_token_alg,
).where(Client.client_id == bindparam("client_id"))
_FIND = Query(_select, RegisteredClient)
_FIND_AND_LOCK = Query(_select.with_for_update(read=True), RegisteredClient)


def find_client(
    db: Executor, client_id: str | None, *, lock: bool = False
) -> RegisteredClient | None:
    """Return the registered client, or None. Outside the demo there are no demo clients.

    With `lock`, the registration cannot change until the transaction ends.
    """
    if not client_id or not client_id.isascii() or "\0" in client_id:
        return None
    query = _FIND
    if lock:
        query = _FIND_AND_LOCK
    client = query.one(db, client_id=client_id)
    if client is None or (client.is_demo and not get_settings().demo):
        return None
    return client
