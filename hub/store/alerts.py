"""Alerts as rows: raised once per finding, changed only as models.alert allows, every change a row of the timeline.

Whoever changes an alert names the version it saw, so that two who work on the same one can't both believe they did.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, and_, bindparam, func, insert, or_, select, tuple_, update
from sqlalchemy.exc import IntegrityError

from hub.store import chain, schema
from hub.store.database import add_new, writing
from hub.store.once import asked_by, reading
from hub.store.shiftbook import muted_until
from hub.store.together import written
from models.alert import URGENCY, Act, Alert, HomeTold, Lane, Outcome, Refused, State, after, reopened_until
from models.detection import HELD_BACK, OF_THE_HEARTBEAT, Finding, FindingKind, Urgency
from models.detection.feedback import JudgedFall
from models.reason import NOT_COUNTED
from models.response import HOLDS, PATIENCE, Answer, Attempt, Tried, lapse_time
from models.shift import NEVER_MUTED
from models.wire import Order

HUB = "hub"
"""The actor of what nobody did by hand."""

_TRIES = 5
T = TypeVar("T")
_alerts, _timeline, _findings, _attempts, _orders = (
    schema.alerts,
    schema.timeline,
    schema.findings,
    schema.attempts,
    schema.orders,
)


_ALERT = asked_by(_alerts, alert=_alerts.c.id)
_LOCKED = _ALERT.with_for_update()
_NEWEST = asked_by(_alerts, home=_alerts.c.home).order_by(_alerts.c.id.desc()).limit(bindparam("most"))
_TIMELINE = asked_by(_timeline, alert=_timeline.c.alert).order_by(_timeline.c.id)
_ATTEMPTS = asked_by(_attempts, alert=_attempts.c.alert).order_by(_attempts.c.id)
_LATEST = select(func.coalesce(func.max(_timeline.c.id), 0))
_TOLD = (
    asked_by(_findings, home=_findings.c.home)
    .where(_findings.c.said.is_not(None), or_(_findings.c.at >= bindparam("since"), _findings.c.ended_at.is_(None)))
    .order_by(_findings.c.at.desc())
)
_MISLEAD = asked_by(_findings, home=_findings.c.home).where(
    _findings.c.kind.in_((FindingKind.SENSOR_FLAPPING.value, FindingKind.SENSOR_STUCK.value)),
    _findings.c.over.is_(False),
    _findings.c.ended_at.is_(None),
)
_FALLS = (
    select(_alerts.c.id, _alerts.c.home, _findings.c.sensor, _alerts.c.outcome, _alerts.c.closed_at)
    .distinct()
    .join(_findings, _findings.c.alert == _alerts.c.id)
    .where(
        tuple_(_alerts.c.outcome, _alerts.c.reason).not_in([(one.value, code) for one, code in NOT_COUNTED]),
        _findings.c.kind == FindingKind.FALL.value,
        _findings.c.over.is_(False),
        _findings.c.sensor != "",
        _alerts.c.closed_at >= bindparam("since"),
    )
)
_FALLS_OF = _FALLS.where(_alerts.c.home == bindparam("home"))
_SAME = and_(_alerts.c.id == bindparam("seen_id"), _alerts.c.version == bindparam("seen_version"))
_SAVE = update(_alerts).where(_SAME)


@dataclass(frozen=True, slots=True)
class Raised:
    """What a finding led to: the alert as it stands now, and whether it was opened for this."""

    alert: Alert
    new: bool


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of an alert's timeline; `state` is the alert's state after it."""

    id: int
    alert: int
    at: datetime
    act: Act
    actor: str
    text: str
    state: State


def since_sent(entries: Sequence[Entry]) -> list[Entry]:
    """From the last time that a responder was sent; empty where none was."""
    sent = [place for place, one in enumerate(entries) if one.act is Act.SEND]
    return list(entries[sent[-1] :]) if sent else []


@dataclass(frozen=True, slots=True)
class AttemptMade(Attempt):
    """An attempt with who made it, and how it went."""

    detail: str = ""
    finished_at: datetime | None = None
    actor: str = HUB


