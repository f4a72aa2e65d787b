"""The compiled loops over a home's routine: what it remembers, what it learns, and how long it may be quiet.

A home is three rows: `now` (what is known since the last sign of life), `habits` (counters, in quarters, one byte
each) and `short` (how often the next sign came within five minutes). Times are the home's wall clock, in seconds.
A silence is learned when it ends; the chance of its going on is read when it has lasted five minutes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar, cast

import numpy as np
from numba import njit
from numpy.typing import NDArray

from models.detection.rooms import BACK_WAY, BEDROOM, ELSEWHERE, WAY_OUT

F = TypeVar("F", bound=Callable[..., Any])
Row = NDArray[Any]


_njit: Any = njit  # its stubs do not know `_nrt`


def compiled(function: F) -> F:
    return cast("F", _njit(cache=True, error_model="numpy", _nrt=True)(function))


def compiled_plain(function: F) -> F:
    """For loops that make no array and cut none. Without this, every touch of a town's columns counts them up and down,
    with atomic instructions that cost more than all that is decided. What these call asks for counting itself.
    """
    return cast("F", _njit(cache=True, error_model="numpy", _nrt=False)(function))


def compiled_sum(function: F) -> F:
    """For sums of numbers whose sum is the same in any order: many are added at once."""
    return cast("F", _njit(cache=True, error_model="numpy", _nrt=False, fastmath={"reassoc", "nsz"})(function))


def woven_in(function: F) -> F:
    """Compiled into its callers: passing a town's columns on costs more than most of these functions do."""
    return cast("F", _njit(cache=True, error_model="numpy", forceinline=True, _nrt=False)(function))


HOUR, DAY, HALF_HOUR = 3600.0, 86400.0, 1800.0
THURSDAY = 3
"""Days since a Monday on the first day that is counted."""
EARLIEST = 300.0
_MINUTES = [
    5,
    6,
    8,
    10,
    12,
    15,
    18,
    22,
    26,
    30,
    36,
    43,
    51,
    60,
    70,
    82,
    96,
    112,
    130,
    150,
    175,
    205,
    240,
    280,
    325,
    380,
]
EDGES = 60.0 * np.array([*_MINUTES, 440, 510, 600, 700, 820, 960, 1140, 1440], np.float64)
BINS = len(EDGES) - 1
WIDE = 60.0 * np.array([5, 8, 12, 18, 30, 51, 82, 130, 205, 325, 510, 820, 1440], np.float64)
WIDES = len(WIDE) - 1
WIDE_OF = np.searchsorted(WIDE, EDGES[:-1], "right") - 1
SHARE = np.log(EDGES[1:] / EDGES[:-1]) / np.log(WIDE[WIDE_OF + 1] / WIDE[WIDE_OF])
"""The part of its wide bin that a bin takes, on a logarithmic scale."""
MIDDLE = np.sqrt(EDGES[:-1] * EDGES[1:])
AGE = np.digitize(EDGES[:-1] / 60, [20, 75, 240])
COARSE_AGE = np.digitize(EDGES[:-1] / 60, [60, 180])
WEEK = 7 * DAY
BANDS = np.array([2, 5, 7, 9, 12, 15, 18, 20, 22], np.float64)
BAND_OF_HOUR = np.searchsorted(BANDS, np.arange(24.0), "right")
ROOMS = 6
WAYS = 5

# What is known since the last sign of life.
SINCE_DOOR, AFTER_DOOR, RECENT, HOURLY, LONGER, LONGEST, AWAKE, ROOM, DOOR = 0, 1, 2, 3, 4, 5, 6, 7, 8
LAST_GAP, SINCE_RETURN, BEFORE, HERE_FOR, SINCE_FRESH = 9, 10, 11, 12, 13
REMEMBERED = SINCE_FRESH + ROOMS

# Where each kind of counter begins in `habits`.
BY_WAY = 0
BY_BAND = BY_WAY + WAYS * BINS
BY_ROOM = BY_BAND + 20 * WIDES
BY_CALM = BY_ROOM + 60 * WIDES
ENDED = BY_CALM + 24 * WIDES
REACHED = ENDED + 48 * 4
ENDED_THERE = REACHED + 48 * 4
REACHED_THERE = ENDED_THERE + 24 * 3 * 3
UP_AND_ABOUT = REACHED_THERE + 24 * 3 * 3
HABITS = UP_AND_ABOUT + 48
USUAL = ENDED + WAYS
"""What is usual lies in the places of the counters, and after them the share of silences under five minutes."""
UNIT = 4.0

