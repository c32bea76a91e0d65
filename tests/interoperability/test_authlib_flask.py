"""Authlib's Flask client signs in with `server_metadata_url`, in fewer than 20 lines."""

from tests.interoperability.conftest import HERE, Start
from tests.interoperability.provider import Provider


def test_it_accepts_the_id_token(start: Start, provider: Provider) -> None:
    party = start("authlib_flask")

    claims = party.log_in()

    assert (claims["iss"], claims["aud"]) == (provider.issuer, party.client_id)
    assert claims["nonce"]


def test_the_program_has_fewer_than_20_lines() -> None:
    """The README says so."""
    lines = (HERE / "authlib_flask" / "program.py").read_text().splitlines()

    assert len([line for line in lines if line]) < 20
