"""`python app.py check` fails for each unsafe configuration, and names the rule.

Each row changes one thing of a safe installation: variables, or something on the disk.
"""

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

Environ = dict[str, str]
BrokenRules = Callable[[Environ], dict[str, str]]

NOT_A_SECRET = "a"
OTHER_KEY = "Jp2Wq8Yd5Ks0Hf7Vb4Nc1Mx9Lz6Ra3TgEuQoXiPyCwZ"


def database_of(environ: Environ, name: str = "auth_server") -> Path:
    return Path(environ["TRIPOD_INSTANCE_PATH"]) / f"{name}.db"


def execute(statement: str, *values: str) -> Callable[[Environ], None]:
    """Return a function that changes the authorization server's database."""

    def change(environ: Environ) -> None:
        with closing(sqlite3.connect(database_of(environ))) as connection, connection:
            connection.execute(statement, values)

    return change


def chmod(mode: int, name: str = "") -> Callable[[Environ], None]:
    """Return a function that changes the mode of the instance folder, or of a file in it."""
    return lambda environ: (Path(environ["TRIPOD_INSTANCE_PATH"]) / name).chmod(mode)


def make_parent_writable(environ: Environ) -> None:
    Path(environ["TRIPOD_INSTANCE_PATH"]).parent.chmod(0o777)


def make_grandparent_writable(environ: Environ) -> None:
    folder = Path(environ["TRIPOD_INSTANCE_PATH"])
    closed = folder.parent / "open" / "closed"
    closed.mkdir(parents=True)
    closed.parent.chmod(0o777)
    environ["TRIPOD_INSTANCE_PATH"] = str(folder.rename(closed / "instance"))


def chown(name: str) -> Callable[[Environ], None]:
    """Return a function that gives the instance folder, or a path from it, to another account."""

    def change(environ: Environ) -> None:
        if not hasattr(os, "geteuid") or os.geteuid() != 0:
            pytest.skip("only root can give a file to another account")
        os.lchown(Path(environ["TRIPOD_INSTANCE_PATH"]) / name, 12345, 12345)

    return change


def make_group_writable(environ: Environ) -> None:
    Path(environ["TRIPOD_INSTANCE_PATH"]).parent.chmod(0o770)


def use_links_of_another_account(environ: Environ) -> None:
    """Lead to the instance folder by two links; the second one belongs to another account."""
    folder = Path(environ["TRIPOD_INSTANCE_PATH"])
    first, second = folder.with_name("first"), folder.with_name("second")
    first.symlink_to("second")
    second.symlink_to(folder.name)
    chown("../second")(environ)
    environ["TRIPOD_INSTANCE_PATH"] = str(first)


def lead_to_a_database_by_a_link(environ: Environ) -> None:
    database = database_of(environ)
    link = database.parent.with_name("auth_server.db")
    link.symlink_to(database)
    chown("../auth_server.db")(environ)
    use(AUTH_DATABASE_URL=f"sqlite:///{link}")(environ)


def put_into_a_folder(file_mode: int, folder_mode: int) -> Callable[[Environ], None]:
    """Return a function that creates a file in a folder of the instance folder."""

    def change(environ: Environ) -> None:
        folder = Path(environ["TRIPOD_INSTANCE_PATH"]) / "older"
        folder.mkdir()
        (folder / "auth_server.db").touch()
        (folder / "auth_server.db").chmod(file_mode)
        folder.chmod(folder_mode)

    return change


def put_a_database_into_a_writable_folder(environ: Environ) -> None:
    """Keep the database elsewhere, where others can put another file in its place."""
    database = database_of(environ)
    folder = database.parent.parent / "open"
    folder.mkdir()
    folder.chmod(0o777)
    use(AUTH_DATABASE_URL=f"sqlite:///{database.rename(folder / database.name)}")(environ)


def use(**variables: str) -> Callable[[Environ], None]:
    """Return a function that sets variables, named without `TRIPOD_`."""
    return lambda environ: environ.update(
        {f"TRIPOD_{name}": value for name, value in variables.items()}
    )


def copy(source: str, target: str) -> Callable[[Environ], None]:
    """Return a function that gives one variable the value of another."""
    return lambda environ: environ.update({f"TRIPOD_{target}": environ[f"TRIPOD_{source}"]})


