"""The Model Context Protocol of 2026-07-28 at `POST /mcp`: transport, tools and scopes."""

import json
import tomllib
from base64 import b64encode
from datetime import UTC, datetime
from pathlib import Path

import pytest
import time_machine
from mcp_types import CallToolResult, DiscoverResult, ListToolsResult
from werkzeug.datastructures import WWWAuthenticate

from resource_api.mcp import call_limit

pytestmark = pytest.mark.usefixtures("decoded_here")

PYPROJECT = Path(__file__).resolve().parents[2] / "pyproject.toml"
VERSION = "2026-07-28"
ORIGIN = "http://127.0.0.1:9002"
META = {
    "io.modelcontextprotocol/protocolVersion": VERSION,
    "io.modelcontextprotocol/clientInfo": {"name": "Test", "version": "1"},
    "io.modelcontextprotocol/clientCapabilities": {},
}
UNKNOWN_ID = "00000000000000000000000000000000"
#: The scope that each tool needs, with arguments for it.
SCOPES = {
    "list_photos": ("photos:read", {}),
    "show_photo": ("photos:read", {"id": UNKNOWN_ID}),
    "rename_photo": ("photos:write", {"id": UNKNOWN_ID, "title": "Dune"}),
}
NOT_JSON = {
    "nothing": b"",
    "text": b"tools/list",
    "cut off": b'{"jsonrpc": "2.0", "id": 1',
    "UTF-16": '{"jsonrpc": "2.0", "id": 1, "method": "tools/list"}'.encode("utf-16"),
    "deep brackets": b"[" * 30_000,
    "a number with 5000 digits": b"1" * 5000,
}
NOT_ONE_MESSAGE = {
    "a batch": [{"jsonrpc": "2.0", "id": 1, "method": "tools/list"}],
    "an empty batch": [],
    "a string": "tools/list",
    "null": None,
    "an empty object": {},
    "a response": {"jsonrpc": "2.0", "id": 1, "result": {}},
    "another JSON-RPC": {"jsonrpc": "1.0", "id": 1, "method": "tools/list"},
    "the id null": {"jsonrpc": "2.0", "id": None, "method": "tools/list"},
    "the id true": {"jsonrpc": "2.0", "id": True, "method": "tools/list"},
    "an id with a fraction": {"jsonrpc": "2.0", "id": 1.5, "method": "tools/list"},
    "a list as id": {"jsonrpc": "2.0", "id": [1], "method": "tools/list"},
    "a number as method": {"jsonrpc": "2.0", "id": 1, "method": 1},
    "a list as params": {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": []},
}
#: What a request can lack or change in its headers, so that they differ from its body.
MISMATCHES = {
    "no version": {"MCP-Protocol-Version": None},
    "another version": {"MCP-Protocol-Version": "2025-11-25"},
    "two versions": {"MCP-Protocol-Version": f"{VERSION}, {VERSION}"},
    "no method": {"Mcp-Method": None},
    "another method": {"Mcp-Method": "tools/list"},
    "a method in capitals": {"Mcp-Method": "TOOLS/CALL"},
    "no name": {"Mcp-Name": None},
    "another tool": {"Mcp-Name": "show_photo"},
    "a name in bad Base64": {"Mcp-Name": "=?base64?bGlzdF9waG90b3M?="},
    "a name in capitals": {"Mcp-Name": "LIST_PHOTOS"},
}
INVALID_ARGUMENTS = {
    "an unknown argument": ("list_photos", {"page": 2}),
    "limit zero": ("list_photos", {"limit": 0}),
    "limit 101": ("list_photos", {"limit": 101}),
    "limit true": ("list_photos", {"limit": True}),
    "a fraction as limit": ("list_photos", {"limit": 1.5}),
    "limit as text": ("list_photos", {"limit": "5"}),
    "a list as limit": ("list_photos", {"limit": [5]}),
    "a number as after": ("list_photos", {"after": 5}),
    "an unknown after": ("list_photos", {"after": UNKNOWN_ID}),
    "no id": ("show_photo", {}),
    "a number as id": ("show_photo", {"id": 5}),
    "a NUL as id": ("show_photo", {"id": "\0"}),
    "a path as id": ("show_photo", {"id": "../../etc/passwd"}),
    "no title": ("rename_photo", {"id": UNKNOWN_ID}),
    "a number as title": ("rename_photo", {"id": UNKNOWN_ID, "title": 5}),
    "an empty title": ("rename_photo", {"id": UNKNOWN_ID, "title": ""}),
    "a lone surrogate as title": ("rename_photo", {"id": UNKNOWN_ID, "title": "\ud800"}),
}


def message(method="tools/list", **params):
    return {"jsonrpc": "2.0", "id": 7, "method": method, "params": {"_meta": META} | params}


def headers_for(sent):
    """Return the headers that a client sends with this message."""
    headers = {"MCP-Protocol-Version": VERSION, "Accept": "application/json, text/event-stream"}
    if isinstance(sent, dict):
        headers["Mcp-Method"] = str(sent.get("method"))
    if isinstance(sent, dict) and sent.get("method") == "tools/call":
        headers["Mcp-Name"] = str(sent["params"].get("name"))
    return headers


def send(client, sent, **changed):
    """Send the message with its headers; a changed header of None is left out."""
    headers = headers_for(sent) | {name.replace("_", "-"): value for name, value in changed.items()}
    present = {name: value for name, value in headers.items() if value is not None}
    body = json.dumps(sent)
    return client.post("/mcp", data=body, content_type="application/json", headers=present)


def call(client, tool, arguments=None, **changed):
    sent = message("tools/call", name=tool, arguments=arguments or {})
    return send(client, sent, **changed)


def result_of(response):
    assert response.status_code == 200, response.json
    assert response.json.keys() == {"jsonrpc", "id", "result"}
    return response.json["result"]


def error_of(response):
    return response.status_code, response.json["error"]["code"]


def challenge_of(response):
    return WWWAuthenticate.from_header(response.headers["WWW-Authenticate"]).parameters


# What the server is


def test_discovery_returns_the_version_and_the_capabilities(alices_client):
    result = result_of(send(alices_client, message("server/discover")))

    assert DiscoverResult.model_validate(result).supported_versions == [VERSION]
    assert result["capabilities"] == {"tools": {}}
    assert (result["resultType"], result["cacheScope"]) == ("complete", "public")


def test_every_result_names_the_server_with_the_version_of_the_project(alices_client):
    project = tomllib.loads(PYPROJECT.read_text())["project"]
    for method in ("server/discover", "tools/list"):
        result = result_of(send(alices_client, message(method)))

        server = result["_meta"]["io.modelcontextprotocol/serverInfo"]
        assert server == {
            "name": "photo-api",
            "title": "Photo API",
            "version": project["version"],
        }


def test_the_tools_are_listed_with_their_schemas(alices_client):
    result = result_of(send(alices_client, message()))
    tools = ListToolsResult.model_validate(result).tools

    assert [tool.name for tool in tools] == list(SCOPES)
    assert [tool.annotations.read_only_hint for tool in tools] == [True, True, False]
    assert tools[2].input_schema["required"] == ["id", "title"]
    assert all(tool.output_schema["additionalProperties"] is False for tool in tools)


def test_an_unknown_cursor_is_an_invalid_parameter(alices_client):
    assert error_of(send(alices_client, message(cursor="2"))) == (400, -32602)


# The tools


def test_an_agent_lists_the_photos_of_the_user(alices_client, bobs_client):
    bobs_client.add_photo("Not Alice's")
    photo = alices_client.add_photo("Dune")
    result = result_of(call(alices_client, "list_photos"))

    assert result["structuredContent"] == {"photos": [photo], "next_after": None}
    assert json.loads(result["content"][0]["text"]) == result["structuredContent"]
    assert CallToolResult.model_validate(result).is_error is False


def test_a_page_of_photos_has_the_argument_for_the_next_one(alices_client):
    added = [alices_client.add_photo(f"Number {number}") for number in range(3)]
    first = result_of(call(alices_client, "list_photos", {"limit": 2}))["structuredContent"]
    second = result_of(
        call(alices_client, "list_photos", {"limit": 2.0, "after": first["next_after"]})
    )["structuredContent"]

    assert len(first["photos"]) == 2
    assert second["next_after"] is None
    found = [photo["id"] for photo in first["photos"] + second["photos"]]
    assert sorted(found) == sorted(photo["id"] for photo in added)


def test_an_agent_shows_one_photo(alices_client):
    photo = alices_client.add_photo("Dune")

    assert (
        result_of(call(alices_client, "show_photo", {"id": photo["id"]}))["structuredContent"]
        == alices_client.get(f"/photos/{photo['id']}").json
    )


def test_an_agent_renames_a_photo(alices_client):
    photo = alices_client.add_photo("Dune")
    result = result_of(call(alices_client, "rename_photo", {"id": photo["id"], "title": "Dawn"}))

    assert result["structuredContent"] == photo | {"title": "Dawn"}
    assert alices_client.get(f"/photos/{photo['id']}").json["title"] == "Dawn"


@pytest.mark.parametrize("tool", ["show_photo", "rename_photo"])
def test_the_photo_of_another_user_is_not_found(bobs_client, alices_client, tool):
    photo = alices_client.add_photo("Dune")
    arguments = SCOPES[tool][1] | {"id": photo["id"]}
    result = result_of(call(bobs_client, tool, arguments))

    assert (result["isError"], result["content"][0]["text"]) == (True, "There is no such photo.")
    assert alices_client.get(f"/photos/{photo['id']}").json == photo


@pytest.mark.parametrize(
    ("tool", "arguments"), INVALID_ARGUMENTS.values(), ids=INVALID_ARGUMENTS.keys()
)
def test_a_wrong_argument_is_explained_to_the_model(alices_client, tool, arguments):
    """Tools, "Error Handling": input validation errors are tool execution errors."""
    result = result_of(call(alices_client, tool, arguments))

    assert result["isError"] is True
    assert result["content"][0]["text"].endswith(".")
    assert "structuredContent" not in result


@pytest.mark.parametrize("arguments", [[], "id", 1, None])
def test_arguments_that_are_no_object_are_an_invalid_parameter(alices_client, arguments):
    sent = message("tools/call", name="list_photos", arguments=arguments)

    assert error_of(send(alices_client, sent)) == (400, -32602)


def test_an_unknown_tool_is_an_invalid_parameter(alices_client):
    assert error_of(call(alices_client, "delete_photo")) == (400, -32602)


def test_the_calls_of_one_user_are_limited(alices_client, bobs_client, monkeypatch):
    """Tools, "Security Considerations": servers MUST rate limit tool invocations."""
    monkeypatch.setattr(call_limit, "CALLS_PER_USER", 2)
    with time_machine.travel(datetime(2030, 1, 1, tzinfo=UTC), tick=False) as clock:
        called = [result_of(call(alices_client, "list_photos"))["isError"] for _ in range(4)]
        of_bob = result_of(call(bobs_client, "list_photos"))["isError"]
        clock.shift(60)
        later = result_of(call(alices_client, "list_photos"))["isError"]

    assert called == [False, False, True, True]
    assert (of_bob, later) == (False, False)


# Access


@pytest.mark.parametrize("tool", SCOPES)
def test_without_a_token_the_challenge_has_the_scope_of_the_tool(http, tool):
    scope, arguments = SCOPES[tool]
    response = call(http, tool, arguments)

    assert response.status_code == 401
    assert challenge_of(response) == {
        "realm": "Photo API",
        "resource_metadata": f"{ORIGIN}/.well-known/oauth-protected-resource",
        "scope": scope,
    }


@pytest.mark.parametrize("method", ["server/discover", "tools/list", "initialize", "nonsense"])
def test_without_a_token_every_other_method_asks_for_reading(http, method):
    response = send(http, message(method))

    assert (response.status_code, challenge_of(response)["scope"]) == (401, "photos:read")


@pytest.mark.parametrize("tool", SCOPES)
def test_a_tool_without_its_scope_is_answered_with_a_step_up(caller, tool):
    scope, arguments = SCOPES[tool]
    others = {"profile", "photos:read", "photos:write"} - {scope}
    response = call(caller(scope=" ".join(others)), tool, arguments)

    assert response.status_code == 403
    assert response.json["error"] == "insufficient_scope"
    assert challenge_of(response)["error"] == "insufficient_scope"
    assert challenge_of(response)["scope"] == scope


def test_the_scope_of_the_tool_is_enough(caller):
    client = caller(scope="photos:write")
    photo = client.add_photo("Dune")

    assert not result_of(call(client, "rename_photo", {"id": photo["id"], "title": "A"}))["isError"]


def test_a_reader_cannot_rename_under_the_name_of_another_tool(caller, alices_client):
    """The scope is that of the tool in the header, so the body must not name another one."""
    photo = alices_client.add_photo("Dune")
    arguments = {"id": photo["id"], "title": "Taken"}
    response = call(caller(scope="photos:read"), "rename_photo", arguments, Mcp_Name="list_photos")

    assert error_of(response) == (400, -32020)
    assert alices_client.get(f"/photos/{photo['id']}").json["title"] == "Dune"


def test_a_reader_cannot_rename_under_another_method(caller, alices_client):
    photo = alices_client.add_photo("Dune")
    arguments = {"id": photo["id"], "title": "Taken"}
    response = call(caller(scope="photos:read"), "rename_photo", arguments, Mcp_Method="tools/list")

    assert error_of(response) == (400, -32020)
    assert alices_client.get(f"/photos/{photo['id']}").json["title"] == "Dune"


def test_access_is_checked_before_the_body_is_read(http, auth_server):
    response = http.post("/mcp", data=b"x" * 70_000, content_type="text/plain")

    assert response.status_code == 401
    assert auth_server.requests == []


def test_a_token_of_another_audience_is_refused(caller):
    response = call(caller(aud="https://notes.example"), "list_photos")

    assert (response.status_code, response.json["error"]) == (401, "invalid_token")


# Origin


@pytest.mark.parametrize(
    "origin",
    [
        "https://mallory.example",
        "null",
        "",
        "http://127.0.0.1:9001",
        "http://127.0.0.1:9002.mallory.example",
        "https://127.0.0.1:9002",
        f"{ORIGIN}, {ORIGIN}",
    ],
)
def test_a_page_of_another_origin_is_refused(alices_client, events, origin):
    """Streamable HTTP, "Security": an invalid `Origin` is answered with 403."""
    response = call(alices_client, "list_photos", Origin=origin)

    assert (response.status_code, response.json["error"]) == (403, "foreign_origin")
    assert "Access-Control-Allow-Origin" not in response.headers
    assert [event["reason"] for event in events] == ["foreign_origin"]


def test_the_own_origin_is_accepted(alices_client):
    assert call(alices_client, "list_photos", Origin=ORIGIN).status_code == 200


def test_another_name_of_loopback_is_the_own_origin_there(alices_client):
    sent = message()
    response = alices_client.post(
        "/mcp",
        json=sent,
        headers=headers_for(sent) | {"Origin": "http://localhost:9002"},
        base_url="http://localhost:9002",
    )

    assert response.status_code == 200


# Messages and headers


@pytest.mark.parametrize("method", ["GET", "DELETE", "PUT"])
def test_other_methods_are_not_allowed(alices_client, method):
    """Streamable HTTP, "Earlier Revisions": GET and DELETE are answered with 405."""
    response = alices_client._call(method, "/mcp")

    assert response.status_code == 405
    assert "POST" in response.headers["Allow"]


@pytest.mark.parametrize("body", NOT_JSON.values(), ids=NOT_JSON.keys())
def test_a_body_that_is_not_json_is_a_parse_error(alices_client, body):
    response = alices_client.post("/mcp", data=body, content_type="application/json")

    assert error_of(response) == (400, -32700)
    assert "id" not in response.json


@pytest.mark.parametrize("sent", NOT_ONE_MESSAGE.values(), ids=NOT_ONE_MESSAGE.keys())
def test_anything_but_one_message_is_an_invalid_request(alices_client, sent):
    assert error_of(send(alices_client, sent)) == (400, -32600)


def test_another_content_type_is_refused(alices_client):
    response = alices_client.post("/mcp", data=b"{}", content_type="text/plain")

    assert response.status_code == 415


def test_a_body_over_the_limit_is_refused(alices_client):
    assert call(alices_client, "show_photo", {"id": "x" * 70_000}).status_code == 413


def test_a_notification_is_accepted_without_a_body(alices_client):
    sent = {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 1}}
    response = send(alices_client, sent)

    assert (response.status_code, response.data) == (202, b"")


