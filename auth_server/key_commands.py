"""Commands to list and to rotate the keys that sign ID tokens, also while the legs run."""

from collections.abc import Sequence
from datetime import datetime

import click

from auth_server import signing_keys
from auth_server.command_group import Group
from auth_server.context import get_settings
from auth_server.key_cipher import KeyCipher
from auth_server.key_rotation import WrongSecretKey, rotate_keys
from auth_server.signing_keys import StoredKey
from config import AuthServerSettings
from web.clock import now
from web.database import get_database, get_reader
from web.environment import ConfigurationError

key_commands = Group("keys", help="Manage the keys that sign ID tokens.")


@key_commands.command("list")
def list_keys() -> None:
    """List every key: identifier, algorithm, when it was made, and what it does."""
    keys = signing_keys.list_stored(get_reader())
    for key in keys:
        use = _describe_use(key, [other for other in keys if other.alg == key.alg])
        click.echo("\t".join((key.kid, key.alg, _format_time(key.created_at), use)))


@key_commands.command("rotate")
def rotate() -> None:
    """Replace the keys by new ones, which sign after 75 seconds.

    By then, every client can fetch them. The old ones are published until their last ID token has
    expired, and verify hints for 30 days.
    """
    try:
        made = rotate_keys(get_database(), KeyCipher(_secret_keys()))
    except WrongSecretKey:
        raise click.ClickException(
            "The keys were encrypted with another secret key. Run this with that of the servers."
        ) from None
    for key in made:
        seconds = signing_keys.ANNOUNCED_FOR.seconds
        click.echo(f"In {seconds} seconds, {key.kid} signs ID tokens with {key.alg}.")


def _describe_use(key: StoredKey, of_alg: Sequence[StoredKey]) -> str:
    """Return what the key does now and later. `of_alg` are all keys of its algorithm."""
    moment = now()
    if key.retired_at is None:
        retired = [other.retired_at for other in of_alg if other.retired_at is not None]
        starts_at = max(retired, default=moment)
        if starts_at > moment:
            return f"signs from {_format_time(starts_at)}"
        return "signs"
    if key.retired_at > moment:
        return f"signs until {_format_time(key.retired_at)}"
    return f"published until {_format_time(key.retired_at + signing_keys.PUBLISHED_FOR)}"


def _format_time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"


def _secret_keys() -> tuple[str, ...]:
    """Return the secret keys. Other commands need none, so their settings have none."""
    if keys := get_settings().secret_keys:
        return keys
    try:
        return AuthServerSettings.load().secret_keys
    except ConfigurationError as error:
        raise click.ClickException(str(error)) from None