BORNE_OUT = 60 + WAYS
AGES, QUARTERS = 4, 4
BUSY = np.array([2.5, 6.0, 14.0])
"""Between four paces lie so many fresh signs of life in the last hour or so (HOURLY)."""
PACES = len(BUSY) + 1
SHORTS = BORNE_OUT + (ROOMS + QUARTERS + PACES) * AGES
"""After the counts of short and long silences come those of ends, as many as there were and as the trees expected, by
room, by quarter of the day and by pace, and by age."""
ONE, DOUBT = 64.0, 20.0
INPUTS = 26
LEAF = 255
"""Asked by a node that asks nothing."""
NODE = np.dtype([("cut", np.float32), ("child", np.uint16), ("feature", np.uint8)], align=True)


class Trees(NamedTuple):
    """Questions are whether an input is above a cut: the `cuts` of each input side by side, those of input i from
    `first[i]` on; one more has no for an answer. Each row of `splits` is a tree: all bins are in slot 0, and a split
    takes those that say yes from its slot into a new one, the next after those there are. `worth` (trees, LEAVES) is
    added to the log odds, from which they `start`, of the bins that end in each slot. (It stays where it is: what was
    compiled before an update names it, and numba stops where it can't find it.)
    """

    cuts: Row
    first: Row
    splits: Row
    worth: Row
    start: float


class Shares(NamedTuple):
    """Trees that say how much of a moment at which somebody may fall a sign of life is: the log of it is what they
    `start` from, and of each tree, from its node in `roots` on, the leaf to which the answers lead.
    """

    roots: Row
    nodes: Row
    start: float


PULL = 6.0
OUTING, BY_THE_DOOR, FOREVER = 600.0, 180.0, 1e6
"""A silence this long (s) between doors was somebody out; this long after a door one is still by it."""
FORGET_DAYS = 90.0


@woven_in
def fade(seconds: float, lasting: float) -> float:
    return float(np.exp(-seconds / lasting))


@woven_in
def note_way(now: Row, gap: float, room: int, door: bool) -> None:
    """Doors that lead out, and whether somebody has just come back through one."""
    if door:
        now[SINCE_RETURN] = 0.0 if gap >= OUTING and now[SINCE_DOOR] <= BY_THE_DOOR else now[SINCE_RETURN] + gap
        now[SINCE_DOOR], now[AFTER_DOOR], now[DOOR] = 0.0, 0.0, 2.0 if room == BACK_WAY else 1.0
        return
    now[SINCE_RETURN] += gap
    now[SINCE_DOOR] += gap
    now[AFTER_DOOR] = min(now[AFTER_DOOR] + 1.0, 60.0)
    now[DOOR] = 0.0


@woven_in
def note_room(now: Row, gap: float, room: int) -> None:
    now[HERE_FOR] += gap
    if room != now[ROOM]:
        now[BEFORE], now[ROOM], now[HERE_FOR] = now[ROOM], room, 0.0


@woven_in
def note_pace(now: Row, gap: float, fresh: float) -> None:
    """How busy it has been. One exponential serves: a third of the longest time is one more power of what is left."""
    left = fade(gap, 14400.0)
    third = left * left * left
    quarter = third * left
    now[LONGER] = now[LONGER] * left + fresh
    now[LONGEST] = max(now[LONGEST] * third, gap / 60.0)
    now[HOURLY] = now[HOURLY] * quarter + fresh
    now[RECENT] = now[RECENT] * quarter**12 + 1.0
    now[AWAKE] = 0.0 if gap > 3 * HOUR else min(now[AWAKE] + gap, 36 * HOUR)


@woven_in
def remember(now: Row, gap: float, room: int, door: bool) -> None:
    """The next sign of life came `gap` seconds after the one before, in a room as `rooms.room_code` names it."""
    gap = min(gap, FOREVER)
    note_way(now, gap, room, door)
    here = WAY_OUT if room == BACK_WAY else room
    note_room(now, gap, here)
    for each in range(SINCE_FRESH, SINCE_FRESH + ROOMS):
        now[each] += gap
    fresh = 1.0 if door or now[SINCE_FRESH + here] >= 240.0 else 0.0
    if fresh > 0:
        now[SINCE_FRESH + here] = 0.0
    note_pace(now, gap, fresh)
    now[LAST_GAP] = gap


