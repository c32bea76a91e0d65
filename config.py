"""The settings: one frozen class for each leg.

This is the only module that reads the environment. A missing or invalid value raises
`ConfigurationError`, whose message is one line; `app.py` prints it and exits. An empty variable
counts as unset.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Self
from urllib.parse import urlsplit

from web.addresses import is_loopback, split_host_and_port
from web.environment import ConfigurationError, Environment
from web.secret_keys import check_secret_key
from web.text import TextError

PROJECT_ROOT = Path(__file__).resolve().parent
#: RFC 6750 §2.1.
_BEARER_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]+=*")
DEFAULT_NAME = "Tripod ID"
DEFAULT_URLS = {
    "auth_server": "http://127.0.0.1:9000",
    "client_app": "http://127.0.0.1:9001",
    "resource_api": "http://127.0.0.1:9002",
}

#: The subjects of the demo's users. Two legs seed data for them and may not import each other: the
#: authorization server creates their accounts, the resource API stores their photos by subject.
DEMO_SUBJECTS = {"alice": "demo-3f1b0a52c4d94e6f", "bob": "demo-9c27de81ab604f35"}
#: The subjects of the lab's users, a victim and an attacker, whom both legs seed as well.
LAB_SUBJECTS = {"lab-carol": "demo-5d20c8f7a1b34e69", "lab-mallory": "demo-71e94bd02c6f4a58"}
#: Nobody, anybody, or programs with the initial access token (RFC 7591 §3).
REGISTRATIONS = ("closed", "open", "token")
DEMO_CLIENT_ID = "print-shop"
DEMO_INTROSPECTION_CLIENT_ID = "photo-api"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The settings that every leg has.

    URLs are origins without a trailing slash. `reload` is whether changed code and templates take
    effect at once. `metrics_bind` is the first host and port that metrics are served on, or None.
    `secret_keys` has the current key first.
    """

    leg: ClassVar[str]
    project_root: ClassVar[Path] = PROJECT_ROOT

    auth_server_url: str
    client_app_url: str
    resource_api_url: str
    bind: str
    trusted_proxies: int
    demo: bool
    reload: bool = False
    instance_path: Path
    metrics_bind: tuple[str, int] | None = None
    secret_keys: tuple[str, ...] = field(repr=False)

    @property
    def url(self) -> str:
        """The canonical address of this leg."""
        return str(getattr(self, f"{self.leg}_url"))

    @property
    def bind_address(self) -> tuple[str, int]:
        """The host and the port to listen on."""
        return split_host_and_port(self.bind)

    @classmethod
    def load(cls, environ: Mapping[str, str] = os.environ, *, serving: bool = True) -> Self:
        """Return this leg's settings from the variables in `environ`.

        `serving` is false for the command line, which signs nothing and needs no secret key.

        :raises ConfigurationError: when a value is missing or invalid.
        """
        env = Environment(
            environ,
            demo="TRIPOD_DEMO",
            instance_path="TRIPOD_INSTANCE_PATH",
            default_instance_path=PROJECT_ROOT / "instance",
        )
        return cls(**cls._load_common(env, serving=serving), **cls._load_own(env))

    @classmethod
    def _load_common(cls, env: Environment, *, serving: bool) -> dict[str, Any]:
        urls = {
            f"{leg}_url": env.origin(f"TRIPOD_{leg.upper()}_URL", url)
            for leg, url in DEFAULT_URLS.items()
        }
        bind = env.bind(f"TRIPOD_{cls.leg.upper()}_BIND", urls[f"{cls.leg}_url"])
        metrics_bind = env.optional_bind("TRIPOD_METRICS_BIND")
        if env.demo:
            hosts = {name: urlsplit(url).hostname or "" for name, url in urls.items()}
            hosts[f"{cls.leg}_bind"] = split_host_and_port(bind)[0]
            if metrics_bind:
                hosts["metrics_bind"] = metrics_bind[0]
            _refuse_demo_off_loopback(hosts)
        secret_keys: tuple[str, ...] = ()
        if serving:
            secret_keys = env.secret_keys("TRIPOD_SECRET_KEY", "TRIPOD_SECRET_KEY_FALLBACKS")
        return {
            **urls,
            "bind": bind,
            "trusted_proxies": env.integer("TRIPOD_TRUSTED_PROXIES", 0),
            "demo": env.demo,
            "reload": env.flag("TRIPOD_RELOAD", default=env.demo) and env.demo,
            "instance_path": env.instance_path,
            "metrics_bind": metrics_bind,
            "secret_keys": secret_keys,
        }

    @classmethod
    def _load_own(cls, env: Environment) -> dict[str, Any]:
        return {}


