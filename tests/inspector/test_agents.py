"""What an agent does, from discovery to the renamed photo, reads as one flow."""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from inspector.read import folding, headlines
from inspector.read.flows import Flow, flows
from inspector.read.messages import Message, read_trees
from inspector.read.names import Names
from inspector.read.phases import DISCOVERY, Phase, phase_of
from inspector.record.exchange import Exchange
from tests.inspector.exchanges import exchange

AGENT = ("User-Agent", "python-httpx/0.28")
NAMES = Names("Photo Agent", "Tripod ID")
REGISTRATION = {
    "client_id": "agent-1",
    "client_name": "Photo Agent",
    "redirect_uris": ["http://127.0.0.1:33418/callback"],
}


def agent(
    leg: str,
    request_line: str,
    at: float,
    token: str = "",
    more: Sequence[tuple[str, str]] = (),
    **fields: Any,
) -> Exchange:
    """Return a message of the agent. `token` is the number of its access token."""
    headers, ties = [AGENT, *more], list(fields.pop("ties", []))
    if token:
        headers.append(("Authorization", f"Bearer ••••••••~a0000{token}"))
        ties.append(f"token:{token}")
    return exchange(leg, request_line, at=at, request_headers=headers, ties=ties, **fields)


def call(tool: str, at: float, token: str, status: int = 200) -> Exchange:
    """Return the call of a tool."""
    more = [("Mcp-Method", "tools/call"), ("Mcp-Name", tool)]
    return agent("resource_api", "POST /mcp", at, token, more, status=status)


def authorize(at: float, number: int) -> list[Exchange]:
    """Return an authorization request in the browser, and the token request of the agent."""
    return [
        exchange(
            "auth_server",
            "GET /oauth/authorize",
            at=at,
            query=[("client_id", "agent-1"), ("state", f"••••••••~{number}")],
            ties=[f"state:{number}", f"code:{number}"],
        ),
        agent(
            "auth_server",
            "POST /oauth/token",
            at + 2,
            form=[("grant_type", "authorization_code"), ("client_id", "agent-1")],
            ties=[f"code:{number}", f"token:{number}"],
            response_text=json.dumps({"access_token": f"••••••••~a0000{number}"}),
        ),
    ]


def round_trip() -> list[Exchange]:
    """Return everything that the agent does."""
    return [
        agent("resource_api", "POST /mcp", 0, status=401),
        agent("resource_api", "GET /.well-known/oauth-protected-resource", 1),
        agent("auth_server", "GET /.well-known/oauth-authorization-server", 2),
        agent(
            "auth_server",
            "POST /oauth/register",
            3,
            status=201,
            response_text=json.dumps(REGISTRATION),
        ),
        *authorize(4, 1),
        call("list_photos", 7, "1"),
        call("rename_photo", 8, "1", status=403),
        *authorize(10, 2),
        call("rename_photo", 13, "2"),
    ]


def only_flow(exchanges: list[Exchange]) -> Flow:
    [flow] = flows(exchanges)
    return flow


def trees() -> list[Message]:
    return read_trees(only_flow(round_trip()).exchanges)


def test_discovery_registration_and_both_authorizations_are_one_flow() -> None:
    flow = only_flow(round_trip())

    assert len(flow.exchanges) == 11
    assert flow.title == "Photo Agent"


def test_each_message_says_what_the_agent_does() -> None:
    assert [headlines.request(tree, NAMES) for tree in trees()] == [
        "Photo Agent calls Photo API without an access token",
        "Photo Agent reads Photo API’s metadata",
        "Photo Agent reads the addresses of Tripod ID’s endpoints",
        "Photo Agent registers itself at Tripod ID",
        "Photo Agent asks for access",
        "Photo Agent redeems the code",
        "Photo Agent asks for the photos through MCP",
        "Photo Agent renames a photo through MCP",
        "Photo Agent asks for access",
        "Photo Agent redeems the code",
        "Photo Agent renames a photo through MCP",
    ]


def test_discovery_is_a_phase_before_the_authorization() -> None:
    phases: list[Phase | None] = [phase_of(tree) for tree in trees()]

    assert phases[:4] == [DISCOVERY] * 4
    assert DISCOVERY not in phases[4:]


