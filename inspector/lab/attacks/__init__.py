"""The attacks, in the order of the flow that they attack."""

from inspector.lab.attack import Attack
from inspector.lab.attacks import authorization, callback, codes, refreshing, resources

ATTACKS: tuple[Attack, ...] = (
    *authorization.ATTACKS,
    *callback.ATTACKS,
    *codes.ATTACKS,
    *refreshing.ATTACKS,
    *resources.ATTACKS,
)
