"""The command: load, attacks and faults for some minutes, and the promises that were broken."""

import argparse
import os
import random
import secrets
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from world.actors import Actor
from world.load import Runner, under
from world.model import Rules
from world.nodes import Nodes, two_nodes
from world.postgresql import running_postgresql
from world.redis_server import running_redis
from world.unreliable import Unreliable
from world.watched_grant import Promises, Watch

from benchmarks.soak.attacks import BETWEEN_GUESSES, Attacker, Photographer, Stream, Visitor
from benchmarks.soak.clocks import Clocks
from benchmarks.soak.disks import small_disk
from benchmarks.soak.faults import Fault, Faults, run_fault
from benchmarks.soak.figures import Figures, format_broken, format_figures, write_figures

MINUTES = 10.0
NODES = 2
ACTORS = 3
#: Seconds between two faults.
CALM = 2.0
#: Short lifetimes, so that codes and tokens expire during the run.
RULES = Rules(code_lifetime=8, access_token_lifetime=10, refresh_token_lifetime=600, grace=5)
SETTINGS = {
    "TRIPOD_AUTHORIZATION_CODE_LIFETIME": str(RULES.code_lifetime),
    "TRIPOD_ACCESS_TOKEN_LIFETIME": str(RULES.access_token_lifetime),
    "TRIPOD_REFRESH_TOKEN_LIFETIME": str(RULES.refresh_token_lifetime),
    "TRIPOD_REFRESH_TOKEN_GRACE": str(RULES.grace),
}
#: A leg writes this to its output when it answers 500.
UNEXPECTED = "unexpected error"


def main(arguments: Sequence[str]) -> int:
    """Run the soak and print its figures; return 1 if a promise was broken."""
    chosen = read_arguments(arguments)
    os.environ["CI"] = "true"  # A program that is missing is an error.
    with (
        tempfile.TemporaryDirectory(prefix="tripod-soak-") as folder,
        stage(Path(folder)) as (
            nodes,
            faults,
        ),
    ):
        figures = soak(nodes, faults, chosen.minutes * 60, chosen.seed, chosen.faults)
        if chosen.keep:
            Path(chosen.keep).write_text(nodes.output)
    print(format_figures(figures))
    if chosen.write or not arguments:
        write_figures(figures)
    if figures.broken:
        print(format_broken(figures), file=sys.stderr)
    return int(bool(figures.broken))


def read_arguments(arguments: Sequence[str]) -> argparse.Namespace:
    """Return what the arguments select."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=MINUTES)
    parser.add_argument("--seed", type=int, default=1, help="of the order of requests and faults")
    parser.add_argument("--faults", default="", metavar="WORDS", help="only those with these words")
    parser.add_argument("--write", action="store_true", help="write docs/security.md")
    parser.add_argument("--keep", metavar="FILE", help="write what the legs printed to this file")
    return parser.parse_args(arguments)


@contextmanager
def stage(folder: Path) -> Iterator[tuple[Nodes, Faults]]:
    """Run the nodes with what they share, and give what can fail."""
    clocks = Clocks(folder, NODES)
    with ExitStack() as stack:
        disk = stack.enter_context(small_disk())
        parent = None
        if disk is not None:
            parent = disk.folder
        postgresql = stack.enter_context(running_postgresql(parent))
        redis = stack.enter_context(running_redis())
        names = ("TRIPOD_AUTH_DATABASE_URL", "TRIPOD_RESOURCE_DATABASE_URL")
        shared = {name: postgresql.create_database(secrets.token_hex(8)) for name in names}
        shared["TRIPOD_SESSION_STORE_URL"] = redis.create_database()
        nodes = stack.enter_context(two_nodes(folder, shared, SETTINGS, clocks.environment()))
        yield nodes, Faults(nodes, postgresql, redis, clocks, disk)


def soak(nodes: Nodes, faults: Faults, seconds: float, seed: int, words: str = "") -> Figures:
    """Send requests and let the faults with `words` in their names happen for so many seconds."""
    promises, network = Promises(), Unreliable()
    runners = list_runners(nodes, faults, promises, network, seed)
    counts: Counter[str] = Counter()
    begun_at = time.monotonic()
    with under(runners):
        happen = cycle_shuffled([one for one in faults.list_all() if words in one.name], seed)
        while time.monotonic() - begun_at < seconds:
            time.sleep(CALM)
            fault = next(happen)
            report(f"{time.monotonic() - begun_at:6.1f} s  {fault.name}", promises)
            run_fault(fault)
            counts[fault.name] += 1
        time.sleep(CALM)
    broken = [*promises.broken, *network.failures]
    broken += [UNEXPECTED] * nodes.output.count(UNEXPECTED)
    faults_by_name = {fault.name: counts[fault.name] for fault in faults.list_all()}
    return Figures(
        time.monotonic() - begun_at, network.statuses, faults_by_name, promises.checked, broken
    )


def list_runners(
    nodes: Nodes, faults: Faults, promises: Promises, network: Unreliable, seed: int
) -> Sequence[Runner]:
    """Return all that sends requests."""
    watch = Watch(RULES, promises, faults.clocks.now, has_faults=True)
    actors = [Actor(f"actor{n}", nodes, watch, network, seed + n) for n in range(ACTORS)]
    alice = nodes.create_person("alice", network)
    visitor = Visitor(nodes, promises, alice)
    painter = nodes.create_person("painter", network)
    photographer = Photographer(nodes, promises, painter, nodes.create_client("calendar", network))
    attacker = Attacker(nodes, promises, network, alice)
    streams = (
        Stream(visitor.visit),
        Stream(photographer.work),
        Stream(attacker.guess_token),
        Stream(attacker.guess_password, BETWEEN_GUESSES),
        Stream(attacker.guess_secret, BETWEEN_GUESSES),
    )
    return [*actors, *streams]


def cycle_shuffled(faults: Sequence[Fault], seed: int) -> Iterator[Fault]:
    """Yield all faults again and again, in a new order each time."""
    chance = random.Random(seed)
    while True:
        yield from chance.sample(faults, len(faults))


def report(line: str, promises: Promises) -> None:
    """Print what happens. Commands of this process take over the other stream now and then."""
    figures = f"{promises.checked} promises checked, {len(promises.broken)} broken"
    print(f"{line}  ({figures})", file=sys.__stderr__, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
