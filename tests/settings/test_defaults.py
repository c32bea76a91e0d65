"""The default of each setting. An empty variable counts as unset."""

from pathlib import Path

import pytest

from config import AuthServerSettings, ClientAppSettings, ResourceApiSettings, Settings

Environ = dict[str, str]


def test_the_demo_needs_no_other_setting(
    settings_class: type[Settings], demo: Environ, tmp_path: Path
) -> None:
    settings = settings_class.load(demo)

    assert settings.demo
    assert settings.auth_server_url == "http://127.0.0.1:9000"
    assert settings.client_app_url == "http://127.0.0.1:9001"
    assert settings.resource_api_url == "http://127.0.0.1:9002"
    assert settings.trusted_proxies == 0
    assert settings.instance_path == tmp_path / "instance"


def test_the_lifetimes_have_their_documented_defaults(demo: Environ, tmp_path: Path) -> None:
    settings = AuthServerSettings.load(demo)

    assert settings.access_token_lifetime == 120
    assert settings.refresh_token_lifetime == 86400
    assert settings.authorization_code_lifetime == 60
    assert settings.refresh_token_grace == 10
    assert settings.database_url == f"sqlite:///{tmp_path}/instance/auth_server.db"


def test_the_client_uses_this_project_by_default(demo: Environ, tmp_path: Path) -> None:
    settings = ClientAppSettings.load(demo)

    assert settings.issuer == "http://127.0.0.1:9000"
    assert settings.client_id == "print-shop"
    assert settings.scope == "profile photos:read"
    assert settings.session_store_url == f"sqlite:///{tmp_path}/instance/client_sessions.db"


def test_the_resource_api_introspects_as_photo_api_by_default(
    demo: Environ, tmp_path: Path
) -> None:
    settings = ResourceApiSettings.load(demo)

    assert settings.introspection_client_id == "photo-api"
    assert settings.database_url == f"sqlite:///{tmp_path}/instance/resource_api.db"


def test_the_legs_of_a_demo_share_the_generated_secrets(demo: Environ) -> None:
    auth_server = AuthServerSettings.load(demo)
    client_app = ClientAppSettings.load(demo)
    resource_api = ResourceApiSettings.load(demo)

    assert auth_server.demo_client_secret == client_app.client_secret
    assert auth_server.demo_introspection_client_secret == resource_api.introspection_client_secret
    assert auth_server.demo_client_secret != auth_server.demo_introspection_client_secret
    assert auth_server.secret_keys == client_app.secret_keys == resource_api.secret_keys


def test_the_demo_is_off_by_default(outside: Environ) -> None:
    settings = AuthServerSettings.load(outside)

    assert not settings.demo
    assert settings.demo_client_secret == settings.demo_introspection_client_secret == ""


def test_an_empty_variable_counts_as_unset(settings_class: type[Settings], demo: Environ) -> None:
    names = [
        "TRIPOD_AUTH_SERVER_URL",
        "TRIPOD_AUTH_SERVER_BIND",
        "TRIPOD_TRUSTED_PROXIES",
        "TRIPOD_AUTH_DATABASE_URL",
        "TRIPOD_RESOURCE_DATABASE_URL",
        "TRIPOD_SESSION_STORE_URL",
        "TRIPOD_SECRET_KEY",
        "TRIPOD_ISSUER",
        "TRIPOD_CLIENT_ID",
        "TRIPOD_CLIENT_SECRET",
        "TRIPOD_CLIENT_SCOPE",
        "TRIPOD_ACCESS_TOKEN_LIFETIME",
        "TRIPOD_INTROSPECTION_CLIENT_ID",
        "TRIPOD_SECRET_KEY_FALLBACKS",
    ]

    settings = settings_class.load(demo | dict.fromkeys(names, " "))

    assert settings == settings_class.load(demo)


def test_the_default_instance_folder_is_in_the_project(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("config.PROJECT_ROOT", tmp_path)

    settings = AuthServerSettings.load({"TRIPOD_DEMO": "1", "TRIPOD_INSTANCE_PATH": ""})

    assert settings.instance_path == tmp_path / "instance"


def test_the_default_name_of_the_authorization_server_is_tripod_id(demo: Environ) -> None:
    assert AuthServerSettings.load(demo).name == "Tripod ID"
    assert ClientAppSettings.load(demo).issuer_name == "Tripod ID"


@pytest.mark.parametrize(
    ("is_demo", "value", "reloads"),
    [("1", "", True), ("1", "1", True), ("1", "0", False), ("0", "", False), ("0", "1", False)],
)
def test_only_the_demo_reloads_and_it_can_be_turned_off(
    demo: Environ, is_demo: str, value: str, reloads: bool
) -> None:
    settings = AuthServerSettings.load(
        demo
        | {
            "TRIPOD_DEMO": is_demo,
            "TRIPOD_RELOAD": value,
            "TRIPOD_SECRET_KEY": "x7" * 7 + "k3y-of-a-test-that-is-long",
        }
    )

    assert settings.reload == reloads
