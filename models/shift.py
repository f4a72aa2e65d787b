"""What one shift hands on to the next: promised call-backs, muted homes, and who handed over to whom.

A muted home raises alerts as any other does; they only wait, in sight, until the muting ends, and nobody is called
about them before. A press or a fall ends the wait at once: it is never muted.
"""

from datetime import timedelta
from enum import StrEnum

from models.detection import FindingKind


class Noted(StrEnum):
    """Kinds of rows in the shift's book."""

    PROMISED = "promised a call-back"
    KEPT = "rang back"
    MUTED = "muted"
    UNMUTED = "ended the muting"
    HANDED_OVER = "handed over"
    TOOK_OVER = "took over"


NEVER_MUTED = frozenset({FindingKind.PRESS, FindingKind.FALL})
"""Somebody asks for help, or fell: whatever the reason was, it was not for this."""

LONGEST_MUTING = timedelta(days=7)
LONGEST_PROMISE = timedelta(days=14)
LATE_AFTER = timedelta(minutes=5)
"""A call-back that is so late is told to everybody on shift."""
