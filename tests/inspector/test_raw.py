"""A message as it was on the wire, and as a line for a shell."""

import shlex

import pytest

from inspector import raw
from inspector.exchange import Body
from tests.inspector.exchanges import exchange

CODE = "SplxlO••••••••~3fa9c1"


def test_the_request_reads_as_it_was_sent() -> None:
    one = exchange(
        "auth_server",
        "POST /oauth/token",
        request_headers=[("Host", "127.0.0.1:9000"), ("Authorization", "Basic print-shop:••••••••~aa01bb")],
        form=[("code", CODE), ("redirect_uri", "http://127.0.0.1:9001/callback")],
    )

    assert raw.request(one).splitlines() == [
        "POST /oauth/token HTTP/1.1",
        "Host: 127.0.0.1:9000",
        "Authorization: Basic print-shop:••••••••~aa01bb",
        "",
        f"code={CODE}",
        "&redirect_uri=http://127.0.0.1:9001/callback",
    ]


def test_the_answer_reads_as_it_was_sent() -> None:
    one = exchange("auth_server", "POST /oauth/token", status=400, answer='{\n  "error": "invalid_grant"\n}')

    assert raw.response(one).splitlines() == ["HTTP/1.1 400 Bad Request", "", "{", '  "error": "invalid_grant"', "}"]


def test_an_address_inside_a_query_cannot_be_taken_for_more_parameters() -> None:
    one = exchange("auth_server", "GET /login", query=[("next", "/oauth/authorize?state=x&client_id=y")])

    assert raw.request(one).startswith("GET /login?next=/oauth/authorize?state%3Dx%26client_id%3Dy HTTP/1.1")


def test_a_status_without_a_name_is_shown_alone() -> None:
    assert raw.response(exchange("auth_server", "GET /", status=599)) == "HTTP/1.1 599"


def test_the_curl_line_of_the_token_request_says_what_to_fill_in() -> None:
    one = exchange(
        "auth_server",
        "POST /oauth/token",
        request_headers=[("Authorization", "Basic print-shop:••••••••~aa01bb")],
        form=[("grant_type", "authorization_code"), ("code", CODE)],
    )

    assert raw.curl(one) == (
        'curl --include http://127.0.0.1:9000/oauth/token --user print-shop:"$CLIENT_SECRET"'
        ' --data-urlencode grant_type=authorization_code --data-urlencode code="$CODE"'
    )


def test_the_curl_line_of_a_question_puts_parameters_into_the_query() -> None:
    one = exchange("client_app", "GET /callback", query=[("code", CODE), ("iss", "http://127.0.0.1:9000")])

    assert shlex.split(raw.curl(one)) == [
        "curl",
        "--include",
        "http://127.0.0.1:9001/callback",
        "--get",
        "--data-urlencode",
        "code=$CODE",
        "--data-urlencode",
        "iss=http://127.0.0.1:9000",
    ]


def test_the_curl_line_to_the_resource_carries_the_access_token() -> None:
    one = exchange("resource_api", "DELETE /photos/1", request_headers=[("Authorization", f"Bearer {CODE}")])

    assert "--request DELETE" in raw.curl(one)
    assert '--header "Authorization: Bearer $ACCESS_TOKEN"' in raw.curl(one)


@pytest.mark.parametrize("value", ["'; rm -rf ~; '", "$(id)", "`id`", 'a"b', "a\nb", "!x", "\\"])
def test_nothing_that_somebody_sent_becomes_a_command(value: str) -> None:
    one = exchange(
        "auth_server",
        f"PUT /{value}",
        query=[("scope", value)],
        form=[(value, value)],
        request_body=Body(media_type="application/x-www-form-urlencoded", size=1, form=[(value, value)]),
    )

    assert shlex.split(raw.curl(one))[2:] == [
        "--request",
        "PUT",
        f"http://127.0.0.1:9000/{value}",
        "--data-urlencode",
        f"{value}={value}",
    ]


def test_a_strange_name_of_a_masked_value_becomes_a_plain_variable() -> None:
    one = exchange("auth_server", "POST /oauth/token", form=[('$(id)"`', CODE)])

    assert raw.curl(one).endswith("""--data-urlencode '$(id)"`='"$__ID___\"""")
