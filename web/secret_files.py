"""Files of mode 0600, made once by whichever process starts first: secrets and databases."""

import os
import secrets
from contextlib import suppress
from pathlib import Path

from web import text


def read_secret(path: Path) -> str:
    """Return the secret in the file at `path`, or an empty string when there is no such file.

    :raises OSError: when the file cannot be read.
    :raises TextError: when it is not UTF-8.
    """
    try:
        return text.decode_utf8(path.read_bytes()).strip()
    except FileNotFoundError:
        return ""


def create_empty(path: Path) -> None:
    """Create an empty file of mode 0600, unless it exists.

    An existing file is never opened here: closing a file of SQLite would release the locks that
    this process has on it, and another process would then delete the write-ahead log in use.
    """
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))


def create_secret(path: Path) -> None:
    """Write a random secret of 256 bits to `path`, unless the file exists.

    A complete draft is linked to `path`, so that processes which start together agree on one
    secret, and none of them reads half of it.

    :raises OSError: when the file cannot be written.
    """
    if path.exists():
        return
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    draft.touch(mode=0o600)
    draft.write_text(secrets.token_urlsafe(32))
    try:
        with suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink()
