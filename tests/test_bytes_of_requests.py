"""Queries, forms and JSON that are not UTF-8 are refused at every leg; no byte is replaced."""

import json
from collections.abc import Callable, Iterator
from urllib.parse import quote

import pytest
from flask import Flask
from werkzeug.test import TestResponse
from world.browser import Browser
from world.cast import Person
from world.fixtures import Stage
from world.hashing import cheap_hashing
from world.legs import Legs, copy_of

URLENCODED = "application/x-www-form-urlencoded"
#: An escape of latin-1, latin-1 itself, half of a character, a surrogate, and UTF-16.
BAD_VALUES = (b"%E9", b"\xe9", b"%C3", b"%ED%A0%80", b"%FF%FEa%00")
AUTH_FORMS = {
    "/login": "username=alice&password=X",
    "/oauth/authorize?client_id=print-shop": "decision=allow&granted_scope=X",
    "/developer/apps/new": "name=X",
    "/account/apps": "client_id=X",
    "/account/password": "new_password=X",
    "/oauth/token": "grant_type=refresh_token&refresh_token=X",
    "/oauth/introspect": "token=X",
    "/oauth/revoke": "token=X",
}
SHOP_FORMS = {"/photos": "title=X", "/photos/1/title": "title=X", "/orders": "size=X"}
QUERIES = [
    ("auth_server", "/login?next=X"),
    ("client_app", "/connect?scope=X"),
    ("client_app", "/photos?after=X"),
    ("resource_api", "/photos?after=X"),
]
MACHINES = ("/oauth/token", "/oauth/introspect", "/oauth/revoke")


def client_of(app: Flask, browser: Browser) -> Callable[..., TestResponse]:
    """Return a function that sends bytes unchanged, with the cookies of the browser."""
    url = app.extensions["tripod.settings"].url
    client = app.test_client()
    for name, value in browser.cookies().items():
        client.set_cookie(name, value, domain="127.0.0.1")

    def send(path: str, query: bytes = b"", **options: object) -> TestResponse:
        environ = {"QUERY_STRING": query.decode("latin-1")}
        return client.open(path, base_url=url, environ_overrides=environ, **options)  # type: ignore[arg-type]

    return send


@pytest.fixture(scope="module")
def shared_legs(stage: Stage, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Legs]:
    """Run the legs for all tests here: most requests are refused, and change nothing."""
    folder = copy_of(stage.instance_path, tmp_path_factory.mktemp("legs") / "instance")
    with cheap_hashing():
        legs = Legs(folder, TRIPOD_ACCESS_TOKEN_LIFETIME="3600")
        yield legs
        legs.close()


@pytest.fixture
def legs(shared_legs: Legs) -> Legs:
    """Return the legs, without the events of the tests before."""
    shared_legs.events.clear()
    return shared_legs


@pytest.fixture(scope="module")
def alice(shared_legs: Legs) -> Person:
    """Return Alice, with the album of a Print Shop that may change photos."""
    legs = shared_legs
    person = Person("alice", "wonderland", Browser(legs.network, home=legs.auth_server_url))
    scope = quote("profile photos:read photos:write")
    person.go_through(f"{legs.client_app_url}/connect?scope={scope}")
    return person


@pytest.fixture
def album(alice: Person) -> dict[str, str]:
    """Return the fields of the form that adds a photo."""
    return dict(alice.browser.current.form_with("image").submission())


def is_refused(response: TestResponse, what: str) -> bool:
    assert response.status_code == 400, response.text
    assert f"The {what} is not UTF-8." in response.text
    assert "\ufffd" not in response.text
    return True


@pytest.mark.parametrize("address", AUTH_FORMS)
def test_a_form_of_the_authorization_server_must_be_utf_8(
    legs: Legs, alice: Person, address: str
) -> None:
    send = client_of(legs.auth_server, alice.browser)
    path, _, query = address.partition("?")
    for value in BAD_VALUES:
        body = AUTH_FORMS[address].encode().replace(b"X", value)
        response = send(path, query.encode(), method="POST", data=body, content_type=URLENCODED)

        assert is_refused(response, "form")
        assert response.mimetype == ("application/json" if path in MACHINES else "text/html")
    recorded = [event for event in legs.events if event.get("reason") == "not_utf8"]
    assert {(event["event"], event["path"]) for event in recorded} == {("request_refused", path)}


