"""The shift's book for those on shift: what is open, who was promised a call back, what is muted, and who took over."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from hub.knowing import Knowing
from hub.store.shiftbook import AnsweredAlready, Row, Shiftbook
from hub.web.access.door import Door, Hidden, Viewer
from hub.web.access.said import people, zone_of
from hub.web.words import KIND
from models.alert import Alert, Lane, Refused, State
from models.hours import when
from models.people import Role
from models.privacy import Data, Purpose
from models.shift import LATE_AFTER, LIVED_IN, LONGEST_MUTING, LONGEST_PROMISE, Noted, lived_in

READ_AGAIN = 2.0
"""Real seconds; every look at the queue asks what is late."""
LIVED_IN_READ_AGAIN = timedelta(minutes=1)
"""Real and played; every console asks every few seconds, and each home muted as away is hours of series to read."""
ON_SHIFT = frozenset({Role.OPERATOR, Role.SUPERVISOR})


@dataclass(frozen=True, slots=True)
class Open:
    """An open alert, as it is handed on."""

    id: int
    kind: str
    who: str
    home: str
    raised_at: datetime
    standing: str
    waits: bool


@dataclass(frozen=True, slots=True)
class Promise:
    row: Row
    who: str
    by: str
    due: bool
    late: bool


@dataclass(frozen=True, slots=True)
class Muting:
    """`lived_in` says of a home muted as away that somebody seems to be there; '' where nobody does."""

    row: Row
    who: str
    by: str
    lived_in: str


@dataclass(frozen=True, slots=True)
class Handover:
    """`offered` is a handing over that waits for somebody to take it, and by whom it was signed."""

    now: datetime
    zone: str
    open: tuple[Open, ...]
    promises: tuple[Promise, ...]
    mutings: tuple[Muting, ...]
    offered: Row | None
    offered_by: str
    mine: bool
    latest: tuple[tuple[Row, str], ...]
    homes: tuple[tuple[str, str], ...]
    """Homes of open alerts, by id and by whose they are, to choose from."""


class Handovers:
    def __init__(self, door: Door, knowing: Knowing) -> None:
        self._door, self._knowing, self._book = door, knowing, Shiftbook(door.records.engine)
        self._late: dict[str, tuple[float, datetime, list[str]]] = {}
        self._lived_in: dict[str, tuple[float, datetime, frozenset[int]]] = {}

    def page(self, viewer: Viewer) -> Handover:
        self._may(viewer)
        now, names = self._door.clock.now(), self._door.names()
        opened = sorted(self._door.open_alerts(viewer), key=lambda one: (one.lane is Lane.KIT, one.raised_at))
        zone = zone_of(self._door.homes(viewer).values())
        shown = tuple(self._open(viewer, one, names, now, zone) for one in opened)
        offered = self._book.handed_over(viewer.council)
        return Handover(
            now,
            zone,
            shown,
            self.promises(viewer),
            self.mutings(viewer),
            offered,
            names.get(offered.actor, offered.actor) if offered else "",
            offered is not None and offered.actor == viewer.login,
            tuple((one, names.get(one.actor, one.actor)) for one in self._book.latest(viewer.council)),
            tuple({one.home: (one.home, one.who) for one in shown}.values()),
        )

    def promises(self, viewer: Viewer, *, due_only: bool = False) -> tuple[Promise, ...]:
        """Call-backs that nobody made yet, the one that is due first."""
        self._may(viewer)
        now, names, found = self._door.clock.now(), self._door.names(), []
        for row in self._book.promises(viewer.council):
            due = row.until is not None and row.until <= now
            if due or not due_only:
                late = row.until is not None and row.until + LATE_AFTER <= now
                found.append(Promise(row, self._who(viewer, row.home), names.get(row.actor, row.actor), due, late))
        return tuple(found)

    def mutings(self, viewer: Viewer, *, lived_in_only: bool = False) -> tuple[Muting, ...]:
        """Homes that are muted now; only those muted as away where somebody seems to be, if so asked."""
        self._may(viewer)
        now, names, found = self._door.clock.now(), self._door.names(), []
        for row in self._book.mutings(viewer.council, now):
            told = self._told_lived_in(viewer, row, now)
            if told or not lived_in_only:
                found.append(Muting(row, self._who(viewer, row.home), names.get(row.actor, row.actor), told))
        return tuple(found)

    def _told_lived_in(self, viewer: Viewer, muted: Row, now: datetime) -> str:
        home = self._door.homes(viewer).get(muted.home or "")
        if muted.what is not Noted.AWAY or home is None:
            return ""
        shown = self._door.shown(viewer, Purpose.QUEUE, (Data.STANDING,))
        if muted.id not in self._all_lived_in(viewer.council, now):
            return ""
        self._door.look(viewer, Purpose.QUEUE, home.id, shown, about="muted as away", at_most=timedelta(hours=1))
        return f"Signs of life in several hours: somebody{' (or a pet)' if home.pets else ''} seems to be home."

    def _all_lived_in(self, council: str, now: datetime) -> frozenset[int]:
        """Rows that mute a home as away where somebody seems to be."""
        real, known = self._door.real_now(), self._lived_in.get(council)
        lasts = LIVED_IN_READ_AGAIN.total_seconds()
        if known is None or not 0 <= real - known[0] < lasts or abs(now - known[1]) > LIVED_IN_READ_AGAIN:
            known = self._lived_in[council] = (real, now, self._read_lived_in(council, now))
        return known[2]

    def _read_lived_in(self, council: str, now: datetime) -> frozenset[int]:
        homes, found = self._door.homes_of(council), set[int]()
        for row in self._book.mutings(council, now):
            home = homes.get(row.home or "")
            if row.what is not Noted.AWAY or home is None:
                continue
            if lived_in([one.at for one in self._knowing.seen(home, max(row.at, now - LIVED_IN), now)]):
                found.add(row.id)
        return frozenset(found)

    def promise(self, viewer: Viewer, home: str, alert: int | None, after: timedelta, text: str) -> None:
        """Raises Hidden, and Refused with what is missing."""
        self._on_shift(viewer, home, alert)
        if not text.strip():
            raise Refused("say whom to ring and why: whoever is on shift then will not know")
        if not timedelta(0) < after <= LONGEST_PROMISE:
            raise Refused(f"a call-back is promised for up to {LONGEST_PROMISE.days} days ahead")
        until = self._door.clock.now() + after
        self._write(viewer, Noted.PROMISED, home=home, alert=alert, until=until, text=text.strip())

    def keep(self, viewer: Viewer, number: int, text: str) -> None:
        """Raises Hidden, and Refused."""
        promise = self._mine(viewer, number, Noted.PROMISED)
        if not text.strip():
            raise Refused("say what came of it, or who could not be reached and what was done instead")
        try:
            self._write(viewer, Noted.KEPT, home=promise.home, alert=promise.alert, of=number, text=text.strip())
        except AnsweredAlready as first:
            raise Refused("somebody else rang back already: look at the latest lines") from first

    def mute(self, viewer: Viewer, home: str, span: timedelta, text: str, *, away: bool = False) -> None:
        """`away` where nobody is there meanwhile, so that a sign of somebody is told. Raises Hidden, and Refused."""
        self._on_shift(viewer, home, None)
        if not text.strip():
            raise Refused("muting needs a reason, which stands beside it until it ends")
        if not timedelta(0) < span <= LONGEST_MUTING:
            raise Refused(f"a home is muted for {LONGEST_MUTING.days} days at most: look again then")
        what = Noted.AWAY if away else Noted.MUTED
        self._write(viewer, what, home=home, until=self._door.clock.now() + span, text=text.strip())

    def unmute(self, viewer: Viewer, home: str) -> None:
        self._on_shift(viewer, home, None)
        if home not in {one.home for one in self._book.mutings(viewer.council, self._door.clock.now())}:
            raise Refused("this home is not muted any more")
        self._write(viewer, Noted.UNMUTED, home=home)

    def hand_over(self, viewer: Viewer, text: str) -> None:
        """Signed by who hands over, with what stands open at that moment. Raises Refused."""
        self._may(viewer)
        if self._book.handed_over(viewer.council):
            raise Refused("a handing over waits already for somebody to take it")
        self._write(viewer, Noted.HANDED_OVER, text=f"{self._summary(viewer)} {text.strip()}".strip())

    def take_over(self, viewer: Viewer, number: int, text: str) -> None:
        """Signed by who takes over: somebody else. Raises Hidden, and Refused."""
        offered = self._mine(viewer, number, Noted.HANDED_OVER)
        if offered.actor == viewer.login:
            raise Refused("who hands over can't take over: the next shift signs this")
        try:
            told = f"{self._summary(viewer)} {text.strip()}".strip()
            self._write(viewer, Noted.TOOK_OVER, of=number, text=told)
        except AnsweredAlready as first:
            raise Refused("somebody else took over already") from first

    def late(self, council: str) -> list[str]:
        """What everybody on shift is told of: call-backs that are overdue. No word about a person."""
        real, now = self._door.real_now(), self._door.clock.now()
        known = self._late.get(council)
        if known is None or not 0 <= real - known[0] < READ_AGAIN or abs(now - known[1]) > LATE_AFTER / 100:
            known = self._late[council] = (real, now, self._overdue(council, now))
        return known[2]

    def _overdue(self, council: str, now: datetime) -> list[str]:
        homes = self._door.homes_of(council)
        return [
            f"A call-back promised for {when(one.until, now, homes[one.home].timezone)} has not been made."
            for one in self._book.promises(council)
            if one.until and one.until + LATE_AFTER <= now and one.home in homes
        ]

    def _summary(self, viewer: Viewer) -> str:
        shown = [one.id for one in self._door.open_alerts(viewer)]
        promised = [one.id for one in self._book.promises(viewer.council)]
        muted = [one.home for one in self._book.mutings(viewer.council, self._door.clock.now())]
        parts = (("Open alerts", shown), ("call-backs", promised), ("muted", muted))
        return "; ".join(f"{name}: {', '.join(map(str, some)) or 'none'}" for name, some in parts) + "."

    def _open(self, viewer: Viewer, alert: Alert, names: dict[str, str], now: datetime, zone: str) -> Open:
        holder = names.get(alert.holder or "", alert.holder)
        waits = alert.state is State.RAISED and alert.round_began_at > now
        standing = f"waits until {when(alert.round_began_at, now, zone)}: the home is muted" if waits else ""
        standing = standing or (f"held by {holder}" if holder else "nobody holds it")
        kind = KIND.get(alert.kind, alert.kind)
        return Open(alert.id, kind, self._who(viewer, alert.home), alert.home, alert.raised_at, standing, waits)

    def _who(self, viewer: Viewer, home: str | None) -> str:
        if home is None or home not in self._door.homes(viewer):
            return ""
        shown = self._door.shown(viewer, Purpose.QUEUE, (Data.PERSON,))
        self._door.look(viewer, Purpose.QUEUE, home, shown, about="handover", at_most=timedelta(hours=1))
        return " and ".join(called for called, _ in people(self._door.records.residents_of(home))) or home

    def _mine(self, viewer: Viewer, number: int, what: Noted) -> Row:
        self._may(viewer)
        row = self._book.row(number)
        if row is None or row.council != viewer.council or row.what is not what:
            raise Hidden(f"row {number}")
        return row

    def _on_shift(self, viewer: Viewer, home: str, alert: int | None) -> None:
        """Raises Hidden where home or alert is none of theirs."""
        self._may(viewer)
        self._door.home(viewer, home)
        if alert is not None and self._door.alert(viewer, alert).home != home:
            raise Hidden(f"alert {alert}")

    def _may(self, viewer: Viewer) -> None:
        if viewer.role not in ON_SHIFT:
            raise Hidden("handover")
        self._door.shown(viewer, Purpose.QUEUE, (Data.ALERTS, Data.PERSON))

    def _write(
        self,
        viewer: Viewer,
        what: Noted,
        *,
        home: str | None = None,
        alert: int | None = None,
        of: int | None = None,
        until: datetime | None = None,
        text: str = "",
    ) -> None:
        now = self._door.clock.now()
        self._late.pop(viewer.council, None)
        self._lived_in.pop(viewer.council, None)
        self._book.write(Row(0, now, viewer.council, viewer.login, what, home, alert, of, until, text))
