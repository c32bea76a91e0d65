"""The system's Chromium, driven by Playwright, for tests of scripts, styles and layout."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import expect, sync_playwright

PROGRAM = Path("/usr/bin/chromium")
#: Without a sandbox it runs as root, too. The other options stop requests to other servers.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE_MS = 15_000  # a machine that is busy takes its time


@contextmanager
def launched_chromium() -> Iterator[Chromium]:
    """Start a browser without a window. Skip the test where none is installed, except in CI."""
    if not PROGRAM.exists() and not os.environ.get("CI"):
        pytest.skip(f"there is no {PROGRAM}: apt install chromium")
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=PROGRAM, args=ARGUMENTS)
        yield browser
        browser.close()
