"""Opens pages in the browser of a desktop."""

import sys
from collections.abc import Mapping


def open_in_browser(url: str, environment: Mapping[str, str]) -> None:
    """Open the address. A text browser in a terminal must not be opened."""
    has_windows = sys.platform in ("darwin", "win32")
    has_display = "DISPLAY" in environment or "WAYLAND_DISPLAY" in environment
    if (has_windows or has_display) and sys.stdout.isatty():
        import webbrowser

        webbrowser.open(url)
