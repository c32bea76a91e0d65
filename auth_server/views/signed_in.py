"""A decorator for the views that require a signed-in user."""

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Concatenate, ParamSpec

from flask import redirect, url_for
from flask.typing import ResponseReturnValue

from auth_server import sign_in
from auth_server.signed_in_user import SignedInUser

P = ParamSpec("P")


def for_signed_in(
    view: Callable[Concatenate[SignedInUser, P], ResponseReturnValue],
) -> Callable[P, ResponseReturnValue]:
    """Pass the signed-in user to the view; redirect anybody else to the login page.

    Place this decorator below `writing`, since it reads the database.
    """

    @wraps(view)
    def view_with_user(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
        user = sign_in.signed_in_user()
        if user is None:
            return redirect_to_login()
        return view(user, *args, **kwargs)

    return view_with_user


def redirect_to_login(view: str = "login_page") -> ResponseReturnValue:
    """Redirect to the login page, or to another `view` that redirects back to the current page."""
    return redirect(url_for(f"auth_server.{view}", next=sign_in.this_page()), HTTPStatus.SEE_OTHER)
