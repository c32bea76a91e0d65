"""Secrets are masked before they are stored. Equal values keep equal fingerprints."""

import base64
import json
import re
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from world.cast import Person
from world.legs import Legs

from inspector.record.bodies import FORM
from inspector.record.masking import Masker
from inspector.record.parameter_kinds import Rule
from inspector.record.parameters import find_parameter
from inspector.record.scrubbing import DOTS
from inspector.record.transcript import transcribe
from tests.inspector.wires import (
    KEY,
    OTHER_TOKEN,
    STATE,
    TOKEN,
    basic,
    record,
    record_form,
    record_header,
    record_json,
    record_response,
    serialize,
    wire,
)
from web.addresses import append_parameters


@pytest.fixture
def masker() -> Masker:
    """Return a masker with the key of this run."""
    return Masker(KEY)


# Fingerprints


def test_equal_secrets_have_equal_fingerprints() -> None:
    in_a_form = dict(record_form(f"refresh_token={TOKEN}"))["refresh_token"]

    assert in_a_form == Masker(KEY).secret(TOKEN)
    assert f'"access_token": "{in_a_form}"' in record_json({"access_token": TOKEN})
    assert record_header("Authorization", f"Bearer {TOKEN}") == f"Bearer {in_a_form}"


def test_different_secrets_have_different_fingerprints(masker: Masker) -> None:
    assert masker.fingerprint(TOKEN) != masker.fingerprint(OTHER_TOKEN)


def test_fingerprints_differ_between_runs(masker: Masker) -> None:
    assert masker.fingerprint(TOKEN) != Masker("the key of another run").fingerprint(TOKEN)


def test_the_first_letters_of_a_long_random_value_are_kept(masker: Masker) -> None:
    assert masker.secret(TOKEN) == f"Splxl0{DOTS}~{masker.fingerprint(TOKEN)}"


@pytest.mark.parametrize(
    "value", [STATE, "correct horse battery staple, which is long and not random"]
)
def test_no_letters_of_other_secrets_are_kept(masker: Masker, value: str) -> None:
    assert masker.secret(value) == f"{DOTS}~{masker.fingerprint(value)}"


def test_an_empty_value_stays_empty(masker: Masker) -> None:
    assert masker.secret("") == ""


# Passwords


@pytest.mark.parametrize(
    "name",
    [
        *(
            "password",
            "new_password",
            "current_password",
            "repeated_password",
            "old_password",
            "repeat",
        ),
        *(
            "Password",
            "PASSWD",
            "pass",
            "pwd",
            "pin",
            "PIN",
            "userPin",
            "passphrase",
            "password2",
            "passwordConfirm",
        ),
        *("new-password", "password[]", "user[password]", "user.pin"),
    ],
)
def test_a_password_is_masked_without_a_fingerprint(name: str) -> None:
    assert record_form(f"{name}=wonderland") == [(name, DOTS)]


def test_all_password_fields_of_the_pages_are_known(legs: Legs, alice: Person) -> None:
    """An unknown field would be masked too, but with a fingerprint."""
    pages = [alice.browser.open(f"{legs.auth_server_url}/account/password"), alice.sign_in()]
    fields = {
        field.name
        for page in pages
        for form in page.forms
        for field in form.fields
        if field.type == "password"
    }

    assert {"password", "current_password", "new_password", "repeated_password"} == fields
    assert {find_parameter(name).rule for name in fields} == {Rule.PASSWORD}


def test_an_empty_password_is_masked_like_any_other() -> None:
    assert record_form("password=") == [("password", DOTS)]


@pytest.mark.parametrize("password", ["wonderland", TOKEN], ids=["a word", "a random value"])
def test_a_password_in_the_username_field_is_masked_as_a_password(password: str) -> None:
    assert record_form(f"username={password}&password=alice") == [
        ("username", DOTS),
        ("password", DOTS),
    ]


