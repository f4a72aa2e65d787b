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

from models.observation import CODE_OF, What

F = TypeVar("F", bound=Callable[..., Any])
Row = NDArray[Any]


def compiled(function: F) -> F:
    made: Any = njit(cache=True, error_model="numpy")(function)
    return cast("F", made)


HOUR, DAY, HALF_HOUR = 3600.0, 86400.0, 1800.0
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
TAIL_FROM = 1800.0
BANDS = np.array([2, 5, 7, 9, 12, 15, 18, 20, 22], np.float64)
ROOMS = 6
BEDROOM, LIVING = 1, 5

# What is known since the last sign of life.
SINCE_DOOR, AFTER_DOOR, RECENT, HOURLY, LONGER, LONGEST, AWAKE, ROOM, DOOR, SINCE_FRESH = 0, 1, 2, 3, 4, 5, 6, 7, 8, 9
REMEMBERED = SINCE_FRESH + ROOMS

# Where each kind of counter begins in `habits`.
BY_WAY = 0
BY_BAND = BY_WAY + 4 * BINS
BY_ROOM = BY_BAND + 20 * WIDES
BY_CALM = BY_ROOM + 60 * WIDES
ENDED = BY_CALM + 24 * WIDES
REACHED = ENDED + 48 * 4
ENDED_THERE = REACHED + 48 * 4
REACHED_THERE = ENDED_THERE + 24 * 3 * 3
UP_AND_ABOUT = REACHED_THERE + 24 * 3 * 3
HABITS = UP_AND_ABOUT + 48
USUAL = ENDED + 4
"""What is usual lies in the places of the counters, and after them the share of silences under five minutes."""
UNIT = 4.0

SHORTS = 64
INPUTS = 21
NODE = np.dtype([("cut", np.float32), ("child", np.int16), ("feature", np.int8)], align=True)
PULL = 6.0
FORGET_DAYS = 90.0


@compiled
def fade(seconds: float, lasting: float) -> float:
    return float(np.exp(-seconds / lasting))


@compiled
def remember(now: Row, gap: float, room: int, door: bool) -> None:
    """The next sign of life came `gap` seconds after the one before."""
    now[SINCE_DOOR] = 0.0 if door else min(now[SINCE_DOOR] + gap, 1e6)
    now[AFTER_DOOR] = 0.0 if door else min(now[AFTER_DOOR] + 1.0, 60.0)
    now[SINCE_FRESH : SINCE_FRESH + ROOMS] += np.float32(min(gap, 1e6))
    fresh = 1.0 if door or now[SINCE_FRESH + room] >= 240.0 else 0.0
    if fresh > 0:
        now[SINCE_FRESH + room] = 0.0
    now[RECENT] = now[RECENT] * fade(gap, 300.0) + 1.0
    now[HOURLY] = now[HOURLY] * fade(gap, 3600.0) + fresh
    now[LONGER] = now[LONGER] * fade(gap, 14400.0) + fresh
    now[LONGEST] = max(now[LONGEST] * fade(gap, 5400.0), gap / 60.0)
    now[AWAKE] = 0.0 if gap > 3 * HOUR else min(now[AWAKE] + gap, 36 * HOUR)
    now[ROOM], now[DOOR] = room, door


@compiled
def way(now: Row) -> int:
    """3: at a door that leads out; 2: just after; 1: soon after; 0: not near one."""
    if now[DOOR] > 0:
        return 3
    if now[SINCE_DOOR] <= 60.0 and now[AFTER_DOOR] <= 1:
        return 2
    return 1 if now[SINCE_DOOR] <= 300.0 and now[AFTER_DOOR] <= 4 else 0


@compiled
def cells(now: Row, at: float) -> tuple[int, int, int, int]:
    """Of the way out, of the hour, of the hour and room, and of the room and how restless it is."""
    hour = (at % DAY) / HOUR
    band = 0
    for edge in BANDS:
        band += hour >= edge
    room, out = int(now[ROOM]), way(now)
    calm = int(now[LONGEST] > 6.0) + int(now[LONGEST] > 15.0) + int(now[LONGEST] > 30.0)
    return out, band * 2 + int(out >= 2), band * ROOMS + room, room * 4 + calm


@compiled
def place(room: int) -> int:
    return 0 if room == BEDROOM else (1 if room == LIVING else 2)


@compiled
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


@compiled
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


@compiled
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


