"""The recorder does not change requests or responses, and its failures never affect them."""

import hashlib
import io
import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from pathlib import Path
from threading import Barrier, Thread
from typing import TYPE_CHECKING, Any

import pytest
from flask import Flask, Response, request
from werkzeug.test import Client, EnvironBuilder, TestResponse, run_wsgi_app
from world.cast import Person
from world.legs import Legs

from config import ClientAppSettings
from inspector.record.limits import FIELDS
from inspector.record.recorder import COPIED, COPIED_OF_A_PAGE, Recorder
from inspector.record.recorder import watch as watch_into
from inspector.record.store import Store
from inspector.record.transcript import Wire
from inspector.setup import watch
from web import event_log

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

FORM = "application/x-www-form-urlencoded"
FIELD = b"client_id=x&"
LARGE = FIELD * 100_000
PICTURE = [bytes([n]) * 4096 for n in range(20)]


def key(run_id: str) -> str:
    """Return the key for the fingerprints of a run."""
    return f"the key of {run_id}"


class ClosingClient(Client):
    """A test client that closes each response as a server does (PEP 3333)."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        return super().open(*args, **{"buffered": True} | kwargs)


@pytest.fixture
def leg() -> Flask:
    """Return an application with a response of each kind."""
    app = Flask("leg")
    add_routes_that_read_a_body(app)
    add_other_routes(app)
    return app


def add_routes_that_read_a_body(app: Flask) -> None:
    """Add routes that respond with what they receive."""

    @app.post("/echo")
    def echo() -> Response:
        return Response(request.get_data(), content_type=request.content_type)

    @app.post("/form")
    def form() -> dict[str, list[str]]:
        return request.form.to_dict(flat=False)

    @app.post("/json")
    def as_json() -> Any:
        return request.get_json()

    @app.post("/upload")
    def upload() -> dict[str, str]:
        return {"digest": hashlib.sha256(request.files["picture"].read()).hexdigest()}


def add_other_routes(app: Flask) -> None:
    """Add routes that stream an image, record an event, and raise an exception."""

    @app.get("/picture")
    def picture() -> Response:
        return Response(iter(PICTURE), mimetype="image/webp")

    @app.get("/events/<name>")
    def events(name: str) -> dict[str, str]:
        event_log.record("something_happened", reason=name)
        return {"name": name}

    @app.get("/broken")
    def broken() -> str:
        raise RuntimeError("it broke")


@pytest.fixture
def unwatched_leg(leg: Flask) -> ClosingClient:
    """Return the application without a recorder."""
    return ClosingClient(leg.wsgi_app)


@pytest.fixture
def watched_leg(
    leg: Flask, unwatched_leg: ClosingClient, store: Store, tmp_path: Path
) -> ClosingClient:
    """Return the application with a recorder."""
    settings = ClientAppSettings.load(
        {"TRIPOD_DEMO": "1", "TRIPOD_INSTANCE_PATH": str(tmp_path / "leg")}
    )
    watch_into(leg, settings, store)
    return ClosingClient(leg)


def call(application: "WSGIApplication", **request: Any) -> tuple[bytes, str]:
    """Send a request to an application. Return the complete body and the status."""
    parts, status, _ = run_wsgi_app(
        application, EnvironBuilder(**request).get_environ(), buffered=True
    )
    return b"".join(parts), status


def get_parts(response: TestResponse) -> tuple[str, list[tuple[str, str]], bytes]:
    """Return the parts of a response that the recorder must not change."""
    return response.status, list(response.headers), response.data


# Requests and responses


REQUESTS: dict[str, dict[str, Any]] = {
    "a form": {
        "path": "/form",
        "data": {"scope": ["profile", "photos:read"], "magic": "swordfish"},
    },
    "no body": {"path": "/form"},
    "JSON": {"path": "/json", "json": {"title": "Dünen", "deep": [1, None, {"a": "b"}]}},
    "truncated JSON": {"path": "/json", "data": b'{"title": ', "content_type": "application/json"},
    "a large form": {"path": "/echo", "data": LARGE, "content_type": FORM},
    "bytes that are not a form": {"path": "/echo", "data": bytes(range(256)), "content_type": FORM},
    "bytes that are not JSON": {
        "path": "/echo",
        "data": bytes(range(256)),
        "content_type": "application/json",
    },
    "an image upload": {
        "path": "/upload",
        "data": {"picture": (b"".join(PICTURE), "dunes.webp")},
    },
    "a streamed image": {"path": "/picture", "method": "GET"},
    "a HEAD request": {"path": "/picture", "method": "HEAD"},
    "an unknown path": {"path": "/nothing?code=%ff%00&code=%F0%9F%98%80", "method": "GET"},
    "an unknown method": {"path": "/form", "method": "PURGE"},
    "an exception": {"path": "/broken", "method": "GET"},
}


@pytest.mark.parametrize("request_arguments", REQUESTS.values(), ids=REQUESTS)
def test_a_recorded_response_is_unchanged(
    request_arguments: dict[str, Any], unwatched_leg: ClosingClient, watched_leg: ClosingClient
) -> None:
    def send(client: ClosingClient) -> TestResponse:
        arguments = {"method": "POST"} | request_arguments
        if request_arguments["path"] == "/upload":
            content, name = request_arguments["data"]["picture"]
            arguments["data"] = {"picture": (io.BytesIO(content), name)}
        return client.open(**arguments)

    assert get_parts(send(watched_leg)) == get_parts(send(unwatched_leg))


WAYS_TO_READ: dict[str, Callable[[Any], bytes]] = {
    "in one call": lambda body: body.read(),
    "in portions": lambda body: b"".join(iter(lambda: body.read(7), b"")),
    "line by line": lambda body: b"".join(iter(body.readline, b"")),
    "as a list of lines": lambda body: b"".join(body.readlines()),
    "in a loop": lambda body: b"".join(body),
}


@pytest.mark.parametrize("read", WAYS_TO_READ.values(), ids=WAYS_TO_READ)
def test_a_leg_can_read_the_body_in_every_way(read: Callable[[Any], bytes], store: Store) -> None:
    """PEP 3333, “Input and Error Streams”, lists the methods of the stream."""

    def application(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [read(environ["wsgi.input"])]

    body = b"client_id=print-shop&scope=\nprofile\n"
    response, _ = call(
        Recorder(application, "leg", store, key), method="POST", data=body, content_type=FORM
    )

    [exchange] = store.exchanges()
    assert response == body
    assert exchange.request_body.form == [("client_id", "print-shop"), ("scope", "\nprofile\n")]
    assert exchange.request_body.size == len(body)


def test_the_recorder_does_not_read_an_unread_body(store: Store) -> None:
    def application(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        start_response("413 Content Too Large", [])
        return []

    call(Recorder(application, "leg", store, key), method="POST", data=LARGE, content_type=FORM)

    [exchange] = store.exchanges()
    assert (exchange.status, exchange.request_body.size) == (413, 0)


def test_a_streamed_response_is_not_delayed(store: Store) -> None:
    yielded: list[int] = []

    def application(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterator[bytes]:
        for n in range(3):
            yielded.append(n)
            if n == 0:
                start_response("200 OK", [("Content-Type", "text/event-stream")])
            yield b"."

    parts = iter(
        Recorder(application, "leg", store, key)(
            EnvironBuilder().get_environ(), lambda *_: lambda _: None
        )
    )

    assert next(parts) == b"."
    assert yielded == [0]


def test_a_response_is_stored_when_the_server_closes_it(store: Store) -> None:
    closed: list[str] = []

    class ClosableResponse(list[bytes]):
        def close(self) -> None:
            closed.append("closed")

    def application(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        start_response("200 OK", [])
        return ClosableResponse([b"."])

    response: Any = Recorder(application, "leg", store, key)(
        EnvironBuilder().get_environ(), lambda *_: lambda _: None
    )
    assert (list(response), closed, store.exchanges()) == ([b"."], [], [])
    response.close()

    assert closed == ["closed"]
    assert len(store.exchanges()) == 1


# Stored messages


def test_the_request_and_the_response_are_stored(watched_leg: ClosingClient, store: Store) -> None:
    watched_leg.post(
        "/form?scope=profile",
        data={"grant_type": "refresh_token"},
        headers={"User-Agent": "a test"},
    )

    [exchange] = store.exchanges()
    assert (exchange.leg, exchange.method, exchange.host) == ("client_app", "POST", "localhost")
    assert (exchange.path, exchange.query) == ("/form", [("scope", "profile")])
    assert {("User-Agent", "a test"), ("Content-Type", FORM), ("Content-Length", "24")} <= {
        *exchange.request_headers
    }
    assert exchange.request_body.form == [("grant_type", "refresh_token")]
    assert exchange.status == 200
    assert dict(exchange.response_headers)["Content-Type"] == "application/json"
    assert json.loads(exchange.response_body.text) == {"grant_type": ["refresh_token"]}
    assert 0 <= exchange.ended_at - exchange.started_at < 10


def test_a_part_of_a_large_form_and_its_size_are_stored(
    watched_leg: ClosingClient, store: Store
) -> None:
    watched_leg.post("/echo", data=LARGE, content_type=FORM)

    [exchange] = store.exchanges()
    assert exchange.request_body.size == len(LARGE) > COPIED
    assert exchange.request_body.form == [*[("client_id", "x")] * FIELDS, ("…", "more")]


def test_a_path_is_stored_decoded(watched_leg: ClosingClient, store: Store) -> None:
    watched_leg.get("/fotos/h%C3%B6he")

    assert [one.path for one in store.exchanges()] == ["/fotos/höhe"]


def test_only_the_title_of_a_page_is_stored(legs: Legs, watched: Store) -> None:
    legs.session().get(f"{legs.auth_server_url}/login")

    [exchange] = watched.exchanges()
    assert exchange.response_body.text == "an HTML page: “Sign in · Tripod ID”"


def test_only_the_size_of_an_image_is_stored(watched_leg: ClosingClient, store: Store) -> None:
    watched_leg.get("/picture")
    watched_leg.post("/upload", data={"picture": (io.BytesIO(b"swordfish" * 9), "dunes.webp")})

    shown, uploaded = store.exchanges()
    assert shown.response_body.text == "image/webp, 81,920 bytes"
    assert "swordfish" not in str(uploaded)


@pytest.mark.parametrize(
    "path",
    [
        "/healthz",
        "/livez",
        "/static/css/base.css",
        "/favicon.ico",
        "/inspector",
        "/inspector/lab",
        "/theme",
    ],
)
def test_irrelevant_requests_are_not_stored(path: str, legs: Legs, watched: Store) -> None:
    for url in (legs.auth_server_url, legs.client_app_url, legs.resource_api_url):
        legs.session().get(f"{url}{path}")

    assert watched.exchanges() == []


def test_each_message_names_its_leg(legs: Legs, watched: Store) -> None:
    for url in (legs.auth_server_url, legs.client_app_url, legs.resource_api_url):
        legs.session().get(url)

    assert [one.leg for one in watched.exchanges()] == ["auth_server", "client_app", "resource_api"]


def test_a_new_run_uses_new_fingerprints_immediately(
    watched_leg: ClosingClient, store: Store
) -> None:
    watched_leg.get("/picture?state=af0ifjsldkj")
    [before] = store.exchanges()
    store.begin()

    watched_leg.get("/picture?state=af0ifjsldkj")

    [after] = store.exchanges()
    assert after.ties != before.ties
    assert after.query != before.query


# Events


def test_an_event_is_stored_with_its_request(watched_leg: ClosingClient, store: Store) -> None:
    event_log.record("recorded_outside_a_request")
    watched_leg.get("/events/first")
    watched_leg.get("/picture")
    event_log.record("recorded_between_requests")
    watched_leg.get("/events/second")

    assert [[event["reason"] for event in one.events] for one in store.exchanges()] == [
        ["first"],
        [],
        ["second"],
    ]


def test_an_event_of_a_nested_request_is_stored_with_that_request(
    legs: Legs, watched: Store, alice: Person
) -> None:
    """In one process, the authorization server responds during the client's request."""
    alice.go_through(f"{legs.client_app_url}/connect")

    events = {
        (one.leg, one.path): [event["event"] for event in one.events] for one in watched.exchanges()
    }
    assert events["auth_server", "/oauth/token"] == ["code_redeemed"]
    assert events["client_app", "/callback"] == ["tokens_received"]


