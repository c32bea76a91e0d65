"""The memory that the resource API keeps after uploads."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

PROGRAM = """
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from resource_api.images.cleaning import clean

def read_kept_mib():
    lines = Path("/proc/self/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("Anonymous:")) / 1024

photo = Path("resource_api/demo_photos/fjord-blue-hour.webp").read_bytes()
clean(BytesIO(photo))
before = read_kept_mib()
with ThreadPoolExecutor(4) as threads:
    list(threads.map(lambda _: clean(BytesIO(photo)), range(16)))
    print(read_kept_mib() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="it reads /proc")
def test_the_memory_of_an_image_is_returned_after_its_upload() -> None:
    finished = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert float(finished.stdout) < 10
