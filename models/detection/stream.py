"""What arrives, taken in row by row: compiled, and so the same in any batching.

An observation counts at once as a sign of life. For the routine and for all other detectors it waits until its kit says
that all it noticed up to then has arrived, so that what comes late is judged in the order in which it happened.
(A compiled loop is kept on disk by its own file's age only: after a change in what it calls, `make clean`.)
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from models.detection import chairs, changes, company, doors, lie, night, trouble
from models.detection.clocks import (
    ENDED_SINCE,
    LIE,
    QUIET,
    RAISED,
    SAT_DOWN,
    Clocks,
    event_at,
    give_up,
    hour_of,
    put_off,
)  # fmt: skip
from models.detection.kernels import (
    BINS,
    DAY,
    EARLIEST,
    EDGES,
    HABITS,
    HOUR,
    INPUTS,
    REMEMBERED,
    SHORTS,
    WEEK,
    Shares,
    Trees,
    bear_out,
    best,
    bin_of,
    compiled,
    compiled_plain,
    correct,
    describe,
    go_on,
    way,
    woven_in,
)  # fmt: skip
from models.detection.rooms import ELSEWHERE
from models.detection.trees import dearness, survival
from models.observation import CODE_OF, What

Row = NDArray[Any]

PRESSED, ALIVE, HEARD = CODE_OF[What.PRESSED], CODE_OF[What.ALIVE], CODE_OF[What.HEARD]
KINDS = night.KINDS + doors.KINDS + lie.KINDS + trouble.KINDS + changes.KINDS
"""What the detectors beside silence find: each has a place in `due`, `since` and `stage`, a subject's side by side."""
COUNT = len(KINDS)

WAITING = 8
"""So many observations of a home are put in order; when more wait, the earliest is taken as it stands."""
UNKNOWN_AFTER = 30 * HOUR
DEAD_KIT = HOUR
TIME_TO_BE_NOTICED = 2 * HOUR
AFTER_DEAF = HOUR
"""A kit that may have been off may have missed what was waited for: no clock rings before it has listened again."""

HOME_STATE = np.dtype(
    [
        ("zone", np.int32),
        ("clock_from", np.float64),
        ("clock_until", np.float64),
        ("clock_held", np.float64), ("last_sensor", np.int32), ("first_fitted", np.int32), ("last_fitted", np.int32),
        ("last_sign", np.float64), ("heard_until", np.float64), ("expected_by", np.float64), ("kit_limit", np.float64),
        ("read_until", np.float64), ("returned", np.float64), ("began", np.float64), ("watched", np.float64, 2),
        ("outlasted", np.float64, 2), ("reference", np.float64), ("chance", np.float64), ("asked", np.float64),
        ("waiting_at", np.float64, WAITING), ("waiting_sensor", np.int32, WAITING),
        ("waiting_what", np.int8, WAITING),
        ("waiting", np.int8), ("silent", np.bool_), ("unheard", np.bool_), ("settled", np.bool_),
        ("doubtful", np.bool_), ("outdated", np.bool_), ("chair_taken", np.uint8),
        ("due", np.float64, COUNT), ("since", np.uint32, COUNT), ("stage", np.uint8, COUNT),
        ("night", np.float32, night.SIZE), ("doors", np.float32, doors.SIZE), ("lie", np.float64, lie.SIZE),
        ("trouble", np.float32, trouble.SIZE), ("changes", np.float32, changes.SIZE),
        ("company", np.float32, company.SIZE), ("new_sensor", np.float64), ("wanders", np.bool_),
        ("watched_for", np.uint8, COUNT),
        ("now", np.float32, REMEMBERED), ("short", np.uint16, (SHORTS, 2)), ("habits", np.uint8, HABITS),
        ("rate", np.uint8, BINS), *chairs.FIELDS,
    ],
    align=True,
)  # fmt: skip
SENSOR_STATE = np.dtype(
    [
        ("seen", np.float64), ("sign_at", np.float64), ("limit", np.float32), ("every", np.float32),
        ("home", np.int32), ("longest", np.uint16, lie.PARTS), ("said", np.int8), ("room", np.int8),
        ("is_exit", np.bool_), ("tells", np.bool_), ("dead", np.bool_), ("doubted", np.bool_),
    ],
    align=True,
)  # fmt: skip
MEANING = 2
"""Another one when a column means something else than it did, though it looks the same: then no older state is read."""
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
    trees: Trees
    shares: Shares
    reference_price: float
    half_life: float
    trust: float
    usual_rate: float
    usual_outings: float


