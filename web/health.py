"""The health checks `GET /livez` and `GET /healthz`, on any `Host`.

`/livez` is 200 while the process runs. `/healthz` is 200 while the leg can serve, and 503 when its
database does not answer: then other processes should get the requests, but a restart helps nobody.
"""

from collections.abc import Callable
from http import HTTPStatus

from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from web.canonical_host import on_any_host
from web.entrance import LIVENESS


def init_app(
    app: Flask, check: Callable[[], object], unavailable: type[Exception] = SQLAlchemyError
) -> None:
    """Add the endpoints to `app`.

    `check` queries the leg's database and raises `unavailable` when it does not answer.
    """

    @app.get(LIVENESS)
    @on_any_host
    def livez() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/healthz")
    @on_any_host
    def healthz() -> tuple[dict[str, str], int]:
        try:
            check()
        except unavailable:
            return {"status": "the database does not answer"}, HTTPStatus.SERVICE_UNAVAILABLE
        return {"status": "ok"}, HTTPStatus.OK