def test_a_tool_is_not_called_by_a_notification(alices_client):
    photo = alices_client.add_photo("Dune")
    sent = message("tools/call", name="rename_photo", arguments={"id": photo["id"], "title": "A"})
    del sent["id"]

    assert send(alices_client, sent).status_code == 202
    assert alices_client.get(f"/photos/{photo['id']}").json["title"] == "Dune"


@pytest.mark.parametrize("request_id", ["a", "", 0, -1, 2**53])
def test_the_answer_has_the_id_of_the_request(alices_client, request_id):
    response = send(alices_client, message() | {"id": request_id})
    refused = send(alices_client, message("nonsense") | {"id": request_id})

    assert (response.json["id"], refused.json["id"]) == (request_id, request_id)


@pytest.mark.parametrize("method", ["ping", "resources/list", "subscriptions/listen", ""])
def test_an_unknown_method_is_not_found(alices_client, method):
    assert error_of(send(alices_client, message(method))) == (404, -32601)


@pytest.mark.parametrize("changed", MISMATCHES.values(), ids=MISMATCHES.keys())
def test_a_header_that_differs_from_the_body_is_refused(alices_client, changed):
    assert error_of(call(alices_client, "list_photos", **changed)) == (400, -32020)


def test_the_header_names_the_method_of_every_request(alices_client):
    response = send(alices_client, message("tools/list"), Mcp_Method="server/discover")

    assert error_of(response) == (400, -32020)


