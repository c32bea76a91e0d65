"""CORS (the Fetch standard, §3.2): what a script of another origin may read.

Only views that a public client in a browser needs are readable. All routes are tested.
"""

import re
from typing import NamedTuple

import pytest
import requests
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.exceptions import TooManyRequests
from werkzeug.test import TestResponse
from world.cast import Person
from world.legs import Legs
from world.registered_client import RegisteredClient

from inspector.lab.setup import add_lab
from inspector.setup import open_pages
from inspector.stepping.setup import add_steps
from inspector.tools import add_tools
from web.canonical_host import for_machines
from web.cors import for_browser_clients

ORIGIN = "https://album.example"
#: What a public client in a browser needs.
READABLE = {
    "auth_server": {
        "GET /.well-known/oauth-authorization-server",
        "GET /.well-known/openid-configuration",
        "GET /oauth/jwks",
        "GET /oauth/userinfo",
        "POST /oauth/userinfo",
        "POST /oauth/token",
        "POST /oauth/revoke",
        "POST /oauth/register",
        "GET /oauth/register/<client_id>",
        "PUT /oauth/register/<client_id>",
        "DELETE /oauth/register/<client_id>",
    },
    "client_app": set[str](),
    "resource_api": {
        "GET /.well-known/oauth-protected-resource",
        "GET /me",
        "GET /photos",
        "POST /photos",
        "GET /photos/<photo_id>",
        "PATCH /photos/<photo_id>",
        "DELETE /photos/<photo_id>",
        "GET /photos/<photo_id>/image",
    },
}
ON_EVERY_LEG = {"GET /", "GET /healthz", "GET /livez", "GET /static/<path:filename>", "POST /theme"}
#: The other routes of the two servers. A new route is added here or above, except that a view of
#: Photo API that requires a scope is always readable. No route of Print Shop ever is.
NOT_READABLE = {
    "auth_server": {
        *ON_EVERY_LEG,
        "GET /oauth/authorize",
        "POST /oauth/authorize",
        "POST /oauth/introspect",
        "GET /login",
        "POST /login",
        "GET /login/account",
        "POST /login/account",
        "POST /logout",
        "GET /oauth/logout",
        "POST /oauth/logout",
        "POST /oauth/logout/confirmation",
        "GET /.well-known/change-password",
        "GET /account/apps",
        "POST /account/apps",
        "GET /account/apps/remove",
        "GET /account/activity",
        "POST /account/activity",
        "GET /account/password",
        "POST /account/password",
        "GET /account/sign-out",
        "POST /account/sign-out",
        "GET /developer/apps",
        "GET /developer/apps/new",
        "POST /developer/apps/new",
        "GET /developer/connect",
        "GET /developer/apps/<client_id>",
        "POST /developer/apps/<client_id>",
        "GET /developer/apps/<client_id>/secret",
        "POST /developer/apps/<client_id>/secret",
        "GET /developer/apps/<client_id>/delete",
        "POST /developer/apps/<client_id>/delete",
    },
    # A page of another origin is refused here (Model Context Protocol, Streamable HTTP).
    "resource_api": {*ON_EVERY_LEG, "POST /mcp"},
}


class Route(NamedTuple):
    """A method and a path of a leg. `is_scoped` is true if its view requires a scope."""

    app: Flask
    method: str
    rule: str
    is_scoped: bool

    @property
    def line(self) -> str:
        """The route as the tables have it."""
        return f"{self.method} {self.rule}"

    @property
    def address(self) -> str:
        """A path that the route matches."""
        return re.sub("<.+?>", "1", self.rule.replace("<path:filename>", "css/base.css"))

    @property
    def is_readable(self) -> bool:
        """Whether a script of another origin may read it."""
        return self.line in READABLE[self.app.name] or self.is_scoped


def routes_of(app: Flask) -> list[Route]:
    """Return the routes of the application, without those that Flask adds for each view."""
    return [
        Route(app, method, rule.rule, hasattr(app.view_functions[rule.endpoint], "required_scope"))
        for rule in app.url_map.iter_rules()
        for method in sorted(rule.methods or ())
        if method not in ("HEAD", "OPTIONS")
    ]


