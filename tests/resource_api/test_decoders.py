"""The decoders of Photo API: each image is decoded in a process of its own, with limits."""

import json
import os
import subprocess
import sys
import threading
import time
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from pathlib import Path

import pytest
from PIL import Image
from world.picture_files import encode, patches

from resource_api import decoders

pytestmark = pytest.mark.processes

ROOT = Path(__file__).resolve().parents[2]

#: The beginning of a program that answers instead of the decoder.
STAND_IN = """
import json, os, sys, time
from pathlib import Path
upload = sys.stdin.buffer.read()
def answer(data):
    print(json.dumps({"content_type": "image/png", "width": 1, "height": 1}))
    print(data, end="")
"""

UPLOAD_WITHOUT_PILLOW = """
import io, json, os, sys
from config import ResourceApiSettings
from resource_api import create_app
from web.http_client import HttpClient, Response

def introspect(url, headers, form=None):
    claims = {"active": True, "token_use": "access_token", "scope": "photos:write",
              "sub": "alice", "aud": "http://127.0.0.1:9002", "iss": "http://127.0.0.1:9000"}
    return Response(200, json.dumps(claims).encode(), [])

app = create_app(ResourceApiSettings.load(os.environ), HttpClient(introspect))
photo = open("resource_api/demo_photos/fjord-blue-hour.webp", "rb")
answer = app.test_client().post("/photos", data={"title": "Fjord", "image": (photo, "fjord")},
    base_url="http://127.0.0.1:9002", headers={"Authorization": "Bearer token"})
print(answer.status_code, [name for name in sys.modules if name.startswith("PIL")])
"""


def jpeg_of_scans(number):
    """Return a progressive JPEG whose last scan is repeated until it has this number of scans."""
    jpeg = encode(patches(), "JPEG", progressive=True)
    scan = jpeg[jpeg.rindex(b"\xff\xda") : -2]
    return jpeg[:-2] + scan * (number - jpeg.count(b"\xff\xda")) + jpeg[-2:]


@pytest.fixture
def decode_with(monkeypatch):
    """Return a function that replaces the decoder by a program, with arguments."""

    def decode_with(program, *arguments):
        command = (sys.executable, "-c", STAND_IN + program, *map(str, arguments))
        monkeypatch.setattr(decoders, "_COMMAND", command)

    return decode_with


@pytest.fixture
def upload_by(caller):
    """Return a function that uploads a file for the user of this name."""
    return lambda name, image=b"image": caller(sub=f"subject-of-{name}").upload(image)


def started(folder):
    return len(list(folder.iterdir()))


def wait_until(condition):
    for _ in range(1000):
        if condition():
            return
        time.sleep(0.02)
    raise AssertionError("it did not happen within 20 seconds")


# What is refused before its pixels are decoded


def test_a_jpeg_may_have_100_scans(alices_client):
    assert alices_client.upload(jpeg_of_scans(100)).status_code == 201


@pytest.mark.parametrize(
    "image",
    [
        jpeg_of_scans(101),
        jpeg_of_scans(400),
        jpeg_of_scans(400)[:-2],
        # A decoder skips the segment that looks like the end of the image.
        jpeg_of_scans(101).replace(b"\xff\xda", b"\xff\xfe\0\4\xff\xd9\xff\xda", 2),
    ],
    ids=["101", "400", "400 without an end", "a comment that looks like an end"],
)
def test_a_jpeg_of_more_than_100_scans_is_rejected(alices_client, events, image):
    response = alices_client.upload(image)

    assert response.status_code == 413
    assert response.json == {
        "error": "too_large",
        "error_description": "image must have at most 100 scans.",
    }
    assert [event["reason"] for event in events] == ["too_many_scans"]


def test_scans_of_another_picture_in_the_file_do_not_count(alices_client):
    assert alices_client.upload(jpeg_of_scans(60) + jpeg_of_scans(60)).status_code == 201


@pytest.mark.parametrize("file_format", ["PNG", "JPEG", "WEBP"])
def test_more_than_24_megapixels_are_rejected_in_each_format(alices_client, events, file_format):
    image = encode(Image.new("L", (6000, 4001)), file_format)
    response = alices_client.upload(image)

    assert response.status_code == 413
    assert response.json["error_description"] == "image must have at most 24 million pixels."
    assert [event["reason"] for event in events] == ["too_many_pixels"]


# The process of its own


def test_the_serving_process_does_not_load_pillow(tmp_path):
    finished = subprocess.run(
        [sys.executable, "-c", UPLOAD_WITHOUT_PILLOW],
        cwd=ROOT,
        env={
            "TRIPOD_INSTANCE_PATH": str(tmp_path),
            "TRIPOD_SECRET_KEY": "a key for tests, of thirty-two characters",
            "TRIPOD_INTROSPECTION_CLIENT_SECRET": "secret",
            "TRIPOD_INTROSPECTION_CLIENT_ID": "photo-api",
        },
        capture_output=True,
        text=True,
        check=False,
    )

    assert finished.stdout == "201 []\n", finished.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="it reads /proc")
