"""Secrets: where they come from, when they are generated, and that they are never shown."""

import base64
import hashlib
import os
import re
import secrets
import shlex
import stat
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from config import AuthServerSettings, ClientAppSettings, ResourceApiSettings, Settings
from web.secret_keys import check_secret_key
from web.text import TextError

Environ = dict[str, str]
Complaint = Callable[[type[Settings], Environ], str]
KEY = "a key that is long enough for a test"
#: Keys that a program guesses, and the reason for which each of them is refused.
WEAK_KEYS = {
    "a": "must have at least 32 characters.",
    "a key of thirty-one characters.": "must have at least 32 characters.",
    "k" * 64: "repeats itself or is a sequence, so it is easy to guess.",
    "0123456789abcdef" * 2: "repeats itself or is a sequence, so it is easy to guess.",
    "correct horse battery staple; correct horse battery staple;": "repeats itself",
    "0000000000000000000000000000000000000001": "repeats itself",
    "change-me-change-me-change-me-please": "is a placeholder.",
    "CHANGE_ME: the secret key of this server": "is a placeholder.",
    "your-secret-key-goes-here-1234567890": "is a placeholder.",
    "your-32-character-string-goes-here": "is a placeholder.",
    "please-change-the-initial-value-1234": "is a placeholder.",
    "generate-a-random-string-and-use-it": "is a placeholder.",
    "FIXME-set-a-real-value-before-deploy": "is a placeholder.",
    "asdfghjklasdfghjklasdfghjklzxcvbnm": "is a placeholder.",
    "correct horse battery staple correct": "is a placeholder.",
    "the quick brown fox jumps over a dog": "is a placeholder.",
    "lorem ipsum dolor sit amet consectetur": "is a placeholder.",
    "django-insecure-w8$2kd9#fj3q@z7x5v1n6m4b": "is a placeholder.",
    "abcdefghijklmnopqrstuvwxyz0123456789": "is a placeholder.",
    "this is an example of a secret for you": "is a placeholder.",
}
each_weak_key = pytest.mark.parametrize(
    ("key", "reason"), WEAK_KEYS.items(), ids=range(len(WEAK_KEYS))
)


@pytest.mark.parametrize(
    ("settings_class", "name"),
    [
        (AuthServerSettings, "TRIPOD_SECRET_KEY"),
        (ClientAppSettings, "TRIPOD_SECRET_KEY"),
        (ResourceApiSettings, "TRIPOD_SECRET_KEY"),
        (ClientAppSettings, "TRIPOD_CLIENT_ID"),
        (ClientAppSettings, "TRIPOD_CLIENT_SECRET"),
        (ResourceApiSettings, "TRIPOD_INTROSPECTION_CLIENT_ID"),
        (ResourceApiSettings, "TRIPOD_INTROSPECTION_CLIENT_SECRET"),
    ],
)
def test_outside_the_demo_no_secret_is_generated(
    settings_class: type[Settings], name: str, outside: Environ, complaint: Complaint
) -> None:
    del outside[name]

    line = complaint(settings_class, outside)

    assert line.startswith(f"{name} must be set outside the demo")
    assert list(Path(outside["TRIPOD_INSTANCE_PATH"]).iterdir()) == []


def test_the_command_line_needs_no_secret_key(outside: Environ) -> None:
    del outside["TRIPOD_SECRET_KEY"]

    settings = AuthServerSettings.load(outside, serving=False)

    assert settings.secret_keys == ()


def test_a_key_file_is_read_outside_the_demo_too(demo: Environ, outside: Environ) -> None:
    keys_of_the_demo = AuthServerSettings.load(demo).secret_keys
    del outside["TRIPOD_SECRET_KEY"]

    settings = AuthServerSettings.load(outside)

    assert settings.secret_keys == keys_of_the_demo


