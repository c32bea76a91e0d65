"""Routes of applications that the tests create again and again."""

from collections.abc import Callable
from typing import Any

from werkzeug.routing import Rule

Builder = Callable[..., tuple[str, str]]
_BUILDERS: dict[tuple[object, ...], Builder] = {}


def remember_routes() -> None:
    """Let Werkzeug compile each route once in this process, and not once in each application.

    It writes, parses and compiles two functions for each route. For the 80 routes of the three legs
    that takes longer than everything else at their start. The functions are the same each time:
    they depend on the path alone, and get the route as an argument. Defaults would change them.
    """
    compile_builder = Rule._compile_builder

    def remembered(rule: Any, append_unknown: bool = True) -> Builder:
        if rule.defaults:
            return compile_builder(rule, append_unknown)
        key = (rule.rule, *rule._trace, append_unknown)
        if key not in _BUILDERS:
            _BUILDERS[key] = compile_builder(rule, append_unknown)
        return _BUILDERS[key]

    Rule._compile_builder = remembered  # type: ignore[assignment,method-assign]
