"""The command that serves a leg, as `docs/production.md` prints it."""

import re
import sys
from functools import cache
from pathlib import Path

from benchmarks.contenders.contender import ROOT

_COMMAND = re.compile(r"^\.venv/bin/granian (.+) app:(asgi_\w+)$", re.MULTILINE)


def serve(
    factory: str, port: int, *, like: str = "asgi_auth_server", workers: int = 1
) -> list[str]:
    """Return the command of a leg for another factory (`module:function`) and another port."""
    options = read_documented_options()[like]
    changed = re.sub(r"--(workers|port) \d+", "", options)
    own = f"--workers {workers} --port {port} --log-level error --no-access-log"
    return [sys.executable, "-m", "granian", *changed.split(), *own.split(), factory]


@cache
def read_documented_options() -> dict[str, str]:
    """Return the options of each factory in the guide."""
    guide = Path(ROOT / "docs" / "production.md").read_text()
    return {factory: options for options, factory in _COMMAND.findall(guide)}