@pytest.fixture
def applications(legs: Legs) -> dict[str, Flask]:
    """Return the legs, with the pages and tools of the inspector and the lab on Print Shop."""
    settings = legs.client_app.extensions["tripod.settings"]
    open_pages(legs.client_app, settings, treat_as_expired=lambda: None)
    add_lab(legs.client_app, settings, {})
    add_steps(legs.client_app, settings, keep_alive=lambda: None)
    add_tools(legs.client_app, settings, legs.resource_api.extensions["tripod.settings"])
    found = (legs.auth_server, legs.client_app, legs.resource_api)
    return {app.name: app for app in found}


def send(app: Flask, method: str, path: str, **headers: str) -> TestResponse:
    """Send a request as a script of another origin does."""
    url = app.extensions["tripod.settings"].url
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return FlaskClient(app, use_cookies=False).open(
        path, method=method, base_url=url, headers={"Origin": ORIGIN} | named, buffered=True
    )


def preflight(app: Flask, method: str, path: str, headers: str = "") -> TestResponse:
    """Ask whether a script may send `method` with these headers (§3.2.2)."""
    asked = {"Access-Control-Request-Method": method}
    if headers:
        asked["Access-Control-Request-Headers"] = headers
    return send(app, "OPTIONS", path, **asked)


def cross_origin_headers(response: TestResponse) -> dict[str, str]:
    return {
        name: value
        for name, value in response.headers.items()
        if name.startswith("Access-Control-")
    }


def allowed(response: TestResponse, header: str) -> set[str]:
    """Return the members of a list in a header of the response."""
    return {item for item in response.headers.get(header, "").split(", ") if item}


@pytest.fixture
def routes(applications: dict[str, Flask]) -> list[Route]:
    """Return the routes of all legs."""
    return [route for app in applications.values() for route in routes_of(app)]


@pytest.mark.parametrize("leg", ["auth_server", "resource_api"])
def test_every_route_of_a_server_is_in_a_table(applications: dict[str, Flask], leg: str) -> None:
    found = {route.line for route in routes_of(applications[leg])}
    decided_by_decorator = {route.line for route in routes_of(applications[leg]) if route.is_scoped}

    assert READABLE[leg] | NOT_READABLE[leg] <= found
    assert found - READABLE[leg] - NOT_READABLE[leg] - decided_by_decorator == set()
    assert NOT_READABLE[leg] & (READABLE[leg] | decided_by_decorator) == set()


def test_a_script_of_any_origin_may_read_a_readable_route(routes: list[Route]) -> None:
    for route in filter(lambda route: route.is_readable, routes):
        response = send(route.app, route.method, route.address)

        assert response.headers.get("Access-Control-Allow-Origin") == "*", route
        assert "Access-Control-Allow-Credentials" not in response.headers, route
        assert "Origin" not in response.headers.get("Vary", ""), route


def test_a_preflight_for_a_readable_route_is_answered(routes: list[Route]) -> None:
    for route in filter(lambda route: route.is_readable, routes):
        response = preflight(route.app, route.method, route.address)

        assert (response.status_code, response.data) == (204, b""), route
        assert response.headers["Access-Control-Allow-Origin"] == "*", route
        assert route.method in allowed(response, "Access-Control-Allow-Methods"), route
        assert response.headers["Access-Control-Max-Age"] == "7200", route
        assert "Access-Control-Allow-Credentials" not in response.headers, route


def test_no_other_route_answers_a_script_of_another_origin(routes: list[Route]) -> None:
    """The authorization endpoint and the pages are for the user, and never for a script."""
    others = [route for route in routes if not route.is_readable]
    for route in others:
        actual = send(route.app, route.method, route.address)
        asked = preflight(route.app, route.method, route.address, "authorization")

        assert cross_origin_headers(actual) == cross_origin_headers(asked) == {}, route
    assert {route.app.name for route in others} == {"auth_server", "client_app", "resource_api"}


def test_the_pages_stay_unreadable_for_a_signed_in_user(legs: Legs, alice: Person) -> None:
    alice.send_login()
    for path in ("/", "/account/apps", "/oauth/authorize?client_id=print-shop", "/nowhere"):
        response = alice.browser.get(path, headers={"Origin": ORIGIN})

        assert "Access-Control-Allow-Origin" not in response.headers, path


