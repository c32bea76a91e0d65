"""The flow works on the plain server, so the results of the attacks there are meaningful."""

import base64
import hashlib
import logging
from collections.abc import Iterator
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
import requests
from world.clock import Clock

from inspector.lab.plain.serving import PlainClient, plain_server

CALLBACK = "http://127.0.0.1:9001/callback"
VERIFIER = "v" * 43
CHALLENGE = (
    base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
)
SHOP = PlainClient(client_id="print-shop", redirect_uri=CALLBACK)


class Visitor:
    """The browser of one user, and the client Print Shop, at the plain server."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.http = requests.Session()
        self.http.trust_env = False

    def get(self, path: str, **arguments: object) -> requests.Response:
        return self.http.get(self.url + path, allow_redirects=False, timeout=5, **arguments)  # type: ignore[arg-type]

    def post(self, path: str, data: dict[str, str], **arguments: object) -> requests.Response:
        return self.http.post(self.url + path, data, allow_redirects=False, timeout=5, **arguments)  # type: ignore[arg-type]

    def sign_in(self, next_page: str = "", password: str = "pearl") -> requests.Response:
        return self.post(
            f"/login?{urlencode({'next': next_page})}", {"username": "carol", "password": password}
        )

    def allow(self, **changes: str) -> dict[str, str]:
        """Consent, and return the parameters of the authorization response."""
        request = {
            "response_type": "code",
            "client_id": "print-shop",
            "redirect_uri": CALLBACK,
            "scope": "photos:read",
            "state": "state-of-carol",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
        }
        answer = self.post(
            f"/oauth/authorize?{urlencode({**request, **changes})}", {"decision": "allow"}
        )
        return dict(parse_qsl(urlsplit(answer.headers["Location"]).query))

    def request_token(self, **fields: str) -> requests.Response:
        return self.post("/oauth/token", fields, auth=("print-shop", SHOP.client_secret))

    def complete_flow(self) -> dict[str, str]:
        """Sign in, consent, redeem the code, and return the tokens."""
        self.sign_in()
        fields = {"redirect_uri": CALLBACK, "code_verifier": VERIFIER}
        answer = self.request_token(
            grant_type="authorization_code", code=self.allow()["code"], **fields
        )
        tokens: dict[str, str] = answer.json()
        return tokens

    def request_photos(self, access_token: str) -> requests.Response:
        return self.get("/photos", headers={"Authorization": f"Bearer {access_token}"})


@pytest.fixture
def visitor() -> Iterator[Visitor]:
    with plain_server({"carol": "pearl", "mallory": "sinker"}, [SHOP]) as url:
        visitor = Visitor(url)
        yield visitor
        visitor.http.close()


def test_the_access_token_of_a_flow_gives_access_to_photos(visitor: Visitor) -> None:
    tokens = visitor.complete_flow()

    assert len(visitor.request_photos(tokens["access_token"]).json()["photos"]) == 2


def test_refreshing_spends_the_old_refresh_token(visitor: Visitor) -> None:
    first = visitor.complete_flow()["refresh_token"]

    second = visitor.request_token(grant_type="refresh_token", refresh_token=first)

    assert visitor.request_photos(second.json()["access_token"]).status_code == 200
    assert (
        visitor.request_token(grant_type="refresh_token", refresh_token=first).json()["error"]
        == "invalid_grant"
    )


def test_a_revoked_token_is_inactive(visitor: Visitor) -> None:
    token = visitor.complete_flow()["access_token"]

    visitor.post("/oauth/revoke", {"token": token}, auth=("print-shop", SHOP.client_secret))

    assert visitor.request_photos(token).status_code == 401


def test_a_wrong_password_does_not_sign_in(visitor: Visitor) -> None:
    visitor.sign_in(password="wrong")

    assert visitor.get("/oauth/authorize").headers["Location"].startswith("/login?")


def test_a_wrong_verifier_is_refused_by_default(visitor: Visitor) -> None:
    visitor.sign_in()
    code = visitor.allow()["code"]

    answer = visitor.request_token(
        grant_type="authorization_code", code=code, redirect_uri=CALLBACK, code_verifier="w" * 43
    )

    assert answer.json()["error"] == "invalid_grant"


def test_a_code_is_valid_for_five_minutes_by_default(clock: Clock, visitor: Visitor) -> None:
    visitor.sign_in()
    first, second = visitor.allow()["code"], visitor.allow()["code"]
    fields = {
        "grant_type": "authorization_code",
        "redirect_uri": CALLBACK,
        "code_verifier": VERIFIER,
    }

    clock.forward(290)
    assert visitor.request_token(code=first, **fields).status_code == 200
    clock.forward(11)
    assert visitor.request_token(code=second, **fields).json()["error"] == "invalid_grant"


def server_records(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    """Return the log records of the server, without those of the visitor's connections."""
    return [record for record in caplog.records if not record.name.startswith("urllib3")]


def test_the_log_contains_no_codes(
    visitor: Visitor, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    visitor.sign_in()
    code = visitor.allow()["code"]
    visitor.get(f"/callback?code={code}")

    assert code not in "".join(
        [*capfd.readouterr(), *(record.getMessage() for record in server_records(caplog))]
    )


def test_a_wider_scope_is_refused_by_default(visitor: Visitor) -> None:
    token = visitor.complete_flow()["refresh_token"]

    answer = visitor.request_token(
        grant_type="refresh_token", refresh_token=token, scope="photos:read photos:write"
    )

    assert answer.json()["error"] == "invalid_scope"


def test_a_denied_consent_is_reported_to_the_client(visitor: Visitor) -> None:
    visitor.sign_in()
    request = urlencode(
        {"response_type": "code", "client_id": "print-shop", "redirect_uri": CALLBACK, "state": "s"}
    )

    answer = visitor.post(f"/oauth/authorize?{request}", {"decision": "deny"})

    assert "error=access_denied" in answer.headers["Location"]


def test_the_server_runs_only_while_it_is_used() -> None:
    with plain_server({}, []) as url:
        requests.get(url, timeout=5).raise_for_status()

    with pytest.raises(requests.ConnectionError):
        requests.get(url, timeout=5)


def test_two_servers_share_nothing() -> None:
    with (
        plain_server({"carol": "pearl"}, [SHOP]) as one,
        plain_server({"carol": "other"}, [SHOP]) as other,
    ):
        assert one != other
        assert Visitor(one).sign_in(next_page="/").status_code == 302
        assert Visitor(other).sign_in(next_page="/").status_code == 403
