"""Redirect URIs: which can be registered and which match (RFC 6749 §3.1.2, RFC 8252 §7.3)."""

import pytest

from auth_server.redirect_uris import matches, objection_to

REGISTRABLE = [
    "https://calendar.example/callback",
    "https://calendar.example",
    "https://calendar.example:8443/a/b?shop=7&lang=de",
    "https://xn--kalendr-8wa.example/",
    "https://192.0.2.7/callback",
    "https://[2001:db8::1]/callback",
    "http://127.0.0.1/callback",
    "http://127.0.0.1:9001/callback",
    "http://127.0.0.2:9001/callback",
    "http://[::1]:8080/callback?from=phone",
    "http://localhost:3000/callback",
]

NOT_LOOPBACK = [
    "http://calendar.example/",
    "http://127.0.0.1.evil.example/",
    "http://localhost.evil.example/",
    "http://0.0.0.0/",
    "http://10.0.0.1/",
    "http://[::2]/",
    "http://2130706433/",
    "http://0x7f.1/",
]

LOOPBACK = "http://127.0.0.1:8080/callback?x=1"


@pytest.mark.parametrize("uri", REGISTRABLE)
def test_an_https_address_or_loopback_may_be_registered(uri: str) -> None:
    assert objection_to(uri) is None


@pytest.mark.parametrize("uri", NOT_LOOPBACK)
def test_plain_http_is_allowed_only_on_loopback(uri: str) -> None:
    """RFC 9700 §2.6: MUST NOT allow the http scheme, except for native clients on loopback."""
    assert objection_to(uri) == "Plain http is for loopback only; use https."


@pytest.mark.parametrize("uri", REGISTRABLE)
@pytest.mark.parametrize("is_public", [True, False])
def test_a_registered_uri_matches_itself(uri: str, is_public: bool) -> None:
    assert matches(uri, [uri], is_public=is_public)
    assert not matches(uri, [], is_public=is_public)


@pytest.mark.parametrize("uri", REGISTRABLE)
def test_a_longer_or_shorter_uri_does_not_match(uri: str) -> None:
    for addition in ("/", "?", "#", "x", " ", "\n", "%00", "&a=b", ".evil.example"):
        assert not matches(uri + addition, [uri], is_public=False)
    assert not matches(uri[:-1], [uri], is_public=False)


@pytest.mark.parametrize(
    "presented",
    [
        "http://127.0.0.1/callback?x=1",
        "http://127.0.0.1:1/callback?x=1",
        "http://127.0.0.1:65535/callback?x=1",
    ],
)
def test_any_port_matches_for_a_public_client_on_loopback(presented: str) -> None:
    assert matches(presented, [LOOPBACK], is_public=True)
    assert not matches(presented, [LOOPBACK], is_public=False)


@pytest.mark.parametrize(
    "presented",
    [
        "http://127.0.0.1:8081/callback?x=2",
        "http://127.0.0.1:8081/callback",
        "http://127.0.0.1:8081/callback?x=1#",
        "http://127.0.0.1:8081/callback?x=1\n",
        "http://127.0.0.1:8081\n/callback?x=1",
        "http://127.0.0.1:٨٠٨١/callback?x=1",
        "http://127.0.0.1:808100/callback?x=1",
        "http://127.0.0.1:-1/callback?x=1",
        "http://127.0.0.1:80:81/callback?x=1",
        "http://127.0.0.1:8081@evil.example/callback?x=1",
        "http://alice@127.0.0.1:8081/callback?x=1",
        "http://127.0.0.1.evil.example/callback?x=1",
        "http://127.0.0.2:8081/callback?x=1",
        "http://localhost:8081/callback?x=1",
        "http://[::1]:8081/callback?x=1",
        "https://127.0.0.1:8081/callback?x=1",
        "HTTP://127.0.0.1:8081/callback?x=1",
        "http://127.1:8081/callback?x=1",
    ],
)
def test_only_the_port_may_differ(presented: str) -> None:
    assert not matches(presented, [LOOPBACK], is_public=True)


@pytest.mark.parametrize(
    "registered", ["https://127.0.0.1:8080/", "http://localhost:8080/", "https://app.example:8080/"]
)
def test_any_port_matches_only_for_http_loopback_addresses(registered: str) -> None:
    """RFC 8252 §8.3: the use of "localhost" is NOT RECOMMENDED."""
    assert not matches(registered.replace("8080", "8081"), [registered], is_public=True)
