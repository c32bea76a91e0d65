"""Print Shop's pages. `client_app/errors.py` answers their errors.

To add a page, run `python app.py new page NAME`, or write a view in a new file beside these and
import that file below. The view imports `bp` from `client_app/views/blueprint.py`. To call the API,
it needs only `client_app/page_access.py`.
"""

from client_app.views import (  # noqa: F401 - this registers them
    album,
    connect,
    logout,
    orders,
    photos,
    profile,
)
from client_app.views.blueprint import bp

__all__ = ["bp"]
