"""Every test here stands on the stage that other projects can have too."""

pytest_plugins = ["world.fixtures"]