@pytest.mark.parametrize("username", ["alice", "bob", "lab-carol", "lab-mallory"])
def test_the_demos_usernames_are_stored_in_clear(username: str) -> None:
    assert dict(record_form(f"username={username}&password=wonderland"))["username"] == username


def test_a_password_under_another_name_has_no_fingerprint() -> None:
    fields = record_form("confirm=wonderland&new_password=wonderland&magic=wonderland")

    assert fields == [("confirm", DOTS), ("new_password", DOTS), ("magic", DOTS)]


def test_nested_values_under_a_password_name_are_masked_as_passwords() -> None:
    assert json.loads(
        record_json({"password": {"value": "wonderland", "old": ["rabbit-hole"]}})
    ) == {"password": {DOTS: [DOTS]}}


@pytest.mark.parametrize("name", ["password", "client_secret", "refresh_token"])
def test_names_inside_a_secret_value_are_masked(name: str) -> None:
    recorded = record_json({name: {"hunter2secret": True, "name": "hunter3secret"}})

    assert "hunter2secret" not in recorded
    assert "hunter3secret" not in recorded


@pytest.mark.parametrize("name", ["Host", "Origin", "User-Agent"])
@pytest.mark.parametrize("before", ["", "http://"])
@pytest.mark.parametrize(
    "userinfo", ["alice:wonderland", "alice:wonder@land", "wonderland", "alice:won/der?land"]
)
def test_a_password_in_an_address_is_masked_as_a_password(
    name: str, before: str, userinfo: str
) -> None:
    """An address can begin with a user name and a password (RFC 3986 §3.2.1)."""
    assert record_header(name, f"{before}{userinfo}@127.0.0.1:9000") == DOTS


def test_a_sent_value_cannot_mask_the_fixed_values_of_an_event() -> None:
    events = [{"event": "code_redeemed", "grant_id": "0a1b2c3d4e5f"}]

    exchange = record(query="state=code_redeemed&code=0a1b2c3d4e5f", events=events)

    assert exchange.events == events


def test_a_password_in_an_event_is_masked() -> None:
    events = [
        {"event": "sign_in_refused", "reason": "no user named wonderland", "scopes": ["wonderland"]}
    ]
    exchange = record(
        request_headers=[("Content-Type", FORM)],
        request_body=b"password=wonderland",
        request_size=19,
        events=events,
    )

    assert exchange.events == [
        {"event": "sign_in_refused", "reason": f"no user named {DOTS}", "scopes": [DOTS]},
    ]


# Only permitted names are stored in clear


def test_the_value_of_an_unknown_parameter_is_masked(masker: Masker) -> None:
    masked = masker.fingerprint("swordfish")

    assert record(query="magic=swordfish").query == [("magic", f"{DOTS}~{masked}")]
    assert record_form("magic=swordfish") == [("magic", f"{DOTS}~{masked}")]
    assert record_json({"magic": "swordfish"}) == f'{{\n  "magic": "{DOTS}~{masked}"\n}}'


def test_public_protocol_values_are_stored_in_clear() -> None:
    query = "response_type=code&client_id=print-shop&scope=profile+photos:read&error=access_denied"

    assert record(query=query).query == [
        ("response_type", "code"),
        ("client_id", "print-shop"),
        ("scope", "profile photos:read"),
        ("error", "access_denied"),
    ]


def test_a_code_challenge_is_masked() -> None:
    masked = dict(record(query=f"code_challenge={TOKEN}&code_challenge_method=plain").query)

    assert masked == {"code_challenge": Masker(KEY).secret(TOKEN), "code_challenge_method": "plain"}


@pytest.mark.parametrize(
    "name", ["scope", "client_id", "error_description", "next", "redirect_uri", "iss"]
)
def test_a_token_under_a_public_name_is_masked(name: str) -> None:
    """Users sometimes paste tokens into the wrong field."""
    assert TOKEN not in serialize(record(query=f"{name}=https://shop.example/{TOKEN}"))
    assert TOKEN not in serialize(record(query=f"{name}=is+{TOKEN}+good?"))


