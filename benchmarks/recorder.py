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

from inspector.setup import watch

SCOPE = "profile photos:read"


def main(count: int) -> None:
    """Send `count` requests with the recorder and without it, and print the medians."""
    with TemporaryDirectory() as folder:
        legs = Legs(Path(folder) / "instance")
        alone = legs.auth_server.wsgi_app
        watch(legs.auth_server, legs.auth_server.extensions["tripod.settings"])
        clients = {
            "without the recorder": Client(alone),
            "with the recorder": Client(legs.auth_server.wsgi_app),
        }
        taken: dict[str, list[float]] = {name: [] for name in clients}
        request = make_introspection_request(legs)
        for _ in range(count):
            for name, client in clients.items():
                taken[name].append(measure(client, request))
        legs.close()
    without, watched = (median(times) for times in taken.values())
    for name, times in taken.items():
        print(f"{name:<24}{median(times):.3f} ms")
    print(f"{'difference':<24}{watched - without:.3f} ms")


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