@woven_in
def ahead(of: State, home: int, at: float) -> float:
    """Seconds that the home's clock is ahead of UTC."""
    mine = of.homes[home]
    if not mine.clock_from <= at < mine.clock_until:
        look_up(of, home, at)
    return float(mine.clock_held)


@woven_in
def ahead_then(of: State, home: int, at: float) -> float:
    """The same at a moment before or after, without turning to that."""
    mine = of.homes[home]
    if mine.clock_from <= at < mine.clock_until:
        return float(mine.clock_held)
    return float(of.held[mine.zone, max(int(np.searchsorted(of.starts[mine.zone], at, "right")) - 1, 0)])


@woven_in
def was_ahead(of: State, home: int, at: float) -> float:
    """The same by the clock of a week ago, by which somebody may live on."""
    return ahead_then(of, home, at - WEEK)


@woven_in
def local(of: State, home: int, at: float) -> float:
    return at + ahead(of, home, at)


@woven_in
def lived(gap: float, put_forward: float) -> float:
    """How long a silence was by the clock on the wall, which was put forward meanwhile (or back, below 0): whoever
    sleeps gets up by that. Clocks tell nothing of one who was about.
    """
    return gap + put_forward if gap >= max(HOUR, abs(put_forward)) else gap


@woven_in
def at_the_latest(of: State, home: int, since: float, lasting: float) -> float:
    """Seconds from a moment on until so many have passed, and on the wall as well: more where clocks are put back."""
    return lasting + max(ahead_then(of, home, since) - ahead_then(of, home, since + lasting), 0.0)


@compiled
def look_up(of: State, home: int, at: float) -> None:
    """Between which moments the home's clock is how far ahead of UTC."""
    mine = of.homes[home]
    starts = of.starts[mine.zone]
    place = max(int(np.searchsorted(starts, at, "right")) - 1, 0)
    mine.clock_from = starts[place] if place > 0 else -np.inf
    mine.clock_until = starts[place + 1] if place + 1 < len(starts) else np.inf
    mine.clock_held = of.held[mine.zone, place]


@compiled_plain
def take(
    of: State,
    known: Known,
    home: Row,
    sensor: Row,
    what: Row,
    at: Row,
    arrived: Row,
    number: Row,
    allow: float,
    told: Row,
) -> int:
    """Row by row; returns how much was told. `allow` is how long a sign of life is good for before one looks closer."""
    count = 0
    for row in range(len(home)):
        where = home[row]
        if what[row] == HEARD:
            count = hear(of, known, where, at[row], arrived[row], number[row], row, told, count)
            continue
        if what[row] < ALIVE or what[row] >= SAT_DOWN:
            count = sign(of, known, where, sensor[row], what[row], at[row], row, allow, told, count)
        if sensor[row] >= 0:
            count = alive(of, sensor[row], at[row], arrived[row], row, told, count)
    return count


@woven_in
def tell(told: Row, count: int, which: int, row: int, since: float) -> int:
    told[count].which, told[count].row, told[count].since = which, row, since
    return count + 1


@woven_in
def hear(
    of: State, known: Known, home: int, until: float, arrived: float, since: float, row: int, told: Row, count: int
) -> int:
    before = of.homes[home].heard_until
    of.homes[home].heard_until = max(before, until)
    drain(of, known, home, of.homes[home].heard_until)
    if until - before > DEAD_KIT:
        bridge(of, home, before, until, since)
    if of.homes[home].unheard and arrived - until <= of.homes[home].kit_limit:
        of.homes[home].unheard = False
        of.wake_at[home] = -np.inf
        return tell(told, count, KIT_BACK, row, of.homes[home].heard_until)
    return count


