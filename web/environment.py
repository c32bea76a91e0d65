"""Read settings from environment variables, and check each value.

`config.py` names the variables; this module reads only the mapping that is passed to it.
"""

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from shlex import quote
from urllib.parse import urlsplit

from web import text
from web.addresses import AddressError, listening_address, split_host_and_port, split_url
from web.secret_files import create_secret, read_secret
from web.secret_keys import check_secret_key
from web.text import TextError

MAX_NAME_LENGTH = 80

#: The permissions of group and others to read and to write (POSIX).
_FOR_OTHERS = 0o066
_GENERATE_KEY = (
    "To generate a value, run python -c 'import secrets; print(secrets.token_urlsafe(32))'."
)
_NUMBER = re.compile(r"[0-9]{1,9}")
_REDIS_DATABASE = re.compile(r"(/[0-9]{0,9})?")


class ConfigurationError(Exception):
    """A setting is missing or invalid. The message is one line and holds no secret."""


class Environment:
    """Environment variables, read and checked one at a time.

    An empty variable counts as unset. Every method raises `ConfigurationError`, whose message names
    the variable and says which values are allowed. `demo` and `instance_path` are the names of the
    two variables on which the defaults of the others depend.
    """

    def __init__(
        self,
        variables: Mapping[str, str],
        *,
        demo: str,
        instance_path: str,
        default_instance_path: Path,
    ) -> None:
        self._variables = variables
        self.demo = self.flag(demo)
        self.instance_path = Path(self.text(instance_path, str(default_instance_path))).absolute()
        _make_folder(instance_path, self.instance_path)

    def text(self, name: str, default: str = "") -> str:
        """Return the value without surrounding white space, or `default` when it is unset."""
        with _named(name):
            value = text.decode_argument(self._variables.get(name, ""))
        return value.strip() or default

    def flag(self, name: str, *, default: bool = False) -> bool:
        """Return whether the value is 1 and not 0."""
        value = self.text(name, str(int(default)))
        if value not in ("0", "1"):
            raise ConfigurationError(f"{name} must be 0 or 1, not {value!r}.")
        return value == "1"

    def integer(self, name: str, default: int, *, least: int = 0) -> int:
        """Return a whole number of at most nine digits, `least` or more."""
        value = self.text(name, str(default))
        if not _NUMBER.fullmatch(value) or int(value) < least:
            raise ConfigurationError(
                f"{name} must be a whole number, {least} or more, not {value!r}."
            )
        return int(value)

    def display_name(self, name: str, default: str) -> str:
        """Return a name to show on pages: 1 to 80 printable characters."""
        value = self.text(name, default)
        try:
            return text.check_name(value, MAX_NAME_LENGTH)
        except TextError:
            raise ConfigurationError(
                f"{name} must be 1 to {MAX_NAME_LENGTH} printable characters, not {value!r}."
            ) from None

    def origin(self, name: str, default: str) -> str:
        """Return a URL of scheme, host and port only."""
        value = self.text(name, default)
        with _named(name):
            parts = split_url(value)
        if value != f"{parts.scheme}://{parts.netloc}":
            raise ConfigurationError(
                f"{name} must be scheme, host and port only (http://127.0.0.1:9000), not {value!r}."
            )
        return value

    def issuer(self, name: str, default: str) -> str:
        """Return an issuer identifier: a URL without query and fragment (RFC 8414 §2)."""
        value = self.text(name, default)
        with _named(name):
            split_url(value)
        if "?" in value or "#" in value:
            raise ConfigurationError(
                f"{name} must be a URL without query and fragment, not {value!r}."
            )
        return value

    def bind(self, name: str, url: str) -> str:
        """Return `host:port` to listen on; the default is the address of `url`."""
        value = self.text(name, listening_address(url))
        with _named(name):
            split_host_and_port(value)
        return value

    def optional_bind(self, name: str) -> tuple[str, int] | None:
        """Return the host and the port of `host:port`, or None when the variable is unset."""
        value = self.text(name)
        if not value:
            return None
        with _named(name):
            return split_host_and_port(value)

    def scope(self, name: str, default: str) -> str:
        """Return a scope: names with single spaces between them (RFC 6749 §3.3)."""
        value = self.text(name, default)
        try:
            return text.check_scope(value)
        except TextError:
            raise ConfigurationError(
                f"{name} must be scopes with single spaces between them, not {value!r}."
            ) from None

    def database_url(self, name: str, file_name: str) -> str:
        """Return the URL of an SQLite file or a PostgreSQL database.

        The default is the file `file_name` in the instance folder.
        """
        value = self.text(name)
        if not value:
            return f"sqlite:///{self.instance_path / file_name}"
        if not _is_supported_database(value):
            # The value is not repeated, because it can hold a password.
            raise ConfigurationError(f"{name} must be sqlite:///FILE or postgresql+psycopg://….")
        return value

    def session_store_url(self, name: str, file_name: str) -> str:
        """Return the URL of a Redis database, an SQLite file or a PostgreSQL database.

        The default is the file `file_name` in the instance folder.
        """
        value = self.text(name)
        if _is_redis_database(value):
            return value
        try:
            return self.database_url(name, file_name)
        except ConfigurationError:
            raise ConfigurationError(
                f"{name} must be sqlite:///FILE, postgresql+psycopg://…, redis://… or rediss://…."
            ) from None

    def client_id(self, name: str, demo_default: str) -> str:
        """Return a client identifier; only the demo has a default."""
        value = self.text(name)
        if not value and self.demo:
            value = demo_default
        return _required(name, value, "the client_id of a registered client")

    def client_secret(self, name: str) -> str:
        """Return a client secret; the demo generates one that its legs share."""
        value = self.text(name)
        if not value and self.demo:
            value = self._generated_secret(name.removeprefix("TRIPOD_").lower())
        return _required(name, value, "the secret of the registered client")

    def secret_keys(self, name: str, fallbacks: str) -> tuple[str, ...]:
        """Return the current secret key, followed by the old ones from the variable `fallbacks`.

        The demo generates a key in the instance folder. Outside it, a key in that file is used, but
        none is generated, and every key must be hard to guess: one cookie is enough to try keys.
        """
        key, source = self.text(name), name
        if not key and self.demo:
            key = self._generated_secret("secret_key")
        if not key:
            path = self.instance_path / "secret_key"
            key, source = _read(path), str(path)
        if not key:
            raise ConfigurationError(f"{name} must be set outside the demo. {_GENERATE_KEY}")
        old_keys = [old.strip() for old in self.text(fallbacks).split(",") if old.strip()]
        if not self.demo:
            _check_keys(source, [key])
            _check_keys(fallbacks, old_keys)
        return (key, *old_keys)

    def _generated_secret(self, file_name: str) -> str:
        path = self.instance_path / file_name
        create_secret(path)
        return _read(path)


