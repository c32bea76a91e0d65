"""What is done around the attacks, at the pages of the authorization server that anybody has: register, delete, take out."""

from inspector.lab.actors import Person
from inspector.lab.attack import CannotPlay

APP = "Free Wallpapers"
#: So many apps has nobody in the lab let in.
MOST_APPS = 5


def register(developer: Person, issuer: str, redirect_uri: str, scope: str) -> tuple[str, str]:
    """The client id and the secret of a new app of hers, as the page shows them once.

    :raises CannotPlay: when there is none.
    """
    answer = developer.visit(f"{issuer}/developer/apps/new")
    form = answer.page.form_with("redirect_uris")
    if form is None:
        raise CannotPlay(f"Mallory could not register an app: {answer.status} {answer.said}")
    form.fields = [pair for pair in form.fields if pair[0] in ("csrf_token", "form_id")]
    about = [("name", APP), ("redirect_uris", redirect_uri), ("type", "confidential")]
    scopes = [("scope", name) for name in scope.split()]
    shown = developer.browser.submit(answer, form, *about, *scopes).page.named
    if "new-secret" not in shown:
        raise CannotPlay("Mallory’s app was not registered.")
    return shown["new-id"], shown["new-secret"]


def delete(developer: Person, issuer: str, client_id: str) -> None:
    """Delete an app of hers."""
    answer = developer.visit(f"{issuer}/developer/apps/{client_id}/delete")
    if form := next((form for form in answer.page.forms if "delete" in form.action), None):
        developer.browser.submit(answer, form)


def take_apps_out(person: Person, issuer: str) -> None:
    """End what she has granted, app by app."""
    for _ in range(MOST_APPS):
        answer = person.visit(f"{issuer}/account/apps")
        form = answer.page.form_with("client_id")
        if form is None:
            return
        person.browser.submit(answer, form, form.buttons[0])