def test_the_decoder_inherits_no_secrets_and_no_connections(
    alices_client, decode_with, monkeypatch
):
    monkeypatch.setenv("TRIPOD_SECRET_KEY", "the secret key")
    decode_with("""
files = [os.readlink(entry) for entry in Path("/proc/self/fd").iterdir() if entry.exists()]
answer(json.dumps({"environ": dict(os.environ), "files": files}))
""")
    photo = alices_client.upload(b"image").json
    inherited = json.loads(alices_client.get(f"/photos/{photo['id']}/image").data)

    assert not {name for name in inherited["environ"] if name.startswith("TRIPOD")}
    assert not [file for file in inherited["files"] if ".db" in file or file.startswith("socket")]


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have fewer limits")
@pytest.mark.parametrize(
    ("attack", "outcome"),
    [
        ("bytearray(4 * 2**30)", "MemoryError"),
        ("open('/etc/passwd')", "Too many open files"),
        ("socket.socket()", "Too many open files"),
        ("subprocess.run(['true'])", "Too many open files"),
        ("print(resource.getrlimit(resource.RLIMIT_CPU))", "(15, 15)"),
        ("print(signal.alarm(0) > 0)", "True"),
        ("os.kill(os.getpid(), signal.SIGTERM); print('it goes on')", "it goes on"),
    ],
)
def test_the_decoder_limits_itself(attack, outcome):
    program = f"""
import os, resource, signal, socket, subprocess
from resource_api.images.decoder import restrict_process
restrict_process()
{attack}
"""
    finished = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert outcome in finished.stdout + finished.stderr


@pytest.mark.parametrize(
    "program",
    [
        "os.kill(os.getpid(), 9)",
        "import resource; resource.setrlimit(resource.RLIMIT_CPU, (1, 1))\nwhile True: pass",
        "os.abort()",
        "sys.exit(3)",
    ],
    ids=["killed", "too much CPU time", "crashed", "ended"],
)
def test_a_decoder_that_is_killed_is_a_refusal(alices_client, decode_with, events, program):
    decode_with(program)
    response = alices_client.upload(b"image")

    assert response.status_code == 413
    assert response.json == {
        "error": "too_large",
        "error_description": "image takes too much time or memory to decode. Save it again as an "
        "ordinary JPEG.",
    }
    assert [event["reason"] for event in events] == ["image_too_complex"]
    assert alices_client.get("/photos").json["photos"] == []


def test_a_decoder_that_takes_too_long_is_stopped(
    alices_client, decode_with, tmp_path, monkeypatch
):
    monkeypatch.setattr(decoders, "WALL_SECONDS", 1)
    decode_with("Path(sys.argv[1]).write_text(str(os.getpid())); time.sleep(600)", tmp_path / "pid")
    response = alices_client.upload(b"image")

    assert response.status_code == 413
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


def test_too_much_memory_is_a_refusal(alices_client, decode_with, events):
    decode_with("""
from resource_api.images import decoder
def clean(data):
    raise MemoryError
decoder.clean = clean
sys.stdout.buffer.write(decoder._answer(upload))
""")
    response = alices_client.upload(b"image")

    assert response.status_code == 413
    assert [event["reason"] for event in events] == ["image_too_complex"]


# Many uploads at once

WAIT_FOR_RELEASE = """
Path(sys.argv[1], str(os.getpid())).touch()
while upload != b"fast" and not Path(sys.argv[2]).exists():
    time.sleep(0.02)
answer("data")
"""


@pytest.fixture
def occupied(decode_with, tmp_path):
    """Return the folder with a file for each started decoder, and a function that ends them."""
    running, release = tmp_path / "running", tmp_path / "release"
    running.mkdir()
    decode_with(WAIT_FOR_RELEASE, running, release)
    yield running, release.touch
    release.touch()


def test_two_decoders_run_and_four_uploads_wait(occupied, upload_by, events):
    running, release = occupied
    names = [f"user{number}" for number in range(7)]
    with ThreadPoolExecutor(len(names)) as threads:
        uploads = [threads.submit(upload_by, name) for name in names]
        done, _ = wait(uploads, return_when=FIRST_COMPLETED)
        wait_until(lambda: started(running) == 2)
        release()
        statuses = sorted(upload.result().status_code for upload in uploads)

    [refused] = [upload.result() for upload in done if upload.result().status_code != 201]
    assert statuses == [201] * 6 + [503]
    assert refused.json == {
        "error": "temporarily_unavailable",
        "error_description": "Too many images are being decoded. The photo was not stored. Send it "
        "again later.",
    }
    assert refused.headers["Retry-After"] == "5"
    assert [event["reason"] for event in events] == ["too_many_uploads"]


def test_the_uploads_of_one_user_leave_a_decoder_for_others(occupied, upload_by):
    running, release = occupied
    with ThreadPoolExecutor(5) as threads:
        uploads = [threads.submit(upload_by, "mallory") for _ in range(5)]
        wait_until(lambda: started(running) == 1)

        assert upload_by("alice", b"fast").status_code == 201
        release()
        assert {upload.result().status_code for upload in uploads} == {201}


def test_an_upload_does_not_wait_forever(occupied, upload_by, monkeypatch):
    running, release = occupied
    monkeypatch.setattr(decoders, "LONGEST_WAIT", 0.1)
    first = threading.Thread(target=upload_by, args=("alice",))
    first.start()
    wait_until(lambda: started(running) == 1)

    assert upload_by("alice").status_code == 503
    release()
    first.join()