def test_the_environment_takes_precedence_over_the_key_file(demo: Environ) -> None:
    AuthServerSettings.load(demo)

    settings = AuthServerSettings.load(demo | {"TRIPOD_SECRET_KEY": "a key"})

    assert settings.secret_keys == ("a key",)


def test_old_keys_still_verify_after_the_current_one(outside: Environ) -> None:
    old = ["an older key that is long enough for it", "the oldest key that is long enough"]
    fallbacks = f"{old[0]}, {old[1]},,"
    settings = ClientAppSettings.load(outside | {"TRIPOD_SECRET_KEY_FALLBACKS": fallbacks})

    assert settings.secret_keys == (outside["TRIPOD_SECRET_KEY"], *old)


def test_printed_settings_contain_no_secret(
    settings_class: type[Settings], outside: Environ
) -> None:
    databases = (
        "TRIPOD_AUTH_DATABASE_URL",
        "TRIPOD_SESSION_STORE_URL",
        "TRIPOD_RESOURCE_DATABASE_URL",
    )
    database = "postgresql+psycopg://tripod:password-in-url@db/tripod"

    shown = repr(settings_class.load(outside | dict.fromkeys(databases, database)))

    assert "password-in-url" not in shown
    assert not [
        secret
        for secret in (outside["TRIPOD_SECRET_KEY"], "a client secret", "an api secret")
        if repr(secret) in shown
    ]


@pytest.mark.parametrize("name", ["TRIPOD_AUTH_SERVER_URL", "TRIPOD_ISSUER"])
def test_a_password_in_a_url_is_refused_without_repeating_it(
    name: str, outside: Environ, complaint: Complaint
) -> None:
    line = complaint(
        ClientAppSettings, outside | {name: "https://tripod:password-in-url@id.example"}
    )

    assert line.startswith(f"{name} ")
    assert "password-in-url" not in line


def test_only_the_owner_can_read_the_files_of_the_demo(
    settings_class: type[Settings], demo: Environ
) -> None:
    settings = settings_class.load(demo)

    files = list(settings.instance_path.iterdir())
    assert "secret_key" in [file.name for file in files]
    assert {_mode(file) for file in files} == {0o600}
    assert _mode(settings.instance_path) == 0o700


def test_generated_secrets_are_reused(demo: Environ) -> None:
    assert AuthServerSettings.load(demo) == AuthServerSettings.load(demo)


def test_simultaneous_first_starts_generate_one_secret(demo: Environ) -> None:
    number_of_starts = 16
    barrier = Barrier(number_of_starts)

    def start(_: int) -> AuthServerSettings:
        barrier.wait()
        return AuthServerSettings.load(demo)

    with ThreadPoolExecutor(number_of_starts) as threads:
        settings = list(threads.map(start, range(number_of_starts)))

    assert settings.count(settings[0]) == number_of_starts
    written = sorted(path.name for path in settings[0].instance_path.iterdir())
    assert written == ["client_secret", "introspection_client_secret", "secret_key"]


def _create_file(path: Path) -> None:
    path.write_text("a file")


def _create_read_only_folder(path: Path) -> None:
    path.mkdir(mode=0o500)


@pytest.mark.parametrize("prepare", [_create_file, _create_read_only_folder])
def test_an_unusable_instance_folder_is_reported_in_one_line(
    prepare: Callable[[Path], None],
    demo: Environ,
    monkeypatch: pytest.MonkeyPatch,
    complaint: Complaint,
) -> None:
    prepare(Path(demo["TRIPOD_INSTANCE_PATH"]))
    # The tests may run as root, for whom every folder is writable.
    monkeypatch.setattr(os, "access", lambda path, mode: bool(_mode(Path(path)) & stat.S_IWUSR))

    line = complaint(AuthServerSettings, demo)

    assert line.startswith("TRIPOD_INSTANCE_PATH: ")


