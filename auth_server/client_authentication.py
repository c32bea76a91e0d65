"""Client authentication at the machine endpoints (RFC 6749 §2.3, §3.2.1).

This replaces Authlib's three methods. They answer a header that is not UTF-8 with a server error,
and when a request uses two methods, they accept the one that succeeds.
"""

import base64
from collections.abc import Collection
from dataclasses import dataclass, field
from urllib.parse import unquote_plus

from auth_server.errors import ClientRefused, InvalidRequest
from auth_server.protocol_request import ProtocolRequest
from auth_server.reasons import Reason
from auth_server.registered_client import RegisteredClient, find_client
from web.database import get_transaction

METHODS = ("client_secret_basic", "client_secret_post", "none")
CONFIDENTIAL_METHODS = METHODS[:2]


@dataclass(frozen=True)
class PresentedCredentials:
    """The credentials of a client as it presented them, unverified."""

    client_id: str
    method: str
    secret: str = field(default="", repr=False)


def authenticate(request: ProtocolRequest, allowed_methods: Collection[str]) -> RegisteredClient:
    """Return the client that `request` authenticates by one of `allowed_methods`.

    :raises ClientRefused: when the authentication fails.
    :raises InvalidRequest: when the request uses more than one method (RFC 6749 §5.2).
    """
    presented = _presented_credentials(request)
    client = find_client(get_transaction(), presented.client_id)
    if client is None:
        # The presented value is not logged: a client may have swapped its id and its secret.
        raise ClientRefused(Reason.UNKNOWN_CLIENT)
    _check_credentials(client, presented)
    if presented.method not in allowed_methods:
        raise ClientRefused(Reason.CLIENT_METHOD_NOT_ALLOWED, client.client_id)
    request.auth_method = presented.method
    # Authlib sets it after it has searched for the code, too late for an error.
    request.client = client
    return client


def _check_credentials(client: RegisteredClient, presented: PresentedCredentials) -> None:
    if presented.method == "none":
        if not client.is_public:
            raise ClientRefused(Reason.CLIENT_SECRET_MISSING, client.client_id)
    elif not client.check_client_secret(presented.secret):
        raise ClientRefused(Reason.WRONG_CLIENT_SECRET, client.client_id)


def _presented_credentials(request: ProtocolRequest) -> PresentedCredentials:
    form, header = request.form, request.authorization
    client_id, secret = form.get("client_id", ""), form.get("client_secret", "")
    if header is not None:
        basic = _read_basic(header)
        if secret or (client_id and client_id != basic.client_id):
            raise InvalidRequest(
                Reason.SEVERAL_CLIENT_METHODS,
                "Use one way of client authentication: the Authorization header or the body.",
            )
        return basic
    if secret:
        return PresentedCredentials(client_id, "client_secret_post", secret)
    return PresentedCredentials(client_id, "none")


def _read_basic(header: str) -> PresentedCredentials:
    """Return the credentials of `client_secret_basic`.

    Id and secret are form-encoded before they are joined (RFC 6749 §2.3.1). An empty secret means
    no secret: some libraries send a public client's id in this way.
    """
    scheme, _, encoded = header.partition(" ")
    try:
        decoded = base64.b64decode(encoded.strip(), validate=True).decode()
    except ValueError:  # not base64, or not UTF-8
        raise ClientRefused(Reason.MALFORMED_AUTHORIZATION_HEADER) from None
    client_id, colon, secret = decoded.partition(":")
    if scheme.lower() != "basic" or not colon:
        raise ClientRefused(Reason.MALFORMED_AUTHORIZATION_HEADER)
    if secret:
        return PresentedCredentials(
            unquote_plus(client_id), "client_secret_basic", unquote_plus(secret)
        )
    return PresentedCredentials(unquote_plus(client_id), "none")
