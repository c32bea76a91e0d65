"""What arrives in `Location`: the registered redirect URI, unchanged, and appended parameters.

RFC 6749 §3.1.2: the query component of the redirection endpoint "MUST be retained when adding
additional query parameters". §3.1.2.3: the comparison is character by character.
"""

from collections.abc import Callable
from urllib.parse import parse_qsl

import pytest
import requests
from world.cast import Person
from world.events import Events
from world.registered_client import RegisteredClient

from tests.auth_server.server import ISSUER, Server

Registers = Callable[..., RegisteredClient]

ODD_QUERIES = ["b=%E9", "y=a%20b", "flag", "a=1&&b=2"]
ODD_ADDRESSES = [
    *(f"https://app.example/cb?{query}" for query in ODD_QUERIES),
    "https://app.example",
    "https://app.example?x",
    "https://app.example/cb?",
    "https://app.example/cb?x=1&",
    "https://app.example/cb?x=%c3%a9&y=%2f%7E~",
    "https://app.example/cb?x=a+b;c?",
    "https://app.example/cb?x=1&x=2&x=",
    "https://app.example/cb?to=a%26b%3Dc",
    "https://app.example/a;v=1//b/./../%7Ec%2f",
    "https://app.example/{id}|^`<>[]'?{id}|^`<>[]'",
    "HTTPS://App.Example:443/Cb",
    "https://app.example:/cb",
    "https://app.example:0443/cb",
    "http://[::1]:8080/cb?x=%e9",
    "https://app.example/cb?x=" + "%20" * 600,
]
ODD_STATES = ["a b", "%", "%20", "a+b", "a&code=b", "a=b==", "~", '"<>\\^`{|}', " "]
#: Requests that are refused after their redirect URI is trusted.
ERRORS = {
    "invalid_scope": {"scope": "nonsense"},
    "unsupported_response_type": {"response_type": "token"},
    "invalid_request": {"code_challenge": None},
    "login_required": {"prompt": "none"},
}
each_address = pytest.mark.parametrize("address", ODD_ADDRESSES)


def appended(response: requests.Response, address: str) -> dict[str, str]:
    """Return the parameters in `Location` after `address`, which must be there unchanged."""
    location = response.headers["Location"]
    assert location.startswith(address)
    added = location.removeprefix(address)
    if "?" not in address:
        assert added.startswith("?")
    elif not address.endswith(("/cb?", "&")):
        assert added.startswith("&")
    pairs = parse_qsl(added.lstrip("?&"), keep_blank_values=True)
    assert len(dict(pairs)) == len(pairs)
    return dict(pairs)


@pytest.fixture
def registers_address(registers: Registers) -> Callable[[str], RegisteredClient]:
    def register(address: str) -> RegisteredClient:
        return registers("--name", "Odd", "--redirect-uri", address, "--scope", "photos:read")

    return register


@each_address
def test_the_code_is_appended_to_the_registered_address(
    alice: Person, registers_address: Callable[[str], RegisteredClient], address: str
) -> None:
    client = registers_address(address)
    page = alice.consent_page(client.authorization_path())

    response = appended(alice.decide(page, "allow", "photos:read"), address)

    assert set(response) == {"code", "state", "iss"}
    assert client.redeem(response["code"]).status_code == 200


@each_address
def test_a_denial_is_appended_to_the_registered_address(
    alice: Person, registers_address: Callable[[str], RegisteredClient], address: str
) -> None:
    page = alice.consent_page(registers_address(address).authorization_path())

    response = appended(alice.decide(page, "deny"), address)

    assert (response["error"], response["iss"]) == ("access_denied", ISSUER)


@pytest.mark.parametrize("error", ERRORS)
@each_address
def test_each_error_is_appended_to_the_registered_address(
    server: Server,
    registers_address: Callable[[str], RegisteredClient],
    error: str,
    address: str,
) -> None:
    client = registers_address(address)

    answer = server.browser().get(client.authorization_path(**ERRORS[error]))

    response = appended(answer, address)
    assert set(response) == {"error", "error_description", "state", "iss"}
    assert (response["error"], response["state"]) == (error, client.state)


@pytest.mark.parametrize("state", ODD_STATES)
def test_the_state_comes_back_exactly(
    alice: Person, registers_address: Callable[[str], RegisteredClient], state: str
) -> None:
    """§4.1.2: "The exact value received from the client"."""
    client = registers_address("https://app.example/cb?b=%E9")
    page = alice.consent_page(client.authorization_path(state=state))

    for decision in ("deny", "allow"):
        answer = alice.decide(page, decision, "photos:read")
        assert appended(answer, client.redirect_uri)["state"] == state


@each_address
def test_the_only_registered_address_need_not_be_sent(
    alice: Person, registers_address: Callable[[str], RegisteredClient], address: str
) -> None:
    client = registers_address(address)
    page = alice.consent_page(client.authorization_path(redirect_uri=None))

    assert "code" in appended(alice.decide(page, "allow", "photos:read"), address)


