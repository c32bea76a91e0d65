"""Redirect URIs: which can be registered and which match (RFC 6749 §3.1.2, RFC 8252 §7)."""

import pytest

from auth_server.redirect_uris import matches, objection_to, objection_to_page

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
    assert objection_to(uri, is_public=False) is None
    assert objection_to(uri, is_public=True) is None


@pytest.mark.parametrize("uri", NOT_LOOPBACK)
def test_plain_http_is_allowed_only_on_loopback(uri: str) -> None:
    """RFC 9700 §2.6: MUST NOT allow the http scheme, except for native clients on loopback."""
    assert objection_to(uri, is_public=True) == "Plain http is for loopback only; use https."


@pytest.mark.parametrize("port", ["0", "00", "65536", "99999", "-1", "x"])
def test_a_port_is_from_1_to_65535(port: str) -> None:
    for host in ("https://calendar.example", "http://127.0.0.1"):
        assert objection_to(f"{host}:{port}/callback", is_public=True)
    assert not matches(
        f"http://127.0.0.1:{port}/callback", ["http://127.0.0.1/callback"], is_public=True
    )


MALFORMED_HOSTS = [
    *["[::1", "::1]", "[::1]]", "[[::1]]", "[::1]x", "[]", "[:]", "[127.0.0.1]", "[localhost]"],
    *["[v1.x]", "[::1%lo]", "[::1%25lo]", "[fe80::1%25eth0]", "[::1", "[::12345]"],
    *[".", "..", "-", "%", "%31.example", "a,b", "a;b", "a|b", "<a>", "a'b", "a^b", "{a}", "a+b"],
]


@pytest.mark.parametrize("host", MALFORMED_HOSTS)
@pytest.mark.parametrize("port", ["", ":8080"])
def test_a_malformed_host_is_refused(host: str, port: str) -> None:
    for scheme in ("https", "http"):
        assert objection_to(f"{scheme}://{host}{port}/callback", is_public=True)
        assert objection_to_page(f"{scheme}://{host}{port}/", "A page")


PRIVATE_USE = [
    "com.example.app:/callback",
    "com.example.app:/callback?x=1",
    "com.example.app:/oauth2redirect/example-provider",
    "com.example.app:/",
    "com.example.app:///callback",
    "com.example.app://callback",
    "com.example.app://",
    "com.googleusercontent.apps.123-abc:/oauth2redirect",
    "msauth.com.example.MyApp://auth",
    "app.1password:/callback",
    "io.xn--kalendr-8wa:/callback",
]
NOT_PRIVATE_USE = [
    "javascript:alert(1)",
    "javascript:/alert(1)",
    "data:text/html,hi",
    "file:///etc/passwd",
    "myapp:/callback",
    "myapp://callback",
    "urn:ietf:wg:oauth:2.0:oob",
    "mailto:alice@example.com",
    "httpx:/callback",
    "https:/app.example/callback",
    "http.example.app:/callback",
    "https.example.app://callback",
    "HTTPS.example.app:/callback",
    "javascript.example.app:/alert(1)",
    "data.example.app:/callback",
    "file.example.app:/callback",
    "com..app:/callback",
    "com.example.:/callback",
    ".com.example:/callback",
    "com.-example:/callback",
    "com.example+app:/callback",
    "com.example_app:/callback",
    "1com.example.app:/callback",
    "com.example.app",
    "com.example.app:",
    "com.example.app:callback",
    "com.example.app:?x=1",
    "com.example.app:/callback#x",
    "com.example.app:/*",
    "com.example.app://alice@callback",
    "com.example.app:/a b",
    "com.example.app:/\xe9",
    "com.example.app:/" + "a" * 2000,
]


@pytest.mark.parametrize("uri", PRIVATE_USE)
def test_a_public_client_may_use_a_private_use_scheme(uri: str) -> None:
    """RFC 8252 §7.1: apps MUST use a scheme based on a domain name under their control."""
    assert objection_to(uri, is_public=True) is None
    assert matches(uri, [uri], is_public=True)


@pytest.mark.parametrize("uri", PRIVATE_USE)
def test_a_confidential_client_may_not_use_a_private_use_scheme(uri: str) -> None:
    """Any app on the device can register the scheme (RFC 8252 §8.1); a server has an address."""
    objection = objection_to(uri, is_public=False)

    assert objection == (
        "Only a public client may use a private-use scheme. Use https, or register a public client."
    )


