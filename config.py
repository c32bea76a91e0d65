"""What the three legs are told from outside: one frozen settings class per leg.

The only reader of the environment. A wrong value raises `ConfigurationError`, whose text is the one line that a person
needs; `app.py` prints it and stops. An empty variable counts as unset.
"""

import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Any, ClassVar, Self
from urllib.parse import SplitResult, urlsplit

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

PROJECT_ROOT = Path(__file__).resolve().parent
DEFAULT_URLS = {
    "auth_server": "http://127.0.0.1:9000",
    "client_app": "http://127.0.0.1:9001",
    "resource_api": "http://127.0.0.1:9002",
}

#: The demo's people, known to two legs that meet over HTTP only: the authorization server signs them in under these
#: subjects, the resource API keeps their photos under the same ones.
DEMO_SUBJECTS = {"alice": "demo-3f1b0a52c4d94e6f", "bob": "demo-9c27de81ab604f35"}
#: The people of the demo's lab, who are nobody's to sign in as: a victim and an attacker.
LAB_SUBJECTS = {"lab-carol": "demo-5d20c8f7a1b34e69", "lab-mallory": "demo-71e94bd02c6f4a58"}
LAB_PASSWORDS = {"lab-carol": "bench and burner", "lab-mallory": "smoke and mirrors"}
DEMO_CLIENT_ID = "print-shop"
DEMO_INTROSPECTION_CLIENT_ID = "photo-api"
DEFAULT_NAME = "Tripod ID"
MAX_NAME_LENGTH = 80

_SCOPE = re.compile(r"[!#-\[\]-~]+( [!#-\[\]-~]+)*")  # RFC 6749 §3.3
_HOST = re.compile(r"[a-z0-9._-]+|[0-9a-f:.]+")


class ConfigurationError(Exception):
    """A setting is missing or wrong. The message is one line and holds no secret."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What every leg knows. URLs are origins without a trailing slash; `secret_keys` has the current key first."""

    leg: ClassVar[str]

    auth_server_url: str
    client_app_url: str
    resource_api_url: str
    bind: str
    trusted_proxies: int
    demo: bool
    instance_path: Path
    secret_keys: tuple[str, ...] = field(repr=False)

    @property
    def url(self) -> str:
        """The one canonical spelling of this leg's own address."""
        return str(getattr(self, f"{self.leg}_url"))

    @property
    def bind_address(self) -> tuple[str, int]:
        """Host and port to listen on."""
        return _split_bind(self.bind)

    @classmethod
    def load(cls, environ: Mapping[str, str] = os.environ, *, serving: bool = True) -> Self:
        """Read this leg's settings from `environ`.

        `serving` is false for the command line, which signs nothing and so needs no secret key.

        :raises ConfigurationError: when a value is missing or wrong.
        """
        env = _Environment(environ)
        return cls(**cls._common(env, serving=serving), **cls._own(env, serving=serving))

    @classmethod
    def _common(cls, env: "_Environment", *, serving: bool) -> dict[str, Any]:
        urls = {
            f"{leg}_url": env.origin(f"TRIPOD_{leg.upper()}_URL", url)
            for leg, url in DEFAULT_URLS.items()
        }
        bind = env.bind(f"TRIPOD_{cls.leg.upper()}_BIND", urls[f"{cls.leg}_url"])
        if env.demo:
            hosts = {name: urlsplit(url).hostname or "" for name, url in urls.items()}
            _refuse_demo_off_loopback({**hosts, f"{cls.leg}_bind": _split_bind(bind)[0]})
        return {
            **urls,
            "bind": bind,
            "trusted_proxies": env.integer("TRIPOD_TRUSTED_PROXIES", 0),
            "demo": env.demo,
            "instance_path": env.instance_path,
            "secret_keys": env.secret_keys() if serving else (),
        }

    @classmethod
    def _own(cls, env: "_Environment", *, serving: bool) -> dict[str, Any]:
        return {}


@dataclass(frozen=True, kw_only=True)
class AuthServerSettings(Settings):
    """The settings of the authorization server.

    `name` is what the server calls itself on its pages. Lifetimes and the grace are in seconds. The two demo secrets
    are empty outside the demo.
    """

    leg = "auth_server"

    name: str
    database_url: str = field(repr=False)
    access_token_lifetime: int
    refresh_token_lifetime: int
    authorization_code_lifetime: int
    refresh_token_grace: int
    demo_client_secret: str = field(repr=False)
    demo_introspection_client_secret: str = field(repr=False)

    @classmethod
    def _own(cls, env: "_Environment", *, serving: bool) -> dict[str, Any]:
        return {
            "name": env.name("TRIPOD_NAME", DEFAULT_NAME),
            "database_url": env.database_url("TRIPOD_AUTH_DATABASE_URL", "auth_server.db"),
            "access_token_lifetime": env.integer("TRIPOD_ACCESS_TOKEN_LIFETIME", 120, least=1),
            "refresh_token_lifetime": env.integer("TRIPOD_REFRESH_TOKEN_LIFETIME", 86400, least=1),
            "authorization_code_lifetime": env.integer(
                "TRIPOD_AUTHORIZATION_CODE_LIFETIME", 60, least=1
            ),
            "refresh_token_grace": env.integer("TRIPOD_REFRESH_TOKEN_GRACE", 10),
            "demo_client_secret": env.client_secret("TRIPOD_CLIENT_SECRET") if env.demo else "",
            "demo_introspection_client_secret": (
                env.client_secret("TRIPOD_INTROSPECTION_CLIENT_SECRET") if env.demo else ""
            ),
        }


