"""Where the time goes inside the authorization server, by package and by file."""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.contenders.tripod import AUTH_SERVER, Installation
from benchmarks.places import ROOT
from benchmarks.tables import format_table
from benchmarks.works import issue_tokens

MOST_ROWS = 15
#: Counts of samples for each work; the keys of `Counts` are "packages" and "files".
Counts = Mapping[str, Mapping[str, Mapping[str, int]]]


def take_profiles(seconds: float, report: Callable[[str], None]) -> Counts:
    """Sample each work for some seconds in a process of its own, without a server around it."""
    report("Taking the profile")
    with TemporaryDirectory(prefix="benchmark-") as folder:
        installation = Installation(Path(folder))
        server = installation.make_server(AUTH_SERVER)
        server.start()
        try:
            at = installation.endpoints()
            tokens = issue_tokens(at)
        finally:
            server.stop()
        asked = {"at": asdict(at), "seconds": seconds, **tokens}
        finished = subprocess.run(
            [sys.executable, "-m", "benchmarks.profile_process"],
            cwd=ROOT,
            env=installation.env,
            input=json.dumps(asked),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            check=True,
        )
    found: Counts = json.loads(finished.stdout)
    return found


def format_profiles(counts: Counts) -> str:
    """Return a table by package and a table by file, with a column for each work."""
    return "\n\n".join(
        _format_shares(kind, {work: by_kind[kind] for work, by_kind in counts.items()})
        for kind in ("packages", "files")
    )


def _format_shares(kind: str, counts: Mapping[str, Mapping[str, int]]) -> str:
    shares = {work: make_shares(found) for work, found in counts.items()}
    largest: Counter[str] = Counter()
    for found in shares.values():
        for name, share in found.items():
            largest[name] = max(largest[name], round(share * 1000))
    rows = [
        (name, *(f"{found.get(name, 0):.0%}" for found in shares.values()))
        for name, _ in largest.most_common(MOST_ROWS)
    ]
    return format_table((kind, *shares), rows)


def make_shares(counts: Mapping[str, int]) -> dict[str, float]:
    """Return the share of each name in all the samples."""
    total = sum(counts.values())
    return {name: count / total for name, count in counts.items()}