@dataclass(frozen=True, slots=True)
class Standing:
    """A finding that is not over."""

    home: str
    kind: FindingKind
    sensor: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Found:
    """That something began `since`, or ended then or later, as was found `at` a moment."""

    kind: FindingKind
    since: datetime
    at: datetime


@dataclass(frozen=True, slots=True)
class Told:
    """A finding that asks for no answer: it is mentioned at the next talk. `said` explains it, part by line."""

    kind: FindingKind
    since: datetime
    at: datetime
    ended_at: datetime | None
    said: str


@dataclass(frozen=True, slots=True)
class Ordered:
    """Something the hub has yet to tell a kit; `open` says whether the alert it belongs to still is. `beat` is the last
    heartbeat of that kit.
    """

    id: int
    home: str
    order: Order
    text: str
    intended_at: datetime
    open: bool
    alert: int | None = None
    beat: bytes | None = None


@dataclass(frozen=True, slots=True)
class Looked:
    """What came of looking at an alert: steps (number, whom to reach, by which transport), and when to look again."""

    alert: Alert
    steps: tuple[tuple[int, str, str], ...]
    again: datetime


class Overtaken(Exception):
    """Somebody else changed the alert in between, several times over."""


class Alerts:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @property
    def engine(self) -> Engine:
        return self._engine

    def raise_(self, finding: Finding, resident: str | None, explanation: str, now: datetime) -> Raised | None:
        """Open an alert, or let the open one grow; None where the finding is known already, concerns no open one, or is
        only to be told at the next talk.
        """
        return self.again(lambda connection: _raise(connection, finding, resident, explanation, now))

    def raise_all(self, found: Sequence[tuple[Finding, str | None, str]], now: datetime) -> list[Raised | None]:
        """Of each as `raise_` says of one, in this order; all or none. A burst costs the disk as much as one."""
        return self.again(lambda connection: [_raise(connection, *one, now) for one in found])

    def act(
        self,
        alert_id: int,
        act: Act,
        actor: str,
        now: datetime,
        *,
        text: str = "",
        outcome: Outcome | None = None,
        hold: timedelta = PATIENCE[State.ANSWERED],
        reason: str = "",
    ) -> Alert:
        """An answer lapses after `hold` without a further act. Raises Refused, and LookupError for an alert that is not
        there.
        """
        return self.again(lambda connection: _act(connection, alert_id, act, actor, now, text, outcome, hold, reason))

    def alert(self, alert_id: int) -> Alert | None:
        return next((_alert(row) for row in self._all(_ALERT, alert=alert_id)), None)

    def open_alerts(self) -> list[Alert]:
        return self._alerts(_alerts.c.state != State.CLOSED.value)

    def some(self, ids: Sequence[int]) -> list[Alert]:
        """Those of them that there are, closed or not."""
        few = [ids[first : first + 500] for first in range(0, len(ids), 500)]
        return [alert for some in few for alert in self._alerts(_alerts.c.id.in_(some))]

    def attended(self) -> list[Alert]:
        """Those that a responder was sent to."""
        return self._alerts(_alerts.c.state == State.ATTENDING.value)

    def of_home(self, home: str, limit: int = 100) -> list[Alert]:
        """Newest first."""
        return [_alert(row) for row in self._all(_NEWEST, home=home, most=limit)]

    def timeline(self, alert_id: int) -> list[Entry]:
        rows = self._all(_TIMELINE, alert=alert_id)
        return [Entry(r.id, r.alert, r.at, Act(r.act), r.actor, r.text, State(r.state)) for r in rows]

    def attempts(self, alert_id: int) -> list[AttemptMade]:
        return [attempt_made(row) for row in self._all(_ATTEMPTS, alert=alert_id)]

    def attempts_of(self, alerts: Sequence[int]) -> dict[int, list[AttemptMade]]:
        """At each of these alerts."""
        found: dict[int, list[AttemptMade]] = {alert: [] for alert in alerts}
        for one in self._attempts(_attempts.c.alert.in_(alerts)):
            found[one.alert].append(one)
        return found

    def due(self, now: datetime, limit: int = 100) -> list[Alert]:
        """Those to look at now: people before kits, then who has waited longest."""
        waiting = and_(_alerts.c.state != State.CLOSED.value, _alerts.c.look_again_at <= now)
        rows = self._all(
            select(_alerts).where(waiting).order_by(_alerts.c.lane.desc(), _alerts.c.look_again_at).limit(limit)
        )
        return [_alert(row) for row in rows]

    def look_again(self, alert: Alert, at: datetime) -> bool:
        """False when the alert is no longer the one that was seen."""
        with writing(self._engine) as connection:
            return _swap(connection, alert, {"look_again_at": at})

    def intend(self, alert: Alert, step: int, who: str, transport: str, now: datetime) -> int | None:
        """Write down that a step is about to be taken; the attempt's id, or None when somebody else was first."""
        with writing(self._engine, appends="acts") as connection:
            return _intend(connection, alert, step, who, transport, now)

    def take(self, looked: Sequence[Looked], now: datetime) -> list[list[int]]:
        """Write down of each alert the steps that are about to be taken, and when it is looked at again, all or none:
        the ids of attempts, in the order of the steps, as far as nobody else changed the alert meanwhile.
        """
        return written(self._engine, lambda connection: [_take(connection, one, now) for one in looked])

    def finish(self, attempt_id: int, tried: Tried, detail: str, now: datetime) -> bool:
        """How an intended attempt went; False where that was known already. A failure is looked into at once."""
        with writing(self._engine, appends="acts") as connection:
            return _finish(connection, attempt_id, tried, detail, now)

    def finish_all(self, outcomes: Sequence[tuple[int, Tried, str]], now: datetime) -> None:
        """How several attempts went, all or none."""
        if outcomes:
            written(self._engine, lambda connection: [_finish(connection, *one, now) for one in outcomes])

    def unfinished(self, before: datetime) -> list[AttemptMade]:
        return self._attempts(and_(_attempts.c.tried == Tried.INTENDED.value, _attempts.c.at <= before))

    def orders(self, limit: int = 1000) -> list[Ordered]:
        """What kits have yet to be told, or to say that they did, oldest first."""
        beats = schema.heartbeats
        question = (
            select(_orders, _alerts.c.state, beats.c.heartbeat)
            .outerjoin(_alerts, _orders.c.alert == _alerts.c.id)
            .outerjoin(beats, _orders.c.home == beats.c.home)
            .where(_orders.c.sent_at.is_(None), _orders.c.dropped.is_(False))
            .order_by(_orders.c.id)
            .limit(limit)
        )
        rows = self._all(question)
        return [
            Ordered(
                r.id, r.home, Order(r.order), r.text, r.intended_at, r.state != State.CLOSED.value, r.alert, r.heartbeat
            )
            for r in rows
        ]

    def ordered(self, orders: Sequence[Ordered], how: HomeTold, now: datetime) -> None:
        """What became of these; that a home was told of help, or was not, stands in its alert's timeline."""
        if orders:
            self.again(lambda connection: _ordered(connection, orders, how, now))

    def set_back(self, now: datetime, ahead: datetime) -> int:
        """The clock said `ahead` and is set back: what is open waits for nothing that was written down by it. How many
        alerts are to be looked at sooner. One of a muted home goes on waiting.
        """
        return self.again(lambda connection: _set_back(connection, now, ahead))

    def latest_change(self) -> int:
        return int(self._all(_LATEST)[0][0])

    def standing(self) -> list[Standing]:
        """What was found and is not over yet. A press or a fall is never over by itself: a person ends it."""
        lasting = and_(_findings.c.over.is_(False), _findings.c.ended_at.is_(None))
        by_hand = (FindingKind.PRESS.value, FindingKind.FALL.value)
        question = select(_findings).where(lasting, _findings.c.kind.not_in(by_hand))
        return [Standing(r.home, FindingKind(r.kind), r.sensor, r.since) for r in self._all(question)]

    def closed_too_soon(self, kinds: Iterable[FindingKind]) -> list[tuple[Standing, datetime]]:
        """Findings of these kinds that are not over, and when somebody closed the last alert about each; not as being
        away.
        """
        f, a = _findings.c, _alerts.c
        lasting = and_(f.kind.in_([kind.value for kind in kinds]), f.over.is_(False), f.ended_at.is_(None))
        told = select(f.home, f.kind, f.sensor, f.since, a.state, a.outcome, a.closed_at)
        rows = self._all(told.join(_alerts, f.alert == a.id).where(lasting).order_by(a.id))
        last = {(row.home, row.kind, row.sensor if _is_of_a_sensor(FindingKind(row.kind)) else ""): row for row in rows}
        return [
            (Standing(row.home, FindingKind(row.kind), row.sensor, row.since), row.closed_at)
            for row in last.values()
            if row.state == State.CLOSED.value and row.outcome != Outcome.AWAY.value
        ]

    def faults_began(self) -> dict[tuple[int, str], datetime]:
        """Since when each fault of an open alert of the kit's lane has lasted, by alert and kind; the latest counts."""
        f, a = _findings.c, _alerts.c
        lasting = and_(f.over.is_(False), f.ended_at.is_(None), a.lane == Lane.KIT.value, a.state != State.CLOSED.value)
        question = select(f.alert, f.kind, f.since).join(_alerts, f.alert == a.id).where(lasting).order_by(f.since)
        return {(row.alert, row.kind): row.since for row in self._all(question)}

    def began(self, ids: Sequence[int]) -> dict[int, datetime]:
        """Since when that holds which each of these alerts is about: the first of its findings."""
        f = _findings.c
        rows = self._all(select(f.alert, func.min(f.since).label("since")).where(f.alert.in_(ids)).group_by(f.alert))
        return {row.alert: row.since for row in rows}

    def found(self, alert: Alert) -> list[Found]:
        """Of what an alert is about, and of what was over in that home since it was raised."""
        f = _findings.c
        over = and_(f.home == alert.home, f.over.is_(True), f.at >= alert.raised_at)
        rows = self._all(select(f.kind, f.since, f.at).where(or_(f.alert == alert.id, over)))
        found = [Found(FindingKind(row.kind), row.since, row.at) for row in rows]
        return [one for one in found if one.kind.lane is alert.lane]

    def told(self, home: str, since: datetime) -> list[Told]:
        """What is to be mentioned at the next talk: found since then or still so, latest first."""
        rows = self._all(_TOLD, home=home, since=since)
        return [Told(FindingKind(r.kind), r.since, r.at, r.ended_at, r.said) for r in rows]

    def misleading(self, home: str) -> dict[str, datetime]:
        """Sensors of it that are not believed now, and since when."""
        return {row.sensor: row.since for row in self._all(_MISLEAD, home=home)}

    def judged(self, kind: FindingKind, since: datetime) -> list[Alert]:
        """Alerts to which a finding of `kind` led, and that were closed since then."""
        theirs = select(_findings.c.alert).where(_findings.c.kind == kind.value, _findings.c.over.is_(False))
        return self._alerts(and_(_alerts.c.closed_at >= since, _alerts.c.id.in_(theirs)))

    def judged_falls(self, since: datetime, home: str | None = None) -> list[JudgedFall]:
        """What became of falls that pendants felt, an entry for each alert and pendant, closed since then."""
        rows = self._all(_FALLS, since=since) if home is None else self._all(_FALLS_OF, since=since, home=home)
        return [JudgedFall(r.id, r.home, r.sensor, Outcome(r.outcome), r.closed_at) for r in rows]

    def corrected(self, ids: Collection[int]) -> dict[int, datetime]:
        """When the outcome of each of these was corrected last, if it was."""
        t = _timeline.c
        mine = select(t.alert, t.at).where(t.alert.in_(list(ids)), t.act == Act.CORRECT.value).order_by(t.id)
        return {row.alert: row.at for row in self._all(mine)} if ids else {}

    def counts(self) -> dict[str, dict[str, dict[str, int]]]:
        """For each home: alerts by kind, and findings (what began, not what was over) by kind."""
        found: dict[str, dict[str, dict[str, int]]] = {}
        began = select(_findings.c.home, _findings.c.kind, func.count()).where(_findings.c.over.is_(False))
        alerts = select(_alerts.c.home, _alerts.c.kind, func.count()).group_by(_alerts.c.home, _alerts.c.kind)
        for name, question in (("alerts", alerts), ("findings", began.group_by(_findings.c.home, _findings.c.kind))):
            for home, kind, count in self._all(question):
                found.setdefault(home, {"alerts": {}, "findings": {}})[name][kind] = count
        return found

    def again(self, work: Callable[[Connection], T]) -> T:
        """Do `work` in one transaction, and anew with fresh eyes when somebody else got in between."""
        for _ in range(_TRIES):
            try:
                return written(self._engine, work)
            except (Overtaken, IntegrityError) as race:
                last = race
        raise last

    def _all(self, question: Any, **given: object) -> list[Any]:
        with reading(self._engine) as connection:
            return list(connection.execute(question, given))

    def _alerts(self, condition: Any) -> list[Alert]:
        return [_alert(row) for row in self._all(select(_alerts).where(condition).order_by(_alerts.c.id))]

    def _attempts(self, condition: Any) -> list[AttemptMade]:
        return [attempt_made(row) for row in self._all(select(_attempts).where(condition).order_by(_attempts.c.id))]


