"""Client metadata as JSON, with the names of RFC 7591 §2: read them, and write them.

A registration request and a metadata document have the same form. Members that this server does not
know are ignored (RFC 7591 §2), and null means that the member is omitted (RFC 7592 §2.2).
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from auth_server.client_metadata import LINKS, ClientMetadata
from auth_server.errors import RegistrationError
from auth_server.scopes import SCOPES, scope_text
from web import text

#: The members with one string, and the fields of `ClientMetadata` that they set.
_STRINGS = {
    "client_name": "name",
    "client_uri": "homepage",
    "token_endpoint_auth_method": "auth_method",
    "id_token_signed_response_alg": "id_token_alg",
    "backchannel_logout_uri": "backchannel_logout_uri",
}
#: The members with an array of strings.
_LISTS = ("redirect_uris", "post_logout_redirect_uris")
#: The values that a client may name. Every client is registered for all of them.
_USES = {
    "grant_types": ("authorization_code", "refresh_token"),
    "response_types": ("code",),
}

Members = Mapping[str, Any]


def parse_members(body: bytes) -> Members:
    """Return the members of a JSON object.

    :raises RegistrationError: when `body` is anything else, or a member is repeated.
    """
    try:
        members = json.loads(text.decode_utf8(body), object_pairs_hook=_make_object)
    except (ValueError, RecursionError):
        members = None
    if not isinstance(members, dict):
        _reject_member("body", "The body is one JSON object in UTF-8 that repeats no member.")
    return {name: value for name, value in members.items() if value is not None}


def read_metadata(members: Members, *, default_name: str) -> ClientMetadata:
    """Return the metadata in the members of a request or a document. They are not validated yet.

    The scope is always replaced by all scopes (RFC 7591 §2). What the client may do is what a user
    allows it, while a registered scope would only stop it from asking for more later: programs
    register the scope of the first request that was refused.

    :raises RegistrationError: when a member has the wrong type or an unsupported value.
    """
    fields: dict[str, Any] = {"name": default_name, "scope": scope_text(SCOPES)}
    for member, name in _STRINGS.items():
        if member in members:
            fields[name] = _read_string(members, member)
    if "scope" in members:
        _read_string(members, "scope")
    for member in _LISTS:
        fields[member] = _read_strings(members, member)
    for member, offered in _USES.items():
        _check_uses(member, _read_strings(members, member), offered)
    links = {member: _read_string(members, member) for member in LINKS if member in members}
    fields["links"] = {member: address for member, address in links.items() if address}
    if members.get("subject_type", "public") != "public":
        _reject_member("subject_type", "This server supports only the subject_type public.")
    return ClientMetadata(**fields)


def _make_object(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member is repeated")
    return members


def _read_string(members: Members, member: str) -> str:
    value = members[member]
    if not isinstance(value, str):
        _reject_member(member, f"{member} is a string.")
    return value


def _read_strings(members: Members, member: str) -> list[str]:
    values = members.get(member, [])
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        _reject_member(member, f"{member} is an array of strings.")
    return values


def _check_uses(member: str, values: Sequence[str], offered: Sequence[str]) -> None:
    """Check that the first of the offered values is used, and no value that is not offered."""
    if values and not {offered[0]} <= set(values) <= set(offered):
        _reject_member(
            member, f"{member} has {offered[0]}, and otherwise only: {' '.join(offered)}."
        )


def _reject_member(member: str, objection: str) -> NoReturn:
    raise RegistrationError(objection, {member: objection})
