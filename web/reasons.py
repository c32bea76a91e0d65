"""The reason codes for what this package refuses, on any leg.

The `reason` field of a `form_refused` event contains one of these codes. Each leg has a
`reasons.py` of its own for what it refuses itself.
"""

from enum import StrEnum


class Reason(StrEnum):
    """Each code, with its meaning beside it."""

    # A form was refused.
    FORM_OF_ANOTHER_SITE = "form_of_another_site"  # A header names another site as its origin.
    SESSION_COOKIE_MISSING = "session_cookie_missing"  # The form came without the session cookie.
    FORM_TOKEN_REFUSED = "form_token_refused"  # noqa: S105 - a code: the CSRF token is not valid
