"""What one shift hands on to the next: promised call-backs, muted homes, and who handed over to whom.

A muted home raises alerts as any other does; they only wait, in sight, until the muting ends, and nobody is called
about them before. A press, a fall or a long lie ends the wait at once: it is never muted.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from models.detection import FindingKind


class Noted(StrEnum):
    """Kinds of rows in the shift's book."""

    PROMISED = "promised a call-back"
    KEPT = "rang back"
    MUTED = "muted"
    AWAY = "muted as away"
    UNMUTED = "ended the muting"
    HANDED_OVER = "handed over"
    TOOK_OVER = "took over"


NEVER_MUTED = frozenset({FindingKind.PRESS, FindingKind.FALL, FindingKind.LONG_LIE})
"""Somebody asks for help, fell or lies on the floor: whatever the reason was, it was not for this."""

LONGEST_MUTING = timedelta(days=7)
LONGEST_PROMISE = timedelta(days=14)
LATE_AFTER = timedelta(minutes=5)
"""A call-back that is so late is told to everybody on shift."""

LIVED_IN = timedelta(hours=12)
HOURS_LIVED_IN = 4
"""In a home muted as away, so many signs of life, each an hour or more after the one counted before it, mean that
somebody is there: who waters the plants, or brings the post in twice a day, leaves fewer.
"""


def lived_in(signs: Sequence[datetime]) -> bool:
    """By the moments of signs of life within `LIVED_IN`, in order of time."""
    counted: list[datetime] = []
    for one in signs:
        if not counted or one - counted[-1] >= timedelta(hours=1):
            counted.append(one)
    return len(counted) >= HOURS_LIVED_IN
