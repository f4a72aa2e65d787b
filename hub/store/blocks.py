"""Settled weeks in the database: written once in a while, read many at a time, inside the caller's transaction."""

import logging
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from sqlalchemy import Connection, bindparam, delete, func, insert, literal, select, tuple_, update

from hub.store.database import upsert
from hub.store.schema import blocks, marks, settled_numbers, summaries, to_us
from hub.store.settled import DAY_US, NUMBER, OUTBOX, WEEK_US, Columns, Damaged, decoded, encoded, joined
from models.observation import What
from models.wire import ranges

log = logging.getLogger(__name__)

SETTLED = "settled"
AT_ONCE = 100
"""Pairs in one IN list."""
HOUR_US = DAY_US // 24

Ranges = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Summary:
    """How many of `what` a home had on a day (counted from 1970 UTC): by the hour, or in all."""

    what: What
    day: int
    counts: tuple[int, ...]


def add(connection: Connection, home: str, columns: Columns) -> None:
    """To what has settled, in this order."""
    weeks = columns.at // WEEK_US
    for week in np.unique(weeks).tolist():
        _add(connection, home, week, columns.where(weeks == week))


def marked(connection: Connection) -> None:
    """Which numbers have settled is another now: whoever remembers them reads them anew."""
    connection.execute(update(marks).where(marks.c.name == SETTLED).values(value=marks.c.value + 1))


def _add(connection: Connection, home: str, week: int, columns: Columns) -> None:
    """To the last part of that week that reads, or as a part of its own."""
    place = (blocks.c.home == home) & (blocks.c.week == week)
    last = connection.execute(select(blocks.c.part, blocks.c.body).where(place).order_by(blocks.c.part.desc())).first()
    part = 0
    if last:
        before = _read(home, week, last.body)
        part = last.part if before is not None else last.part + 1
        columns = joined([before, columns]) if before is not None else columns
    upsert(connection, blocks, [_block(home, week, part, columns)])


def _block(home: str, week: int, part: int, columns: Columns) -> dict[str, object]:
    whats = " ".join(sorted(columns.whats[code] for code in np.unique(columns.what).tolist()))
    return {"home": home, "week": week, "part": part, "count": len(columns), "whats": whats, "body": encoded(columns)}


def _read(home: str, week: int, body: bytes) -> Columns | None:
    """None for a block that does not read: it costs only itself, and is named in the log."""
    try:
        return decoded(body)
    except Damaged as bad:
        log.error("home %s, week %d: what settled can't be read (%s): bring it back from a backup", home, week, bad)  # noqa: TRY400
        return None


def know(connection: Connection, home: str, numbers: Mapping[str, Iterable[int]]) -> None:
    """That these have settled, by outbox."""
    before = known(connection, [(home, outbox) for outbox in numbers])
    merged = [
        {"home": home, "outbox": outbox, "ranges": _merged(before[home, outbox], ranges(some))}
        for outbox, some in numbers.items()
    ]
    upsert(connection, settled_numbers, merged)


def _merged(some: Ranges, more: Ranges) -> Ranges:
    merged: list[list[int]] = []
    for first, last in sorted((*some, *more)):
        if merged and first <= merged[-1][1] + 1:
            merged[-1][1] = max(merged[-1][1], last)
        else:
            merged.append([first, last])
    return tuple((first, last) for first, last in merged)


def known(connection: Connection, names: Sequence[tuple[str, str]]) -> dict[tuple[str, str], Ranges]:
    """Which numbers of each (home, outbox) have settled."""
    n = settled_numbers.c
    found: dict[tuple[str, str], Ranges] = dict.fromkeys(names, ())
    for start in range(0, len(names), AT_ONCE):
        asked = select(n.home, n.outbox, n.ranges).where(tuple_(n.home, n.outbox).in_(names[start : start + AT_ONCE]))
        found |= {(home, outbox): some for home, outbox, some in connection.execute(asked)}
    return found


_WEEKS = (
    select(blocks.c.week, blocks.c.body)
    .where(blocks.c.home == bindparam("home"), blocks.c.week.between(bindparam("first"), bindparam("last")))
    .order_by(blocks.c.week, blocks.c.part)
)
_WITH = _WEEKS.where((literal(" ") + blocks.c.whats + " ").like(bindparam("what")))


def read(connection: Connection, home: str, first: int, last: int, what: What | None = None) -> Iterator[Columns]:
    """The settled weeks from `first` to `last`, those two with it; with `what`, only weeks that hold one."""
    given = {"home": home, "first": first, "last": last}
    found = connection.execute(_WITH, {**given, "what": f"% {what} %"}) if what else connection.execute(_WEEKS, given)
    for week, body in found:
        columns = _read(home, week, body)
        if columns is not None:
            yield columns


def newest(connection: Connection, home: str) -> Columns | None:
    last = connection.scalar(select(func.max(blocks.c.week)).where(blocks.c.home == home))
    return None if last is None else joined(list(read(connection, home, last, last)))


def weeks(connection: Connection) -> range:
    """All that have something settled."""
    first, last = connection.execute(select(func.min(blocks.c.week), func.max(blocks.c.week))).one()
    return range(0) if first is None else range(first, last + 1)


