"""The SDK's own client of the Model Context Protocol reads and renames photos, on real sockets.

Nothing in it knows this project: it discovers the servers from the address of `/mcp` alone.
"""

import json
import re
import time
from collections.abc import Iterator

import anyio
import pytest
from mcp.shared.auth import OAuthClientInformationFull
from mcp.shared.exceptions import MCPError
from world.browser import Browser
from world.cast import Person
from world.processes import Running, run, running_legs
from world.sockets import Sockets

from tests.agents import REDIRECT_URI, Agent, Memory

pytestmark = pytest.mark.processes


@pytest.fixture(scope="module")
def legs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running_legs(tmp_path_factory.mktemp("legs")) as legs:
        yield legs


@pytest.fixture
def alice(legs: Running) -> Person:
    return Person("alice", "wonderland", Browser(Sockets(), home=legs.auth_server_url))


@pytest.fixture
def registered(legs: Running) -> OAuthClientInformationFull:
    """Return a client that the operator registered, without a secret."""
    command = ["-m", "flask", "--app", "app:create_auth_server", "clients", "create"]
    options = ["--name", "Album helper", "--redirect-uri", REDIRECT_URI, "--public", "--json"]
    scope = ["--scope", "photos:read photos:write"]
    created = run(*command, *options, *scope, env=legs.env)
    return OAuthClientInformationFull.model_validate(json.loads(created.stdout))


def test_a_registered_agent_reads_and_renames_after_a_step_up(
    legs: Running, alice: Person, registered: OAuthClientInformationFull
) -> None:
    agent = Agent(f"{legs.resource_api_url}/mcp", alice, Memory(client=registered))
    [listed] = agent.call(("list_photos", {}))
    photo = listed.structured_content["photos"][0]
    [renamed, shown] = agent.call(
        ("rename_photo", {"id": photo["id"], "title": "Renamed by an agent"}),
        ("show_photo", {"id": photo["id"]}),
    )

    assert len(listed.structured_content["photos"]) == 6
    assert [one["scope"] for one in agent.asked] == ["photos:read", "photos:read photos:write"]
    assert {one["resource"] for one in agent.asked} == {legs.resource_api_url}
    assert renamed.structured_content == photo | {"title": "Renamed by an agent"}
    assert shown.structured_content == renamed.structured_content


def test_an_agent_that_nobody_registered_reads_and_renames(legs: Running, alice: Person) -> None:
    agent = Agent(f"{legs.resource_api_url}/mcp", alice)
    [listed] = agent.call(("list_photos", {"limit": 1}))
    [photo] = listed.structured_content["photos"]
    [renamed] = agent.call(("rename_photo", {"id": photo["id"], "title": "Renamed again"}))

    api, server = legs.resource_api_url, legs.auth_server_url
    assert agent.sent[:5] == [
        ("POST", f"{api}/mcp"),
        ("GET", f"{api}/.well-known/oauth-protected-resource"),
        ("GET", f"{server}/.well-known/oauth-authorization-server"),
        ("POST", f"{server}/oauth/register"),
        ("POST", f"{server}/oauth/token"),
    ]
    assert [one["scope"] for one in agent.asked] == ["photos:read", "photos:read photos:write"]
    assert renamed.structured_content == photo | {"title": "Renamed again"}
    assert agent.memory.client is not None
    assert agent.memory.client.client_secret is None


def test_an_agent_refreshes_its_tokens_without_asking_the_user_again(
    legs: Running, alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only the clock of the agent is set forward, past the end of its access token."""
    agent = Agent(f"{legs.resource_api_url}/mcp", alice)
    refresh_tokens: list[str | None] = []
    clock = time.time

    async def call_before_and_after_the_end() -> None:
        async with agent.connected() as client:
            for seconds in (0, 130):
                monkeypatch.setattr(time, "time", lambda ahead=seconds: clock() + ahead)
                await client.call_tool("list_photos", {"limit": 1})
                assert agent.memory.tokens is not None
                refresh_tokens.append(agent.memory.tokens.refresh_token)

    anyio.run(call_before_and_after_the_end)

    assert len(agent.asked) == 1
    assert len(set(refresh_tokens)) == 2


def test_the_same_agent_can_register_for_another_user(legs: Running, alice: Person) -> None:
    for person in (alice, Person("bob", "builder", alice.browser.another())):
        agent = Agent(f"{legs.resource_api_url}/mcp", person)
        [listed] = agent.call(("list_photos", {"limit": 1}))

        assert listed.structured_content["photos"]


def test_an_agent_of_an_earlier_version_learns_the_supported_one(
    legs: Running, alice: Person
) -> None:
    agent = Agent(f"{legs.resource_api_url}/mcp", alice)

    async def connect() -> None:
        async with agent.connected(mode="legacy"):
            pytest.fail("the handshake of earlier versions succeeded")

    refused = pytest.RaisesExc(MCPError, match="This server supports only MCP 2026-07-28")
    with pytest.RaisesGroup(refused, flatten_subgroups=True):
        anyio.run(connect)


def test_the_inspector_shows_the_agent_from_registration_to_the_renamed_photo(
    legs: Running, alice: Person
) -> None:
    agent = Agent(f"{legs.resource_api_url}/mcp", alice)
    [listed] = agent.call(("list_photos", {"limit": 1}))
    photo_id = listed.structured_content["photos"][0]["id"]
    agent.call(("rename_photo", {"id": photo_id, "title": "Seen in the inspector"}))

    text = alice.browser.open(f"{legs.client_app_url}/inspector?all=1").text

    sentences = (
        "Photo agent registers itself at Tripod ID",
        "Photo agent asks for access",
        "The user allows access",
        "Photo agent asks for the photos through MCP",
        "Photo agent renames a photo through MCP",
        "Photo API refuses 403 insufficient_scope",
        "Photo agent asks for access",
        "The user allows access",
        "Photo agent renames a photo through MCP",
    )
    found = re.findall("|".join(map(re.escape, dict.fromkeys(sentences))), text)
    assert found[: len(sentences)] == list(sentences)
