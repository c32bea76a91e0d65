"""Several workers that start at the same moment on an empty database: the demo is seeded once."""

import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import inspect, text
from world.processes import ROOT, environment

from config import DEMO_SUBJECTS, LAB_SUBJECTS
from resource_api.demo import LAB_PHOTOS, PHOTOS
from web.database import Database

pytestmark = pytest.mark.processes

WORKERS = 4
#: The variable of each leg's database, a table that its start fills, and the number of rows in it.
LEGS = {
    "auth_server": (
        "TRIPOD_AUTH_DATABASE_URL",
        "users",
        len(DEMO_SUBJECTS) + len(LAB_SUBJECTS),
    ),
    "client_app": ("TRIPOD_SESSION_STORE_URL", "client_sessions", 0),
    "resource_api": ("TRIPOD_RESOURCE_DATABASE_URL", "photo", len(PHOTOS) + len(LAB_PHOTOS)),
}
#: A worker imports everything, says so, and waits for the start.
WORKER = "import app, {leg}; print('ready', flush=True); input(); app.create_{leg}()"


@pytest.mark.parametrize("leg", LEGS)
def test_workers_that_start_together_seed_the_demo_once(
    leg: str, empty_database_url: str, tmp_path: Path
) -> None:
    variable, table, rows = LEGS[leg]
    env = environment(tmp_path / "instance", TRIPOD_DEMO="1", **{variable: empty_database_url})
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", WORKER.format(leg=leg)],
            cwd=ROOT,
            env=env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(WORKERS)
    ]
    for worker in workers:
        assert worker.stdout is not None
        worker.stdout.readline()

    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.write("\n")
        worker.stdin.flush()
    errors = [worker.communicate(timeout=60)[1] for worker in workers]

    assert [worker.returncode for worker in workers] == [0] * WORKERS, errors
    database = Database(empty_database_url)
    with database.engine.connect() as connection:
        assert inspect(connection).has_table(table)
        assert connection.scalar(text(f"SELECT count(*) FROM {table}")) == rows  # noqa: S608
    database.close()