@pytest.mark.parametrize("name", ["theme", "user[name]", "utm_source", "x-y.z", "A1", "a" * 39])
def test_a_name_that_looks_like_a_parameter_is_kept(name: str) -> None:
    assert record(query=f"{name}=1").query[0][0] == name
    assert record_header("Cookie", f"{name}=1").startswith(f"{name}=")
    assert f'"{name}": ' in record_json({name: "1"})


@pytest.mark.parametrize(
    "secret", [TOKEN, "swordfish 1", "1swordfish", "{swordfish}", "swørdfish", "a" * 40]
)
def test_a_name_that_does_not_look_like_a_parameter_is_masked(secret: str) -> None:
    assert record_form(f"{quote(secret)}=1")[0][0] == DOTS
    assert record_header("Cookie", f"{secret}=1").startswith(f"{DOTS}=")
    assert record_json({secret: "1"}).startswith(f'{{\n  "{DOTS}": ')


@pytest.mark.parametrize("query", ["swordfish", "swordfish=", "swordfish==", "c3dvcmRmaXNo="])
def test_an_unknown_name_without_a_value_is_masked(query: str) -> None:
    assert [name for name, _ in record(query=query).query] == [DOTS]
    assert [name for name, _ in record_form(query)] == [DOTS]


def test_a_known_name_without_a_value_is_kept() -> None:
    """A missing value may be the error in a request."""
    assert record(query="state=&code&client_secret=").query == [
        ("state", ""),
        ("code", ""),
        ("client_secret", ""),
    ]


def test_json_instead_of_a_form_is_masked() -> None:
    assert record_form('{"password": "wonderland"}') == [(DOTS, DOTS)]
    assert record_form('{"magic": "wonderland"}') == [(DOTS, "")]


@pytest.mark.parametrize(
    "name", ["User-Agent", "X-Request-Id", "Content-Type", "Host", "Accept", "Origin"]
)
@pytest.mark.parametrize(
    "text",
    ["{}", "curl/8 {} (with a token)", "x " * 140 + "{}"],
    ids=["the whole value", "inside a sentence", "at the length limit"],
)
def test_a_token_in_a_free_text_is_masked(name: str, text: str) -> None:
    kept = record_header(name, text.format(TOKEN))

    assert TOKEN[:20] not in kept
    assert kept.startswith(text.partition("{")[0])


def test_an_irrelevant_header_is_not_stored() -> None:
    assert record(request_headers=[("X-Api-Key", "swordfish")]).request_headers == []


def test_a_token_in_the_request_line_is_masked() -> None:
    assert record(path=f"/photos/{TOKEN}").path == f"/photos/{Masker(KEY).secret(TOKEN)}"
    assert record(host="alice:wonderland@127.0.0.1:9000").host == DOTS
    assert record(host=f"{TOKEN}.example").host == Masker(KEY).secret(f"{TOKEN}.example")
    assert record(method=TOKEN).method == Masker(KEY).secret(TOKEN)


def test_a_token_as_a_content_type_is_masked() -> None:
    headers = [("Content-Type", TOKEN)]

    body = record(response_headers=headers, response_size=1).response_body

    assert DOTS in body.media_type
    assert TOKEN.lower()[:12] not in f"{body.media_type} {body.text}"


def test_a_token_in_an_event_is_masked() -> None:
    events = [
        {"reason": f"{TOKEN} is unknown", "is_late": False},
        {"scopes": ["profile", OTHER_TOKEN]},
    ]
    masker = Masker(KEY)

    assert record(events=events).events == [
        {"reason": f"{masker.secret(TOKEN)} is unknown", "is_late": False},
        {"scopes": ["profile", masker.secret(OTHER_TOKEN)]},
    ]


def test_a_token_as_a_request_id_is_masked() -> None:
    assert TOKEN not in serialize(record(response_headers=[("X-Request-Id", TOKEN)]))


