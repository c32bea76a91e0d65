"""Use the `X-Forwarded-…` headers of declared proxies, with an IP address as the client's."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from werkzeug.middleware.proxy_fix import ProxyFix

from web.client_addresses import find_ip_address

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


def behind_proxies(application: "WSGIApplication", count: int) -> "WSGIApplication":
    """Return the application for requests that pass `count` proxies."""

    def with_ip_address(
        wsgi: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        # A proxy can also send `unknown` or any other text, and the address is stored and shown.
        forwarded = find_ip_address(wsgi["REMOTE_ADDR"])
        wsgi["REMOTE_ADDR"] = forwarded or wsgi["werkzeug.proxy_fix.orig"]["REMOTE_ADDR"]
        return application(wsgi, start_response)

    return ProxyFix(with_ip_address, x_for=count, x_proto=count, x_host=count)
