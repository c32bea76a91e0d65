"""A phrase for each reason code of the three legs.

The inspector imports no leg, so it has its own table. A test compares it with the `Reason` of each
leg.
"""

#: A code of an event's `reason` or `end_reason`, and a phrase without a full stop.
PHRASES = {
    # Client authentication
    "unknown_client": "no client with this client_id is registered",
    "wrong_client_secret": "the client secret is wrong",
    "client_secret_missing": "a confidential client sent no secret",
    "client_method_not_allowed": "this endpoint is for confidential clients",
    "malformed_authorization_header": "the Authorization header is malformed",
    "several_client_methods": "the client used two authentication methods at once",
    "invalid_client": "the authorization server could not authenticate the client",
    "client_refused": "the authorization server refused the client",
    "too_many_failures": "too many requests failed before this one",
    # Codes and tokens
    "unknown_code": "this code was never issued",
    "code_of_another_client": "the code was issued to another client",
    "code_expired": "the code has expired",
    "code_replayed": "the code was redeemed before",
    "redirect_uri_differs": "the redirect URI is not the expected one",
    "redirect_uri_missing": "the redirect URI is missing",
    "verifier_mismatch": "the verifier does not match the challenge of the authorization request",
    "unknown_refresh_token": "this refresh token was never issued",
    "refresh_token_of_another_client": "the refresh token was issued to another client",
    "refresh_token_replayed": "the refresh token was used before",
    "grant_ended": "the grant has ended",
    "grant_expired": "the grant has expired",
    "token_of_another_client": "the token was issued to another client",
    "token_for_another_resource": "the token is for other resource servers",
    "unknown_token": "this token was never issued",
    "access_token_expired": "the access token has expired",
    "refresh_token_not_active": "the refresh token is spent or has expired",
    "invalid_grant": "the authorization server does not accept the code or token",
    # The form of a request
    "not_one_client_id": "the request must have exactly one client_id",
    "not_a_client": "the client_id belongs to a resource server",
    "not_one_redirect_uri": "the request must have exactly one redirect_uri",
    "redirect_uri_has_response_parameter": "the redirect URI has a parameter of the response",
    "duplicated_parameter": "a parameter is repeated",
    "malformed_resource": "a resource is not an absolute URI without a fragment",
    "unknown_resource": "a resource is not the address of a resource server that is registered",
    "resource_not_granted": "the authorization request did not name this resource",
    "missing_parameter": "a required parameter is missing",
    "not_utf8": "the query or the form is not UTF-8",
    "wrong_content_type": "the body is not form-encoded",
    "unsupported_response_type": "the response type is not supported",
    "unsupported_response_mode": "the response mode is not supported",
    "malformed_nonce": "the nonce has more than 512 characters, or a NUL",
    "invalid_max_age": "max_age is not a whole number of seconds",
    "invalid_id_token_hint": "the server did not issue the ID token of the hint",
    "request_not_supported": "the server does not support request objects",
    "request_uri_not_supported": "the server does not support request objects at an address",
    "registration_not_supported": "the server does not support registration in this request",
    "invalid_prompt": "the prompt is not valid",
    "code_challenge_missing": "the code challenge is missing",
    "code_challenge_method_not_s256": "the code challenge method is not S256",
    "malformed_code_challenge": "the code challenge is malformed",
    "unsupported_grant_type": "the grant type is not supported",
    "unauthorized_client": "the client may not use this grant type",
    "invalid_scope": "the scope is unknown or not allowed here",
    "invalid_request": "the request is not valid",
    "invalid_document_address": "the client_id cannot be the address of a metadata document",
    "document_host_not_accepted": "metadata documents of this host are not accepted",
    "document_not_fetched": "the metadata document of the client cannot be read",
    "invalid_document": "the metadata document of the client is not valid",
    "too_many_documents": "too many metadata documents were requested",
    "registration_closed": "this server does not let programs register clients",
    "registration_token_missing": "the request has no access token for the registration",
    "wrong_registration_token": "the access token for the registration is wrong",
    "too_many_registrations": "too many clients were registered from this address",
    "invalid_client_metadata": "the client metadata are not valid",
    "invalid_redirect_uri": "a redirect URI must not be registered",
    "other_error": "the request was refused for another reason",
    # The resource owner
    "access_denied": "the user denied the request",
    "consent_required": "the user must consent, and prompt=none forbids the consent page",
    "login_required": "the user must sign in, and prompt=none forbids the login page",
    "another_user": "another user signed in than the one of the ID token hint",
    "client_differs": "the client_id is not that of the ID token hint",
    "unknown_post_logout_redirect_uri": "the client has not registered this address for the "
    "return after the sign-out",
    # Forms
    "form_of_another_site": "the form came from another site",
    "session_cookie_missing": "the browser did not send the session cookie",
    "form_token_refused": "the form has no valid CSRF token",
    # The address of a request
    "proxy_not_declared": "a proxy that is not declared forwarded the request",
    "forwarded_header_only": "the proxy sends only the header Forwarded, which is not read",
    "proxy_count_differs": "more or fewer proxies than declared forwarded the request",
    "scheme_not_passed": "the proxy does not pass the scheme",
    "host_not_passed": "the request came for the address that the server listens on",
    "port_differs": "the request came for another port",
    "another_host": "the request came for another host",
    "another_spelling": "the form was sent to another name of loopback",
    "peer_not_on_loopback": "another machine sent the request, and the demo answers only this one",
    # The authorization response, as the client judges it
    "unknown_state": "the state was not issued to this browser",
    "issuer_missing": "the issuer is missing",
    "issuer_mismatch": "the response names another issuer",
    "no_code": "the response has no code",
    # A signed token (ID token or logout token), as the client judges it
    "jwt_missing": "openid was granted, but the response has no ID token",
    "sign_in_changed": "the ID token of the refresh is about another sign-in",
    "jwt_malformed": "the signed token cannot be read, or lacks a claim",
    "jwt_algorithm": "the signed token has no signature, or an algorithm that is not accepted",
    "jwt_key": "the server publishes no key that fits the signed token",
    "jwt_signature": "the signature of the token is wrong",
    "jwt_issuer": "the signed token names another issuer",
    "jwt_audience": "the signed token is meant for another client",
    "jwt_expired": "the signed token has expired",
    "jwt_from_the_future": "the signed token was issued later than now, or is not valid yet",
    "nonce_mismatch": "the ID token answers another authorization request",
    "at_hash_mismatch": "the ID token belongs to another access token",
    "sign_in_too_old": "the user signed in longer ago than max_age allows",
    "not_a_logout": "the token is not a logout token",
    "userinfo_mismatch": "userinfo is about another user than the ID token",
    # Servers without a usable response
    "server_error": "the authorization server failed",
    "temporarily_unavailable": "the authorization server is overloaded",
    "no_answer": "the server could not be reached",
    "server_failed": "the server failed",
    "no_metadata": "the server publishes no metadata",
    "wrong_metadata_issuer": "the metadata belongs to another issuer",
    "bad_endpoint": "the metadata has no usable endpoint",
    "bad_answer": "the response is not what the protocol allows",
    "bad_token_response": "the response contains no usable token",
    "photo_api_no_answer": "Photo API could not be reached",
    "photo_api_failed": "Photo API failed",
    "photo_api_bad_answer": "the response of Photo API could not be read",
    "photo_api_refused": "Photo API refused the request",
    "access_token_refused": "Photo API refused the new access token too",
    # The API's checks of an access token
    "no_credentials": "there is no access token",
    "malformed_credentials": "the Authorization header is malformed",
    "not_active": "the authorization server says that the token is not active",
    "not_an_access_token": "the token is not an access token",
    "other_issuer": "another authorization server issued the token",
    "other_audience": "the token is meant for another API",
    "no_subject": "the introspection does not name the resource owner",
    "credentials_refused": "the authorization server refused the credentials of Photo API",
    "no_introspection": "the authorization server sent no introspection response",
    "scope_not_granted": "the scope was not granted",
    # The API's checks of an agent's message
    "foreign_origin": "a page of another origin sent the message",
    # The API's checks of an upload
    "too_many_bytes": "the file has more than 10 MiB",
    "too_many_pixels": "the image has more than 24 megapixels",
    "too_many_scans": "the JPEG has more than 100 scans",
    "image_too_complex": "the image takes too much time or memory to decode",
    "unsupported_image": "the file is not a complete PNG, JPEG, WebP or AVIF image",
    "heic_image": "the image has the format HEIC",
    "too_many_uploads": "too many images are being decoded at this moment",
    "too_many_photos": "the user has 500 photos",
    "storage_full": "the photos of the user would have more than 500 MiB",
    # The end of a grant or a connection
    "replay": "a single-use code or token was presented again",
    "revoked_by_client": "the client revoked it",
    "removed_by_resource_owner": "the resource owner removed the app",
    "scope_withdrawn": "the registration of the client has lost every scope of the grant",
    "consent_withdrawn": "the resource owner withdrew every scope of the grant",
    "redirect_uri_removed": "its code was sent to an address that is no longer registered",
    "too_many_grants": "the client has as many newer grants as the limit allows",
    "client_deleted": "the client is being deleted",
    "user_deleted": "the user is being deleted",
    "disconnected": "the user disconnected",
    "signed_out": "the user signed out at the authorization server",
    "replaced": "the browser connected again",
}


#: The error with which step mode ends a message that it does not send.
_NOT_SENT = "NotSentError "


def phrase(event: dict[str, object], field: str = "reason") -> str:
    """Return the phrase for the code in `field`, with the details that `event` has beside it.

    A code that is not in the table is returned as it is.
    """
    if str(event.get("detail")).startswith(_NOT_SENT):
        return "nobody pressed Send in step mode, so the message was not sent"
    code = str(event.get(field) or "")
    sentence = PHRASES.get(code, code)
    if field == "end_reason":
        return sentence
    for detail in _details(event):
        sentence = f"{sentence}: {detail}"
    return sentence


def _details(event: dict[str, object]) -> list[str]:
    details = []
    if event.get("differs_at"):
        details.append(f"they differ at character {event['differs_at']}")
    if event.get("detail"):
        details.append(str(event["detail"]).rstrip("."))
    if event.get("end_reason"):
        details.append(phrase(event, "end_reason"))
    return details