def changed(
    alert: Alert,
    act: Act,
    actor: str,
    now: datetime,
    outcome: Outcome | None = None,
    hold: timedelta = PATIENCE[State.ANSWERED],
) -> Alert:
    """The alert after `act`. Raises Refused."""
    moved = replace(alert, state=after(alert, act, actor), version=alert.version + 1)
    match act:
        case Act.ANSWER:
            return replace(moved, holder=actor, look_again_at=lapse_time(moved.state, now, hold))
        case Act.SET_OUT | Act.ARRIVE | Act.ENTER | Act.LEAVE if moved.state is State.RAISED:
            return moved
        case Act.LEAVE:
            return replace(moved, look_again_at=now + PATIENCE[State.ANSWERED])
        case Act.SEND | Act.SET_OUT | Act.ARRIVE | Act.ENTER:
            return replace(moved, look_again_at=lapse_time(moved.state, now, hold))
        case Act.NOTE | Act.TRY if alert.holder == actor:
            return replace(moved, look_again_at=lapse_time(moved.state, now, hold))
        case Act.LAPSE:
            return _lapsed(alert, moved, now)
        case Act.CLOSE | Act.CLEAR:
            return _closed(moved, now, Outcome.CLEARED if act is Act.CLEAR else outcome)
        case Act.REOPEN:
            return _reopened(alert, moved, actor, now, hold)
        case Act.CORRECT:
            return _corrected(alert, moved, outcome)
    return moved


