"""Checks of the lifetimes of codes and tokens. All are in seconds."""

from collections.abc import Iterator

from web.safety.installation import Installation

LONGEST_CODE = 600
LONGEST_ACCESS_TOKEN = 3600
LONGEST_REFRESH_TOKEN = 90 * 86400
LONGEST_GRACE = 60


def check_code(installation: Installation) -> Iterator[str]:
    """Check that a stolen code expires soon (RFC 6749 §4.1.2)."""
    if own := installation.auth_server:
        yield from _limit("a code", own.authorization_code_lifetime, LONGEST_CODE)


def check_access_token(installation: Installation) -> Iterator[str]:
    """Check that a stolen access token expires soon."""
    if own := installation.auth_server:
        yield from _limit("an access token", own.access_token_lifetime, LONGEST_ACCESS_TOKEN)


def check_refresh_token(installation: Installation) -> Iterator[str]:
    """Check that a forgotten refresh token expires, and after its access token."""
    own = installation.auth_server
    if own is None:
        return
    yield from _limit("a refresh token", own.refresh_token_lifetime, LONGEST_REFRESH_TOKEN)
    if own.refresh_token_lifetime < own.access_token_lifetime:
        yield "a refresh token expires before its access token."


def check_grace(installation: Installation) -> Iterator[str]:
    """Check that a spent refresh token is accepted again only for a short time."""
    if own := installation.auth_server:
        yield from _limit("a spent refresh token", own.refresh_token_grace, LONGEST_GRACE)


def _limit(what: str, seconds: int, most: int) -> Iterator[str]:
    if seconds > most:
        yield f"{what} works for {seconds} s; the most is {most} s."
