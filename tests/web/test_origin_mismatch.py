"""A request for another origin is refused, and its cause is named.

The event log names the origin that came, the expected one and the cause. The page names them in the
demo only. Most of these requests pass a proxy that is not set up as this server expects.
"""

from collections.abc import Callable

import pytest
import requests
from flask import Flask
from flask.testing import FlaskClient
from world.clock import Clock
from world.events import Events

from web.origin_mismatch import MAX_EVENTS

PUBLIC = {"AUTH_SERVER_URL": "https://id.example", "AUTH_SERVER_BIND": "127.0.0.1:9000"}
INTERNAL = "http://127.0.0.1:9000"
HOST = {"Host": "id.example"}
PROTO, FORWARDED_HOST = {"X-Forwarded-Proto": "https"}, {"X-Forwarded-Host": "id.example"}
STANDARD = {"Forwarded": "for=203.0.113.9;proto=https;host=id.example"}

#: The number of declared proxies, the headers, the cause, and the origin that came.
CAUSES: list[tuple[int, dict[str, str], str, str]] = [
    # A proxy that is not declared.
    (0, HOST | PROTO, "proxy_not_declared", "http://id.example"),
    (0, PROTO | FORWARDED_HOST, "proxy_not_declared", INTERNAL),
    (0, HOST | {"X-Forwarded-For": "203.0.113.9"}, "proxy_not_declared", "http://id.example"),
    (0, HOST | STANDARD, "proxy_not_declared", "http://id.example"),
    # A proxy that does not pass the scheme.
    (0, HOST, "scheme_not_passed", "http://id.example"),
    (1, HOST, "scheme_not_passed", "http://id.example"),
    (1, FORWARDED_HOST, "scheme_not_passed", "http://id.example"),
    (1, HOST | {"X-Forwarded-For": "203.0.113.9"}, "scheme_not_passed", "http://id.example"),
    (1, HOST | {"X-Forwarded-Proto": "http"}, "scheme_not_passed", "http://id.example"),
    (1, HOST | {"X-Forwarded-Proto": "on"}, "scheme_not_passed", "on://id.example"),
    # A proxy that sends only the header of RFC 7239.
    (1, HOST | STANDARD, "forwarded_header_only", "http://id.example"),
    (1, STANDARD, "forwarded_header_only", INTERNAL),
    # More or fewer proxies than declared.
    (2, HOST | PROTO, "proxy_count_differs", "http://id.example"),
    (1, HOST | {"X-Forwarded-Proto": "https, http"}, "proxy_count_differs", "http://id.example"),
    (
        1,
        PROTO | {"X-Forwarded-Host": "id.example, internal:8000"},
        "proxy_count_differs",
        "https://internal:8000",
    ),
    # Another port.
    (1, PROTO | {"Host": "id.example:8443"}, "port_differs", "https://id.example:8443"),
    # Another host.
    (1, PROTO | {"Host": "evil.example"}, "another_host", "https://evil.example"),
    (0, {"Host": "evil.example"}, "another_host", "http://evil.example"),
    # A proxy that does not pass the host.
    (1, PROTO, "host_not_passed", "https://127.0.0.1:9000"),
    (0, {}, "host_not_passed", INTERNAL),
]
Start = Callable[..., Flask]


def client_of(start: Start, **settings: str) -> FlaskClient:
    """Return an HTTP client whose requests reach the leg as those of a proxy do."""
    return start(**settings).test_client()


@pytest.mark.parametrize(("proxies", "headers", "reason", "origin"), CAUSES)
def test_the_event_log_names_both_origins_and_the_cause(
    start: Start, events: Events, proxies: int, headers: dict[str, str], reason: str, origin: str
) -> None:
    leg = client_of(start, **PUBLIC, TRUSTED_PROXIES=str(proxies))
    response = leg.get("/form", base_url=INTERNAL, headers=headers)
    [event] = events.named("host_refused")

    assert response.status_code == 400
    assert "Location" not in response.headers
    assert (event["reason"], event["origin"]) == (reason, origin)
    assert event["expected"] == "https://id.example"


def test_a_lost_port_is_named(start: Start, events: Events) -> None:
    leg = client_of(start, **PUBLIC | {"AUTH_SERVER_URL": "https://id.example:8443"})
    leg.get("/form", base_url="https://id.example")
    [event] = events.named("host_refused")

    assert (event["reason"], event["origin"]) == ("port_differs", "https://id.example")


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("path", ["/form", "/machine", "/nothing-here", "/static/css/base.css"])
def test_every_path_and_method_is_logged(
    start: Start, events: Events, path: str, method: str
) -> None:
    response = client_of(start, **PUBLIC).open(
        path, method=method, base_url=INTERNAL, headers=HOST | PROTO
    )

    assert response.status_code == 400
    assert [event["reason"] for event in events.named("host_refused")] == ["proxy_not_declared"]


def test_outside_the_demo_the_page_names_neither_origin(start: Start) -> None:
    text = client_of(start, **PUBLIC).get("/form", base_url=INTERNAL, headers=HOST | PROTO).text

    assert "does not answer for that address" in text
    assert "operator can find the cause in the event log" in text
    assert "http://id.example" not in text
    assert "TRUSTED_PROXIES" not in text


