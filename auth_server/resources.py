"""Resource indicators: the resource servers that a grant and its tokens are for (RFC 8707).

A client names resource servers by their addresses. It may name some in the authorization request;
the grant keeps them. In a token request it may choose among them. A client that names none gets
tokens for the Photo API.
"""

from collections.abc import Iterable, Sequence

from sqlalchemy import bindparam, select

from auth_server.context import get_settings
from auth_server.errors import InvalidRequest
from auth_server.models import Client
from auth_server.reasons import Reason
from web.statements import Executor, Query

_FIND = Query(select(Client.name).where(Client.resource == bindparam("address")), str)


def canonical(address: str) -> str:
    """Return the address without the path `/`, which means the same (RFC 3986 §6.2.3)."""
    scheme, _, rest = address.partition("://")
    if rest.endswith("/") and rest.count("/") == 1:
        return f"{scheme}://{rest[:-1]}"
    return address


def check_registered(db: Executor, presented: Iterable[str]) -> tuple[str, ...]:
    """Return the addresses of the authorization request, each once (§2.1).

    :raises InvalidRequest: with `invalid_target` when one is not that of a resource server.
    """
    addresses = tuple(dict.fromkeys(canonical(value) for value in presented if value))
    for address in addresses:
        if find_name(db, address) is None:
            raise InvalidRequest(
                Reason.UNKNOWN_RESOURCE,
                "resource must be the address of a resource server that is registered here.",
                "invalid_target",
            )
    return addresses


def find_name(db: Executor, address: str) -> str | None:
    """Return the name of the resource server at `address`, or None. The demo's is the Photo API."""
    name = _FIND.one(db, address=address)
    if name is None and address == get_settings().resource_api_url:
        return "Photo API"
    return name


def choose_audience(presented: Sequence[str], granted: str | None) -> str | None:
    """Return the audience of the token of this request, separated by spaces (§2.2).

    `granted` is what the grant is for. Return None for the Photo API.

    :raises InvalidRequest: with `invalid_target` when the client chooses what was not granted.
    """
    chosen = dict.fromkeys(canonical(value) for value in presented if value)
    if not chosen:
        return granted
    if not set(chosen) <= set(audiences(granted)):
        raise InvalidRequest(
            Reason.RESOURCE_NOT_GRANTED,
            "resource must be one of the authorization request.",
            "invalid_target",
        )
    return " ".join(chosen)


def audiences(stored: str | None) -> list[str]:
    """Return the addresses of a stored value. Without one, that is the Photo API's."""
    if stored is None:
        return [get_settings().resource_api_url]
    return stored.split(" ")
