"""What a request did, for one line on the next page of the album.

It travels in a cookie of its own. A page that writes to the session cookie, as Flask's `flash`
does, could overwrite a newer one that another tab has received.
"""

from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus

from flask import after_this_request, current_app, redirect, request, url_for
from werkzeug.wrappers import Response

from client_app.oauth import Tokens
from web.request_id import current_request_id, is_acceptable

COOKIE = "tripod_client_app_outcome"
#: Seconds in which the browser must open the album.
LIFETIME = 60


class Outcome(StrEnum):
    """What was done. The template `_outcomes.html` has a sentence for each."""

    CONNECTED = "connected"
    ADDED = "added"
    RENAMED = "renamed"
    DELETED = "deleted"
    REFRESHED = "refreshed"
    ROTATED = "rotated"  # Refreshed, and the authorization server replaced the refresh token.


@dataclass(frozen=True)
class Done:
    """An outcome, and the id of its request, by which the inspector finds the messages."""

    outcome: Outcome
    request_id: str
    is_automatic: bool = False


def redirect_with(outcome: Outcome, address: str) -> Response:
    """Redirect to a page of the album that shows the outcome."""
    response = redirect(address, HTTPStatus.SEE_OTHER)
    response.set_cookie(
        COOKIE,
        f"{outcome}.{current_request_id()}",
        max_age=LIFETIME,
        path=url_for("client_app.album"),
        secure=current_app.config["SESSION_COOKIE_SECURE"],
        httponly=True,
        samesite="Lax",
    )
    return response


def take_outcome() -> Done | None:
    """Return the outcome that the browser brings, and delete its cookie."""
    name, _, request_id = request.cookies.get(COOKIE, "").partition(".")
    if not name:
        return None
    after_this_request(_delete_cookie)
    if name not in set(Outcome) or not is_acceptable(request_id):
        return None
    return Done(Outcome(name), request_id)


def outcome_of_refresh(replaced: Tokens | None, new: Tokens) -> Outcome:
    """Return the outcome of a refresh. `replaced` is None if another request did it."""
    if replaced is None or replaced.refresh_token == new.refresh_token:
        return Outcome.REFRESHED
    return Outcome.ROTATED


def automatic_refresh(replaced: Tokens | None, new: Tokens) -> Done | None:
    """Return the outcome if this request, which is for something else, refreshed the tokens."""
    request_id = current_request_id()
    if replaced is None or request_id is None:
        return None
    return Done(outcome_of_refresh(replaced, new), request_id, is_automatic=True)


def _delete_cookie(response: Response) -> Response:
    response.delete_cookie(COOKIE, path=url_for("client_app.album"))
    return response
