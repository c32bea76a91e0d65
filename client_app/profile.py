"""What the profile page shows: each claim about the user, and where it came from."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from client_app.api_errors import InvalidTokenError
from client_app.events import record_failure
from client_app.oauth import (
    BadTokenError,
    Client,
    NotUnderstoodError,
    SignedToken,
    UnreachableError,
)
from client_app.openid import as_text, fetch_userinfo

ID_TOKEN, USERINFO = "ID token", "userinfo"
#: The longest value that is shown, and the most claims.
MAX_LENGTH, MAX_CLAIMS = 300, 60
#: The claims that are a time (OpenID Connect Core §2 and §5.1).
TIMES = ("exp", "iat", "auth_time", "updated_at")
#: What the usual claims mean.
MEANINGS = {
    "iss": "who issued it",
    "sub": "the identifier of your account",
    "aud": "for whom it was issued",
    "azp": "to whom it was issued",
    "exp": "when it expires",
    "iat": "when it was issued",
    "auth_time": "when you typed your password",
    "nonce": "a random value of the request",
    "at_hash": "the digest of the access token",
    "sid": "your sign-in",
    "acr": "how strongly you signed in",
    "amr": "how you signed in",
    "name": "your name",
    "preferred_username": "your username",
    "updated_at": "when these data last changed",
    "email": "your email address",
    "email_verified": "whether the address was verified",
}


class Outcome(StrEnum):
    """How the request to userinfo ended."""

    RECEIVED = "received"
    MISSING = "missing"  # The server has no userinfo, or sent what cannot be read.
    UNREACHABLE = "unreachable"
    REFUSED = "refused"  # The server did not accept the access token.
    ABOUT_ANOTHER_USER = "about another user"


@dataclass(frozen=True)
class Userinfo:
    """The answer of userinfo. `claims` is empty if it was not used."""

    outcome: Outcome
    claims: dict[str, Any]


@dataclass(frozen=True)
class ClaimRow:
    """One line of the page. `moment` is set instead of `value` if the claim is a time."""

    name: str
    meaning: str
    value: str
    moment: float | None
    sources: list[str]


def ask_userinfo(
    client: Client, id_token: SignedToken, call: Callable[[Callable[[str], Userinfo]], Userinfo]
) -> Userinfo:
    """Ask userinfo through `call`, which passes an access token, and say what happened."""

    def ask(access_token: str) -> Userinfo:
        try:
            with record_failure("userinfo_refused"):
                claims = fetch_userinfo(client, access_token, id_token)
        except BadTokenError:
            return Userinfo(Outcome.ABOUT_ANOTHER_USER, {})
        except NotUnderstoodError:
            return Userinfo(Outcome.MISSING, {})
        except UnreachableError:
            return Userinfo(Outcome.UNREACHABLE, {})
        return Userinfo(Outcome.RECEIVED, claims)

    try:
        return call(ask)
    except InvalidTokenError:
        return Userinfo(Outcome.REFUSED, {})


def list_claims(id_token: dict[str, Any], userinfo: dict[str, Any]) -> list[ClaimRow]:
    """Return a line for each claim; two lines if the two sources differ."""
    rows: list[ClaimRow] = []
    for name in list(userinfo | id_token)[:MAX_CLAIMS]:
        sources = {ID_TOKEN: id_token, USERINFO: userinfo}
        stated = {source: claims[name] for source, claims in sources.items() if name in claims}
        if len(stated) == 2 and stated[ID_TOKEN] == stated[USERINFO]:
            rows.append(_row(name, stated[ID_TOKEN], [ID_TOKEN, USERINFO]))
        else:
            rows += [_row(name, value, [source]) for source, value in stated.items()]
    return rows


def _row(name: str, value: object, sources: list[str]) -> ClaimRow:
    text = as_text(value)
    if len(text) > MAX_LENGTH:
        text = f"{text[:MAX_LENGTH]}…"
    return ClaimRow(name[:MAX_LENGTH], MEANINGS.get(name, ""), text, _moment(name, value), sources)


def _moment(name: str, value: object) -> float | None:
    """Return the claim in epoch seconds if it is a time that can be shown, or None."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if name in TIMES and is_number and 0 <= value < 10**11:  # type: ignore[operator]
        return float(value)  # type: ignore[arg-type]
    return None
