"""Results are stored without any value that could be a token."""

from typing import Any

import pytest
import requests

from inspector.lab.http import Answer
from inspector.lab.outcome import Failure, Outcome, from_document, to_document

OUTCOME = Outcome(
    has_succeeded=True,
    status=200,
    error="",
    description="Welcome.",
    request_id="lab-code-of-another-client-a1b2c3-07",
    consequence="Mallory has Carol’s photos.",
)
TOKEN = "Splxl0BeZQQYbYS6WxSbIAu3kPq9vT2mNc7rD4eF"


@pytest.mark.parametrize(
    "result", [OUTCOME, Failure(reason="No server answered.")], ids=["outcome", "failure"]
)
def test_a_result_is_loaded_unchanged(result: Outcome | Failure) -> None:
    assert from_document(to_document(result)) == result


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"kind": "verdict"},
        {"kind": "failure"},
        {"kind": "failure", "reason": "None.", "severity": 3},
        {name: value for name, value in to_document(OUTCOME).items() if name != "status"},
    ],
    ids=["empty", "unknown kind", "missing reason", "unknown field", "outcome without status"],
)
def test_results_in_an_unknown_format_are_ignored(document: dict[str, Any]) -> None:
    assert from_document(document) is None


def redirect_to(location: str) -> Answer:
    """Return a response of Print Shop's callback that redirects to `location`."""
    response = requests.Response()
    response.status_code, response.url = 303, "http://127.0.0.1:9001/callback"
    response.headers["Location"] = location
    response.request = requests.Request("GET", response.url).prepare()
    return Answer(response)


@pytest.mark.parametrize(
    "parameters", [f"?code={TOKEN}", f"#access_token={TOKEN}", f"?a=b#{TOKEN}", f"#{TOKEN}?a=b", ""]
)
def test_a_redirect_is_stored_without_its_parameters(parameters: str) -> None:
    assert (
        redirect_to(f"/photos{parameters}").description
        == "The browser is sent to http://127.0.0.1:9001/photos"
    )


@pytest.mark.parametrize(
    "result",
    [
        Outcome(
            has_succeeded=False,
            status=400,
            error=TOKEN,
            description=f"The browser is sent to http://127.0.0.1:9001/{TOKEN}",
            request_id="lab-mix-up-a1b2c3-07",
            consequence=f"{TOKEN} stopped working.",
        ),
        Failure(reason=f"No code was issued: 302 {TOKEN}"),
    ],
    ids=["outcome", "failure"],
)
def test_a_value_that_looks_like_a_token_is_not_stored(result: Outcome | Failure) -> None:
    assert TOKEN not in str(to_document(result))
