"""A message as a curl command that sends it again, with placeholders for masked values."""

import json
import re
import subprocess
from typing import Any

import pytest
import requests
from world.cast import Person
from world.legs import Legs

from inspector.draw import curl
from inspector.record.exchange import Body, Exchange
from inspector.record.store import Store
from tests.inspector.exchanges import exchange

CODE = "Splxl0••••••••~3fa9c1"
MASKED = "••••••••~aa01bb"
LENGTH = [("Content-Length", "9")]
HOSTILE = [
    *(
        "'; rm -rf ~; '",
        "$(id)",
        "`id`",
        "X`id`|sh&",
        'a"b',
        "!x",
        "\\",
        "-o/tmp/x",
        "--config",
        "@/etc/passwd",
    ),
    *("${HOME}", "$HOME", "~", "*", "{a,b}", "[1-9]", "#", "%s", "é"),
]


def split_command(command: str, **variables: str) -> list[str]:
    """Return the arguments that curl receives if a shell runs the command with these variables."""
    script = command.replace("curl", "printf '%s\\0'", 1)
    finished = subprocess.run(
        ["/bin/sh", "-euc", script], env=variables, capture_output=True, check=True
    )
    return finished.stdout.decode().split("\0")[:-1]


def patch_request(*, json_text: str = "", **fields: Any) -> Exchange:
    """Return a PATCH request whose body is not a form."""
    body = Body(media_type="application/json", size=len(json_text), text=json_text)
    headers = [("Content-Type", "application/json"), *LENGTH]
    return exchange(
        "resource_api",
        "PATCH /photos/1",
        **{"request_headers": headers, "request_body": body} | fields,
    )


def test_the_token_request_has_placeholders() -> None:
    message = exchange(
        "auth_server",
        "POST /oauth/token",
        request_headers=[("Authorization", f"Basic print-shop:{MASKED}")],
        form=[("grant_type", "authorization_code"), ("code", CODE)],
    )

    assert curl.command(message) == (
        "curl --include \\\n"
        "  http://127.0.0.1:9000/oauth/token \\\n"
        '  --user print-shop:"$PRINT_SHOP_SECRET" \\\n'
        "  --data-urlencode grant_type=authorization_code \\\n"
        '  --data-urlencode code="$CODE"'
    )


def test_a_short_command_is_one_line() -> None:
    assert (
        curl.command(exchange("client_app", "GET /album"))
        == "curl --include http://127.0.0.1:9001/album"
    )


def test_query_parameters_stay_in_the_address() -> None:
    message = exchange(
        "client_app", "GET /callback", query=[("code", CODE), ("iss", "http://127.0.0.1:9000")]
    )

    assert split_command(curl.command(message), CODE="abc") == [
        "--include",
        "http://127.0.0.1:9001/callback?code=abc&iss=http://127.0.0.1:9000",
    ]


def test_a_form_request_keeps_its_query() -> None:
    """In A4 and A6, the query contains the authorization request."""
    inner = f"/oauth/authorize?client_id=print-shop&state={CODE}&code_challenge={MASKED}"
    message = exchange(
        "auth_server",
        "POST /login",
        query=[("next", inner)],
        form=[("username", "alice"), ("password", "••••••••")],
    )

    assert split_command(
        curl.command(message), STATE="xyz", CODE_CHALLENGE="abc", PASSWORD="a b"
    ) == [
        "--include",
        "http://127.0.0.1:9000/login?next=/oauth/authorize?client_id%3Dprint-shop%26state%3Dxyz%26code_challenge%3Dabc",
        "--data-urlencode",
        "username=alice",
        "--data-urlencode",
        "password=a b",
    ]


def test_a_masked_part_of_a_path_is_a_placeholder() -> None:
    command = curl.command(exchange("client_app", f"GET /photos/{CODE}/image"))

    assert split_command(command, VALUE="abc")[-1] == "http://127.0.0.1:9001/photos/abc/image"


