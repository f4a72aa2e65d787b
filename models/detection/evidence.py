"""What a finding rests on, as plain values: the home's own figures, the health of its sensors, and what happened there
lately that could explain it as well.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from models.detection import changes, clocks, doors, night, stream, trouble
from models.detection.kernels import DAY, Row

Evidence = dict[str, str | float | int | bool | None]

LATELY, CLOCK_LATELY = 42 * DAY, 14 * DAY
SETTLED_IN = 7 * DAY
"""Sensors first heard within so long of each other were fitted together."""


def evidence(mine: Row, which: int) -> Evidence:
    """The subject's own figures for a clock of the home whose record is `mine`."""
    if which < clocks.DOORS:
        return night.evidence(mine["night"])
    if which < clocks.LIE:
        return doors.evidence(mine["doors"], which, bool(mine["wanders"]))
    if which < clocks.TROUBLE:
        return {}
    if which < clocks.CHANGES:
        return trouble.evidence(mine["trouble"], which)
    return changes.evidence(mine["changes"], which)


def around(mine: Row, dead: Sequence[str], moment: float) -> Evidence:
    """What holds for every finding: `dead` are the sensors that are not heard."""
    lately = moment - mine["clock_from"] < CLOCK_LATELY
    added = mine["new_sensor"] - mine["began"] > SETTLED_IN and moment - mine["new_sensor"] < LATELY
    doubtful = [
        str(kind)
        for place, kind in enumerate(stream.KINDS)
        if kind in _DOUBTS and mine["stage"][place] == clocks.RAISED
    ]
    return {
        "heard_until": float(mine["heard_until"]),
        "last_sign": float(mine["last_sign"]),
        "dead": " ".join(dead),
        "doubtful": " ".join(doubtful),
        "clocks_changed": float(mine["clock_from"]) if np.isfinite(mine["clock_from"]) and lately else None,
        "new_sensor": float(mine["new_sensor"]) if added else None,
    }


_DOUBTS = (night.KINDS[-1], *trouble.KINDS)
