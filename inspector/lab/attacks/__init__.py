"""The attacks, group by group."""

from inspector.lab.attack import Attack, Group
from inspector.lab.attacks import (
    authorization,
    callback,
    codes,
    identity,
    logout,
    refreshing,
    resources,
)

_GROUPS = list(Group)
ATTACKS: tuple[Attack, ...] = tuple(
    sorted(
        (
            *authorization.ATTACKS,
            *callback.ATTACKS,
            *codes.ATTACKS,
            *identity.ATTACKS,
            *logout.ATTACKS,
            *refreshing.ATTACKS,
            *resources.ATTACKS,
        ),
        key=lambda attack: _GROUPS.index(attack.group),
    )
)
