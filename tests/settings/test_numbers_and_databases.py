"""Lifetimes, counts and database URLs: accepted and refused values."""

from collections.abc import Callable

import pytest

from config import AuthServerSettings, ClientAppSettings, ResourceApiSettings, Settings

Environ = dict[str, str]
Complaint = Callable[[type[Settings], Environ], str]


@pytest.mark.parametrize(
    "name",
    [
        "TRIPOD_ACCESS_TOKEN_LIFETIME",
        "TRIPOD_REFRESH_TOKEN_LIFETIME",
        "TRIPOD_AUTHORIZATION_CODE_LIFETIME",
        "TRIPOD_REFRESH_TOKEN_GRACE",
        "TRIPOD_TRUSTED_PROXIES",
    ],
)
@pytest.mark.parametrize("value", ["-1", "1.5", "2 minutes", "1e3", "٣", "9999999999"])
def test_a_number_must_be_a_non_negative_integer(
    name: str, value: str, demo: Environ, complaint: Complaint
) -> None:
    assert complaint(AuthServerSettings, demo | {name: value}).startswith(f"{name} ")


@pytest.mark.parametrize("kind", ["ACCESS_TOKEN", "REFRESH_TOKEN", "AUTHORIZATION_CODE"])
def test_a_lifetime_must_be_at_least_one_second(
    kind: str, demo: Environ, complaint: Complaint
) -> None:
    name = f"TRIPOD_{kind}_LIFETIME"

    assert complaint(AuthServerSettings, demo | {name: "0"}).startswith(f"{name} ")


def test_the_grace_can_be_turned_off(demo: Environ) -> None:
    settings = AuthServerSettings.load(demo | {"TRIPOD_REFRESH_TOKEN_GRACE": "0"})

    assert settings.refresh_token_grace == 0


def test_the_lifetimes_can_be_set(demo: Environ) -> None:
    names = (
        "ACCESS_TOKEN_LIFETIME",
        "REFRESH_TOKEN_LIFETIME",
        "AUTHORIZATION_CODE_LIFETIME",
        "REFRESH_TOKEN_GRACE",
    )

    settings = AuthServerSettings.load(
        demo | {f"TRIPOD_{name}": str(i) for i, name in enumerate(names, start=7)}
    )

    assert [getattr(settings, name.lower()) for name in names] == [7, 8, 9, 10]


DATABASES = [
    (AuthServerSettings, "TRIPOD_AUTH_DATABASE_URL"),
    (ClientAppSettings, "TRIPOD_SESSION_STORE_URL"),
    (ResourceApiSettings, "TRIPOD_RESOURCE_DATABASE_URL"),
]


@pytest.mark.parametrize(("settings_class", "name"), DATABASES)
@pytest.mark.parametrize(
    "url", ["sqlite:////var/lib/tripod.db", "postgresql+psycopg://tripod:secret@db/tripod"]
)
def test_a_database_must_be_sqlite_or_postgresql(
    settings_class: type[Settings], name: str, url: str, outside: Environ
) -> None:
    settings = settings_class.load(outside | {name: url})

    assert url in vars(settings).values()


@pytest.mark.parametrize(
    "url",
    ["redis://127.0.0.1", "redis://tripod:secret@db:6380/3", "rediss://db/0", "redis://[::1]/"],
)
def test_sessions_can_be_stored_in_redis(url: str, outside: Environ) -> None:
    settings = ClientAppSettings.load(outside | {"TRIPOD_SESSION_STORE_URL": url})

    assert settings.session_store_url == url


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("redis://", id="no host"),
        pytest.param("redis:password-in-url", id="no address"),
        pytest.param("redis://:password-in-url@db:port", id="a port of letters"),
        pytest.param("redis://:password-in-url@db/sessions", id="a database with a name"),
        pytest.param("unix:///run/redis.sock?password=password-in-url", id="a socket"),
    ],
)
def test_the_refusal_of_a_redis_url_names_what_is_allowed(
    url: str, outside: Environ, complaint: Complaint
) -> None:
    line = complaint(ClientAppSettings, outside | {"TRIPOD_SESSION_STORE_URL": url})

    assert line == (
        "TRIPOD_SESSION_STORE_URL must be sqlite:///FILE, postgresql+psycopg://…, redis://… or "
        "rediss://…."
    )


@pytest.mark.parametrize("settings_class", [AuthServerSettings, ResourceApiSettings])
def test_only_sessions_can_be_stored_in_redis(
    settings_class: type[Settings], outside: Environ, complaint: Complaint
) -> None:
    names = {"TRIPOD_AUTH_DATABASE_URL", "TRIPOD_RESOURCE_DATABASE_URL"}

    line = complaint(settings_class, outside | dict.fromkeys(names, "redis://db"))

    assert line.endswith(" must be sqlite:///FILE or postgresql+psycopg://….")


@pytest.mark.parametrize(("settings_class", "name"), DATABASES)
@pytest.mark.parametrize(
    "url",
    [
        pytest.param("tripod.db", id="a file name"),
        pytest.param("mysql://tripod:password-in-url@db/tripod", id="another engine"),
        pytest.param("postgresql://tripod:password-in-url@db/tripod", id="another driver"),
        pytest.param(
            "postgresql+psycopg://tripod:password-in-url@db:port/tripod", id="a port of letters"
        ),
        pytest.param("sqlite://", id="an in-memory database"),
        pytest.param("sqlite:///:memory:", id="an in-memory database by name"),
    ],
)
def test_the_refusal_of_a_database_url_does_not_repeat_its_password(
    settings_class: type[Settings], name: str, url: str, outside: Environ, complaint: Complaint
) -> None:
    line = complaint(settings_class, outside | {name: url})

    assert line.startswith(f"{name} ")
    assert "password-in-url" not in line
