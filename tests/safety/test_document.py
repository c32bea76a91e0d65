"""The table of rules, `docs/security.md`, the code and the tests agree."""

import ast
from collections import Counter
from pathlib import Path

import pytest

from web.safety import document
from web.safety.rule import Rule
from web.safety.rules import RULES

ROOT = Path(__file__).resolve().parents[2]
IDS = [rule.slug for rule in RULES]
#: The sections of RFC 9700 with recommendations that concern this flow. §2.2.1 and §2.5 are met in
#: part, as the document says. §4.6 and §4.17 are about the implicit grant and `postMessage`.
SECTIONS = {
    *("2.1", "2.1.1", "2.1.2", "2.2.1", "2.2.2", "2.3", "2.4", "2.5", "2.6"),
    *("4.2.4", "4.3.1", "4.3.2", "4.5", "4.7", "4.8", "4.9.1", "4.9.2", "4.10"),
    *("4.11.2", "4.12", "4.13", "4.14.2", "4.15", "4.16"),
}


def test_the_document_has_the_table_of_the_command() -> None:
    """`python -m web.safety.document` writes it."""
    text = document.PATH.read_text()

    assert f"{document.BEGIN}\n{document.make_tables()}\n{document.END}" in text


def test_every_rule_has_its_own_name() -> None:
    assert [slug for slug, count in Counter(IDS).items() if count > 1] == []


@pytest.mark.parametrize("rule", RULES, ids=IDS)
def test_the_file_and_the_test_of_a_rule_exist(rule: Rule) -> None:
    path, _, name = rule.test.partition("::")
    tree = ast.parse((ROOT / path).read_text())
    functions = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}

    assert (ROOT / rule.file).is_file()
    assert name in functions


def test_every_recommendation_that_concerns_this_flow_is_a_rule() -> None:
    assert {rule.section for rule in RULES if rule.section} == SECTIONS


def test_every_rule_of_the_configuration_has_an_unsafe_configuration() -> None:
    """The rules with tests of their own are in `test_check_command.py`."""
    table = (ROOT / "tests/safety/test_unsafe_configurations.py").read_text()
    checked = [rule for rule in RULES if rule.test.endswith("fails_and_names_the_rule")]

    assert [rule.slug for rule in checked if f'"{rule.slug}"' not in table] == []
    assert [rule.slug for rule in RULES if rule.check and rule not in checked] == [
        "library-versions",
        "debug-mode",
    ]