@pytest.mark.skipif(os.name != "posix", reason="only POSIX has these modes")
@pytest.mark.parametrize("mode", [0o755, 0o750, 0o720, 0o704, 0o702, 0o777])
@pytest.mark.parametrize("demo_or_not", ["demo", "outside"])
def test_an_instance_folder_that_others_can_use_stops_the_start(
    request: pytest.FixtureRequest, complaint: Complaint, demo_or_not: str, mode: int
) -> None:
    environ: Environ = request.getfixturevalue(demo_or_not)
    folder = Path(environ["TRIPOD_INSTANCE_PATH"])
    folder.mkdir()
    folder.chmod(mode)

    assert complaint(AuthServerSettings, environ) == (
        f"TRIPOD_INSTANCE_PATH: group or others can read or write {folder}. Run: chmod 700 {folder}"
    )
    assert list(folder.iterdir()) == []


@pytest.mark.skipif(os.name != "posix", reason="only POSIX has these modes")
def test_the_command_for_an_instance_folder_mends_it(
    tmp_path: Path, complaint: Complaint, demo: Environ
) -> None:
    folder = tmp_path / "the demo's files"
    folder.mkdir(mode=0o755)
    environ = demo | {"TRIPOD_INSTANCE_PATH": str(folder)}
    command = complaint(AuthServerSettings, environ).partition("Run: ")[2]
    subprocess.run(shlex.split(command), check=True)

    assert AuthServerSettings.load(environ).instance_path == folder


@pytest.mark.parametrize("mode", [0o700, 0o711])
def test_an_instance_folder_that_others_cannot_read_is_used(demo: Environ, mode: int) -> None:
    folder = Path(demo["TRIPOD_INSTANCE_PATH"])
    folder.mkdir()
    folder.chmod(mode)

    assert AuthServerSettings.load(demo).instance_path == folder


def test_an_unreadable_secret_file_is_reported_in_one_line(
    demo: Environ, complaint: Complaint
) -> None:
    key = Path(demo["TRIPOD_INSTANCE_PATH"]) / "secret_key"
    key.parent.mkdir(mode=0o700)
    key.mkdir()

    assert str(key) in complaint(AuthServerSettings, demo)


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("data", ["clé".encode("latin-1"), "a key".encode("utf-16")])
def test_a_key_file_that_is_not_utf_8_stops_the_start(
    tmp_path: Path, complaint: Complaint, data: bytes
) -> None:
    (tmp_path / "secret_key").write_bytes(data)
    line = complaint(AuthServerSettings, {"TRIPOD_INSTANCE_PATH": str(tmp_path)})

    assert line == f"{tmp_path / 'secret_key'} must be UTF-8."


def test_a_key_file_may_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    (tmp_path / "secret_key").write_bytes(b"\xef\xbb\xbf" + KEY.encode() + b"\r\n")
    settings = AuthServerSettings.load({"TRIPOD_INSTANCE_PATH": str(tmp_path)})

    assert settings.secret_keys == (KEY,)


@each_weak_key
def test_a_weak_key_stops_the_start_outside_the_demo(
    key: str, reason: str, settings_class: type[Settings], outside: Environ, complaint: Complaint
) -> None:
    line = complaint(settings_class, outside | {"TRIPOD_SECRET_KEY": key})

    assert line.startswith(f"TRIPOD_SECRET_KEY: the key {reason}")
    assert key == "a" or key not in line


@each_weak_key
def test_a_weak_fallback_key_stops_the_start_outside_the_demo(
    key: str, reason: str, outside: Environ, complaint: Complaint
) -> None:
    """A program that guesses it can still sign cookies."""
    fallbacks = f"an older key that is long enough for it,{key.replace(',', '')}"
    line = complaint(AuthServerSettings, outside | {"TRIPOD_SECRET_KEY_FALLBACKS": fallbacks})

    assert line.startswith("TRIPOD_SECRET_KEY_FALLBACKS: the key ")


