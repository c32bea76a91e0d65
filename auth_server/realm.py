"""The realm in the challenges of this server (RFC 9110 §11.5)."""

from auth_server.context import get_settings


def realm() -> str:
    """Return the name of this server. Headers are ASCII, while the name may be any text."""
    return get_settings().name.encode("ascii", "replace").decode()
