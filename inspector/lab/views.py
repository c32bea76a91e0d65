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
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue

from config import PROJECT_ROOT
from inspector.lab.attack import Attack
from inspector.lab.cards import State, by_group, cards
from inspector.lab.checks import CHECK_PAIRS, CHECKS, Check
from inspector.lab.laboratory import Laboratory
from inspector.lab.source import find_source
from inspector.versions import unless_seen

bp = Blueprint("lab", __name__, url_prefix="/inspector/lab")
#: Seconds that a response waits for a run, so that the page has the result without JavaScript.
MAX_WAIT = 10.0
#: The value of the button “Run all and compare”.
ALL = "all"


def add_pages(app: Flask, laboratory: Laboratory) -> None:
    """Add the lab's pages to Print Shop's application, and a link to its menu."""
    app.extensions["tripod.laboratory"] = laboratory
    app.register_blueprint(bp)
    app.context_processor(lambda: {"attackable": True})


def current_laboratory() -> Laboratory:
    """Return the laboratory of the current application."""
    return cast(Laboratory, current_app.extensions["tripod.laboratory"])


@bp.get("")
def page() -> ResponseReturnValue:
    """Show all attacks, one of them opened; answer 304 if the browser has the current version."""
    laboratory = current_laboratory()
    opened = request.args.get("attack", "")
    return unless_seen(laboratory.version(), lambda: _render_page(laboratory, opened))


@bp.get("/security.md")
def security() -> ResponseReturnValue:
    """Show the table of all threats and defences as the text that it is."""
    document = PROJECT_ROOT / "docs" / "security.md"
    return Response(document.read_text(), mimetype="text/plain")


@bp.post("/run")
def run() -> ResponseReturnValue:
    """Run one attack or all attacks here and at the plain server, as the form says."""
    if request.form.get("attack") == ALL:
        if not current_laboratory().start(current_laboratory().attacks):
            return _busy()
        return _back_to()
    attack = current_laboratory().attack(request.form.get("attack", ""))
    if attack is None:
        abort(HTTPStatus.BAD_REQUEST, description="There is no such attack.")
    if not current_laboratory().start([attack]):
        return _busy()
    if not attack.own_legs:
        current_laboratory().join(MAX_WAIT)
    return _back_to(attack.slug)


@bp.get("/source")
def source() -> ResponseReturnValue:
    """Show the source lines of one check."""
    slug = request.args.get("check", "")
    check = next((check for check in CHECKS if check.slug == slug), None)
    if check is None:
        abort(HTTPStatus.NOT_FOUND)
    lines = find_source(check)
    if lines is None:
        abort(HTTPStatus.NOT_FOUND)
    together = [(other, _attacks(slugs)) for other, slugs in _together(check)]
    return render_template(
        "inspector/lab_source.html",
        came_from=current_laboratory().attack(request.args.get("attack", "")),
        check=check,
        sections=check.sections(current_laboratory().attacks),
        source=lines,
        stops=_attacks(check.stops),
        together=together,
    )


def _render_page(laboratory: Laboratory, opened: str) -> str:
    all_cards = cards(laboratory, opened)
    return render_template(
        "inspector/lab.html",
        cards=all_cards,
        groups=by_group(all_cards),
        opened=opened,
        checks=CHECKS,
        sections={check.slug: check.sections(laboratory.attacks) for check in CHECKS},
        together={check.slug: _together(check) for check in CHECKS},
        titles={attack.slug: attack.title for attack in laboratory.attacks},
        under_way=laboratory.under_way,
        State=State,
    )


def _together(check: Check) -> list[tuple[Check, tuple[str, ...]]]:
    """Return the other checks of its pairs, and the attacks that succeed when both are off."""
    partners: dict[str, tuple[str, ...]] = {}
    for pair in CHECK_PAIRS:
        if pair.first == check.slug:
            partners[pair.second] = pair.stops
        elif pair.second == check.slug:
            partners[pair.first] = pair.stops
    return [(other, partners[other.slug]) for other in CHECKS if other.slug in partners]


def _attacks(slugs: Collection[str]) -> list[Attack]:
    return [attack for attack in current_laboratory().attacks if attack.slug in slugs]


def _busy() -> ResponseReturnValue:
    """Refuse to start: a second run would remove the grants that the first one uses."""
    flash("busy", "lab")
    return _back_to()


def _back_to(attack: str | None = None) -> ResponseReturnValue:
    """Redirect to the open attack, or to the top of the page, which shows the progress."""
    address = url_for("lab.page", attack=attack, _anchor=attack)
    return redirect(address, HTTPStatus.SEE_OTHER)
