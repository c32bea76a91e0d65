"""The lab is open only in the demo, because it must attack only the demo's own legs."""

from dataclasses import replace

import pytest
from world.browser import Browser
from world.legs import Legs
from world.processes import free_ports

import app
from config import ClientAppSettings
from inspector.lab.setup import add_lab
from inspector.lab.stage import stage_for
from inspector.setup import open_pages

CLOSED_FOR = {
    "another issuer": {"issuer": "https://id.example"},
    "another issuer on this machine": {"issuer": "http://127.0.0.1:4000"},
    "an issuer with a path on the same host": {"issuer": "http://127.0.0.1:9000/realms/photos"},
    "an authorization server on another machine": {
        "issuer": "https://id.example",
        "auth_server_url": "https://id.example",
    },
    "an API on another machine": {"resource_api_url": "https://photos.example"},
    "a client on another machine": {"client_app_url": "https://prints.example"},
    "outside the demo": {"demo": False},
}


def open_inspector(legs: Legs, settings: ClientAppSettings) -> Browser:
    """Add the lab with these settings, and return a browser that shows the inspector."""
    open_pages(legs.client_app, settings, lambda: None)
    add_lab(legs.client_app, settings, {})
    browser = Browser(legs.network)
    browser.open(f"{legs.client_app_url}/inspector")
    return browser


def settings_of(legs: Legs) -> ClientAppSettings:
    """Return Print Shop's settings."""
    settings: ClientAppSettings = legs.client_app.extensions["tripod.settings"]
    return settings


def test_the_lab_is_open_for_the_demos_own_legs(legs: Legs) -> None:
    browser = open_inspector(legs, settings_of(legs))

    assert browser.current.link("Break it")
    assert browser.open("/inspector/lab").status == 200


@pytest.mark.parametrize("changes", CLOSED_FOR.values(), ids=CLOSED_FOR)
def test_the_lab_is_closed_and_hidden_outside_the_demo(
    legs: Legs, changes: dict[str, object]
) -> None:
    browser = open_inspector(legs, replace(settings_of(legs), **changes))  # type: ignore[arg-type]

    assert "Break it" not in browser.current.text
    assert browser.open("/inspector/lab").status == 404
    assert not [rule for rule in legs.client_app.url_map.iter_rules() if "lab" in rule.rule]


def test_the_start_message_does_not_mention_a_closed_lab(
    legs: Legs, capsys: pytest.CaptureFixture[str]
) -> None:
    app._show_next_steps({"client-app": replace(settings_of(legs), issuer="https://id.example")})
    app._show_next_steps({"client-app": settings_of(legs)})

    closed, opened = capsys.readouterr().out.split("Ctrl-C stops it.")[:2]
    assert closed.count("/inspector.") == 1
    assert "/inspector/lab" not in closed
    assert "/inspector/lab" in opened


def test_attacks_ignore_the_proxy_settings_of_the_environment(
    legs: Legs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{free_ports(1)[0]}")
    stage = stage_for(settings_of(legs))

    assert [
        sender.http.trust_env
        for sender in (stage.api, stage.carol.browser.sender, stage.print_shop.sender)
    ] == [False] * 3