def test_in_the_demo_the_page_names_both_origins_and_the_remedy(start: Start) -> None:
    headers = {"Host": "photos.test:9000"} | PROTO
    text = client_of(start, DEMO="1").get("/form", base_url=INTERNAL, headers=headers).text

    assert "http://127.0.0.1:9000" in text
    assert "http://photos.test:9000" in text
    assert "TRIPOD_TRUSTED_PROXIES" in text


def test_a_form_behind_an_undeclared_proxy_names_that_cause(start: Start) -> None:
    """A proxy that replaces the host by the leg's own hides the address from the leg."""
    headers = {"Origin": "https://id.example"} | PROTO | FORWARDED_HOST
    text = client_of(start, DEMO="1").post("/form", base_url=INTERNAL, headers=headers).text

    assert "https://id.example" in text
    assert "TRIPOD_TRUSTED_PROXIES" in text


def test_programs_get_the_same_sentence_as_json(start: Start) -> None:
    response = client_of(start, **PUBLIC).post("/machine", base_url=INTERNAL, headers=HOST)

    assert response.json == {
        "error": "invalid_request",
        "error_description": "This server does not answer for that address. Its operator can find "
        "the cause in the event log.",
    }


@pytest.mark.parametrize(
    ("host", "logged"),
    [
        ("evil.example\x1b[31m", "http://evil.example\\x1b[31m"),
        ("évil.example", "http://\\xe9vil.example"),
        ("alice:secret@evil.example", "http://***@evil.example"),
        ("<script>", "http://<script>"),
        ("a" * 5000, "http://" + "a" * 93),
    ],
)
def test_the_origin_is_logged_without_control_characters_and_passwords(
    start: Start, events: Events, host: str, logged: str
) -> None:
    response = client_of(start).get("/form", environ_overrides={"HTTP_HOST": host})
    [event] = events.named("host_refused")

    assert response.status_code == 400
    assert event["origin"] == logged
    assert "<script>" not in response.text.partition("<body")[2]


def test_a_repeated_refusal_is_logged_once_a_minute(
    clock: Clock, start: Start, events: Events
) -> None:
    leg = client_of(start)
    for _ in range(5):
        leg.get("/form", base_url="http://evil.example")
    clock.forward(61)
    leg.get("/form", base_url="http://evil.example")

    assert [event.get("left_out") for event in events.named("host_refused")] == [None, 4]


def test_an_attacker_cannot_fill_the_log(clock: Clock, start: Start, events: Events) -> None:
    leg = client_of(start)
    for number in range(3 * MAX_EVENTS):
        leg.get("/form", base_url=f"http://evil{number}.example")

    assert len(events.named("host_refused")) == MAX_EVENTS


def test_a_clock_that_was_set_back_does_not_silence_the_log(
    clock: Clock, start: Start, events: Events
) -> None:
    leg = client_of(start)
    for _ in range(2):
        leg.get("/form", base_url="http://evil.example")
        clock.forward(days=-1)

    assert len(events.named("host_refused")) == 2


def test_a_form_for_another_spelling_is_logged(http: requests.Session, events: Events) -> None:
    response = http.post("http://localhost:9000/form", data={})

    assert (response.status_code, "Send this form from" in response.text) == (400, True)
    assert [event["reason"] for event in events.named("host_refused")] == ["another_spelling"]


@pytest.mark.parametrize("url", ["https://localhost", "https://localhost:8443"])
def test_a_scheme_that_is_not_passed_does_not_cause_a_redirect_loop(
    start: Start, events: Events, url: str
) -> None:
    leg = client_of(start, AUTH_SERVER_URL=url, AUTH_SERVER_BIND="127.0.0.1:9000")
    host = {"Host": url.removeprefix("https://")}
    response = leg.get("/form", base_url=INTERNAL, headers=host)

    assert response.status_code == 400
    assert [event["reason"] for event in events.named("host_refused")] == ["scheme_not_passed"]


def test_a_proxy_that_rewrites_the_host_does_not_cause_a_redirect_loop(
    start: Start, events: Events
) -> None:
    """The browser is at 127.0.0.1 already, and the proxy asks for localhost each time."""
    headers = {"Host": "localhost:9000", "X-Forwarded-Host": "127.0.0.1:9000"}
    response = client_of(start).get("/form", base_url=INTERNAL, headers=headers)

    assert response.status_code == 400
    assert [event["reason"] for event in events.named("host_refused")] == ["proxy_not_declared"]


@pytest.mark.parametrize(
    ("proto", "host"),
    [
        ("https", "id.example"),
        ("HTTPS", "id.example"),
        ("https", "ID.example"),
        ("https", "id.example:443"),
    ],
)
def test_other_spellings_of_the_own_origin_are_accepted(
    start: Start, events: Events, proto: str, host: str
) -> None:
    headers = {"X-Forwarded-Proto": proto, "X-Forwarded-Host": host}
    leg = client_of(start, **PUBLIC, TRUSTED_PROXIES="1")

    assert leg.get("/form", base_url=INTERNAL, headers=headers).status_code == 200
    assert events.named("host_refused") == []
