"""Judge an installation by the rules, and print one line for each."""

import re
import sys
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from sqlalchemy.exc import SQLAlchemyError

from web.safety.installation import Installation, StoreError, describe
from web.safety.rule import Rule
from web.safety.rules import RULES
from web.safety.settings_rules import VALID_SETTINGS

DEMO = "This is the demo, for this machine only. Set TRIPOD_DEMO=0 to check a real installation."


class Verdict(NamedTuple):
    """A rule, and what is wrong. `obstacle` is why it could not be tested, if it could not."""

    rule: Rule
    problems: tuple[str, ...]
    obstacle: str = ""

    def __str__(self) -> str:
        """Return the line that is printed."""
        if self.problems:
            return f"{self.rule.slug}: {' '.join(self.problems)}"
        if self.rule.check is None:
            return f"{self.rule.slug}: ok (by code: {self.rule.file}{self._attacks})"
        if self.obstacle:
            return f"{self.rule.slug}: not tested: {self.obstacle}"
        return f"{self.rule.slug}: ok"

    @property
    def _attacks(self) -> str:
        if not self.rule.attacks:
            return ""
        return f"; attacks in the lab: {', '.join(self.rule.attacks)}"


def judge(installation: Installation) -> list[Verdict]:
    """Return a verdict for each rule."""
    return [_judge(rule, installation) for rule in RULES]


def _judge(rule: Rule, installation: Installation) -> Verdict:
    """Return the verdict. A leg that refuses its settings breaks the rule about the first one."""
    refusals = dict.fromkeys(installation.refusals)
    problems = [refusal for refusal in refusals if _rule_of(refusal) is rule]
    obstacle = ""
    if refusals:
        obstacle = "a leg refuses its settings."
    if rule.check is not None:
        try:
            problems += rule.check(installation)
        except (StoreError, SQLAlchemyError, OSError) as error:
            obstacle = obstacle or describe(error)
    return Verdict(rule, tuple(problems), obstacle)


def is_unsafe(installation: Installation, verdicts: Sequence[Verdict]) -> bool:
    """Return whether anything is unsafe outside the demo, or a leg refuses its settings."""
    has_problems = any(verdict.problems for verdict in verdicts)
    return has_problems and (bool(installation.refusals) or not installation.is_demo)


def run(legs: Sequence[str], variables: Mapping[str, str] | None = None) -> int:
    """Print the verdicts on the named legs, and return the exit status."""
    installation = Installation.load(legs, variables)
    verdicts = judge(installation)
    print(*verdicts, sep="\n")
    failed = sum(bool(verdict.problems) for verdict in verdicts)
    if installation.is_demo:
        print(DEMO)
    elif failed:
        print(f"{failed} of {len(verdicts)} rules failed.", file=sys.stderr)
    return int(is_unsafe(installation, verdicts))


def _rule_of(refusal: str) -> Rule:
    """Return the rule about the variable that a refusal names first."""
    found = re.match("TRIPOD_[A-Z_]+", refusal)
    if found is None:
        return VALID_SETTINGS
    return next((rule for rule in RULES if found[0] in rule.settings), VALID_SETTINGS)
