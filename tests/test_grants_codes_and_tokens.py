"""Grants, codes and tokens in any order of requests: each answer is as the model predicts.

Hypothesis chooses the requests, and shrinks a series that breaks a promise to the shortest one. The
search is the same each time (`derandomize`), so that a run does not depend on luck. With a number
in `TRIPOD_TEST_EXAMPLES`, it searches so many examples at random.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import TypeVar

import pytest
from hypothesis import HealthCheck, settings, strategies
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)
from world.cast import Attacker, Code, Person
from world.clock import Clock, stopped_clock
from world.fixtures import EVERY_SCOPE
from world.legs import Legs
from world.model import (
    DeleteClient,
    DeleteUser,
    Kind,
    NarrowClient,
    RemoveApp,
    Request,
    Rules,
    Scope,
    Sender,
    Span,
)
from world.operator import Operator
from world.page import Page
from world.registered_client import RegisteredClient
from world.watched_grant import Promises, Watch, WatchedGrant

#: About 30 seconds.
EXAMPLES = 80
REQUESTS = 40
PASSWORD = "through the rabbit hole"
#: On both sides of each deadline, and exactly at it.
SECONDS = (1, 9, 10, 50, 60, 110, 120, 3600)
T = TypeVar("T")
EVERYTHING = frozenset(EVERY_SCOPE.split())

#: Counted from the newest one: most requests use what was issued last.
positions = strategies.sampled_from([0, 0, 0, 0, 1, 1, 2, 3, 4, 5])
introspecting = strategies.sampled_from([Sender.RESOURCE_SERVER, *Sender])
kinds = strategies.sampled_from(Kind)
scopes = strategies.sampled_from(
    [EVERYTHING, frozenset({"photos:read"}), frozenset({"photos:read", "profile"})]
)


@dataclass
class Surroundings:
    """What all examples share."""

    legs: Legs
    clock: Clock
    alice: Person
    stranger: RegisteredClient
    resource_server: RegisteredClient
    promises: Promises = field(default_factory=Promises)
    numbers: Iterator[int] = field(default_factory=count)

    def now(self) -> Span:
        """Return the moment at which the clock stands."""
        return Span(self.clock.now(), self.clock.now())


@dataclass(eq=False)
class App:
    """A client that a person can connect, and its grants."""

    person: Person
    client: RegisteredClient
    watch: Watch
    scope: Scope = EVERYTHING
    grants: list[WatchedGrant] = field(default_factory=list)

    def tell(self, request: Request) -> None:
        """Tell the model what happened to all grants."""
        for grant in self.grants:
            grant.note(request)


def has_app(machine: "GrantsCodesAndTokens") -> bool:
    return bool(machine.apps)


def has_tokens(machine: "GrantsCodesAndTokens") -> bool:
    return bool(machine.tokens)


def has_codes(machine: "GrantsCodesAndTokens") -> bool:
    return bool(machine.codes)


class GrantsCodesAndTokens(RuleBasedStateMachine):
    """Apps of one user, and requests in any order. `tokens` are the grants with a token's name."""

    def __init__(self, surroundings: Surroundings) -> None:
        super().__init__()
        self.around = surroundings
        self.operator = Operator(surroundings.legs.auth_server)
        self.person = surroundings.alice
        self.may_be_new_user = True
        self.apps: list[App] = []
        self.codes: list[WatchedGrant] = []
        self.tokens: list[tuple[WatchedGrant, int]] = []

    @initialize(is_public=strategies.booleans())
    def connect_first_app(self, is_public: bool) -> None:
        self.register_client(is_public)
        self.connect(0, EVERYTHING)

    @precondition(lambda machine: len(machine.apps) < 2)
    @rule(is_public=strategies.booleans())
    def register_client(self, is_public: bool) -> None:
        client = self.around.legs.register_client(
            f"https://app{next(self.around.numbers)}.example/callback",
            EVERY_SCOPE,
            public=is_public,
        )
        watch = Watch(Rules(is_public=is_public), self.around.promises, self.around.now)
        self.apps.append(App(self.person, client, watch))

    @precondition(has_app)
    @rule(position=positions, scope=scopes)
    def connect(self, position: int, scope: Scope) -> None:
        self.authorize(position, scope)
        self.redeem(0)

    @precondition(has_app)
    @rule(position=positions, scope=scopes)
    def authorize(self, position: int, scope: Scope) -> None:
        app = pick(self.apps, position)
        scope &= app.scope
        request = app.client.authorization_request(scope=" ".join(sorted(scope)))
        response = self.person.allow_request(request.url)
        code = Code(app.client, response.code, request.verifier)
        around = self.around
        grant = WatchedGrant(
            app.watch, code, scope, around.now(), around.stranger, around.resource_server
        )
        app.grants.append(grant)
        self.codes.append(grant)

    @precondition(has_app)
    @rule(position=positions, seconds=strategies.sampled_from([59, 60]))
    def redeem_at_the_deadline(self, position: int, seconds: int) -> None:
        self.authorize(position, EVERYTHING)
        self.around.clock.forward(seconds)
        self.redeem(0)

    @precondition(has_codes)
    @rule(position=positions)
    def redeem(self, position: int) -> None:
        grant = pick(self.codes, position)
        self.codes.remove(grant)
        grant.redeem()
        self._find_new_tokens(grant)

    @precondition(has_codes)
    @rule(position=positions, wrong=strategies.sampled_from(["client", "verifier", "redirect"]))
    def redeem_wrongly(self, position: int, wrong: str) -> None:
        sender = Sender.OWNER
        if wrong == "client":
            sender = Sender.STRANGER
        pick(self.codes, position).redeem(
            sender,
            has_right_verifier=wrong != "verifier",
            has_right_redirect_uri=wrong != "redirect",
        )

    @precondition(has_tokens)
    @rule(position=positions)
    def refresh(self, position: int) -> None:
        grant, name = pick(self.tokens, position)
        grant.refresh(name)
        self._find_new_tokens(grant)

    @precondition(has_tokens)
    @rule(scope=scopes)
    def refresh_with_scope(self, scope: Scope) -> None:
        grant, name = self.tokens[-1]
        grant.refresh(name, scope=scope)
        self._find_new_tokens(grant)

    @precondition(has_tokens)
    @rule(times=strategies.integers(2, 3), seconds=strategies.sampled_from([0, 9, 10]))
    def present_a_refresh_token_again(self, times: int, seconds: int) -> None:
        grant, name = self.tokens[-1]
        for _ in range(times):
            grant.refresh(name)
            self.around.clock.forward(seconds)
        self._find_new_tokens(grant)
        self.introspect_everything_of_a_grant()

    @precondition(has_tokens)
    @rule(position=positions, kind=kinds)
    def use_a_token_of_another_client(self, position: int, kind: Kind) -> None:
        grant, name = pick(self.tokens, position)
        grant.refresh(name, Sender.STRANGER)
        grant.revoke(name, kind, Sender.STRANGER)

    @precondition(has_tokens)
    @rule(position=positions, kind=kinds, sender=introspecting)
    def introspect(self, position: int, kind: Kind, sender: Sender) -> None:
        grant, name = pick(self.tokens, position)
        if sender == Sender.OWNER and grant.known.rules.is_public:
            sender = Sender.RESOURCE_SERVER
        grant.introspect(name, kind, sender)

    @precondition(has_tokens)
    @rule()
    def introspect_everything_of_a_grant(self) -> None:
        grant, _ = self.tokens[-1]
        for name in grant.tokens:
            for kind in Kind:
                grant.introspect(name, kind)

    @rule(seconds=strategies.sampled_from(SECONDS))
    def let_time_pass(self, seconds: int) -> None:
        self.around.clock.forward(seconds)

    @precondition(has_tokens)
    @rule(seconds=strategies.sampled_from([0, 60, 120]))
    def purge(self, seconds: int) -> None:
        self.around.clock.forward(seconds)
        self.operator.run("tokens", "purge")
        self.introspect_everything_of_a_grant()

    @precondition(has_app)
    @rule(position=positions, scope=scopes)
    def set_scope(self, position: int, scope: Scope) -> None:
        app = pick(self.apps, position)
        self.operator.set_scope(app.client.client_id, " ".join(sorted(scope)))
        app.scope = scope
        app.tell(NarrowClient(scope))

    # What ends grants is one rule, so that most series have grants that have not ended.

    @precondition(has_tokens)
    @rule(
        end=strategies.sampled_from(
            ["replay", "revoke", "remove app", "delete client", "delete user", "expire"]
        ),
        position=positions,
        kind=kinds,
    )
    def end_grants(self, end: str, position: int, kind: Kind) -> None:
        grant, name = pick(self.tokens, position)
        match end:
            case "replay":
                grant.redeem()
            case "revoke":
                grant.revoke(name, kind)
            case "remove app":
                self._remove_app(position)
            case "delete client":
                self._delete_client(position)
            case "delete user":
                self._delete_user()
            case "expire":
                self.around.clock.forward(days=1)

    def _remove_app(self, position: int) -> None:
        app = pick([app for app in self.apps if app.grants] or [None], position)
        if app is None:
            return
        page = self.person.ask(f"{self.around.legs.auth_server_url}/account/apps")
        form = Page(page).forms[-1].entries
        form["client_id"] = app.client.client_id
        assert self.person.browser.post("/account/apps", form).status_code == 303
        app.tell(RemoveApp())

    def _delete_client(self, position: int) -> None:
        if not self.apps:
            return
        app = pick(self.apps, position)
        self.operator.run("clients", "delete", app.client.client_id)
        self.apps.remove(app)
        self.codes = [grant for grant in self.codes if grant not in app.grants]
        app.tell(DeleteClient())

    def _delete_user(self) -> None:
        """Delete the user if it is not Alice, and continue with another one, but only once."""
        if self.person is not self.around.alice:
            self.operator.run("users", "delete", self.person.username)
            for app in self.apps:
                app.tell(DeleteUser())
            self.person = self.around.alice
        elif self.may_be_new_user:
            self.may_be_new_user = False  # A password hash takes 70 ms.
            name = f"user{next(self.around.numbers)}"
            self.operator.run("users", "create", name, stdin=f"{PASSWORD}\n")
            self.person = Person(name, PASSWORD, self.around.alice.browser.another())
        self.apps = []

    def _find_new_tokens(self, grant: WatchedGrant) -> None:
        known = {name for other, name in self.tokens if other is grant}
        self.tokens += [(grant, name) for name in grant.tokens if name not in known]


def pick(things: list[T], position: int) -> T:
    """Return one of the things, counted from the newest."""
    return things[-1 - position % len(things)]


@pytest.fixture
def clock() -> Iterator[Clock]:
    """Return a clock that stands still, so that the model can predict each deadline exactly."""
    with stopped_clock(datetime.now(UTC).replace(microsecond=0)) as clock:
        yield clock


@pytest.fixture
def surroundings(
    clock: Clock,
    legs: Legs,
    alice: Person,
    mallory: Attacker,
    resource_server: RegisteredClient,
) -> Surroundings:
    """Return the legs, the clock, a user, another client and a resource server."""
    return Surroundings(legs, clock, alice, mallory.client, resource_server)


def test_each_answer_is_as_the_model_predicts(surroundings: Surroundings) -> None:
    examples = os.environ.get("TRIPOD_TEST_EXAMPLES")
    size = settings(
        max_examples=int(examples or EXAMPLES),
        stateful_step_count=REQUESTS,
        derandomize=examples is None,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )

    run_state_machine_as_test(lambda: GrantsCodesAndTokens(surroundings), settings=size)

    assert surroundings.promises.broken == []
    assert surroundings.promises.checked > 20 * EXAMPLES
