"""The photos for agents: the Model Context Protocol (MCP) of 2026-07-28 over Streamable HTTP.

`endpoint` receives the messages, `metadata` compares them with their headers, `methods` answers
them and `tools` has what an agent can call. Nothing is stored between two requests: every request
carries its version, and there are no sessions. Answers are JSON; nothing is streamed.
"""

from resource_api.mcp.endpoint import init_app

__all__ = ["init_app"]