@compiled
def bridge(of: State, home: int, before: float, until: float, since: float) -> None:
    """The kit was not heard for long. Where it was off, nobody knows how long the person was quiet, who gets time to be
    noticed again; where it can't tell (`since` is 0) a quiet time without an end is at least not learned from.
    """
    mine = of.homes[home]
    known = before if np.isfinite(before) else mine.read_until  # of a past that was read again no heartbeat is kept
    was_off = since > max(known, 0.0) + DEAD_KIT
    if was_off and mine.last_sign < since:
        mine.returned = since
    clocks = Clocks(mine.due, mine.since, mine.stage)
    if was_off:
        mine.doubtful = True
        give_up(clocks)
    elif since == 0 and mine.read_until < until - DEAD_KIT:
        mine.doubtful = True
        put_off(clocks, until + AFTER_DEAF)


@woven_in
def alive(of: State, sensor: int, at: float, arrived: float, row: int, told: Row, count: int) -> int:
    gap = at - of.sensors[sensor].seen
    if gap > 0:
        of.sensors[sensor].seen = at
        if gap <= of.sensors[sensor].limit:
            of.sensors[sensor].every = max(of.sensors[sensor].every * (1.0 - gap / (7 * DAY)), gap)
        elif gap == np.inf:
            of.homes[of.sensors[sensor].home].new_sensor = max(of.homes[of.sensors[sensor].home].new_sensor, at)
    if of.sensors[sensor].doubted:
        believe(of, sensor)
    if of.sensors[sensor].dead and arrived - at <= of.sensors[sensor].limit:
        of.sensors[sensor].dead = False
        of.wake_at[of.sensors[sensor].home] = -np.inf
        return tell(told, count, SENSOR_BACK, row, of.sensors[sensor].seen)
    return count


@compiled
def believe(of: State, sensor: int) -> None:
    """A sensor that had been silent reports: what may have been its fault is judged again."""
    of.sensors[sensor].doubted = False
    home = of.sensors[sensor].home
    if not of.homes[home].silent:
        of.homes[home].settled, of.homes[home].expected_by = False, of.homes[home].last_sign + EARLIEST
        of.wake_at[home] = -np.inf


@woven_in
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
    if sensor >= 0 and at >= of.sensors[sensor].sign_at:
        of.sensors[sensor].sign_at, of.sensors[sensor].said = at, what
    if at <= of.homes[home].last_sign or (what >= SAT_DOWN and misleading(of, home, sensor)):
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


@woven_in
def misleading(of: State, home: int, sensor: int) -> bool:
    """A chair whose mat is not believed: what it says is no sign of life."""
    mark = chairs.mark(sensor - of.homes[home].first_fitted)
    own = of.homes[home].trouble
    return bool(sensor >= 0 and (mark == own[trouble.FLAPS] or mark == own[trouble.STICKS]))


@woven_in
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


@woven_in
def move(of: State, home: int, source: int, target: int) -> None:
    of.homes[home].waiting_at[target] = of.homes[home].waiting_at[source]
    of.homes[home].waiting_sensor[target] = of.homes[home].waiting_sensor[source]
    of.homes[home].waiting_what[target] = of.homes[home].waiting_what[source]


@woven_in
def drain(of: State, known: Known, home: int, until: float) -> None:
    while of.homes[home].waiting > 0 and of.homes[home].waiting_at[0] <= until:
        pop(of, known, home)


@woven_in
def pop(of: State, known: Known, home: int) -> None:
    """The earliest that waits becomes part of the routine."""
    at, sensor = of.homes[home].waiting_at[0], int(of.homes[home].waiting_sensor[0])
    what = int(of.homes[home].waiting_what[0])
    count = int(of.homes[home].waiting)
    for each in range(1, count):
        move(of, home, each, each - 1)
    of.homes[home].waiting = count - 1
    advance(of, known, home, sensor, what, at)


@woven_in
def advance(of: State, known: Known, home: int, sensor: int, what: int, at: float) -> None:
    if what >= SAT_DOWN and misleading(of, home, sensor):
        hear_chair(of, home, sensor, what, at)
        return
    before = of.homes[home].read_until
    first = not np.isfinite(before)
    if first:
        before, of.homes[home].began, of.homes[home].watched[1] = at - 60.0, at, at
    gap = at - before
    room = of.sensors[sensor].room if sensor >= 0 else ELSEWHERE
    door = sensor >= 0 and of.sensors[sensor].is_exit
    learnt = not first and not of.homes[home].doubtful and gap <= UNKNOWN_AFTER
    were = ahead(of, home, before)
    put_forward = ahead(of, home, at) - were
    quiet = lived(gap, put_forward)
    if learnt and gap >= EARLIEST and known.ready:
        compare(of, known, home, before, quiet)
    go_on(
        of.homes[home].now,
        of.homes[home].habits,
        of.homes[home].short,
        before + were,
        at + were + put_forward,
        quiet,
        int(room),
        bool(door),
        learnt,
    )
    look_round(of, home, at, at + were + put_forward, gap, quiet, what, int(room), bool(door), sensor)
    of.homes[home].read_until, of.homes[home].doubtful, of.homes[home].reference = at, False, np.nan


