"""Client authentication at the machine endpoints (RFC 6749 §2.3 and §3.2.1).

In place of Authlib's three methods, which answer bytes that are no UTF-8 with an error of the server's, and let a
request that uses two methods at once pick the one that works.
"""

import base64
from collections.abc import Collection
from dataclasses import dataclass, field
from urllib.parse import unquote_plus

from authlib.oauth2.rfc6749 import InvalidRequestError, OAuth2Request

from auth_server.context import get_settings
from auth_server.errors import ClientRefused
from auth_server.models import Client
from web.database import get_db

METHODS = ("client_secret_basic", "client_secret_post", "none")
CONFIDENTIAL_METHODS = METHODS[:2]


@dataclass(frozen=True)
class PresentedCredentials:
    """What a client says it is, unchecked."""

    client_id: str
    method: str
    secret: str = field(default="", repr=False)


def find_client(client_id: str | None) -> Client | None:
    """The registered client; outside the demo, the demo's are not there."""
    if not client_id or not client_id.isascii() or "\0" in client_id:
        return None
    client = get_db().get(Client, client_id)
    return client if client and (get_settings().demo or not client.is_demo) else None


def authenticate(request: OAuth2Request, allowed_methods: Collection[str]) -> Client:
    """The client that proves itself in `request` by one of `allowed_methods`.

    :raises ClientRefused: when it does not.
    :raises InvalidRequestError: when it tries two ways at once (RFC 6749 §5.2).
    """
    presented = _presented_credentials(request)
    client = find_client(presented.client_id)
    if client is None:
        # What was presented is not repeated: a client may have swapped its id and its secret.
        raise ClientRefused("unknown client")
    if presented.method == "none":
        proven, reason = client.is_public, "confidential client without its secret"
    else:
        proven, reason = client.check_client_secret(presented.secret), "wrong client secret"
    if not proven or presented.method not in allowed_methods:
        raise ClientRefused(
            reason if not proven else "this endpoint is for confidential clients", client.client_id
        )
    request.auth_method = presented.method
    return client


def _presented_credentials(request: OAuth2Request) -> PresentedCredentials:
    form, header = request.form, request.headers.get("Authorization")
    client_id, secret = form.get("client_id", ""), form.get("client_secret", "")
    if header is None:
        return PresentedCredentials(client_id, "client_secret_post" if secret else "none", secret)
    basic = _read_basic(header)
    if secret or (client_id and client_id != basic.client_id):
        raise InvalidRequestError(
            "Use one way of client authentication: the Authorization header or the body."
        )
    return basic


def _read_basic(header: str) -> PresentedCredentials:
    """`client_secret_basic`: id and secret are form-encoded before they are joined (RFC 6749 §2.3.1).

    An empty secret is none: that is how some libraries let a public client identify itself.
    """
    scheme, _, encoded = header.partition(" ")
    try:
        client_id, colon, secret = (
            base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
        )
    except ValueError:  # no base64, or no UTF-8
        raise ClientRefused("malformed Authorization header") from None
    if scheme.lower() != "basic" or not colon:
        raise ClientRefused("malformed Authorization header")
    method = "client_secret_basic" if secret else "none"
    return PresentedCredentials(unquote_plus(client_id), method, unquote_plus(secret))
