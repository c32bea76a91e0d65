"""The checks of a request to sign out (OpenID Connect RP-Initiated Logout §2, §4).

Anybody can send a browser here. So nobody is redirected to an address that the client has not
registered, and only an ID token of the present sign-in ends it without a question.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from sqlalchemy import bindparam, select

from auth_server.errors import LogoutRefused
from auth_server.id_token_hints import Hint, read_hint
from auth_server.models import Client
from auth_server.reasons import Reason
from auth_server.registered_client import RegisteredClient, find_client
from auth_server.request_parameters import Values, objection_to_repetition
from auth_server.signed_in_user import SignedInUser
from web.addresses import append_parameters
from web.database import get_reader
from web.statements import Query

#: The parameters that mean something here.
PARAMETERS = ("id_token_hint", "client_id", "post_logout_redirect_uri", "state")


def _as_list(addresses: list[str] | None) -> list[str]:
    return addresses or []


_FIND_ADDRESSES = Query(
    select(Client.post_logout_redirect_uris).where(Client.client_id == bindparam("client_id")),
    _as_list,
)


@dataclass(frozen=True, slots=True)
class LogoutRequest:
    """A valid request. `return_address` is where the user goes afterwards, with the state."""

    hint: Hint | None
    client: RegisteredClient | None
    return_address: str | None

    @property
    def host(self) -> str:
        """The host of the return address, to show."""
        return urlsplit(self.return_address or "").netloc

    def has_hint_of(self, user: SignedInUser) -> bool:
        """Return whether the hint is from the present sign-in of the user."""
        if self.hint is None or self.hint.subject != user.id:
            return False
        return self.hint.sign_in_id in (None, user.sign_in_id)


def read_logout_request(values: Values) -> LogoutRequest:
    """Return the request, whose ID token may have expired.

    :raises LogoutRefused: when a check fails.
    """
    if objection := objection_to_repetition(values):
        raise LogoutRefused(objection.reason, objection.description)
    parameters = {name: presented[0] for name, presented in values.items() if presented[0]}
    hint = _read_hint(parameters.get("id_token_hint"))
    client = _find_client(hint, parameters.get("client_id"))
    return LogoutRequest(hint, client, _read_return_address(parameters, client))


def _read_hint(presented: str | None) -> Hint | None:
    if presented is None:
        return None
    hint = read_hint(presented)
    if hint is None:
        raise LogoutRefused(
            Reason.INVALID_ID_TOKEN_HINT,
            "Send as id_token_hint an ID token that this server issued to the client.",
        )
    return hint


def _find_client(hint: Hint | None, client_id: str | None) -> RegisteredClient | None:
    """Return the client that the hint was issued to, or that the request names."""
    if hint is not None and client_id not in (None, hint.client_id):
        raise LogoutRefused(
            Reason.CLIENT_DIFFERS, "The client_id must be the audience of the ID token."
        )
    if hint is not None:
        client_id = hint.client_id
    if client_id is None:
        return None
    client = find_client(get_reader(), client_id)
    if client is None:
        raise LogoutRefused(Reason.UNKNOWN_CLIENT, "The client must be registered.")
    return client


def _read_return_address(
    parameters: Mapping[str, str], client: RegisteredClient | None
) -> str | None:
    address = parameters.get("post_logout_redirect_uri")
    if address is None:
        return None
    if client is None:
        raise LogoutRefused(
            Reason.NOT_ONE_CLIENT_ID,
            "With post_logout_redirect_uri, send an id_token_hint or a client_id.",
        )
    registered = _FIND_ADDRESSES.one(get_reader(), client_id=client.client_id) or []
    if address not in registered:
        raise LogoutRefused(
            Reason.UNKNOWN_POST_LOGOUT_REDIRECT_URI,
            "The post_logout_redirect_uri must equal a registered one, character by character.",
            details={"App": f"{client.name} ({client.client_id})", "Requested": address[:300]},
        )
    if "state" in parameters:
        address = append_parameters(address, {"state": parameters["state"]})
    return address
