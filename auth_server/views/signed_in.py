"""Pages for whoever is signed in, and for nobody else."""

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Concatenate, ParamSpec

from flask import redirect, url_for
from flask.typing import ResponseReturnValue

from auth_server import sign_in
from auth_server.models import User

P = ParamSpec("P")


def for_signed_in(
    view: Callable[Concatenate[User, P], ResponseReturnValue],
) -> Callable[P, ResponseReturnValue]:
    """Hand the view who is signed in; anybody else signs in first. Goes below `writing`, since it asks the database."""

    @wraps(view)
    def view_of_somebody(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
        user = sign_in.signed_in_user()
        return sign_in_first() if user is None else view(user, *args, **kwargs)

    return view_of_somebody


def sign_in_first() -> ResponseReturnValue:
    """To the login page, and from there back to this one."""
    return redirect(
        url_for("auth_server.login_page", next=sign_in.this_page()), HTTPStatus.SEE_OTHER
    )
