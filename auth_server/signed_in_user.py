"""The signed-in user as a request uses it: found once, and never changed."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class SignedInUser:
    """A resource owner who has signed in, with the sign-in of this browser.

    `signed_in_at` is when the user typed their password. `sign_in_digest` is the digest of the
    identifier in the cookie; a sign-in can get another identifier.
    """

    id: str
    username: str
    name: str
    is_demo: bool
    sign_in_id: str
    sign_in_digest: str
    signed_in_at: datetime
    used_at: datetime