@dataclass(frozen=True, kw_only=True)
class ClientAppSettings(Settings):
    """The settings of the sample client.

    `issuer` is the issuer identifier of its authorization server (RFC 8414 §2), and `issuer_name` what its pages call
    that server: TRIPOD_NAME when the issuer is this project's own server, the issuer's host otherwise. `scope` is what
    it requests by default.
    """

    leg = "client_app"

    session_store_url: str = field(repr=False)
    issuer: str
    issuer_name: str
    client_id: str
    client_secret: str = field(repr=False)
    scope: str

    @classmethod
    def _own(cls, env: "_Environment", *, serving: bool) -> dict[str, Any]:
        own_url = env.origin("TRIPOD_AUTH_SERVER_URL", DEFAULT_URLS["auth_server"])
        issuer = env.issuer("TRIPOD_ISSUER", own_url)
        issuer_name = env.name("TRIPOD_NAME", DEFAULT_NAME)
        if issuer != own_url:
            issuer_name = urlsplit(issuer).hostname or issuer
        return {
            "session_store_url": env.database_url("TRIPOD_SESSION_STORE_URL", "client_sessions.db"),
            "issuer": issuer,
            "issuer_name": issuer_name,
            "client_id": env.client_id("TRIPOD_CLIENT_ID", DEMO_CLIENT_ID),
            "client_secret": env.client_secret("TRIPOD_CLIENT_SECRET"),
            "scope": env.scope("TRIPOD_CLIENT_SCOPE", "profile photos:read"),
        }


@dataclass(frozen=True, kw_only=True)
class ResourceApiSettings(Settings):
    """The resource API's, with the account under which it introspects (RFC 7662 §2.1)."""

    leg = "resource_api"

    database_url: str = field(repr=False)
    introspection_client_id: str
    introspection_client_secret: str = field(repr=False)

    @classmethod
    def _own(cls, env: "_Environment", *, serving: bool) -> dict[str, Any]:
        return {
            "database_url": env.database_url("TRIPOD_RESOURCE_DATABASE_URL", "resource_api.db"),
            "introspection_client_id": env.client_id(
                "TRIPOD_INTROSPECTION_CLIENT_ID", DEMO_INTROSPECTION_CLIENT_ID
            ),
            "introspection_client_secret": env.client_secret("TRIPOD_INTROSPECTION_CLIENT_SECRET"),
        }


