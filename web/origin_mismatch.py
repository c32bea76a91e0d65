"""Name the cause when a request comes for another origin than the leg's own.

Often a proxy is not set up as this server expects. Users cannot repair that and should not learn
more than they need, so the event log names both origins and the cause. Only the demo shows them on
the page as well.
"""

from collections.abc import Iterable
from threading import Lock
from urllib.parse import urlsplit

from flask import Flask, current_app, request
from werkzeug.exceptions import BadRequest, SecurityError
from werkzeug.http import parse_list_header

from web import event_log
from web.clock import now
from web.leg_settings import current_settings
from web.reasons import Reason

WINDOW = 60  # seconds
#: The most refusals of one process that are logged within `WINDOW`.
MAX_EVENTS = 20
MAX_LENGTH = 100

_HOST_AND_SCHEME = ("X-Forwarded-Proto", "X-Forwarded-Host")
_FORWARDING = (*_HOST_AND_SCHEME, "X-Forwarded-For", "X-Forwarded-Port", "Forwarded")
_PLAIN = (
    "This server does not answer for that address. Its operator can find the cause in the event "
    "log."
)
_REMEDIES = {
    Reason.PROXY_NOT_DECLARED: "A proxy forwarded the request: set TRIPOD_TRUSTED_PROXIES to the "
    "number of proxies.",
    Reason.FORWARDED_HEADER_ONLY: "The header Forwarded is not read: let the proxy send "
    "X-Forwarded-Proto and X-Forwarded-Host.",
    Reason.PROXY_COUNT_DIFFERS: "X-Forwarded-Proto and X-Forwarded-Host must have one value for "
    "each of the proxies in TRIPOD_TRUSTED_PROXIES.",
    Reason.HOST_NOT_PASSED: "Let the proxy pass the Host header, or send X-Forwarded-Host.",
    Reason.SCHEME_NOT_PASSED: "Let the proxy send X-Forwarded-Proto, and set "
    "TRIPOD_TRUSTED_PROXIES to the number of proxies.",
    Reason.PORT_DIFFERS: "Use that port, and let a proxy pass the Host header with its port.",
    Reason.ANOTHER_HOST: "Use that address, or change the URL setting of this server.",
}


class _Quota:
    """A limit on logged refusals per `WINDOW`: each one once, and at most `MAX_EVENTS` in total.

    `left_out` counts those that were not admitted since the last one that was.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._began = now()
        self._admitted: set[tuple[Reason, str]] = set()
        self.left_out = 0

    def admits(self, refusal: tuple[Reason, str]) -> bool:
        with self._lock:
            if not 0 <= (now() - self._began).total_seconds() < WINDOW:
                self._began, self._admitted = now(), set()
            if refusal in self._admitted or len(self._admitted) >= MAX_EVENTS:
                self.left_out += 1
                return False
            self._admitted.add(refusal)
            return True


def init_app(app: Flask) -> None:
    """Count the refusals of `app`."""
    app.extensions["tripod.host_refusals"] = _Quota()


def read_origin() -> str:
    """Return the origin that the request came for, in lower case; "" for an invalid host."""
    try:
        host = request.host
    except SecurityError:
        return ""
    if not host:
        return ""
    return f"{request.scheme}://{host}".lower()


def refuse_origin(origin: str = "") -> BadRequest:
    """Log the cause, and return the error. Only in the demo does its text name the cause.

    `origin` is what the browser names. Without it, it is what the request came for.
    """
    origin = origin or _requested_origin()
    reason = _find_cause(origin)
    record_refusal(reason, origin)
    description = _PLAIN
    if current_settings().demo:
        description = (
            f"This server answers at {current_settings().url}, and this request came for "
            f"{shorten_origin(origin)}. {_REMEDIES[reason]}"
        )
    return BadRequest(description)


def record_refusal(reason: Reason, origin: str = "", **fields: event_log.Field) -> None:
    """Write the refusal to the event log, unless the same one was written within `WINDOW`."""
    quota: _Quota = current_app.extensions["tripod.host_refusals"]
    origin = shorten_origin(origin or _requested_origin())
    if not quota.admits((reason, origin)):
        return
    fields["forwarding_headers"] = _list_sent(_FORWARDING)
    if quota.left_out:
        fields["left_out"], quota.left_out = quota.left_out, 0
    expected = current_settings().url
    event_log.record("host_refused", reason=reason, origin=origin, expected=expected, **fields)


def has_undeclared_proxy() -> bool:
    """Return whether the request carries a proxy's headers, although no proxy is declared."""
    return not current_settings().trusted_proxies and bool(_list_sent(_FORWARDING))


def shorten_origin(origin: str) -> str:
    """Return the origin in lower case, with control characters escaped, cut to `MAX_LENGTH`."""
    return origin[:MAX_LENGTH].lower().encode("unicode_escape").decode("ascii")[:MAX_LENGTH]


def _find_cause(origin: str) -> Reason:
    if has_undeclared_proxy():
        return Reason.PROXY_NOT_DECLARED
    sent = _list_sent(_HOST_AND_SCHEME)
    if not sent and "Forwarded" in request.headers:
        return Reason.FORWARDED_HEADER_ONLY
    if any(_count_values(name) != current_settings().trusted_proxies for name in sent):
        return Reason.PROXY_COUNT_DIFFERS
    try:
        return _find_difference(origin, current_settings().url)
    except ValueError:
        return Reason.ANOTHER_HOST


def _find_difference(origin: str, expected: str) -> Reason:
    """Return how the origin differs from the expected one.

    :raises ValueError: when it is not an origin.
    """
    host, expected_host = urlsplit(origin), urlsplit(expected)
    if host.netloc == expected_host.netloc:
        return Reason.SCHEME_NOT_PASSED
    if host.hostname == expected_host.hostname:
        return Reason.PORT_DIFFERS
    if (host.hostname, host.port) == current_settings().bind_address:
        return Reason.HOST_NOT_PASSED
    return Reason.ANOTHER_HOST


def _list_sent(names: Iterable[str]) -> list[str]:
    return [name for name in names if name in request.headers]


def _count_values(name: str) -> int:
    return len(parse_list_header(request.headers[name]))


def _requested_origin() -> str:
    """Return the origin that the request came for, with user information masked."""
    origin = read_origin()
    if origin:
        return origin
    userinfo, at, host = request.headers.get("Host", "").rpartition("@")
    if userinfo:
        userinfo = "***"
    return f"{request.scheme}://{userinfo}{at}{host}"
