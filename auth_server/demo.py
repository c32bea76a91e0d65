"""The users and clients of the demo.

They are marked in the database, so that a server outside the demo rejects them.
"""

from sqlalchemy import select

from auth_server.digests import digest
from auth_server.models import Client, User
from auth_server.registration_changes import Registration, apply_change
from auth_server.scopes import SCOPES, scope_text
from config import (
    DEMO_CLIENT_ID,
    DEMO_INTROSPECTION_CLIENT_ID,
    DEMO_SUBJECTS,
    LAB_SUBJECTS,
    AuthServerSettings,
)
from web.clock import now
from web.database import Database, Session, lock

#: The name and password for each username. In the demo, the login page shows them.
ACCOUNTS = {"alice": ("Alice Liddell", "wonderland"), "bob": ("Bob Mason", "builder")}
#: The names of the demo's client and of its resource server.
PRINT_SHOP, PHOTO_API = "Print Shop", "Photo API"
#: The name and password for each username. The lab signs in with them. No page shows them.
#: `inspector/lab/actors.py` has the same passwords.
LAB_ACCOUNTS = {
    "lab-carol": ("Carol of the lab", "bench and burner"),
    "lab-mallory": ("Mallory of the lab", "smoke and mirrors"),
}


def seed(database: Database, settings: AuthServerSettings) -> None:
    """Add missing users, and add or update the clients to match the settings."""
    users = _make_missing_users(database)
    with database.writing() as db:
        lock(db, "demo")  # Of several workers that start together, the first adds the rows.
        for user in users:
            if db.scalar(select(User.id).where(User.username == user.username)) is None:
                db.add(user)
        db.flush()
        _add_missing_addresses(db)
        _seed_client(
            db,
            DEMO_CLIENT_ID,
            secret=settings.demo_client_secret,
            name=PRINT_SHOP,
            redirect_uris=[f"{settings.client_app_url}/callback"],
            scope=scope_text(SCOPES),
            post_logout_redirect_uris=[f"{settings.client_app_url}/"],
            backchannel_logout_uri=f"{settings.client_app_url}/backchannel-logout",
        )
        _seed_client(
            db,
            DEMO_INTROSPECTION_CLIENT_ID,
            secret=settings.demo_introspection_client_secret,
            name=PHOTO_API,
            redirect_uris=[],
            scope="",
            is_resource_server=True,
            resource=settings.resource_api_url,
        )


def _make_missing_users(database: Database) -> list[User]:
    """Return the users to add, with hashed passwords: hashing takes too long for a transaction."""
    accounts, subjects = ACCOUNTS | LAB_ACCOUNTS, DEMO_SUBJECTS | LAB_SUBJECTS
    with database.session(writing=False) as db:
        known = set(db.scalars(select(User.username).where(User.username.in_(accounts))))
    return [
        _make_user(subjects[username], username, *account)
        for username, account in accounts.items()
        if username not in known
    ]


def _make_user(subject: str, username: str, name: str, password: str) -> User:
    user = User(id=subject, username=username, name=name, is_demo=True, created_at=now())
    user.set_password(password)
    return user


def _add_missing_addresses(db: Session) -> None:
    """Give the demo's users their email addresses, also in a database of an earlier version."""
    without = select(User).where(
        User.username.in_(ACCOUNTS), User.is_demo.is_(True), User.email.is_(None)
    )
    for user in db.scalars(without):
        user.email = f"{user.username}@example.com"


def _seed_client(db: Session, client_id: str, *, secret: str, **registration: object) -> None:
    client = db.get(Client, client_id, with_for_update=True)
    before = None
    if client is None:
        client = Client(client_id=client_id, is_demo=True, created_at=now())
    else:
        before = Registration.of(client)
    client.client_secret_digest = digest(secret)
    for name, value in registration.items():
        setattr(client, name, value)
    db.add(client)
    db.flush()
    if before is not None:
        apply_change(db, client, before)
