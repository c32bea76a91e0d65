"""Print Shop's pages: the blueprint `client_app`. `client_app/errors.py` answers their errors.

To add a page, write a view in a new file beside these and import that file below. To call the API,
a view needs only `client_app/page_access.py`.
"""

from flask import Blueprint

bp = Blueprint("client_app", __name__)

from client_app.views import album, connect, orders, photos  # noqa: E402, F401 - they need `bp`
