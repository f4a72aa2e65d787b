"""What the hub knows of a home now, fetched for whoever is to be told: for pages and for notices alike."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

from hub.loops import judged_until
from hub.store.alerts import Alerts
from hub.store.once import once
from hub.store.records import Expectation, Records
from hub.store.row import Row
from hub.store.series import Series
from hub.store.wishes import Wishes
from models.alert import Alert, Lane, Outcome, State
from models.day import Seen, Span
from models.glimpse import Known
from models.health import Heard, kit_unheard_after, why_unheard
from models.home import Home
from models.hours import Hours, midnight, reaches_into
from models.knowing import SEEN_FROM, believed, known, spans
from models.morning import REMEMBERED, came_home, minute_of, morning, up_at
from models.observation import SIGNS_OF_LIFE, SensorKind
from models.people import Contact, Resident
from models.privacy import agreed, in_use
from models.protection import Unprotected
from models.sentence import MOBILE
from models.wire import Heartbeat, Route
from models.wishes import Deed, out_of_use, unshared

DEAF = (Unprotected.KIT_UNHEARD, Unprotected.NO_SENSORS, Unprotected.RADIO)
HOMES_KEPT = 2000
NEVER_HEARD = Heard(None, None)
BEHIND = timedelta(minutes=10)
"""When the watch has judged only up to so long ago, no claim is made about now."""


class Knowing:
    def __init__(self, records: Records, alerts: Alerts, series: Series) -> None:
        self._records, self._alerts, self._series = records, alerts, series
        self._wishes = Wishes(records.engine)
        self._mornings: dict[str, tuple[datetime, tuple[datetime, ...]]] = {}

    def known(
        self, resident: Resident, home: Home, now: datetime, *, judged: bool, hidden: Sequence[Hours] = ()
    ) -> Known:
        """`hidden` are the hours of which its reader is told nothing."""
        heard, beat = self.heard(home), self._records.heartbeat(home.id)
        why = why_unheard(heard, now, unheard_after(beat))
        past = self._alerts.of_home(home.id, 20)
        mine = [one for one in past if about(one, resident)]
        opened = next((one for one in mine if one.state is not State.CLOSED), None)
        today, start = midnight(now, home.timezone), morning(now, home.timezone)
        seen = self.seen(home, now - SEEN_FROM, now)
        return known(
            used(self._records, home),
            resident.called,
            seen,
            now,
            heard,
            why,
            judged=judged,
            told=_told(self._records.expectation(home.id)),
            alert_since=opened.raised_at if opened else None,
            looked_into=any(
                (one.closed_at or one.raised_at) >= today for one in told_of(self._alerts, mine, hidden, now)
            ),
            mornings=self.mornings(home, now, hidden) if why is None else (),
            gaps=[*self._gaps(home, start, now), *self._paused(home, now), *_away(past, seen)] if start < now else (),
            reaches=_reaches(home, beat, heard, now),
            unwatched=self.unwatched(home, now),
            unshared=hidden,
        )

    def judged(self, home: Home, now: datetime) -> bool:
        """Whether what the watch has written down of it is about now."""
        until = judged_until(self._records.loops(), home.id)
        return until is not None and now - until < BEHIND

    def heard(self, home: Home) -> Heard:
        return self._records.heard(home.id).get(home.id, NEVER_HEARD)

    @once
    def seen(self, home: Home, start: datetime, end: datetime) -> list[Seen]:
        """Signs of life as far as they are believed, in order of time."""
        rows = noticed(self._records, self._series, home, start, end)
        seen = [Seen(row.at, row.what, row.sensor) for row in rows if row.what in SIGNS_OF_LIFE]
        if not any(sensor.kind is SensorKind.CHAIR for sensor in home.sensors):
            return seen
        told = self._records.expectation(home.id)
        return believed(seen, self._alerts.misleading(home.id), told.last_sign if told else None)

    def spans(self, home: Home, start: datetime, end: datetime) -> tuple[list[Span], Seen | None]:
        """The ribbon, and the last sign of life."""
        heard = self.heard(home)
        why = why_unheard(heard, end, unheard_after(self._records.heartbeat(home.id)))
        seen = self.seen(home, start - timedelta(days=1), end)
        drawn = spans(used(self._records, home), seen, start, end, heard.until, why, self.unwatched(home, end))
        return drawn, seen[-1] if seen else None

    @once
    def unwatched(self, home: Home, now: datetime) -> list[tuple[datetime, datetime]]:
        """When no motion was noticed since that was paused or stopped."""
        return [(start, end) for _, start, end in out_of_use(self._wishes.of(home.id), SensorKind.MOTION, now)]

    def hidden(self, home: Home, contact: Contact) -> list[Hours]:
        """When the resident shared nothing with them."""
        return unshared(self._wishes.of(home.id), contact.id)

    def mornings(self, home: Home, now: datetime, hidden: Sequence[Hours] = ()) -> tuple[int, ...]:
        """When they were up on the days before, as minutes of the home's clock; read once a day."""
        today = morning(now, home.timezone)
        kept = self._mornings.get(home.id)
        if kept is None or kept[0] != today:
            if len(self._mornings) >= HOMES_KEPT:
                self._mornings.clear()
            kept = self._mornings[home.id] = (today, tuple(self._ups(home, now, REMEMBERED)))
        return tuple(minute_of(up, home.timezone) for up in _besides(hidden, kept[1], home))

    def ups(self, home: Home, now: datetime, days: int, hidden: Sequence[Hours] = ()) -> list[datetime]:
        """When they were up on the days before."""
        return _besides(hidden, self._ups(home, now, days), home)

    def _ups(self, home: Home, now: datetime, days: int) -> list[datetime]:
        """When they were up on the days before, without those on which something could not be noticed for a while or
        they were away, nor that on which the kit was fitted: what was missed would pass for a late morning.
        """
        starts = [morning(now, home.timezone, -back) for back in range(days, -1, -1)]
        seen = self.seen(home, starts[0] - timedelta(days=1), starts[-1])
        whole = [(start, end) for start, end in pairwise(starts) if seen and seen[0].at < start]
        found = [(start, up_at(seen, start, end)) for start, end in whole]
        told = [(start, up) for start, up in found if up and not came_home(home, seen, up)]
        unknown = [*self._paused(home, now), *_away(self._alerts.of_home(home.id), seen)]
        return [up for start, up in told if not reaches_into([*self._gaps(home, start, up), *unknown], start, up)]

    def _gaps(self, home: Home, start: datetime, end: datetime) -> list[Hours]:
        spells = self._records.health.spells(start, end, home.id, DEAF)
        return [(one.began, one.ended or end) for one in spells]

    def _paused(self, home: Home, now: datetime) -> list[Hours]:
        """When what says that somebody is up was paused, or motion stopped: without a bed motion says it alone."""
        wishes = self._wishes.of(home.id)
        bed = [one for one in out_of_use(wishes, SensorKind.BED, now) if one[0] is Deed.PAUSED]
        return [(start, end) for _, start, end in [*out_of_use(wishes, SensorKind.MOTION, now), *bed]]


