"""What is kept of kits and their sensors: spells of trouble, rhythms, battery levels, test presses, and swaps."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, and_, bindparam, delete, func, insert, or_, select, text, update

from hub.store import chain, schema
from hub.store.database import add_all_new, add_new, upsert, writing
from hub.store.once import asked_by, reading
from hub.store.version import next_version
from models.health import Learned
from models.protection import Spell, Unprotected, minutes
from models.wire import Order

_spells, _levels, _tests, _swaps = schema.spells, schema.battery_levels, schema.test_presses, schema.swaps


@dataclass(frozen=True, slots=True)
class TestPress:
    """A test press and its hops: by the hub's clock, and (seconds) by the kit's own after it was noticed."""

    home: str
    outbox: str
    number: int
    noticed: datetime
    arrived: datetime | None = None
    stored: datetime | None = None
    judged: datetime | None = None
    kept: float | None = None
    sent: float | None = None
    receipted: float | None = None


@dataclass(frozen=True, slots=True)
class Swap:
    """A sensor was exchanged for another at its place: `was` and `now` are how the kit reaches them."""

    home: str
    sensor: str
    at: datetime
    was: str
    now: str
    actor: str


Levels = dict[tuple[str, str], list[tuple[datetime, float]]]
"""(when, percent) of each (home, sensor)."""


AT_ONCE = 500
"""Homes that are read together."""
_LASTING = and_(
    func.coalesce(_spells.c.home, text("''")) == bindparam("of_home"),
    _spells.c.kind == bindparam("of_kind"),
    _spells.c.sensor == bindparam("of_sensor"),
    _spells.c.ended.is_(None),
)
"""As the unique index has it."""


_CAME = (
    asked_by(_tests, home=_tests.c.home)
    .where(_tests.c.arrived.is_not(None))
    .order_by(_tests.c.arrived.desc())
    .limit(bindparam("most"))
)
_LOST = (
    select(_spells)
    .where(
        _spells.c.began < bindparam("end"),
        or_(_spells.c.ended.is_(None), _spells.c.ended > bindparam("start")),
        _spells.c.kind.in_([str(one) for one in Unprotected]),
    )
    .order_by(_spells.c.began, _spells.c.id)
)
_LOST_OF = _LOST.where(or_(_spells.c.home == bindparam("home"), _spells.c.home.is_(None)))
_RHYTHMS = asked_by(schema.rhythms.c.body, home=schema.rhythms.c.home)


class Health:
    """Reads are one statement each; every write is one short transaction."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def begin(self, spells: Sequence[Spell]) -> None:
        """One that lasts already goes on as it began."""
        with writing(self._engine) as connection:
            add_all_new(connection, _spells, [_spell_row(one) for one in spells])

    def end(self, spells: Sequence[Spell]) -> None:
        """Each `ended`; one that never lasted changes nothing."""
        over = update(_spells).where(_LASTING).values(ended=bindparam("of_end", type_=schema.Moment()))
        with writing(self._engine) as connection:
            connection.execute(over, [{**_which(one), "of_end": one.ended} for one in spells])

    def forget(self, spells: Sequence[Spell]) -> None:
        """As if they had not begun: they were too short to count."""
        with writing(self._engine) as connection:
            connection.execute(delete(_spells).where(_LASTING), [_which(one) for one in spells])

    def lasting(self) -> list[Spell]:
        return self._spells(_spells.c.ended.is_(None))

    def spells(
        self, start: datetime, end: datetime, home: str | None = None, kinds: Iterable[str] | None = None
    ) -> list[Spell]:
        """Those that reach into the time from `start` to `end`, of one home or of all, those of every home included."""
        within = and_(_spells.c.began < end, or_(_spells.c.ended.is_(None), _spells.c.ended > start))
        mine = within if home is None else and_(within, or_(_spells.c.home == home, _spells.c.home.is_(None)))
        found = self._spells(mine if kinds is None else and_(mine, _spells.c.kind.in_([*kinds])))
        return found if home is None else [one for one in found if one.concerns(home)]

    def unprotected(self, homes: Iterable[str], start: datetime, end: datetime) -> dict[str, float]:
        """Minutes between `start` and `end` in which a press or a collapse in each of `homes` could not have been
        noticed, whatever the reason, each minute once.
        """
        all_homes: list[Spell] = []
        own: dict[str, list[Spell]] = {}
        asked = [*homes]
        rows = (
            self._all(_LOST_OF, start=start, end=end, home=asked[0])
            if len(asked) == 1
            else self._all(_LOST, start=start, end=end)
        )
        for one in map(_spell, rows):
            if one.home is None:
                all_homes.append(one)
            else:
                own.setdefault(one.home, []).append(one)
        some = [one for one in all_homes if one.sensor]  # of one of several watches
        for_all = minutes(all_homes, start, end) if not some else 0.0
        return {
            home: minutes([one for one in [*all_homes, *own.get(home, ())] if one.concerns(home)], start, end)
            if home in own or some
            else for_all
            for home in asked
        }

    def learned(self) -> Iterator[tuple[str, Learned]]:
        """Home by home, since all of a borough would fill a machine's memory."""
        with self._engine.connect() as connection:
            every = select(schema.rhythms.c.home, schema.rhythms.c.body)
            for row in connection.execution_options(yield_per=AT_ONCE).execute(every):
                yield row.home, row.body

    def learned_of(self, home: str) -> Learned:
        rows = self._all(_RHYTHMS, home=home)
        return rows[0].body if rows else Learned()

    def learn(self, learned: Mapping[str, Learned]) -> None:
        with writing(self._engine, lightly=True) as connection:
            upsert(connection, schema.rhythms, [{"home": home, "body": body} for home, body in learned.items()])

    def level(self, levels: Sequence[tuple[str, str, datetime, float]]) -> None:
        """(home, sensor, when, percent) each."""
        rows = [{"home": home, "sensor": sensor, "at": at, "percent": level} for home, sensor, at, level in levels]
        with writing(self._engine, lightly=True) as connection:
            upsert(connection, _levels, rows)

    def levels(self, home: str | None = None, sensor: str | None = None) -> Levels:
        """Of each (home, sensor), of one or of all, in order of time, since it was swapped last."""
        question = select(_levels).order_by(_levels.c.at)
        question = question if home is None else question.where(_levels.c.home == home)
        question = question if sensor is None else question.where(_levels.c.sensor == sensor)
        fresh = {(one.home, one.sensor): one.at for one in self.swaps(home)}
        found: Levels = {}
        for row in self._all(question):
            if (row.home, row.sensor) not in fresh or row.at > fresh[row.home, row.sensor]:
                found.setdefault((row.home, row.sensor), []).append((row.at, row.percent))
        return found

    def test(self, home: str, outbox: str, number: int, noticed: datetime, **hops: Any) -> None:
        """Hops of a test press, as far as they are known by now; `noticed` is that of whoever was first to tell."""
        row = {"home": home, "outbox": outbox, "number": number, "noticed": noticed, **hops}
        mine = and_(_tests.c.home == home, _tests.c.outbox == outbox, _tests.c.number == number)
        with writing(self._engine) as connection:
            if not add_new(connection, _tests, row) and hops:
                connection.execute(update(_tests).where(mine).values(**hops))

    def tests(self, home: str, limit: int = 1) -> list[TestPress]:
        """Newest first, of those that came through."""
        return [TestPress(**row._mapping) for row in self._all(_CAME, home=home, most=limit)]

    def last_tests(self) -> dict[str, datetime]:
        """When the last test press of each home came through."""
        return dict(self._all(select(_tests.c.home, func.max(_tests.c.arrived)).group_by(_tests.c.home)))

    def ask_for_test(self, home: str, at: datetime) -> None:
        order = {"home": home, "order": Order.TEST.value, "text": "", "intended_at": at, "dropped": False}
        with writing(self._engine) as connection:
            connection.execute(insert(schema.orders).values(**order))

    def asked_for_test(self, home: str) -> datetime | None:
        """When one was asked for last."""
        orders = schema.orders
        mine = and_(orders.c.home == home, orders.c.order == Order.TEST.value)
        last: datetime | None = self._all(select(func.max(orders.c.intended_at)).where(mine))[0][0]
        return last

    def swap(self, home: str, sensor: str, source: str, at: datetime, actor: str) -> None:
        """Another sensor stands in that one's place from now on, reached by `source`, and a row says who exchanged it.
        Raises LookupError where there is none.
        """
        homes = schema.homes
        with writing(self._engine, appends="acts") as connection:
            found = connection.execute(select(homes.c.body).where(homes.c.id == home).with_for_update()).first()
            old = found.body.sensor(sensor) if found else None
            if found is None or old is None:
                raise LookupError(f"there is no sensor '{sensor}' in home '{home}'")
            fitted = tuple(replace(one, source=source) if one.id == sensor else one for one in found.body.sensors)
            new = replace(found.body, sensors=fitted)
            connection.execute(update(homes).where(homes.c.id == home).values(body=new))
            row = {"home": home, "sensor": sensor, "at": at, "was": old.source, "now": source, "actor": actor}
            chain.add(connection, _swaps, row)
            next_version(connection)

    def swaps(self, home: str | None = None) -> list[Swap]:
        """Oldest first, of one home or of all."""
        question = select(_swaps).order_by(_swaps.c.id)
        rows = self._all(question if home is None else question.where(_swaps.c.home == home))
        return [Swap(r.home, r.sensor, r.at, r.was, r.now, r.actor) for r in rows]

    def _spells(self, condition: Any) -> list[Spell]:
        rows = self._all(select(_spells).where(condition).order_by(_spells.c.began, _spells.c.id))
        return [_spell(row) for row in rows]

    def _all(self, question: Any, **given: object) -> Sequence[Any]:
        with reading(self._engine) as connection:
            return connection.execute(question, given).all()


def _spell(row: Any) -> Spell:
    return Spell(row.home, row.kind, row.began, row.ended, row.sensor)


def _which(one: Spell) -> dict[str, str]:
    return {"of_home": one.home or "", "of_kind": str(one.kind), "of_sensor": one.sensor}


def _spell_row(one: Spell) -> dict[str, Any]:
    return {"home": one.home, "kind": str(one.kind), "sensor": one.sensor, "began": one.began, "ended": one.ended}