@pytest.mark.parametrize("path", SHOP_FORMS)
def test_a_form_of_print_shop_must_be_utf_8(
    legs: Legs, alice: Person, album: dict[str, str], path: str
) -> None:
    send = client_of(legs.client_app, alice.browser)
    for value in BAD_VALUES:
        body = f"csrf_token={album['csrf_token']}&{SHOP_FORMS[path]}".encode().replace(b"X", value)

        assert is_refused(send(path, method="POST", data=body, content_type=URLENCODED), "form")


@pytest.mark.parametrize(("leg", "address"), QUERIES)
def test_a_query_must_be_utf_8(legs: Legs, alice: Person, leg: str, address: str) -> None:
    send = client_of(getattr(legs, leg), alice.browser)
    path, _, query = address.partition("?")

    assert is_refused(send(path, query.encode().replace(b"X", b"\xe9")), "query of this address")


@pytest.mark.parametrize("value", BAD_VALUES)
def test_escapes_in_a_parameter_that_nothing_reads_do_not_matter(
    legs: Legs, alice: Person, value: bytes
) -> None:
    send = client_of(legs.client_app, alice.browser)
    escaped = quote(value, safe="%").encode()

    assert send("/photos", b"b=" + escaped).status_code == 200


@pytest.mark.parametrize("parameter", ["state", "scope", "client_id", "redirect_uri"])
def test_an_authorization_request_that_is_not_utf_8_gets_an_error_page(
    legs: Legs, alice: Person, parameter: str
) -> None:
    """A redirect must carry the state that the client sent, and could not."""
    send = client_of(legs.auth_server, alice.browser)
    callback = quote(f"{legs.client_app_url}/callback", safe="")
    request = f"client_id=print-shop&response_type=code&redirect_uri={callback}&{parameter}="
    for value in BAD_VALUES:
        response = send("/oauth/authorize", request.encode() + value)

        assert (response.status_code, response.location) == (400, None)
        assert "Encode every parameter in UTF-8." in response.text
    refused = legs.events_named("authorization_request_refused")
    assert {event["reason"] for event in refused} == {"not_utf8"}


def test_an_authorization_response_that_is_not_utf_8_cannot_be_used(
    legs: Legs, alice: Person
) -> None:
    send = client_of(legs.client_app, alice.browser)
    for value in BAD_VALUES:
        response = send("/callback", b"code=x&state=" + value)

        assert response.status_code == 400
        assert "This response cannot be used" in response.text
    refused = legs.events_named("authorization_response_refused")
    assert {event["reason"] for event in refused} == {"not_utf8"}


def test_a_replacement_character_that_was_typed_is_text(
    legs: Legs, alice: Person, album: dict[str, str]
) -> None:
    send = client_of(legs.client_app, alice.browser)
    token = field("csrf_token", album["csrf_token"].encode())
    body = parts(field("title", b"50\xef\xbf\xbd"), token)
    response = send("/photos", method="POST", data=body, content_type=MULTIPART)

    assert "Choose an image to add." in response.text
    assert 'value="50\ufffd"' in response.text


# multipart/form-data

MULTIPART = "multipart/form-data; boundary=edge"
#: A PNG of one pixel.
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de"
    "0000000c49444154789c63f8cfc0000003010100c9fe92ef0000000049454e44ae426082"
)


def field(name: str, content: bytes, headers: bytes = b"") -> bytes:
    return b'Content-Disposition: form-data; name="%s"\r\n%s\r\n%s' % (
        name.encode(),
        headers,
        content,
    )


def image(file_name: bytes = b"x.png") -> bytes:
    return b'Content-Disposition: form-data; name="image"; filename="%s"\r\n\r\n%s' % (
        file_name,
        PIXEL,
    )


def parts(*contents: bytes) -> bytes:
    return b"".join(b"--edge\r\n%s\r\n" % content for content in contents) + b"--edge--\r\n"


