"""A long lie in the bathroom: nothing from any other room for far longer than anyone has stayed there.

This clock goes on while the bathroom's own sensor does, for somebody on the floor may well set it off.
"""

from __future__ import annotations

from models.detection import FindingKind
from models.detection.clocks import BATHROOM, LIE, Clocks, Event, start, stop
from models.detection.kernels import HOUR, Row, woven_in

KINDS = (FindingKind.LONG_LIE,)
SINCE, LONGEST = range(2)
SIZE = 2

AT_LEAST, AT_MOST = 2700.0, 3 * HOUR
KEPT = 0.998
"""Each stay lets the longest one count for a little less."""


@woven_in
def note(own: Row, clocks: Clocks, event: Event) -> None:
    if event.room != BATHROOM:
        if own[SINCE] > 0:
            stay = min(event.at - own[SINCE], AT_MOST)
            own[LONGEST] = max(own[LONGEST] * KEPT, stay)
        own[SINCE] = 0.0
        stop(clocks, LIE)
    elif own[SINCE] == 0:
        own[SINCE] = event.at
        start(clocks, LIE, event.at, event.at + min(max(1.5 * own[LONGEST], AT_LEAST), AT_MOST))
