"""A full disk: whatever needs a file is refused, until there is room again."""

import errno
import logging

from werkzeug.exceptions import ServiceUnavailable

log = logging.getLogger("tripod")

#: Seconds after which a caller may try again.
RETRY_AFTER = 60
MESSAGE = "The server has no room for this request at the moment. Try again later."
#: No space, a quota or a limit that is reached.
_ERRORS = frozenset(
    getattr(errno, name) for name in ("ENOSPC", "EDQUOT", "EFBIG") if hasattr(errno, name)
)


def is_full_disk(error: BaseException) -> bool:
    """Return whether a file could not be written because there is no room for it."""
    return isinstance(error, OSError) and error.errno in _ERRORS


def refuse(error: BaseException) -> ServiceUnavailable:
    """Log the error with its traceback, and return the answer 503, which does not contain it."""
    log.error("the disk is full", exc_info=error)
    return ServiceUnavailable(MESSAGE, retry_after=RETRY_AFTER)
