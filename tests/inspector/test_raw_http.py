"""The raw text of a request and of a response."""

from inspector.draw import raw_http
from tests.inspector.exchanges import exchange

CODE = "SplxlO••••••••~3fa9c1"


def test_the_request_is_shown_as_it_was_sent() -> None:
    message = exchange(
        "auth_server",
        "POST /oauth/token",
        request_headers=[
            ("Host", "127.0.0.1:9000"),
            ("Authorization", "Basic print-shop:••••••••~aa01bb"),
        ],
        form=[("code", CODE), ("redirect_uri", "http://127.0.0.1:9001/callback")],
    )

    assert raw_http.request(message).splitlines() == [
        "POST /oauth/token HTTP/1.1",
        "Host: 127.0.0.1:9000",
        "Authorization: Basic print-shop:••••••••~aa01bb",
        "",
        f"code={CODE}",
        "&redirect_uri=http://127.0.0.1:9001/callback",
    ]


def test_the_response_is_shown_as_it_was_sent() -> None:
    message = exchange(
        "auth_server",
        "POST /oauth/token",
        status=400,
        response_text='{\n  "error": "invalid_grant"\n}',
    )

    assert raw_http.response(message).splitlines() == [
        "HTTP/1.1 400 Bad Request",
        "",
        "{",
        '  "error": "invalid_grant"',
        "}",
    ]


def test_an_address_inside_a_query_stays_encoded() -> None:
    message = exchange(
        "auth_server", "GET /login", query=[("next", "/oauth/authorize?state=x&client_id=y")]
    )

    assert raw_http.request(message).startswith(
        "GET /login?next=/oauth/authorize?state%3Dx%26client_id%3Dy HTTP/1.1"
    )


def test_a_status_without_a_name_is_shown_alone() -> None:
    assert raw_http.response(exchange("auth_server", "GET /", status=599)) == "HTTP/1.1 599"


FORGED = "swordfish HTTP/1.1\nX-Forged: yes\r\nX-Forged: yes\u2028X-Forged: yes\x85X-Forged: yes"


def test_a_sent_value_cannot_add_a_line() -> None:
    message = exchange(
        "auth_server",
        f"POST /{FORGED}",
        query=[(FORGED, FORGED)],
        request_headers=[("User-Agent", FORGED)],
        response_headers=[("Location", FORGED)],
        form=[(FORGED, FORGED)],
        response_text=FORGED.replace("\n", " "),
    )

    for text in (raw_http.request(message), raw_http.response(message)):
        assert not [line for line in text.splitlines() if line.startswith("X-Forged")]
    assert (
        raw_http.request(message)
        .splitlines()[1]
        .startswith("User-Agent: swordfish HTTP/1.1\\nX-Forged: yes\\r\\n")
    )


def test_a_sent_value_cannot_reverse_a_line() -> None:
    message = exchange("auth_server", "GET /", request_headers=[("User-Agent", "\u202eolleh")])

    assert raw_http.request(message).splitlines()[1] == "User-Agent: \\u202eolleh"


def test_a_question_mark_in_a_path_stays_encoded() -> None:
    assert raw_http.request(exchange("auth_server", "GET /login?a=1#höhe")).startswith(
        "GET /login%3Fa%3D1%23h%C3%B6he HTTP/1.1"
    )
