"""The night: left bed and not back, not in bed or not up by the usual time, many bathroom trips, a bed mat in trouble.

A bed mat is believed for as long as it speaks as a person lies: real ones blink for a second or two, stick for days, or
notice nobody. While it isn't believed, and in homes without one, getting up is judged by motion (the bedroom last, and
nothing from another room), and the two things that only a mat can know are not found at all.
"""

from __future__ import annotations

import numpy as np

from models.detection import FindingKind
from models.detection.clocks import (
    GOT_UP,
    LAY_DOWN,
    NIGHT,
    Clocks,
    Event,
    at_night,
    begun,
    start,
    stop,
    towards,
)  # fmt: skip
from models.detection.kernels import HOUR, Row, compiled, woven_in
from models.detection.rooms import BATHROOM, BEDROOM

KINDS = (
    FindingKind.NOT_BACK_IN_BED,
    FindingKind.NOT_IN_BED,
    FindingKind.NOT_UP,
    FindingKind.BATHROOM_TRIPS,
    FindingKind.BED_MAT,
)
NOT_BACK, NOT_IN_BED, NOT_UP, TRIPS, MAT = range(NIGHT, NIGHT + 5)

SINCE_BED, SINCE_TRIP, IN_BED, ASLEEP, USUAL_BED, BED_SPREAD, USUAL_UP, UP_SPREAD, NIGHTS, BLINKS = range(10)
ELSEWHERE, EMPTY, TONIGHT, USUAL_TRIPS, MORNINGS, LONGEST_STAY, LAST_ROOM, LAST_DAY = range(10, 18)
STATE, SINCE_ROOM, LATE = range(18, 21)
SIZE = 21
"""In 32 bits each; `SINCE_...` are seconds, bedtimes are hours after noon, spreads are mean distances in hours."""

NO_MAT, BELIEVED, BLINKING, STUCK, NOBODY = range(5)
"""What is thought of the mat."""

BACK_WITHIN, BACK_AT_MOST, BACK_UNKNOWN = HOUR, 8 * HOUR, 2 * HOUR
STAYS, STAYS_KEPT = 3.0, 0.995
"""Of somebody up at night it is learned how long they stay in one room; three times the longest is worth telling.
"""
LATE_OFTEN, LATE_WORTH, LATE_KEPT = 0.15, 0.3, 0.97
"""Where people were still up lately, being up is not told again for some weeks."""
LATE_BY, SPREADS = 3.0, 6.0
"""Later than usual by so many hours, and by so many times as much as usual nights differ from each other."""
LATE_AT_MOST = 5.0
NIGHTS_KNOWN, SPREAD_FROM = 7, 3
UP_BY = 11.0
SHARE = 0.125
BLINK, LAIN = 30.0, HOUR
"""Nobody lies down for so short a time more often than not; one long rest speaks for the mat as five blinks against."""
BLINKED, STEADY = 0.5, 0.2
STUCK_SIGNS, STUCK_AFTER = 30.0, 12 * HOUR
"""So many signs of life in other rooms, while the mat says for so long that somebody lies on it."""
EMPTY_NIGHTS = 3
TRIPS_APART = 600.0
FAR = 1e300
TURNED = 120.0
"""Whoever is off the mat for less than this only turned over."""


@woven_in
def note(own: Row, clocks: Clocks, event: Event) -> None:
    own[SINCE_BED] += event.gap
    own[SINCE_TRIP] += event.gap
    own[SINCE_ROOM] += event.gap
    if event.room != own[LAST_ROOM] or event.what == LAY_DOWN:
        if begun(clocks, NOT_BACK):
            moves_on(own, clocks, event)
        own[SINCE_ROOM], own[LAST_ROOM] = 0.0, event.room
    if event.day > own[LAST_DAY] and event.hour >= 7:
        morning(own, clocks, event)
    if event.what == LAY_DOWN:
        lay_down(own, clocks, event)
    elif event.what == GOT_UP:
        got_up(own, clocks, event)
    elif event.room != BEDROOM:
        about(own, clocks, event)
    elif own[STATE] != BELIEVED and at_night(event.hour, 20.0, 5.0):
        to_the_bedroom(own, clocks, event)
    if event.room == BATHROOM:
        if own[SINCE_TRIP] > TRIPS_APART and at_night(event.hour, 23.0, 6.0):
            trip(own, clocks, event)
        own[SINCE_TRIP] = 0.0


@compiled
def lay_down(own: Row, clocks: Clocks, event: Event) -> None:
    if own[STATE] == NO_MAT:
        own[STATE] = BELIEVED
        stop(clocks, NOT_UP)
    out = own[SINCE_BED]
    own[IN_BED], own[SINCE_BED], own[ELSEWHERE], own[EMPTY] = 1.0, 0.0, 0.0, 0.0
    stop(clocks, NOT_BACK)
    if own[STATE] in (STUCK, NOBODY):
        believe(own, clocks)
    if own[STATE] != BELIEVED or not at_night(event.hour, 19.0, 7.0):
        return
    bed_at_last(own, clocks, event)
    up = usually_up(own) if own[NIGHTS] >= NIGHTS_KNOWN else UP_BY
    since = clocks.since[NOT_UP] if out < TURNED and own[ASLEEP] > 0 else event.at
    start(clocks, NOT_UP, since, event.at + ((up - event.hour) % 24.0) * HOUR)