@compiled
def go_about(habits: Row, before: float, at: float) -> None:
    """Half hours of the clock with a sign of life, and without, each worth less as days go by."""
    last, this = int(before // HALF_HOUR), int(at // HALF_HOUR)
    if this <= last:
        return
    nudge(habits, UP_AND_ABOUT + last % 48, 255, before)
    for half in range(last + 1, min(this, last + 60)):
        nudge(habits, UP_AND_ABOUT + half % 48, 0, before + half)


@compiled
def nudge(habits: Row, which: int, towards: int, at: float) -> None:
    habits[which] = int(habits[which] + 0.06 * (towards - habits[which]) + dither(at, which))


@compiled
def forget(habits: Row, short: Row, at: float, days: float) -> None:
    """What was learned is worth half after `FORGET_DAYS`."""
    kept = 0.5 ** (days / FORGET_DAYS)
    for each in range(UP_AND_ABOUT):
        if habits[each]:
            habits[each] = int(habits[each] * kept + dither(at, each))
    for each in range(SHORTS):
        short[each, 0] = int(short[each, 0] * kept + dither(at, each))
        short[each, 1] = int(short[each, 1] * kept + dither(at, each))


@compiled
def log_odds(chance: float) -> float:
    sure = min(max(chance, 1e-5), 1.0 - 1e-5)
    return float(np.log(sure / (1.0 - sure)))


@compiled
def shrunk(habits: Row, start: int, size: int, usual: Row, chance: Row) -> float:
    """`chance` of ending in each bin once reached, pulled towards `usual`; returns how many silences speak here."""
    reached = 0.0
    for each in range(size - 1, -1, -1):
        ended = habits[start + each] / UNIT
        reached += ended
        chance[each] = (ended + PULL * usual[each]) / (reached + PULL)
    return reached


@compiled
def describe(now: Row, habits: Row, short: Row, at: float, usual: Row, x: Row) -> None:
    """What the trees are asked, into `x` (BINS + 1, INPUTS): first whether five minutes are reached, then each bin."""
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
    here = np.log((short[there, 0] + 10.0 * near) / (short[there, 1] + 10.0 * (1.0 - near)))
    hour, where = (at % DAY) / HOUR, place(int(now[ROOM]))
    for row in range(BINS + 1):
        known(now, out, x[row])
        x[row, 0], x[row, 1], x[row, 11], x[row, 12], x[row, 13] = row, hour, here, log_odds(near), seen
    x[0, 14:] = 0.0
    for each in range(BINS):
        wide = WIDE_OF[each]
        x[each + 1, 14] = log_odds(by_way[each])
        x[each + 1, 15] = log_odds(1.0 - (1.0 - min(by_band[wide], 0.999)) ** SHARE[each])
        x[each + 1, 16] = log_odds(1.0 - (1.0 - min(by_room[wide], 0.999)) ** SHARE[each])
        x[each + 1, 17] = log_odds(1.0 - (1.0 - min(by_calm[wide], 0.999)) ** SHARE[each])
        by_clock(habits, where, at + MIDDLE[each], AGE[each], COARSE_AGE[each], x[each + 1])


@compiled
def known(now: Row, out: int, x: Row) -> None:
    x[2], x[3] = now[ROOM], out
    x[4], x[5] = min(now[SINCE_DOOR], 12 * HOUR) / 60.0, now[AFTER_DOOR]
    x[6], x[7], x[8], x[9], x[10] = now[RECENT], now[HOURLY], now[LONGER], now[LONGEST], now[AWAKE] / HOUR


@compiled
def by_clock(habits: Row, where: int, then: float, age: int, coarse: int, x: Row) -> None:
    half = int((then % DAY) / HALF_HOUR)
    mine, theirs = half * 4 + age, ((half // 2) * 3 + coarse) * 3 + where
    rate = (habits[ENDED + mine] / UNIT + 0.3) / (habits[REACHED + mine] / UNIT + 1.2)
    there = (habits[ENDED_THERE + theirs] / UNIT + 2.0 * rate) / (habits[REACHED_THERE + theirs] / UNIT + 2.0)
    x[1] = (then % DAY) / HOUR
    x[18], x[19], x[20] = np.log(rate), np.log(there), habits[UP_AND_ABOUT + half] / 255.0


@compiled
def ask(x: Row, roots: Row, nodes: Row, start: float) -> float:
    """The trees' chance that the silence ends here."""
    total = start
    for root in roots:
        node = root
        while nodes[node].feature >= 0:
            node = nodes[node].child + (x[nodes[node].feature] > nodes[node].cut)
        total += nodes[node].cut
    return float(1.0 / (1.0 + np.exp(-total)))


@compiled
def survival(x: Row, roots: Row, nodes: Row, start: float, still: Row) -> None:
    """Into `still` (BINS + 1): the chance that a well person is still silent at each edge. Beyond half an hour it falls
    at least as fast as one over the time, so that it never levels off where nothing was learned.
    """
    still[0] = 1.0 - ask(x[0], roots, nodes, start)
    for each in range(BINS):
        ends = ask(x[each + 1], roots, nodes, start)
        if EDGES[each] >= TAIL_FROM:
            ends = max(ends, 1.0 - EDGES[each] / EDGES[each + 1])
        still[each + 1] = still[each] * (1.0 - ends)


PARTS = np.arange(8) / 8.0
"""A deadline may lie this far into a bin."""


@compiled
def best(still: Row, weight: float, price: float) -> float:
    """The deadline (s) that costs least: delay, which hurts less the longer it lasts, and false alerts at `price`."""
    least, found = np.inf, EDGES[BINS]
    for each in range(BINS):
        high, low = np.log(max(still[each], 1e-12)), np.log(max(still[each + 1], 1e-12))
        for part in PARTS:
            tau = EDGES[each] + part * (EDGES[each + 1] - EDGES[each])
            cost = weight * np.sqrt(tau * HOUR) + price * np.exp(high * (1.0 - part) + low * part)
            if cost < least:
                least, found = cost, tau
    return float(found if weight * np.sqrt(EDGES[BINS] * HOUR) + price * still[BINS] >= least else EDGES[BINS])


@compiled
def fresh_start(now: Row) -> None:
    now[:] = 0.0
    now[SINCE_DOOR], now[AFTER_DOOR], now[SINCE_FRESH : SINCE_FRESH + ROOMS] = 1e6, 60.0, 1e6


@compiled
def fresh_starts(now: Row) -> None:
    for each in range(len(now)):
        fresh_start(now[each])


@compiled
def go_on(
    now: Row, habits: Row, short: Row, before: float, at: float, gap: float, room: int, door: bool, learnt: bool
) -> None:
    """One sign of life after another, in the order in which they happened: `gap` seconds apart, and on the clock."""
    if learnt:
        learn(now, habits, short, before, gap)
    weeks = int(at // (7 * DAY)) - int(before // (7 * DAY))
    if weeks > 0:
        forget(habits, short, at, 7.0 * weeks)
    go_about(habits, before, at)
    remember(now, gap, room, door)


@compiled
def replay(t: Row, room: Row, door: Row, learnt: Row, needed: Row, usual: Row, x: Row) -> Row:
    """What is known at each of the `needed` places of one home's history, into `x` (needed, BINS + 1, INPUTS); returns
    what each is worth as a moment at which someone may fall.
    """
    now, habits, short = np.zeros(REMEMBERED, np.float32), np.zeros(HABITS, np.uint8), np.zeros((SHORTS, 2), np.uint16)
    weight, row = np.zeros(len(needed)), 0
    fresh_start(now)
    for each in range(len(t)):
        before = t[each - 1] if each else t[0] - 60.0
        gap, taught = t[each] - before, bool(each > 0 and learnt[each - 1])
        go_on(now, habits, short, before, t[each], gap, room[each], door[each], taught)
        if row < len(needed) and needed[row] == each:
            describe(now, habits, short, t[each], usual, x[row])
            weight[row] = 1.0 / max(now[RECENT], 1.0)
            row += 1
    return weight


@compiled
def survivals(x: Row, roots: Row, nodes: Row, start: float) -> Row:
    still = np.empty((len(x), BINS + 1))
    for each in range(len(x)):
        survival(x[each], roots, nodes, start, still[each])
    return still


@compiled
def bests(still: Row, weight: Row, price: Row) -> Row:
    tau = np.empty(len(still))
    for each in range(len(still)):
        tau[each] = best(still[each], weight[each], price[each])
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


# ---- all homes at once: what arrives is taken in row by row, and so in any batching alike

PRESSED, ALIVE, HEARD = CODE_OF[What.PRESSED], CODE_OF[What.ALIVE], CODE_OF[What.HEARD]
WAITING = 8
"""So many observations of a home are put in order; when more wait, the earliest is taken as it stands."""
ELSEWHERE = 5
UNKNOWN_AFTER = 30 * HOUR
DEAD_KIT = HOUR

HOME_STATE = np.dtype(
    [
        ("zone", np.int32), ("last_sensor", np.int32), ("first_fitted", np.int32), ("last_fitted", np.int32),
        ("last_sign", np.float64), ("heard_until", np.float64), ("expected_by", np.float64), ("kit_limit", np.float64),
        ("read_until", np.float64), ("began", np.float64), ("watched", np.float64, 2), ("outlasted", np.float64),
        ("reference", np.float64), ("chance", np.float64), ("asked", np.float64),
        ("waiting_at", np.float64, WAITING), ("waiting_sensor", np.int32, WAITING),
        ("waiting_what", np.int8, WAITING),
        ("waiting", np.int8), ("silent", np.bool_), ("unheard", np.bool_), ("settled", np.bool_),
        ("doubtful", np.bool_),
        ("now", np.float32, REMEMBERED), ("short", np.uint16, (SHORTS, 2)), ("habits", np.uint8, HABITS),
    ],
    align=True,
)  # fmt: skip
SENSOR_STATE = np.dtype(
    [
        ("seen", np.float64), ("limit", np.float32), ("home", np.int32), ("room", np.int8), ("is_exit", np.bool_),
        ("dead", np.bool_),
    ],
    align=True,
)  # fmt: skip
TOLD = np.dtype([("which", np.int64), ("row", np.int64), ("since", np.float64)])
PRESS, SIGN, KIT_BACK, SENSOR_BACK = 0, 1, 2, 3
"""What a row of news may lead to."""


class State(NamedTuple):
    """A record a home, one a sensor (a home's lie side by side), when each home has to be looked at, and the clocks."""

    homes: Row
    sensors: Row
    wake_at: Row
    starts: Row
    held: Row


class Known(NamedTuple):
    """A prior as the loops read it; `ready` is False where none was handed in."""

    ready: bool
    usual: Row
    roots: Row
    nodes: Row
    start: float
    reference_price: float
    out_costs: float
    half_life: float
    trust: float
    usual_rate: float


@compiled
def local(of: State, home: int, at: float) -> float:
    zone = of.homes[home].zone
    place = max(int(np.searchsorted(of.starts[zone], at, "right")) - 1, 0)
    return float(at + of.held[zone, place])


@compiled
def take(
    of: State, known: Known, home: Row, sensor: Row, what: Row, at: Row, arrived: Row, allow: float, told: Row
) -> int:
    """Row by row; returns how much was told. `allow` is how long a sign of life is good for before one looks closer."""
    count = 0
    for row in range(len(home)):
        where = home[row]
        if what[row] == HEARD:
            count = hear(of, known, where, at[row], arrived[row], row, told, count)
            continue
        if what[row] != ALIVE:
            count = sign(of, known, where, sensor[row], what[row], at[row], row, allow, told, count)
        if sensor[row] >= 0:
            count = alive(of, sensor[row], at[row], arrived[row], row, told, count)
    return count


@compiled
def tell(told: Row, count: int, which: int, row: int, since: float) -> int:
    told[count].which, told[count].row, told[count].since = which, row, since
    return count + 1


@compiled
def hear(of: State, known: Known, home: int, until: float, arrived: float, row: int, told: Row, count: int) -> int:
    before = of.homes[home].heard_until
    of.homes[home].heard_until = max(before, until)
    drain(of, known, home, of.homes[home].heard_until)
    if until - before > DEAD_KIT and of.homes[home].read_until < until - DEAD_KIT:
        of.homes[home].doubtful = True
    if of.homes[home].unheard and arrived - until <= of.homes[home].kit_limit:
        of.homes[home].unheard = False
        of.wake_at[home] = -np.inf
        return tell(told, count, KIT_BACK, row, of.homes[home].heard_until)
    return count


@compiled
def alive(of: State, sensor: int, at: float, arrived: float, row: int, told: Row, count: int) -> int:
    of.sensors[sensor].seen = max(of.sensors[sensor].seen, at)
    if of.sensors[sensor].dead and arrived - at <= of.sensors[sensor].limit:
        of.sensors[sensor].dead = False
        of.wake_at[of.sensors[sensor].home] = -np.inf
        return tell(told, count, SENSOR_BACK, row, of.sensors[sensor].seen)
    return count


@compiled
def sign(
    of: State,
    known: Known,
    home: int,
    sensor: int,
    what: int,
    at: float,
    row: int,
    allow: float,
    told: Row,
    count: int,
) -> int:
    if what == PRESSED:
        count = tell(told, count, PRESS, row, at)
    wait(of, known, home, sensor, what, at)
    if at <= of.homes[home].last_sign:
        return count
    since = of.homes[home].last_sign
    of.homes[home].last_sign, of.homes[home].last_sensor = at, sensor
    of.homes[home].settled = False
    of.homes[home].expected_by = at + allow
    of.wake_at[home] = min(of.wake_at[home], at + allow)
    if of.homes[home].silent:
        of.homes[home].silent = False
        return tell(told, count, SIGN, row, since)
    return count


@compiled
def wait(of: State, known: Known, home: int, sensor: int, what: int, at: float) -> None:
    """Into its place among those that wait; what comes twice is dropped, and so is what comes too late."""
    if at <= of.homes[home].read_until:
        return
    count = int(of.homes[home].waiting)
    if count == WAITING:
        if at <= of.homes[home].waiting_at[0]:
            return
        pop(of, known, home)
        count -= 1
    place = count
    while place > 0 and of.homes[home].waiting_at[place - 1] >= at:
        if of.homes[home].waiting_at[place - 1] == at and of.homes[home].waiting_sensor[place - 1] <= sensor:
            break
        place -= 1
    if place > 0 and of.homes[home].waiting_at[place - 1] == at and of.homes[home].waiting_sensor[place - 1] == sensor:
        return
    for each in range(count, place, -1):
        move(of, home, each - 1, each)
    of.homes[home].waiting_at[place], of.homes[home].waiting_sensor[place], of.homes[home].waiting_what[place] = (
        at,
        sensor,
        what,
    )
    of.homes[home].waiting = count + 1


@compiled
def move(of: State, home: int, source: int, target: int) -> None:
    of.homes[home].waiting_at[target] = of.homes[home].waiting_at[source]
    of.homes[home].waiting_sensor[target] = of.homes[home].waiting_sensor[source]
    of.homes[home].waiting_what[target] = of.homes[home].waiting_what[source]


@compiled
def drain(of: State, known: Known, home: int, until: float) -> None:
    while of.homes[home].waiting > 0 and of.homes[home].waiting_at[0] <= until:
        pop(of, known, home)


@compiled
def pop(of: State, known: Known, home: int) -> None:
    """The earliest that waits becomes part of the routine."""
    at, sensor = of.homes[home].waiting_at[0], int(of.homes[home].waiting_sensor[0])
    count = int(of.homes[home].waiting)
    for each in range(1, count):
        move(of, home, each, each - 1)
    of.homes[home].waiting = count - 1
    advance(of, known, home, sensor, at)


@compiled
def advance(of: State, known: Known, home: int, sensor: int, at: float) -> None:
    before = of.homes[home].read_until
    first = not np.isfinite(before)
    if first:
        before, of.homes[home].began, of.homes[home].watched[1] = at - 60.0, at, at
    gap = at - before
    room = of.sensors[sensor].room if sensor >= 0 else ELSEWHERE
    door = sensor >= 0 and of.sensors[sensor].is_exit
    learnt = not first and not of.homes[home].doubtful and gap <= UNKNOWN_AFTER
    if learnt and gap >= EARLIEST and known.ready:
        compare(of, known, home, before, gap)
    here = local(of, home, before), local(of, home, at)
    go_on(
        of.homes[home].now,
        of.homes[home].habits,
        of.homes[home].short,
        here[0],
        here[1],
        gap,
        int(room),
        bool(door),
        learnt,
    )
    of.homes[home].read_until, of.homes[home].doubtful, of.homes[home].reference = at, False, np.nan


@compiled
def compare(of: State, known: Known, home: int, before: float, gap: float) -> None:
    """A silence has ended: would it have called, at the price at which homes are compared?"""
    if np.isnan(of.homes[home].reference):
        still = np.empty(BINS + 1)
        of.homes[home].reference = look_closer(of, known, home, before, still)
    age(of, known, home, before)
    of.homes[home].outlasted += gap > of.homes[home].reference


@compiled
def look_closer(of: State, known: Known, home: int, at: float, still: Row) -> float:
    """How long a well person may be silent from here, into `still`; returns the deadline at the common price."""
    x = np.empty((BINS + 1, INPUTS), np.float32)
    now = of.homes[home].now
    describe(now, of.homes[home].habits, of.homes[home].short, local(of, home, at), known.usual, x)
    survival(x, known.roots, known.nodes, known.start, still)
    costs = known.out_costs if way(now) >= 2 else 1.0
    return best(still, 1.0 / max(now[RECENT], 1.0), known.reference_price * costs)


@compiled
def age(of: State, known: Known, home: int, until: float) -> None:
    """Days watched, each worth less as more follow."""
    passed = max(until - of.homes[home].watched[1], 0.0) / DAY
    kept = 0.5 ** (passed / known.half_life)
    of.homes[home].outlasted *= kept
    of.homes[home].watched[0] = of.homes[home].watched[0] * kept + passed
    of.homes[home].watched[1] = max(until, of.homes[home].watched[1])


@compiled
def noise(of: State, known: Known, home: int, at: float) -> float:
    """How many times as often as elsewhere this home outlasts the common deadline."""
    passed = max(at - of.homes[home].watched[1], 0.0) / DAY
    kept = 0.5 ** (passed / known.half_life)
    days = of.homes[home].watched[0] * kept + passed
    return float((of.homes[home].outlasted * kept + known.trust) / (days * known.usual_rate + known.trust))


@compiled
def settle(of: State, known: Known, homes: Row, price_of_rate: Row) -> Row:
    """For each of `homes` (quiet for five minutes): seconds that its silence may last, and the chance that a well
    person would still be silent then, (n, 2). `price_of_rate` holds log prices at even steps of the log of the rate.
    """
    found, still = np.empty((len(homes), 2)), np.empty(BINS + 1)
    for each in range(len(homes)):
        home = homes[each]
        of.homes[home].reference = look_closer(of, known, home, of.homes[home].read_until, still)
        rate = of.homes[home].asked / noise(of, known, home, of.homes[home].read_until)
        costs = known.out_costs if way(of.homes[home].now) >= 2 else 1.0
        price = costs * np.exp(read_table(price_of_rate, np.log(rate)))
        tau = best(still, 1.0 / max(of.homes[home].now[RECENT], 1.0), price)
        found[each, 0], found[each, 1] = tau, chance_at(still, tau)
    return found


RATE_FROM, RATE_STEP = -6.0, 0.125


@compiled
def read_table(table: Row, x: float) -> float:
    place = min(max((x - RATE_FROM) / RATE_STEP, 0.0), len(table) - 1.001)
    low = int(place)
    return float(table[low] + (place - low) * (table[low + 1] - table[low]))


@compiled
def chance_at(still: Row, tau: float) -> float:
    each = bin_of(EDGES, tau)
    part = (tau - EDGES[each]) / (EDGES[each + 1] - EDGES[each])
    high, low = np.log(max(still[each], 1e-12)), np.log(max(still[each + 1], 1e-12))
    return float(np.exp(high * (1.0 - part) + low * part))


@compiled
def next_look(of: State, homes: Row, listening_since: float) -> None:
    """When each of `homes` has to be looked at again, if nothing comes before."""
    for home in homes:
        at = np.inf
        if not of.homes[home].unheard:
            at = max(of.homes[home].heard_until, listening_since) + of.homes[home].kit_limit
        if not of.homes[home].silent:
            at = min(at, of.homes[home].expected_by)
        for sensor in range(of.homes[home].first_fitted, of.homes[home].last_fitted):
            if not of.sensors[sensor].dead:
                at = min(at, max(of.sensors[sensor].seen, listening_since) + of.sensors[sensor].limit)
        of.wake_at[home] = at


@compiled
def died(of: State, homes: Row, listening_since: float) -> Row:
    """The sensors of `homes` that have just been silent for too long while their kit was heard."""
    found, count = np.empty(len(of.sensors), np.int64), 0
    for home in homes:
        for sensor in range(of.homes[home].first_fitted, of.homes[home].last_fitted):
            since = max(of.sensors[sensor].seen, listening_since)
            if not of.sensors[sensor].dead and since + of.sensors[sensor].limit < of.homes[home].heard_until:
                found[count] = sensor
                count += 1
    return found[:count]