def test_the_labs_request_ids_are_stored_in_clear() -> None:
    request_id = "lab-redirect-uri-changed-at-the-token-endpoint-a1b2c3-01"

    assert record(response_headers=[("X-Request-Id", request_id)]).request_id == request_id


# Addresses within messages


def record_location(location: str) -> str:
    """Return the address that is recorded of a redirect."""
    headers = [("Location", location)]
    return dict(record(status=303, response_headers=headers).response_headers)["Location"]


def test_a_redirect_is_stored_without_its_code_and_state(masker: Masker) -> None:
    location = (
        f"http://127.0.0.1:9001/callback?code={TOKEN}&state={STATE}&iss=http://127.0.0.1:9000"
    )

    assert record_location(location) == (
        f"http://127.0.0.1:9001/callback?code={masker.secret(TOKEN)}&state={masker.secret(STATE)}"
        "&iss=http://127.0.0.1:9000"
    )


def test_an_address_within_an_address_is_masked_by_the_same_rules() -> None:
    inner = f"/oauth/authorize?client_id=print-shop&state={STATE}&code={TOKEN}"
    kept = record_location(f"/login?next={quote(inner, '')}")

    assert kept.startswith("/login?next=/oauth/authorize?client_id%3Dprint-shop%26state%3D")
    assert STATE not in kept
    assert TOKEN not in kept


def test_nested_addresses_are_masked() -> None:
    address = f"/callback?code={STATE}"
    for _ in range(4):
        address = f"/login?next={quote(address, '')}"

    assert STATE not in record_location(address)


def test_a_foreign_address_is_stored_as_an_address() -> None:
    """A foreign address shows an open redirect."""
    assert record_location("//mallory.example/photos") == "//mallory.example/photos"


def test_the_fragment_of_an_address_is_masked() -> None:
    assert record_location(f"https://shop.example/#access_token={STATE}").startswith(
        f"https://shop.example/#{DOTS}~"
    )


def test_a_token_as_the_host_of_an_address_is_masked() -> None:
    assert (
        record_location(f"https://{TOKEN}.example/")
        == f"https://{Masker(KEY).secret(f'{TOKEN}.example')}/"
    )


@pytest.mark.parametrize(
    "path",
    [
        "/callback%3Fcode=short-code&state=9f3k",
        "/oauth/authorize%253Fstate%253D9f3k-short-code",
        "/x;code=short-code",
    ],
)
def test_a_query_inside_a_path_is_masked(path: str) -> None:
    """The recorder cannot know which part of the path is secret."""
    for kept in (
        record(path=path).path,
        record_location(path),
        record_location(f"https://shop.example{path}"),
    ):
        assert "short-code" not in kept


@pytest.mark.parametrize(
    "address",
    ["https://alice:pa/ss-word@host/", "https://alice:pass?word@host", "https://h:pa%40ss-word/"],
)
def test_an_address_that_may_hold_a_password_is_masked_whole(address: str) -> None:
    assert record_location(address) == Masker(KEY).secret(address)


@pytest.mark.parametrize(
    "secret",
    [
        "hunter2@wonderland!",
        f"{TOKEN}.awdl-A.LNEfShpaG261P36ANtFZTwewJo8",
        f"eyJhbGciOi.{TOKEN}.{TOKEN[::-1]}",
        "pa•ss-word-1",
    ],
)
@pytest.mark.parametrize("name", ["password", "access_token", "csrf_token"])
def test_a_repeated_secret_is_masked_everywhere(name: str, secret: str) -> None:
    [_, (_, kept), *_] = record_form(urlencode({name: secret, "scope": secret}))

    assert DOTS in kept
    assert [part for part in re.split(r"[.@•]", secret) if len(part) > 5 and part in kept] == []


