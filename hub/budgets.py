"""The budget of false alerts that each home is watched with: what was set, shifted by what became of its alerts."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from hub.store import Store
from hub.store.alerts import HUB, Alerts
from hub.store.records import Records, Shift
from models.alert import Alert
from models.detection import FindingKind
from models.detection.feedback import COUNTED, FALLS_COUNTED, Judged, JudgedFall, budget, sureness
from models.home import Home
from models.reason import NOT_COUNTED
from models.share import WHOLE, Share

AGES_EVERY = timedelta(hours=1)
"""What was counted grows old without anything happening."""


class Budgets:
    """Every shift is a row before it is in force; of several watches each shifts those of its own homes."""

    def __init__(self, store: Store, share: Share = WHOLE) -> None:
        self._store = store
        self._share = share
        self._seen: tuple[int, int, int] = (-1, -1, -1)
        self._looked: datetime | None = None
        self._in_force: dict[str, float] = {}
        self._falls: dict[tuple[str, str], float] = {}

    def homes(self, homes: Sequence[Home]) -> list[Home]:
        """With the budgets in force."""
        return [self._watched(home) for home in homes]

    def _watched(self, home: Home) -> Home:
        home, rate = self._surer(home), self._rate(home)
        return home if rate == home.false_alerts_a_month else replace(home, false_alerts_a_month=rate)

    def _surer(self, home: Home) -> Home:
        """Its pendants as sure as they have to be."""
        if not self._falls or not any((home.id, sensor.id) in self._falls for sensor in home.sensors):
            return home
        fitted = (replace(one, fall_chance=self._falls.get((home.id, one.id), 0.0)) for one in home.sensors)
        return replace(home, sensors=tuple(fitted))

    def _rate(self, home: Home) -> float:
        return self._in_force.get(home.id, home.false_alerts_a_month)

    def read(self) -> None:
        self._in_force = in_force(self._store.records.shifts())

    def follow(self, now: datetime, known_for: Callable[[str], timedelta]) -> bool:
        """Whether a budget is another one than when last asked."""
        if not self._may_differ(now):
            return False
        shifts, lately = self._store.records.shifts(), judged(self._store.alerts, now)
        for home in self._concerned(lately, shifts):
            self._shift(home, [one for one in shifts if one.home == home.id], lately, known_for(home.id), now)
        before = self._in_force, self._falls
        self.read()
        self._falls = sure_enough(self._store, now)
        return before != (self._in_force, self._falls)

    def _may_differ(self, now: datetime) -> bool:
        shifted = self._store.records.latest_shift() + len(self._store.records.falls_undone())
        seen = (self._store.alerts.latest_change(), shifted, self._store.records.version())
        fresh = self._looked is not None and timedelta(0) <= now - self._looked < AGES_EVERY
        if seen == self._seen and fresh:
            return False
        self._seen, self._looked = seen, now
        return True

    def _concerned(self, lately: Sequence[Judged], shifts: Sequence[Shift]) -> list[Home]:
        """Homes where an alert was judged lately, or where a budget was shifted."""
        ids = {one.home for one in lately} | {one.home for one in shifts}
        return [home for home in map(self._store.records.home, filter(self._share.owns, sorted(ids))) if home]

    def _shift(
        self, home: Home, shifts: Sequence[Shift], lately: Sequence[Judged], known_for: timedelta, now: datetime
    ) -> None:
        undone = set_aside(shifts, self._store.alerts)
        own = home.false_alerts_a_month
        mine = [one for one in lately if one.home == home.id and one.alert not in undone]
        due, was = budget(own, mine, known_for, now), shifts[-1].now if shifts else own
        if due.rate != was:
            self._store.records.shift(home.id, now, was, due.rate, due.because, HUB)


def sure_enough(store: Store, now: datetime) -> dict[tuple[str, str], float]:
    """Of each pendant whose falls were often false lately, how sure it has to be."""
    falls = counted_falls(store.alerts, store.records, now)
    pendants = {(one.home, one.sensor) for one in falls}
    found = {each: sureness((one for one in falls if (one.home, one.sensor) == each), now) for each in pendants}
    return {each: sure.chance for each, sure in found.items() if sure.because}


def counted_falls(alerts: Alerts, records: Records, now: datetime, home: str | None = None) -> list[JudgedFall]:
    undone = _not_corrected(records.falls_undone(), alerts)
    return [one for one in alerts.judged_falls(now - FALLS_COUNTED, home) if one.alert not in undone]


def judged(alerts: Alerts, now: datetime) -> list[Judged]:
    closed = alerts.judged(FindingKind.SILENCE, now - COUNTED)
    return [_judged(one) for one in closed if (one.outcome, one.reason) not in NOT_COUNTED]


def _judged(alert: Alert) -> Judged:
    assert alert.outcome is not None
    assert alert.closed_at is not None
    return Judged(alert.id, alert.home, alert.outcome, alert.closed_at)


def in_force(shifts: Sequence[Shift]) -> dict[str, float]:
    """The last shift of each home says."""
    return {one.home: one.now for one in shifts}


def set_aside(shifts: Sequence[Shift], alerts: Alerts) -> frozenset[int]:
    """The alerts that count no more, since a person has undone what they led to."""
    undone = {one.undoes: one.at for one in shifts}
    aside = {alert: undone[one.id] for one in shifts if one.id in undone for alert in one.because}
    return _not_corrected(aside, alerts)


def _not_corrected(undone: Mapping[int, datetime], alerts: Alerts) -> frozenset[int]:
    """Of alerts whose effect was undone at a moment: those that still are what they were then."""
    corrected = alerts.corrected(undone)
    return frozenset(alert for alert, at in undone.items() if alert not in corrected or corrected[alert] <= at)