@compiled
def got_up(own: Row, clocks: Clocks, event: Event) -> None:
    lain = own[SINCE_BED] if own[IN_BED] > 0 else 0.0
    if own[IN_BED] > 0:
        judge(own, clocks, event, lain)
    own[IN_BED], own[SINCE_BED], own[SINCE_ROOM] = 0.0, 0.0, 0.0
    if own[STATE] != BELIEVED:
        return
    went = (event.hour - lain / HOUR) % 24.0
    if lain >= LAIN and own[ASLEEP] == 0 and at_night(went, 19.0, 5.0):
        to_sleep(own, (went + 12.0) % 24.0)
    stop(clocks, NOT_UP)
    if at_night(event.hour, 22.0, 5.0):
        start(clocks, NOT_BACK, event.at, event.at + back_within(own))
    elif event.hour < 12:
        is_up(own, clocks, event.hour)


@compiled
def moves_on(own: Row, clocks: Clocks, event: Event) -> None:
    """Up at night, and well enough to go from one room to another."""
    own[LONGEST_STAY] = max(own[LONGEST_STAY] * STAYS_KEPT, min(own[SINCE_ROOM], BACK_AT_MOST))
    if clocks.due[NOT_BACK] < np.inf:
        clocks.due[NOT_BACK] = event.at + back_within(own)


@woven_in
def back_within(own: Row) -> float:
    least = BACK_WITHIN if own[NIGHTS] >= NIGHTS_KNOWN else BACK_UNKNOWN
    return float(min(max(least, STAYS * own[LONGEST_STAY]), BACK_AT_MOST))


@woven_in
def usually_up(own: Row) -> float:
    """The hour by which somebody is up even on a late day."""
    return float(own[USUAL_UP] + min(max(LATE_BY, SPREADS * own[UP_SPREAD]), LATE_AT_MOST))


@compiled
def judge(own: Row, clocks: Clocks, event: Event, lain: float) -> None:
    """Somebody rose from the mat, or so it says."""
    own[BLINKS] = towards(own[BLINKS], 1.0, 0.06) if lain < BLINK else own[BLINKS] * (0.7 if lain >= LAIN else 0.94)
    if own[BLINKS] > BLINKED:
        doubt(own, clocks, BLINKING, event.at, event.at)
    elif own[BLINKS] < STEADY:
        believe(own, clocks)


@compiled
def doubt(own: Row, clocks: Clocks, why: int, since: float, at: float) -> None:
    """Nothing is found from the mat until it is believed again."""
    if own[STATE] == why:
        return
    own[STATE] = why
    stop(clocks, NOT_BACK)
    stop(clocks, NOT_IN_BED)
    stop(clocks, NOT_UP)
    start(clocks, MAT, since, at)


@compiled
def believe(own: Row, clocks: Clocks) -> None:
    if own[STATE] != BELIEVED and own[BLINKS] <= BLINKED:
        own[STATE] = BELIEVED
        stop(clocks, MAT)


@compiled
def to_sleep(own: Row, since_noon: float) -> None:
    """In bed for the night, at so many hours after noon."""
    share = share_of(own)
    if own[NIGHTS] >= SPREAD_FROM:
        own[BED_SPREAD] = towards(own[BED_SPREAD], abs(since_noon - own[USUAL_BED]), share)
    own[USUAL_BED] = towards(own[USUAL_BED], since_noon, share)
    own[ASLEEP] = 1.0


@woven_in
def share_of(own: Row) -> float:
    """What a night is worth: at first as much as any before it."""
    return float(max(SHARE, 1.0 / (own[NIGHTS] + 1.0)))


@compiled
def is_up(own: Row, clocks: Clocks, hour: float) -> None:
    if own[ASLEEP] > 0:
        if own[NIGHTS] >= SPREAD_FROM:
            own[UP_SPREAD] = towards(own[UP_SPREAD], abs(hour - own[USUAL_UP]), share_of(own))
        own[USUAL_UP] = towards(own[USUAL_UP], hour, share_of(own))
        own[NIGHTS] += 1.0
        own[ASLEEP] = 0.0
    stop(clocks, NOT_UP)
    stop(clocks, NOT_BACK)