def test_a_request_without_any_version_lacks_the_header(alices_client):
    response = send(alices_client, message(_meta={}), MCP_Protocol_Version=None)

    assert error_of(response) == (400, -32020)


def test_the_name_of_the_tool_may_be_encoded_in_its_header(alices_client):
    name = b64encode(b"list_photos").decode()

    assert call(alices_client, "list_photos", Mcp_Name=f"=?base64?{name}?=").status_code == 200


@pytest.mark.parametrize("name", [None, 1, ["list_photos"]])
def test_a_tool_is_named_by_a_string(alices_client, name):
    sent = message("tools/call", name=name)

    assert error_of(send(alices_client, sent, Mcp_Name="list_photos")) == (400, -32020)


@pytest.mark.parametrize("version", ["2025-11-25", "1900-01-01", "tomorrow"])
def test_another_version_is_answered_with_the_supported_one(alices_client, version):
    meta = META | {"io.modelcontextprotocol/protocolVersion": version}
    response = send(alices_client, message(_meta=meta), MCP_Protocol_Version=version)

    assert error_of(response) == (400, -32022)
    assert response.json["error"]["data"] == {"supported": [VERSION], "requested": version}


@pytest.mark.parametrize("requested", ["2025-11-25", None, 1, [[]]])
def test_the_handshake_of_earlier_versions_learns_the_supported_one(alices_client, requested):
    """Versioning: the error to `initialize` SHOULD name the supported versions."""
    sent = message("initialize", protocolVersion=requested)
    response = send(alices_client, sent, MCP_Protocol_Version=None, Mcp_Method=None)

    assert error_of(response) == (400, -32022)
    assert response.json["error"]["data"]["supported"] == [VERSION]
    assert isinstance(response.json["error"]["data"]["requested"], str)