@each_weak_key
def test_a_weak_key_in_the_key_file_stops_the_start(
    key: str, reason: str, tmp_path: Path, complaint: Complaint
) -> None:
    (tmp_path / "secret_key").write_text(key)
    line = complaint(AuthServerSettings, {"TRIPOD_INSTANCE_PATH": str(tmp_path)})

    assert line.startswith(f"{tmp_path / 'secret_key'}: the key ")


def test_a_generated_key_is_accepted(outside: Environ) -> None:
    """With the command of the message, and as hexadecimal digits."""
    for _ in range(1000):
        for key in (secrets.token_urlsafe(32), secrets.token_hex(16)):
            assert check_secret_key(key) == key


@pytest.mark.parametrize(
    "key",
    [
        "a-string-secret-at-least-256-bits-long",  # jwt.io
        "a-valid-string-secret-that-is-at-least-512-bits-long-which-is-very-long",  # jwt.io
        "your-256-bit-secret-for-this-server",  # jwt.io, made longer
        "192b9bdd22ab9ed4d12e236c78afcb9a393ec15f71bbf5dc987d54727823bcbf",  # Flask
        "192B9BDD22AB9ED4D12E236C78AFCB9A393EC15F71BBF5DC987D54727823BCBF",
        "GSub3SKrntTRLiNseK/Lmjk+wV9xu/XcmH1UcngjvL8=",  # the same in base64
        "GSub3SKrntTRLiNseK_Lmjk-wV9xu_XcmH1UcngjvL8",  # the same in base64url
        "MTkyYjliZGQyMmFiOWVkNGQxMmUyMzZjNzhhZmNiOWEzOTNlYzE1ZjcxYmJmNWRjOTg3ZDU0NzI3ODIzYmNiZg==",
        "09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7",  # FastAPI
        "cg#p$g+j9tax!#a3cup@1$8obt2_+&k3q+pmu)5%asj6yjpkag",  # Django
        "3b7cd727ee24e8444053437c36cc66c3",  # Rails
        "AckfSECXIvnK5r28GVIWUAxmbBSjTsmF",  # Laravel
        "404E635266556A586E3272357538782F413F4428472B4B6250645367566B5970",  # Spring
        "ZJYCqe3GGRvdrudKyZS0XhGv_Z45DuKhCUk0gBR1vZk",  # OpenID Connect
    ],
)
def test_a_key_that_documentation_shows_is_refused(key: str) -> None:
    with pytest.raises(TextError, match=r"placeholder|published"):
        check_secret_key(key)


@pytest.mark.parametrize("word", ["", "a", "password", "secret\n", "changeme", "tripod"])
@pytest.mark.parametrize("algorithm", ["md5", "sha1", "sha256", "sha512"])
def test_the_digest_of_a_word_is_refused(algorithm: str, word: str) -> None:
    digest = hashlib.new(algorithm, word.encode())
    in_base64 = base64.b64encode(digest.digest()).decode()

    for key in (digest.hexdigest(), digest.hexdigest()[:32], in_base64):
        with pytest.raises(TextError, match=re.escape("is the digest of a word.")):
            check_secret_key(key, 22)


@pytest.mark.parametrize(
    ("decoded", "reason"),
    [
        (b"an example secret for tests", "is a placeholder."),
        (b"abcde" * 10, "repeats itself"),
        (bytes(range(32)), "repeats itself"),
        (bytes([1, 2, 3] * 10 + [4, 5]), "repeats itself"),
    ],
)
def test_an_encoding_of_a_weak_key_is_refused(decoded: bytes, reason: str) -> None:
    in_base64 = base64.b64encode(decoded).decode()

    for key in (decoded.hex(), in_base64, f"base64:{in_base64}", in_base64.rstrip("=")):
        with pytest.raises(TextError, match=reason):
            check_secret_key(key)


def test_the_demo_accepts_a_short_key(demo: Environ) -> None:
    settings = AuthServerSettings.load(demo | {"TRIPOD_SECRET_KEY": "a key"})

    assert settings.secret_keys == ("a key",)
