"""Logout tokens, which tell clients that a user signed out (OpenID Connect Back-Channel Logout).

They are signed before the response, and sent in the background: no page waits for a client. Each
is sent at most once, since nobody would verify the end of a sign-in later.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple

from flask import Flask, current_app
from joserfc import jwt
from sqlalchemy import bindparam, select

from auth_server.context import get_settings
from auth_server.digests import new_identifier
from auth_server.grant_conditions import is_usable
from auth_server.models import Client, Grant
from auth_server.scopes import OPENID, scope_list
from auth_server.signing_keys import RS256, get_signing_keys
from web.background import Background, Job
from web.clock import now
from web.database import UtcDateTime, get_reader
from web.event_log import record
from web.guarded_client import GuardedClient
from web.http_client import NoResponse
from web.statements import Query

#: The member of `events` that says what the token is for (§2.4).
LOGOUT = "http://schemas.openid.net/event/backchannel-logout"
#: OpenID recommends two minutes at most (§2.4).
LIFETIME = timedelta(minutes=2)
THREADS, MOST_WAITING = 4, 1000
#: The status of the response of a client that accepted the token (§2.8).
_ACCEPTED = (200, 204)


class _Session(NamedTuple):
    """A grant of the sign-in, with the client that receives the token."""

    client_id: str
    uri: str
    alg: str | None
    user_id: str
    scope: str
    is_trusted: bool


_LIST_SESSIONS = Query(
    select(
        Client.client_id,
        Client.backchannel_logout_uri,
        Client.id_token_alg,
        Grant.user_id,
        Grant.scope,
        # As `registrants.is_trusted`.
        Client.owner_id.is_(None) & Client.registered_by.is_(None),
    )
    .join(Grant, Grant.client_id == Client.client_id)
    .where(
        Grant.sign_in_id == bindparam("sign_in_id"),
        Client.backchannel_logout_uri.is_not(None),
        is_usable(bindparam("now", type_=UtcDateTime)),
    ),
    _Session,
)


@dataclass(frozen=True)
class Sender:
    """The HTTP client and the threads that send the tokens of an application.

    The clients that the operator did not choose have threads of their own. Anybody can register
    clients that never answer, and they must delay no others.
    """

    http: GuardedClient
    for_trusted: Background
    for_others: Background

    def submit(self, job: Job, *, is_trusted: bool) -> bool:
        """Run the job soon, and return False when too many are waiting."""
        if is_trusted:
            return self.for_trusted.submit(job)
        return self.for_others.submit(job)


def init_app(app: Flask, http: GuardedClient) -> None:
    """Let `app` send logout tokens with `http`. Threads begin with the first token."""
    for_trusted, for_others = (Background(THREADS, most_waiting=MOST_WAITING) for _ in range(2))
    app.extensions["tripod.logout_tokens"] = Sender(http, for_trusted, for_others)


def send_logout_tokens(*sign_in_ids: str) -> None:
    """Tell the clients of these sign-ins that the user signed out (§2.5).

    Call it once, after the transaction in which they ended was committed.
    """
    sender: Sender = current_app.extensions["tripod.logout_tokens"]
    for sign_in_id in sign_in_ids:
        for session in _list_recipients(sign_in_id, now()):
            app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
            token = _make_token(session, sign_in_id)
            job = partial(_send, app, session, token)
            if not sender.submit(job, is_trusted=session.is_trusted):
                _record_failure(session, "too many are waiting")


def _list_recipients(sign_in_id: str, moment: datetime) -> Iterable[_Session]:
    """Return one session for each client to which the user signed in."""
    found = _LIST_SESSIONS.all(get_reader(), sign_in_id=sign_in_id, now=moment)
    with_openid = [session for session in found if OPENID in scope_list(session.scope)]
    return {session.client_id: session for session in with_openid}.values()


def _make_token(session: _Session, sign_in_id: str) -> str:
    alg, moment = session.alg or RS256, now()
    key = get_signing_keys().current(alg)
    claims = {
        "iss": get_settings().url,
        "sub": session.user_id,
        "aud": session.client_id,
        "iat": int(moment.timestamp()),
        "exp": int((moment + LIFETIME).timestamp()),
        "jti": new_identifier(),
        "events": {LOGOUT: {}},
        "sid": sign_in_id,
    }
    header = {"alg": alg, "kid": key.kid, "typ": "logout+jwt"}
    return jwt.encode(header, claims, key.jwk, algorithms=[alg])


def _send(app: Flask, session: _Session, token: str) -> None:
    sender: Sender = app.extensions["tripod.logout_tokens"]
    with app.app_context():
        try:
            response = sender.http.post(session.uri, f"logout_token={token}".encode())
        except NoResponse as failure:
            _record_failure(session, str(failure))
            return
        if response.status_code not in _ACCEPTED:
            _record_failure(session, f"status {response.status_code}")
            return
        record("logout_token_sent", client_id=session.client_id, sub=session.user_id)


def _record_failure(session: _Session, detail: str) -> None:
    record("logout_token_failed", client_id=session.client_id, sub=session.user_id, detail=detail)