def test_a_preflight_does_not_allow_client_secrets_in_a_header(legs: Legs) -> None:
    """A client in a browser is public: a secret that its script sends is no secret."""
    for path in ("/oauth/token", "/oauth/revoke"):
        response = preflight(legs.auth_server, "POST", path, "authorization")

        assert allowed(response, "Access-Control-Allow-Headers") == {"Content-Type"}


def test_a_preflight_allows_access_tokens_at_the_api(legs: Legs) -> None:
    response = preflight(legs.resource_api, "PATCH", "/photos/1", "authorization,content-type")

    assert allowed(response, "Access-Control-Allow-Headers") == {"Authorization", "Content-Type"}
    assert allowed(response, "Access-Control-Allow-Methods") == {"GET", "HEAD", "PATCH", "DELETE"}


@pytest.mark.parametrize(
    ("leg", "path"),
    [
        ("auth_server", "/.well-known/oauth-authorization-server"),
        ("resource_api", "/.well-known/oauth-protected-resource"),
    ],
)
def test_the_metadata_may_be_requested_with_any_header(
    applications: dict[str, Flask], leg: str, path: str
) -> None:
    """Libraries add headers such as `MCP-Protocol-Version`; the public document ignores them."""
    response = preflight(applications[leg], "GET", path, "mcp-protocol-version")

    assert response.headers["Access-Control-Allow-Headers"] == "*"


def test_a_preflight_changes_nothing_and_needs_no_token(legs: Legs, alice: Person) -> None:
    before = len(legs.events)
    response = preflight(legs.resource_api, "DELETE", "/photos/1", "authorization")

    assert response.status_code == 204
    assert legs.events[before:] == []
    assert "Set-Cookie" not in response.headers


@pytest.mark.parametrize("method", ["PUT", "POST", "BREW"])
def test_a_preflight_lists_only_the_methods_that_the_path_has(legs: Legs, method: str) -> None:
    response = preflight(legs.resource_api, method, "/photos/1", "authorization")

    assert method not in allowed(response, "Access-Control-Allow-Methods")


def test_a_preflight_with_a_foreign_host_is_rejected(legs: Legs) -> None:
    response = FlaskClient(legs.resource_api).open(
        "/photos",
        method="OPTIONS",
        base_url="http://evil.example",
        headers={"Origin": ORIGIN, "Access-Control-Request-Method": "GET"},
    )

    assert response.status_code == 400


def test_a_preflight_is_answered_on_every_spelling_of_the_host(legs: Legs) -> None:
    response = FlaskClient(legs.resource_api).open(
        "/photos",
        method="OPTIONS",
        base_url="http://localhost:9002",
        headers={"Origin": ORIGIN, "Access-Control-Request-Method": "GET"},
    )

    assert response.status_code == 204


@pytest.mark.parametrize("headers", [{}, {"Access_Control_Request_Headers": "authorization"}])
def test_options_without_a_preflight_is_answered_as_ever(
    legs: Legs, headers: dict[str, str]
) -> None:
    response = send(legs.resource_api, "OPTIONS", "/photos", **headers)

    assert response.status_code == 200
    assert allowed(response, "Allow") == {"GET", "HEAD", "POST", "OPTIONS"}
    assert cross_origin_headers(response) == {}


# Errors -----------------------------------------------------------------------


def is_readable(response: requests.Response) -> bool:
    exposed = response.headers.get("Access-Control-Expose-Headers", "").split(", ")
    has_names = exposed == ["WWW-Authenticate", "Location", "Retry-After", "X-Request-Id"]
    return response.headers.get("Access-Control-Allow-Origin") == "*" and has_names


@pytest.fixture
def script(legs: Legs) -> requests.Session:
    """Return a session that sends the origin of a script."""
    session = legs.session()
    session.headers["Origin"] = ORIGIN
    return session


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({"grant_type": "authorization_code"}, 401),
        ({}, 400),
        ({"grant_type": "x" * 70_000}, 413),
    ],
)
def test_errors_of_the_token_endpoint_can_be_read(
    legs: Legs, script: requests.Session, form: dict[str, str], status: int
) -> None:
    response = script.post(f"{legs.auth_server_url}/oauth/token", form)

    assert response.status_code == status
    assert is_readable(response)