@compiled
def hear_chair(of: State, home: int, sensor: int, what: int, at: float) -> None:
    """Only whether it may be believed again."""
    mine = of.homes[home]
    clocks = Clocks(mine.due, mine.since, mine.stage)
    event = event_at(at, 0.0, 0.0, what, int(of.sensors[sensor].room), False, sensor - mine.first_fitted)
    chairs.note(mine, mine.trouble, of.sensors, mine.first_fitted, clocks, event)
    of.wake_at[home] = -np.inf


@woven_in
def look_round(
    of: State,
    home: int,
    at: float,
    clock: float,
    gap: float,
    quiet: float,
    what: int,
    room: int,
    door: bool,
    sensor: int,
) -> None:
    """Every other detector takes note: those of habits of how long it was `quiet` on the wall."""
    mine = of.homes[home]
    place = sensor - mine.first_fitted if sensor >= 0 else -1
    leads_out = door and not trouble.inner(mine.trouble, place)
    clocks = Clocks(mine.due, mine.since, mine.stage)
    event = event_at(at, clock, gap, what, room, leads_out, place)
    was = hour_of(at + was_ahead(of, home, at))
    lie.note(mine.lie, clocks, event, of.sensors, mine.first_fitted)
    if not trouble.misleads(mine.trouble, place):
        believed = event_at(at, clock, trouble.quiet(mine.trouble, quiet), what, room, leads_out, place)
        night.note(mine.night, clocks, believed)
        doors.note(mine.doors, clocks, believed, mine.wanders, was)
        changes.note(mine.changes, clocks, believed)
    trouble.note(mine.trouble, clocks, event, door)
    company.note(mine.company, event)
    if what >= SAT_DOWN or mine.chair_taken > 0:
        chairs.note(mine, mine.trouble, of.sensors, mine.first_fitted, clocks, event)
    soonest = of.wake_at[home]
    for each in range(COUNT):
        soonest = min(soonest, -np.inf if clocks.stage[each] == ENDED_SINCE else clocks.due[each])
    of.wake_at[home] = soonest


@compiled
def compare(of: State, known: Known, home: int, before: float, gap: float) -> None:
    """A silence has ended: would it have called, at the price at which homes are compared?"""
    if np.isnan(of.homes[home].reference):
        still = np.empty(BINS + 1)
        clock, rate = local(of, home, before), of.homes[home].rate
        costs = look_closer(of, known, home, clock, rate, still)
        of.homes[home].reference = best(still, known.reference_price * costs)
    age(of, known, home, before)
    of.homes[home].outlasted[by_a_way_out(of, home)] += gap > of.homes[home].reference
    bear_out(of.homes[home].now, of.homes[home].short, local(of, home, before), gap, of.homes[home].rate)


@compiled
def look_closer(of: State, known: Known, home: int, clock: float, rate: Row, still: Row) -> float:
    """How long a well person may be silent from when the wall `clock` says so, into `still`, and how fast the trees
    think that it ends, into `rate`; returns how many times a false alert costs here what one does where a whole moment
    is at stake.
    """
    x = np.empty((BINS + 1, INPUTS), np.float32)
    now = of.homes[home].now
    describe(now, of.homes[home].habits, of.homes[home].short, clock, known.usual, x)
    survival(x, known.trees, still)
    correct(now, of.homes[home].short, clock, still, rate)
    return dearness(x, known.usual, known.shares)


@woven_in
def by_a_way_out(of: State, home: int) -> int:
    """Silences by a way out (1) are counted by themselves: outings tell nothing of how long one is quiet indoors."""
    return int(way(of.homes[home].now) >= 2)


