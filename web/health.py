"""`GET /healthz`: 200 when the leg can serve, 503 when it cannot, whatever the `Host`."""

from collections.abc import Callable
from http import HTTPStatus

from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from web.canonical_host import on_any_host


def init_app(app: Flask, check: Callable[[], object]) -> None:
    """Add the endpoint to `app`; `check` asks the leg's database and raises `SQLAlchemyError` when it cannot."""

    @app.get("/healthz")
    @on_any_host
    def healthz() -> tuple[dict[str, str], int]:
        try:
            check()
        except SQLAlchemyError:
            return {"status": "the database does not answer"}, HTTPStatus.SERVICE_UNAVAILABLE
        return {"status": "ok"}, HTTPStatus.OK
