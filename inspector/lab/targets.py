"""Which legs the lab may attack."""

from urllib.parse import urlsplit

from config import ClientAppSettings
from web.addresses import is_loopback


def has_lab(settings: ClientAppSettings) -> bool:
    """Return whether Print Shop uses only the demo's own legs, and all of them on loopback.

    The lab never attacks a server of anybody else.
    """
    if not settings.demo or settings.issuer != settings.auth_server_url:
        return False
    urls = (settings.issuer, settings.url, settings.resource_api_url)
    return all(is_loopback(urlsplit(url).hostname or "") for url in urls)
