"""The entrance answers the plain requests of programs, and leaves all others to Flask."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask, url_for
from werkzeug.test import TestResponse

from web.cors import for_browser_clients
from web.entrance import Blueprint, Entrance, FormRequest, JsonAnswer

URL = "http://127.0.0.1:9000"
FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def app(start: Callable[..., Flask]) -> Flask:
    """Return a leg with endpoints for programs, which counts the requests that Flask dispatches."""
    app = start()
    bp = Blueprint("programs", __name__)

    @bp.answers_forms("/echo")
    @for_browser_clients("Content-Type")
    def echo(form_request: FormRequest) -> JsonAnswer:
        body = {"is_form": form_request.is_form, **form_request.form}
        return JsonAnswer(200, body, {"Pragma": "no-cache"})

    @bp.answers_forms("/failure")
    def fail(form_request: FormRequest) -> JsonAnswer:
        raise RuntimeError(form_request.form["secret"][0])

    app.register_blueprint(bp)
    app.extensions["dispatched"] = []
    entrance = app.wsgi_app
    assert isinstance(entrance, Entrance)
    flask_application = entrance.flask_application

    def count(environ: Any, start_response: Any) -> Any:
        app.extensions["dispatched"].append(environ["PATH_INFO"])
        return flask_application(environ, start_response)

    entrance.flask_application = count
    return app


def post(app: Flask, path: str = "/echo", **changes: Any) -> TestResponse:
    """Send a plain request with these changes."""
    plain = {"base_url": URL, "data": "name=Zo%C3%AB&name=2&empty=", "content_type": FORM}
    return app.test_client().post(path, **plain | changes)


def test_a_plain_request_is_answered_before_flask(app: Flask) -> None:
    answer = post(app)

    assert answer.json == {"is_form": True, "name": ["Zoë", "2"], "empty": [""]}
    assert app.extensions["dispatched"] == []


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        pytest.param({"base_url": "http://localhost:9000"}, 200, id="another name of this host"),
        pytest.param({"base_url": "http://evil.example"}, 400, id="another host"),
        pytest.param({"base_url": "https://127.0.0.1:9000"}, 400, id="another scheme"),
        pytest.param({"query_string": "a=1"}, 200, id="a query"),
        pytest.param({"content_type": "text/plain"}, 200, id="another type"),
        pytest.param({"content_type": f"{FORM};charset=latin-1"}, 200, id="another charset"),
        pytest.param({"data": b"name=Zo\xeb"}, 400, id="not UTF-8"),
        pytest.param({"data": b"name=Zo%EB"}, 400, id="escaped, and not UTF-8"),
        pytest.param({"data": "a=" + "a" * 70_000}, 413, id="too large"),
        pytest.param({"environ_overrides": {"CONTENT_LENGTH": "9" * 5000}}, 200, id="no number"),
    ],
)
def test_flask_answers_every_other_request(
    app: Flask, changes: dict[str, Any], status: int
) -> None:
    answer = post(app, **changes)

    assert answer.status_code == status
    assert app.extensions["dispatched"] == ["/echo"]


@pytest.mark.parametrize("query", ["", "x"], ids=["at the entrance", "by Flask"])
@pytest.mark.parametrize("server", [{}, {"wsgi.input_terminated": True}], ids=["WSGI", "gunicorn"])
def test_an_incomplete_body_is_refused(app: Flask, server: dict[str, Any], query: str) -> None:
    answer = post(app, query_string=query, environ_overrides={"CONTENT_LENGTH": "99", **server})

    assert answer.status_code == 400


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"])
def test_flask_answers_every_other_method(app: Flask, method: str) -> None:
    answer = app.test_client().open("/echo", base_url=URL, method=method)

    assert "POST" in answer.headers["Allow"]
    assert app.extensions["dispatched"] == ["/echo"]


@pytest.mark.parametrize("path", ["/echo", "/failure"])
@pytest.mark.settings(URL="https://id.example")
def test_both_ways_send_the_same_headers(
    start: Callable[..., Flask], app: Flask, path: str
) -> None:
    headers = {"X-Request-Id": "one-two-three"}
    directly = post(app, path, headers=headers, data="secret=1")
    through_flask = post(app, path, headers=headers, data="secret=1", query_string="x")

    assert (directly.status_code, directly.json) == (through_flask.status_code, through_flask.json)
    for answer in (directly, through_flask):
        del answer.headers["Content-Length"]
    assert sorted(directly.headers) == sorted(through_flask.headers)


def test_an_unexpected_error_is_not_shown(app: Flask) -> None:
    answer = post(app, "/failure", data="secret=hunter2")

    assert (answer.status_code, answer.json["error"]) == (500, "server_error")  # type: ignore[index]
    assert "hunter2" not in answer.text


def test_each_request_has_an_id(app: Flask) -> None:
    assert post(app, headers={"X-Request-Id": "one-two-three"}).headers["X-Request-Id"] == (
        "one-two-three"
    )
    assert len(post(app).headers["X-Request-Id"]) == 16


def test_the_endpoints_are_routes_of_flask(app: Flask) -> None:
    with app.test_request_context(base_url=URL):
        assert url_for("programs.echo") == "/echo"
    assert [rule.methods for rule in app.url_map.iter_rules("programs.echo")] == [
        {"POST", "OPTIONS"}
    ]
