"""Without the entrance, Flask answers the token endpoint by the same rules (`web/entrance.py`).

The tests of the token endpoint run once more in this module.
"""

from collections.abc import Callable

import pytest

from tests.auth_server.server import Server
from tests.auth_server.test_access_token_request import *  # noqa: F403
from tests.auth_server.test_refreshing import *  # noqa: F403
from web.entrance import Entrance


@pytest.fixture
def server(
    start: Callable[..., Server], request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Server:
    """Start the server, and take its entrance away."""
    mark = request.node.get_closest_marker("settings")
    monkeypatch.setattr(
        Entrance,
        "__call__",
        lambda entrance, wsgi, start_response: entrance.flask_application(wsgi, start_response),
    )
    return start(**mark.kwargs if mark else {})