@dataclass(frozen=True, kw_only=True)
class AuthServerSettings(Settings):
    """The settings of the authorization server.

    `name` is what the server calls itself on its pages. The lifetimes and the grace period are in
    seconds. `registration` is one of `REGISTRATIONS`: who may register a client at the registration
    endpoint. `metadata_hosts` are the hosts whose metadata documents are accepted; `*` is any. The
    two demo secrets are empty outside the demo.
    """

    leg = "auth_server"

    name: str
    database_url: str = field(repr=False)
    access_token_lifetime: int
    refresh_token_lifetime: int
    authorization_code_lifetime: int
    refresh_token_grace: int
    registration: str
    registration_token: str = field(default="", repr=False)
    metadata_hosts: frozenset[str] = frozenset()
    demo_client_secret: str = field(default="", repr=False)
    demo_introspection_client_secret: str = field(default="", repr=False)

    @classmethod
    def _load_own(cls, env: Environment) -> dict[str, Any]:
        own = {
            "name": env.display_name("TRIPOD_NAME", DEFAULT_NAME),
            "database_url": env.database_url("TRIPOD_AUTH_DATABASE_URL", "auth_server.db"),
            "access_token_lifetime": env.integer("TRIPOD_ACCESS_TOKEN_LIFETIME", 120, least=1),
            "refresh_token_lifetime": env.integer("TRIPOD_REFRESH_TOKEN_LIFETIME", 86400, least=1),
            "authorization_code_lifetime": env.integer(
                "TRIPOD_AUTHORIZATION_CODE_LIFETIME", 60, least=1
            ),
            "refresh_token_grace": env.integer("TRIPOD_REFRESH_TOKEN_GRACE", 10),
            **_load_registration(env),
        }
        if env.demo:
            own["demo_client_secret"] = env.client_secret("TRIPOD_CLIENT_SECRET")
            own["demo_introspection_client_secret"] = env.client_secret(
                "TRIPOD_INTROSPECTION_CLIENT_SECRET"
            )
        return own


@dataclass(frozen=True, kw_only=True)
class ClientAppSettings(Settings):
    """The settings of the sample client.

    `issuer` is the issuer identifier of its authorization server (RFC 8414 §2). `issuer_name` is
    what its pages call that server: TRIPOD_NAME when the issuer is this project's own server, the
    issuer's host otherwise. `scope` is what the client requests by default.
    """

    leg = "client_app"

    session_store_url: str = field(repr=False)
    issuer: str
    issuer_name: str
    client_id: str
    client_secret: str = field(repr=False)
    scope: str

    @classmethod
    def _load_own(cls, env: Environment) -> dict[str, Any]:
        own_server = env.origin("TRIPOD_AUTH_SERVER_URL", DEFAULT_URLS["auth_server"])
        issuer = env.issuer("TRIPOD_ISSUER", own_server)
        issuer_name = env.display_name("TRIPOD_NAME", DEFAULT_NAME)
        if issuer != own_server:
            issuer_name = urlsplit(issuer).hostname or issuer
        return {
            "session_store_url": env.session_store_url(
                "TRIPOD_SESSION_STORE_URL", "client_sessions.db"
            ),
            "issuer": issuer,
            "issuer_name": issuer_name,
            "client_id": env.client_id("TRIPOD_CLIENT_ID", DEMO_CLIENT_ID),
            "client_secret": env.client_secret("TRIPOD_CLIENT_SECRET"),
            "scope": env.scope("TRIPOD_CLIENT_SCOPE", "profile photos:read"),
        }


@dataclass(frozen=True, kw_only=True)
class ResourceApiSettings(Settings):
    """The settings of the resource API, with its account for introspection (RFC 7662 §2.1).

    `auth_server_name` is what its page calls the authorization server.
    """

    leg = "resource_api"

    auth_server_name: str = DEFAULT_NAME
    database_url: str = field(repr=False)
    introspection_client_id: str
    introspection_client_secret: str = field(repr=False)

    @classmethod
    def _load_own(cls, env: Environment) -> dict[str, Any]:
        return {
            "auth_server_name": env.display_name("TRIPOD_NAME", DEFAULT_NAME),
            "database_url": env.database_url("TRIPOD_RESOURCE_DATABASE_URL", "resource_api.db"),
            "introspection_client_id": env.client_id(
                "TRIPOD_INTROSPECTION_CLIENT_ID", DEMO_INTROSPECTION_CLIENT_ID
            ),
            "introspection_client_secret": env.client_secret("TRIPOD_INTROSPECTION_CLIENT_SECRET"),
        }


def _load_registration(env: Environment) -> dict[str, Any]:
    """Return who may register clients without an account."""
    default, any_host = "closed", ""
    if env.demo:
        default, any_host = "open", "*"
    registration = env.text("TRIPOD_REGISTRATION", default)
    if registration not in REGISTRATIONS:
        raise ConfigurationError(
            f"TRIPOD_REGISTRATION must be closed, open or token, not {registration!r}."
        )
    token = env.text("TRIPOD_REGISTRATION_TOKEN")
    if registration == "token":
        _check_token("TRIPOD_REGISTRATION_TOKEN", token)
    hosts = env.text("TRIPOD_CLIENT_METADATA_HOSTS", any_host).lower()
    return {
        "registration": registration,
        "registration_token": token,
        "metadata_hosts": frozenset(filter(None, map(str.strip, hosts.split(",")))),
    }


def _check_token(name: str, token: str) -> None:
    """Check a token that programs send in a header. The message does not repeat it."""
    if not _BEARER_TOKEN.fullmatch(token):
        raise ConfigurationError(f"{name} must be letters, digits and - . _ ~ + / (RFC 6750).")
    try:
        check_secret_key(token)
    except TextError as error:
        raise ConfigurationError(f"{name} {error}") from None


def _refuse_demo_off_loopback(hosts: Mapping[str, str]) -> None:
    for name, host in hosts.items():
        if not is_loopback(host):
            raise ConfigurationError(
                f"TRIPOD_DEMO=1 is refused: TRIPOD_{name.upper()} is not on loopback."
            )
