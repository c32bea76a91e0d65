"""Only the message that issues a code or tokens has them encrypted."""

import pytest
from world.cast import Person
from world.legs import Legs

from inspector.record.sealing import seal, unseal
from inspector.record.store import Store
from tests.inspector.sealed_values import connect
from tests.inspector.wires import KEY, OTHER_TOKEN, TOKEN

TIE = "token:0123456789abcdef"


def test_a_value_is_decrypted_with_its_key_and_its_tie() -> None:
    sealed = seal(KEY, TIE, TOKEN)

    assert TOKEN not in sealed
    assert unseal(KEY, TIE, sealed) == TOKEN


def test_equal_values_have_different_ciphertexts() -> None:
    assert seal(KEY, TIE, TOKEN) != seal(KEY, TIE, TOKEN)


@pytest.mark.parametrize(
    ("key", "tie"), [("the key of another run", TIE), (KEY, "token:fedcba9876543210")]
)
def test_another_key_or_tie_decrypts_nothing(key: str, tie: str) -> None:
    assert unseal(key, tie, seal(KEY, TIE, TOKEN)) is None


@pytest.mark.parametrize("sealed", ["", "x", "••", OTHER_TOKEN, "A" * 200])
def test_an_invalid_ciphertext_decrypts_nothing(sealed: str) -> None:
    assert unseal(KEY, TIE, sealed) is None


def test_only_messages_that_issue_something_have_ciphertexts(
    legs: Legs, watched: Store, alice: Person
) -> None:
    connect(legs, alice)

    sealing = [one.path for one in watched.exchanges() if one.sealed]
    assert sealing == ["/oauth/authorize", "/oauth/token"]
