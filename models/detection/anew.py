"""Homes whose habits were learned anew: one record a home, made of what was known and what was learned."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.detection.batch import Bools
from models.detection.clocks import RAISED

Records = NDArray[Any]

_NOW = ("heard_until", "kit_limit", "unheard", "returned", "doubtful", "last_sign", "last_sensor", "silent")
_OF_A_SILENCE = ("expected_by", "settled", "chance")
_CLOCKS = ("due", "since", "stage")


def joined(known: Records, learned: Records, moment: float, brought: Bools) -> tuple[Records, Bools]:
    """Records of `stream.HOME_STATE` after the same observations: present things as they are `known`, habits as they
    were `learned`. And which of what was told of is over by what was learned, (n, COUNT). Where a past was `brought`
    from elsewhere nothing that began in it lasts, so that all that lasts is known.
    """
    made = learned.copy()
    for name in _NOW:
        made[name] = known[name]
    for name in _OF_A_SILENCE:
        made[name] = np.where(known["silent"], known[name], learned[name])
    moved = (known["first_fitted"] - learned["first_fitted"])[:, None]
    made["waiting_sensor"] = learned["waiting_sensor"] + np.where(learned["waiting_sensor"] >= 0, moved, 0)
    made["lie"] = np.where(brought[:, None], known["lie"], learned["lie"])
    return made, _clocks(made, known, learned, moment, brought)


def _clocks(made: Records, known: Records, learned: Records, moment: float, brought: Bools) -> Bools:
    """What was told of goes on while its clock runs and began then, or has run out too: it is told of once. Where the
    kit may have missed something since, clocks stay as they are.
    """
    raised, runs = known["stage"] == RAISED, np.isfinite(learned["due"])
    heard = np.minimum(moment, known["heard_until"])[:, None]
    goes_on = raised & runs & ((learned["since"] == known["since"]) | (learned["due"] < heard))
    kept = goes_on | (known["doubtful"] | brought)[:, None]
    for name in _CLOCKS:
        made[name] = np.where(kept, known[name], learned[name])
    over: Bools = raised & ~kept
    return over