#: Another spelling of a registered address, which a generic comparison would find equivalent.
SPELLINGS = [
    ("https://app.example/cb?b=%E9", "https://app.example/cb?b=%e9"),
    ("https://app.example/cb?y=a%20b", "https://app.example/cb?y=a+b"),
    ("https://app.example/cb?flag", "https://app.example/cb?flag="),
    ("https://app.example/cb?a=1&&b=2", "https://app.example/cb?a=1&b=2"),
    ("https://app.example/cb?", "https://app.example/cb"),
    ("https://app.example/cb?x=%7E", "https://app.example/cb?x=~"),
    ("HTTPS://App.Example:443/cb", "https://app.example/cb"),
    ("https://app.example/a/../cb", "https://app.example/cb"),
    ("https://app.example", "https://app.example/"),
]
each_spelling = pytest.mark.parametrize(("address", "spelling"), SPELLINGS)


@each_spelling
def test_another_spelling_is_not_the_registered_address(
    server: Server,
    registers_address: Callable[[str], RegisteredClient],
    address: str,
    spelling: str,
) -> None:
    client = registers_address(address)

    answer = server.browser().get(client.authorization_path(redirect_uri=spelling))

    assert (answer.status_code, answer.headers.get("Location")) == (400, None)


@each_spelling
def test_the_token_endpoint_accepts_only_the_same_spelling(
    alice: Person,
    registers_address: Callable[[str], RegisteredClient],
    address: str,
    spelling: str,
) -> None:
    """§4.1.3: "their values MUST be identical"."""
    client = registers_address(address)
    page = alice.consent_page(client.authorization_path())
    code = appended(alice.decide(page, "allow", "photos:read"), address)["code"]

    assert client.redeem(code, redirect_uri=spelling).json()["error"] == "invalid_grant"
    assert client.redeem(code).status_code == 200


MALFORMED_ADDRESSES = [
    *(f":{port}/cb" for port in ("0", "00", "65536", "80800", "99999", "9" * 400, "-1", "+1")),
    *(f":{port}/cb" for port in ("x", "0x1f", "8_0", "80:80", "%38", " 80", "80 ", "٨٠", "")),
    *("]/cb", "[/cb", "]]/cb", "x/cb", "%00/cb", "@evil.example/cb", ":80@evil.example/cb"),
    *("\0/cb", "\t/cb", "/\r\nLocation: //evil.example", "/cb\x7f", "/cb\n", "\\cb", "/é", "/cb#"),
]
LOOPBACK_HOSTS = ["127.0.0.1", "[::1]", "localhost"]


@pytest.mark.parametrize("malformed", MALFORMED_ADDRESSES)
def test_a_malformed_loopback_address_gets_a_page(
    alice: Person, registers: Registers, events: Events, malformed: str
) -> None:
    """Ports are 1 to 65535."""
    alice.send_login()
    options = [f"--redirect-uri=http://{host}/cb" for host in LOOPBACK_HOSTS]
    client = registers("--name", "P", *options, "--scope", "profile", "--public")

    for presented in (f"http://{host}{malformed}" for host in (*LOOPBACK_HOSTS, "[::1:1", "::1]")):
        answer = alice.browser.get(client.authorization_path(redirect_uri=presented))

        assert (answer.status_code, answer.headers.get("Location")) == (400, None)
        assert "The app wants to send you to an address that it has not registered." in answer.text
    refusals = events.named("authorization_request_refused")
    assert {refusal["reason"] for refusal in refusals} == {"redirect_uri_differs"}


@pytest.mark.parametrize("address", ["http://[::1/cb", "http://127.0.0.1:99999/cb", "http://[/cb"])
def test_an_earlier_registration_of_a_malformed_address_is_no_server_error(
    alice: Person, server: Server, phone_app: RegisteredClient, address: str
) -> None:
    server.replace_redirect_uris(phone_app, address)

    for redirect_uri in (address, None):
        answer = alice.ask(phone_app.authorization_path(redirect_uri=redirect_uri))

        assert answer.status_code < 500


@pytest.mark.parametrize("host", LOOPBACK_HOSTS)
def test_a_native_app_gets_its_code_at_any_port(
    alice: Person, registers: Registers, host: str
) -> None:
    """RFC 8252 §7.3: MUST allow any port to be specified at the time of the request."""
    options = ("--redirect-uri", f"http://{host}:1/cb", "--scope", "profile", "--public")
    client = registers("--name", "P", *options)
    presented = f"http://{host}:51004/cb"

    response = alice.allow_request(client.authorization_path(redirect_uri=presented))

    assert response.redirect_uri == presented
    assert client.redeem(response.code, redirect_uri=presented).status_code == 200


def test_an_earlier_registration_with_a_response_parameter_gets_a_page(
    server: Server,
    registers_address: Callable[[str], RegisteredClient],
    events: Events,
) -> None:
    """§3.1: parameters MUST NOT be included more than once, so the client could misread `code`."""
    client = registers_address("https://app.example/cb?c=1")
    address = "https://app.example/cb?c%6Fde=1"
    server.replace_redirect_uris(client, address)

    answer = server.browser().get(client.authorization_path(redirect_uri=address))

    assert (answer.status_code, answer.headers.get("Location")) == (400, None)
    assert "code" in answer.text
    [refusal] = events.named("authorization_request_refused")
    assert refusal["reason"] == "redirect_uri_has_response_parameter"
