"""The blueprint that Print Shop's views register with.

It has a file of its own, so that no view imports the package that imports the view.
"""

from flask import Blueprint

bp = Blueprint("client_app", __name__)
