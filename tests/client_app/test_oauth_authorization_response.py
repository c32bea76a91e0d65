"""RFC 6749 §4.1.2 and RFC 9207: which authorization responses the client accepts."""

import pytest

from client_app import oauth

TRIPOD_ID = "http://127.0.0.1:9000"


@pytest.fixture
def asked(client):
    """Return the pending authorization request."""
    return client.authorization_request("photos:read")[0]


@pytest.fixture
def promises_nothing(tripod_id):
    """Make the server's metadata omit the promise of `iss`. Request it before `asked`, because the client caches metadata."""
    del tripod_id.metadata["authorization_response_iss_parameter_supported"]


def read(**parameters):
    return oauth.AuthorizationResponse.read(parameters.items())


def test_a_valid_response_returns_its_code(client, asked):
    code = client.authorization_code(asked, read(code="c", state=asked.state, iss=TRIPOD_ID))

    assert code == "c"


@pytest.mark.parametrize("state", ["", "x" * 43, "ñ", "\udc80"])
def test_a_wrong_state_is_rejected(client, asked, state):
    """§10.12: the client "MUST implement CSRF protection for its redirection URI"."""
    with pytest.raises(oauth.BadResponseError, match="unknown_state"):
        client.authorization_code(asked, read(code="c", state=state, iss=TRIPOD_ID))


def test_a_missing_state_is_rejected(client, asked):
    with pytest.raises(oauth.BadResponseError, match="unknown_state"):
        client.authorization_code(asked, read(code="c", iss=TRIPOD_ID))


@pytest.mark.parametrize("iss", ["https://mallory.example", f"{TRIPOD_ID}/", ""])
def test_another_issuer_is_rejected(client, asked, iss):
    """RFC 9207 §2.4: "If the value does not match the expected issuer identifier, clients MUST reject"."""
    with pytest.raises(oauth.BadResponseError, match="issuer_mismatch"):
        client.authorization_code(asked, read(code="c", state=asked.state, iss=iss))


def test_a_missing_issuer_is_rejected_if_the_metadata_promises_it(client, asked):
    """RFC 9207 §2.4: clients "MUST reject authorization responses without the iss parameter from" such servers."""
    with pytest.raises(oauth.BadResponseError, match="issuer_missing"):
        client.authorization_code(asked, read(code="c", state=asked.state))


def test_another_issuer_is_rejected_even_if_none_was_promised(promises_nothing, client, asked):
    with pytest.raises(oauth.BadResponseError, match="issuer_mismatch"):
        client.authorization_code(
            asked, read(code="c", state=asked.state, iss="https://mallory.example")
        )


def test_a_missing_issuer_is_accepted_if_the_metadata_does_not_promise_it(
    promises_nothing, client, asked
):
    assert client.authorization_code(asked, read(code="c", state=asked.state)) == "c"


@pytest.mark.parametrize("doubled", ["code", "state", "iss", "error", "anything"])
def test_a_repeated_parameter_is_rejected(doubled):
    """§3.1: "Request and response parameters MUST NOT be included more than once"."""
    with pytest.raises(oauth.BadResponseError, match="duplicated_parameter"):
        oauth.AuthorizationResponse.read([(doubled, "a"), (doubled, "a")])


def test_an_error_is_raised_with_its_code_and_a_short_description(client, asked):
    response = read(
        error="invalid_scope", error_description="d" * 1000, state=asked.state, iss=TRIPOD_ID
    )

    with pytest.raises(oauth.RefusedError) as caught:
        client.authorization_code(asked, response)

    assert (caught.value.error, len(caught.value.description)) == ("invalid_scope", 300)


def test_an_errors_issuer_is_checked_too(client, asked):
    """RFC 9207 §2: the issuer is in "the authorization response, including error responses"."""
    response = read(error="access_denied", state=asked.state, iss="https://mallory.example")

    with pytest.raises(oauth.BadResponseError, match="issuer_mismatch"):
        client.authorization_code(asked, response)


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"code": ""},
        {"code": "c\n"},
        {"code": "ñ"},
        {"error": 'a"b', "code": "c"},
        {"error": "e" * 61},
    ],
)
def test_a_response_without_code_and_error_is_rejected(client, asked, parameters):
    with pytest.raises(oauth.BadResponseError, match="no_code"):
        client.authorization_code(asked, read(state=asked.state, iss=TRIPOD_ID, **parameters))
