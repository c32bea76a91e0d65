"""A user as a request sees them, for tests that begin grants without a browser."""

from auth_server.models import User
from auth_server.signed_in_user import SignedInUser
from web.clock import now


def signed_in(user: User) -> SignedInUser:
    """Return the user, signed in just now."""
    return SignedInUser(
        id=user.id,
        username=user.username,
        name=user.name,
        is_demo=user.is_demo,
        sign_in_id="a-sign-in",
        sign_in_digest="0" * 64,
        signed_in_at=now(),
        used_at=now(),
    )
