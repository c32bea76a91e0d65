"""The memory that the resource API keeps after uploads."""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.processes

ROOT = Path(__file__).resolve().parents[2]

PROGRAM = """
import os
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from resource_api.decoders import Decoders

def read_kept_mib():
    lines = Path("/proc/self/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("Anonymous:")) / 1024

def clean(number):
    size = (4 + number % 4) * 2**20
    return len(decoders.clean(BytesIO(os.urandom(size)), str(number)).data)

from resource_api import decoders as module
module._COMMAND = (module.sys.executable, "-c", '''
import sys
upload = sys.stdin.buffer.read()
description = b'{"content_type": "image/png", "width": 1, "height": 1}'
sys.stdout.buffer.write(description + bytes([10]) + upload)
''')
decoders = Decoders()
clean(0)
before = read_kept_mib()
with ThreadPoolExecutor(4) as threads:
    list(threads.map(clean, range(16)))
    print(read_kept_mib() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="it reads /proc")
def test_the_memory_of_an_image_is_returned_after_its_upload() -> None:
    finished = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert float(finished.stdout) < 10
