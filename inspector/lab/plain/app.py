"""The views of the plain server: the addresses of Tripod ID and Photo API, on one port."""

from collections.abc import Callable
from typing import Any

from authlib.integrations.flask_oauth2 import AuthorizationServer, current_token
from authlib.oauth2 import OAuth2Error
from flask import Flask, abort, redirect, render_template_string, request, session, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from inspector.lab.plain import oauth
from inspector.lab.plain.models import Photo, User

LOGIN = """<!doctype html><title>Sign in</title>
<form method="post"><input name="username"><input name="password" type="password">
<button>Sign in</button></form>"""
CONSENT = """<!doctype html><title>Allow {{ client_id }}?</title>
<form method="post"><button name="decision" value="allow">Allow</button>
<button name="decision" value="deny">Deny</button></form>"""
LOGOUT = "<!doctype html><title>Sign out?</title>"
SIGNED_OUT = "<!doctype html><title>Signed out</title><h1>You are signed out</h1>"
#: The type of Authlib's protector, which takes a scope and then a view.
Protect = Callable[[str], Callable[[Callable[..., Any]], Callable[..., Any]]]


def create_app(db: Session, secret_key: str) -> Flask:
    """Return the application of the plain server, with its data in `db`."""
    app = Flask(__name__)
    app.secret_key = secret_key
    server, protector = oauth.set_up(app, db)
    _add_login(app, db)
    _add_endpoints(app, db, server)
    _add_logout(app, server)
    _add_photos(app, db, protector)
    return app


def _add_login(app: Flask, db: Session) -> None:
    @app.get("/")
    def home() -> str:
        return "<!doctype html><title>A plain server</title>"

    @app.route("/login", methods=["GET", "POST"])
    def login() -> ResponseReturnValue:
        if request.method == "GET":
            return LOGIN
        user = db.query(User).filter_by(**_credentials()).first()
        if user is None:
            abort(403)
        session["id"] = user.id
        return redirect(request.args.get("next") or url_for("home"))


def _credentials() -> dict[str, str]:
    return {name: request.form.get(name, "") for name in ("username", "password")}


def _find_signed_in_user(db: Session) -> User | None:
    if "id" not in session:
        return None
    return db.get(User, session["id"])


def _add_endpoints(app: Flask, db: Session, server: AuthorizationServer) -> None:
    @app.route("/oauth/authorize", methods=["GET", "POST"])
    def authorize() -> Any:
        user = _find_signed_in_user(db)
        if user is None:
            return redirect(url_for("login", next=request.full_path))
        try:
            grant = server.get_consent_grant(end_user=user)
        except OAuth2Error as error:
            return server.handle_error_response(request, error)
        if request.method == "GET":
            return render_template_string(CONSENT, client_id=grant.client.client_id)
        grant_user = None
        if request.form.get("decision") == "allow":
            grant_user = user
        return server.create_authorization_response(grant_user=grant_user, grant=grant)

    app.post("/oauth/token", endpoint="token")(server.create_token_response)
    app.post("/oauth/revoke", endpoint="revoke")(_create_endpoint(server, "revocation"))


def _add_logout(app: Flask, server: AuthorizationServer) -> None:
    @app.get("/oauth/logout")
    def logout() -> Any:
        try:
            requested = server.validate_endpoint_request("end_session")
        except OAuth2Error as error:
            return server.handle_error_response(request, error)
        if requested.needs_confirmation:
            return LOGOUT
        return server.create_endpoint_response("end_session", requested) or SIGNED_OUT


def _create_endpoint(server: AuthorizationServer, name: str) -> Callable[[], Any]:
    return lambda: server.create_endpoint_response(name)


def _add_photos(app: Flask, db: Session, protect: Protect) -> None:
    def own_photos() -> Any:
        return db.query(Photo).filter_by(owner_id=current_token.user_id)

    @app.get("/photos")
    @protect("photos:read")
    def list_photos() -> dict[str, object]:
        return {"photos": [_to_json(photo) for photo in own_photos()], "next": None}

    @app.patch("/photos/<photo_id>")
    @protect("photos:write")
    def rename_photo(photo_id: str) -> dict[str, object]:
        found = own_photos().filter_by(id=photo_id).first() or abort(404)
        found.title = str(request.get_json()["title"])
        db.commit()
        return _to_json(found)


def _to_json(photo: Photo) -> dict[str, object]:
    return {"id": photo.id, "title": photo.title}