@pytest.fixture
def upload(legs: Legs, alice: Person) -> Callable[..., TestResponse]:
    """Return a function that sends parts to Photo API with Alice's token."""
    exchanges = legs.network.exchanges_with(legs.auth_server_url, "/oauth/token")
    token = exchanges[-1].json["access_token"]
    send = client_of(legs.resource_api, Browser(legs.network))

    def upload(*contents: bytes) -> TestResponse:
        headers = {"Authorization": f"Bearer {token}"}
        return send(
            "/photos", method="POST", data=parts(*contents), content_type=MULTIPART, headers=headers
        )

    return upload


@pytest.mark.parametrize("title", [b"Caf\xe9", "Café".encode("utf-16"), b"\xed\xa0\x80"])
def test_a_multipart_title_must_be_utf_8(
    legs: Legs, upload: Callable[..., TestResponse], title: bytes
) -> None:
    response = upload(field("title", title), image())

    assert is_refused(response, "form")
    assert json.loads(response.text)["error"] == "invalid_request"


def test_a_part_may_declare_latin_1(upload: Callable[..., TestResponse]) -> None:
    declared = b"Content-Type: text/plain; charset=iso-8859-1\r\n"
    response = upload(field("title", b"Caf\xe9", declared), image())

    assert (response.status_code, response.get_json()["title"]) == (201, "Café")


@pytest.mark.parametrize("name", [b"caf\xe9.png", "café.png".encode(), b"\xff\xfe", b"%E9"])
def test_the_name_of_a_file_does_not_matter(
    upload: Callable[..., TestResponse], name: bytes
) -> None:
    response = upload(field("title", "Café".encode()), image(name))

    assert (response.status_code, response.get_json()["title"]) == (201, "Café")


def test_print_shop_accepts_any_name_of_a_file(
    legs: Legs, alice: Person, album: dict[str, str]
) -> None:
    send = client_of(legs.client_app, alice.browser)
    token = field("csrf_token", album["csrf_token"].encode())
    body = parts(token, field("title", "Café".encode()), image(b"caf\xe9.png"))
    response = send("/photos", method="POST", data=body, content_type=MULTIPART)

    assert response.status_code == 303


def test_a_field_has_a_size_limit(upload: Callable[..., TestResponse]) -> None:
    assert upload(field("title", b"x" * 600_000), image()).status_code == 413


# JSON (RFC 8259 §8.1)


@pytest.fixture
def rename(legs: Legs, upload: Callable[..., TestResponse]) -> Callable[[bytes], TestResponse]:
    """Return a function that sends a JSON document to the API to rename a photo."""
    photo_id = upload(field("title", b"Before"), image()).get_json()["id"]
    exchanges = legs.network.exchanges_with(legs.auth_server_url, "/oauth/token")
    headers = {"Authorization": f"Bearer {exchanges[-1].json['access_token']}"}
    send = client_of(legs.resource_api, Browser(legs.network))

    def rename(body: bytes) -> TestResponse:
        return send(
            f"/photos/{photo_id}",
            method="PATCH",
            data=body,
            content_type="application/json",
            headers=headers,
        )

    return rename


@pytest.mark.parametrize(
    "body",
    [
        '{"title": "Café"}'.encode("latin-1"),
        '{"title": "Café"}'.encode("utf-16"),
        '{"title": "Café"}'.encode("utf-16-le"),
        b'{"title": "\xed\xa0\x80"}',
    ],
)
def test_json_must_be_utf_8(rename: Callable[[bytes], TestResponse], body: bytes) -> None:
    response = rename(body)

    assert (response.status_code, response.get_json()["error"]) == (400, "invalid_request")


def test_json_may_begin_with_a_byte_order_mark(rename: Callable[[bytes], TestResponse]) -> None:
    response = rename('\ufeff{"title": "Café"}'.encode())

    assert (response.status_code, response.get_json()["title"]) == (200, "Café")


def test_a_title_with_an_unpaired_surrogate_is_rejected(
    rename: Callable[[bytes], TestResponse],
) -> None:
    response = rename(b'{"title": "\\ud800"}')

    assert (response.status_code, response.get_json()["error"]) == (422, "invalid_title")
