"""What changed on the contact centre's list since it was last read: few questions, however many alerts there are."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Column, Engine, Select, bindparam, not_, or_, select

from hub.store import chain, schema
from hub.store.alerts import Alerts, Entry
from hub.store.once import reading
from hub.store.records import Expectation, Look
from hub.store.together import written
from models.alert import Act, Alert, State
from models.health import Heard
from models.people import Resident
from models.response import RESIDENT, Answer

T = TypeVar("T")

AT_ONCE = 500
"""Ids in one question: SQLite takes a thousand in every build."""

_attempts, _beats, _timeline, _expectations, _residents = (
    schema.attempts,
    schema.heartbeats,
    schema.timeline,
    schema.expectations,
    schema.residents,
)

SHOWN_OF = (Act.RAISE.value, Act.GROW.value, Act.SEND.value)
"""Rows of a timeline from which a line of the list is made."""


def _of_some(table: Any, key: Column[Any], *columns: Any) -> Select[Any]:
    """A question about each of some ids."""
    return select(*columns or (table,)).where(key.in_(bindparam("ids", expanding=True)))


_LATER = select(_timeline.c.alert).where(_timeline.c.id > bindparam("after"), _timeline.c.id <= bindparam("upto"))
_LATER = _LATER.distinct()
_RUNG = (
    _of_some(_attempts, _attempts.c.alert, _attempts.c.alert, _attempts.c.answer)
    .where(_attempts.c.who == RESIDENT, _attempts.c.answer.is_not(None))
    .order_by(_attempts.c.id)
)
_SHOWN = _of_some(_timeline, _timeline.c.alert).where(_timeline.c.act.in_(SHOWN_OF)).order_by(_timeline.c.id)
_LIVING = _of_some(_residents, _residents.c.home, _residents.c.home, _residents.c.body).order_by(_residents.c.id)
_EXPECTED = _of_some(_expectations, _expectations.c.home)
_HEARD = _of_some(
    _beats, _beats.c.home, _beats.c.home, _beats.c.heard_until, _beats.c.at, _beats.c.online, _beats.c.on_mains
)
_ANY = select(schema.homes.c.id).limit(1)
_ANY_HEARD = select(_beats.c.home).where(_beats.c.heard_until >= bindparam("since"), _beats.c.at.is_not(None)).limit(1)

IN_VAIN = frozenset({Answer.NO_ANSWER, Answer.VOICEMAIL, Answer.BUSY})
"""What makes a call silent: it was rung, and nobody spoke."""


@dataclass(frozen=True, slots=True)
class Changed:
    """Alerts as they stand after row `change` of the timelines, of each what its line is made from, and how often the
    resident was rung in vain, where they were not reached since.
    """

    change: int
    alerts: tuple[Alert, ...]
    entries: dict[int, tuple[Entry, ...]]
    in_vain: dict[int, int]


class Worklist:
    def __init__(self, engine: Engine) -> None:
        self._engine, self._alerts = engine, Alerts(engine)

    def since(self, change: int) -> Changed:
        """All that is open where `change` is 0; else whatever was changed after it, closed alerts included."""
        latest = self._alerts.latest_change()
        if change == 0:
            alerts = self._alerts.open_alerts()
        else:
            later = self._all(_LATER, after=change, upto=latest)
            alerts = self._alerts.some([row.alert for row in later])
        wanted = [one.id for one in alerts if one.state is not State.CLOSED]
        return Changed(latest, tuple(alerts), self._entries(wanted), self._in_vain(wanted))

    def _in_vain(self, alerts: Sequence[int]) -> dict[int, int]:
        count: dict[int, int] = {}
        for row in self._of(alerts, _RUNG):
            count[row.alert] = count.get(row.alert, 0) + 1 if Answer(row.answer) in IN_VAIN else 0
        return count

    def _entries(self, alerts: Sequence[int]) -> dict[int, tuple[Entry, ...]]:
        found: dict[int, list[Entry]] = {one: [] for one in alerts}
        for r in self._of(alerts, _SHOWN):
            found[r.alert].append(Entry(r.id, r.alert, r.at, Act(r.act), r.actor, r.text, State(r.state)))
        return {alert: tuple(entries) for alert, entries in found.items()}

    def residents(self, homes: Collection[str]) -> dict[str, tuple[Resident, ...]]:
        """Of each of these homes; where all have left, they who did."""
        found: dict[str, list[Resident]] = {home: [] for home in homes}
        for row in self._of(list(homes), _LIVING):
            found[row.home].append(row.body)
        return {home: tuple(one for one in all_ if one.ended is None) or tuple(all_) for home, all_ in found.items()}

    def expectations(self, homes: Collection[str]) -> dict[str, Expectation]:
        return {row.home: Expectation(**row._mapping) for row in self._of(list(homes), _EXPECTED)}

    def heard(self, homes: Collection[str]) -> dict[str, Heard]:
        """Of those that ever were."""
        rows = self._of(list(homes), _HEARD)
        return {r.home: Heard(r.heard_until, r.at, r.online is not False, r.on_mains) for r in rows}

    def unheard(self, since: datetime) -> dict[str, bool]:
        """Homes of which nothing later is on record, by their id alone: there may be ten thousand; and whether the kit
        of each was heard before.
        """
        both = schema.homes.outerjoin(_beats, schema.homes.c.id == _beats.c.home)
        never = or_(_beats.c.heard_until.is_(None), _beats.c.at.is_(None))
        late = select(schema.homes.c.id, not_(never)).select_from(both).where(or_(never, _beats.c.heard_until < since))
        return {home: bool(before) for home, before in self._all(late)}

    def hears(self, since: datetime) -> bool:
        """Whether any home is heard; a hub without homes lacks none."""
        return bool(self._all(_ANY_HEARD, since=since)) or not self._all(_ANY)

    def looked(self, looks: Iterable[Look]) -> None:
        """Put many looks on record at once."""
        rows = [
            {
                "at": one.at,
                "viewer": one.viewer,
                "role": one.role.value,
                "home": one.home,
                "data": one.data,
                "purpose": str(one.purpose),
                "reason": one.reason,
            }
            for one in looks
        ]
        if rows:
            written(self._engine, lambda connection: chain.add_all(connection, schema.looks, rows), "looks")

    def _of(self, ids: Sequence[object], question: Select[Any]) -> Iterable[Any]:
        with reading(self._engine) as connection:
            for first in range(0, len(ids), AT_ONCE):
                yield from connection.execute(question, {"ids": ids[first : first + AT_ONCE]})

    def _all(self, question: Any, *, first: bool = False, **given: object) -> list[Any]:
        with reading(self._engine) as connection:
            found = connection.execute(question, given)
            return list(found.scalars() if first else found)


def latest_of(entries: Iterable[Entry]) -> Entry | None:
    """The last of those that say what was noticed."""
    told = [one for one in entries if one.act is not Act.SEND]
    return told[-1] if told else None
