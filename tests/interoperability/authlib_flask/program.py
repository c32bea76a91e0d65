"""Sign users in with OpenID Connect."""

import os

from authlib.integrations.flask_client import OAuth
from flask import Flask, session, url_for

app = Flask(__name__)
app.secret_key = os.urandom(32)
oauth = OAuth(app)
oauth.register(
    "tripod",
    client_id=os.environ["CLIENT_ID"],
    client_secret=os.environ["CLIENT_SECRET"],
    server_metadata_url=os.environ["ISSUER"] + "/.well-known/openid-configuration",
    client_kwargs={"scope": "openid profile email", "code_challenge_method": "S256"},
)
app.get("/login")(lambda: oauth.tripod.authorize_redirect(url_for("callback", _external=True)))


@app.get("/callback")
def callback():
    session["user"] = oauth.tripod.authorize_access_token()["userinfo"]
    return session["user"]
