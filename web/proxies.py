"""Use the `X-Forwarded-…` headers of declared proxies, with an IP address as the client's."""

from collections.abc import Iterable
from ipaddress import ip_address
from typing import TYPE_CHECKING

from werkzeug.middleware.proxy_fix import ProxyFix

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


def behind_proxies(application: "WSGIApplication", count: int) -> "WSGIApplication":
    """Return the application for requests that pass `count` proxies."""

    def with_ip_address(
        wsgi: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        # A proxy can also send `unknown` or any other text, and the address is stored and shown.
        forwarded = _find_ip_address(wsgi["REMOTE_ADDR"])
        wsgi["REMOTE_ADDR"] = forwarded or wsgi["werkzeug.proxy_fix.orig"]["REMOTE_ADDR"]
        return application(wsgi, start_response)

    return ProxyFix(with_ip_address, x_for=count, x_proto=count, x_host=count)


def _find_ip_address(text: str) -> str | None:
    """Return the IP address in the text, which can have a port, or None."""
    before_port = text.rpartition(":")[0].removeprefix("[").removesuffix("]")
    for address in (text, before_port):
        try:
            # A zone is text that its sender chooses.
            return str(ip_address(address.partition("%")[0]))
        except ValueError:
            continue
    return None