def test_an_invalid_grant_can_be_read(
    script: requests.Session, public_client: RegisteredClient
) -> None:
    public_client.http.headers["Origin"] = ORIGIN
    response = public_client.redeem("made-up", "x" * 43)

    assert (response.status_code, response.json()["error"]) == (400, "invalid_grant")
    assert is_readable(response)


def test_a_method_that_is_not_allowed_can_be_read(legs: Legs, script: requests.Session) -> None:
    at_the_api = script.post(f"{legs.resource_api_url}/photos/1")
    at_the_server = script.get(f"{legs.auth_server_url}/oauth/token")
    at_a_page = script.put(f"{legs.auth_server_url}/oauth/authorize")

    assert [one.status_code for one in (at_the_api, at_the_server, at_a_page)] == [405] * 3
    assert is_readable(at_the_api)
    assert is_readable(at_the_server)
    assert not is_readable(at_a_page)


def test_errors_of_the_api_can_be_read(
    legs: Legs, script: requests.Session, alice: Person, client: RegisteredClient
) -> None:
    api = f"{legs.resource_api_url}/photos"
    responses = [script.get(api), script.get(api, headers={"Authorization": "Bearer"})]
    token = alice.tokens_for(client, "photos:read")["access_token"]
    script.headers["Authorization"] = f"Bearer {token}"
    responses += [script.delete(f"{api}/1"), script.get(f"{api}/1")]
    token = alice.tokens_for(client, "photos:write")["access_token"]
    script.headers["Authorization"] = f"Bearer {token}"
    responses += [
        script.patch(f"{api}/1", data="{}"),
        script.post(api, data={"title": "A photo"}, files={"image": b"x" * 11 * 1024 * 1024}),
        script.post(api, data={"title": "A photo"}, files={"image": b"no image"}),
        script.patch(f"{api}/1", json={"title": ""}),
    ]

    assert [one.status_code for one in responses] == [401, 400, 403, 404, 415, 413, 415, 422]
    assert all(is_readable(response) for response in responses)


def test_an_unavailable_api_can_be_read(legs: Legs, script: requests.Session) -> None:
    with legs.network.cut_off(legs.auth_server_url):
        response = script.get(
            f"{legs.resource_api_url}/photos", headers={"Authorization": "Bearer some-token"}
        )

    assert (response.status_code, response.headers["Retry-After"]) == (503, "5")
    assert is_readable(response)


def test_a_server_error_can_be_read(
    legs: Legs, script: requests.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise ValueError

    monkeypatch.setitem(legs.auth_server.view_functions, "auth_server.metadata", fail)
    unmarked = script.get(f"{legs.auth_server_url}/.well-known/oauth-authorization-server")
    monkeypatch.setitem(fail.__dict__, "readable_by_scripts", ("*",))
    marked = script.get(f"{legs.auth_server_url}/.well-known/oauth-authorization-server")

    assert [unmarked.status_code, marked.status_code] == [500, 500]
    assert [is_readable(unmarked), is_readable(marked)] == [False, True]


def test_throttling_can_be_read(
    legs: Legs, script: requests.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    @for_browser_clients("Content-Type")
    @for_machines
    def throttle() -> None:
        raise TooManyRequests(retry_after=7)

    monkeypatch.setitem(legs.auth_server.view_functions, "auth_server.token_request", throttle)
    response = script.post(f"{legs.auth_server_url}/oauth/token")

    assert (response.status_code, response.headers["Retry-After"]) == (429, "7")
    assert is_readable(response)


@pytest.mark.parametrize("leg", ["auth_server", "client_app", "resource_api"])
@pytest.mark.parametrize("path", ["/static//css/base.css", "/photos//x", "/oauth//token"])
def test_a_path_with_two_slashes_is_no_server_error(legs: Legs, leg: str, path: str) -> None:
    url = getattr(legs, f"{leg}_url")
    response = getattr(legs, leg).test_client().get(path, base_url=url)

    assert response.status_code in (308, 404, 405)


def test_the_answer_is_the_same_without_an_origin(legs: Legs, script: requests.Session) -> None:
    """A response that differs by `Origin` would need `Vary`; this one never differs."""
    del script.headers["Origin"]
    response = script.get(f"{legs.auth_server_url}/.well-known/oauth-authorization-server")

    assert is_readable(response)
    assert "Origin" not in response.headers.get("Vary", "")