def register_with(source: str) -> Callable[[Environ], None]:
    """Return a function that gives the initial access token the value of another variable."""

    def change(environ: Environ) -> None:
        use(REGISTRATION="token", REGISTRATION_TOKEN=environ[f"TRIPOD_{source}"])(environ)

    return change


def postgresql(host: str, options: str = "", password: str = ":Zk4vN8qL2xR7wB1m") -> str:
    """Return the URL of a server that does not answer, soon."""
    return f"postgresql+psycopg://tripod{password}@{host}:1/tripod?connect_timeout=1{options}"


def redis(option: str) -> str:
    """Return the URL of a server on another machine that does not answer."""
    return f"rediss://:Zk4vN8qL2xR7wB1m@redis.invalid:1/0?{option}"


def change_redirect_uri(uri: str) -> Callable[[Environ], None]:
    return execute("UPDATE clients SET redirect_uris = ? WHERE redirect_uris != '[]'", f'["{uri}"]')


SCALED_OUT = {
    "AUTH_DATABASE_URL": postgresql("127.0.0.1"),
    "RESOURCE_DATABASE_URL": postgresql("127.0.0.1").replace("/tripod", "/photos"),
    "SESSION_STORE_URL": postgresql("127.0.0.1").replace("/tripod", "/sessions"),
}


def keep_the_key_in_a_file(environ: Environ) -> None:
    """Share the stores between machines, but not the key."""
    use(**SCALED_OUT)(environ)
    key = Path(environ["TRIPOD_INSTANCE_PATH"]) / "secret_key"
    key.write_text(environ.pop("TRIPOD_SECRET_KEY"))
    key.chmod(0o600)