def _lapsed(alert: Alert, moved: Alert, now: datetime) -> Alert:
    if alert.look_again_at is not None and alert.look_again_at > now:
        raise Refused(f"alert {alert.id} is held by {alert.holder} until {alert.look_again_at:%H:%M:%S} UTC")
    return replace(moved, holder=None, lapsed_by=alert.holder, round_began_at=now, look_again_at=now)


def _closed(moved: Alert, now: datetime, outcome: Outcome | None) -> Alert:
    if outcome is None:
        raise Refused(f"alert {moved.id} can't be closed without an outcome: say what it was")
    return replace(moved, outcome=outcome, closed_at=now, look_again_at=None)


def _reopened(alert: Alert, moved: Alert, actor: str, now: datetime, hold: timedelta) -> Alert:
    until = reopened_until(alert)
    if until is None or now > until:
        raise Refused("it was closed too long ago, or by no hand: what is to be done now is another alert")
    again = lapse_time(moved.state, now, hold)
    return replace(moved, holder=actor, outcome=None, closed_at=None, reason="", look_again_at=again)


def _corrected(alert: Alert, moved: Alert, outcome: Outcome | None) -> Alert:
    if outcome is None or Outcome.CLEARED in (outcome, alert.outcome):
        raise Refused("an outcome that somebody chose is corrected to another that can be chosen")
    return replace(moved, outcome=outcome, reason="")


