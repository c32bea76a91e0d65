"""The works: what the load generator asks of a server, and how each answer is checked."""

import re
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple
from urllib.parse import urlencode

import requests
from world.registered_client import s256

from benchmarks.load import CONCURRENCY, Conversation, Talk, UnexpectedAnswerError
from benchmarks.messages import REDIRECTS, Form, check, make_basic, make_get
from benchmarks.processes import Server

INTROSPECTION = "introspection"
UNKNOWN_TOKEN = "unknown token"
REFRESH = "refresh"
ROUND_TRIP = "round trip"
PHOTOS = "photos"
ALBUM = "album"
#: A part of the round trip, for the profile.
AUTHORIZATION = "authorization"
NAMES = (INTROSPECTION, UNKNOWN_TOKEN, REFRESH, ROUND_TRIP, PHOTOS, ALBUM)

SCOPE = "photos:read"
VERIFIER = "a-code-verifier-of-the-benchmark-that-is-long-enough"
PHOTO_COUNT = 10
NOBODY_HAS_IT = "0123456789-a-token-that-no-server-issued-89"

_REFRESH_TOKEN = re.compile(rb'"refresh_token": *"([^"]+)"')
_ACCESS_TOKEN = re.compile(rb'"access_token": *"([^"]+)"')
_CODE = re.compile(rb"[?&]code=([^&\s]+)")
_ACTIVE = re.compile(rb'"active": *true')
_INACTIVE = re.compile(rb'"active": *false')
_PHOTO = re.compile(rb'"image": *"http')
_PICTURE = re.compile(rb'<img[^>]* src="/photos/')


class Work(NamedTuple):
    """A work at one server. `servers` are all those whose CPU time it takes."""

    port: int
    conversations: Sequence[Conversation]
    servers: Sequence[Server]
    steps: int = 1


@dataclass(frozen=True)
class Endpoints:
    """The endpoints of an authorization server, and the accounts to use there.

    `cookie` is that of a signed-in browser, whose user has allowed the client. `api` is the value
    of the Authorization header of introspection requests.
    """

    port: int
    authorize: str
    token: str
    introspect: str
    client_id: str
    client_secret: str = field(repr=False)
    redirect_uri: str
    cookie: str = field(repr=False)
    api: str = field(repr=False)

    @cached_property
    def token_form(self) -> Form:
        """The request that the client sends to the token endpoint."""
        return Form(self.port, self.token, make_basic(self.client_id, self.client_secret))

    @cached_property
    def introspection_form(self) -> Form:
        """The request that a resource server sends to the introspection endpoint."""
        return Form(self.port, self.introspect, self.api)

    @property
    def authorization_path(self) -> str:
        """The path and the query of an authorization request."""
        return make_authorization_path(self.authorize, self.client_id, self.redirect_uri)

    def exchange(self, code: str) -> bytes:
        """Return the access token request for a code."""
        fields = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.redirect_uri,
            "code_verifier": VERIFIER,
        }
        return self.token_form.fill(fields)


def make_authorization_path(path: str, client_id: str, redirect_uri: str) -> str:
    """Return the path and the query of an authorization request (RFC 6749 §4.1.1)."""
    query = {
        "response_type": "code",
        "client_id": client_id,
        "redirect_uri": redirect_uri,
        "scope": SCOPE,
        "state": "a-state-of-the-benchmark",
        "code_challenge": s256(VERIFIER),
        "code_challenge_method": "S256",
    }
    return f"{path}?{urlencode(query)}"


def make_works(
    server: Server, at: Endpoints, of_round_trips: Sequence[Endpoints] = ()
) -> dict[str, Work]:
    """Return the four works of an authorization server.

    Round trips can have other clients: one for each connection.
    """
    going_round = of_round_trips or [at] * CONCURRENCY
    active = at.introspection_form.fill({"token": issue_tokens(at)["access_token"]})
    unknown = at.introspection_form.fill({"token": NOBODY_HAS_IT})
    refresh_tokens = [issue_tokens(at)["refresh_token"] for _ in range(CONCURRENCY)]
    return {
        INTROSPECTION: repeat_at(at.port, active, _ACTIVE, [server]),
        UNKNOWN_TOKEN: repeat_at(at.port, unknown, _INACTIVE, [server]),
        REFRESH: Work(
            at.port, converse(refresh_each(at, [token]) for token in refresh_tokens), [server]
        ),
        ROUND_TRIP: Work(
            at.port, converse(go_round(client) for client in going_round), [server], steps=3
        ),
    }


