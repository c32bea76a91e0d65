"""A simulated authorization server, a simulated photo API, and the network to both.

The authorization server rotates refresh tokens without a grace period. The network is an adapter of
`requests` that opens no socket and records every request.
"""

import base64
import hashlib
import io
import json
import secrets
import threading
import time
from collections import Counter
from urllib.parse import parse_qsl, unquote_plus, urlencode, urlsplit

import requests
from requests.adapters import BaseAdapter
from urllib3 import HTTPResponse
from werkzeug.test import EnvironBuilder

TRIPOD_ID, PHOTO_API = "http://127.0.0.1:9000", "http://127.0.0.1:9002"
WEBP = b"RIFF....WEBP"


class SimulatedGrant:
    """A grant. Its tokens are valid while it is in force."""

    def __init__(self, scope):
        self.scope, self.is_in_force = scope, True


class SimulatedTripodId:
    """An authorization server with one user, who grants every requested scope.

    It has no grace period: a refresh token that is used twice ends all grants.
    """

    url = TRIPOD_ID

    def __init__(self):
        self.metadata = {
            "issuer": TRIPOD_ID,
            "authorization_endpoint": f"{TRIPOD_ID}/oauth/authorize",
            "token_endpoint": f"{TRIPOD_ID}/oauth/token",
            "revocation_endpoint": f"{TRIPOD_ID}/oauth/revoke",
            "authorization_response_iss_parameter_supported": True,
        }
        self.metadata_path = "/.well-known/oauth-authorization-server"
        self.lifetime, self.delay = 120, 0.0
        self.token_response = {}  # members that replace the usual ones; None removes a member
        self.codes, self.access_tokens, self.refresh_tokens = {}, {}, {}
        self.revoked, self.spent = [], set()
        self._lock = threading.Lock()

    @staticmethod
    def parameters_of(url):
        """Return the query parameters of an authorization request or response."""
        return dict(parse_qsl(urlsplit(url).query))

    @staticmethod
    def credentials(request):
        """Return the client's id and secret (RFC 6749 §2.3.1), or None."""
        scheme, _, value = request.headers.get("Authorization", "").partition(" ")
        user, _, password = base64.b64decode(value).decode().partition(":")
        return (unquote_plus(user), unquote_plus(password)) if scheme == "Basic" else None

    def authorize(self, url, grant=None):
        """Grant `grant`, or all requested scopes, and return the address of the callback."""
        request = self.parameters_of(url)
        code = secrets.token_urlsafe(16)
        self.codes[code] = request | {"scope": grant or request["scope"]}
        response = {"code": code, "state": request["state"], "iss": TRIPOD_ID}
        return f"/callback?{urlencode(response)}"

    def end_all(self):
        """End every grant."""
        for grant in self.refresh_tokens.values():
            grant.is_in_force = False

    def scope_of(self, access_token):
        """Return the scopes of an active access token, or None."""
        grant, expires_at = self.access_tokens.get(access_token, (None, 0))
        if grant and grant.is_in_force and expires_at > time.time():
            return grant.scope.split()
        return None

    def answer(self, request, path):
        if path == self.metadata_path:
            return 200, self.metadata
        if path not in ("/oauth/token", "/oauth/revoke"):
            return 404, {}
        if self.credentials(request) != ("print-shop", "a secret: with + and %"):
            return 401, {"error": "invalid_client"}
        form = dict(parse_qsl(request.body))
        return self._revoke(form) if path == "/oauth/revoke" else self._token(form)

    def _token(self, form):
        time.sleep(self.delay)
        with self._lock:
            if form["grant_type"] == "authorization_code":
                return self._redeem(form, self.codes.pop(form["code"], None))
            return self._refresh(form["refresh_token"])

    def _redeem(self, form, request):
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if request is None or (challenge, form["redirect_uri"]) != (
            request["code_challenge"],
            request["redirect_uri"],
        ):
            return 400, {"error": "invalid_grant"}
        return self.issue(SimulatedGrant(request["scope"]))

    def _refresh(self, refresh_token):
        grant = self.refresh_tokens.get(refresh_token)
        if grant is None or refresh_token in self.spent or not grant.is_in_force:
            self.end_all()
            return 400, {"error": "invalid_grant", "error_description": "unknown, ended or spent"}
        self.spent.add(refresh_token)
        return self.issue(grant)

    def issue(self, grant):
        access_token, refresh_token = (
            f"at-{secrets.token_urlsafe(24)}",
            f"rt-{secrets.token_urlsafe(24)}",
        )
        self.access_tokens[access_token] = (grant, time.time() + self.lifetime)
        self.refresh_tokens[refresh_token] = grant
        usual = {
            "access_token": access_token,
            "refresh_token": refresh_token,
            "token_type": "Bearer",
        }
        answer = usual | {"expires_in": self.lifetime, "scope": grant.scope} | self.token_response
        return 200, {name: value for name, value in answer.items() if value is not None}

    def issue_for(self, scope):
        """Issue an access token without a flow and return it."""
        _, answer = self.issue(SimulatedGrant(scope))
        return answer["access_token"]

    def _revoke(self, form):
        self.revoked.append(form["token"])
        if form["token"] in self.refresh_tokens:
            self.refresh_tokens[form["token"]].is_in_force = False
        return 200, b""


