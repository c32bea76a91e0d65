"""Let the demo answer programs on this machine only, whatever address the server listens on.

The demo shows its passwords and runs attacks. Its own server listens on loopback, but another
one may not: `flask run --host 0.0.0.0`.
"""

from collections.abc import Iterable
from http import HTTPStatus
from ipaddress import IPv6Address, ip_address
from typing import TYPE_CHECKING

from flask import Flask, Response

from web import headers, origin_mismatch
from web.leg_settings import LegSettings
from web.reasons import Reason

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_REFUSAL = "The demo answers programs on this machine only.\n"


def init_app(app: Flask, settings: LegSettings) -> None:
    """Refuse the requests of other machines to `app` with 403, before anything else reads them.

    What counts is the other end of the connection. A forwarded address counts nothing.
    """
    application: WSGIApplication = app.wsgi_app

    def for_this_machine(
        wsgi: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        if is_on_this_machine(wsgi):
            return application(wsgi, start_response)
        with app.request_context(wsgi):
            origin_mismatch.record_refusal(Reason.PEER_NOT_ON_LOOPBACK, address=wsgi["REMOTE_ADDR"])
        refusal = Response(
            _REFUSAL, HTTPStatus.FORBIDDEN, headers.make_headers(settings), mimetype="text/plain"
        )
        return refusal(wsgi, start_response)

    app.wsgi_app = for_this_machine  # type: ignore[assignment, method-assign]


def is_on_this_machine(wsgi: "WSGIEnvironment") -> bool:
    """Return whether the other end of the connection is on loopback, or is a Unix socket."""
    peer = wsgi.get("REMOTE_ADDR", "")
    try:
        address = ip_address(peer)
    except ValueError:
        return not peer
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    return address.is_loopback
