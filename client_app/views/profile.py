"""`/profile`: who the ID token and userinfo say that the user is."""

from client_app.page_access import current_access, granted_scopes, step_up_url
from client_app.print_shop import print_shop
from client_app.profile import ask_userinfo, list_claims
from client_app.return_to import allow_return, connect_url
from client_app.views.blueprint import bp
from web.pages import page
from web.state_changes import changes_state

SCOPE = "openid profile email"


@bp.get("/profile")
@allow_return
@changes_state()  # It may refresh the tokens.
def profile() -> tuple[str, int]:
    """Show each claim and where it came from, or offer to connect (OpenID Connect Core §5)."""
    granted = granted_scopes()
    if granted is None:
        address = connect_url(f"{SCOPE} photos:read", "/profile")
        return page("no_profile.html", is_connected=False, address=address)
    access, client = current_access(), print_shop().client
    id_token = access.tokens().id_token
    if id_token is None:
        return page("no_profile.html", is_connected=True, address=step_up_url(SCOPE))
    userinfo = ask_userinfo(client, id_token, access.call)
    newest = access.tokens().id_token or id_token
    return page(
        "profile.html",
        claims=list_claims(newest.claims, userinfo.claims),
        id_token=newest,
        userinfo=userinfo,
        issuer=client.issuer,
        client_id=client.client_id,
    )
