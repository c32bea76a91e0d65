"""The reason codes for what this package refuses, on any leg.

The `reason` field of the events `form_refused`, `request_refused` and `host_refused` contains one
of these codes. Each leg has a `reasons.py` of its own for what it refuses itself.
"""

from enum import StrEnum


class Reason(StrEnum):
    """Each code, with its meaning beside it."""

    # A form was refused.
    FORM_OF_ANOTHER_SITE = "form_of_another_site"  # A header names another site as its origin.
    SESSION_COOKIE_MISSING = "session_cookie_missing"  # The form came without the session cookie.
    FORM_TOKEN_REFUSED = "form_token_refused"  # noqa: S105 - a code: the CSRF token is not valid

    # A query or a form was refused.
    NOT_UTF8 = "not_utf8"  # It is not UTF-8.

    # A request came for another origin than the leg's own.
    PROXY_NOT_DECLARED = "proxy_not_declared"  # A proxy's headers came; no proxy is declared.
    FORWARDED_HEADER_ONLY = "forwarded_header_only"  # The proxy sends only RFC 7239's header.
    PROXY_COUNT_DIFFERS = "proxy_count_differs"  # More or fewer proxies than declared sent headers.
    SCHEME_NOT_PASSED = "scheme_not_passed"  # The host is right, and the scheme is not.
    HOST_NOT_PASSED = "host_not_passed"  # The host is the address that the leg listens on.
    PORT_DIFFERS = "port_differs"  # The host is right; the port is another one, or was lost.
    ANOTHER_HOST = "another_host"  # The host is another one.
    ANOTHER_SPELLING = "another_spelling"  # A form was sent to another name of loopback.
    PEER_NOT_ON_LOOPBACK = "peer_not_on_loopback"  # Another machine sent a request to the demo.
