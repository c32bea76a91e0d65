"""Sign users in, refresh their tokens, and sign them out at the provider."""

import os

from authlib.integrations.flask_client import OAuth
from flask import Flask, session, url_for

app = Flask(__name__)
app.secret_key = os.urandom(32)
tokens = {}


def store(token, **_former_tokens):
    tokens.update(token)


provider = OAuth(app).register(
    "tripod",
    client_id=os.environ["CLIENT_ID"],
    client_secret=os.environ["CLIENT_SECRET"],
    server_metadata_url=os.environ["ISSUER"] + "/.well-known/openid-configuration",
    client_kwargs={"scope": os.environ["SCOPE"], "code_challenge_method": "S256"},
    update_token=store,
)


@app.get("/login")
def login():
    return provider.authorize_redirect(url_for("callback", _external=True))


@app.get("/callback")
def callback():
    store(provider.authorize_access_token())
    session["id_token"] = tokens["id_token"]
    return {"refresh_token": tokens["refresh_token"], **tokens["userinfo"]}


@app.get("/refresh")
def refresh():
    """Let Authlib refresh the access token, as it does once that has expired."""
    userinfo = provider.userinfo(token={**tokens, "expires_at": 1})
    return {"refresh_token": tokens["refresh_token"], **userinfo}


@app.get("/logout")
def logout():
    return provider.logout_redirect(
        post_logout_redirect_uri=url_for("goodbye", _external=True),
        id_token_hint=session["id_token"],
    )


@app.get("/goodbye")
def goodbye():
    return dict(provider.validate_logout_response())
