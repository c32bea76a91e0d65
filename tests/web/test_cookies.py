"""Each leg's cookie has its own name and key, and secure attributes."""

from collections.abc import Callable
from pathlib import Path

import pytest
import requests
from flask import Flask
from world.browser import Browser
from world.network import Network

from config import AuthServerSettings, ClientAppSettings, ResourceApiSettings
from web.application import new_application
from web.derived_keys import derive_key

NAMES_OF_OTHER_PROGRAMS = {"session", "sessionid", "csrftoken", "connect.sid"}
URL = "http://127.0.0.1:9000"
OLDER, OLD, NEW = (
    f"the {age} value for signatures of this small leg" for age in ("oldest", "former", "newest")
)


def attributes_of_the_cookie(response: requests.Response) -> set[str]:
    """Return the attributes of the only cookie in the response."""
    return set(response.headers["Set-Cookie"].split("; ")[1:])


def test_the_cookie_is_http_only_and_same_site(http: requests.Session) -> None:
    response = http.get(f"{URL}/sign-in")

    assert attributes_of_the_cookie(response) == {"HttpOnly", "SameSite=Lax", "Path=/"}


@pytest.mark.settings(AUTH_SERVER_URL="https://id.example")
def test_over_https_the_cookie_is_secure_and_bound_to_the_host(http: requests.Session) -> None:
    response = http.get("https://id.example/sign-in")

    assert response.headers["Set-Cookie"].startswith("__Host-tripod_auth_server=")
    assert attributes_of_the_cookie(response) == {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"}


def test_each_legs_cookie_has_its_own_name_and_key(tmp_path: Path) -> None:
    demo = {"TRIPOD_DEMO": "1", "TRIPOD_INSTANCE_PATH": str(tmp_path)}

    legs = [
        new_application(AuthServerSettings.load(demo)),
        new_application(ClientAppSettings.load(demo)),
        new_application(ResourceApiSettings.load(demo)),
    ]

    names = {leg.config["SESSION_COOKIE_NAME"] for leg in legs}
    assert len(names) == len({leg.secret_key for leg in legs}) == 3
    assert not names & NAMES_OF_OTHER_PROGRAMS


def test_a_cookie_signed_with_a_fallback_key_is_accepted(start: Callable[..., Flask]) -> None:
    network = Network()
    browser = Browser(network)
    network.attach(URL, start(SECRET_KEY=OLD))
    browser.open(f"{URL}/sign-in")

    network.attach(URL, start(SECRET_KEY=NEW, SECRET_KEY_FALLBACKS=f"{OLDER},{OLD}"))

    assert browser.open("/whoami").text == "alice"


def test_a_cookie_signed_with_a_removed_key_is_ignored(start: Callable[..., Flask]) -> None:
    network = Network()
    browser = Browser(network)
    network.attach(URL, start(SECRET_KEY=OLD))
    browser.open(f"{URL}/sign-in")

    network.attach(URL, start(SECRET_KEY=NEW))

    assert browser.open("/whoami").text == "None"


def test_a_key_is_derived_for_each_leg_and_purpose() -> None:
    keys = {
        derive_key("a key", leg, purpose)
        for leg in ("auth_server", "client_app")
        for purpose in ("cookies", "records")
    }

    assert len(keys) == 4
    assert derive_key("a key", "auth_server", "cookies") in keys
    assert derive_key("another key", "auth_server", "cookies") not in keys


def test_signing_without_a_key_fails(tmp_path: Path) -> None:
    """The command line loads no key, and an empty key must not sign anything."""
    settings = AuthServerSettings.load({"TRIPOD_INSTANCE_PATH": str(tmp_path)}, serving=False)

    assert new_application(settings).secret_key is None
