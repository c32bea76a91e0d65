"""Answer the requests of programs at the entrance of a leg, before Flask dispatches them.

A blueprint declares an endpoint for programs with `@bp.answers_forms(path)`. The function below it
takes a `FormRequest` and returns a `JsonAnswer`; it does not use `flask.request`. The declaration
has two effects:

- Flask gets an ordinary route: `flask routes` lists it, and `url_for` builds its address.
- The entrance, which is WSGI middleware, learns the path. It calls the same function for a plain
  request: a POST to this leg's own host with a small form in UTF-8. That costs much less than
  Flask, because no route is matched and no session is opened.

Flask answers every other request, such as one for another host or with a body of another type.
Without the entrance, Flask answers all of them in the same way, but more slowly.
"""

import json
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from functools import wraps
from http import HTTPStatus
from io import BytesIO
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import flask
from flask import Flask, Response, g
from flask.sansio.app import App

from web import cors, headers, pages, request_id
from web.canonical_host import for_machines
from web.leg_settings import LegSettings
from web.waiting import is_for_event_loop

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"
#: The usual spellings of this type. Flask understands all others.
_FORM_TYPES = {
    FORM,
    *(f"{FORM};{space}charset={name}" for space in ("", " ") for name in ("UTF-8", "utf-8")),
}
#: `int` raises an error for thousands of digits.
_LONGEST_NUMBER = 20
#: This path is answered even while all threads wait.
LIVENESS = "/livez"
URGENT_REQUESTS = {("GET", LIVENESS), ("HEAD", LIVENESS)}
_ENDPOINTS = "tripod.entrance"
_encode = json.JSONEncoder(ensure_ascii=False).encode


@dataclass(frozen=True, slots=True)
class FormRequest:
    """A POST request of a program. `form` has all values of each field.

    It is empty if the body is not a form. `address` is where the request came from.
    """

    path: str
    authorization: str | None
    form: dict[str, list[str]]
    is_form: bool = True
    address: str = ""


@dataclass(frozen=True, slots=True)
class JsonAnswer:
    """A response with a JSON object, or with an empty body."""

    status: int
    body: dict[str, Any] | str
    headers: dict[str, str] = field(default_factory=dict)

    def encode(self) -> bytes:
        """Return the body."""
        if isinstance(self.body, str):
            return self.body.encode()
        return _encode(self.body).encode()


Endpoint = Callable[[FormRequest], JsonAnswer]


class Blueprint(flask.Blueprint):
    """A blueprint that can declare endpoints for programs."""

    def answers_forms(self, path: str) -> Callable[[Endpoint], Endpoint]:
        """Return a decorator that declares an endpoint to which programs post forms.

        The endpoint is marked with `for_machines`.
        """

        def declare(endpoint: Endpoint) -> Endpoint:
            self.add_url_rule(path, view_func=_make_view(for_machines(endpoint)), methods=["POST"])
            self.record(lambda state: _endpoints(state.app).update({path: endpoint}))
            return endpoint

        return declare


def _endpoints(app: App) -> dict[str, Endpoint]:
    endpoints: dict[str, Endpoint] = app.extensions.setdefault(_ENDPOINTS, {})
    return endpoints


def _make_view(endpoint: Endpoint) -> Callable[[], Response]:
    @wraps(endpoint)
    def view() -> Response:
        request = flask.request
        answer = endpoint(
            FormRequest(
                request.path,
                request.headers.get("Authorization"),
                request.form.to_dict(flat=False),
                is_form=request.mimetype == FORM,
                address=request.remote_addr or "",
            )
        )
        return Response(answer.encode(), answer.status, answer.headers, mimetype=JSON)

    return view


def init_app(app: Flask, settings: LegSettings) -> None:
    """Put the entrance in front of `app`."""
    app.wsgi_app = Entrance(app, settings)  # type: ignore[assignment, method-assign]


def machine_paths(app: Flask) -> Collection[str]:
    """Return the paths of the endpoints for programs."""
    return _endpoints(app).keys()


def quick_requests(app: Flask) -> Collection[tuple[str, str]]:
    """Return the methods and paths of the frequent requests, which the event loop may answer.

    With SQLite, these are POST requests to the endpoints for programs, and GET requests to views
    that are marked with `for_event_loop`. Otherwise there are none: on PostgreSQL, each statement
    waits for the network.
    """
    database = app.extensions.get("tripod.database")
    if database is None or database.engine.dialect.name != "sqlite":
        return set()
    marked = (
        rule
        for rule in app.url_map.iter_rules()
        if is_for_event_loop(app.view_functions[rule.endpoint])
    )
    return {("POST", path) for path in _endpoints(app)} | {("GET", rule.rule) for rule in marked}


class Entrance:
    """The middleware."""

    def __init__(self, app: Flask, settings: LegSettings) -> None:
        self._app = app
        self.flask_application: WSGIApplication = app.wsgi_app
        self._endpoints = _endpoints(app)
        parts = urlsplit(settings.url)
        self._origin = (parts.scheme, parts.netloc)
        self._headers = headers.make_headers(settings)

    def __call__(self, wsgi: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer the request, or let Flask answer it."""
        endpoint = self._endpoints.get(wsgi["PATH_INFO"])
        if endpoint is None or not self._is_plain(wsgi):
            return self.flask_application(wsgi, start_response)
        length = int(wsgi["CONTENT_LENGTH"])
        body = wsgi["wsgi.input"].read(length)
        try:
            if len(body) < length:
                raise ValueError
            form = parse_qs(body.decode(), keep_blank_values=True, errors="strict")
        except ValueError:  # It is incomplete, or not UTF-8.
            wsgi["wsgi.input"] = BytesIO(body)
            return self.flask_application(wsgi, start_response)
        with self._app.app_context():
            g.request_id = request_id.choose(wsgi.get("HTTP_X_REQUEST_ID", ""))
            request = FormRequest(
                wsgi["PATH_INFO"],
                wsgi.get("HTTP_AUTHORIZATION"),
                form,
                address=wsgi.get("REMOTE_ADDR", ""),
            )
            return self._respond(_ask(endpoint, request), endpoint, start_response)

    def _is_plain(self, wsgi: "WSGIEnvironment") -> bool:
        """Return whether this is a plain request, which needs none of Flask's checks."""
        length = wsgi.get("CONTENT_LENGTH", "")
        return (
            wsgi["REQUEST_METHOD"] == "POST"
            and (wsgi["wsgi.url_scheme"], wsgi.get("HTTP_HOST")) == self._origin
            and not wsgi.get("QUERY_STRING")
            and wsgi.get("CONTENT_TYPE") in _FORM_TYPES
            and length.isdecimal()
            and len(length) < _LONGEST_NUMBER
            and int(length) <= self._app.config["MAX_CONTENT_LENGTH"]
        )

    def _respond(
        self, answer: JsonAnswer, endpoint: Endpoint, start_response: "StartResponse"
    ) -> list[bytes]:
        body = answer.encode()
        sent = {
            "Content-Type": JSON,
            **self._headers,
            **cors.headers_of(endpoint),
            **answer.headers,
            request_id.HEADER: g.request_id,
            "Content-Length": str(len(body)),
        }
        status = HTTPStatus(answer.status)
        start_response(f"{status.value} {status.phrase}", list(sent.items()))
        return [body]


def _ask(endpoint: Endpoint, request: FormRequest) -> JsonAnswer:
    try:
        return endpoint(request)
    except Exception as error:
        return JsonAnswer(*pages.describe_failure(error))
