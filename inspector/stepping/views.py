"""The pages of step mode: the switch, a step, and its *Send* button."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import cast

from flask import (
    Blueprint,
    Response,
    current_app,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue

from inspector.stepping.messages import Answer
from inspector.stepping.middleware import COOKIE, PATH
from inspector.stepping.page import step_page
from inspector.stepping.run import Run
from inspector.stepping.runs import Runs
from inspector.views import the_inspector
from web.headers import allow_forms_to_redirect

bp = Blueprint("stepping", __name__, url_prefix=PATH)


@dataclass(frozen=True)
class Stepping:
    """What the pages need: the runs, and the legs by origin."""

    runs: Runs
    legs: Mapping[str, str]


def is_on() -> bool:
    """Return whether step mode is on in the browser that sent this request."""
    return bool(request.cookies.get(COOKIE))


@bp.post("")
def switch() -> ResponseReturnValue:
    """Turn step mode on or off for this browser, until it is closed."""
    response = redirect(url_for("inspector.page"), HTTPStatus.SEE_OTHER)
    if request.form.get("steps") != "on":
        response.delete_cookie(COOKIE)
        _stepping().runs.end_last(request.cookies.get(COOKIE, ""))
        return response
    response.set_cookie(
        COOKIE,
        secrets.token_urlsafe(16),
        secure=current_app.config["SESSION_COOKIE_SECURE"],
        httponly=True,
        samesite="Lax",
    )
    return response


@bp.get("/<run_id>")
def step(run_id: str) -> ResponseReturnValue:
    """Show the message that waits."""
    run = _find_run(run_id)
    if run is None or run.waiting is None:
        return _over()
    allow_forms_to_redirect()
    inspector, store = the_inspector(), the_inspector().store
    shown = step_page(
        run,
        run.waiting,
        _stepping().legs,
        store.exchanges(),
        inspector.key(store.run_id),
        inspector.server_name,
    )
    return render_template("inspector/step.html", shown=shown)


@bp.post("/<run_id>")
def send(run_id: str) -> ResponseReturnValue:
    """Let the message be sent. Then show the next one that waits, or Print Shop's answer."""
    run, number = _find_run(run_id), request.form.get("number", "")
    if run is None:
        return _over()
    if number.isascii() and number.isdigit() and len(number) < 5:
        run.send(int(number), with_rest=request.form.get("send") == "rest")
    run.wait_for_step()
    if run.waiting is not None:
        return redirect(url_for("stepping.step", run_id=run.id), HTTPStatus.SEE_OTHER)
    answer = run.fresh_answer
    if answer is None:
        return _over()
    if run.target is not None and not answer.location:
        return redirect(run.target, HTTPStatus.SEE_OTHER)
    return _deliver(answer)


def _deliver(answer: Answer) -> Response:
    """Return Print Shop's answer with all its headers, and so with its cookies."""
    response = Response(answer.body, answer.status)
    response.headers.clear()
    response.headers.extend(answer.headers)
    return response


def _over() -> ResponseReturnValue:
    return render_template("inspector/step_over.html"), HTTPStatus.GONE


def _find_run(run_id: str) -> Run | None:
    return _stepping().runs.find(request.cookies.get(COOKIE, ""), run_id)


def _stepping() -> Stepping:
    return cast(Stepping, current_app.extensions["tripod.stepping"])
