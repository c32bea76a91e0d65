"""The lab's pages, at Print Shop's address."""

from collections.abc import Collection
from http import HTTPStatus
from typing import cast

from flask import (
    Blueprint,
    Flask,
    Response,
    abort,
    current_app,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue

from inspector.lab.attack import Attack
from inspector.lab.cards import State, cards
from inspector.lab.checks import CHECKS, PAIRS, Check, Pair
from inspector.lab.laboratory import Laboratory
from inspector.lab.source import found_source

bp = Blueprint("lab", __name__, url_prefix="/inspector/lab")
#: Seconds that a page waits for a run to end, so that without JavaScript the next page has the result.
PATIENCE = 10.0
#: What the button “Run all” sends for a name.
ALL = "all"


def open_lab(app: Flask, laboratory: Laboratory) -> None:
    """Put the lab's pages on Print Shop's application, beside the inspector's, and a link to them into its menu."""
    app.extensions["tripod.laboratory"] = laboratory
    app.register_blueprint(bp)
    app.context_processor(lambda: {"attackable": True})


def the_laboratory() -> Laboratory:
    """The laboratory of the application in hand."""
    return cast(Laboratory, current_app.extensions["tripod.laboratory"])


@bp.get("")
def page() -> ResponseReturnValue:
    """All attacks and what became of them. With the ETag of what is on the screen, 304 as long as nothing is new."""
    version = the_laboratory().version()
    if request.if_none_match.contains_weak(version):
        return Response(status=HTTPStatus.NOT_MODIFIED)
    response = make_response(_page(the_laboratory()))
    response.set_etag(version, weak=True)
    return response


@bp.post("/run")
def run() -> ResponseReturnValue:
    """Run the attack of that name, or all of them."""
    if request.form.get("attack") == ALL:
        return _back_to("progress") if the_laboratory().start(the_laboratory().attacks) else _busy()
    attack = _presented_attack()
    if not the_laboratory().start([attack]):
        return _busy()
    if not attack.waits:
        the_laboratory().join(PATIENCE)
    return _back_to(attack.slug)


@bp.post("/compare")
def compare() -> ResponseReturnValue:
    """Run the attack of that name against the plain server."""
    attack = _presented_attack()
    if attack.plain is None:
        abort(
            HTTPStatus.BAD_REQUEST, description="A plain server has nothing to compare with there."
        )
    if not the_laboratory().start_comparison(attack):
        return _busy()
    the_laboratory().join(PATIENCE)
    return _back_to(attack.slug)


@bp.get("/source")
def source() -> ResponseReturnValue:
    """The lines of this project that do the check of that name."""
    slug = request.args.get("check", "")
    check = next((check for check in CHECKS if check.slug == slug), None)
    lines = found_source(check) if check else None
    if check is None or lines is None:
        abort(HTTPStatus.NOT_FOUND)
    together = [(other, _attacks(slugs)) for other, slugs in _together(check)]
    return render_template(
        "inspector/lab_source.html",
        check=check,
        sections=check.sections(the_laboratory().attacks),
        source=lines,
        stops=_attacks(check.stops),
        together=together,
    )


def _page(laboratory: Laboratory) -> str:
    return render_template(
        "inspector/lab.html",
        cards=cards(laboratory),
        checks=CHECKS,
        sections={check.slug: check.sections(laboratory.attacks) for check in CHECKS},
        together={check.slug: _together(check) for check in CHECKS},
        titles={attack.slug: attack.title for attack in laboratory.attacks},
        under_way=laboratory.under_way,
        State=State,
    )


def _together(check: Check) -> list[tuple[Check, tuple[str, ...]]]:
    """The checks before or behind this one, each with the attacks that get through only when both are off."""
    partners = {
        pair.second if pair.first == check.slug else pair.first: pair.stops
        for pair in _pairs_of(check)
    }
    return [(other, partners[other.slug]) for other in CHECKS if other.slug in partners]


def _pairs_of(check: Check) -> list[Pair]:
    return [pair for pair in PAIRS if check.slug in (pair.first, pair.second)]


def _attacks(slugs: Collection[str]) -> list[Attack]:
    return [attack for attack in the_laboratory().attacks if attack.slug in slugs]


def _busy() -> ResponseReturnValue:
    """One run at a time: a second one would end what the first is about to use."""
    flash("busy", "lab")
    return _back_to()


def _presented_attack() -> Attack:
    attack = the_laboratory().attack(request.form.get("attack", ""))
    return attack or abort(HTTPStatus.BAD_REQUEST, description="There is no attack of that name.")


def _back_to(fragment: str | None = None) -> ResponseReturnValue:
    return redirect(url_for("lab.page", _anchor=fragment), HTTPStatus.SEE_OTHER)
