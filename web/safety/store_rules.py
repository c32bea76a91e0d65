"""The rules about databases and what is registered in them."""

from web.safety import registrations, stores
from web.safety.rule import UNSAFE, Rule

STORES = ("TRIPOD_AUTH_DATABASE_URL", "TRIPOD_SESSION_STORE_URL", "TRIPOD_RESOURCE_DATABASE_URL")

STORE_RULES = (
    Rule(
        slug="store-reachable",
        threat="A leg starts that cannot serve requests",
        defence="Every store answers",
        file="web/safety/stores.py",
        test=UNSAFE,
        settings=STORES,
        check=stores.check_reachable,
    ),
    Rule(
        slug="store-migrated",
        threat="An older table lacks what a check needs",
        defence="The tables are those of this version",
        file="web/migrations.py",
        test=UNSAFE,
        check=stores.check_migrated,
    ),
    Rule(
        slug="stores-apart",
        threat="A weakness of one leg gives access to the data of another",
        defence="Each leg has a database of its own",
        file="web/safety/stores.py",
        test=UNSAFE,
        check=stores.check_separate,
    ),
    Rule(
        slug="stores-shared",
        threat="One machine accepts what another one has revoked",
        defence="Machines share all stores, or there is one machine",
        file="web/safety/stores.py",
        test=UNSAFE,
        check=stores.check_several_machines,
    ),
    Rule(
        slug="store-encryption",
        threat="Digests and names are read on the network",
        defence="Connections to stores on other machines use TLS",
        file="web/safety/stores.py",
        test=UNSAFE,
        check=stores.check_encrypted,
    ),
    Rule(
        slug="store-password",
        threat="Another program on the network reads the store",
        defence="A store on the network needs a password that is hard to guess",
        file="web/safety/stores.py",
        test=UNSAFE,
        check=stores.check_passwords,
    ),
    Rule(
        slug="demo-data",
        threat="The passwords of the demo's accounts are public",
        defence="A real database has no data of the demo",
        file="auth_server/demo.py",
        test=UNSAFE,
        check=registrations.check_demo_data,
    ),
    Rule(
        slug="redirect-uris",
        threat="A code is read on its way to the client",
        defence="The redirect URIs of confidential clients are https",
        file="auth_server/redirect_uris.py",
        test=UNSAFE,
        section="2.6",
        check=registrations.check_redirect_uris,
    ),
    Rule(
        slug="own-client",
        threat="Another client receives the codes of Print Shop",
        defence="Print Shop is registered as its settings say",
        file="web/safety/registrations.py",
        test=UNSAFE,
        settings=("TRIPOD_CLIENT_ID", "TRIPOD_CLIENT_SCOPE"),
        check=registrations.check_own_client,
    ),
    Rule(
        slug="resource-server",
        threat="A person who has the API's credentials can do more than introspect",
        defence="Photo API has an account of a resource server",
        file="web/safety/registrations.py",
        test=UNSAFE,
        section="2.3",
        settings=("TRIPOD_INTROSPECTION_CLIENT_ID",),
        check=registrations.check_resource_server,
    ),
)
