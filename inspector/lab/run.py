"""Runs attacks, and prints the table of `python app.py lab`."""

from collections.abc import Callable, Collection, Iterable
from contextlib import suppress

import requests

from inspector.lab.attack import Attack
from inspector.lab.attacks import ATTACKS
from inspector.lab.checks import CHECKS
from inspector.lab.outcome import CannotRun, Failure, Outcome, Result
from inspector.lab.stage import Stage

Report = Callable[[Attack, Result], None]
_CHECKS = {check.slug: check for check in CHECKS}


def run(attack: Attack, stage: Stage) -> Result:
    """Run one attack, and remove the access that it left behind."""
    try:
        with stage.playing(attack.slug):
            outcome = attack.run(stage)
        stage.tidy()
    except CannotRun as reason:
        return Failure(reason=str(reason))
    except requests.RequestException as error:
        # The message of the error is omitted, since it can contain an address with a code.
        return Failure(reason=f"A server did not answer ({type(error).__name__}).")
    return outcome


def run_all(stage: Stage, report: Report, attacks: Iterable[Attack] = ATTACKS) -> None:
    """Run `attacks` one after the other, and pass each result to `report`.

    Attacks on servers of their own are run last.
    """
    try:
        for attack in sorted(attacks, key=lambda attack: bool(attack.own_legs)):
            report(attack, run(attack, stage))
    finally:
        with suppress(requests.RequestException):  # the results count even if tidying up fails
            stage.close()


def main(stage: Stage) -> int:
    """Run all attacks and print a line for each.

    Return 1 if an attack succeeded that a check should stop, or if one could not be run.
    """
    results: list[tuple[Attack, Result]] = []

    def report(attack: Attack, result: Result) -> None:
        results.append((attack, result))
        print(format_line(attack, result), flush=True)

    run_all(stage, report)
    print(summarize(results))
    return int(any(attack.check and not is_stopped(result) for attack, result in results))


def is_stopped(result: Result | None) -> bool:
    """Return whether the attack was run and did not succeed."""
    return isinstance(result, Outcome) and not result.has_succeeded


def has_succeeded(result: Result | None) -> bool:
    """Return whether the attack was run and succeeded."""
    return isinstance(result, Outcome) and result.has_succeeded


def format_line(attack: Attack, result: Result) -> str:
    """Return the line of one attack: verdict, title and explanation."""
    return f"{_verdict(attack, result):<12}{attack.title:<50}{_explain(attack, result)}"


def summarize(results: Collection[tuple[Attack, Result]]) -> str:
    """Return the last lines: how many attacks were run, were stopped and succeeded."""
    stopped = sum(is_stopped(result) for _, result in results)
    succeeded = [attack for attack, result in results if has_succeeded(result)]
    failed = len(results) - stopped - len(succeeded)
    text = f"\n{len(results)} attacks: {stopped} stopped, {len(succeeded)} succeeded"
    if failed:
        text += f", {failed} could not be run"
    expected = [f"“{attack.title}”" for attack in succeeded if not attack.check]
    if expected:
        return f"{text}. No check stops {' and '.join(expected)}."
    return f"{text}."


def _verdict(attack: Attack, result: Result) -> str:
    if isinstance(result, Failure):
        return "not run"
    if is_stopped(result):
        return "stopped"
    if attack.check:
        return "SUCCEEDED"
    return "succeeded"


def _explain(attack: Attack, result: Result) -> str:
    if isinstance(result, Failure):
        return result.reason
    if attack.check is None:
        return result.consequence
    check = _CHECKS[attack.check]
    if not is_stopped(result):
        return f"{check.file}: {check.symbol}"
    return f"{check.title} {check.section_for(attack)}"
