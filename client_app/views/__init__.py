"""Print Shop's pages, the blueprint `client_app`: one file per matter. What goes wrong is answered in `errors.py`.

To add one, write a view beside these and name its file below; `client_app/page_access.py` is all that it needs for the API.
"""

from flask import Blueprint

bp = Blueprint("client_app", __name__)

from client_app.views import album, connect, orders, photos