@pytest.mark.parametrize(
    "address",
    [
        "https://app.example",
        "https://app.example/cb?b=%E9",
        "https://app.example/cb?y=a%20b",
        "https://app.example/cb?flag",
        "https://app.example/cb?a=1&&b=2",
        "https://app.example/cb?a=1;b=2?",
        "https://app.example/cb?",
        "HTTPS://App.Example:0443//cb;v=1",
        "https://app.example/{id}|^`<>[]'?{id}|^`<>[]'",
        "https://app.example/cb?" + "x&" * 300,
        "com.example.app:/callback",
        "com.example.app:/callback?x=%e9&flag",
        "com.example.app://callback",
        "com.example.app:///callback",
        "com.example.app://",
    ],
)
def test_no_secret_of_a_redirect_is_stored_whatever_the_address(address: str) -> None:
    location = append_parameters(address, {"code": TOKEN, "state": STATE})

    kept = record_location(location)

    assert TOKEN not in kept
    assert STATE not in kept


def test_a_redirect_to_an_app_is_stored_without_its_code_and_state(masker: Masker) -> None:
    """RFC 8252 §7.1: a private-use URI scheme has a period in it."""
    for address in ("com.example.app:/callback", "com.example.app://callback"):
        kept = record_location(f"{address}?code={TOKEN}&state={STATE}")

        assert kept == f"{address}?code={masker.secret(TOKEN)}&state={masker.secret(STATE)}"


@pytest.mark.parametrize(
    "address",
    [
        f"com.{TOKEN.replace('_', '')}.app:/callback",
        "com.example.app:swordfish",
        "com.example.app://alice:swordfish@callback",
        "com.example.app://[swordfish",
        "eyjhbgcioijfuzi1niisimtpzci6ije.swordfish:/",
        f"com.example.app:/{TOKEN}",
    ],
)
def test_a_secret_that_looks_like_an_app_is_not_stored(address: str) -> None:
    kept = record_location(address)

    assert "swordfish" not in kept
    assert TOKEN.replace("_", "").lower() not in kept.lower()


@pytest.mark.parametrize(
    "address",
    [
        "https://alice:wonderland@shop.example/",
        "postcards://callback?code=swordfish",
        "javascript:swordfish()",
        "https://[swordfish",
        "swordfish",
    ],
)
def test_an_address_with_an_unknown_scheme_is_masked_whole(address: str) -> None:
    assert record_location(address) == f"{DOTS}~{Masker(KEY).fingerprint(address)}"


def test_the_referrer_is_masked_like_any_address() -> None:
    kept = record_header("Referer", f"http://127.0.0.1:9001/callback?code={TOKEN}&state={STATE}")

    assert kept.startswith("http://127.0.0.1:9001/callback?code=Splxl0")
    assert TOKEN not in kept
    assert STATE not in kept


# Authorization and cookies


def test_basic_credentials_keep_the_client_id_and_mask_the_secret(masker: Masker) -> None:
    assert (
        record_header("Authorization", basic(f"print-shop:{TOKEN}"))
        == f"Basic print-shop:{masker.secret(TOKEN)}"
    )


def test_basic_credentials_of_a_user_are_masked_as_a_password() -> None:
    """Browsers also use HTTP Basic to send the name and the password of a user."""
    assert record_header("Authorization", basic("alice:wonderland")) == f"Basic alice:{DOTS}"


@pytest.mark.parametrize(
    "credentials",
    [
        basic(f"{TOKEN}:"),
        basic("swordfish"),
        "Basic swordfish",
        "Basic c3dvcmRmaXNo!",
        f"Basic {'/w' * 10}==",
    ],
    ids=["a token as the client id", "no colon", "not base64", "almost base64", "not text"],
)
def test_malformed_basic_credentials_are_masked(credentials: str) -> None:
    kept = record_header("Authorization", credentials)

    assert kept.startswith("Basic ")
    assert DOTS in kept
    assert not [secret for secret in (TOKEN, "swordfish", credentials) if secret in kept]