@pytest.mark.parametrize("meta", [None, [], {}, *({key: META[key]} for key in META)])
def test_a_request_without_its_metadata_has_invalid_parameters(alices_client, meta):
    assert error_of(send(alices_client, message(_meta=meta))) == (400, -32602)


@pytest.mark.parametrize("capabilities", [None, [], "all"])
def test_the_capabilities_of_the_client_are_an_object(alices_client, capabilities):
    meta = META | {"io.modelcontextprotocol/clientCapabilities": capabilities}

    assert error_of(send(alices_client, message(_meta=meta))) == (400, -32602)


def test_a_session_id_of_an_earlier_version_is_ignored(alices_client):
    response = send(alices_client, message(), Mcp_Session_Id="abc")

    assert response.status_code == 200
    assert "Mcp-Session-Id" not in response.headers


def test_the_endpoint_belongs_to_the_published_resource(http):
    metadata = http.get("/.well-known/oauth-protected-resource").json

    assert f"{metadata['resource']}/mcp" == f"{ORIGIN}/mcp"


def test_an_authorization_server_without_an_answer_is_a_503(alices_client, auth_server):
    auth_server.failure = (500, b"", "text/plain")
    response = call(alices_client, "list_photos")

    assert (response.status_code, response.headers["Retry-After"]) == (503, "5")