class _Environment:
    """Reads and checks one variable at a time. Every complaint names the variable and what it should be."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self.demo = self._flag("TRIPOD_DEMO")
        self.instance_path = Path(
            self.text("TRIPOD_INSTANCE_PATH", str(PROJECT_ROOT / "instance"))
        ).absolute()
        self._make_instance_folder()

    def text(self, name: str, default: str = "") -> str:
        return self._environ.get(name, "").strip() or default

    def _flag(self, name: str) -> bool:
        value = self.text(name, "0")
        if value not in ("0", "1"):
            raise ConfigurationError(f"{name} must be 0 or 1, not {value!r}.")
        return value == "1"

    def integer(self, name: str, default: int, *, least: int = 0) -> int:
        value = self.text(name, str(default))
        if not re.fullmatch(r"[0-9]{1,9}", value) or int(value) < least:
            raise ConfigurationError(
                f"{name} must be a whole number, {least} or more, not {value!r}."
            )
        return int(value)

    def origin(self, name: str, default: str) -> str:
        value = self.text(name, default)
        parts = _split_url(name, value)
        if value != f"{parts.scheme}://{parts.netloc}":
            raise ConfigurationError(
                f"{name} must be scheme, host and port only (http://127.0.0.1:9000), not {value!r}."
            )
        return value

    def name(self, name: str, default: str) -> str:
        value = self.text(name, default)
        if len(value) > MAX_NAME_LENGTH or not value.isprintable():
            raise ConfigurationError(
                f"{name} must be 1 to {MAX_NAME_LENGTH} printable characters, not {value!r}."
            )
        return value

    def issuer(self, name: str, default: str) -> str:
        value = self.text(name, default)
        parts = _split_url(name, value)
        if parts.query or parts.fragment or "?" in value or "#" in value:
            raise ConfigurationError(
                f"{name} must have no query and no fragment, unlike {value!r}."
            )
        return value

    def scope(self, name: str, default: str) -> str:
        value = self.text(name, default)
        if not _SCOPE.fullmatch(value):
            raise ConfigurationError(
                f"{name} must be scopes with single spaces between them, not {value!r}."
            )
        return value

    def bind(self, name: str, url: str) -> str:
        parts = urlsplit(url)
        host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
        value = self.text(name, f"{host}:{parts.port or (443 if parts.scheme == 'https' else 80)}")
        try:
            _split_bind(value)
        except ValueError:
            raise ConfigurationError(
                f"{name} must be host:port, such as 127.0.0.1:9000, not {value!r}."
            ) from None
        return value

    def database_url(self, name: str, file_name: str) -> str:
        value = self.text(name, f"sqlite:///{self.instance_path / file_name}")
        try:
            url = make_url(value)
        except (ArgumentError, ValueError):
            url = None
        # Without a file each connection would have an SQLite database of its own.
        is_file = (
            url is not None
            and url.drivername == "sqlite"
            and url.database not in (None, "", ":memory:")
        )
        if url is None or not (is_file or url.drivername == "postgresql+psycopg"):
            # The value is not repeated: it may carry a password.
            raise ConfigurationError(f"{name} must be sqlite:///FILE or postgresql+psycopg://….")
        return value

    def client_id(self, name: str, demo_default: str) -> str:
        value = self.text(name, demo_default if self.demo else "")
        if not value:
            raise ConfigurationError(
                f"{name} must be set outside the demo: register a client and name it here."
            )
        return value

    def client_secret(self, name: str) -> str:
        file_name = name.removeprefix("TRIPOD_").lower()
        value = self.text(name) or (self._generated_secret(file_name) if self.demo else "")
        if not value:
            raise ConfigurationError(
                f"{name} must be set outside the demo: it is shown once when a client is created."
            )
        return value

    def secret_keys(self) -> tuple[str, ...]:
        path = self.instance_path / "secret_key"
        key = self.text("TRIPOD_SECRET_KEY") or (
            self._generated_secret(path.name) if self.demo else _read(path)
        )
        if not key:
            raise ConfigurationError(
                "TRIPOD_SECRET_KEY must be set outside the demo: try "
                "python -c 'import secrets; print(secrets.token_urlsafe(32))'."
            )
        fallbacks = (old.strip() for old in self.text("TRIPOD_SECRET_KEY_FALLBACKS").split(","))
        return (key, *(old for old in fallbacks if old))

    def _make_instance_folder(self) -> None:
        try:
            self.instance_path.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise ConfigurationError(
                f"TRIPOD_INSTANCE_PATH: cannot make {self.instance_path}: {error.strerror}."
            ) from None
        if not os.access(self.instance_path, os.W_OK | os.X_OK):
            raise ConfigurationError(f"TRIPOD_INSTANCE_PATH: {self.instance_path} is not writable.")

    def _generated_secret(self, file_name: str) -> str:
        """The secret in that file of the instance folder, made now if nobody has: whoever links it first wins."""
        path = self.instance_path / file_name
        draft = path.with_name(f".{file_name}.{secrets.token_hex(8)}")
        if not path.exists():
            draft.touch(mode=0o600)
            draft.write_text(secrets.token_urlsafe(32))
            _link_unless_there(draft, path)
        return _read(path)


def _link_unless_there(draft: Path, path: Path) -> None:
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def _read(path: Path) -> str:
    try:
        return path.read_text().strip()
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}.") from None


def _split_url(name: str, value: str) -> SplitResult:
    try:
        parts = urlsplit(value)
        host = parts.hostname or ""
        netloc = _netloc(parts.scheme, host, parts.port)
    except ValueError:
        raise ConfigurationError(f"{name} is not a URL.") from None
    if "@" in parts.netloc:
        # The value is not repeated: it carries a password.
        raise ConfigurationError(f"{name} must have no username or password in it.")
    if (
        parts.scheme not in ("http", "https")
        or not re.fullmatch(r"[!-~]+", value)
        or not _HOST.fullmatch(host)
    ):
        raise ConfigurationError(f"{name} must be an http or https address, not {value!r}.")
    if parts.netloc != netloc:
        raise ConfigurationError(
            f"{name} must be spelled as browsers do, in lower case and without a default port, unlike {value!r}."
        )
    if parts.scheme == "http" and not is_loopback(host):
        raise ConfigurationError(
            f"{name} must be https: plain http is for loopback only, not {value!r}."
        )
    return parts


def _netloc(scheme: str, host: str, port: int | None) -> str:
    """Host and port in the one spelling that browsers make of every other."""
    spelled = f"[{ip_address(host).compressed}]" if ":" in host else host
    return (
        f"{spelled}:{port}" if port and port != {"http": 80, "https": 443}.get(scheme) else spelled
    )


def _split_bind(value: str) -> tuple[str, int]:
    host, colon, port = value.rpartition(":")
    bare = host.removeprefix("[").removesuffix("]")
    if not colon or not bare or not re.fullmatch(r"[0-9]{1,5}", port) or not 0 < int(port) < 65536:
        raise ValueError(value)
    return bare, int(port)


def is_loopback(host: str) -> bool:
    """Whether `host`, a name or an address without brackets, is this machine's loopback interface."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _refuse_demo_off_loopback(hosts: Mapping[str, str]) -> None:
    for name, host in hosts.items():
        if not is_loopback(host):
            raise ConfigurationError(
                f"TRIPOD_DEMO=1 is refused: TRIPOD_{name.upper()} is not on loopback."
            )