def test_a_bearer_token_is_masked_and_its_scheme_is_kept(masker: Masker) -> None:
    assert record_header("Authorization", f"Bearer {TOKEN}") == f"Bearer {masker.secret(TOKEN)}"


@pytest.mark.parametrize(
    "value", [TOKEN, "swordfish", "swordfish 1", f"Token {TOKEN}", f"{TOKEN} Bearer"]
)
def test_any_other_authorization_is_masked_whole(value: str) -> None:
    """An unknown scheme may contain a password."""
    assert record_header("Authorization", value) == DOTS


@pytest.mark.parametrize(
    "credentials",
    [
        "Ym9iOnRoZS1idWlsZGVyLWlzLWF0LWhvbWUtdG9kYXk",
        base64.b64encode("alice:pässword-of-mine-is-long-enough".encode("latin-1")).decode(),
    ],
)
def test_unreadable_basic_credentials_are_masked_as_a_password(credentials: str) -> None:
    assert record_header("Authorization", f"Basic {credentials}") == f"Basic {DOTS}"


def test_cookies_keep_their_names() -> None:
    masker = Masker(KEY)

    kept = record_header("Cookie", f"tripod_client_app={TOKEN}; theme=dark")

    assert kept == f"tripod_client_app={masker.secret(TOKEN)}; theme={masker.secret('dark')}"


@pytest.mark.parametrize("cookie", [TOKEN, "swordfish", f"{TOKEN}=1", "a=1;b=swordfish"])
def test_a_malformed_cookie_is_masked(cookie: str) -> None:
    kept = record_header("Cookie", cookie)

    assert TOKEN not in kept
    assert "swordfish" not in kept


def test_a_token_in_an_attribute_of_a_cookie_is_masked(masker: Masker) -> None:
    [(_, kept)] = record(
        response_headers=[("Set-Cookie", f"theme=dark; Path=/{TOKEN}")]
    ).response_headers

    assert kept == f"theme={masker.secret('dark')}; Path=/{masker.secret(TOKEN)}"


def test_a_set_cookie_header_keeps_its_attributes(masker: Masker) -> None:
    cookie = f"tripod_auth_server={TOKEN}; HttpOnly; Path=/; SameSite=Lax"

    [(_, kept)] = record(response_headers=[("Set-Cookie", cookie)]).response_headers

    assert kept == f"tripod_auth_server={masker.secret(TOKEN)}; HttpOnly; Path=/; SameSite=Lax"


# JSON and pages


def test_only_the_tokens_of_a_token_response_are_masked(masker: Masker) -> None:
    response = {
        "access_token": TOKEN,
        "expires_in": 120,
        "refresh_token": OTHER_TOKEN,
        "scope": "profile",
        "active": True,
    }

    assert json.loads(record_json(response)) == {
        "access_token": masker.secret(TOKEN),
        "expires_in": 120,
        "refresh_token": masker.secret(OTHER_TOKEN),
        "scope": "profile",
        "active": True,
    }


@pytest.mark.parametrize(
    "document",
    [
        {"password": 31415926},
        {"pin": 31415926},
        [{"deep": ["31415926"]}],
        "31415926",
        31415926,
    ],
    ids=str,
)
def test_secrets_in_json_are_masked_in_any_type(document: Any) -> None:
    kept = record_json(document)

    assert DOTS in kept
    assert "31415926" not in kept


def test_a_number_that_is_not_a_quantity_is_masked() -> None:
    """The names `id` and `width` are among those whose numbers are stored in clear."""
    kept = json.loads(
        record_json({"exp": 1795643120, "size": -1.5, "id": 10**40, "width": float("inf")})
    )

    assert kept | {"id": 0, "width": 0} == {"exp": 1795643120, "size": -1.5, "id": 0, "width": 0}
    assert DOTS in kept["id"]