class SimulatedPhotoApi:
    """A photo API that looks tokens up in the simulated authorization server."""

    url = PHOTO_API

    def __init__(self, tripod_id):
        self.tripod_id = tripod_id
        self.name = "Alice Liddell"
        self.photos = [
            photo("fjord", "Fjord, blue hour", "2025-01-17"),
            photo("dune", "Dune at dawn", "2024-11-02"),
        ]
        self.image = (200, WEBP, {"Content-Type": "image/webp"})
        self.uploads = []  # the form and the image of each

    def answer(self, request, path):
        token = request.headers["Authorization"].removeprefix("Bearer ")
        granted = self.tripod_id.scope_of(token)
        needed = self._needed_scope(request.method, path)
        if granted is None:
            return 401, {"error": "invalid_token"}
        if needed not in granted:
            return 403, {"error": "insufficient_scope", "scope": needed}
        if request.method != "GET":
            return self._change(request, path)
        return self._resource(path, dict(parse_qsl(urlsplit(request.url).query)))

    @staticmethod
    def _needed_scope(method, path):
        if method != "GET":
            return "photos:write"
        return "profile" if path == "/me" else "photos:read"

    def _change(self, request, path):
        """Change the photos without validation. The network's `instead` simulates errors."""
        if request.method == "POST":
            headers = list(request.headers.items())
            with EnvironBuilder(
                method="POST", input_stream=io.BytesIO(request.body), headers=headers
            ).get_request() as sent:
                form, image = sent.form.to_dict(), sent.files["image"]
                self.uploads.append((form, image.filename, image.read()))
            self.photos.insert(0, photo("new", form["title"], "2025-02-01"))
            return 201, self.photos[0]
        found = self._find(path)
        if found is None:
            return 404, {"error": "not_found"}
        if request.method == "DELETE":
            self.photos.remove(found)
            return 204, b""
        found["title"] = json.loads(request.body)["title"]
        return 200, found

    def _find(self, path):
        """Return the photo at `/photos/<id>`, or None."""
        return next((p for p in self.photos if path == f"/photos/{p['id']}"), None)

    def _resource(self, path, query):
        if path == "/me":
            return 200, {"sub": "s", "username": "alice", "name": self.name}
        if path == "/photos":
            more = query.get("after") is None and len(self.photos) > 50
            url = f"{PHOTO_API}/photos?limit=50&after={self.photos[49]['id']}" if more else None
            return 200, {
                "photos": self.photos[50:] if "after" in query else self.photos[:50],
                "next": url,
            }
        if found := self._find(path):
            return 200, found
        if path.endswith("/image") and self._find(path.removesuffix("/image")):
            return self.image
        return 404, {}


class SimulatedNetwork(BaseAdapter):
    """A network that passes requests to the servers and records them.

    Servers in `down` do not answer. `instead` maps a path, or "POST /path", to a response that is
    sent instead of the server's.
    """

    def __init__(self, servers):
        super().__init__()
        self.servers, self.requests, self.down, self.instead = servers, [], set(), {}

    def send(self, request, **_options):
        origin, path = (
            f"{urlsplit(request.url).scheme}://{urlsplit(request.url).netloc}",
            urlsplit(request.url).path,
        )
        self.requests.append(request)
        if origin in self.down:
            raise requests.ConnectionError("refused")
        instead = self.instead.get(f"{request.method} {path}") or self.instead.get(path)
        return as_response(request, *(instead or self.servers[origin].answer(request, path)))

    def close(self):
        pass

    def forms(self, path):
        """Return the forms that were posted to a path, in order."""
        return [
            dict(parse_qsl(request.body))
            for request in self.requests
            if urlsplit(request.url).path == path
        ]

    @property
    def grant_types(self):
        return Counter(form["grant_type"] for form in self.forms("/oauth/token"))


def photo(photo_id, title, day):
    return {
        "id": photo_id,
        "title": title,
        "created_at": f"{day}T12:00:00Z",
        "image": f"{PHOTO_API}/photos/{photo_id}",
    }


def as_response(request, status, body, headers=None):
    response = requests.Response()
    response.status_code, response.request, response.url = status, request, request.url
    response.headers.update(headers or {"Content-Type": "application/json"})
    content = io.BytesIO(body if isinstance(body, bytes) else json.dumps(body).encode())
    response.raw = HTTPResponse(content, response.headers, status, preload_content=False)
    return response