def _away(alerts: Sequence[Alert], seen: Sequence[Seen]) -> list[Hours]:
    """From an alert that was closed as being away until there was a sign of life again."""
    found = [(one.raised_at, one.closed_at) for one in alerts if one.outcome is Outcome.AWAY]
    return [(raised, next((one.at for one in seen if one.at > closed), closed)) for raised, closed in found if closed]


def noticed(records: Records, series: Series, home: Home, start: datetime, end: datetime) -> list[Row]:
    """By sensors in use: what is not agreed to any more, or not now, nobody is told, though it may be kept still."""
    heard = {one.id for one in in_use(home, agreed(records.consents(home.id), home.id)).sensors}
    fitted = {one.id for one in home.sensors}
    return [row for row in series.between(home.id, start, end) if row.sensor in heard or row.sensor not in fitted]


def used(records: Records, home: Home) -> Home:
    """With the sensors that are agreed to now, and no fewer people than are looked after there."""
    people = max(home.people, len(records.residents_of(home.id)))
    return replace(in_use(home, agreed(records.consents(home.id), home.id)), people=people)


def told_of(alerts: Alerts, some: Sequence[Alert], hidden: Sequence[Hours], now: datetime) -> list[Alert]:
    """Those of which nothing lies in hours that are `hidden`, from what was noticed first until they were closed."""
    if not hidden:
        return list(some)
    began = alerts.began([one.id for one in some])
    return [
        one
        for one in some
        if not reaches_into(hidden, min(began.get(one.id, one.raised_at), one.raised_at), one.closed_at or now)
    ]


def _besides(hidden: Sequence[Hours], ups: Iterable[datetime], home: Home) -> list[datetime]:
    """Without the mornings of which a part is `hidden`."""
    return [up for up in ups if not reaches_into(hidden, morning(up, home.timezone), up)]


def about(alert: Alert, resident: Resident) -> bool:
    return alert.lane is Lane.PERSON and alert.resident in (None, resident.id)


def unheard_after(beat: Heartbeat | None) -> timedelta:
    return kit_unheard_after(timedelta(seconds=beat.every if beat else 60.0))


def _told(told: Expectation | None) -> tuple[datetime, datetime] | None:
    return (told.last_sign, told.expected_by) if told else None


def _reaches(home: Home, beat: Heartbeat | None, heard: Heard, now: datetime) -> str:
    """How a press would reach us: '' unless the kit was heard just now, and has something to press."""
    buttons = (SensorKind.PENDANT, SensorKind.PULL_CORD)
    if beat is None or heard.at is None or not heard.online or now - heard.at > unheard_after(beat):
        return ""
    if not any(sensor.kind in buttons for sensor in home.sensors):
        return ""
    return MOBILE if beat.route is Route.MODEM else "broadband"
