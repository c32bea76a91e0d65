"""The description of a rule."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from web.safety.installation import Installation

#: Yields what is wrong, one sentence each, without any secret.
Check = Callable[[Installation], Iterator[str]]


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A threat, the defence against it, and the file and the test of the defence.

    - `section` is the section of RFC 9700 that recommends the defence, if any.
    - `settings` are the variables that the rule judges: a leg that refuses the value of one of them
      breaks this rule.
    - `check` finds unsafe values; None when the code of this project enforces the rule everywhere.
    - `attacks` are the slugs of the lab's attacks against the defence.
    """

    slug: str
    threat: str
    defence: str
    file: str
    test: str
    section: str = ""
    settings: tuple[str, ...] = ()
    check: Check | None = None
    attacks: tuple[str, ...] = ()


#: The test that changes one thing of a safe configuration for each rule.
UNSAFE = (
    "tests/safety/test_unsafe_configurations.py"
    "::test_an_unsafe_configuration_fails_and_names_the_rule"
)