@pytest.mark.parametrize(
    ("client", "variable"),
    [
        ("print-shop", "PRINT_SHOP_SECRET"),
        ("photo-api", "PHOTO_API_SECRET"),
        ("7b`id`é", "_7B_ID___SECRET"),
    ],
)
def test_each_clients_secret_is_a_different_variable(client: str, variable: str) -> None:
    message = exchange(
        "auth_server",
        "POST /oauth/introspect",
        request_headers=[("Authorization", f"Basic {client}:{MASKED}")],
    )

    assert (
        split_command(curl.command(message), **{variable: "$(secret)"})[-1] == f"{client}:$(secret)"
    )


@pytest.mark.parametrize(
    ("authorization", "header"),
    [
        (f"Bearer {CODE}", "Authorization: Bearer abc"),
        (f"bearer {CODE}", "Authorization: Bearer abc"),
        (MASKED, "Authorization: a whole value"),
        (f"Basic {MASKED}", "Authorization: a whole value"),
    ],
)
def test_other_credentials_are_placeholders(authorization: str, header: str) -> None:
    message = exchange(
        "resource_api", "DELETE /photos/1", request_headers=[("Authorization", authorization)]
    )

    arguments = split_command(
        curl.command(message), ACCESS_TOKEN="abc", AUTHORIZATION="a whole value"
    )

    assert arguments[1:] == [
        "--request",
        "DELETE",
        "http://127.0.0.1:9002/photos/1",
        "--header",
        header,
    ]


def test_cookies_are_placeholders() -> None:
    message = exchange(
        "client_app", "GET /album", request_headers=[("Cookie", f"tripod_client_app={MASKED}")]
    )

    assert split_command(curl.command(message), COOKIE="a=b; c=d")[-2:] == ["--cookie", "a=b; c=d"]


def test_json_is_sent_unchanged() -> None:
    message = patch_request(json_text='{\n  "title": "Dünen $(id) \'"\n}')

    [*_, header, content_type, data, document] = split_command(curl.command(message))

    assert (header, content_type, data) == ("--header", "Content-Type: application/json", "--data")
    assert json.loads(document) == {"title": "Dünen $(id) '"}


@pytest.mark.parametrize(
    "text", ['{"code": "••••••••~3fa9c1"}', '{"title": [\n…', "JSON that cannot be read", ""]
)
def test_masked_json_is_a_placeholder(text: str) -> None:
    assert split_command(curl.command(patch_request(json_text=text)), BODY="{}")[-2:] == [
        "--data-binary",
        "{}",
    ]


def test_any_other_body_is_a_placeholder() -> None:
    headers = [("Content-Type", "multipart/form-data; boundary=x"), *LENGTH]
    message = exchange(
        "client_app",
        "POST /photos",
        request_headers=headers,
        request_body=Body(media_type="", size=0),
    )

    assert split_command(curl.command(message), BODY="--x--")[1:] == [
        "http://127.0.0.1:9001/photos",
        *("--header", "Content-Type: multipart/form-data; boundary=x", "--data-binary", "--x--"),
    ]


@pytest.mark.parametrize(
    ("method", "option"), [("POST", ["--request", "POST"]), ("HEAD", ["--head"]), ("GET", [])]
)
def test_a_request_without_a_body_names_its_method(method: str, option: list[str]) -> None:
    message = exchange("auth_server", f"{method} /logout", request_body=Body(media_type="", size=0))

    assert split_command(curl.command(message)) == [
        "--include",
        *option,
        "http://127.0.0.1:9000/logout",
    ]


def test_a_get_request_with_a_form_stays_a_get_request() -> None:
    assert "--request GET" in curl.command(exchange("auth_server", "GET /login", form=[("a", "b")]))


@pytest.mark.parametrize(
    "value", ["a\nb", "\x1b[201~\x03touch x\r", "\x00", "\u202e", "\u200b", "\ufeff"]
)
def test_there_is_no_command_if_the_message_has_control_characters(value: str) -> None:
    """In a terminal, such characters could end the paste and run a command."""
    with_form = exchange("auth_server", "POST /oauth/token", form=[("scope", value)])
    with_client_id = exchange(
        "auth_server",
        "POST /oauth/token",
        request_headers=[("Authorization", f"Basic {value}:{MASKED}")],
    )

    assert (curl.command(with_form), curl.command(with_client_id)) == ("", "")


