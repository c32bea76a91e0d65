"""Tell which client identifiers are addresses of metadata documents, and which are accepted.

Client ID Metadata Documents (draft-ietf-oauth-client-id-metadata-document), §3.
"""

from collections.abc import Collection
from urllib.parse import unquote

from web.addresses import AddressError, split_url

MAX_LENGTH = 512
ANY_HOST = "*"


def is_document_address(client_id: str) -> bool:
    """Return whether the identifier claims to be such an address: no other one has this form."""
    return client_id.startswith("https://")


def objection_to(address: str) -> str | None:
    """Return why `address` cannot be the identifier of a client, as a sentence, or None."""
    if len(address) > MAX_LENGTH:
        return f"The client_id has at most {MAX_LENGTH} characters."
    try:
        parts = split_url(address)
    except AddressError as error:
        return f"The client_id {error}"
    if "?" in address or "#" in address or "\\" in address:
        return "The client_id has no query and no fragment."
    if parts.path in ("", "/"):
        return "The client_id has a path."
    if {".", ".."} & set(unquote(parts.path).split("/")):
        return "The client_id has no dot segments in its path."
    return None


def is_accepted_host(address: str, hosts: Collection[str]) -> bool:
    """Return whether the host of `address`, with its port if it has one, is one of `hosts`."""
    return ANY_HOST in hosts or split_url(address).netloc in hosts
