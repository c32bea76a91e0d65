"""Mark the views of GET requests that change something, such as the start of a flow.

Forms change things too; `web/form_tokens.py` checks them. Both read the same headers
(`web/request_origin.py`), and both do so before anything has changed.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from flask import Response, request
from flask.typing import ResponseReturnValue

from web import request_origin

View = TypeVar("View", bound=Callable[..., Any])


def changes_state(
    *, ask_first: Callable[[], ResponseReturnValue] | None = None
) -> Callable[[View], View]:
    """Return a decorator for a view that changes something; put it directly below the route.

    `HEAD` never calls the view. If another site caused the request, the response is that of
    `ask_first`, if it is given: a page on which the user decides.
    """

    def protect(view: View) -> View:
        @wraps(view)
        def protected_view(*args: Any, **kwargs: Any) -> Any:
            if request.method == "HEAD":
                return _headers_only()
            if ask_first is not None and request_origin.is_from_another_site():
                return ask_first()
            return view(*args, **kwargs)

        return cast(View, protected_view)

    return protect


def _headers_only() -> Response:
    """Return a response without the headers that only a GET could determine (RFC 9110 §9.3.2)."""
    response = Response()
    response.automatically_set_content_length = False
    return response
