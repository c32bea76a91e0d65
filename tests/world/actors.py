"""Users with clients that send requests of every kind at random, and compare each answer."""

import random
import time
from collections.abc import Callable
from contextlib import suppress
from threading import Event
from typing import NamedTuple

import requests

from world.cast import Code
from world.model import (
    BrokenPromise,
    Change,
    DeleteClient,
    DeleteUser,
    Kind,
    NarrowClient,
    RemoveApp,
    Sender,
    Span,
)
from world.nodes import SCOPE, Nodes
from world.operator import CommandFailed
from world.page import Page
from world.unreliable import Unreliable
from world.watched_grant import Watch, WatchedGrant

#: Grants that an actor uses at the same time, and requests for one before another replaces it.
GRANTS = 4
REQUESTS = 30
#: Grants that are looked at again at the end.
REMEMBERED = 8
#: The share of steps that begin a grant, and of those that concern all grants of the client.
BEGINNINGS = 0.1
CHANGES = 0.02
SCOPES = (SCOPE, "photos:read", "photos:read profile")
NARROW = frozenset({"photos:read"})
EVERYTHING = frozenset(SCOPE.split())
PAUSE = 0.05


class Action(NamedTuple):
    """Something to do, and how often it is chosen."""

    weight: int
    act: Callable[[], object]


class Actor:
    """A user and a client that belong to nobody else, so that the model knows all they do.

    When one of them was deleted, or the client narrowed, the actor continues with new ones. At the
    end, it looks once more at the last grants: the `former` ones of this user and client, whose
    tokens it no longer uses, and the `past` ones of earlier users and clients.
    """

    def __init__(
        self, name: str, nodes: Nodes, watch: Watch, network: Unreliable, seed: int
    ) -> None:
        self._name, self._nodes, self._watch, self._network = name, nodes, watch, network
        self._random = random.Random(seed)  # noqa: S311 - the order of requests is not secret
        self._generation = 0
        self._stranger = nodes.create_client(f"{name}-stranger", network)
        self._resource_server = nodes.resource_server(network)
        self._grants: list[WatchedGrant] = []
        self._former_grants: list[WatchedGrant] = []
        self._past_grants: list[WatchedGrant] = []
        self._begin_again()

    def run(self, is_over: Event) -> None:
        """Do one thing after the other until the end, and check what came of it."""
        while not is_over.is_set():
            self.step()
        self.check_everything()

    def step(self) -> None:
        """Do one thing. A broken promise is counted, and its grant is not used again."""
        chance = self._random.random()
        if not self._grants or (len(self._grants) < GRANTS and chance < BEGINNINGS):
            self._authorize()
        elif chance > 1 - CHANGES:
            self._change()
        else:
            self._use(self._random.choice(self._grants))

    def check_everything(self) -> None:
        """Introspect the tokens of the last grants, whatever became of them."""
        for grant in (*self._past_grants, *self._former_grants, *self._grants):
            for name in grant.tokens:
                for kind in Kind:
                    with suppress(BrokenPromise):
                        grant.introspect(name, kind)

    def _begin_again(self) -> None:
        past = [*self._past_grants, *self._former_grants, *self._grants]
        self._past_grants = past[-REMEMBERED:]
        self._grants, self._former_grants = [], []
        while True:
            self._generation += 1
            name = f"{self._name}-{self._generation}"
            try:
                self._person = self._nodes.create_person(name, self._network)
                self._client = self._nodes.create_client(name, self._network)
            except CommandFailed:  # The database does not answer.
                time.sleep(PAUSE)
            else:
                return

    def _give_up(self, grant: WatchedGrant) -> None:
        self._grants = [other for other in self._grants if other is not grant]
        self._former_grants = [*self._former_grants, grant][-REMEMBERED:]

    def _authorize(self) -> None:
        scope = self._random.choice(SCOPES)
        sent = self._watch.now()
        try:
            request = self._client.authorization_request(scope=scope)
            response = self._person.allow_request(request.url)
        except requests.RequestException:
            time.sleep(PAUSE)
            return
        grant = WatchedGrant(
            self._watch,
            Code(self._client, response.code, request.verifier),
            frozenset(scope.split()),
            Span(sent.earliest, self._watch.now().latest),
            self._stranger,
            self._resource_server,
        )
        self._grants.append(grant)

    def _use(self, grant: WatchedGrant) -> None:
        actions = self._list_requests_for_code(grant)
        if grant.tokens:
            actions = self._list_requests_for_tokens(grant)
        [action] = self._random.choices(actions, [action.weight for action in actions])
        lost = self._watch.promises.lost
        try:
            action.act()
        except BrokenPromise:
            self._give_up(grant)
            return
        if grant.answers > REQUESTS:
            self._give_up(grant)
        if self._watch.promises.lost > lost:
            time.sleep(PAUSE)

    def _list_requests_for_code(self, grant: WatchedGrant) -> list[Action]:
        return [
            Action(8, grant.redeem),
            Action(1, lambda: grant.redeem(Sender.STRANGER)),
            Action(1, lambda: grant.redeem(has_right_verifier=False)),
            Action(1, lambda: grant.redeem(has_right_redirect_uri=False)),
        ]

    def _list_requests_for_tokens(self, grant: WatchedGrant) -> list[Action]:
        kind, sender = self._random.choice(list(Kind)), self._random.choice(list(Sender))
        newest = max(grant.tokens)
        any_name = self._random.choice(list(grant.tokens))
        return [
            Action(30, lambda: grant.introspect(newest, kind)),
            Action(10, lambda: grant.introspect(any_name, kind, sender)),
            Action(30, lambda: grant.refresh(newest)),
            Action(3, lambda: grant.refresh(any_name)),
            Action(4, lambda: grant.lose_refresh(newest)),
            Action(3, lambda: grant.refresh(newest, scope=NARROW)),
            Action(3, lambda: grant.refresh(newest, scope=EVERYTHING)),
            Action(3, lambda: grant.refresh(any_name, Sender.STRANGER)),
            Action(3, lambda: grant.revoke(any_name, kind, Sender.STRANGER)),
            Action(2, lambda: grant.revoke(any_name, kind)),
            Action(1, grant.redeem),
        ]

    def _change(self) -> None:
        """Do something that concerns all grants of the user and the client."""
        client_id, operator = self._client.client_id, self._nodes.operator
        username = self._person.username
        changes: list[tuple[Change, Callable[[], object]]] = [
            (RemoveApp(), self._remove_app),
            (NarrowClient(NARROW), lambda: operator.set_scope(client_id, "photos:read")),
            (DeleteClient(), lambda: operator.run("clients", "delete", client_id)),
            (DeleteUser(), lambda: operator.run("users", "delete", username)),
        ]
        change, act = self._random.choice(changes)
        self._note(change, act)
        if not isinstance(change, RemoveApp):
            self.check_everything()
            self._begin_again()

    def _note(self, change: Change, act: Callable[[], object]) -> None:
        sent, is_lost = self._watch.now(), False
        try:
            act()
        except (CommandFailed, requests.RequestException):
            is_lost = True
        at = Span(sent.earliest, self._watch.now().latest)
        for grant in (*self._former_grants, *self._grants):
            grant.note(change, at, is_lost=is_lost)

    def _remove_app(self) -> None:
        page = self._person.ask(f"{self._nodes.auth_server_url}/account/apps")
        form = Page(page).forms[-1].entries
        form["client_id"] = self._client.client_id
        response = self._person.browser.post("/account/apps", form)
        assert response.status_code == 303, response.text
