"""Fixtures with environment variables for the settings, in the demo and outside it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from config import (
    AuthServerSettings,
    ClientAppSettings,
    ResourceApiSettings,
    Settings,
)
from web.environment import ConfigurationError

Environ = dict[str, str]


@pytest.fixture(params=[AuthServerSettings, ClientAppSettings, ResourceApiSettings])
def settings_class(request: pytest.FixtureRequest) -> type[Settings]:
    """Return the settings class of each leg in turn."""
    settings_class: type[Settings] = request.param
    return settings_class


@pytest.fixture
def demo(tmp_path: Path) -> Environ:
    """Return the variables that the demo needs."""
    return {"TRIPOD_DEMO": "1", "TRIPOD_INSTANCE_PATH": str(tmp_path / "instance")}


@pytest.fixture
def outside(tmp_path: Path) -> Environ:
    """Return the variables that all legs together need outside the demo."""
    return {
        "TRIPOD_INSTANCE_PATH": str(tmp_path / "instance"),
        "TRIPOD_SECRET_KEY": "a key that is long enough for a test",
        "TRIPOD_CLIENT_ID": "a-client",
        "TRIPOD_CLIENT_SECRET": "a client secret",
        "TRIPOD_INTROSPECTION_CLIENT_ID": "an-api",
        "TRIPOD_INTROSPECTION_CLIENT_SECRET": "an api secret",
    }


@pytest.fixture
def complaint() -> Callable[[type[Settings], Environ], str]:
    """Return a function that returns the one line with which a leg rejects its settings."""

    def complaint(settings_class: type[Settings], environ: Environ) -> str:
        with pytest.raises(ConfigurationError) as refusal:
            settings_class.load(environ)
        line = str(refusal.value)
        assert "\n" not in line
        return line

    return complaint
