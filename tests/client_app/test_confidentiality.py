"""No cookie, page, address, log or file contains a token, code, verifier or secret."""

import base64
import json
import logging
import zlib

import pytest
import sqlalchemy as sa

from tests.client_app.storages import EVERY_STORE


@pytest.fixture
def responses(alices_browser, tripod_id, clock):
    """Return Print Shop's responses during a flow with refreshes and errors."""
    denied = tripod_id.parameters_of(alices_browser.begin())["state"]
    responses = [
        alices_browser.get("/"),
        alices_browser.get("/connect"),
        alices_browser.connect(),
        alices_browser.get("/photos"),
        alices_browser.get("/photos/fjord/image"),
        alices_browser.get("/photos/none/image"),
        alices_browser.post("/refresh"),
        clock.forward(130) or alices_browser.get("/photos"),
        alices_browser.get(f"/callback?error=access_denied&state={denied}&iss={tripod_id.url}"),
        alices_browser.get("/callback?code=secret-code&state=unknown"),
        alices_browser.post("/disconnect", {}),
        alices_browser.post("/disconnect"),
        alices_browser.get("/photos"),
    ]
    assert [response.status_code for response in responses] == [
        200,
        302,
        303,
        200,
        200,
        404,
        303,
        200,
        403,
        400,
        400,
        303,
        403,
    ]
    return responses


@pytest.fixture
def list_secrets(tripod_id, network):
    """Return a function that lists every value that must stay secret."""
    verifiers = [
        form["code_verifier"] for form in network.forms("/oauth/token") if "code_verifier" in form
    ]
    codes = [form["code"] for form in network.forms("/oauth/token") if "code" in form]
    return lambda: [
        *tripod_id.access_tokens,
        *tripod_id.refresh_tokens,
        *verifiers,
        *codes,
        "a secret",
        "secret-code",
    ]


def decode_cookie(cookie):
    """Decode Flask's signed cookie, which can be read without the key."""
    payload = cookie.lstrip(".").split(".")[0]
    data = base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))
    return zlib.decompress(data) if cookie.startswith(".") else data


def test_no_page_or_header_contains_a_secret(responses, list_secrets):
    texts = [f"{response.headers}{response.get_data(as_text=True)}" for response in responses]

    assert not [secret for secret in list_secrets() for text in texts if secret in text]


def test_the_state_is_sent_only_to_the_authorization_server(responses):
    states = [
        response.headers["Location"].partition("state=")[2][:43]
        for response in responses
        if response.status_code == 302
    ]

    assert len(states[0]) == 43
    assert not [
        response
        for response in responses
        if response.status_code != 302 and states[0] in response.get_data(as_text=True)
    ]


def test_the_cookie_holds_two_ids_and_the_csrf_token(alices_browser):
    alices_browser.get("/photos")

    assert set(json.loads(decode_cookie(alices_browser.cookie))) == {
        "browser",
        "connection",
        "csrf_token",
    }


def test_the_cookie_is_http_only_and_same_site(browser):
    cookie = browser.get("/").headers["Set-Cookie"]

    assert cookie.startswith("tripod_client_app=")
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_later_pages_do_not_set_the_cookie(alices_browser):
    """A slow page must not overwrite the cookie that another tab has received meanwhile."""
    responses = [
        alices_browser.get(path) for path in ("/", "/photos", "/photos/fjord/image", "/connect")
    ]

    cookies = [text for one in responses for text in one.headers.getlist("Set-Cookie")]
    assert not [text for text in cookies if text.startswith("tripod_client_app=")]


def test_no_file_of_the_store_contains_a_secret(alices_browser, app, tripod_id, settings, stored):
    alices_browser.begin()
    alices_browser.post("/refresh")
    files = list(settings.instance_path.glob("client_sessions.db*"))
    content = b"".join(path.read_bytes() for path in files)

    assert len(stored()) == 1
    assert b"client_sessions" in content
    assert not [
        token
        for token in (*tripod_id.access_tokens, *tripod_id.refresh_tokens)
        if token.encode() in content
    ]


def test_no_log_contains_a_secret(logged, responses, list_secrets):
    lines = [f"{record.getMessage()}{getattr(record, 'fields', '')}" for record in logged()]

    assert lines
    assert not [secret for secret in list_secrets() for line in lines if secret in line]


@pytest.mark.parametrize("storage", EVERY_STORE, indirect=True)
@pytest.mark.parametrize("path", ["/photos", "/", "/photos/fjord/image", "/connect"])
def test_an_unreachable_store_gets_an_error_page(alices_browser, storage, caplog, path):
    storage.destroy()
    response = alices_browser.get(path)

    assert response.status_code == 503
    assert response.headers["Retry-After"] == "10"
    assert "Print Shop cannot read its data" in response.text
    assert [record.levelno for record in caplog.records if record.name == "tripod"] == [
        logging.ERROR
    ]


def test_healthz_checks_the_store(browser, app):
    status_before = browser.get("/healthz").status_code
    engine = app.extensions["tripod.database"].engine
    sa.event.listen(
        engine,
        "begin",
        lambda _connection: (_ for _ in ()).throw(sa.exc.OperationalError("", {}, None)),
    )

    assert (status_before, browser.get("/healthz").status_code) == (200, 503)