@pytest.mark.parametrize("uri", NOT_PRIVATE_USE)
def test_any_other_scheme_is_refused(uri: str) -> None:
    """RFC 8252 §8.4: a scheme that does not contain a period SHOULD be rejected."""
    assert objection_to(uri, is_public=True)
    assert objection_to(uri, is_public=False)


def test_a_scheme_without_a_period_is_explained() -> None:
    assert objection_to("myapp:/callback", is_public=True) == (
        "A redirect URI is an absolute https address, http on loopback, or, for an app on the "
        "user's device, a scheme with a period, as in com.example.app:/callback."
    )


@pytest.mark.parametrize(
    "presented",
    [
        "com.example.app:/callback/",
        "com.example.app://callback",
        "com.example.app:/callback?",
        "com.example.app:/Callback",
        "Com.example.app:/callback",
        "com.example.app.evil:/callback",
        "com.example.app:1/callback",
    ],
)
def test_private_use_addresses_match_exactly(presented: str) -> None:
    assert not matches(presented, ["com.example.app:/callback"], is_public=True)


RESPONSE_PARAMETERS = [
    "code",
    "state",
    "iss",
    "error",
    "error_description",
    "error_uri",
    "session_state",
    "id_token",
    "access_token",
    "token_type",
    "expires_in",
    "scope",
    "response",
]


@pytest.mark.parametrize("name", RESPONSE_PARAMETERS)
@pytest.mark.parametrize("query", ["{}", "{}=", "{}=x", "a=1&{}=x", "a=1&&{}&b", "&{}=1"])
def test_a_response_parameter_in_the_query_is_refused(name: str, query: str) -> None:
    """§3.1: parameters "MUST NOT be included more than once"; the server appends these."""
    first, rest = ord(name[0]), name[1:]
    for spelling in (name, f"%{first:02X}{rest}", f"%{first:02x}{rest}"):
        for address in ("https://calendar.example/cb", "com.example.app:/cb"):
            uri = f"{address}?{query.format(spelling)}"
            assert objection_to(uri, is_public=True) == (
                f"Its query has {name}, which is a parameter of the authorization response."
            )


@pytest.mark.parametrize(
    "uri",
    [
        "https://calendar.example/code/state?encode=1&mystate=2&to=code%3D1&Kode",
        "https://calendar.example/cb?c%256Fde=1",
        "https://calendar.example/cb?redirect_state=1",
        "https://calendar.example/code=1",
    ],
)
def test_other_parameters_may_be_in_the_query(uri: str) -> None:
    assert objection_to(uri, is_public=False) is None


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
    """Command-line tools register `localhost` as well as the addresses of RFC 8252 §7.3."""
    for host in ("127.0.0.1", "[::1]", "localhost"):
        of_host, registered = (uri.replace("127.0.0.1", host) for uri in (presented, LOOPBACK))
        assert matches(of_host, [registered], is_public=True)
        assert not matches(of_host, [registered], is_public=False)


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
        "http://localhost.:8081/callback?x=1",
        "http://localhost.evil.example:8081/callback?x=1",
        "http://evil.localhost:8081/callback?x=1",
    ],
)
def test_only_the_port_may_differ(presented: str) -> None:
    assert not matches(presented, [LOOPBACK], is_public=True)


@pytest.mark.parametrize(
    "presented",
    [
        "http://127.0.0.1:8081/callback",
        "http://[::1]:8081/callback",
        "http://localhost:65536/callback",
        "http://localhost:0/callback",
        "http://localhost.:8081/callback",
        "http://localhost.evil.example:8081/callback",
        "http://localhost@evil.example:8081/callback",
        "http://LOCALHOST:8081/callback",
        "https://localhost:8081/callback",
    ],
)
def test_only_the_port_may_differ_on_localhost(presented: str) -> None:
    assert not matches(presented, ["http://localhost:8080/callback"], is_public=True)


@pytest.mark.parametrize(
    "registered",
    [
        *["https://127.0.0.1:8080/", "https://localhost:8080/", "https://app.example:8080/"],
        *["http://127.0.0.2:8080/", "http://localhost.example:8080/"],
    ],
)
def test_any_port_matches_only_for_http_loopback_addresses(registered: str) -> None:
    assert not matches(registered.replace("8080", "8081"), [registered], is_public=True)
