"""Creating, hashing and comparing secrets."""

import re

import pytest

from auth_server import digests

ODD_TEXTS = ["", "é", "\0", "\ud800", "☃" * 1000]


def test_secrets_are_long_and_unique() -> None:
    made = {digests.new_secret() for _ in range(100)}

    assert len(made) == 100
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{43}", secret) for secret in made)


def test_identifiers_are_letters_and_digits() -> None:
    made = {digests.new_identifier() for _ in range(100)}

    assert len(made) == 100
    assert all(re.fullmatch(r"[A-Za-z0-9]{24}", identifier) for identifier in made)


@pytest.mark.parametrize("text", ODD_TEXTS)
def test_any_text_can_be_digested(text: str) -> None:
    assert re.fullmatch("[0-9a-f]{64}", digests.digest(text))
    assert digests.digest_matches(text, digests.digest(text))
    assert not digests.digest_matches(f"{text}x", digests.digest(text))


@pytest.mark.parametrize("text", ODD_TEXTS)
def test_no_secret_matches_a_missing_digest(text: str) -> None:
    assert not digests.digest_matches(text, None)
    assert not digests.digest_matches(text, "")


def test_a_keyed_digest_depends_on_key_and_text() -> None:
    pairs = [("key", "alice"), ("key", "bob"), ("another key", "alice"), ("key", "\ud800")]

    assert len({digests.keyed_digest(*pair) for pair in pairs}) == len(pairs)
    assert digests.keyed_digest("key", "alice") == digests.keyed_digest("key", "alice")


def test_the_example_of_rfc_7636_matches() -> None:
    """Appendix B."""
    verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"

    assert digests.s256_matches(verifier, "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM")
    assert not digests.s256_matches(verifier, verifier)
    assert not digests.s256_matches(verifier, "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM=")


def test_a_password_matches_only_its_own_hash() -> None:
    password_hash = digests.hash_password("correct horse ☃")

    assert digests.password_matches("correct horse ☃", password_hash)
    assert not digests.password_matches("correct horse", password_hash)
    assert not digests.password_matches("correct horse ☃", None)


def test_each_hash_of_a_password_has_its_own_salt() -> None:
    assert digests.hash_password("wonderland") != digests.hash_password("wonderland")


def test_an_unknown_username_costs_the_same_work() -> None:
    """The substitute hash for a missing user uses the same memory and work factors."""
    method, _, _ = digests.hash_password("wonderland").split("$")
    stand_in, _, _ = digests._HASH_FOR_UNKNOWN_USERS.split("$")

    assert method == stand_in
    assert method.startswith("scrypt:")
    assert int(method.split(":")[1]) >= 2**15
