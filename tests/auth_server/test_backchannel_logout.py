"""OpenID Connect Back-Channel Logout 1.0: the server tells clients that a user signed out."""

import time
from collections.abc import Callable, Iterator
from threading import Event
from typing import Any
from urllib.parse import parse_qs

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet
from werkzeug.wrappers import Request, Response
from world.cast import Person
from world.events import Events
from world.id_tokens import header_of, read_id_token
from world.page import Page
from world.registered_client import RegisteredClient, Tokens

from auth_server import logout_tokens, sign_in_records
from auth_server.models import Client
from auth_server.signed_in_user import SignedInUser
from tests.auth_server.server import ISSUER, Server
from web.background import Background
from web.guarded_client import GuardedClient
from web.statements import Executor

ORIGIN, PATH = "https://posters.example", "/backchannel-logout"
PATIENCE = 5


class Receiver:
    """A client's endpoint for logout tokens, which keeps what it receives."""

    def __init__(self) -> None:
        self.forms: list[dict[str, list[str]]] = []
        self.types: list[str] = []
        self.status = 200
        self.may_answer = Event()
        self.may_answer.set()

    @property
    def tokens(self) -> list[str]:
        return [token for form in self.forms for token in form["logout_token"]]

    def wait(self, count: int = 1) -> list[str]:
        """Return the tokens when there are as many, or after some seconds."""
        deadline = time.monotonic() + PATIENCE
        while len(self.forms) < count and time.monotonic() < deadline:
            time.sleep(0.01)
        return self.tokens

    def __call__(self, environ: Any, start_response: Any) -> Any:
        request = Request(environ)
        assert (request.method, request.path) == ("POST", PATH)
        self.may_answer.wait(PATIENCE)
        self.types.append(request.content_type or "")
        self.forms.append(parse_qs(request.get_data(as_text=True)))
        return Response(status=self.status)(environ, start_response)


@pytest.fixture
def receiver(server: Server) -> Iterator[Receiver]:
    receiver = Receiver()
    server.network.attach(ORIGIN, receiver)
    yield receiver
    receiver.may_answer.set()


@pytest.fixture
def notified(server: Server, receiver: Receiver, posters: RegisteredClient) -> RegisteredClient:
    """Return a client that receives logout tokens."""
    let_receive(server, posters, scope="openid profile photos:read")
    return posters


def let_receive(server: Server, client: RegisteredClient, **changes: Any) -> None:
    with server.database.writing() as db:
        stored = db.get_one(Client, client.client_id)
        stored.backchannel_logout_uri = f"{ORIGIN}{PATH}"
        for name, value in changes.items():
            setattr(stored, name, value)


@pytest.fixture
def tokens(alice: Person, notified: RegisteredClient) -> Tokens:
    return alice.connect(notified, scope="openid")


def verify(server: Server, token: str) -> dict[str, Any]:
    keys = KeySet.import_key_set(server.browser().get("/oauth/jwks").json())
    return dict(jwt.decode(token, keys, algorithms=["RS256", "ES256"]).claims)


def wait_for(events: Events, name: str) -> dict[str, Any]:
    deadline = time.monotonic() + PATIENCE
    while not events.named(name) and time.monotonic() < deadline:
        time.sleep(0.01)
    [event] = events.named(name)
    return event


def test_a_sign_out_sends_a_logout_token(
    server: Server, alice: Person, receiver: Receiver, tokens: Tokens, notified: RegisteredClient
) -> None:
    """§2.4: exactly these claims, and never a nonce."""
    signed_in = read_id_token(tokens.id_token, server.browser().get("/oauth/jwks"))

    alice.send_logout()

    [token] = receiver.wait()
    claims = verify(server, token)
    assert header_of(token)["typ"] == "logout+jwt"
    assert header_of(token)["alg"] == "RS256"
    assert receiver.types == ["application/x-www-form-urlencoded"]
    assert claims.pop("jti")
    assert claims.pop("exp") - claims.pop("iat") == 120
    assert claims == {
        "iss": ISSUER,
        "sub": signed_in["sub"],
        "aud": notified.client_id,
        "sid": signed_in["sid"],
        "events": {"http://schemas.openid.net/event/backchannel-logout": {}},
    }


def test_the_logout_endpoint_sends_a_logout_token(
    alice: Person, receiver: Receiver, tokens: Tokens
) -> None:
    alice.browser.get(f"/oauth/logout?id_token_hint={tokens.id_token}")

    assert len(receiver.wait()) == 1


def test_ending_a_sign_in_from_another_browser_sends_a_logout_token(
    server: Server, alice: Person, receiver: Receiver, tokens: Tokens
) -> None:
    signed_in = read_id_token(tokens.id_token, server.browser().get("/oauth/jwks"))
    elsewhere = alice.in_another_browser()
    elsewhere.send_login()
    page = Page(elsewhere.browser.get("/account/activity"))
    form = next(form for form in page.forms if form.action == "/account/activity")

    elsewhere.browser.post(form.action, form.entries | {"sign_in": signed_in["sid"]})

    assert len(receiver.wait()) == 1


