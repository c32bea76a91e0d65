"""A client cannot have a name that users could take for another registrant's.

A user who reads "Let Print Shop look at your photos?" trusts the name.
"""

import pytest
from sqlalchemy import update
from world.cast import Person
from world.page import Page

from auth_server.lookalikes import look_alike
from auth_server.models import Client
from tests.auth_server.developers import Developer
from tests.auth_server.server import Server

OBJECTION = "This name looks like that of another app or of this server."
LOOKALIKES = [
    "Print Shop",
    "PRINT SHOP",
    "print  shop",
    "PrintShop",
    "Print-Shop",
    "Print Shop!",
    "Print\u200bShop",
    "Print\u00ad Shop",
    "Príñt Shöp",
    "Pr\u0131nt Shop",
    "Pr1nt Shop",
    "Prlnt Shop",
    "Print Sh0p",
    "Ｐｒｉｎｔ Ｓｈｏｐ",
    "𝐏𝐫𝐢𝐧𝐭 𝐒𝐡𝐨𝐩",
    "Ρrint Shοp",  # Greek Ρ and ο
    "Рrіnt Ѕhор",  # Cyrillic Р, і, Ѕ, о and р
    "ᴘʀɪɴᴛ ꜱʜᴏᴘ",
    "🖨️ Print Shop",
    "Print Shop\u3164",  # an invisible letter of Korean
    "\u1160Print\uffa0Shop",
    "Print Shop™",
    "Print Shop℠",
    "ᴾʳⁱⁿᵗ ˢʰᵒᵖ",
    "Ⓟⓡⓘⓝⓣ Ⓢⓗⓞⓟ",
    "Print Shop ⓘ",
    "Print Shop²",
    "Ⓟrint Shop ™ ™",
]
OTHERS = ["Print Shop 2", "Print Workshop", "Paint Shop", "Tripod", "写真館", "Фото", "🖨️", "™"]


@pytest.fixture
def mallory(server: Server) -> Developer:
    return Developer(server.person("mallory", "no good at all"))


@pytest.mark.parametrize("name", LOOKALIKES)
def test_a_developer_cannot_register_a_lookalike(mallory: Developer, name: str) -> None:
    answer = mallory.registers(name=name)

    assert answer.status_code == 400
    assert OBJECTION in Page(answer).text


@pytest.mark.parametrize("name", ["Tripod lD", "Photo APl", "CALENDARS", "Phone  app"])
def test_the_names_of_the_server_and_of_every_client_are_protected(
    mallory: Developer, name: str
) -> None:
    assert mallory.registers(name=name).status_code == 400


@pytest.mark.parametrize("name", OTHERS)
def test_other_names_can_be_registered(mallory: Developer, name: str) -> None:
    assert mallory.registers(name=name).status_code == 200


@pytest.mark.parametrize("name", ["Print Shop", "Рrint Shор"])
def test_a_developer_cannot_rename_a_client_to_a_lookalike(mallory: Developer, name: str) -> None:
    client = mallory.has_a_client()
    answer = mallory.edits(client, name=name)

    assert answer.status_code == 400
    assert OBJECTION in Page(answer).text
    assert "Postcard Press" in mallory.page().text


def test_a_developer_cannot_use_a_lookalike_of_another_developers_client(
    mallory: Developer, alice: Person
) -> None:
    Developer(alice).has_a_client(name="Wall Calendars of Alice")

    assert mallory.registers(name="WaII Calendars of Alice").status_code == 400


def test_a_developer_may_use_one_name_twice(mallory: Developer) -> None:
    """The web and the phone application of one product have the same name."""
    mallory.has_a_client(name="Poster Palace")

    assert mallory.registers(name="Poster Palace").status_code == 200


def test_a_client_with_an_older_lookalike_name_can_be_changed(
    server: Server, mallory: Developer
) -> None:
    client = mallory.has_a_client(name="Poster Palace")
    assert server.run("clients", "create", *_options("Paper Place")).exit_code == 0
    with server.database.writing() as db:
        db.execute(
            update(Client).where(Client.client_id == client.client_id).values(name="Paper Place")
        )
    answer = mallory.edits(client, name="Paper Place", homepage="https://new.example/")

    assert answer.status_code == 303


def _options(name: str) -> list[str]:
    redirect_uri = "https://paper.example/callback"
    return ["--name", name, "--redirect-uri", redirect_uri, "--scope", "profile"]


@pytest.mark.parametrize("name", ["Print Shop", "Prínt Shop", "Tripod ID", "Photo  API"])
def test_the_command_line_refuses_lookalikes_of_the_demo_and_the_server(
    server: Server, name: str
) -> None:
    result = server.run("clients", "create", *_options(name))

    assert result.exit_code == 1
    assert OBJECTION in result.output


def test_the_command_line_refuses_a_lookalike_of_a_developers_client(
    server: Server, mallory: Developer
) -> None:
    mallory.has_a_client(name="Poster Palace")

    assert server.run("clients", "create", *_options("Poster PaIace")).exit_code == 1


def test_the_operator_may_use_one_name_twice(server: Server) -> None:
    results = [server.run("clients", "create", *_options("Paper Place")) for _ in range(2)]

    assert [result.exit_code for result in results] == [0, 0]


@pytest.mark.settings(DEMO="0", SECRET_KEY="a key that is long enough for every rule")
def test_outside_the_demo_the_operator_may_register_print_shop(server: Server) -> None:
    """The documentation says so. The demo's clients do not exist there."""
    assert server.run("clients", "create", *_options("Print Shop")).exit_code == 0


@pytest.mark.settings(NAME="Example ID")
def test_the_servers_own_name_is_the_one_of_its_setting(mallory: Developer) -> None:
    assert mallory.registers(name="Exarnple lD").status_code == 400


def test_looking_alike_has_no_direction() -> None:
    for name in LOOKALIKES:
        assert look_alike(name, "Print Shop"), name
        assert look_alike("Print Shop", name), name
    for name in OTHERS:
        assert not look_alike(name, "Print Shop"), name
