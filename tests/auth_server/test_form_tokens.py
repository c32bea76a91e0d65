"""Forms need the token of the server's own page, machine endpoints do not (RFC 6749 §10.12)."""

import pytest

from auth_server import create_app
from tests.auth_server.conftest import Instance
from web.canonical_host import for_machines


def answer() -> str:
    return "answered"


@for_machines
def answer_a_machine() -> str:
    return "answered"


@pytest.mark.parametrize(("view", "status"), [(answer, 400), (answer_a_machine, 200)])
def test_a_new_endpoint_needs_a_form_token_unless_it_is_for_machines(
    instance: Instance, view: object, status: int
) -> None:
    """Nobody has to add a new machine endpoint to a list of exemptions."""
    app = create_app(instance.settings())
    app.add_url_rule("/new", view_func=view, methods=["POST"])  # type: ignore[arg-type]

    assert app.test_client().post("/new", base_url=instance.settings().url).status_code == status


def test_every_post_of_a_page_needs_a_form_token(instance: Instance) -> None:
    app = create_app(instance.settings())
    client = app.test_client()
    paths = {
        rule.rule.replace("<client_id>", "print-shop")
        for rule in app.url_map.iter_rules()
        if "POST" in (rule.methods or ()) and not rule.rule.startswith("/oauth/")
    }

    statuses = {
        path: client.post(path, base_url=instance.settings().url).status_code for path in paths
    }

    assert statuses == dict.fromkeys(paths, 400)