def test_signing_out_everywhere_else_sends_logout_tokens(
    alice: Person, receiver: Receiver, tokens: Tokens
) -> None:
    elsewhere = alice.in_another_browser()
    elsewhere.send_login()
    form = Page(elsewhere.browser.get("/account/sign-out")).forms[-1]

    elsewhere.browser.post(form.action, form.entries | {"end": "sign-ins"})

    assert len(receiver.wait()) == 1


def test_a_new_password_sends_logout_tokens_for_other_browsers(
    alice: Person, receiver: Receiver, tokens: Tokens
) -> None:
    elsewhere = alice.in_another_browser()
    elsewhere.send_login()
    form = Page(elsewhere.browser.get("/account/password")).forms[-1]
    typed = {"current_password": "wonderland", "new_password": "down the rabbit hole"}

    elsewhere.browser.post(
        form.action, form.entries | typed | {"repeated_password": "down the rabbit hole"}
    )

    assert len(receiver.wait()) == 1


def test_a_sign_in_of_another_user_sends_a_logout_token(
    alice: Person, bob: Person, receiver: Receiver, tokens: Tokens
) -> None:
    bob.browser = alice.browser

    bob.send_login()

    assert len(receiver.wait()) == 1


def test_a_repeated_sign_in_sends_no_logout_token(
    server: Server, alice: Person, receiver: Receiver, tokens: Tokens
) -> None:
    signed_in = read_id_token(tokens.id_token, server.browser().get("/oauth/jwks"))
    alice.send_login()

    alice.send_logout()

    time.sleep(0.1)
    assert [verify(server, token)["sid"] for token in receiver.wait()] == [signed_in["sid"]]


def test_a_logout_token_is_sent_only_once(
    server: Server, alice: Person, receiver: Receiver, tokens: Tokens
) -> None:
    copied = alice.in_another_browser()
    copied.browser.session_cookie = alice.browser.session_cookie
    form = Page(copied.browser.get("/")).sign_out_form
    assert form

    alice.send_logout()
    copied.browser.post(form.action, form.entries)
    copied.browser.get(f"/oauth/logout?id_token_hint={tokens.id_token}")

    time.sleep(0.1)
    assert len(receiver.wait()) == 1


