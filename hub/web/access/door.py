"""Behind the gate: records as they are, and the two things that every subject of the gate does with them first.

`shown` says what of some data a viewer sees for a purpose; `look` puts that on record. A subject (one module beside
this for each kind of page) is handed the door, and hands on nothing but what is shown. Pages never hold a door.

Which homes somebody may touch at all is decided here, by `touches`, and nowhere else: one hub may serve several
councils, which see nothing of each other. A home or an alert comes by name from `home` and `alert`, many from `homes`
and `open_alerts`, staff from `staff`; each is told who asks. What belongs to a home that was given is then fair to ask.
"""

import time
from collections.abc import Callable, Collection, Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from hub.clock import Clock
from hub.desk import Desk
from hub.garbage import nothing_is_garbage
from hub.kits import Depot
from hub.knowing import NEVER_HEARD, noticed, unheard_after
from hub.store.alerts import Alerts, Entry
from hub.store.records import Records
from hub.store.row import Row
from hub.store.series import Series
from hub.web.shown import Hearing
from models.alert import Alert
from models.health import Heard, Why, why_unheard
from models.home import Home
from models.hours import clock_s, when
from models.people import OF_ONE_HOME, Account, Contact, Level, Resident, Role, Telling
from models.privacy import Data, Purpose, Showing, level_at, showing
from models.wire import Heartbeat, read_heartbeat

ABOUT_PERSON = frozenset(Data) - {Data.HEARING, Data.KIT, Data.FIGURES, Data.ACCOUNTS}
REMEMBERED = 10_000
PLAINLY = Telling()
LATELY = 0.5
"""Seconds, real and played, in which what is heard of a home is not asked anew."""


class Hidden(LookupError):
    """Not there, or not for this viewer: a page must not tell which."""


class ReasonNeeded(Exception):
    """Shown only against a stated reason, which goes on record."""


class Viewer:
    """Who looks: an account that has logged in, and the token that its forms must carry. Where `behind` them somebody
    else looks at what they would see, the look is that other's, and says `about` what it was. `telling` is how they
    want to be told things.
    """

    def __init__(
        self, account: Account, csrf: str, behind: "Viewer | None" = None, about: str = "", telling: Telling = PLAINLY
    ) -> None:
        self.login, self.name, self.role, self.person = account.login, account.name, account.role, account.person
        self.council, self.csrf, self.behind = account.council, csrf, behind
        self.about, self.telling = about, telling


@dataclass(frozen=True, slots=True)
class Register:
    """Homes by council, those that are watched and `every` one on record; and the `names` of accounts by login."""

    version: int = -1
    homes: dict[str, dict[str, Home]] = field(default_factory=dict)
    every: dict[str, dict[str, Home]] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)


