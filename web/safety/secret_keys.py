"""Checks of the secret key, the client secrets, and what they protect."""

from collections.abc import Iterator

from web import secret_keys
from web.safety.installation import Installation
from web.secret_files import read_secret
from web.text import TextError

#: 128 random bits in base64url. A generated secret has 43 characters.
LEAST_SECRET = 22
_KEY = "secret key"


def find_weakness(secret: str, least_length: int = secret_keys.LEAST_LENGTH) -> str | None:
    """Return what makes a secret guessable, or None."""
    try:
        secret_keys.check_secret_key(secret, least_length)
    except TextError as error:
        return str(error)
    return None


def check_secret_key(installation: Installation) -> Iterator[str]:
    """Check the key that signs cookies and encrypts records."""
    for key in {own.secret_keys[0] for own in installation.settings}:
        if weakness := find_weakness(key):
            yield f"the secret key {weakness}"


def check_old_keys(installation: Installation) -> Iterator[str]:
    """Check the old keys: a value signed with one of them is still accepted."""
    for key in {key for own in installation.settings for key in own.secret_keys[1:]}:
        if weakness := find_weakness(key):
            yield f"a key in TRIPOD_SECRET_KEY_FALLBACKS {weakness}"


def check_client_secrets(installation: Installation) -> Iterator[str]:
    """Check that the legs' client secrets cannot be guessed."""
    for name, secret in _client_secrets(installation).items():
        if weakness := find_weakness(secret, LEAST_SECRET):
            yield f"{name} {weakness}"


def check_secrets_differ(installation: Installation) -> Iterator[str]:
    """Check that no secret is used for two purposes."""
    secrets = _client_secrets(installation)
    if installation.auth_server and installation.auth_server.registration_token:
        secrets["TRIPOD_REGISTRATION_TOKEN"] = installation.auth_server.registration_token
    for own in installation.settings:
        secrets |= {
            f"{_KEY} {number} of {own.leg}": key for number, key in enumerate(own.secret_keys, 1)
        }
    for store in installation.stores:
        if store.url.password:
            secrets[f"the password in {store.setting}"] = str(store.url.password)
    owners: dict[str, str] = {}
    for name, secret in secrets.items():
        other = owners.setdefault(secret, name)
        if other != name and not (name.startswith(_KEY) and other.startswith(_KEY)):
            yield f"{other} and {name} are the same: use different values."


def check_records_are_encrypted(installation: Installation) -> Iterator[str]:
    """Check that machines which share the client's records share the key that encrypts them."""
    own = installation.client_app
    if own is None or own.session_store_url.startswith("sqlite"):
        return
    if own.secret_keys[0] == read_secret(own.instance_path / "secret_key"):
        yield (
            "several machines can use TRIPOD_SESSION_STORE_URL, but the secret key is in a file of "
            "this machine: set TRIPOD_SECRET_KEY to the same value everywhere."
        )


def _client_secrets(installation: Installation) -> dict[str, str]:
    secrets = {}
    if installation.client_app:
        secrets["TRIPOD_CLIENT_SECRET"] = installation.client_app.client_secret
    if installation.resource_api:
        secrets["TRIPOD_INTROSPECTION_CLIENT_SECRET"] = (
            installation.resource_api.introspection_client_secret
        )
    return secrets
