"""The parameters of an authorization request that OpenID Connect adds (Core §3.1.2.1).

Nothing depends on `acr_values`, `display`, `ui_locales` and `claims_locales`, which are voluntary.
`authorization_request.py` checks `prompt`, and the login page reads `login_hint`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from auth_server.errors import InvalidRequest
from auth_server.id_token_hints import read_hint
from auth_server.reasons import Reason
from auth_server.signed_in_user import SignedInUser
from web.clock import now

#: Clients send about 64 characters at most. The database and the ID token hold the nonce.
MAX_NONCE = 512
#: More seconds than a thousand years have.
_SECONDS = re.compile(r"[0-9]{1,11}", re.A)
#: Parameters that change what is requested, so that they must not be ignored (§3.1.2.6).
_NOT_SUPPORTED = {
    "request": Reason.REQUEST_NOT_SUPPORTED,
    "request_uri": Reason.REQUEST_URI_NOT_SUPPORTED,
    "registration": Reason.REGISTRATION_NOT_SUPPORTED,
}


@dataclass(frozen=True, slots=True)
class OpenIdParameters:
    """Who must be signed in, and how long ago at most they may have typed their password."""

    max_age: timedelta | None
    hinted_subject: str | None

    def can_be_answered_for(self, user: SignedInUser) -> bool:
        """Return whether the user is the one of the `id_token_hint`, if there is one."""
        return self.hinted_subject in (None, user.id)

    def is_outdated(self, user: SignedInUser) -> bool:
        """Return whether the sign-in is older than `max_age` allows. With 0, every sign-in is."""
        return self.max_age is not None and now() - user.signed_in_at >= self.max_age


def read_openid_parameters(parameters: Mapping[str, str]) -> OpenIdParameters:
    """Return what the parameters say. None of them is repeated.

    :raises InvalidRequest: when one is not valid, or this server does not support it.
    """
    for name, reason in _NOT_SUPPORTED.items():
        if name in parameters:
            raise InvalidRequest(reason, f"This server does not support {name}.", reason.value)
    _check_nonce(parameters.get("nonce", ""))
    return OpenIdParameters(
        _read_max_age(parameters.get("max_age")), _read_subject(parameters.get("id_token_hint"))
    )


def _check_nonce(nonce: str) -> None:
    """Raise unless the nonce can be stored. PostgreSQL stores no NUL."""
    if len(nonce) > MAX_NONCE or "\0" in nonce:
        raise InvalidRequest(
            Reason.MALFORMED_NONCE, f"nonce must have at most {MAX_NONCE} characters, and no NUL."
        )


def _read_max_age(presented: str | None) -> timedelta | None:
    if presented is None:
        return None
    if not _SECONDS.fullmatch(presented):
        raise InvalidRequest(Reason.INVALID_MAX_AGE, "max_age must be a whole number of seconds.")
    return timedelta(seconds=int(presented))


def _read_subject(presented_hint: str | None) -> str | None:
    if presented_hint is None:
        return None
    hint = read_hint(presented_hint)
    if hint is None:
        raise InvalidRequest(
            Reason.INVALID_ID_TOKEN_HINT, "id_token_hint must be an ID token of this server."
        )
    return hint.subject
