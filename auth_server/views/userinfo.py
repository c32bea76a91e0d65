"""The userinfo endpoint (OpenID Connect Core §5.3)."""

from flask import Response, jsonify, request
from flask.typing import ResponseReturnValue

from auth_server import bearer_tokens, userinfo
from auth_server.protocol_request import ProtocolRequest
from auth_server.scopes import OPENID
from auth_server.server import authorization_server
from auth_server.views.blueprint import bp
from web.canonical_host import for_machines
from web.cors import for_browser_clients
from web.database import get_transaction
from web.entrance import JSON, JsonAnswer


@bp.route("/oauth/userinfo", methods=["GET", "POST"])
@for_browser_clients("Authorization", "Content-Type")
@for_machines
def userinfo_request() -> ResponseReturnValue:
    """Return the claims about the user of an access token, which any resource server may have."""
    try:
        token = bearer_tokens.authorize(request.headers.get("Authorization"), scope=OPENID)
    except bearer_tokens.BearerRefused as refusal:
        return _refuse(refusal)
    return jsonify(userinfo.describe_user(get_transaction(), token))


def _refuse(refusal: bearer_tokens.BearerRefused) -> Response:
    protocol_request = ProtocolRequest(
        request.method, request.path, {}, address=request.remote_addr or ""
    )
    answer: JsonAnswer = authorization_server().handle_error_response(protocol_request, refusal)
    return Response(answer.encode(), answer.status, answer.headers, mimetype=JSON)
