"""The settings of the legs that are checked, and their databases."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from sqlalchemy import URL, make_url
from sqlalchemy.exc import SQLAlchemyError

from config import (
    PROJECT_ROOT,
    AuthServerSettings,
    ClientAppSettings,
    ResourceApiSettings,
    Settings,
)
from web.addresses import is_loopback
from web.database import Database, Session
from web.environment import ConfigurationError

SETTINGS: dict[str, type[Settings]] = {
    "auth-server": AuthServerSettings,
    "client-app": ClientAppSettings,
    "resource-api": ResourceApiSettings,
}


class Store(NamedTuple):
    """A database or another store of a leg, and the variable that names it."""

    setting: str
    url: URL
    leg: str

    @property
    def is_file(self) -> bool:
        """Whether it is an SQLite file."""
        return self.url.get_backend_name() == "sqlite"

    @property
    def is_postgresql(self) -> bool:
        """Whether it is a PostgreSQL database."""
        return self.url.get_backend_name() == "postgresql"

    @property
    def path(self) -> Path:
        """The SQLite file."""
        return Path(str(self.url.database))

    @property
    def is_missing(self) -> bool:
        """Whether it is an SQLite file that no leg has created yet."""
        return self.is_file and not self.path.exists()

    @property
    def hosts(self) -> list[str]:
        """The hosts that may be connected to; none for a file or a Unix socket.

        For libpq, a URL can name several hosts, and can name an address beside its host. What it
        does not name is in the environment.
        """
        if self.is_file:
            return []
        query = self.url.normalized_query
        named = {"host": [self.url.host or "", *query.get("host", ())]}
        if self.is_postgresql:
            named["hostaddr"] = [*query.get("hostaddr", ())]
            for name, values in named.items():
                if not any(values):
                    values.append(_find_default(name))
        hosts = [host.strip() for host in ",".join(chain(*named.values())).split(",")]
        return [host for host in filter(None, hosts) if not host.startswith("/")]


def _find_default(name: str) -> str:
    """Return the value of a parameter that libpq takes from `PG…` variables, or nothing."""
    from psycopg.pq import Conninfo

    defaults = {option.keyword: option.val for option in Conninfo.get_defaults()}
    return (defaults.get(name.encode()) or b"").decode()


class StoreError(Exception):
    """A store cannot be read. The message is a sentence."""


@dataclass
class Installation:
    """What is checked. `refusals` are the settings that a leg refuses to start with."""

    settings: list[Settings] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)

    @classmethod
    def load(
        cls, legs: Sequence[str], variables: Mapping[str, str] | None = None
    ) -> "Installation":
        """Return the installation of the named legs, by default as this process has them."""
        installation = cls()
        for leg in legs:
            try:
                if variables is None:
                    own = SETTINGS[leg].load()
                else:
                    own = SETTINGS[leg].load(variables)
            except ConfigurationError as error:
                installation.refusals.append(str(error))
            else:
                installation.settings.append(own)
        return installation

    @property
    def is_demo(self) -> bool:
        """Whether this is the demo."""
        return any(own.demo for own in self.settings)

    @cached_property
    def auth_server(self) -> AuthServerSettings | None:
        """The settings of the authorization server, if it is checked."""
        return next((own for own in self.settings if isinstance(own, AuthServerSettings)), None)

    @cached_property
    def client_app(self) -> ClientAppSettings | None:
        """The settings of the client, if it is checked."""
        return next((own for own in self.settings if isinstance(own, ClientAppSettings)), None)

    @cached_property
    def resource_api(self) -> ResourceApiSettings | None:
        """The settings of the resource API, if it is checked."""
        return next((own for own in self.settings if isinstance(own, ResourceApiSettings)), None)

    @property
    def urls(self) -> dict[str, str]:
        """The addresses of the legs, by variable."""
        return {f"TRIPOD_{own.leg.upper()}_URL": own.url for own in self.settings}

    @property
    def is_on_loopback(self) -> bool:
        """Whether no other machine can reach any leg."""
        return all(is_loopback(urlsplit(url).hostname or "") for url in self.urls.values())

    @property
    def stores(self) -> Iterator[Store]:
        """The stores of the legs."""
        if self.auth_server:
            yield Store(
                "TRIPOD_AUTH_DATABASE_URL", make_url(self.auth_server.database_url), "auth_server"
            )
        if self.client_app:
            yield Store("TRIPOD_SESSION_STORE_URL", make_url(self.client_app.session_store_url), "")
        if self.resource_api:
            yield Store(
                "TRIPOD_RESOURCE_DATABASE_URL",
                make_url(self.resource_api.database_url),
                "resource_api",
            )

    @contextmanager
    def registrations(self) -> Iterator[Session]:
        """Give a session that reads the authorization server's database.

        :raises StoreError: when there is none, or it cannot be read.
        """
        if self.auth_server is None:
            raise StoreError("the authorization server is not checked here")
        [store] = (store for store in self.stores if store.leg == "auth_server")
        with open_database(store) as database:
            try:
                with database.session(writing=False) as db:
                    yield db
            except SQLAlchemyError as error:
                raise StoreError(f"{store.setting} cannot be read: {describe(error)}") from error


@contextmanager
def open_database(store: Store) -> Iterator[Database]:
    """Give the database of a store, which is not created here.

    :raises StoreError: when it does not exist.
    """
    if store.is_missing:
        raise StoreError(f"{store.path} does not exist yet: start the leg once.")
    database = Database(store.url.render_as_string(hide_password=False))
    try:
        yield database
    finally:
        database.close()


def describe(error: Exception) -> str:
    """Return the first line of the driver's error, which has no password in it."""
    original = getattr(error, "orig", None) or error
    return (str(original).strip() or type(original).__name__).splitlines()[0]


__all__ = ["PROJECT_ROOT", "Installation", "Store", "StoreError", "describe", "open_database"]
