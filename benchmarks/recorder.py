"""Measure the recorder's cost: the CPU time of an introspection with and without it.

Both are measured in turn in this process, by `make bench`.
"""

import sys
import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from werkzeug.test import Client
from world.browser import Browser
from world.cast import Person
from world.legs import Legs

from inspector.record.store import MAX_EXCHANGES, Store, open_store
from inspector.setup import watch

SCOPE = "profile photos:read"


def main(count: int) -> None:
    """Print the median with the recorder and without it, and their difference."""
    without, watched = measure_medians(count)
    print(f"{'without the recorder':<24}{without:.3f} ms")
    print(f"{'with the recorder':<24}{watched:.3f} ms")
    print(f"{'difference':<24}{watched - without:.3f} ms")


def measure_medians(count: int) -> tuple[float, float]:
    """Return the medians of `count` requests without the recorder and with it, in milliseconds."""
    with TemporaryDirectory() as folder:
        legs = Legs(Path(folder) / "instance")
        settings = legs.auth_server.extensions["tripod.settings"]
        alone = Client(legs.auth_server.wsgi_app)
        watch(legs.auth_server, settings)
        watched = Client(legs.auth_server.wsgi_app)
        request = make_introspection_request(legs)
        measure(watched, request)
        fill(open_store(settings))
        taken = [(measure(alone, request), measure(watched, request)) for _ in range(count)]
        legs.close()
    without, with_recorder = zip(*taken, strict=True)
    return median(without), median(with_recorder)


def fill(store: Store) -> None:
    """Copy the last exchange until the recording is full, as in a long demonstration."""
    last = store.exchanges()[-1]
    for _ in range(MAX_EXCHANGES):
        store.add(last, store.run_id)


def make_introspection_request(legs: Legs) -> dict[str, Any]:
    """Return the introspection request that the resource API sends for each of its requests."""
    client = legs.register_client("https://calendar.example/callback", SCOPE)
    tokens = Person("alice", "wonderland", Browser(legs.network)).tokens_for(client, SCOPE)
    api = legs.resource_server()
    return {
        "path": "/oauth/introspect",
        "base_url": legs.auth_server_url,
        "data": {"token": tokens["access_token"]},
        "auth": (api.client_id, api.client_secret),
    }


def measure(client: Client, request: dict[str, Any]) -> float:
    """Return the CPU time of one complete response, in milliseconds."""
    start = time.process_time_ns()
    with client.post(**request) as answer:
        if not (answer.json or {}).get("active"):
            raise RuntimeError(answer.get_data(as_text=True))
    return (time.process_time_ns() - start) / 1_000_000


if __name__ == "__main__":
    main(int(next(iter(sys.argv[1:]), "500")))