CONFIGURATIONS: list[tuple[str, str, Callable[[Environ], None]]] = [
    ("secret-key", "one letter", use(SECRET_KEY="a")),
    ("secret-key", "31 characters", use(SECRET_KEY=OTHER_KEY[:31])),
    ("secret-key", "a placeholder", use(SECRET_KEY="changeme-changeme-changeme-changeme!")),
    ("secret-key", "one character repeated", use(SECRET_KEY="k" * 64)),
    ("secret-key", "none", use(SECRET_KEY="")),
    ("secret-key", "a published key", use(SECRET_KEY="AckfSECXIvnK5r28GVIWUAxmbBSjTsmF")),
    (
        "secret-key",
        "the digest of a word",
        use(SECRET_KEY="5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8"),
    ),
    ("client-secrets", "a published secret", use(CLIENT_SECRET="7Fjfp0ZBr1KtDRbnfVdmIw")),
    ("old-secret-keys", "a weak old key", use(SECRET_KEY_FALLBACKS=f"{OTHER_KEY},old")),
    ("client-secrets", "a short secret", use(CLIENT_SECRET="shop")),
    ("client-secrets", "a placeholder", use(CLIENT_SECRET="your-secret-goes-here-1234")),
    ("client-secrets", "a guessable account", use(INTROSPECTION_CLIENT_SECRET="photo-api")),
    (
        "secrets-differ",
        "both clients share a secret",
        copy("CLIENT_SECRET", "INTROSPECTION_CLIENT_SECRET"),
    ),
    ("secrets-differ", "a key that is a client secret", copy("CLIENT_SECRET", "SECRET_KEY")),
    ("secrets-differ", "a registration token that is the key", register_with("SECRET_KEY")),
    ("secrets-differ", "a registration token that is a secret", register_with("CLIENT_SECRET")),
    ("session-encryption", "a key on one machine only", keep_the_key_in_a_file),
    ("https-only", "http off loopback", use(CLIENT_APP_URL="http://shop.example")),
    ("https-only", "an issuer with http", use(ISSUER="http://id.example")),
    ("https-only", "one leg on loopback", use(RESOURCE_API_URL="http://127.0.0.1:9002")),
    ("separate-origins", "one address", copy("AUTH_SERVER_URL", "RESOURCE_API_URL")),
    ("listening-address", "all interfaces", use(AUTH_SERVER_BIND="0.0.0.0:9000")),
    ("listening-address", "all interfaces, IPv6", use(CLIENT_APP_BIND="[::]:9001")),
    ("listening-address", "all, mapped", use(CLIENT_APP_BIND="[::ffff:0.0.0.0]:9001")),
    ("listening-address", "a public address", use(RESOURCE_API_BIND="8.8.8.8:9002")),
    ("listening-address", "two legs at one address", copy("AUTH_SERVER_BIND", "CLIENT_APP_BIND")),
    ("listening-address", "two names of one address", use(CLIENT_APP_BIND="localhost:9000")),
    ("listening-address", "metrics at the address of a leg", use(METRICS_BIND="127.0.0.1:9002")),
    ("trusted-proxies", "more than there can be", use(TRUSTED_PROXIES="999999999")),
    ("trusted-proxies", "ten", use(TRUSTED_PROXIES="10")),
    ("trusted-proxies", "an undeclared proxy", use(TRUSTED_PROXIES="0")),
    (
        "trusted-proxies",
        "a proxy that is not there",
        use(
            AUTH_SERVER_URL="http://127.0.0.1:9000",
            CLIENT_APP_URL="http://127.0.0.1:9001",
            RESOURCE_API_URL="http://127.0.0.1:9002",
        ),
    ),
    ("metrics-address", "all interfaces, mapped", use(METRICS_BIND="[::ffff:0.0.0.0]:9100")),
    ("metrics-address", "all interfaces", use(METRICS_BIND="0.0.0.0:9100")),
    ("metrics-address", "a public address", use(METRICS_BIND="8.8.8.8:9100")),
    ("demo-on-loopback", "the demo on the network", use(DEMO="1")),
    ("code-lifetime", "an hour", use(AUTHORIZATION_CODE_LIFETIME="3600")),
    ("access-token-lifetime", "a day", use(ACCESS_TOKEN_LIFETIME="86400")),
    ("refresh-token-lifetime", "a year", use(REFRESH_TOKEN_LIFETIME="31536000")),
    ("refresh-token-lifetime", "a second", use(REFRESH_TOKEN_LIFETIME="1")),
    ("refresh-token-grace", "ten minutes", use(REFRESH_TOKEN_GRACE="600")),
    ("instance-folder", "readable by all", chmod(0o755)),
    ("instance-folder", "writable by the group", chmod(0o770)),
    ("instance-folder", "replaceable by others", make_parent_writable),
    ("instance-folder", "replaceable with its parent", make_grandparent_writable),
    ("instance-folder", "replaceable by a group", make_group_writable),
    ("instance-folder", "of another account", chown("")),
    ("instance-folder", "in a folder of another account", chown("..")),
    ("instance-folder", "behind a link of another account", use_links_of_another_account),
    ("private-files", "a database of another account", chown("auth_server.db")),
    ("private-files", "a link of another account", lead_to_a_database_by_a_link),
    ("private-files", "a folder that others can write", put_into_a_folder(0o600, 0o777)),
    ("private-files", "a readable file in a folder", put_into_a_folder(0o644, 0o700)),
    ("private-files", "a readable database", chmod(0o644, "auth_server.db")),
    ("private-files", "a replaceable database", put_a_database_into_a_writable_folder),
    ("clock", "a slow clock", execute("UPDATE clients SET created_at = '2999-01-01 00:00:00'")),
    ("store-reachable", "no server", use(AUTH_DATABASE_URL=postgresql("127.0.0.1"))),
    ("store-reachable", "no file", lambda environ: database_of(environ).unlink()),
    (
        "store-migrated",
        "an older revision",
        execute("UPDATE alembic_version SET version_num = '0001'"),
    ),
    (
        "stores-apart",
        "one database for two legs",
        lambda environ: use(RESOURCE_DATABASE_URL=f"sqlite:///{database_of(environ)}")(environ),
    ),
    ("stores-shared", "files beside a server", use(SESSION_STORE_URL=postgresql("127.0.0.1"))),
    ("store-encryption", "plain PostgreSQL", use(AUTH_DATABASE_URL=postgresql("192.0.2.1"))),
    (
        "store-encryption",
        "TLS if the server likes",
        use(AUTH_DATABASE_URL=postgresql("192.0.2.1", "&sslmode=prefer")),
    ),
    (
        "store-encryption",
        "TLS with any server",
        use(AUTH_DATABASE_URL=postgresql("192.0.2.1", "&sslmode=require")),
    ),
    (
        "store-encryption",
        "the address of another machine",
        use(AUTH_DATABASE_URL=postgresql("127.0.0.1", "&hostaddr=192.0.2.1")),
    ),
    (
        "store-encryption",
        "a second host",
        use(AUTH_DATABASE_URL=postgresql("127.0.0.1", "&host=/run/postgresql,192.0.2.1")),
    ),
    *(
        ("store-encryption", f"Redis with {option}", use(SESSION_STORE_URL=redis(option)))
        for option in ("ssl_cert_reqs=none", "ssl_cert_reqs=optional", "ssl_check_hostname=False")
    ),
    (
        "store-encryption",
        "the address in a file",
        use(AUTH_DATABASE_URL=postgresql("", "&service=tripod").replace(":1/", "/")),
    ),
    ("store-password", "none", use(AUTH_DATABASE_URL=postgresql("127.0.0.1", password=""))),
    (
        "store-password",
        "the name of the program",
        use(AUTH_DATABASE_URL=postgresql("127.0.0.1", password=":tripod")),
    ),
    ("demo-data", "a client of the demo", execute("UPDATE clients SET is_demo = 1")),
    ("redirect-uris", "plain http", change_redirect_uri("http://shop.example/callback")),
    ("redirect-uris", "the user's machine", change_redirect_uri("http://127.0.0.1:9001/callback")),
    ("own-client", "an unknown client", use(CLIENT_ID="somebody")),
    ("own-client", "the secret of another client", use(CLIENT_SECRET=OTHER_KEY)),
    ("own-client", "a scope that is not registered", use(CLIENT_SCOPE="profile photos:write")),
    ("client-secrets", "a weak token", use(REGISTRATION="token", REGISTRATION_TOKEN="a")),
    ("own-client", "another address", change_redirect_uri("https://other.example/callback")),
    (
        "resource-server",
        "a client that is no resource server",
        copy("CLIENT_ID", "INTROSPECTION_CLIENT_ID"),
    ),
    ("resource-server", "a wrong secret", use(INTROSPECTION_CLIENT_SECRET=OTHER_KEY)),
    ("valid-settings", "a value that no leg accepts", use(NAME="\N{RIGHT-TO-LEFT OVERRIDE}")),
]