def test_several_recorders_store_an_event_once(
    leg: Flask, watched_leg: ClosingClient, store: Store, legs: Legs
) -> None:
    """Three legs in one process share one event log."""
    watch(legs.auth_server, legs.auth_server.extensions["tripod.settings"])
    watched_leg.get("/events/first")

    assert [len(one.events) for one in store.exchanges()] == [1]


def test_simultaneous_requests_are_stored_separately(
    leg: Flask, store: Store, watched_leg: ClosingClient
) -> None:
    barrier = Barrier(2)

    @leg.post("/meet/<name>")
    def view(name: str) -> dict[str, str]:
        barrier.wait(10)
        event_log.record("before", reason=name)
        scope = request.form["scope"]
        barrier.wait(10)
        event_log.record("after", reason=name)
        return {"title": scope}

    def send(name: str) -> None:
        ClosingClient(leg).post(f"/meet/{name}", data={"scope": name})

    threads = [Thread(target=send, args=(name,)) for name in ("alice", "bob")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    kept = sorted(store.exchanges(), key=lambda one: one.path)
    assert [one.path for one in kept] == ["/meet/alice", "/meet/bob"]
    for exchange, name in zip(kept, ("alice", "bob"), strict=True):
        assert exchange.request_body.form == [("scope", name)]
        assert json.loads(exchange.response_body.text) == {"title": name}
        assert [event["reason"] for event in exchange.events] == [name, name]


# Failures of the recorder and of the leg


def in_a_missing_folder(store: Store, path: Path) -> Store:
    """Return a store whose file cannot be created."""
    return Store(path.parent / "no such folder" / "inspector.db")


def overwritten(store: Store, path: Path) -> Store:
    """Overwrite the file of a store."""
    path.write_bytes(b"This is not a database." * 1000)
    path.with_name("inspector.db-wal").unlink()
    return store


def without_a_table(store: Store, path: Path) -> Store:
    """Delete the table of a store."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DROP TABLE exchanges")
    return store


class RaisingStore(Store):
    """A store that fails with an unexpected exception."""

    def add(self, exchange: object, run_id: str) -> bool:
        raise RuntimeError("unexpected")


def raising(store: Store, path: Path) -> Store:
    """Return a store that raises an unexpected exception."""
    return RaisingStore(path)


@pytest.mark.parametrize(
    "make_failing_store", [in_a_missing_folder, overwritten, without_a_table, raising]
)
def test_a_failing_store_does_not_affect_requests(
    make_failing_store: Callable[[Store, Path], Store],
    store: Store,
    tmp_path: Path,
    leg: Flask,
    unwatched_leg: ClosingClient,
) -> None:
    recorded_leg = ClosingClient(
        Recorder(leg.wsgi_app, "leg", make_failing_store(store, tmp_path / "inspector.db"), key)
    )

    for _ in range(2):
        assert get_parts(recorded_leg.post("/form", data={"a": "1"})) == get_parts(
            unwatched_leg.post("/form", data={"a": "1"})
        )


def test_a_locked_store_does_not_affect_requests(
    store: Store, tmp_path: Path, watched_leg: ClosingClient, unwatched_leg: ClosingClient
) -> None:
    with closing(sqlite3.connect(tmp_path / "inspector.db", isolation_level=None)) as connection:
        connection.execute("BEGIN EXCLUSIVE")
        response = watched_leg.get("/picture")

    assert get_parts(response) == get_parts(unwatched_leg.get("/picture"))
    assert store.exchanges() == []


def test_a_leg_starts_if_its_recorder_cannot(
    leg: Flask, tmp_path: Path, unwatched_leg: ClosingClient
) -> None:
    (tmp_path / "instance").mkdir(mode=0o700)
    (tmp_path / "instance" / "inspector.db").mkdir()
    watch(
        leg,
        ClientAppSettings.load(
            {"TRIPOD_DEMO": "1", "TRIPOD_INSTANCE_PATH": str(tmp_path / "instance")}
        ),
    )

    assert get_parts(ClosingClient(leg).get("/picture")) == get_parts(unwatched_leg.get("/picture"))


def test_a_server_error_is_stored(watched_leg: ClosingClient, store: Store) -> None:
    assert watched_leg.get("/broken").status_code == 500

    assert [one.status for one in store.exchanges()] == [500]


def test_an_exception_is_stored_and_raised_again(store: Store) -> None:
    """The recorded status is 500, because the server then responds with an error."""

    def application(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        start_response("200 OK", [("Content-Type", "text/html")])
        raise LookupError("it broke")

    with pytest.raises(LookupError, match="it broke"):
        call(Recorder(application, "leg", store, key), path="/broken")

    [exchange] = store.exchanges()
    assert (exchange.path, exchange.status, exchange.response_headers) == ("/broken", 500, [])


def test_an_exception_during_a_response_is_raised_again(store: Store) -> None:
    def parts() -> Iterator[bytes]:
        yield b"."
        raise LookupError("it broke")

    def application(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        start_response("200 OK", [("Content-Type", "text/html")])
        return parts()

    response: Any = Recorder(application, "leg", store, key)(
        EnvironBuilder().get_environ(), lambda *_: lambda _: None
    )
    received = iter(response)
    assert next(received) == b"."
    with pytest.raises(LookupError, match="it broke"):
        next(received)
    response.close()

    assert [one.response_body.size for one in store.exchanges()] == [1]


def test_an_event_after_an_exception_belongs_to_no_request(
    store: Store, watched_leg: ClosingClient
) -> None:
    def application(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        raise LookupError("it broke")

    with pytest.raises(LookupError):
        call(Recorder(application, "leg", store, key))
    event_log.record("recorded_outside_a_request")
    watched_leg.get("/picture")

    assert [one.events for one in store.exchanges()] == [[], []]


@pytest.mark.parametrize("status", ["two hundred", "", "²00 OK"])
def test_a_malformed_status_is_sent_unchanged(status: str, store: Store) -> None:
    def application(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        start_response(status, [])
        return [b"."]

    statuses: list[str] = []
    response: Any = Recorder(application, "leg", store, key)(
        EnvironBuilder().get_environ(), lambda line, *_: statuses.append(line) or (lambda _: None)
    )
    response.close()

    assert statuses == [status]
    assert [one.status for one in store.exchanges()] == [0]


def test_a_message_that_cannot_be_transcribed_is_stored_without_content(
    watched_leg: ClosingClient, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sender must not be able to hide a message by its content."""

    def fail(*_: object) -> None:
        raise RecursionError

    monkeypatch.setattr("inspector.record.recorder.transcribe", fail)
    watched_leg.get("/picture?code=swordfish")

    [exchange] = store.exchanges()
    assert (exchange.leg, exchange.status, exchange.method, exchange.path) == (
        "client_app",
        200,
        "",
        "",
    )
    assert exchange.started_at <= exchange.ended_at
    assert "swordfish" not in str(exchange)


# How much of a body is copied


@pytest.fixture
def copied(monkeypatch: pytest.MonkeyPatch) -> list[Wire]:
    """Return the messages that the recorder copied. None of them is transcribed."""
    wires: list[Wire] = []

    def note(wire: Wire, *_: object) -> None:
        wires.append(wire)
        raise LookupError

    monkeypatch.setattr("inspector.record.recorder.transcribe", note)
    return wires


@pytest.mark.parametrize(
    ("media_type", "limit"),
    [("image/png", 0), ("text/html", COPIED_OF_A_PAGE), ("application/json", COPIED), ("", 0)],
)
def test_only_a_limited_part_of_a_response_is_copied(
    media_type: str, limit: int, copied: list[Wire], store: Store
) -> None:
    def application(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        start_response("200 OK", [("Content-Type", media_type)])
        return [b"x" * 1000] * 100

    call(Recorder(application, "leg", store, key))

    [wire] = copied
    assert (len(wire.response_body), wire.response_size) == (limit, 100_000)


def test_only_a_limited_part_of_a_request_is_copied(
    copied: list[Wire], watched_leg: ClosingClient
) -> None:
    watched_leg.post("/echo", data=LARGE, content_type=FORM)
    watched_leg.post("/upload", data={"picture": (io.BytesIO(b"".join(PICTURE)), "dunes.webp")})

    assert [len(wire.request_body) for wire in copied] == [COPIED, 0]