def grown(alert: Alert, finding: Finding, now: datetime) -> Alert:
    """The alert after a further finding. A more urgent one gives its name to it, and a new round if nobody answered."""
    press = finding.kind is FindingKind.PRESS and not finding.over
    more = replace(alert, version=alert.version + 1, presses=alert.presses + press)
    if finding.over or URGENCY[finding.kind] >= URGENCY.get(alert.kind, len(URGENCY)):
        return more
    more = replace(more, kind=finding.kind.value)
    return replace(more, round_began_at=now, look_again_at=now) if alert.state is State.RAISED else more


def _raise(
    connection: Connection, finding: Finding, resident: str | None, explanation: str, now: datetime
) -> Raised | None:
    if not add_new(connection, _findings, _finding_row(finding)):
        return None
    if finding.over:
        return _end(connection, finding, explanation, now)
    if finding.urgency is Urgency.TELL or finding.evidence.get("stage") == HELD_BACK:
        connection.execute(update(_findings).where(_findings.c.key == finding.key).values(said=explanation))
        return None
    alert = _open_alert(connection, finding.home, resident, finding.kind.lane)
    if alert is None and finding.only_told:
        return None
    raised = _grow(connection, alert, finding, explanation, now) if alert else None
    raised = raised or _open(connection, finding, resident, explanation, now)
    connection.execute(update(_findings).where(_findings.c.key == finding.key).values(alert=raised.alert.id))
    return raised


