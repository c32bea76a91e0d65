"""The reason codes of this leg cover every error that `oauth.py` raises."""

import ast
from pathlib import Path

from client_app import oauth
from client_app.reasons import Reason

ERRORS_WITH_A_CODE = ("UnreachableError", "NotUnderstoodError", "BadResponseError", "BadTokenError")


def codes_raised_in(path: Path) -> set[str]:
    """Return the first argument of each of these errors in a file."""
    calls = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
    raised = [call for call in calls if ast.unparse(call.func) in ERRORS_WITH_A_CODE]
    return {ast.literal_eval(call.args[0]) for call in raised}


def test_each_code_that_oauth_raises_is_a_reason() -> None:
    codes = codes_raised_in(Path(oauth.__file__))

    assert codes
    assert codes <= {reason.value for reason in Reason}