@woven_in
def way(now: Row) -> int:
    """4: at a back door; 3: at another that leads out; 2: just after; 1: soon after; 0: not near one."""
    if now[DOOR] > 0:
        return 4 if now[DOOR] > 1 else 3
    if now[SINCE_DOOR] <= 60.0 and now[AFTER_DOOR] <= 1:
        return 2
    return 1 if now[SINCE_DOOR] <= 300.0 and now[AFTER_DOOR] <= 4 else 0


@woven_in
def cells(now: Row, at: float) -> tuple[int, int, int, int]:
    """Of the way out, of the hour, of the hour and room, and of the room and how long it has been quiet lately."""
    band = BAND_OF_HOUR[int((at % DAY) / HOUR)]
    room, out = int(now[ROOM]), way(now)
    calm = int(now[LONGEST] > 6.0) + int(now[LONGEST] > 15.0) + int(now[LONGEST] > 30.0)
    return out, band * 2 + int(out >= 2), band * ROOMS + room, room * 4 + calm


@woven_in
def place(room: int) -> int:
    return 0 if room == BEDROOM else (1 if room == ELSEWHERE else 2)


@woven_in
def dither(at: float, step: int) -> float:
    """Even over [0, 1), and the same for the same moment: what is rounded with it is right on average."""
    return (at * 0.6180339887 + step * 0.7548776662) % 1.0


@compiled
def count(habits: Row, start: int, size: int, which: int, amount: int) -> None:
    """A full counter takes its neighbours down with it, so that their proportions stay."""
    if habits[start + which] + amount > 255:
        for each in range(start, start + size):
            habits[each] = (int(habits[each]) * 3) // 4
    habits[start + which] += amount


@compiled
def bin_of(edges: Row, gap: float) -> int:
    return min(max(int(np.searchsorted(edges, gap, "right")) - 1, 0), len(edges) - 2)


@woven_in
def learn(now: Row, habits: Row, short: Row, at: float, gap: float) -> None:
    """The silence that began `at` ended after `gap` seconds."""
    out, hours, there, calm = cells(now, at)
    if gap < EARLIEST:
        tally(short, there, 0)
        tally(short, 60 + out, 0)
        return
    tally(short, there, 1)
    tally(short, 60 + out, 1)
    fine, wide = bin_of(EDGES, gap), bin_of(WIDE, gap)
    count(habits, BY_WAY + out * BINS, BINS, fine, 4)
    count(habits, BY_BAND + hours * WIDES, WIDES, wide, 4)
    count(habits, BY_ROOM + there * WIDES, WIDES, wide, 4)
    count(habits, BY_CALM + calm * WIDES, WIDES, wide, 4)
    learn_clock(habits, place(int(now[ROOM])), at, gap, fine)


@woven_in
def tally(short: Row, which: int, column: int) -> None:
    if short[which, column] >= 65535:
        short[which, 0] //= 2
        short[which, 1] //= 2
    short[which, column] += 1