def _open_alert(connection: Connection, home: str, resident: str | None, lane: Lane) -> Alert | None:
    same = and_(
        _alerts.c.home == home,
        func.coalesce(_alerts.c.resident, "") == (resident or ""),
        _alerts.c.lane == lane.value,
        _alerts.c.state != State.CLOSED.value,
    )
    row = connection.execute(select(_alerts).where(same).with_for_update()).first()
    return _alert(row) if row else None


def _open(connection: Connection, finding: Finding, resident: str | None, explanation: str, now: datetime) -> Raised:
    until = None if finding.kind in NEVER_MUTED else muted_until(connection, finding.home, now)
    begins = until or now
    new = Alert(
        0, finding.home, resident, finding.kind.lane, finding.kind.value, State.RAISED, now, begins, begins, 1,
        presses=int(finding.kind is FindingKind.PRESS),
    )  # fmt: skip
    key = connection.execute(insert(_alerts).values(_columns(new))).inserted_primary_key
    assert key is not None
    alert = replace(new, id=int(key[0]))
    note(connection, alert, now, Act.RAISE, HUB, explanation)
    return Raised(alert, new=True)


def _grow(connection: Connection, alert: Alert, finding: Finding, explanation: str, now: datetime) -> Raised:
    more = grown(alert, finding, now)
    if not finding.only_told and _word_is_old(connection, alert, now) and more.state is State.RAISED:
        more = replace(more, look_again_at=now)
    save(connection, alert, more)
    note(connection, more, now, Act.GROW, HUB, explanation)
    return Raised(more, new=False)


def _word_is_old(connection: Connection, alert: Alert, now: datetime) -> bool:
    """Whatever somebody said before this was found stops the chain no longer; whether it did."""
    stops = and_(_attempts.c.alert == alert.id, _attempts.c.holds_until > now)
    return connection.execute(update(_attempts).where(stops).values(holds_until=now)).rowcount > 0


def _end(connection: Connection, finding: Finding, explanation: str, now: datetime) -> Raised | None:
    """What had begun is over: a fault's alert clears when nothing else is wrong, one about a person only grows."""
    f = _findings.c
    same = and_(f.home == finding.home, f.kind == finding.kind.value, f.over.is_(False), f.ended_at.is_(None))
    mine = and_(same, f.since < finding.at, *_same_sensor(finding))
    ended = {row.alert for row in connection.execute(select(f.alert).where(mine))}
    connection.execute(update(_findings).where(mine).values(ended_at=finding.at))
    alerts = [locked(connection, number) for number in sorted(ended - {None})]
    alert = next((one for one in alerts if one.state is not State.CLOSED), None)
    if alert is None:
        return None
    if alert.lane is Lane.KIT and not _still_wrong(connection, alert.id):
        cleared = changed(alert, Act.CLEAR, HUB, now)
        save(connection, alert, cleared)
        note(connection, cleared, now, Act.CLEAR, HUB, explanation)
        return Raised(cleared, new=False)
    return _grow(connection, alert, finding, explanation, now)


def _same_sensor(finding: Finding) -> Iterable[Any]:
    if _is_of_a_sensor(finding.kind):
        yield _findings.c.sensor == (finding.sensor or "")


def _is_of_a_sensor(kind: FindingKind) -> bool:
    """A silence is of the whole home; the sensor named when it is over is only the one that ended it."""
    return kind is FindingKind.SENSOR_UNHEARD or kind in OF_THE_HEARTBEAT


