"""What the recorder costs a leg: CPU time of an introspection with it and without it, in turn, in this process.

make bench
"""

import sys
import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from support.browser import Browser
from support.cast import Person
from support.legs import Legs
from werkzeug.test import Client

from inspector import watch

SCOPE = "profile photos:read"


def main(count: int) -> None:
    """Ask `count` times each way, and print the medians."""
    with TemporaryDirectory() as folder:
        legs = Legs(Path(folder) / "instance")
        alone = legs.auth_server.wsgi_app
        watch(legs.auth_server, legs.auth_server.extensions["tripod.settings"])
        ways = {
            "without the recorder": Client(alone),
            "with the recorder": Client(legs.auth_server.wsgi_app),
        }
        taken: dict[str, list[float]] = {name: [] for name in ways}
        question = introspection(legs)
        for _ in range(count):
            for name, client in ways.items():
                taken[name].append(milliseconds(client, question))
        legs.close()
    without, watched = (median(each) for each in taken.values())
    for name, each in taken.items():
        print(f"{name:<24}{median(each):.3f} ms")
    print(f"{'difference':<24}{watched - without:.3f} ms")


def introspection(legs: Legs) -> dict[str, Any]:
    """A request that the resource API makes for every one of its own."""
    client = legs.register_client("https://calendar.example/callback", SCOPE)
    tokens = Person("alice", "wonderland", Browser(legs.network)).tokens_for(client, SCOPE)
    asking = legs.resource_server()
    return {
        "path": "/oauth/introspect",
        "base_url": legs.auth_server_url,
        "data": {"token": tokens["access_token"]},
        "auth": (asking.client_id, asking.client_secret),
    }


def milliseconds(client: Client, question: dict[str, Any]) -> float:
    """The CPU time of one answer, to the last byte."""
    began = time.process_time_ns()
    with client.post(**question) as answer:
        assert answer.json["active"], answer.text
    return (time.process_time_ns() - began) / 1_000_000


if __name__ == "__main__":
    main(int(sys.argv[1]) if sys.argv[1:] else 500)