@pytest.mark.parametrize("value", HOSTILE)
def test_sent_values_cannot_inject_a_command(value: str) -> None:
    message = exchange(
        "auth_server",
        f"{value.replace(' ', '')} /{value}",
        query=[(value, value), ("state", f"{value}{CODE}{value}")],
        form=[(value, value), ("code", f"{value} {CODE} {value}")],
        request_headers=[("Authorization", f"Basic {value}:{MASKED}"), ("Cookie", value)],
    )
    secret = curl.command(message).partition('_SECRET"')[0].rpartition('"$')[2] + "_SECRET"

    arguments = split_command(
        curl.command(message),
        STATE="$(s)",
        COOKIE="`c`",
        VALUE="v",
        VALUE_OF_CODE="",
        CODE="c",
        **{secret: "`s`"},
    )

    assert arguments[1:3] == ["--request", value.replace(" ", "")]
    assert arguments[3].startswith("http://127.0.0.1:9000/")
    assert arguments[4:8] == ["--user", f"{value}:`s`", "--cookie", "`c`"]
    assert [arguments[8], arguments[10]] == ["--data-urlencode"] * 2
    assert arguments[9].endswith(f"={value}")
    assert arguments[11].startswith(f"code={value} ")
    assert len(arguments) == 12
    subprocess.run(["/bin/sh", "-n"], input=curl.command(message).encode(), check=True)


@pytest.mark.parametrize(
    "name", ["HOME", "PATH", "aws_secret_access_key", "1", "é", '$(id)"`', "user[pin]"]
)
def test_a_sent_value_cannot_name_a_shell_variable(name: str) -> None:
    command = curl.command(
        exchange("auth_server", "POST /login", query=[(name, MASKED)], form=[(name, MASKED)])
    )

    variables = re.findall(r"\$(\w*)", command)
    assert len(variables) == 2
    assert all(variable.startswith("VALUE") for variable in variables)


@pytest.mark.parametrize(
    "host",
    [
        *(
            "mallory.example",
            "127.0.0.1.mallory.example",
            "127.0.0.1:9000@mallory.example",
            "127.0.0.1:9000/x",
            "10.0.0.1",
        ),
        *("", MASKED, "localhost;id", "127.0.0.1:999999", "[::1", "127.0.0.1:9000\n"),
    ],
)
def test_a_command_with_a_secret_is_sent_only_to_the_legs(host: str) -> None:
    assert curl.command(exchange("auth_server", "GET /", host=host)) == ""


@pytest.mark.parametrize("host", ["127.0.0.1:9000", "localhost", "LOCALHOST:80", "[::1]:9000"])
def test_the_command_uses_the_address_of_the_leg(host: str) -> None:
    assert split_command(curl.command(exchange("auth_server", "GET /", host=host))) == [
        "--include",
        f"http://{host}/",
    ]


@pytest.mark.parametrize("path", ["@mallory.example/", ".mallory.example", "*", ""])
def test_a_path_cannot_change_the_host(path: str) -> None:
    assert split_command(curl.command(exchange("auth_server", f"GET {path}")))[-1].startswith(
        "http://127.0.0.1:9000/"
    )


@pytest.mark.parametrize(
    "fields",
    [{"query": [("…", "2 more")]}, {"form": [("…", "more")]}, {"query": [("scope", "a…")]}],
)
def test_there_is_no_command_for_a_truncated_message(fields: dict[str, Any]) -> None:
    assert curl.command(exchange("auth_server", "POST /", **fields)) == ""


def test_the_page_omits_a_missing_command(inspected: Legs, watched: Store, alice: Person) -> None:
    alice.go_through(f"{inspected.client_app_url}/connect")
    ordinary = alice.browser.open(f"{inspected.client_app_url}/inspector?message=1").source
    state = requests.Request(
        "GET", f"{inspected.auth_server_url}/oauth/authorize?state=swordfish"
    ).prepare()
    inspected.session().get(
        str(state.url), headers={"Host": "mallory.example"}, allow_redirects=False
    )

    page = alice.browser.open(
        f"{inspected.client_app_url}/inspector?flow={watched.last_id()}&message=1"
    ).source

    assert "As a curl command" in ordinary
    assert "GET /oauth/authorize?state=" in page
    assert "As a curl command" not in page