@pytest.mark.parametrize(
    "body",
    [b'{"access_token": "swordf', b"\xff\xfe", b"[" * 100_000],
    ids=["truncated", "not UTF-8", "deeply nested"],
)
def test_malformed_json_is_not_stored(body: bytes) -> None:
    assert record_json(body) == "JSON that cannot be read"


def test_only_the_title_of_a_page_is_stored() -> None:
    page = (
        f"<title>Sign in &amp; go on {TOKEN}</title><input name=csrf_token value={STATE}>".encode()
    )
    body = record_response(page, "text/html; charset=utf-8").response_body

    assert body.text == f"an HTML page: “Sign in & go on {Masker(KEY).secret(TOKEN)}”"


def test_the_title_of_a_page_is_one_line() -> None:
    page = b"<title>\n  Sign in\nHost: mallory.example</title>"
    body = record_response(page, "text/html").response_body

    assert body.text == "an HTML page: “Sign in Host: mallory.example”"


def test_only_the_size_of_any_other_body_is_stored() -> None:
    headers = [("Content-Type", "image/webp")]

    body = record(
        response_headers=headers, response_body=b"swordfish", response_size=12_345
    ).response_body

    assert (body.text, body.form) == ("image/webp, 12,345 bytes", [])


# Ties between messages


def test_equal_values_tie_messages_together() -> None:
    callback = record(query=f"state={STATE}&code={TOKEN}")
    redeemed = record(
        request_headers=[("Content-Type", FORM)],
        request_body=f"code={TOKEN}".encode(),
        request_size=48,
    )

    assert [tie.partition(":")[0] for tie in callback.ties] == ["state", "code"]
    assert set(redeemed.ties) < set(callback.ties)


@pytest.mark.parametrize("name", ["tripod_client_app", "__Host-tripod_auth_server"])
def test_pages_of_a_session_are_tied_together(name: str) -> None:
    later = record(request_headers=[("Cookie", f"theme=dark; {name}={TOKEN}")])
    first = record(response_headers=[("Set-Cookie", f"{name}={TOKEN}; Path=/")])

    assert first.ties == later.ties == [f"session:{Masker(KEY).fingerprint(TOKEN, 16)}"]


def test_issue_use_and_introspection_of_a_token_are_tied_together() -> None:
    issued = json.dumps({"access_token": TOKEN}).encode()
    introspection = {
        "request_headers": [("Content-Type", FORM)],
        "request_body": f"token={TOKEN}".encode(),
        "request_size": 49,
    }

    exchanges = [
        record_response(issued, "application/json"),
        record(request_headers=[("Authorization", f"Bearer {TOKEN}")]),
        record(**introspection),
    ]

    assert {tuple(one.ties) for one in exchanges} == {
        (f"token:{Masker(KEY).fingerprint(TOKEN, 16)}",)
    }


@pytest.mark.parametrize("name", ["state", "code", "access_token", "token", "code_challenge"])
def test_empty_values_tie_no_messages_together(name: str) -> None:
    """Otherwise all requests without a state would be one flow."""
    assert record(query=f"{name}=").ties == []


def test_a_verifier_is_tied_to_its_challenge() -> None:
    """The values are the example of RFC 7636, appendix B."""
    verifier, challenge = (
        "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
        "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
    )
    redeemed = record(
        request_headers=[("Content-Type", FORM)],
        request_body=f"code_verifier={verifier}".encode(),
        request_size=57,
    )

    assert record(query=f"code_challenge={challenge}").ties == redeemed.ties != []


def test_ties_depend_on_the_key_of_the_run() -> None:
    one, other = (
        transcribe(wire(query="state=1"), "a key", 1001.0),
        transcribe(wire(query="state=1"), "b key", 1001.0),
    )

    assert one.ties != other.ties


@pytest.mark.parametrize("challenge", ["sword.fish", TOKEN[:30]])
def test_a_challenge_of_any_length_is_masked(challenge: str) -> None:
    query = f"code_challenge={challenge}&code_challenge_method=plain"

    assert challenge not in serialize(record(query=query))
