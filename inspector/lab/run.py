"""Runs attacks, one or all, and tells what became of them."""

from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager, suppress

import requests

from inspector.lab.attack import Attack, CannotPlay, Failure, Outcome
from inspector.lab.attacks import ATTACKS
from inspector.lab.checks import CHECKS
from inspector.lab.stage import Stage

Result = Outcome | Failure
Report = Callable[[Attack, Result], None]
_CHECKS = {check.slug: check for check in CHECKS}


def run(attack: Attack, stage: Stage) -> Result:
    """What became of `attack`."""
    try:
        with stage.playing(attack.slug):
            outcome = attack.run(stage)
        stage.tidy()
    except CannotPlay as reason:
        return Failure(reason=str(reason))
    except requests.RequestException as error:
        # Its text may hold an address with a code in it.
        return Failure(reason=f"A server did not answer ({type(error).__name__}).")
    return outcome


def run_all(stage: Stage, report: Report, attacks: Iterable[Attack] = ATTACKS) -> None:
    """Run `attacks` one after the other, those that wait last; `report` is called with each result as it comes."""
    with _closing(stage):
        for attack in sorted(attacks, key=lambda attack: attack.waits):
            report(attack, run(attack, stage))


def main(stage: Stage) -> int:
    """Run all and print a line for each; 1 if an attack that a check should stop got through, or could not be run."""
    results: list[tuple[Attack, Result]] = []

    def report(attack: Attack, result: Result) -> None:
        results.append((attack, result))
        print(line(attack, result), flush=True)

    run_all(stage, report)
    print(summary(results))
    return int(any(attack.check and not _is_stopped(result) for attack, result in results))


def line(attack: Attack, result: Result) -> str:
    """One attack in the table that the command prints."""
    return f"{_verdict(attack, result):<12}{attack.title:<50}{_because(attack, result)}"


def summary(results: Collection[tuple[Attack, Result]]) -> str:
    """The last line: how many there were, how many were stopped, and that no check stops one more."""
    counted = [result for attack, result in results if attack.check]
    stopped = sum(map(_is_stopped, counted))
    through = sum(isinstance(result, Outcome) and result.got_through for result in counted)
    failed = (
        f", {len(counted) - stopped - through} could not be run"
        if stopped + through < len(counted)
        else ""
    )
    return f"\n{len(counted)} attacks, {stopped} stopped, {through} got through{failed}.{_let_through(results)}"


def _let_through(results: Iterable[tuple[Attack, Result]]) -> str:
    """About the attack that no check is to stop, when it got through."""
    got_through = any(
        isinstance(result, Outcome) and result.got_through
        for attack, result in results
        if not attack.check
    )
    return (
        " One more is let through within the grace: no check here stops it." if got_through else ""
    )


def _is_stopped(result: Result) -> bool:
    return isinstance(result, Outcome) and not result.got_through


def _verdict(attack: Attack, result: Result) -> str:
    if isinstance(result, Failure):
        return "not run"
    if _is_stopped(result):
        return "stopped"
    return "GOT THROUGH" if attack.check else "let through"


def _because(attack: Attack, result: Result) -> str:
    if isinstance(result, Failure):
        return result.reason
    if attack.check is None:
        return result.consequence
    check = _CHECKS[attack.check]
    if not _is_stopped(result):
        return f"{check.file}: {check.symbol}"
    return f"{check.title} RFC {check.rfc}, {check.section_for(attack)}"


@contextmanager
def _closing(stage: Stage) -> Iterator[None]:
    """What was registered is deleted at the end, whatever happened; if that fails, nothing is lost but tidiness."""
    try:
        yield
    finally:
        with suppress(requests.RequestException):
            stage.close()
