"""TRIPOD_REGISTRATION and TRIPOD_CLIENT_METADATA_HOSTS: who may register clients by a program."""

from collections.abc import Callable

import pytest

from config import AuthServerSettings, Settings

Environ = dict[str, str]
Complaint = Callable[[type[Settings], Environ], str]
TOKEN = "Zq3-initial.access_token~for+the/program="


def test_registration_is_open_in_the_demo_only(demo: Environ, outside: Environ) -> None:
    assert AuthServerSettings.load(demo).registration == "open"
    assert AuthServerSettings.load(outside).registration == "closed"


def test_registration_can_be_closed_in_the_demo(demo: Environ) -> None:
    assert AuthServerSettings.load(demo | {"TRIPOD_REGISTRATION": "closed"}).registration == (
        "closed"
    )


def test_another_word_is_refused(outside: Environ, complaint: Complaint) -> None:
    line = complaint(AuthServerSettings, outside | {"TRIPOD_REGISTRATION": "yes"})

    assert line == "TRIPOD_REGISTRATION must be closed, open or token, not 'yes'."


def test_a_token_is_read(outside: Environ) -> None:
    environ = outside | {"TRIPOD_REGISTRATION": "token", "TRIPOD_REGISTRATION_TOKEN": TOKEN}
    settings = AuthServerSettings.load(environ)

    assert (settings.registration, settings.registration_token) == ("token", TOKEN)
    assert TOKEN not in repr(settings)


@pytest.mark.parametrize("token", ["", "short", TOKEN[:31], "a" * 40, "with spaces " * 4])
def test_a_weak_token_is_refused(outside: Environ, complaint: Complaint, token: str) -> None:
    environ = outside | {"TRIPOD_REGISTRATION": "token", "TRIPOD_REGISTRATION_TOKEN": token}
    line = complaint(AuthServerSettings, environ)

    assert line.startswith("TRIPOD_REGISTRATION_TOKEN ")
    assert not token or token not in line


def test_metadata_documents_are_accepted_in_the_demo_only(demo: Environ, outside: Environ) -> None:
    assert AuthServerSettings.load(demo).metadata_hosts == {"*"}
    assert AuthServerSettings.load(outside).metadata_hosts == set()


def test_the_hosts_of_metadata_documents_are_separated_by_commas(outside: Environ) -> None:
    environ = outside | {"TRIPOD_CLIENT_METADATA_HOSTS": " App.example, cdn.example:8443 ,"}

    assert AuthServerSettings.load(environ).metadata_hosts == {"app.example", "cdn.example:8443"}