@woven_in
def days_since(of: State, home: int, until: float) -> float:
    """Days on the wall that are not counted as watched yet."""
    last = of.homes[home].watched[1]
    put_forward = ahead_then(of, home, until) - ahead_then(of, home, last)
    return float(max(until - last + put_forward, 0.0) / DAY)


@compiled
def age(of: State, known: Known, home: int, until: float) -> None:
    """Days watched, each worth less as more follow."""
    passed = days_since(of, home, until)
    kept = 0.5 ** (passed / known.half_life)
    of.homes[home].outlasted[0] *= kept
    of.homes[home].outlasted[1] *= kept
    of.homes[home].watched[0] = of.homes[home].watched[0] * kept + passed
    of.homes[home].watched[1] = max(until, of.homes[home].watched[1])


@compiled
def noise(of: State, known: Known, home: int, at: float) -> float:
    """How many times as often as elsewhere this home outlasts the common deadline, where somebody is now."""
    passed = days_since(of, home, at)
    kept = 0.5 ** (passed / known.half_life)
    days = of.homes[home].watched[0] * kept + passed
    here = by_a_way_out(of, home)
    usual = known.usual_outings if here else known.usual_rate
    return float((of.homes[home].outlasted[here] * kept + known.trust) / (days * usual + known.trust))


@compiled
def settle(of: State, known: Known, homes: Row, price_of_rate: Row) -> Row:
    """For each of `homes` (quiet for five minutes): seconds that its silence may last, and the chance that a well
    person would still be silent then, (n, 2). `price_of_rate` holds log prices at even steps of the log of the rate.
    """
    found, still = np.empty((len(homes), 2)), np.empty(BINS + 1)
    for each in range(len(homes)):
        home = homes[each]
        at = of.homes[home].last_sign
        costs = look_closer(of, known, home, local(of, home, at), of.homes[home].rate, still)
        of.homes[home].reference = best(still, known.reference_price * costs)
        tau = best(still, costs * price(of, known, home, at, price_of_rate))
        found[each, 0], found[each, 1] = at_the_latest(of, home, at, tau), chance_at(still, tau)
    return found


@compiled
def price(of: State, known: Known, home: int, at: float, price_of_rate: Row) -> float:
    """What a false alert in this home is worth, in s of delay."""
    rate = of.homes[home].asked / noise(of, known, home, at)
    return float(np.exp(read_table(price_of_rate, np.log(rate))))


@compiled
def follow_late(of: State, homes: Row) -> Row:
    """Whether the clock by which the silence of each of `homes` is judged was another one a week before."""
    found = np.empty(len(homes), np.bool_)
    for each in range(len(homes)):
        at = of.homes[homes[each]].last_sign
        found[each] = was_ahead(of, homes[each], at) != ahead_then(of, homes[each], at)
    return found


@compiled
def by_the_old_clock(of: State, known: Known, homes: Row, price_of_rate: Row) -> Row:
    """Seconds that the silence of each of `homes` may last, for one who lives on by the clock of a week ago."""
    found, still, rate = np.empty(len(homes)), np.empty(BINS + 1), np.empty(BINS, np.uint8)
    for each in range(len(homes)):
        home = homes[each]
        at = of.homes[home].last_sign
        costs = look_closer(of, known, home, at + was_ahead(of, home, at), rate, still)
        found[each] = best(still, costs * price(of, known, home, at, price_of_rate))
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


@woven_in
def last_report(of: State, sensor: int, listening_since: float) -> float:
    seen = float(of.sensors[sensor].seen)
    return seen if np.isfinite(seen) else listening_since


@compiled
def next_look(of: State, homes: Row, listening_since: float) -> None:
    """When each of `homes` has to be looked at again, if nothing comes before."""
    for home in homes:
        at = np.inf
        if not of.homes[home].unheard:
            at = max(of.homes[home].heard_until, listening_since) + of.homes[home].kit_limit
        if not of.homes[home].silent:
            at = min(at, of.homes[home].expected_by)
        for each in range(len(of.homes[home].due)):
            at = min(at, of.homes[home].due[each])
        for sensor in range(of.homes[home].first_fitted, of.homes[home].last_fitted):
            if not of.sensors[sensor].dead:
                at = min(at, last_report(of, sensor, listening_since) + of.sensors[sensor].limit)
        of.wake_at[home] = at


