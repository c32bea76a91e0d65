"""The tables: users and their sign-ins, clients, consents, grants, codes, tokens and keys.

A grant is one authorization by one resource owner to one client; codes, access tokens and refresh
tokens belong to it. A token is active when it has not expired, is not spent, and its grant has not
ended. So one UPDATE of the grant ends all access, whether the user removes an app or a replay is
detected.

A copy of the database gives no access: codes, tokens, client secrets and the identifiers of
sign-ins are stored as SHA-256 digests, passwords as memory-hard hashes.
"""

from auth_server.models.base import Base
from auth_server.models.clients import Client, Consent
from auth_server.models.grants import (
    Grant,
    access_tokens,
    authorization_codes,
    refresh_tokens,
)
from auth_server.models.keys import signing_keys
from auth_server.models.users import AccountEvent, SignIn, SignInFailure, User

__all__ = [
    "AccountEvent",
    "Base",
    "Client",
    "Consent",
    "Grant",
    "SignIn",
    "SignInFailure",
    "User",
    "access_tokens",
    "authorization_codes",
    "refresh_tokens",
    "signing_keys",
]