def _still_wrong(connection: Connection, alert: int) -> bool:
    mine = and_(_findings.c.alert == alert, _findings.c.over.is_(False), _findings.c.ended_at.is_(None))
    return connection.execute(select(_findings.c.key).where(mine).limit(1)).first() is not None


def _act(
    connection: Connection,
    alert_id: int,
    act: Act,
    actor: str,
    now: datetime,
    text: str,
    outcome: Outcome | None,
    hold: timedelta,
    reason: str,
) -> Alert:
    alert = locked(connection, alert_id)
    moved = changed(alert, act, actor, now, outcome, hold)
    moved = _as_before(connection, moved) if act is Act.REOPEN else replace(moved, reason=reason or moved.reason)
    save(connection, alert, moved)
    note(connection, moved, now, act, actor, text)
    if act in (Act.ANSWER, Act.REOPEN) and alert.lane is Lane.PERSON:
        order = {"home": alert.home, "alert": alert.id, "order": Order.HELP_COMING.value, "intended_at": now}
        connection.execute(insert(_orders).values(**order, text="", dropped=False))
    return moved


def _as_before(connection: Connection, reopened: Alert) -> Alert:
    """A responder who had been sent stays the one who was, but they may have left or think that it is over: the holder
    has to see to it as soon as after an answer. Raises Refused where another alert is open by now, or the kit is well.
    """
    newer = _open_alert(connection, reopened.home, reopened.resident, reopened.lane)
    if newer is not None:
        raise Refused(f"alert {newer.id} has been raised there since: go on with that one")
    if reopened.lane is Lane.KIT and not _still_wrong(connection, reopened.id):
        raise Refused("it is over meanwhile: nothing is wrong with that kit any more")
    states = select(_timeline.c.state).where(_timeline.c.alert == reopened.id, _timeline.c.state != State.CLOSED.value)
    last = connection.execute(states.order_by(_timeline.c.id.desc()).limit(1)).scalar_one()
    return replace(reopened, state=State.ATTENDING) if State(last) is State.ATTENDING else reopened


def _ordered(connection: Connection, orders: Sequence[Ordered], how: HomeTold, now: datetime) -> None:
    done = {"sent_at": now, "dropped": how is HomeTold.NOT}
    connection.execute(update(_orders).where(_orders.c.id.in_([one.id for one in orders])).values(done))
    helped = {one.alert for one in orders if one.order is Order.HELP_COMING and one.alert is not None}
    for number in sorted(helped):
        alert = locked(connection, number)
        if alert.state is not State.CLOSED:
            told = replace(alert, version=alert.version + 1)
            save(connection, alert, told)
            note(connection, told, now, Act.TRY, HUB, how.value)


def _intend(connection: Connection, alert: Alert, step: int, who: str, transport: str, now: datetime) -> int | None:
    if alert.state is not State.RAISED or not _swap(connection, alert, {"version": alert.version + 1}):
        return None
    note(connection, alert, now, Act.TRY, HUB, f"Reaching {who} by {transport}.")
    row = {"alert": alert.id, "step": step, "at": now, "who": who, "transport": transport}
    key = connection.execute(
        insert(_attempts).values(**row, tried=Tried.INTENDED.value, detail="")
    ).inserted_primary_key
    assert key is not None
    return int(key[0])


def _take(connection: Connection, looked: Looked, now: datetime) -> list[int]:
    alert, attempts = looked.alert, list[int]()
    for number, who, transport in looked.steps:
        attempt = _intend(connection, alert, number, who, transport, now)
        if attempt is None:
            return attempts
        attempts.append(attempt)
        alert = replace(alert, version=alert.version + 1)
    _swap(connection, alert, {"look_again_at": looked.again})
    return attempts


def _finish(connection: Connection, attempt_id: int, tried: Tried, detail: str, now: datetime) -> bool:
    pending = and_(_attempts.c.id == attempt_id, _attempts.c.tried == Tried.INTENDED.value)
    values = {"tried": tried.value, "detail": detail, "finished_at": now}
    if not connection.execute(update(_attempts).where(pending).values(values)).rowcount:
        return False
    if tried is not Tried.SENT:
        _failed(connection, attempt_id, tried, detail, now)
    return True


