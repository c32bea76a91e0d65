"""The life of clients and resource owners. Nothing here commits."""

from collections.abc import Mapping, Sequence

from sqlalchemy import ColumnElement, delete, exists, select
from sqlalchemy.orm import Session

from auth_server import account_events, client_metadata, throttling
from auth_server.digests import hash_password, new_identifier
from auth_server.models import Client, Grant, User, access_tokens, authorization_codes
from auth_server.narrowing import narrow_grants
from auth_server.scopes import scope_list, scope_text
from auth_server.sign_in import USERNAME
from web.clock import now
from web.event_log import record_on_commit


class RegistrationError(Exception):
    """What was asked for cannot be; the message is one sentence for the person who asked.

    `objections` has a sentence for each field of a client's registration that is not good.
    """

    def __init__(self, message: str, objections: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.objections = objections or {}


def register_client(
    db: Session,
    *,
    name: str,
    redirect_uris: Sequence[str],
    scope: str,
    homepage: str = "",
    is_public: bool = False,
    is_resource_server: bool = False,
    owner: User | None = None,
    client_id: str | None = None,
) -> tuple[Client, str | None]:
    """A new client and its secret in clear; a public one has none. One that a person of the demo owns is the demo's.

    :raises RegistrationError: when the registration would not be safe.
    """
    if is_resource_server:
        _check_resource_server(name, bool(is_public or redirect_uris or scope.strip()))
    else:
        _refuse(
            client_metadata.objections(
                name=name, homepage=homepage, redirect_uris=redirect_uris, scope=scope
            )
        )
    client = Client(
        client_id=client_id or new_identifier(),
        is_resource_server=is_resource_server,
        owner_id=owner and owner.id,
        is_demo=owner is not None and owner.is_demo,
        created_at=now(),
    )
    _describe(client, name=name, homepage=homepage, redirect_uris=redirect_uris, scope=scope)
    secret = None if is_public else client.renew_secret()
    db.add(client)
    record_on_commit(
        db, "client_registered", client_id=client.client_id, **({"sub": owner.id} if owner else {})
    )
    return client, secret


def update_client(
    db: Session,
    client: Client,
    *,
    name: str,
    redirect_uris: Sequence[str],
    scope: str,
    homepage: str,
) -> None:
    """Change what is registered of `client`. What is taken from its scope is taken from everything it has been granted.

    :raises RegistrationError: when the registration would not be safe.
    """
    _refuse(
        client_metadata.objections(
            name=name, homepage=homepage, redirect_uris=redirect_uris, scope=scope
        )
    )
    _describe(client, name=name, homepage=homepage, redirect_uris=redirect_uris, scope=scope)
    db.flush()
    narrow_grants(db, client)
    record_on_commit(db, "client_updated", client_id=client.client_id)


def rotate_secret(db: Session, client_id: str) -> tuple[Client, str]:
    """A new secret for a confidential client; the old one is dead.

    :raises RegistrationError: when there is no such client, or it is public.
    """
    client = _find_client(db, client_id)
    if client.is_public:
        raise RegistrationError(f"{client_id} is a public client and has no secret.")
    record_on_commit(db, "client_secret_renewed", client_id=client_id)
    return client, client.renew_secret()


def delete_client(db: Session, client_id: str) -> None:
    """Delete the client; its consents, grants and tokens go with it.

    :raises RegistrationError: when there is no such client.
    """
    db.delete(_find_client(db, client_id))
    record_on_commit(db, "client_deleted", client_id=client_id)


def all_clients(db: Session) -> Sequence[Client]:
    """Every client, oldest first."""
    return db.scalars(select(Client).order_by(Client.created_at, Client.client_id)).all()


def information(client: Client) -> dict[str, object]:
    """The client information response (RFC 7591 §3.2.1), without the secret."""
    has_flow = not client.is_resource_server
    return {
        "client_id": client.client_id,
        "client_id_issued_at": int(client.created_at.timestamp()),
        "client_name": client.name,
        "redirect_uris": client.redirect_uris,
        "scope": client.scope,
        "grant_types": ["authorization_code", "refresh_token"] if has_flow else [],
        "response_types": ["code"] if has_flow else [],
        "token_endpoint_auth_method": client.token_endpoint_auth_method,
    }


def create_user(db: Session, *, username: str, name: str, password: str) -> User:
    """A new resource owner, under a subject that nobody had before.

    :raises RegistrationError: when the name is taken or not good, or the password is too short or too long.
    """
    check_username(username)
    _check_name(name)
    if db.scalar(select(User).where(User.username == username)) is not None:
        raise RegistrationError(f"There is a user {username} already.")
    password_hash = hash_password(checked_password(password))
    user = User(
        id=new_identifier(),
        username=username,
        name=name.strip(),
        password_hash=password_hash,
        created_at=now(),
    )
    db.add(user)
    record_on_commit(db, "user_created", sub=user.id)
    return user


def find_user(db: Session, username: str) -> User:
    """The resource owner of that name.

    :raises RegistrationError: when there is none.
    """
    user: User | None = db.scalar(select(User).where(User.username == username))
    if user is None:
        raise RegistrationError(f"There is no user {username}.")
    return user


def delete_user(db: Session, username: str) -> None:
    """Delete the resource owner; sign-ins, consents, grants and tokens go with the row.

    :raises RegistrationError: when there is no such user.
    """
    user = find_user(db, username)
    db.delete(user)
    record_on_commit(db, "user_deleted", sub=user.id)


def all_users(db: Session) -> Sequence[User]:
    """Every resource owner, by name."""
    return db.scalars(select(User).order_by(User.username)).all()


def check_username(username: str) -> None:
    """Refuse what could not be typed at the login page.

    :raises RegistrationError: when it is not good.
    """
    if not USERNAME.fullmatch(username):
        raise RegistrationError(
            "A username is 1 to 64 of a-z, 0-9 and . _ @ + -, and begins with a letter or digit."
        )


def checked_password(password: str) -> str:
    """The password, if it is one.

    :raises RegistrationError: when it is too short or too long.
    """
    if not 8 <= len(password) <= 1024:
        raise RegistrationError("A password has 8 to 1024 characters.")
    return password


def purge(db: Session) -> int:
    """Delete what has expired; gives back how many rows. Spent ones stay as long as their grant, or no replay is known."""
    moment = now()
    has_access = exists().where(access_tokens.c.grant_id == Grant.id)
    can_be_redeemed = exists().where(
        authorization_codes.c.grant_id == Grant.id, authorization_codes.c.expires_at > moment
    )
    was_redeemed = exists().where(
        authorization_codes.c.grant_id == Grant.id, authorization_codes.c.redeemed_at.is_not(None)
    )
    is_over = (Grant.expires_at <= moment) & ~has_access
    never_begun = ~can_be_redeemed & ~was_redeemed
    deleted = _delete(db, access_tokens, access_tokens.c.expires_at <= moment)
    deleted += _delete(db, Grant, is_over | never_begun)
    return deleted + throttling.purge(db) + account_events.purge(db)


def _delete(db: Session, table: object, condition: ColumnElement[bool]) -> int:
    statement = delete(table).where(condition)  # type: ignore[arg-type]
    return int(db.execute(statement, execution_options={"synchronize_session": False}).rowcount)  # type: ignore[attr-defined]


def _find_client(db: Session, client_id: str) -> Client:
    client = db.get(Client, client_id)
    if client is None:
        raise RegistrationError(f"There is no client {client_id}.")
    return client


def _describe(
    client: Client, *, name: str, homepage: str, redirect_uris: Sequence[str], scope: str
) -> None:
    client.name = name.strip()
    client.homepage = homepage or None
    client.redirect_uris = list(dict.fromkeys(redirect_uris))
    client.scope = scope_text(scope_list(scope))


def _check_name(name: str) -> None:
    if objection := client_metadata.objection_to_name(name):
        raise RegistrationError(objection)


def _check_resource_server(name: str, asks_for_more: bool) -> None:
    _check_name(name)
    if asks_for_more:
        raise RegistrationError(
            "A resource server introspects and nothing else: no redirect URI, scope or --public."
        )


def _refuse(objections: Mapping[str, str]) -> None:
    for first in objections.values():
        raise RegistrationError(first, objections)