@contextmanager
def _named(name: str) -> Iterator[None]:
    """Turn the error about a value into one about the variable `name`."""
    try:
        yield
    except (AddressError, TextError) as error:
        raise ConfigurationError(f"{name} {error}") from None


def _check_keys(source: str, keys: Sequence[str]) -> None:
    """Raise unless each key is hard to guess. The message does not repeat a key."""
    for key in keys:
        try:
            check_secret_key(key)
        except TextError as error:
            raise ConfigurationError(f"{source}: the key {error} {_GENERATE_KEY}") from None


def _required(name: str, value: str, what: str) -> str:
    if not value:
        raise ConfigurationError(f"{name} must be set outside the demo, to {what}.")
    return value


def _make_folder(name: str, path: Path) -> None:
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(f"{name}: cannot create {path}: {error.strerror}.") from None
    if not os.access(path, os.W_OK | os.X_OK):
        raise ConfigurationError(f"{name}: {path} is not writable.")
    if os.name == "posix" and path.stat().st_mode & _FOR_OTHERS:
        raise ConfigurationError(
            f"{name}: group or others can read or write {path}. Run: chmod 700 {quote(str(path))}"
        )


def _is_supported_database(value: str) -> bool:
    """Return whether `value` is the URL of a PostgreSQL database or an SQLite file.

    In memory, each connection would have its own SQLite database.
    """
    # The command of the demo, which uses the default, then starts without SQLAlchemy.
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        url = make_url(value)
    except (ArgumentError, ValueError):
        return False
    if url.drivername == "sqlite":
        return url.database not in (None, "", ":memory:")
    return url.drivername == "postgresql+psycopg"


def _is_redis_database(value: str) -> bool:
    """Return whether `value` is the URL of a host's Redis database, which may have a number."""
    try:
        parts = urlsplit(value)
        _ = parts.port
    except ValueError:
        return False
    has_database = bool(_REDIS_DATABASE.fullmatch(parts.path))
    return parts.scheme in ("redis", "rediss") and bool(parts.hostname) and has_database


def _read(path: Path) -> str:
    try:
        with _named(str(path)):
            return read_secret(path)
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}.") from None