def test_another_sender_or_a_later_time_does_not_join_the_flow() -> None:
    stranger = exchange(
        "auth_server",
        "GET /.well-known/oauth-authorization-server",
        at=1,
        request_headers=[("User-Agent", "curl/8")],
    )
    early = agent("auth_server", "GET /.well-known/oauth-authorization-server", -700)
    late = agent("auth_server", "GET /.well-known/oauth-authorization-server", 20)

    flow, outside = flows([*round_trip(), stranger, early, late])

    assert len(flow.exchanges) == 11
    assert outside.exchanges == [early, stranger, late]


def test_a_foreign_token_of_the_same_sender_does_not_join_the_flow() -> None:
    refused = agent("resource_api", "POST /mcp", 1, "9", status=401)

    _, outside = flows([*round_trip(), refused])

    assert outside.exchanges == [refused]


def test_requests_without_a_user_agent_are_those_of_one_sender() -> None:
    """So are some requests of the MCP SDK's client."""
    exchanges = [
        replace(one, request_headers=[pair for pair in one.request_headers if pair != AGENT])
        for one in round_trip()
    ]

    assert len(only_flow(exchanges).exchanges) == 11


def test_only_calls_of_the_same_tool_are_folded() -> None:
    tools = ("list_photos", "show_photo", "rename_photo")
    calls = [call(tool, at, "1") for at, tool in enumerate(tools)]
    again = [call("list_photos", at, "1") for at in range(10, 14)]

    assert folding.folded(folding.parts(read_trees(calls))) == []
    assert len(folding.folded(folding.parts(read_trees(again)))) == 3


def test_preparations_of_print_shop_and_the_lab_join_no_flow() -> None:
    """Print Shop and Photo API read metadata inside a request that has a flow already."""
    discovery = agent("auth_server", "GET /.well-known/oauth-authorization-server", 0)
    form = [("grant_type", "authorization_code"), ("client_id", "print-shop")]
    redeemed = agent("auth_server", "POST /oauth/token", 1, form=form, ties=["code:1"])
    in_the_lab = [
        replace(one, request_headers=[("User-Agent", "Tripod lab: mallory")])
        for one in (discovery, *authorize(4, 1))
    ]

    assert flows([discovery, redeemed])[1].exchanges == [discovery]
    assert flows(in_the_lab)[1].exchanges == in_the_lab[:1]


def test_a_client_with_a_metadata_document_is_one_flow_too() -> None:
    def request(at: float, state: str) -> Exchange:
        return exchange(
            "auth_server",
            "GET /oauth/authorize",
            at=at,
            query=[("client_id", "https://agent.example/client.json")],
            ties=[f"state:{state}"],
        )

    assert len(only_flow([request(1, "a"), request(9, "b")]).exchanges) == 2


def test_two_flows_of_a_registered_client_stay_apart() -> None:
    """Each flow of Print Shop can be another user's."""
    first, second = authorize(4, 1), authorize(10, 2)

    assert len(flows([*first, *second])) == 2


@pytest.mark.parametrize(
    ("request_line", "step"),
    [("GET /oauth/userinfo", "R1"), ("GET /oauth/jwks", ""), ("PUT /oauth/register/agent-1", "")],
)
def test_the_endpoints_of_openid_connect_are_called_by_the_client(
    request_line: str, step: str
) -> None:
    [tree] = read_trees([agent("auth_server", request_line, 0, "1")])

    assert (tree.source.name, tree.target.name) == ("CLIENT", "AUTHORIZATION_SERVER")
    assert tree.step == step


def test_a_logout_token_goes_from_the_authorization_server_to_the_client() -> None:
    [tree] = read_trees([exchange("client_app", "POST /backchannel-logout")])

    assert (tree.source.name, tree.target.name) == ("AUTHORIZATION_SERVER", "CLIENT")


def test_a_logout_token_belongs_to_the_last_flow_of_its_sign_in() -> None:
    issued = agent(
        "auth_server",
        "POST /oauth/token",
        5,
        form=[("grant_type", "authorization_code"), ("client_id", "print-shop")],
        ties=["code:1", "token:1", "sid:alice"],
    )
    used = agent("resource_api", "GET /photos", 6, "1")
    logout = exchange("client_app", "POST /backchannel-logout", at=60, ties=["sid:alice"])

    assert only_flow([issued, used, logout]).exchanges == [issued, used, logout]
