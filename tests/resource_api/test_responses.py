"""Rules for all responses of Photo API: hosts, JSON errors, and the HTML home page."""

import pytest
from sqlalchemy.exc import OperationalError


@pytest.mark.parametrize("host", ["localhost:9002", "[::1]:9002", "127.0.0.2:9002"])
def test_endpoints_answer_on_every_spelling_of_loopback(alices_client, host):
    photo = alices_client.add_photo()
    response = alices_client.get("/photos", base_url=f"http://{host}")

    assert response.status_code == 200
    assert response.json["photos"] == [photo], "addresses in the response are canonical"


def test_the_home_page_redirects_to_the_canonical_spelling(http):
    response = http.get("/", base_url="http://localhost:9002")

    assert response.status_code == 302
    assert response.location == "http://127.0.0.1:9002/"


def test_a_foreign_host_is_rejected_with_json(alices_client):
    response = alices_client.get("/photos", base_url="http://photos.example")

    assert response.status_code == 400
    assert response.json["error"] == "invalid_request"


@pytest.mark.parametrize(
    ("method", "path", "status", "error"),
    [
        ("GET", "/no-such-path", 404, "not_found"),
        ("GET", "/photos/", 404, "not_found"),
        ("PUT", "/photos", 405, "method_not_allowed"),
        ("POST", "/", 405, "method_not_allowed"),
    ],
)
def test_http_errors_are_json(http, method, path, status, error):
    response = http.open(path, method=method)

    assert response.status_code == status
    assert response.content_type == "application/json"
    assert response.json["error"] == error
    assert response.json["error_description"]
    assert ("Allow" in response.headers) == (status == 405)


def make_failing_function(error):
    def fail(*_args, **_kwargs):
        raise error

    return fail


def test_a_server_error_does_not_reveal_its_cause(alices_client, monkeypatch, caplog):
    monkeypatch.setattr(
        "resource_api.photos.list_page", make_failing_function(RuntimeError("the cause"))
    )
    response = alices_client.get("/photos")

    assert response.status_code == 500
    assert response.json["error"] == "server_error"
    assert "the cause" not in response.text
    assert "the cause" in caplog.text


def test_an_unavailable_database_means_503(alices_client, monkeypatch, caplog):
    unavailable = OperationalError("SELECT", {}, Exception("connection refused"))
    monkeypatch.setattr("resource_api.photos.list_page", make_failing_function(unavailable))
    response = alices_client.get("/photos")

    assert response.status_code == 503
    assert response.json["error"] == "temporarily_unavailable"
    assert int(response.headers["Retry-After"]) > 0
    assert "connection refused" not in response.text
    assert "connection refused" in caplog.text


def test_every_response_has_the_security_headers(http):
    response = http.get("/photos")

    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in response.headers


def test_healthz_answers_200(http):
    response = http.get("/healthz", base_url="http://10.0.0.7:9002")

    assert response.status_code == 200


def test_the_home_page_says_that_this_is_an_api(http):
    response = http.get("/")

    assert response.status_code == 200
    assert response.mimetype == "text/html"
    assert "asks the authorization server about it at every request" in response.text