@compiled
def died(of: State, homes: Row, listening_since: float) -> Row:
    """The sensors of `homes` that have just been silent for too long while their kit was heard."""
    found, count = np.empty(len(of.sensors), np.int64), 0
    for home in homes:
        for sensor in range(of.homes[home].first_fitted, of.homes[home].last_fitted):
            since = last_report(of, sensor, listening_since)
            if not of.sensors[sensor].dead and since + of.sensors[sensor].limit < of.homes[home].heard_until:
                found[count] = sensor
                count += 1
    return found[:count]


SUSPECT_AFTER, MISSED_ONE = 1.5, 1.2
"""After so many times as long as it ever is between its reports a sensor is not relied on for silence; and sooner, with
the first report that it misses, not for what it alone should have told of.
"""
AT_LEAST_SUSPECT = 900.0


@compiled
def weakened(of: State, homes: Row, known: Row) -> Row:
    """Until when each silence may last at least: its sensors can't be relied on, or its kit has only just returned."""
    found = np.zeros(len(homes))
    for each in range(len(homes)):
        home = homes[each]
        found[each] = of.homes[home].returned + TIME_TO_BE_NOTICED
        doubted = patience(of, home, known[each], SUSPECT_AFTER)
        if doubted > 0:
            found[each] = max(found[each], of.homes[home].last_sign + doubted)
    return found


@compiled
def patience(of: State, home: int, known: float, times: float) -> float:
    """Seconds without a sign of life that mean nothing, since sensors of the home are dead or late with their reports
    (so many `times` as long as usual), however long ago they were heard; 0 where all are well. Nobody counted on a
    sensor that never was heard.
    """
    longest, may_last = 0.0, 0.0
    for sensor in range(of.homes[home].first_fitted, of.homes[home].last_fitted):
        mine = of.sensors[sensor]
        longest = max(longest, lie.longest_of(mine.longest))
        late = known - mine.seen
        suspect = mine.dead or late > max(times * mine.every, AT_LEAST_SUSPECT)
        if mine.tells and suspect and np.isfinite(late):
            mine.doubted = True
            may_last = max(may_last, lie.may_last(mine.longest))
    return max(may_last, lie.DEAD_ANY_TIMES * longest) if may_last > 0 else 0.0


@woven_in
def by_absence(kind: int, wanders: bool) -> bool:
    """What some sensor should have told of, and none did. For one who may wander nobody waits."""
    return bool(kind in (LIE, night.NOT_UP, night.NOT_BACK) or (kind == doors.NOT_BACK and not wanders))


@compiled
def late_by_clocks(of: State, home: int, kind: int) -> float:
    """Seconds more for what is waited for through a night in which clocks are put back, and for what is waited for at
    an hour of the clock where somebody may live by that of a week ago.
    """
    mine = of.homes[home]
    due = float(mine.due[kind])
    then, now = ahead_then(of, home, float(mine.since[kind])), ahead_then(of, home, due)
    if kind in (night.NOT_UP, night.NOT_IN_BED):
        return max(then - min(now, was_ahead(of, home, due)), 0.0)
    if kind == night.NOT_BACK or (kind == doors.NOT_BACK and not mine.wanders):
        return max(then - now, 0.0)
    return 0.0


@compiled
def ring(of: State, homes: Row, moment: float) -> Row:
    """(n, 3): home, place in KINDS, and whether it is over. A clock rings once, when its home was heard that long."""
    found = np.empty((len(homes) * COUNT, 3), np.int64)
    count = 0
    for home in homes:
        mine = of.homes[home]
        known = min(moment, mine.heard_until)
        for kind in range(COUNT):
            over = mine.stage[kind] == ENDED_SINCE
            if not over and not mine.due[kind] < known:
                continue
            if not over and mine.due[kind] + late_by_clocks(of, home, kind) >= known:
                continue
            if not over and by_absence(kind, mine.wanders):
                may_last = patience(of, home, known, MISSED_ONE)
                if mine.since[kind] + may_last > known:
                    continue  # what is waited for may have happened where the sensor is dead; each look asks again
            mine.stage[kind] = QUIET if over else RAISED
            if not over:
                mine.due[kind] = np.inf
            if mine.watched_for[kind]:
                found[count, 0], found[count, 1], found[count, 2] = home, kind, over
                count += 1
    return found[:count]