def forget(
    connection: Connection, home: str, whats: frozenset[What] | None, before: datetime | None, *, keep_counts: bool
) -> int:
    """How many were deleted. With `keep_counts` their number in each hour is kept."""
    end = None if before is None else to_us(before)
    b = blocks.c
    held = select(b.week, b.part, b.count, b.whats).where(b.home == home)
    if end is not None:
        held = held.where(b.week <= end // WEEK_US)
    gone = 0
    for week, part, count, names in connection.execute(held).all():
        there = frozenset(What(name) for name in names.split())
        if whats is not None and not there & whats:
            continue
        if not keep_counts and (whats is None or there <= whats) and (end is None or (week + 1) * WEEK_US <= end):
            connection.execute(delete(blocks).where(b.home == home, b.week == week, b.part == part))
            gone += count
        else:
            gone += _thin(connection, home, week, part, whats, end, keep_counts=keep_counts)
    if whats is None and before is None:
        connection.execute(delete(settled_numbers).where(settled_numbers.c.home == home))
        marked(connection)
    if not keep_counts:
        forget_counts(connection, home, whats, end)
    return gone


def _thin(
    connection: Connection, home: str, week: int, part: int, whats: frozenset[What] | None, end: int | None, *,
    keep_counts: bool,
) -> int:  # fmt: skip
    place = (blocks.c.home == home) & (blocks.c.week == week) & (blocks.c.part == part)
    columns = _read(home, week, connection.execute(select(blocks.c.body).where(place)).scalar_one())
    if columns is None:
        if whats is None:
            connection.execute(delete(blocks).where(place))
        return 0
    doomed = np.ones(len(columns), bool) if end is None else columns.at < end
    if whats is not None:
        doomed &= np.isin(columns.what, [code for code, name in enumerate(columns.whats) if What(name) in whats])
    if not doomed.any():
        return 0
    if keep_counts:
        count(connection, home, columns.where(doomed))
    connection.execute(delete(blocks).where(place))
    if not doomed.all():
        connection.execute(insert(blocks), [_block(home, week, part, columns.where(~doomed))])
    return int(doomed.sum())


def count(connection: Connection, home: str, columns: Columns) -> None:
    """Add these to the summaries of their days."""
    s = summaries.c
    for day in np.unique(columns.at // DAY_US).tolist():
        held = select(s.what, s.counts).where(s.home == home, s.day == day)
        before = {row[0]: row[1] for row in connection.execute(held)}
        today = columns.where(columns.at // DAY_US == day)
        for code in np.unique(today.what).tolist():
            what = today.whats[code]
            hours = np.bincount((today.at[today.what == code] % DAY_US) // HOUR_US, minlength=24)
            counts = _summed(before.get(what, ()), hours.tolist())
            upsert(connection, summaries, [{"home": home, "what": what, "day": day, "counts": counts}])


def _summed(before: tuple[int, ...], hours: list[int]) -> tuple[int, ...]:
    """A day that has become one figure stays one."""
    if len(before) == 1:
        return (before[0] + sum(hours),)
    return tuple(more + (before[hour] if before else 0) for hour, more in enumerate(hours))


def forget_counts(connection: Connection, home: str, whats: frozenset[What] | None, end: int | None) -> None:
    s = summaries.c
    doomed = delete(summaries).where(s.home == home)
    if whats is not None:
        doomed = doomed.where(s.what.in_([what.value for what in whats]))
    if end is not None:
        doomed = doomed.where(s.day < end // DAY_US)
    connection.execute(doomed)


def coarsen(connection: Connection, home: str, hourly_from: int, kept_from: int) -> None:
    """Days before `hourly_from` become one figure each; those before `kept_from` are forgotten."""
    s = summaries.c
    connection.execute(delete(summaries).where(s.home == home, s.day < kept_from))
    old = select(s.what, s.day, s.counts).where(s.home == home, s.day < hourly_from)
    for what, day, counts in connection.execute(old).all():
        if len(counts) > 1:
            upsert(connection, summaries, [{"home": home, "what": what, "day": day, "counts": (sum(counts),)}])


def summed(connection: Connection, home: str, first: int, last: int) -> list[Summary]:
    s = summaries.c
    asked = select(s.what, s.day, s.counts).where(s.home == home, s.day >= first, s.day <= last).order_by(s.day, s.what)
    return [Summary(What(what), day, tuple(counts)) for what, day, counts in connection.execute(asked)]


def counted(connection: Connection) -> dict[str, tuple[int, int]]:
    """For each home: settled rows, and distinct (outbox, number) among them, read from the blocks themselves."""
    rows: dict[str, int] = defaultdict(int)
    names: dict[str, set[tuple[str, int]]] = defaultdict(set)
    for home, week, body in connection.execute(select(blocks.c.home, blocks.c.week, blocks.c.body)):
        columns = _read(home, week, body)
        if columns is not None:
            rows[home] += len(columns)
            named = columns.numbers[[OUTBOX, NUMBER]].T.tolist()
            names[home].update((columns.outboxes[outbox], number) for outbox, number in named)
    return {home: (n, len(names[home])) for home, n in rows.items()}
