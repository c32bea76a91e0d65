"""Password hashing with less work, for tests that are about something else."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

#: The function of the product, with the least work. A hash names its own parameters.
METHOD = "scrypt:128:8:1"


@contextmanager
def cheap_hashing() -> Iterator[None]:
    """Hash passwords of this process with less work inside the `with` block.

    No setting does this, so that a server outside the tests cannot be weakened by one.
    """
    from auth_server import digests

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(digests, "_METHOD", METHOD)
        patch.setattr(digests, "_HASH_FOR_UNKNOWN_USERS", f"{METHOD}${'0' * 16}${'0' * 128}")
        yield
