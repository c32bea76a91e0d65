"""django-oauth-toolkit as its documentation sets it up: settings, routes and the list of photos.

`python toolkit.py` creates the tables, a client, and the user alice, who is signed in and has
allowed the client before. It prints what the benchmark needs as JSON. The server imports
`toolkit:application`.
"""

import json
import os
import sys
from datetime import timedelta

import django
from django.conf import settings

HOUR = 3600
SCOPES = {"photos:read": "See your photos", "introspection": "Introspect tokens"}

settings.configure(
    ALLOWED_HOSTS=["127.0.0.1"],
    AUTH_PASSWORD_VALIDATORS=[],
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": os.environ["TOOLKIT_DATABASE"],
            "CONN_MAX_AGE": None,
            "OPTIONS": {
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL",
                "transaction_mode": "IMMEDIATE",
            },
        }
    },
    DEBUG=False,
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    INSTALLED_APPS=[
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
        "oauth2_provider",
    ],
    LOGGING={"version": 1, "root": {"level": "ERROR"}},
    MIDDLEWARE=[
        "django.middleware.security.SecurityMiddleware",
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.middleware.clickjacking.XFrameOptionsMiddleware",
    ],
    OAUTH2_PROVIDER={
        "ACCESS_TOKEN_EXPIRE_SECONDS": 2 * HOUR,
        "DEFAULT_SCOPES": ["photos:read"],
        "PKCE_REQUIRED": True,
        "REFRESH_TOKEN_EXPIRE_SECONDS": 24 * HOUR,
        "REQUEST_APPROVAL_PROMPT": "auto",  # a consent is remembered
        "ROTATE_REFRESH_TOKEN": True,
        "SCOPES": SCOPES,
    },
    ROOT_URLCONF="toolkit",
    SECRET_KEY=os.environ["TOOLKIT_SECRET_KEY"],
    USE_TZ=True,
)
django.setup()

# Django's modules need the settings.
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, get_user_model
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.sessions.backends.db import SessionStore
from django.core.handlers.wsgi import WSGIHandler
from django.core.management import call_command
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import include, path
from django.utils import timezone
from oauth2_provider.decorators import protected_resource
from oauth2_provider.models import AccessToken, Application

PHOTOS = [
    {
        "id": f"photo-{index}".ljust(24, "0"),
        "title": f"Photo {index}",
        "content_type": "image/webp",
        "width": 640,
        "height": 480,
        "size": 7628,
        "created_at": "2026-01-01T00:00:00Z",
        "image": f"http://127.0.0.1/photos/photo-{index}/image",
    }
    for index in range(10)
]


@protected_resource(scopes=["photos:read"])
def list_photos(_request: HttpRequest) -> JsonResponse:
    """Return the list of photos to a client whose token has the scope."""
    return JsonResponse({"photos": PHOTOS, "next": None})


urlpatterns = [
    path("healthz", lambda _request: HttpResponse("ok")),
    path("photos", list_photos),
    path("o/", include("oauth2_provider.urls", namespace="oauth2_provider")),
]
application = WSGIHandler()


def sign_in(user: AbstractBaseUser) -> str:
    """Begin a session for the user, and return its key."""
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    return str(session.session_key)


def main(redirect_uri: str) -> None:
    """Create the tables, a signed-in alice and a client, and print what the benchmark needs."""
    call_command("migrate", verbosity=0)
    alice = get_user_model().objects.create_user("alice", password="wonderland")
    secret = os.urandom(24).hex()
    client = Application.objects.create(
        name="Print Shop",
        user=alice,
        client_type=Application.CLIENT_CONFIDENTIAL,
        authorization_grant_type=Application.GRANT_AUTHORIZATION_CODE,
        redirect_uris=redirect_uri,
        client_secret=secret,
        hash_client_secret=False,
    )
    expires = timezone.now() + timedelta(seconds=24 * HOUR)
    for_introspection = AccessToken.objects.create(
        user=alice, application=client, token=os.urandom(24).hex(), expires=expires,
        scope="introspection",
    )  # fmt: skip
    AccessToken.objects.create(  # the consent that is remembered
        user=alice, application=client, token=os.urandom(24).hex(), expires=expires,
        scope="photos:read",
    )  # fmt: skip
    created = {
        "client_id": client.client_id,
        "client_secret": secret,
        "cookie": f"{settings.SESSION_COOKIE_NAME}={sign_in(alice)}",
        "introspection_token": for_introspection.token,
    }
    print(json.dumps(created))


if __name__ == "__main__":
    main(sys.argv[1])
