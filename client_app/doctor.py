"""Setup problems between this client and its authorization server.

They are found by sending an authorization request as the client does.
"""

from collections.abc import Iterator
from datetime import datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import requests

from client_app.oauth import Client, OAuthError
from client_app.print_shop import create_client
from config import ClientAppSettings
from web.addresses import is_loopback
from web.clock import now

#: Seconds that the two clocks may differ; beyond that, tokens seem to expire too early or late.
MAX_CLOCK_SKEW = 5


def find_problems(settings: ClientAppSettings, http: requests.Session) -> Iterator[str]:
    """Yield a line for each problem. The line says how to solve the problem."""
    yield from _check_loopback_names(settings)
    client = create_client(settings, lambda: http)
    try:
        _, url = client.authorization_request(settings.scope)
        answer = http.get(f"{url}&prompt=none", allow_redirects=False)
    except (OAuthError, requests.RequestException) as error:
        yield (
            f"the authorization server {settings.issuer} cannot be used: {error}. "
            "Start it, or correct TRIPOD_ISSUER."
        )
        return
    yield from _check_registration(settings, client, answer)
    yield from _check_clocks(settings, answer)


def _check_loopback_names(settings: ClientAppSettings) -> Iterator[str]:
    own, issuer = (urlsplit(url).hostname or "" for url in (settings.url, settings.issuer))
    if own != issuer and is_loopback(own) and is_loopback(issuer):
        yield f"Print Shop is on {own} and its issuer on {issuer}: use one loopback name."


def _check_registration(
    settings: ClientAppSettings, client: Client, answer: requests.Response
) -> Iterator[str]:
    """Check that the server redirects to the client.

    It redirects only to registered addresses, and with `prompt=none` it shows no page.
    """
    if not answer.headers.get("Location", "").startswith(client.redirect_uri):
        yield (
            f"{settings.issuer} does not know the client {settings.client_id} with the redirect "
            f"URI {client.redirect_uri}: register exactly that, or correct TRIPOD_CLIENT_ID."
        )


def _check_clocks(settings: ClientAppSettings, answer: requests.Response) -> Iterator[str]:
    server_time = _read_date(answer)
    if server_time is None or abs((server_time - now()).total_seconds()) <= MAX_CLOCK_SKEW:
        return
    yield (
        f"the clock of {settings.issuer} differs from this one by more than {MAX_CLOCK_SKEW} s: "
        "synchronize both with NTP."
    )


def _read_date(answer: requests.Response) -> datetime | None:
    try:
        return parsedate_to_datetime(answer.headers["Date"])
    except (KeyError, ValueError):
        return None
