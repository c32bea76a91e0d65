"""Open a page in the browser of the desktop, if there is one."""

import os
import sys


def open_in_browser(url: str) -> None:
    """Open the address. A text browser in a terminal must not be opened."""
    has_windows = sys.platform in ("darwin", "win32")
    has_display = "DISPLAY" in os.environ or "WAYLAND_DISPLAY" in os.environ
    if (has_windows or has_display) and sys.stdout.isatty():
        import webbrowser

        webbrowser.open(url)
