"""Where the lab is at home: it attacks the demo's own legs on this machine, and nobody else."""

from urllib.parse import urlsplit

from config import ClientAppSettings
from web.addresses import is_loopback


def is_at_home(settings: ClientAppSettings) -> bool:
    """Whether Print Shop with these settings asks the demo's own legs alone, each on loopback."""
    hosts = [
        urlsplit(url).hostname or ""
        for url in (settings.issuer, settings.url, settings.resource_api_url)
    ]
    return (
        settings.demo
        and settings.issuer == settings.auth_server_url
        and all(map(is_loopback, hosts))
    )