def test_two_concurrent_sign_outs_send_one_logout_token(
    server: Server,
    alice: Person,
    receiver: Receiver,
    tokens: Tokens,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The second request has read that the user is signed in before the first one commits."""
    copied = alice.in_another_browser()
    copied.browser.session_cookie = alice.browser.session_cookie
    form = Page(copied.browser.get("/")).sign_out_form
    identifiers: list[SignedInUser | None] = []
    find = sign_in_records.find_signed_in_user

    def find_earlier(db: Executor, identifier: str) -> SignedInUser | None:
        identifiers.append(find(db, identifier))
        return identifiers[0]

    monkeypatch.setattr(sign_in_records, "find_signed_in_user", find_earlier)
    assert form

    alice.send_logout()
    answer = copied.browser.post(form.action, form.entries)

    time.sleep(0.1)
    assert (answer.status_code, identifiers[-1]) == (303, None)
    assert len(receiver.wait()) == 1


def test_several_grants_of_one_sign_in_get_one_token(
    alice: Person, receiver: Receiver, tokens: Tokens, notified: RegisteredClient
) -> None:
    alice.connect(notified, scope="openid profile")

    alice.send_logout()

    time.sleep(0.1)
    assert len(receiver.wait()) == 1


def test_a_client_without_openid_receives_nothing(
    alice: Person, receiver: Receiver, notified: RegisteredClient
) -> None:
    alice.connect(notified, scope="profile")

    alice.send_logout()

    time.sleep(0.1)
    assert receiver.tokens == []


def test_a_client_whose_grant_has_ended_receives_nothing(
    alice: Person, receiver: Receiver, tokens: Tokens, notified: RegisteredClient
) -> None:
    notified.revoke(tokens.refresh_token)

    alice.send_logout()

    time.sleep(0.1)
    assert receiver.tokens == []


def test_a_client_of_another_sign_in_receives_nothing(
    alice: Person, receiver: Receiver, tokens: Tokens
) -> None:
    elsewhere = alice.in_another_browser()
    elsewhere.send_login()

    elsewhere.send_logout()

    time.sleep(0.1)
    assert receiver.tokens == []


def test_it_is_signed_with_the_algorithm_of_the_client(
    server: Server, alice: Person, receiver: Receiver, notified: RegisteredClient
) -> None:
    let_receive(server, notified, id_token_alg="ES256")
    alice.connect(notified, scope="openid")

    alice.send_logout()

    [token] = receiver.wait()
    assert header_of(token)["alg"] == "ES256"
    assert verify(server, token)


def test_no_page_waits_for_a_client(alice: Person, receiver: Receiver, tokens: Tokens) -> None:
    receiver.may_answer.clear()
    began = time.monotonic()

    answer = alice.send_logout()

    assert answer.status_code == 303
    assert time.monotonic() - began < PATIENCE / 2
    assert receiver.forms == []


@pytest.mark.parametrize("status", [200, 204])
def test_an_accepted_token_is_in_the_event_log(
    alice: Person, receiver: Receiver, tokens: Tokens, events: Events, status: int
) -> None:
    receiver.status = status
    alice.send_logout()

    event = wait_for(events, "logout_token_sent")

    assert event["leg"] == "auth_server"
    assert receiver.tokens[0] not in str(events.entries)


@pytest.mark.parametrize("status", [302, 400, 500])
def test_a_refusal_of_the_client_is_in_the_event_log(
    alice: Person,
    receiver: Receiver,
    tokens: Tokens,
    notified: RegisteredClient,
    events: Events,
    status: int,
) -> None:
    receiver.status = status
    alice.send_logout()

    event = wait_for(events, "logout_token_failed")

    assert (event["client_id"], event["detail"]) == (notified.client_id, f"status {status}")


def test_a_client_that_cannot_be_reached_is_in_the_event_log(
    server: Server, alice: Person, tokens: Tokens, events: Events
) -> None:
    with server.network.cut_off(ORIGIN):
        alice.send_logout()

        assert wait_for(events, "logout_token_failed")["detail"] == "not connected"


def test_a_full_queue_refuses_jobs(
    server: Server, alice: Person, tokens: Tokens, events: Events, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logout_tokens, "MOST_WAITING", 1)
    monkeypatch.setattr(logout_tokens, "THREADS", 0)
    logout_tokens.init_app(server.app, GuardedClient(allows_loopback=False))
    sender = server.app.extensions["tripod.logout_tokens"]
    sender.submit(lambda: None, is_trusted=True)

    alice.send_logout()

    assert wait_for(events, "logout_token_failed")["detail"] == "too many are waiting"


@pytest.fixture
def silent_clients(server: Server) -> Iterator[Event]:
    """Let clients that registered themselves keep their threads busy until the event is set."""
    sender, answers = server.app.extensions["tripod.logout_tokens"], Event()
    for _ in range(logout_tokens.THREADS):
        sender.submit(lambda: answers.wait(PATIENCE * 2) and None, is_trusted=False)
    yield answers
    answers.set()


def test_clients_that_never_answer_delay_no_client_of_the_operator(
    alice: Person, receiver: Receiver, tokens: Tokens, silent_clients: Event
) -> None:
    alice.send_logout()

    assert len(receiver.wait()) == 1


def test_they_delay_other_clients_that_nobody_chose(
    server: Server,
    alice: Person,
    receiver: Receiver,
    tokens: Tokens,
    notified: RegisteredClient,
    silent_clients: Event,
) -> None:
    let_receive(server, notified, registered_by="itself")
    alice.send_logout()
    time.sleep(0.2)
    received = len(receiver.tokens)
    silent_clients.set()

    assert (received, len(receiver.wait())) == (0, 1)


def test_outside_the_demo_no_private_address_is_connected_to(
    server: Server, alice: Person, notified: RegisteredClient, events: Events
) -> None:
    let_receive(server, notified, backchannel_logout_uri="https://127.0.0.1:9/logout")
    alice.connect(notified, scope="openid")
    logout_tokens.init_app(server.app, GuardedClient(allows_loopback=False))

    alice.send_logout()

    assert wait_for(events, "logout_token_failed")["detail"] == "address not public"


def test_a_job_that_fails_stops_no_other(caplog: pytest.LogCaptureFixture) -> None:
    background, done = Background(1, most_waiting=9), Event()

    background.submit(lambda: 1 // 0)  # type: ignore[arg-type, return-value]
    background.submit(done.set)

    assert done.wait(PATIENCE)
    assert "ZeroDivisionError" in caplog.text


def test_a_public_demo_client_is_registered_for_it(
    server: Server, registered: Callable[[str], RegisteredClient]
) -> None:
    with server.reading() as db:
        print_shop = db.get_one(Client, "print-shop")

    assert print_shop.backchannel_logout_uri == "http://127.0.0.1:9001/backchannel-logout"
    assert print_shop.post_logout_redirect_uris == ["http://127.0.0.1:9001/"]
    assert registered("posters").metadata["backchannel_logout_supported"] is True
    assert registered("posters").metadata["backchannel_logout_session_supported"] is True
