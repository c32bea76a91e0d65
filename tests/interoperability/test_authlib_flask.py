"""Authlib's Flask client signs in with `server_metadata_url`, in fewer than 20 lines.

A longer program also refreshes and signs out, as Authlib's documentation says.
"""

import pytest

from tests.interoperability.conftest import HERE, Start
from tests.interoperability.provider import Provider
from tests.interoperability.relying_party import RelyingParty


def test_it_accepts_the_id_token(start: Start, provider: Provider) -> None:
    party = start("authlib_flask")

    claims = party.log_in()

    assert (claims["iss"], claims["aud"]) == (provider.issuer, party.client_id)
    assert claims["nonce"]


def test_the_readme_has_this_program_in_fewer_than_20_lines() -> None:
    program = (HERE / "authlib_flask" / "program.py").read_text()
    readme = (HERE.parent.parent / "README.md").read_text()

    assert f"```python\n{program}```" in readme
    assert len([line for line in program.splitlines() if line]) < 20


def test_the_readme_registers_this_program_for_the_scopes_that_it_requests() -> None:
    program = (HERE / "authlib_flask" / "program.py").read_text()
    section = (HERE.parent.parent / "README.md").read_text().split("### Sign users in")[1]
    scope = program.split('"scope": "')[1].split('"')[0]

    assert f'--scope "{scope}"' in section.split("```")[0]


@pytest.fixture
def party(start: Start) -> RelyingParty:
    return start("authlib_flask_tokens")


def test_it_refreshes_an_expired_access_token(party: RelyingParty) -> None:
    signed_in = party.log_in()

    answers = [party.open("/refresh") for _ in range(2)]

    assert [one["sub"] for one in answers] == [signed_in["sub"]] * 2
    assert answers[0]["refresh_token"] != answers[1]["refresh_token"]


def test_a_logout_signs_the_user_out_at_the_provider(party: RelyingParty) -> None:
    party.log_in()

    answer = party.log_out()

    assert answer["post_logout_redirect_uri"] == f"{party.url}/goodbye"
    assert party.asks_for_password()
