"""What the arguments of the command select, and how processes and samples are counted."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.__main__ import read_arguments
from benchmarks.measured import PARTS
from benchmarks.places import ROOT, Places, name_places
from benchmarks.processes import list_tree, read_cpu_seconds, read_pss
from benchmarks.works import NAMES

LIBRARY = "/env/lib/python3/site-packages/flask/app.py"


def test_without_arguments_everything_is_measured() -> None:
    chosen = read_arguments([])

    assert (chosen.parts, chosen.only) == (PARTS, NAMES)


def test_names_of_works_select_only_the_comparison() -> None:
    chosen = read_arguments(["--only", "refresh, round trip", "--contenders", "tripod"])

    assert (chosen.parts, chosen.only) == (("works",), ["refresh", "round trip"])
    assert chosen.contenders == ["tripod"]


def test_an_unknown_name_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        read_arguments(["--only", "refreshing"])

    assert "unknown: refreshing" in capsys.readouterr().err


@pytest.mark.skipif(sys.platform != "linux", reason="the benchmark runs on Linux")
def test_the_processes_of_a_server_include_its_children() -> None:
    program = "import subprocess, sys; subprocess.run(['/bin/cat'])"
    with subprocess.Popen(
        [sys.executable, "-c", f"print(flush=True); {program}"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as parent:
        assert parent.stdout is not None
        parent.stdout.readline()
        while len(tree := list_tree(parent.pid)) < 2:
            assert parent.poll() is None
        parent.communicate()

    assert tree[0] == parent.pid
    assert list_tree(os.getpid())[0] == os.getpid()


@pytest.mark.skipif(sys.platform != "linux", reason="the benchmark runs on Linux")
def test_the_cpu_time_and_the_memory_come_from_the_kernel() -> None:
    assert read_cpu_seconds(os.getpid()) > 0
    assert read_pss(os.getpid()) > 1


@pytest.mark.skipif(sys.platform != "linux", reason="the benchmark runs on Linux")
def test_a_process_that_has_ended_takes_nothing() -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()

    assert (read_cpu_seconds(ended.pid), read_pss(ended.pid)) == (0, 0)


def own(name: str) -> str:
    return str(Path(ROOT) / name)


@pytest.mark.parametrize(
    ("files", "places"),
    [
        pytest.param(
            [LIBRARY, own("web/pages.py"), own("benchmarks/profile_process.py")],
            Places("flask", "web/pages.py"),
            id="a library for a file",
        ),
        pytest.param(
            [own("web/pages.py"), LIBRARY], Places("this project", "web/pages.py"), id="a file"
        ),
        pytest.param(
            ["<string>", LIBRARY, own("benchmarks/profile_process.py")],
            Places("flask", "flask"),
            id="a library for no file",
        ),
        pytest.param([own("benchmarks/profile_process.py")], None, id="the benchmark"),
    ],
)
def test_a_sample_belongs_to_a_package_and_a_file(files: list[str], places: Places | None) -> None:
    assert name_places(files) == places