def make_talks(at: Endpoints, access_token: str, refresh_token: str) -> dict[str, Talk]:
    """Return one talk for each kind of request, for the profile."""
    return {
        INTROSPECTION: introspect_each(at, [access_token]),
        REFRESH: refresh_each(at, [refresh_token]),
        AUTHORIZATION: authorize(at),
    }


def make_photos_work(port: int, access_token: str, servers: Sequence[Server]) -> Work:
    """Return the work that requests the list of ten photos."""
    request = make_get(port, "/photos", Authorization=f"Bearer {access_token}")
    return repeat_at(port, request, _PHOTO, servers, count=PHOTO_COUNT)


def make_album_work(port: int, cookie: str, servers: Sequence[Server]) -> Work:
    """Return the work that requests the album page."""
    request = make_get(port, "/photos", Cookie=cookie)
    return repeat_at(port, request, _PICTURE, servers, count=PHOTO_COUNT)


def issue_tokens(at: Endpoints) -> dict[str, str]:
    """Go through the flow once, and return the token response."""
    with requests.Session() as http:
        http.trust_env = False
        base = f"http://127.0.0.1:{at.port}"
        redirect = http.get(
            base + at.authorization_path, headers={"Cookie": at.cookie}, allow_redirects=False
        )
        code = _find(_CODE, redirect.headers.get("Location", redirect.text).encode())
        answer = http.post(
            base + at.token,
            data=at.exchange(code).rpartition(b"\r\n")[2],
            headers={"Content-Type": "application/x-www-form-urlencoded"},
            auth=(at.client_id, at.client_secret),
        )
    if "refresh_token" not in answer.text:
        raise UnexpectedAnswerError(answer.text)
    tokens: dict[str, str] = answer.json()
    return tokens


def converse(talks: Iterable[Talk]) -> list[Conversation]:
    """Return a conversation for each talk."""
    return [Conversation(talk) for talk in talks]


def repeat_at(
    port: int,
    request: bytes,
    pattern: re.Pattern[bytes],
    servers: Sequence[Server],
    *,
    count: int = 1,
) -> Work:
    """Return a work that sends the same request again and again, on all connections."""
    talks = (repeat(request, pattern, count) for _ in range(CONCURRENCY))
    return Work(port, converse(talks), servers)


def repeat(request: bytes, pattern: re.Pattern[bytes], count: int = 1) -> Talk:
    """Send one request again and again. Each answer has the pattern `count` times."""
    while True:
        answer = yield request
        check(answer, b"")
        if len(pattern.findall(answer)) != count:
            raise UnexpectedAnswerError(f"not {count} times {pattern.pattern!r} in {answer!r}")


def introspect_each(at: Endpoints, tokens: Sequence[str]) -> Talk:
    """Introspect the tokens one after the other, again and again."""
    prepared = [at.introspection_form.fill({"token": token}) for token in tokens]
    while True:
        for request in prepared:
            answer = yield request
            _find(_ACTIVE, answer, group=0)


def refresh_each(at: Endpoints, tokens: Sequence[str]) -> Talk:
    """Refresh again and again, with each token in turn, and then with their successors.

    With one token, this follows the chain that begins with it.
    """
    waiting = deque(tokens)
    while True:
        body = b"grant_type=refresh_token&refresh_token=" + waiting.popleft().encode()
        answer = yield at.token_form.with_body(body)
        check(answer, b'"access_token"')
        waiting.append(_find(_REFRESH_TOKEN, answer))


def authorize(at: Endpoints) -> Talk:
    """Send an authorization request again and again, as a signed-in browser."""
    request = make_get(at.port, at.authorization_path, Cookie=at.cookie)
    while True:
        check((yield request), b"code=", REDIRECTS)


def go_round(at: Endpoints) -> Talk:
    """Send an authorization request as a signed-in browser, then use the code, then the token."""
    authorization = make_get(at.port, at.authorization_path, Cookie=at.cookie)
    while True:
        answer = yield authorization
        check(answer, b"code=", REDIRECTS)
        answer = yield at.exchange(_find(_CODE, answer))
        check(answer, b'"refresh_token"')
        token = _find(_ACCESS_TOKEN, answer)
        answer = yield at.introspection_form.fill({"token": token})
        _find(_ACTIVE, answer, group=0)


def _find(pattern: re.Pattern[bytes], answer: bytes, group: int = 1) -> str:
    """Return what the pattern finds.

    :raises UnexpectedAnswerError: when it finds nothing.
    """
    found = pattern.search(answer)
    if found is None:
        raise UnexpectedAnswerError(f"no {pattern.pattern!r} in {answer[:2000]!r}")
    return found[group].decode()