def test_the_safe_configuration_breaks_no_rule(environ: Environ, broken_rules: BrokenRules) -> None:
    assert broken_rules(environ) == {}


@pytest.mark.skipif(os.name != "posix", reason="only POSIX has these modes")
def test_a_sticky_folder_of_root_breaks_no_rule(
    environ: Environ, broken_rules: BrokenRules
) -> None:
    """In it, as in `/tmp`, others cannot replace what belongs to this account."""
    put_into_a_folder(0o600, 0o700)(environ)
    Path(environ["TRIPOD_INSTANCE_PATH"]).parent.chmod(0o1777)

    assert broken_rules(environ) == {}


@pytest.mark.parametrize(
    ("rule", "change"),
    [pytest.param(rule, change, id=f"{rule}: {what}") for rule, what, change in CONFIGURATIONS],
)
def test_an_unsafe_configuration_fails_and_names_the_rule(
    rule: str, change: Callable[[Environ], None], environ: Environ, broken_rules: BrokenRules
) -> None:
    change(environ)

    broken = broken_rules(environ)

    assert rule in broken


@pytest.mark.parametrize(
    ("variable", "url"),
    [
        ("PGHOST", "postgresql+psycopg://tripod@/tripod?connect_timeout=1"),
        (
            "PGHOSTADDR",
            "postgresql+psycopg://tripod@/tripod?host=/run/postgresql&connect_timeout=1",
        ),
    ],
)
def test_the_host_of_a_database_may_be_in_the_environment(
    variable: str,
    url: str,
    environ: Environ,
    broken_rules: BrokenRules,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(variable, "192.0.2.1")
    use(**SCALED_OUT | {"AUTH_DATABASE_URL": url})(environ)

    broken = broken_rules(environ)

    assert "TRIPOD_AUTH_DATABASE_URL has no password" in broken["store-password"]
    assert "TRIPOD_AUTH_DATABASE_URL names another machine" in broken["store-encryption"]


def test_no_line_holds_a_secret(environ: Environ, broken_rules: BrokenRules) -> None:
    secrets = {
        "CLIENT_SECRET": "shop-secret",
        "SECRET_KEY": "signing-secret",
        "AUTH_DATABASE_URL": postgresql("192.0.2.1", password=":database-secret"),
    }
    use(**secrets)(environ)

    lines = " ".join(broken_rules(environ).values())

    assert [word for word in ("shop-", "signing-", "database-secret") if word in lines] == []
