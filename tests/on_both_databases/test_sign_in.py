"""Parallel guesses of a password."""

from collections import Counter

from world.cast import Person
from world.page import Page
from world.threads import repeat_at_once

from auth_server.throttling import FAILURES_PER_ACCOUNT_AND_ADDRESS


def test_parallel_guesses_count_as_many(mallory: Person) -> None:
    form = Page(mallory.browser.get("/login")).form.entries
    guess = form | {"username": "alice", "password": "looking-glass"}

    answers = repeat_at_once(24, lambda: mallory.browser.post("/login", guess))

    statuses = Counter(answer.status_code for answer in answers)
    assert statuses == {403: FAILURES_PER_ACCOUNT_AND_ADDRESS, 429: 24 - 5}