def _failed(connection: Connection, attempt_id: int, tried: Tried, detail: str, now: datetime) -> None:
    question = select(_attempts.c.alert, _attempts.c.who, _attempts.c.transport).where(_attempts.c.id == attempt_id)
    number, who, transport = connection.execute(question).one()
    alert = locked(connection, number)
    if alert.state is State.RAISED:
        again = replace(alert, version=alert.version + 1, look_again_at=now)
        save(connection, alert, again)
    result = "failed" if tried is Tried.FAILED else "may not have happened"
    note(connection, alert, now, Act.TRY, HUB, f"Reaching {who} by {transport} {result}: {detail}")


def _set_back(connection: Connection, now: datetime, ahead: datetime) -> int:
    a, longest = _attempts.c, now + max(HOLDS.values())
    still_open = select(_alerts.c.id).where(_alerts.c.state != State.CLOSED.value)
    for column, latest in ((a.at, now), (a.answered_at, now), (a.holds_until, longest)):
        late = update(_attempts).where(a.alert.in_(still_open), column > latest)
        connection.execute(late.values({column.name: latest}))
    waiting = still_open.where(_alerts.c.look_again_at > now, _alerts.c.round_began_at <= ahead).order_by(_alerts.c.id)
    sooner = 0
    for number in connection.execute(waiting).scalars().all():
        alert = locked(connection, number)
        again = now + PATIENCE.get(alert.state, timedelta(0))
        if alert.look_again_at is not None and alert.look_again_at > again:
            began = min(alert.round_began_at, now)
            moved = replace(alert, version=alert.version + 1, round_began_at=began, look_again_at=again)
            save(connection, alert, moved)
            note(connection, moved, now, Act.NOTE, HUB, "The hub's clock was ahead, and was set back.")
            sooner += 1
    return sooner


def locked(connection: Connection, alert_id: int) -> Alert:
    row = connection.execute(_LOCKED, {"alert": alert_id}).first()
    if row is None:
        raise LookupError(f"there is no alert {alert_id}")
    return _alert(row)


def save(connection: Connection, seen: Alert, now: Alert) -> None:
    if not _swap(connection, seen, _columns(now)):
        raise Overtaken(f"alert {seen.id} was changed by somebody else")


def _swap(connection: Connection, seen: Alert, values: dict[str, Any]) -> bool:
    return connection.execute(_SAVE, {**values, "seen_id": seen.id, "seen_version": seen.version}).rowcount == 1


def note(connection: Connection, alert: Alert, now: datetime, act: Act, actor: str, text: str) -> None:
    row = {"alert": alert.id, "at": now, "act": act.value, "actor": actor, "text": text, "state": alert.state.value}
    chain.add(connection, _timeline, row)


def _finding_row(finding: Finding) -> dict[str, Any]:
    return {
        "key": finding.key,
        "home": finding.home,
        "kind": finding.kind.value,
        "sensor": finding.sensor or "",
        "since": finding.since,
        "at": finding.at,
        "over": finding.over,
    }


def _columns(alert: Alert) -> dict[str, Any]:
    return {
        "home": alert.home,
        "resident": alert.resident,
        "lane": alert.lane.value,
        "kind": alert.kind,
        "state": alert.state.value,
        "raised_at": alert.raised_at,
        "round_began_at": alert.round_began_at,
        "look_again_at": alert.look_again_at,
        "version": alert.version,
        "presses": alert.presses,
        "holder": alert.holder,
        "lapsed_by": alert.lapsed_by,
        "outcome": alert.outcome.value if alert.outcome else None,
        "closed_at": alert.closed_at,
        "reason": alert.reason,
    }


def attempt_made(row: Any) -> AttemptMade:
    values = dict(row._mapping)
    answer = Answer(row.answer) if row.answer else None
    return AttemptMade(**{**values, "tried": Tried(row.tried), "answer": answer})


def _alert(row: Any) -> Alert:
    values = dict(row._mapping)
    outcome = values.pop("outcome")
    return Alert(
        **{**values, "lane": Lane(row.lane), "state": State(row.state)}, outcome=Outcome(outcome) if outcome else None
    )
