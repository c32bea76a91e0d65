"""The health check `GET /healthz`, on any `Host`: 200 when the leg can serve, 503 otherwise."""

from collections.abc import Callable
from http import HTTPStatus

from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from web.canonical_host import on_any_host


def init_app(
    app: Flask, check: Callable[[], object], unavailable: type[Exception] = SQLAlchemyError
) -> None:
    """Add the endpoint to `app`.

    `check` queries the leg's database and raises `unavailable` when it does not answer.
    """

    @app.get("/healthz")
    @on_any_host
    def healthz() -> tuple[dict[str, str], int]:
        try:
            check()
        except unavailable:
            return {"status": "the database does not answer"}, HTTPStatus.SERVICE_UNAVAILABLE
        return {"status": "ok"}, HTTPStatus.OK