@compiled
def learn_clock(habits: Row, where: int, at: float, gap: float, fine: int) -> None:
    """At which hours of the clock silences of which age were reached, and at which they ended."""
    for each in range(fine + 1):
        half = int(((at + MIDDLE[each]) % DAY) / HALF_HOUR)
        mine, theirs = half * 4 + AGE[each], ((half // 2) * 3 + COARSE_AGE[each]) * 3 + where
        lasted = (min(gap, EDGES[each + 1]) - EDGES[each]) / HALF_HOUR
        units = int(lasted * UNIT + dither(at, each))
        pair(habits, ENDED + mine, REACHED + mine, 4 if each == fine else 0, units)
        pair(habits, ENDED_THERE + theirs, REACHED_THERE + theirs, 4 if each == fine else 0, units)


@compiled
def pair(habits: Row, ended: int, reached: int, more: int, units: int) -> None:
    while habits[ended] + more > 255 or habits[reached] + units > 255:
        habits[ended] = (int(habits[ended]) * 3) // 4
        habits[reached] = (int(habits[reached]) * 3) // 4
        units = min(units, 200)
    habits[ended] += more
    habits[reached] += units


@woven_in
def go_about(habits: Row, before: float, last: int, this: int) -> None:
    """Half hours of the clock with a sign of life, and without, each worth less as days go by."""
    nudge(habits, UP_AND_ABOUT + last % 48, 255, before)
    for half in range(last + 1, min(this, last + 60)):
        nudge(habits, UP_AND_ABOUT + half % 48, 0, before + half)


@woven_in
def nudge(habits: Row, which: int, towards: int, at: float) -> None:
    habits[which] = int(habits[which] + 0.06 * (towards - habits[which]) + dither(at, which))


@woven_in
def weeks_between(before: float, at: float) -> int:
    return int(at / WEEK) - int(before / WEEK)


@compiled
def forget(habits: Row, short: Row, at: float, days: float) -> None:
    """What was learned is worth half after `FORGET_DAYS`."""
    kept = 0.5 ** (days / FORGET_DAYS)
    for each in range(UP_AND_ABOUT):
        if habits[each]:
            habits[each] = int(habits[each] * kept + dither(at, each))
    forget_short(short, at, days)


@compiled
def forget_short(short: Row, at: float, days: float) -> None:
    kept = 0.5 ** (days / FORGET_DAYS)
    for each in range(SHORTS):
        short[each, 0] = int(short[each, 0] * kept + dither(at, each))
        short[each, 1] = int(short[each, 1] * kept + dither(at, each))


@compiled
def shrunk(habits: Row, start: int, size: int, usual: Row, chance: Row) -> float:
    """`chance` of ending in each bin once reached, pulled towards `usual`; returns how many silences speak here."""
    reached = 0.0
    for each in range(size - 1, -1, -1):
        ended = habits[start + each] / UNIT
        reached += ended
        chance[each] = (ended + PULL * usual[each]) / (reached + PULL)
    return reached


EVEN = np.array([0.5, np.log(2.0), np.log(2.0), 1.0, 1.0, 0.0])
"""Inputs from 15 on before the first bin, where nothing was counted: an end is as likely as not."""


@compiled
def describe(now: Row, habits: Row, short: Row, at: float, usual: Row, x: Row) -> None:
    """What the trees are asked, into `x` (BINS + 1, INPUTS): first whether five minutes are reached, then each bin.
    (Trees only compare, so nothing is brought to a scale for them.)
    """
    out, hours, there, calm = cells(now, at)
    by_way, by_band = np.empty(BINS), np.empty(WIDES)
    by_room, by_calm, blend = np.empty(WIDES), np.empty(WIDES), np.empty(WIDES)
    shrunk(habits, BY_WAY + out * BINS, BINS, usual[BY_WAY + out * BINS :], by_way)
    shrunk(habits, BY_BAND + hours * WIDES, WIDES, usual[BY_BAND + hours * WIDES :], by_band)
    for each in range(WIDES):
        ratio = usual[BY_ROOM + there * WIDES + each] / max(usual[BY_BAND + hours * WIDES + each], 1e-5)
        blend[each] = min(max(by_band[each] * ratio, 1e-4), 0.95)
    seen = shrunk(habits, BY_ROOM + there * WIDES, WIDES, blend, by_room)
    shrunk(habits, BY_CALM + calm * WIDES, WIDES, usual[BY_CALM + calm * WIDES :], by_calm)
    near = (short[60 + out, 0] + 20.0 * usual[ENDED + out]) / (short[60 + out, 0] + short[60 + out, 1] + 20.0)
    here = (short[there, 0] + 10.0 * near) / (short[there, 1] + 10.0 * (1.0 - near))
    where = place(int(now[ROOM]))
    known(now, out, x[0])
    x[0, 0], x[0, 1], x[0, 11], x[0, 12], x[0, 13] = 0.0, (at % DAY) / HOUR, here, near, seen
    x[0, 14] = 1.0 if (at // DAY + THURSDAY) % 7 >= 5 else 0.0
    x[0, 15:21], x[0, 25] = EVEN, EVEN[1]
    for each in range(BINS):
        wide, row = WIDE_OF[each], x[each + 1]
        row[2:15], row[21:25] = x[0, 2:15], x[0, 21:25]
        row[0], row[15] = each + 1, by_way[each]
        row[16] = pace_of(by_band[wide], SHARE[each])
        row[17] = pace_of(by_room[wide], SHARE[each])
        row[25] = pace_of(by_calm[wide], SHARE[each])
        by_clock(habits, where, at + MIDDLE[each], AGE[each], COARSE_AGE[each], row)


@woven_in
def pace_of(wide: float, share: float) -> float:
    """How fast silences end in a bin, where `wide` is the chance in the wide bin that it takes a `share` of."""
    return float(-np.log(1.0 - min(wide, 0.999)) * share)


@woven_in
def known(now: Row, out: int, x: Row) -> None:
    x[2], x[3] = now[ROOM], out
    x[4], x[5] = min(now[SINCE_DOOR], 12 * HOUR) / 60.0, now[AFTER_DOOR]
    x[6], x[7], x[8], x[9], x[10] = now[RECENT], now[HOURLY], now[LONGER], now[LONGEST], now[AWAKE] / HOUR
    x[21], x[22] = min(now[LAST_GAP], 12 * HOUR) / 60.0, min(now[SINCE_RETURN], 12 * HOUR) / 60.0
    x[23], x[24] = now[BEFORE], min(now[HERE_FOR], 12 * HOUR) / 60.0


@woven_in
def by_clock(habits: Row, where: int, then: float, age: int, coarse: int, x: Row) -> None:
    hour = (then % DAY) / HOUR
    half = int(2.0 * hour)
    mine, theirs = half * 4 + age, ((half // 2) * 3 + coarse) * 3 + where
    rate = (habits[ENDED + mine] / UNIT + 0.3) / (habits[REACHED + mine] / UNIT + 1.2)
    there = (habits[ENDED_THERE + theirs] / UNIT + 2.0 * rate) / (habits[REACHED_THERE + theirs] / UNIT + 2.0)
    x[1], x[18], x[19], x[20] = hour, rate, there, habits[UP_AND_ABOUT + half] / 255.0


HAZARD = 1e-5 * np.exp(np.arange(256) * 0.0572)
"""One byte says how fast a silence ends: the log of what is left, over a bin."""


@woven_in
def row_of_room(now: Row) -> int:
    return BORNE_OUT + int(now[ROOM]) * AGES


@woven_in
def row_of_hour(at: float) -> int:
    """The first quarter of the day is the middle of the night, from 21 to 3 o'clock."""
    return BORNE_OUT + (ROOMS + int(((at + 3.0 * HOUR) % DAY) / (6.0 * HOUR))) * AGES


@woven_in
def row_of_pace(now: Row) -> int:
    """How busy it was: a lone sign of life after a long quiet tells more of somebody who is up in one home than in
    another.
    """
    pace = 0
    for each in range(PACES - 1):
        pace += int(now[HOURLY] > BUSY[each])
    return BORNE_OUT + (ROOMS + QUARTERS + pace) * AGES


@woven_in
def borne_out(short: Row, row: int) -> float:
    """How many times as fast as expected silences end, as far as has been seen."""
    return float((short[row, 0] + DOUBT * ONE) / (short[row, 1] + DOUBT * ONE))


@compiled
def correct(now: Row, short: Row, at: float, still: Row, rate: Row) -> None:
    """`still`, which the trees said, becomes what this home has borne out; how fast they thought that it ends is kept
    in `rate` (BINS bytes) for `bear_out`. It counts by half, for the trees were told of this home's past as well. By a
    way out somebody may be out: there they know better.
    """
    near, room, hour, pace = way(now) >= 2, row_of_room(now), row_of_hour(at), row_of_pace(now)
    before, left = still[0], still[0]
    for each in range(BINS):
        fast = max(np.log(max(before, 1e-12) / max(still[each + 1], 1e-12)), 1e-5)
        rate[each] = min(int(np.log(fast / 1e-5) / 0.0572 + 0.5), 255)
        before = still[each + 1]
        age, times = AGE[each], 1.0
        if not near:
            times = borne_out(short, room + age) * borne_out(short, hour + age) * borne_out(short, pace + age)
        left *= np.exp(-fast * np.sqrt(times))
        still[each + 1] = left


@compiled
def bear_out(now: Row, short: Row, at: float, gap: float, rate: Row) -> None:
    """The silence that began `at` ended after `gap` seconds: when was it expected to?"""
    if way(now) >= 2:
        return
    room, hour, pace = row_of_room(now), row_of_hour(at), row_of_pace(now)
    expected, last = np.zeros(AGES), bin_of(EDGES, gap)
    for each in range(last + 1):
        part = min((gap - EDGES[each]) / (EDGES[each + 1] - EDGES[each]), 1.0)
        expected[AGE[each]] += HAZARD[rate[each]] * part
    for age in range(AGE[last] + 1):
        ended = ONE if age == AGE[last] and gap < EDGES[BINS] else 0.0
        by_room, by_hour = borne_out(short, room + age), borne_out(short, hour + age)
        by_pace, fast = borne_out(short, pace + age), expected[age] * ONE
        add(short, room + age, ended, fast * by_hour * by_pace + dither(at, room + age))
        add(short, hour + age, ended, fast * by_room * by_pace + dither(at, hour + age))
        add(short, pace + age, ended, fast * by_room * by_hour + dither(at, pace + age))


@woven_in
def add(short: Row, row: int, ended: float, expected: float) -> None:
    """A full counter takes the other down with it."""
    if short[row, 0] + ended > 65535.0 or short[row, 1] + expected > 65535.0:
        short[row, 0] //= 2
        short[row, 1] //= 2
    short[row, 0] += int(ended)
    short[row, 1] += min(int(expected), 32767)


OUT_COSTS, SURELY = 16.0, 8
"""A false alert while somebody is out on an errand costs so many times one at home: they are out most days. Where
silences by a way out end sooner than elsewhere it costs far less: the share that lasts counts to that power.
"""
LASTING = int(np.searchsorted(EDGES, 1800.0))
"""In so many bins end silences of less than half an hour."""
HARDLY_IN = 3.0
"""Minutes since somebody came in by a way out."""


@compiled
def costs_here(x: Row, usual: Row) -> float:
    """How many times a false alert costs what one does elsewhere, where the trees are asked `x`. At a way out somebody
    may be out, unless they have just come in by it; the less surely, the rarer silences there last half an hour beside
    what is usual. A door that is opened all day long tells little.
    """
    out = int(x[0, 3])
    if out < 2 or x[0, 22] <= HARDLY_IN:
        return 1.0
    here, elsewhere = 1.0, 1.0
    for each in range(LASTING):
        here *= 1.0 - x[each + 1, 15]
        elsewhere *= 1.0 - usual[BY_WAY + out * BINS + each]
    share = min(here / max(elsewhere, 1e-3), 1.0)
    return float(1.0 + (OUT_COSTS - 1.0) * share**SURELY)


PARTS = np.arange(8) / 8.0
"""A deadline may lie this far into a bin."""
CHOICES = np.concatenate([(EDGES[:-1, None] + PARTS * np.diff(EDGES)[:, None]).ravel(), EDGES[-1:]])
COST = CHOICES**0.65 * HOUR**0.35 + CHOICES / 2.0
"""What a delay costs, in s: each minute less than the one before, and yet the last hours of a day are not free."""


@compiled
def best(still: Row, price: float) -> float:
    """The deadline (s) that costs least, with delay at its COST and a false alert at `price`."""
    least, found, choice = np.inf, 0, 0
    for each in range(BINS):
        left = max(still[each], 1e-12)
        step = (max(still[each + 1], 1e-12) / left) ** (1.0 / len(PARTS))
        for _ in range(len(PARTS)):
            cost = COST[choice] + price * left
            if cost < least:
                least, found = cost, choice
            left *= step
            choice += 1
    last = COST[choice] + price * still[BINS]
    return float(CHOICES[choice] if last < least else CHOICES[found])


@compiled
def fresh_start(now: Row) -> None:
    now[:] = 0.0
    now[SINCE_DOOR], now[AFTER_DOOR], now[SINCE_RETURN] = FOREVER, 60.0, FOREVER
    now[SINCE_FRESH : SINCE_FRESH + ROOMS] = FOREVER


@compiled
def fresh_starts(now: Row) -> None:
    for each in range(len(now)):
        fresh_start(now[each])


@woven_in
def go_on(
    now: Row, habits: Row, short: Row, before: float, at: float, gap: float, room: int, door: bool, learnt: bool
) -> None:
    """One sign of life after another, in the order in which they happened: `gap` seconds apart, and on the clock."""
    if learnt:
        learn(now, habits, short, before, gap)
    last, this = int(before / HALF_HOUR), int(at / HALF_HOUR)
    if this > last:
        weeks = weeks_between(before, at)
        if weeks > 0:
            forget(habits, short, at, 7.0 * weeks)
        go_about(habits, before, last, this)
    remember(now, gap, room, door)


@compiled
def replay(t: Row, room: Row, door: Row, learnt: Row, needed: Row, usual: Row, x: Row) -> None:
    """What is known at each of the `needed` places of one home's history, into `x` (needed, BINS + 1, INPUTS)."""
    now, habits, short = np.zeros(REMEMBERED, np.float32), np.zeros(HABITS, np.uint8), np.zeros((SHORTS, 2), np.uint16)
    row = 0
    fresh_start(now)
    for each in range(len(t)):
        before = t[each - 1] if each else t[0] - 60.0
        gap, taught = t[each] - before, bool(each > 0 and learnt[each - 1])
        go_on(now, habits, short, before, t[each], gap, room[each], door[each], taught)
        if row < len(needed) and needed[row] == each:
            describe(now, habits, short, t[each], usual, x[row])
            row += 1


@compiled
def correct_all(t: Row, room: Row, door: Row, learnt: Row, needed: Row, still: Row) -> None:
    """`still` (needed, BINS + 1) as the home had borne it out by then. Every silence that teaches must be needed."""
    now, short, rate = np.zeros(REMEMBERED, np.float32), np.zeros((SHORTS, 2), np.uint16), np.zeros(BINS, np.uint8)
    fresh_start(now)
    row = 0
    for each in range(len(t)):
        if each and weeks_between(t[each - 1], t[each]) > 0:
            forget_short(short, t[each], 7.0 * weeks_between(t[each - 1], t[each]))
        remember(now, t[each] - t[each - 1] if each else 60.0, room[each], door[each])
        if row == len(needed) or needed[row] != each:
            continue
        correct(now, short, t[each], still[row], rate)
        row += 1
        if each + 1 < len(t) and learnt[each] and t[each + 1] - t[each] >= EARLIEST:
            bear_out(now, short, t[each], t[each + 1] - t[each], rate)


@compiled
def bests(still: Row, price: Row) -> Row:
    tau = np.empty(len(still))
    for each in range(len(still)):
        tau[each] = best(still[each], price[each])
    return tau


@compiled
def noises(
    t: Row, ended: Row, tau: Row, counted: Row, since: float, usual: float, trust: float, half_life: float
) -> Row:
    """How many times as often as `usual` (a day) a home's silences outlast `tau`, as known at each of `t`: pulled
    towards once by `trust` alerts' worth of belief. `ended` is when each silence did.
    """
    found, outlasted, days, last = np.empty(len(t)), 0.0, 0.0, since
    for each in range(len(t)):
        passed = max(t[each] - last, 0.0) / DAY
        kept = 0.5 ** (passed / half_life)
        outlasted, days, last = outlasted * kept, days * kept + passed, max(t[each], last)
        found[each] = (outlasted + trust) / (days * usual + trust)
        if counted[each] and ended[each] - t[each] > tau[each]:
            outlasted += 1.0
    return found


@compiled
def tally_usual(
    t: Row, room: Row, door: Row, learnt: Row, by_way: Row, by_band: Row, by_room: Row, by_calm: Row, by_short: Row
) -> None:
    """Adds one home's silences to the counts that a prior is made of."""
    now = np.zeros(REMEMBERED, np.float32)
    fresh_start(now)
    for each in range(len(t) - 1):
        remember(now, t[each] - t[each - 1] if each else 60.0, room[each], door[each])
        out, hours, there, calm = cells(now, t[each])
        gap = t[each + 1] - t[each]
        if learnt[each] and gap >= EARLIEST:
            wide = bin_of(WIDE, gap)
            by_way[out, bin_of(EDGES, gap)] += 1
            by_band[hours, wide] += 1
            by_room[there, wide] += 1
            by_calm[calm, wide] += 1
        if learnt[each]:
            by_short[out, int(gap >= EARLIEST)] += 1
