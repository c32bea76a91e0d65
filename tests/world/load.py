"""Load: requests of many kinds, each one after the other, while something else happens."""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from threading import Event
from typing import Protocol

import requests
from requests import Response

from world.registered_client import RegisteredClient, Tokens
from world.sockets import Sockets

LONGEST_ANSWER = 20.0
Ask = Callable[[], Response]


class Load:
    """Requests of one kind, one after the other, until the end of the load.

    A leg refuses with 503 and `Retry-After`. `refusals` are the statuses of a proxy that got no
    answer.
    """

    def __init__(
        self,
        name: str,
        ask: Ask,
        expected: set[int],
        refusals: frozenset[int] = frozenset(),
    ) -> None:
        self.name = name
        self._ask = ask
        self._expected = expected
        self._refusals = refusals
        self.statuses: Counter[int] = Counter()
        self.wrong: list[str] = []

    def run(self, is_over: Event) -> None:
        """Send requests; note each answer that is neither as expected nor a refusal."""
        while not is_over.is_set():
            if self.send().status_code in {503, *self._refusals}:
                time.sleep(0.05)

    def send(self) -> Response:
        """Send one request."""
        response = self._ask()
        self.statuses[response.status_code] += 1
        is_refusal = response.status_code in self._refusals
        if response.status_code == 503:
            is_refusal = "Retry-After" in response.headers
        in_time = response.elapsed.total_seconds() < LONGEST_ANSWER
        if not in_time or (response.status_code not in self._expected and not is_refusal):
            self.wrong.append(f"{self.name}: {response.status_code} {response.text[:500]}")
        return response

    @property
    def refused(self) -> int:
        """The number of requests that were refused."""
        return sum(self.statuses[status] for status in {503, *self._refusals})


class RefreshingClient:
    """A client that refreshes again and again, and retries a refusal with the same token."""

    def __init__(self, client: RegisteredClient, tokens: Tokens) -> None:
        self.client = client
        self.token = tokens.refresh_token

    def refresh(self) -> Response:
        """Refresh, and keep the new refresh token."""
        response = self.client.refresh(self.token)
        if response.status_code == 200:
            self.token = Tokens.read(response).refresh_token
        return response


def works_as_active(response: Response) -> Response:
    """Return the response; a wrong answer about a live token becomes status 418."""
    if response.status_code == 200 and response.json()["active"] is not True:
        response.status_code = 418
    return response


def connections(client: RegisteredClient) -> RegisteredClient:
    """Return the same client with connections of its own."""
    return replace(client, http=Sockets().mount(requests.Session()))


class Runner(Protocol):
    """Something that sends requests until the end of the load."""

    def run(self, is_over: Event, /) -> None:
        """Send requests, one after the other, until `is_over` is set."""


@contextmanager
def under(runners: Sequence[Runner]) -> Iterator[None]:
    """Let all runners send requests at the same time inside the `with` block."""
    is_over = Event()
    with ThreadPoolExecutor(len(runners)) as threads:
        ends = [threads.submit(runner.run, is_over) for runner in runners]
        try:
            yield
        finally:
            is_over.set()
        for end in ends:
            end.result()