@woven_in
def about(own: Row, clocks: Clocks, event: Event) -> None:
    """A sign of life in another room."""
    if 5 <= event.hour < 12 and (own[ASLEEP] > 0 or begun(clocks, NOT_BACK)):
        is_up(own, clocks, event.hour)
    elif begun(clocks, NOT_UP):
        elsewhere(own, clocks, event)
    if event.hour >= 12 and own[STATE] == BELIEVED and own[NIGHTS] >= NIGHTS_KNOWN:
        evening(own, clocks, event)
    if own[IN_BED] > 0 and own[SINCE_BED] > LATE_BY * HOUR:
        own[ELSEWHERE] += 1.0
        if own[ELSEWHERE] >= STUCK_SIGNS and own[SINCE_BED] > STUCK_AFTER:
            doubt(own, clocks, STUCK, event.at - own[SINCE_BED], event.at)


@compiled
def elsewhere(own: Row, clocks: Clocks, event: Event) -> None:
    """Not asleep in the bedroom after all: whoever is about in the day has got up, whatever the mat says."""
    if own[STATE] != BELIEVED or 5 <= event.hour < 19:
        stop(clocks, NOT_UP)


@compiled
def evening(own: Row, clocks: Clocks, event: Event) -> None:
    """Bed is waited for while somebody is at home. Who goes out need not be in it."""
    if event.door:
        stop(clocks, NOT_IN_BED)
    elif clocks.due[NOT_IN_BED] == np.inf and own[IN_BED] == 0:
        late = min(max(LATE_BY, SPREADS * own[BED_SPREAD]), LATE_AT_MOST)
        usual = event.at + (own[USUAL_BED] + 12.0 - event.hour) * HOUR
        due = max(usual + late * HOUR, event.at + HOUR) if own[LATE] < LATE_OFTEN else FAR
        start(clocks, NOT_IN_BED, usual, due)


@woven_in
def bed_at_last(own: Row, clocks: Clocks, event: Event) -> None:
    if begun(clocks, NOT_IN_BED):
        rang = clocks.due[NOT_IN_BED] == np.inf or clocks.due[NOT_IN_BED] < event.at
        own[LATE] = own[LATE] * LATE_KEPT + (LATE_WORTH if rang else 0.0)
        stop(clocks, NOT_IN_BED)


@compiled
def to_the_bedroom(own: Row, clocks: Clocks, event: Event) -> None:
    """Where no mat can be believed: seen in the bedroom at night, and then in no other room."""
    own[ASLEEP] = 1.0
    if own[NIGHTS] >= NIGHTS_KNOWN and not begun(clocks, NOT_UP):
        start(clocks, NOT_UP, event.at, event.at + ((usually_up(own) - event.hour) % 24.0) * HOUR)


@compiled
def trip(own: Row, clocks: Clocks, event: Event) -> None:
    own[TONIGHT] += 1.0
    if own[MORNINGS] >= NIGHTS_KNOWN and own[TONIGHT] > many(own) and not begun(clocks, TRIPS):
        start(clocks, TRIPS, event.at, event.at)


@woven_in
def many(own: Row) -> float:
    """More trips than chance gives in some hundred nights."""
    return float(own[USUAL_TRIPS] + 2.5 * np.sqrt(own[USUAL_TRIPS] + 1.0) + 1.0)


@compiled
def morning(own: Row, clocks: Clocks, event: Event) -> None:
    """A night is over. One after a day without any sign tells nothing."""
    if event.day == own[LAST_DAY] + 1:
        own[USUAL_TRIPS] = towards(own[USUAL_TRIPS], own[TONIGHT], SHARE if own[MORNINGS] else 1.0)
        own[MORNINGS] += 1.0
        missed = own[STATE] != NO_MAT and own[IN_BED] == 0 and own[SINCE_BED] > 20 * HOUR
        own[EMPTY] = own[EMPTY] + 1.0 if missed else 0.0
        if own[EMPTY] >= EMPTY_NIGHTS:
            doubt(own, clocks, NOBODY, event.at - own[SINCE_BED], event.at)
    own[TONIGHT], own[LAST_DAY] = 0.0, event.day
    stop(clocks, TRIPS)
    bed_at_last(own, clocks, event)


def evidence(own: Row) -> dict[str, str | float | int | bool | None]:
    """Hours of the home's clock, and counts; None for what isn't known yet."""
    known = bool(own[NIGHTS] >= NIGHTS_KNOWN)
    with_bedtimes = known and own[STATE] == BELIEVED
    return {
        "nights": int(own[NIGHTS]),
        "usual_up": float(own[USUAL_UP]) if known else None,
        "usual_bed": float((own[USUAL_BED] + 12.0) % 24.0) if with_bedtimes else None,
        "back_within": float(back_within(own)),
        "longest_stay": float(own[LONGEST_STAY]) or None,
        "trips": int(own[TONIGHT]),
        "usual_trips": float(own[USUAL_TRIPS]) if own[MORNINGS] >= NIGHTS_KNOWN else None,
        "mat": ("none", "believed", "blinking", "stuck", "nobody")[int(own[STATE])],
    }
