"""In which order open alerts are worked, and why, in one line.

Order is by kind, as the field works (silent calls and repeat presses, the pendant, falls, inactivity); what makes an
alert graver than another of its kind puts it before that one, and is said.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from models.alert import URGENCY, Alert, Lane, State
from models.detection import FindingKind, Urgency

NIGHT_BEGINS, NIGHT_ENDS = 23, 6
"""Hours of the home's clock at which nobody is up, where the home's own day is not known yet."""
SELDOM = 0.15
"""A half hour with a sign of life on fewer days than this is one at which the home is quiet."""
STILL_FOR = timedelta(minutes=3)
BY_ITSELF = timedelta(minutes=1)
"""So long after a press or a fall, what is noticed may be the press or the fall itself."""

HAPPENED = frozenset({FindingKind.PRESS.value, FindingKind.FALL.value})
"""Kinds that are of a moment: to move after it means something. A silence is of no movement anyway."""


class Graver(StrEnum):
    """What makes an alert graver, in the order in which it is said."""

    NOBODY_SPOKE = "rung, and nobody spoke"
    AGAIN = "pressed again"
    LAPSED = "an answer lapsed"
    HOUR = "at an unusual hour"
    STILL = "no movement since"
    DEAF = "the home is no longer heard"
    RISK = "a risk is on record"


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What is known around an alert: when it last grew, the person's last sign of life, up to when the home is heard,
    whether it is heard now, whether its hour is `unusual`, whether a risk is on record, and how often the resident was
    rung without anybody speaking.
    """

    noticed_at: datetime | None = None
    last_sign: datetime | None = None
    heard_until: datetime | None = None
    heard: bool = True
    unusual: bool = False
    at_risk: bool = False
    unanswered: int = 0


UNKNOWN = Circumstances()


def unusual(local: datetime, usual: Sequence[float] = ()) -> bool:
    """Whether people are seldom about at that moment of the home's clock. `usual` are 48 chances of a sign of life, one
    a half hour; without them, nights are.
    """
    if usual:
        return usual[local.hour * 2 + local.minute // 30] < SELDOM
    return local.hour >= NIGHT_BEGINS or local.hour < NIGHT_ENDS


def graver(alert: Alert, known: Circumstances = UNKNOWN) -> tuple[Graver, ...]:
    """All that makes this alert graver than another of its kind."""
    person, moment = alert.lane is Lane.PERSON, alert.kind in HAPPENED
    holds = {
        Graver.NOBODY_SPOKE: person and known.unanswered > 0,
        Graver.AGAIN: alert.presses > 1,
        Graver.LAPSED: alert.lapsed_by is not None and alert.state is State.RAISED,
        Graver.HOUR: person and moment and known.unusual,
        Graver.STILL: moment and _still(alert, known),
        Graver.DEAF: person and not known.heard,
        Graver.RISK: person and known.at_risk,
    }
    return tuple(one for one in Graver if holds[one])


def _still(alert: Alert, known: Circumstances) -> bool:
    """Only as far as the home is heard: beyond that nobody knows. After a fall it counts from the fall itself, for what
    that grew by may be movement.
    """
    fell = alert.kind == FindingKind.FALL
    since = alert.raised_at if fell else known.noticed_at or alert.raised_at
    listened = known.heard_until is not None and known.heard_until - since >= STILL_FOR
    return listened and (known.last_sign is None or known.last_sign <= since + BY_ITSELF)


def asks_for_a_look(kind: str) -> bool:
    """Whether an alert of this kind wants somebody within the hour rather than now."""
    return kind in _LOOKS


_LOOKS = frozenset(one.value for one in FindingKind if one.urgency is Urgency.LOOK and one.lane is Lane.PERSON)

_FIRST = frozenset({Graver.NOBODY_SPOKE, Graver.AGAIN})

Rank = tuple[bool, bool, bool, int, int, datetime, int]


def rank(alert: Alert, known: Circumstances = UNKNOWN) -> Rank:
    """Sort key: people before kits, unanswered before answered, silent calls and repeat presses, then by kind, by how
    grave, by who waits longest.
    """
    why = graver(alert, known)
    first = alert.kind in HAPPENED and any(one in _FIRST for one in why)
    return (
        alert.lane is Lane.KIT,
        alert.state is not State.RAISED,
        not first,
        URGENCY.get(alert.kind, len(URGENCY)),
        -len(why),
        alert.round_began_at,
        alert.id,
    )


def because(why: Sequence[Graver]) -> str:
    """'Rung, and nobody spoke; at an unusual hour.' Nothing where nothing makes it graver."""
    said = "; ".join(why)
    return f"{said[:1].upper()}{said[1:]}." if said else ""
