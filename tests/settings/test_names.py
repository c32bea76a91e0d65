"""TRIPOD_NAME: the authorization server's name on its own pages and on the client's pages."""

from collections.abc import Callable

import pytest

from app import LEGS, _describe_program
from config import AuthServerSettings, ClientAppSettings, Settings

Environ = dict[str, str]
Complaint = Callable[[type[Settings], Environ], str]


@pytest.mark.parametrize("name", ["A", "Größe & <Co>", "N" * 80, "می\u200cخواهم", "👩\u200d👧"])
def test_the_authorization_server_can_have_another_name(name: str, demo: Environ) -> None:
    assert AuthServerSettings.load(demo | {"TRIPOD_NAME": f" {name} "}).name == name


@pytest.mark.parametrize(
    "name", ["N" * 81, "two\nlines", "an\x1b[1mescape", "left\u202eright", "\u3164"]
)
@pytest.mark.parametrize("settings_class", [AuthServerSettings, ClientAppSettings])
def test_a_name_is_at_most_80_printable_characters(
    settings_class: type[Settings], name: str, demo: Environ, complaint: Complaint
) -> None:
    line = complaint(settings_class, demo | {"TRIPOD_NAME": name})

    assert line.startswith("TRIPOD_NAME must be 1 to 80 printable characters")


def test_the_client_uses_the_name_of_this_projects_server(demo: Environ) -> None:
    settings = ClientAppSettings.load(
        demo | {"TRIPOD_NAME": "Acme ID", "TRIPOD_ISSUER": "http://127.0.0.1:9000"}
    )

    assert settings.issuer_name == "Acme ID"


@pytest.mark.parametrize(
    ("issuer", "name"),
    [
        ("https://id.example", "id.example"),
        ("https://id.example:8443/tenant/7", "id.example"),
        ("http://127.0.0.1:9000/tenant", "127.0.0.1"),
    ],
)
def test_the_client_calls_another_issuer_by_its_host(issuer: str, name: str, demo: Environ) -> None:
    settings = ClientAppSettings.load(demo | {"TRIPOD_NAME": "Acme ID", "TRIPOD_ISSUER": issuer})

    assert settings.issuer_name == name


def test_the_greeting_uses_the_name_of_the_authorization_server(demo: Environ) -> None:
    settings = AuthServerSettings.load(demo | {"TRIPOD_NAME": "The Identity Server"})

    greeting = _describe_program(LEGS["auth-server"], settings).greeting

    assert greeting.startswith("The Identity Server authorization server ")
