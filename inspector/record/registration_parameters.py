"""The part of the table about clients that register themselves, resource servers, and MCP."""

from inspector.record.parameter_kinds import (
    BACK_CHANNEL_LOGOUT,
    LOGOUT,
    OPENID,
    Parameter,
    Rule,
    Section,
    address,
    clear,
    rfc,
    secret,
    unexplained,
)

_CLIENT = rfc(7591, "2")
_ANSWER = rfc(7591, "3.2.1")
_RESOURCE = rfc(9728, "2")

REGISTRATION_PARAMETERS = {
    # A registration, and a Client ID Metadata Document
    "client_name": clear("The name of the client, which the consent page shows.", _CLIENT),
    "redirect_uris": address("The addresses for responses. No other one is accepted.", _CLIENT),
    "grant_types": clear("What the client will exchange for tokens.", _CLIENT),
    "response_types": clear("How the client will receive responses: as a code.", _CLIENT),
    "token_endpoint_auth_method": clear(
        "How the client will authenticate. A public client does not.", _CLIENT
    ),
    "client_uri": address("The client’s website.", _CLIENT),
    "logo_uri": address("The client’s logo.", _CLIENT),
    "policy_uri": address("What the client does with data.", _CLIENT),
    "tos_uri": address("The client’s terms of service.", _CLIENT),
    "contacts": Parameter(Rule.PASSWORD, "Who is responsible. It is not recorded.", _CLIENT),
    "software_id": clear("Names the software, the same on every machine.", _CLIENT),
    "software_version": clear("The version of the software.", _CLIENT),
    "post_logout_redirect_uris": address(
        "Where the browser may go after a logout.", Section(LOGOUT, "3.1", "ClientMetadata")
    ),
    "backchannel_logout_uri": address(
        "Where the server tells the client that a user has signed out.",
        Section(BACK_CHANNEL_LOGOUT, "2.2", "BCRegistration"),
    ),
    "id_token_signed_response_alg": clear(
        "How the client wants its ID tokens to be signed.", Section(OPENID, "2", "IDToken")
    ),
    "client_id_issued_at": clear("When the client was registered.", _ANSWER),
    "client_secret_expires_at": clear("When the secret expires. 0 means never.", _ANSWER),
    "registration_client_uri": address(
        "Where the client can change its registration.", rfc(7592, "3")
    ),
    "registration_access_token": secret(
        "With this token, the client can change its own registration.", rfc(7592, "3"), "token"
    ),
    "registration_endpoint": address("Where a client can register itself.", rfc(8414, "2")),
    "client_id_metadata_document_supported": clear(
        "Whether a client_id can be the address of a document about the client.", None
    ),
    **unexplained(Rule.CLEAR, "application_type"),
    # The metadata of a resource server
    "authorization_servers": address("The servers whose tokens this API accepts.", _RESOURCE),
    "bearer_methods_supported": clear("How a request can carry the token.", _RESOURCE),
    "resource_name": clear("The name of the API, for people.", _RESOURCE),
    "resource_documentation": address("Where the API is described.", _RESOURCE),
    # MCP: JSON-RPC over HTTP
    "jsonrpc": clear("The version of JSON-RPC, the format of MCP’s messages.", None),
    "method": clear("What the agent asks for, such as the list of tools or a call of one.", None),
    **unexplained(
        Rule.CLEAR, "type", "description", "version", "protocolVersion", "isError", "resultType"
    ),
    **unexplained(
        Rule.CLEAR,
        *(
            f"io.modelcontextprotocol/{name}"
            for name in ("protocolVersion", "clientInfo", "clientCapabilities")
        ),
    ),
}
#: The headers of MCP by name, in title case.
MCP_HEADERS = {
    "Mcp-Protocol-Version": clear("The version of MCP that the agent speaks.", None),
    "Mcp-Method": clear("The method of the JSON-RPC message in the body.", None),
    "Mcp-Name": clear("The tool that the agent wants to use.", None),
}
