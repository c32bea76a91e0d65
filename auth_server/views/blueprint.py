"""The blueprint that the views of the authorization server register with.

It has a file of its own, so that no view imports the package that imports the view.
"""

from web.entrance import Blueprint

bp = Blueprint("auth_server", __name__)