class Door:
    """`real_now` gives real seconds, for the age of loops and sessions."""

    def __init__(
        self,
        records: Records,
        alerts: Alerts,
        series: Series,
        clock: Clock,
        real_now: Callable[[], float] = time.time,
        depot: Depot | None = None,
    ) -> None:
        self.records, self.alerts, self.series, self.depot = records, alerts, series, depot
        self.clock, self.real_now = clock, real_now
        self._looked: dict[tuple[str, str, str, str], datetime] = {}
        self._told: dict[int, tuple[int, list[Entry]]] = {}
        self._register = Register()
        self._beats: dict[str, tuple[float, datetime, Heard]] = {}

    def shown(
        self, viewer: Viewer, purpose: Purpose, wanted: Iterable[Data], *, level: Level | None = None, reason: str = ""
    ) -> frozenset[Data]:
        """What of `wanted` this viewer sees for that purpose. Raises Hidden, or ReasonNeeded for want of one.

        A contact sees no more than the resident shares with them now, whatever `level` a page asks for.
        """
        if viewer.role is Role.CONTACT and level is not None:
            level = min(level, self._shared_with(viewer), key=list(Level).index)
        how = {data: showing(viewer.role, purpose, data, level) for data in wanted}
        if not any(how.values()):
            raise Hidden(purpose)
        if Showing.WITH_REASON in how.values() and not reason:
            raise ReasonNeeded
        return frozenset(data for data, shown in how.items() if shown)

    def _shared_with(self, viewer: Viewer) -> Level:
        contact = self.records.contact(viewer.person or "")
        return level_at(contact, self.clock.now()) if contact else Level.NOTHING

    def look(
        self,
        viewer: Viewer,
        purpose: Purpose,
        home: str,
        shown: AbstractSet[Data],
        about: str = "",
        at_most: timedelta = timedelta(minutes=1),
    ) -> None:
        if viewer.behind:
            about, purpose, viewer = viewer.about, Purpose.PREVIEW, viewer.behind
        now = self.clock.now()
        key = (viewer.login, home, purpose, about)
        if key in self._looked and abs(now - self._looked[key]) < at_most:
            return
        data = ", ".join(sorted(shown & ABOUT_PERSON))
        self.records.look(viewer.login, viewer.role, home, data, purpose, about, now)
        self._looked[key] = now
        if len(self._looked) > REMEMBERED:
            self._looked = {key: at for key, at in self._looked.items() if now - at < timedelta(hours=1)}

    def desk(self, viewer: Viewer) -> Desk:
        """The records of their council, to look through or to change."""
        return Desk(self.records.engine, viewer.council, self.clock.now().date())

    def real(self) -> datetime:
        return datetime.fromtimestamp(self.real_now(), UTC)

    def touches(self, viewer: Viewer, home: Home) -> bool:
        """Whether this home is any business of theirs: for family and residents their own, else their council's."""
        if viewer.role in OF_ONE_HOME:
            return home.id == self.home_of(viewer.person)
        return home.council == viewer.council

    def home_of(self, person: str | None) -> str | None:
        """Where a contact or a resident, by their id, belongs."""
        contact = self.records.contact(person) if person else None
        resident = self.records.resident(contact.resident if contact else person or "")
        return resident.home if resident else None

    def alert(self, viewer: Viewer, alert_id: int) -> Alert:
        """Raises Hidden."""
        alert = self.alerts.alert(alert_id)
        if alert is None:
            raise Hidden(f"alert {alert_id}")
        self.home(viewer, alert.home)
        return alert

    def open_alerts(self, viewer: Viewer) -> list[Alert]:
        mine = self.all_homes(viewer)
        return [alert for alert in self.alerts.open_alerts() if alert.home in mine]

    def home(self, viewer: Viewer, home_id: str) -> Home:
        """Raises Hidden."""
        home = self.records.home(home_id)
        if home is None or not self.touches(viewer, home):
            raise Hidden(f"home {home_id}")
        return home

    def staff(self, viewer: Viewer, role: Role) -> list[Account]:
        """Those with that role who work for the same council."""
        return [one for one in self.records.accounts_of(role) if one.council == viewer.council]

    def noticed(self, home: Home, start: datetime, end: datetime) -> list[Row]:
        """By sensors in use: what is not agreed to any more, or not now, no page shows, though it may be kept still."""
        return noticed(self.records, self.series, home, start, end)

    def residents(self, alert: Alert) -> list[Resident]:
        one = self.records.resident(alert.resident) if alert.resident else None
        return [one] if one else self.records.residents_of(alert.home) or self.records.all_residents_of(alert.home)

    def contacts(self, residents: Iterable[Resident]) -> tuple[Contact, ...]:
        return tuple(one for who in residents for one in self.records.contacts_of(who.id))

    def names(self) -> dict[str, str]:
        """Of every account, by login."""
        return self._read().names

    def homes(self, viewer: Viewer) -> dict[str, Home]:
        if viewer.role in OF_ONE_HOME:
            own = self.records.home(self.home_of(viewer.person) or "")
            return {own.id: own} if own else {}
        return self.homes_of(viewer.council)

    def homes_of(self, council: str) -> dict[str, Home]:
        """Those that are watched."""
        return self._read().homes.get(council, {})

    def all_homes(self, viewer: Viewer) -> dict[str, Home]:
        """With those whose service has ended."""
        return self.homes(viewer) if viewer.role in OF_ONE_HOME else self.all_homes_of(viewer.council)

    def all_homes_of(self, council: str) -> dict[str, Home]:
        return self._read().every.get(council, {})

    def councils(self) -> dict[str, dict[str, Home]]:
        """All homes on record, by council."""
        return self._read().every

    def elsewhere(self, viewer: Viewer) -> set[str]:
        """Homes on record that are none of theirs."""
        mine = self.all_homes(viewer)
        return {home for homes in self._read().every.values() for home in homes if home not in mine}

    def _read(self) -> Register:
        """Read again only when the register has changed."""
        version = self.records.version()
        if self._register.version != version:
            with nothing_is_garbage():
                self._register = self._registered(version)
        return self._register

    def _registered(self, version: int) -> Register:
        every: dict[str, dict[str, Home]] = {}
        for home in self.records.homes(ended=True):
            every.setdefault(home.council, {})[home.id] = home
        homes = {
            council: {one: home for one, home in mine.items() if home.ended is None} for council, mine in every.items()
        }
        return Register(version, homes, every, self.records.accounts.names())

    def entries(self, alert: Alert) -> list[Entry]:
        """The timeline, read again only when the alert has changed."""
        known = self._told.get(alert.id)
        if known is None or known[0] != alert.version:
            known = self._told[alert.id] = (alert.version, self.alerts.timeline(alert.id))
        if len(self._told) > REMEMBERED:
            self._told.clear()
        return known[1]

    def heard_of(self, home_id: str) -> Heard:
        """At most half a second old, however time runs."""
        real, now = self.real_now(), self.clock.now()
        known = self._beats.get(home_id)
        if known is None or real - known[0] > LATELY or now - known[1] > timedelta(seconds=LATELY):
            if len(self._beats) > REMEMBERED:
                self._beats.clear()
            heard = self.records.heard(home_id).get(home_id, NEVER_HEARD)
            known = self._beats[home_id] = (real, now, heard)
        return known[2]

    def why(self, home_id: str, now: datetime) -> Why | None:
        return why_unheard(self.heard_of(home_id), now, unheard_after(self.records.heartbeat(home_id)))

    def hearing(self, home: Home, now: datetime) -> Hearing:
        return _hearing(home, self.heard_of(home.id), self.records.heartbeat(home.id), now)

    def hearings(self, homes: Collection[Home], now: datetime) -> dict[str, Hearing]:
        """Of each of many."""
        heard, beats = self.records.heard(), self.records.heartbeats()
        told = {home.id: read_heartbeat(beats[home.id]) if home.id in beats else None for home in homes}
        return {home.id: _hearing(home, heard.get(home.id, NEVER_HEARD), told[home.id], now) for home in homes}


def _hearing(home: Home, heard: Heard, beat: Heartbeat | None, now: datetime) -> Hearing:
    until, why = heard.until, why_unheard(heard, now, unheard_after(beat))
    if why is None and until is not None:
        return Hearing(True, f"The home is heard; all has arrived up to {clock_s(until, home.timezone)}.", until)
    if until is None:
        return Hearing(False, "Not installed yet: no kit was ever heard here.", None)
    since = when(until, now, home.timezone)
    return Hearing(False, f"The home is not heard since {since}, because {why}.", until)
