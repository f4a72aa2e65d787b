"""The one gate. A page gets a record only by saying who looks and for what; what models.privacy hides stays here.

Every look at a person's data is on record before the data is handed out, once per viewer, home, alert and minute, where
the resident can read it. A row in the queue, which stays on the screen, counts as one look an hour.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from hub.budgets import counted_falls, judged, set_aside
from hub.clock import Clock
from hub.kits import Depot, short, standing_of
from hub.knowing import BEHIND, Knowing, about, unheard_after
from hub.loops import age, judged_until, relied_on
from hub.reserve import reserve
from hub.settings import Settings
from hub.store import open_store
from hub.store.alerts import Alerts, Entry
from hub.store.mentioned import Mentioned
from hub.store.once import asking_once
from hub.store.records import Expectation, Records
from hub.store.series import Series
from hub.store.traces import Traces
from hub.store.worklist import Worklist
from hub.web.access import anew
from hub.web.access.accounts import AccountDesk
from hub.web.access.administration import Administration
from hub.web.access.afterwards import AfterDesk
from hub.web.access.aloud import AloudDesk
from hub.web.access.board import Board
from hub.web.access.commissioning import Commissioning
from hub.web.access.days import DAY, Days
from hub.web.access.door import Door, Hidden, ReasonNeeded, Viewer
from hub.web.access.entrance import Entrance
from hub.web.access.family import FamilyDesk
from hub.web.access.felt import felt_around
from hub.web.access.figures import FiguresOf
from hub.web.access.handover import Handovers
from hub.web.access.homestate import HomeState
from hub.web.access.key_safes import KeySafeDesk
from hub.web.access.leaving import LeavingDesk
from hub.web.access.letters import LetterDesk
from hub.web.access.outages import OutageDesk
from hub.web.access.planning import PlanningDesk
from hub.web.access.relatives import RelativeDesk
from hub.web.access.reminding import RemindingDesk
from hub.web.access.responding import ResponseDesk, told
from hub.web.access.said import line, people, reasons, sent_of, zone_of
from hub.web.access.seeking import SeekingDesk
from hub.web.access.trying import TryingDesk
from hub.web.access.upkeep import Upkeep
from hub.web.access.visits import VisitDesk
from hub.web.access.wanted import WantedDesk
from hub.web.access.ways import WayDesk
from hub.web.access.wishes import Choosing, with_name
from hub.web.picture import Picture
from hub.web.shown import (
    Certificate,
    Fault,
    Fitted,
    Happened,
    KitCard,
    Kits,
    Looked,
    Mention,
    Own,
    Person,
    Prepared,
    Sheet,
    Strip,
    Visit,
    Watching,
)
from hub.web.words import place
from models.alert import HOLDER_ONLY, LEGAL, Act, Alert, HomeTold, Lane, Outcome, Refused, State, reopened_until
from models.detection import coldstart
from models.detection.explain import about_one_in
from models.detection.feedback import COUNTED, UNDONE_BY, budget, sureness, told_of_falls
from models.detection.feedback import told as feedback_told
from models.home import Home
from models.hours import clock_s, midnight, when
from models.knowing import SAME_SIGN
from models.observation import SensorKind, What
from models.people import Level, Resident, Role
from models.privacy import ALWAYS, RETENTION, Data, Purpose, agreed
from models.reason import known, said
from models.telling import Saying

LATE = 15.0
"""Real seconds after which a life-critical loop that has not turned is late."""

BY_HAND = frozenset({Act.ANSWER, Act.NOTE, Act.SEND, Act.ARRIVE, Act.CLOSE})
ACTING = frozenset({Role.OPERATOR, Role.SUPERVISOR})

NOT_FOR_KITS = frozenset({Data.STANDING, Data.PARTS_OF_DAY, Data.ROOMS, Data.TIMES, Data.MEDICAL, Data.WAY_IN})
"""A fault of the kit is no reason to look at how the person spent the day."""

EXPLAINED = frozenset({Act.RAISE, Act.GROW})
"""Acts whose text is an explanation, which the page shows apart from what people did."""

RING = "Ring the duty line."
"""Where nobody in the contact centre can help."""
FULL = f"The hub's disk is full: it lives on its reserve, and nothing is lost yet. Room has to be made. {RING}"
SCARCE = f"The hub's disk is full, its reserve too: only calls for help are taken in. Room has to be made now. {RING}"

NOWHERE = "The hub's settings do not say where kits find it. Ask whoever runs the hub to set kits_host and kits_port."
MENTIONED = timedelta(days=14)
WORN_WITHIN, FELT_WITHIN = timedelta(days=14), RETENTION[SensorKind.PENDANT]


class Gate:
    """All that the pages may ask. `real_now` gives real seconds, for the age of loops and sessions."""

    def __init__(
        self,
        records: Records,
        alerts: Alerts,
        series: Series,
        clock: Clock,
        real_now: Callable[[], float] = time.time,
        depot: Depot | None = None,
        traces: Traces | None = None,
        settings: Settings | None = None,
    ) -> None:
        self._door = Door(records, alerts, series, clock, real_now, depot)
        self._records, self._alerts, self._series, self._depot = records, alerts, series, depot
        self._clock, self._real_now, self._traces = clock, real_now, traces
        chosen = settings or Settings()
        self.entrance = Entrance(self._door, chosen)
        self.accounts = AccountDesk(self._door, chosen)
        self._days, self._mentioned = Days(self._door, Knowing(records, alerts, series)), Mentioned(records.engine)
        self._state = HomeState(self._door, self._days, records.health)
        self.family = FamilyDesk(self._door, self._days, self._judges, self._mentions)
        self.relatives = RelativeDesk(self._door, chosen)
        self.wanted = WantedDesk(self._door, chosen, self._days.knowing)
        self.upkeep = Upkeep(self._door, records.health)
        self.response = ResponseDesk(self._door, chosen)
        self.key_safes = KeySafeDesk(self._door, chosen)
        self.visits_desk = VisitDesk(self._door)
        self.after = AfterDesk(self._door, chosen, self._days.knowing)
        self.administration = Administration(self._door)
        self.trying = TryingDesk(self._door)
        self.leaving = LeavingDesk(self._door)
        self.figures = FiguresOf(self._door)
        self.handovers = Handovers(self._door, self._days.knowing)
        self.commissioning = Commissioning(self._door, self.key_safes)
        self.choosing = Choosing(self._door, self.relatives)
        self.letters = LetterDesk(self._door, self.choosing, self.family)
        self.aloud = AloudDesk(self._door, chosen, self.family)
        self.reminding = RemindingDesk(self._door)
        self.seeking = SeekingDesk(self._door)
        self.planning = PlanningDesk(self._door, chosen)
        self._worklist, self._reserve = Worklist(records.engine), reserve(chosen)
        self.ways = WayDesk(self._door)
        self.board = Board(self._door, self._worklist, self.trouble, self.ways.broken, traces)
        self.outages = OutageDesk(self._door, self.board)

    # The contact centre

    def may(self, viewer: Viewer, purpose: Purpose) -> None:
        """Raises Hidden for a viewer who has no business here."""
        self._door.shown(viewer, purpose, Data)

    def closed(self, viewer: Viewer, purpose: Purpose, alert_id: int) -> Alert:
        """An alert without anything about the person, so that a reason to see more can be asked for."""
        self._door.shown(viewer, purpose, (Data.ALERTS,))
        return self._door.alert(viewer, alert_id)

    def sheet(self, viewer: Viewer, purpose: Purpose, alert_id: int, reason: str = "") -> Sheet:
        """Raises Hidden; and ReasonNeeded for an alert that is closed, until a reason is given."""
        alert, entries, shown = self._looked_at(viewer, purpose, alert_id, reason)
        with asking_once():
            return self._sheet(viewer, alert, entries, shown, reason)

    def strip(self, viewer: Viewer, purpose: Purpose, alert_id: int) -> tuple[Strip, str]:
        """Of the sheet only how the home is now, with its time zone. Raises as `sheet` does."""
        alert, _, shown = self._looked_at(viewer, purpose, alert_id)
        if Data.KIT not in shown:
            raise Hidden(f"the home of alert {alert_id}")
        with asking_once():
            home = self._door.home(viewer, alert.home)
            return self._state.strip(home, shown, self._fitted(home), self._clock.now()), home.timezone

    def _looked_at(
        self, viewer: Viewer, purpose: Purpose, alert_id: int, reason: str = ""
    ) -> tuple[Alert, list[Entry], frozenset[Data]]:
        """What is shown of it, once the look is on record."""
        alert, entries = self._door.alert(viewer, alert_id), self._alerts.timeline(alert_id)
        shown = self._shown_of_alert(viewer, purpose, alert, entries, reason)
        self._door.look(viewer, purpose, alert.home, shown, about=reason or f"alert {alert_id}")
        return alert, entries, shown

    def _shown_of_alert(
        self, viewer: Viewer, purpose: Purpose, alert: Alert, entries: list[Entry], reason: str
    ) -> frozenset[Data]:
        if viewer.role is Role.RESPONDER and (alert.state is State.CLOSED or sent_of(entries) != viewer.login):
            raise Hidden(f"alert {alert.id}")
        if purpose is Purpose.ANSWER and alert.state is State.CLOSED:
            self._door.shown(viewer, purpose, Data)
            raise ReasonNeeded
        shown = self._door.shown(viewer, purpose, Data, reason=reason)
        return shown - NOT_FOR_KITS if alert.lane is Lane.KIT else shown

    def _sheet(self, viewer: Viewer, alert: Alert, entries: list[Entry], shown: frozenset[Data], reason: str) -> Sheet:
        home, now = self._door.home(viewer, alert.home), self._clock.now()
        names = {**self._door.names(), **(self.response.people(alert) if Data.CONTACTS in shown else {})}
        residents = self._door.residents(alert)
        sent = sent_of(entries)
        day, watching = self._last_day(viewer, home, now) if Data.TIMES in shown else (None, Watching())
        fitted = self._fitted(home) if Data.KIT in shown else ()
        return Sheet(
            alert,
            home.area,
            home.timezone,
            now,
            line(alert, why := reasons(entries)),
            why,
            _folded([_happened(entry, names) for entry in entries]) if Data.TIMELINE in shown else (),
            _name(names, alert.holder),
            _name(names, alert.lapsed_by),
            _name(names, sent) if sent else None,
            _may(viewer, alert),
            tuple(self._door.staff(viewer, Role.RESPONDER)) if viewer.role in ACTING else (),
            tuple(_only(resident, shown) for resident in residents),
            self._door.contacts(residents) if Data.CONTACTS in shown else (),
            day,
            self._door.hearing(home, now) if Data.HEARING in shown else None,
            fitted,
            self._others(alert) if Data.ALERTS in shown else (),
            reason,
            watching,
            self._mentions(home, now, shown),
            felt_around(self._door, self._traces, alert, home) if Data.FELT in shown and self._traces else (),
            self.response.of(viewer, alert, entries) if Data.CONTACTS in shown else None,
            self._state.strip(home, shown, fitted, now) if Data.KIT in shown else None,
            self.key_safes.of_alert(viewer, alert) if Data.WAY_IN in shown else (),
            self.after.of_alert(viewer, alert) if Data.CONTACTS in shown else None,
            _home_untold(alert, entries) if Data.TIMELINE in shown else False,
            self.reopening(viewer, alert),
            _sent_may_think_it_over(alert, entries),
        )

    def person(self, viewer: Viewer, resident_id: str, reason: str = "") -> Person:
        """Live while an alert about them is open, else against a reason. Raises Hidden, and ReasonNeeded."""
        resident = self._records.resident(resident_id)
        if resident is None or viewer.role not in ACTING:
            raise Hidden(f"resident {resident_id}")
        home, now = self._door.home(viewer, resident.home), self._clock.now()
        alerts = tuple(one for one in self._alerts.of_home(home.id, 12) if about(one, resident))
        still = next((one for one in alerts if one.state is not State.CLOSED), None)
        if still is None and not reason:
            raise ReasonNeeded
        because = f"alert {still.id}" if still else reason
        shown = self._door.shown(viewer, Purpose.ANSWER if still else Purpose.REASON, Data, reason=reason)
        self._door.look(viewer, Purpose.ANSWER if still else Purpose.REASON, home.id, shown, about=because)
        day, watching = self._last_day(viewer, home, now)
        return Person(
            _only(resident, shown),
            home.area,
            home.timezone,
            now,
            because,
            alerts,
            self._door.contacts([resident]) if Data.CONTACTS in shown else (),
            self._state.strip(home, shown, self._fitted(home), now),
            day,
            watching,
            self._mentions(home, now, shown),
        )

    def said(self, viewer: Viewer, alert_id: int, kind: str) -> None:
        """Somebody has mentioned it, in the talk about this alert. Raises Hidden, and Refused."""
        if viewer.role not in ACTING:
            raise Hidden(f"alert {alert_id}")
        home, now = self._door.home(viewer, self._door.alert(viewer, alert_id).home), self._clock.now()
        open_ = [one for one in self._mentions(home, now, frozenset(Data)) if one.kind == kind and not one.said]
        if not open_:
            raise Refused("that is not to be mentioned any more: look at what holds now")
        self._mentioned.said(home.id, kind, alert_id, viewer.login, now)

    def act(
        self,
        viewer: Viewer,
        alert_id: int,
        act: Act,
        *,
        text: str = "",
        outcome: Outcome | None = None,
        responder: str | None = None,
        reason: str = "",
    ) -> Alert:
        """Raises Hidden, and Refused with what is missing or in the way."""
        if viewer.role not in ACTING or act not in BY_HAND:
            raise Hidden(f"alert {alert_id}")
        alert = self._door.alert(viewer, alert_id)
        if act is Act.NOTE and not text:
            raise Refused("a note needs words: write what was said or done")
        if act is Act.CLOSE and outcome is None:
            raise Refused("closing needs an outcome: say what it was")
        if act is Act.ARRIVE and alert.state is not State.ATTENDING:
            raise Refused("nobody is on the way: send a responder first")
        if outcome is not None and not known(outcome, reason):
            raise Refused("that reason does not belong to that outcome: choose again")
        if act is Act.SEND:
            text = f"{self._responder(viewer, responder)}\n{text}".strip()
        hold = self._records.plan_for(alert).hold
        now = self._clock.now()
        done = self._alerts.act(alert_id, act, viewer.login, now, text=text, outcome=outcome, hold=hold, reason=reason)
        if act is Act.CLOSE:
            self.after.closed(done)
        return done

    def reopen(self, viewer: Viewer, alert_id: int) -> Alert:
        """Its closing was a slip; who says so holds it. Raises Hidden, and Refused."""
        alert = self._door.alert(viewer, alert_id)
        if not self._may_reopen(viewer, alert):
            raise Hidden(f"alert {alert_id}")
        hold = self._records.plan_for(alert).hold
        done = self._alerts.act(alert_id, Act.REOPEN, viewer.login, self._clock.now(), hold=hold)
        self.after.reopened(done)
        return done

    def correct(self, viewer: Viewer, alert_id: int, outcome: Outcome | None, reason: str, text: str) -> Alert:
        """It was closed as what it was not; all that counts outcomes goes by this one from now on. Raises Hidden, and
        Refused.
        """
        if viewer.role is not Role.SUPERVISOR:
            raise Hidden(f"alert {alert_id}")
        was = self._door.alert(viewer, alert_id)
        if outcome is None or not known(outcome, reason) or (outcome, reason) == (was.outcome, was.reason):
            raise Refused("choose what it was instead")
        if not text:
            raise Refused("a correction needs words: say how it is known")
        told = f"Now: {_outcome(outcome, reason)}. Before: {_outcome(was.outcome, was.reason)}.\n{text}"
        now = self._clock.now()
        return self._alerts.act(alert_id, Act.CORRECT, viewer.login, now, text=told, outcome=outcome, reason=reason)

    def reopening(self, viewer: Viewer, alert: Alert) -> timedelta | None:
        """For how long yet this viewer may open it again; None where they may not."""
        until, now = reopened_until(alert), self._clock.now()
        return until - now if until and now <= until and self._may_reopen(viewer, alert) else None

    def _may_reopen(self, viewer: Viewer, closed: Alert) -> bool:
        return viewer.role is Role.SUPERVISOR or (viewer.role in ACTING and closed.holder == viewer.login)

    def _responder(self, viewer: Viewer, login: str | None) -> str:
        """The first line of a SEND is the login of who goes; `_sent` reads it."""
        if login not in {account.login for account in self._door.staff(viewer, Role.RESPONDER)}:
            raise Refused("sending needs a responder: choose who goes")
        assert login is not None
        return login

    def undo(self, viewer: Viewer, alert_id: int, shift_id: int) -> None:
        """The budget of this alert's home without what the last shift was because of. Raises Hidden, and Refused."""
        if viewer.role not in UNDONE_BY:
            raise Hidden(f"alert {alert_id}")
        home, now = self._door.home(viewer, self._door.alert(viewer, alert_id).home), self._clock.now()
        shifts = self._records.shifts(home.id)
        if not shifts or shifts[-1].id != shift_id or not shifts[-1].because:
            raise Refused("the budget was shifted again meanwhile: look at what holds now")
        last = shifts[-1]
        aside = set_aside(shifts, self._alerts) | set(last.because)
        counted = [one for one in judged(self._alerts, now) if one.home == home.id and one.alert not in aside]
        due = budget(home.false_alerts_a_month, counted, self._known_for(home, now), now)
        try:
            self._records.shift(home.id, now, last.now, due.rate, due.because, viewer.login, last.id)
        except LookupError as overtaken:
            raise Refused("the budget was shifted at the same moment: look at what holds now") from overtaken

    def undo_falls(self, viewer: Viewer, alert_id: int, sensor: str) -> None:
        """False falls of this pendant of the alert's home no longer count. Raises Hidden, and Refused."""
        if viewer.role not in UNDONE_BY:
            raise Hidden(f"alert {alert_id}")
        home, now = self._door.home(viewer, self._door.alert(viewer, alert_id).home), self._clock.now()
        mine = [one for one in counted_falls(self._alerts, self._records, now, home.id) if one.sensor == sensor]
        sure = sureness(mine, now)
        if not sure.because:
            raise Refused("no false fall counts against this pendant any more: look at what holds now")
        self._records.undo_falls(home.id, now, sensor, sure.because, viewer.login)

    def visits(self, viewer: Viewer, purpose: Purpose) -> list[Visit]:
        """The open alerts that this responder was sent to."""
        if viewer.role is not Role.RESPONDER:
            raise Hidden("visits")
        shown = self._door.shown(viewer, purpose, (Data.PERSON, Data.ADDRESS))
        mine = [one for one in self._door.open_alerts(viewer) if sent_of(self._door.entries(one)) == viewer.login]
        for alert in mine:
            self._door.look(viewer, purpose, alert.home, shown, about=f"alert {alert.id}")
        return [Visit(one, people(self._door.residents(one)), _address(self._door.residents(one))) for one in mine]

    def visit(self, viewer: Viewer, purpose: Purpose, alert_id: int) -> Sheet:
        if viewer.role is not Role.RESPONDER:
            raise Hidden("visits")
        return self.sheet(viewer, purpose, alert_id)

    # The family, the resident, the installer

    def own(self, viewer: Viewer, purpose: Purpose) -> Own:
        resident = self._records.resident(viewer.person) if viewer.person else None
        if resident is None:
            raise Hidden("resident")
        self._door.shown(viewer, purpose, Data)
        home, now = self._door.home(viewer, resident.home), self._clock.now()
        _, last = self._days.last_day(home, now)
        return Own(
            resident.called,
            now,
            home.timezone,
            self._door.hearing(home, now),
            self._days.two(home, now, Level.TIMES, Saying(viewer.telling.language))[0],
            self._fitted(home),
            tuple(self._records.contacts_of(resident.id)),
            self._looks(home, now),
            resident.telling.large_print,
            self._watching(viewer, home, last.at if last else None, now),
            self._mentions(home, now, frozenset(Data)),
            self.upkeep.not_watched(home),
            self.upkeep.protection(home, now),
            self.relatives.breaks_of(resident, now),
            self.relatives.told_of(resident, now),
        )

    def kits(self, viewer: Viewer, purpose: Purpose) -> Kits:
        shown = self._door.shown(viewer, purpose, (Data.HEARING, Data.KIT, Data.ADDRESS))
        homes, now = list(self._door.homes(viewer).values()), self._clock.now()
        faults = self.upkeep.faults(homes, now)
        cards = [card for home in homes if (card := self._card(home, now, faults.get(home.id, ())))]
        for card in cards:
            self._door.look(viewer, purpose, card.home, shown)
        elsewhere = self._door.elsewhere(viewer)
        counts = sorted(self._records.set_aside_counts(besides=elsewhere).items(), key=lambda one: -one[1])
        recent = self._records.set_aside_recent(20, besides=elsewhere)
        aside = [(one.arrived, one.home or "", one.reason, one.text) for one in recent]
        return Kits(now, zone_of(homes), len(homes), tuple(cards), tuple(counts), tuple(aside))

    def _card(self, home: Home, now: datetime, faults: tuple[Fault, ...]) -> KitCard | None:
        hearing, quiet = self._door.hearing(home, now), tuple(one for one in self._fitted(home) if one.quiet)
        mentions = tuple(one for one in self._mentions(home, now, frozenset({Data.KIT})) if not one.ended)
        if hearing.heard and not quiet and not mentions and not faults:
            return None
        told = {one.kind for one in mentions}
        faults = tuple(one for one in faults if one.kind not in told)
        addresses = tuple(resident.address for resident in self._records.residents_of(home.id))
        return KitCard(home.id, home.area, home.timezone, addresses, hearing, quiet, mentions, faults)

    def kits_of(self, viewer: Viewer, purpose: Purpose, home_id: str) -> Prepared:
        """Who has which kit of that home, and whether one can be made."""
        self._door.shown(viewer, purpose, (Data.KIT,))
        if self._depot is None or self._depot.where is None:
            return Prepared(home_id, hindrance=NOWHERE)
        home, now = self._records.home(home_id), self._door.real()
        if home is None or not self._door.touches(viewer, home):
            return Prepared(home_id)
        certificates = tuple(
            Certificate(short(one), f"{one.at:%d %B %Y}", one.by, standing_of(one, now), one.revoked_at is None)
            for one in self._depot.authority.ledger()
            if one.home == home_id
        )
        return Prepared(home_id, home.id, home.area, len(home.sensors), certificates)

    def new_kit(self, viewer: Viewer, purpose: Purpose, home_id: str, speaks: str = "") -> bytes:
        """An archive of everything that it needs; who made it stands in the ledger. Raises Hidden, CannotBeMade."""
        self._door.shown(viewer, purpose, (Data.KIT,))
        if self._depot is None or self._depot.where is None:
            raise Hidden("no kits")
        return self._depot.make(self._door.home(viewer, home_id), viewer.login, self._door.real(), speaks).zipped()

    def shut_out(self, viewer: Viewer, purpose: Purpose, home_id: str, serial: str) -> None:
        self._door.shown(viewer, purpose, (Data.KIT,))
        self._door.home(viewer, home_id)
        if self._depot is None or not self._depot.authority.revoke(home_id, viewer.login, self._door.real(), serial):
            raise Hidden(f"a kit of {home_id}")

    # The hub itself, which is nobody's data

    def alive(self) -> dict[str, object]:
        loops, real = self._records.loops(), self._real_now()
        until = judged_until(loops)
        return {
            "alive": self._turns(),
            "loops": {name: {"age_s": round(age(one, real), 1), "note": one.note} for name, one in loops.items()},
            "hearing": self._hears(),
            "disk": {"full": self._reserve.used, "only_calls": self._reserve.scarce},
            "played_now": self._clock.now().isoformat(),
            "judged_until": until.isoformat() if until else None,
        }

    def trouble(self, council: str) -> tuple[str, ...]:
        """What is wrong with the hub, in words for an operator."""
        late, broken = self._late(), [one for one in self.ways.broken(council) if not (one.holder or one.disk)]
        zone = zone_of(self._door.homes_of(council).values()) if late or broken else ""
        said = [
            f"The hub's {name} loop has stood still since {clock_s(turned, zone)}: alerts may be late or lost. {RING}"
            for name, turned in late
        ]
        if self._missing():
            said.append(f"The hub's watch is not running: no alert will be raised. {RING}")
        said += [
            f"Reaching people {one.way} has failed since {clock_s(one.began, zone)}, and nobody sees to it: look below."
            for one in broken
        ]
        said += self.handovers.late(council)
        if self._reserve.used:
            said.append(SCARCE if self._reserve.scarce else FULL)
        if not (self._reserve.scarce or self._hears()):
            said.append(f"The hub hears no home at all: a press would not reach it. {RING}")
        return tuple(said)

    def _turns(self) -> bool:
        """Whether every loop that lives depend on has begun, and has turned lately."""
        return not self._missing() and not self._late()

    def _judges(self, now: datetime, home: str) -> bool:
        """Whether what the watch has said of `home` is about now."""
        until = judged_until(self._records.loops(), home)
        return until is not None and not self._missing(home) and not self._late(home) and now - until < BEHIND

    def _missing(self, home: str | None = None) -> list[str]:
        loops = self._records.loops()
        return [name for name in relied_on(loops, home) if name not in loops]

    def _late(self, home: str | None = None) -> list[tuple[str, datetime]]:
        loops, real = self._records.loops(), self._real_now()
        mine = [(name, loops[name]) for name in relied_on(loops, home) if name in loops]
        return sorted((name, one.played) for name, one in mine if age(one, real) > LATE)

    def _hears(self) -> bool:
        return self._worklist.hears(self._clock.now() - unheard_after(None))

    # The gate itself

    # What the pages are made of

    def _others(self, alert: Alert) -> tuple[Alert, ...]:
        return tuple(one for one in self._alerts.of_home(alert.home, 8) if one.id != alert.id)

    def _fitted(self, home: Home) -> tuple[Fitted, ...]:
        beat, until = self._records.heartbeat(home.id), self._door.heard_of(home.id).until
        may = agreed(self._records.consents(home.id), home.id) | ALWAYS
        last, limits = beat.sensors if beat else {}, self.upkeep.limits(home)
        worn = self._worn(home)
        return tuple(
            Fitted(
                f"{place(sensor.room)} {place(sensor.kind)}".capitalize(),
                sensor.room,
                last.get(sensor.id),
                sensor.kind in may and until is not None and until - last.get(sensor.id, until) > limits[sensor.id],
                sensor.kind in may,
                worn.get(sensor.id, ""),
                sensor.kind,
            )
            for sensor in home.sensors
        )

    def _worn(self, home: Home) -> dict[str, str]:
        """Of pendants that feel whether they are worn: one on the table tells of no fall."""
        now, zone = self._clock.now(), home.timezone
        pendants = {sensor.id for sensor in home.sensors if sensor.kind is SensorKind.PENDANT}
        last = self._series.last(home.id, What.WORN, now - WORN_WITHIN) if pendants else {}
        once = self._series.last(home.id, What.WORN, now - FELT_WITHIN) if pendants - last.keys() else {}
        return dict.fromkeys(once, f"not worn for over {WORN_WITHIN.days} days") | {
            sensor: f"{'worn, last moved' if now - at < DAY else 'not worn since'} {when(at, now, zone)}"
            for sensor, at in last.items()
        }

    def _known_for(self, home: Home, now: datetime) -> timedelta:
        told = self._records.expectation(home.id)
        return now - told.known_since if told and told.known_since else COUNTED

    def _watching(self, viewer: Viewer, home: Home, last_sign: datetime | None, now: datetime) -> Watching:
        told = self._records.expectation(home.id)
        since = told.known_since if told else None
        shifted, undo = self._shifted(home, now)
        return Watching(
            self._due(home, told, last_sign, now, plain=viewer.role is Role.RESIDENT) if told else "",
            coldstart.told(since, home.timezone)
            if since and coldstart.early(since, now)
            else anew.of_home(self._records, home),
            shifted,
            undo if viewer.role in UNDONE_BY else None,
            *self._doubted(viewer, home, now),
        )

    def _doubted(self, viewer: Viewer, home: Home, now: datetime) -> tuple[str, str | None]:
        """Why a pendant has to be surer of a fall than its kit is, and which one where this viewer may undo it."""
        here = counted_falls(self._alerts, self._records, now, home.id)
        for sensor in sorted({one.sensor for one in here}):
            sure = sureness([one for one in here if one.sensor == sensor], now)
            if sure.because:
                return told_of_falls(sure, here, now), sensor if viewer.role in UNDONE_BY else None
        return "", None

    def _due(
        self, home: Home, told: Expectation, last_sign: datetime | None, now: datetime, *, plain: bool
    ) -> str:  # fmt: skip
        """Nothing where the watch has not looked at this silence, does not run, or can't hear the home. `plain` is
        without the chances that it rests on.
        """
        due = told.expected_by if last_sign and abs(told.last_sign - last_sign) <= SAME_SIGN else None
        if due is None or now > due or not self._judges(now, home.id) or self._door.why(home.id, now):
            return ""
        rests_on = "" if plain else _rests_on(told, now)
        return f"The next sign of life is expected by {when(due, now, home.timezone)}{rests_on}."

    def _shifted(self, home: Home, now: datetime) -> tuple[str, int | None]:
        """Why this home is watched otherwise than was set, and which shift says so; or who undid one lately."""
        last = next(reversed(self._records.shifts(home.id)), None)
        if last is None:
            return "", None
        because = [one for one in judged(self._alerts, now) if one.alert in last.because]
        if because and last.now != home.false_alerts_a_month:
            return feedback_told(home.false_alerts_a_month, last.now, because, home.timezone), last.id
        if last.undoes and now - last.at < COUNTED:
            who = _name(self._door.names(), last.actor)
            at = when(last.at, now, home.timezone)
            return f"A shift of how closely this home is watched was undone by {who} at {at}.", None
        return "", None

    def _mentions(self, home: Home, now: datetime, shown: AbstractSet[Data]) -> tuple[Mention, ...]:
        """One for each kind; those about the person only where times are shown, those about the kit where it is."""
        found: dict[str, Mention] = {}
        said_of = self._mentioned.latest(home.id)
        for one in reversed(self._alerts.told(home.id, now - MENTIONED)):
            if (Data.KIT if one.kind.lane is Lane.KIT else Data.TIMES) in shown:
                times = found[one.kind].times + 1 if one.kind in found else 1
                said = [*one.said.split("\n"), "", ""]
                noticed = f"{said[0]} {said[1]}".strip()
                found[one.kind] = Mention(one.kind, noticed, said[2], one.at, times, one.ended_at is not None)
                who, at = said_of.get(one.kind, ("", one.at))
                if who and at >= one.at:
                    found[one.kind] = replace(found[one.kind], said=self._door.names().get(who, who), said_at=at)
        return tuple(found.values())

    def _last_day(self, viewer: Viewer, home: Home, now: datetime) -> tuple[Picture, Watching]:
        (spans, last), known = self._days.last_day(home, now), self._days.usual(home, now)
        drawn = self._days.drawn("day", "The last 24 hours", spans, now - DAY, now, Level.TIMES, home, known)
        return drawn, self._watching(viewer, home, last.at if last else None, now)

    def _looks(self, home: Home, now: datetime) -> tuple[Looked, ...]:
        """The last week's, the latest first; the same person's looks for the same cause on one day are one line."""
        names, lines = self._door.names(), dict[tuple[object, ...], Looked]()
        theirs = [one for living in self._records.residents_of(home.id) for one in self._records.contacts_of(living.id)]
        for one in sorted(self._records.looks(home.id), key=lambda look: look.at):
            who, why = names.get(one.viewer, one.viewer), with_name(one.reason, theirs)
            key = (one.viewer, one.purpose, why, midnight(one.at, home.timezone))
            count = lines[key].count + 1 if key in lines else 1
            lines[key] = Looked(who, one.role, one.purpose, why, one.at, count)
        week = [line for line in lines.values() if line.last > now - 7 * DAY]
        return tuple(sorted(week, key=lambda line: line.last, reverse=True))


def open_gate(settings: Settings) -> Gate:
    store = open_store(settings)
    clock, depot = Clock(settings.clock_file), Depot(settings)
    return Gate(store.records, store.alerts, store.series, clock, depot=depot, traces=store.traces, settings=settings)


def _rests_on(told: Expectation, now: datetime) -> str:
    """What so long a wait means, where a routine says so."""
    if told.chance is None or told.known_since is None or not 0 < told.chance < 1:
        return ""
    by = coldstart.known_by(now - told.known_since)
    return f": {by}, a well person is quiet that long after 1 in {about_one_in(told.chance)} such moments"


def _only(resident: Resident, shown: AbstractSet[Data]) -> Resident:
    """The resident with what is hidden left blank."""
    blank: dict[str, Any] = {name: "" for data, names in FIELDS.items() if data not in shown for name in names}
    made = replace(resident, **blank)
    return made if Data.REABLEMENT in shown else replace(made, reablement=None)


FIELDS: dict[Data, tuple[str, ...]] = {
    Data.CALLED: ("called",),
    Data.PERSON: ("name", "speak_with"),
    Data.ADDRESS: ("address", "phone"),
    Data.MEDICAL: ("medical_notes", "risks"),
    Data.WAY_IN: ("way_in",),
}


def _address(residents: Iterable[Resident]) -> str:
    return next((one.address for one in residents), "")


def _name(names: dict[str, str], login: str | None) -> str | None:
    return names.get(login, login) if login else None


def _outcome(outcome: Outcome | None, reason: str) -> str:
    why = said(outcome, reason)
    return f"{outcome} ({why})" if why else str(outcome)


def _may(viewer: Viewer, alert: Alert) -> frozenset[Act]:
    """What this viewer can do now, by the same table that would refuse it."""
    legal = {act for act in BY_HAND if (alert.state, act) in LEGAL} if viewer.role in ACTING else set()
    if alert.state is not State.ATTENDING:
        legal -= {Act.ARRIVE}
    return frozenset(act for act in legal if act not in HOLDER_ONLY or alert.holder == viewer.login)


def _home_untold(alert: Alert, entries: Sequence[Entry]) -> bool:
    """Whether it is still open if the home was told that help is coming."""
    if alert.lane is not Lane.PERSON or alert.state in (State.RAISED, State.CLOSED):
        return False
    ordered = max((one.id for one in entries if one.act in (Act.ANSWER, Act.REOPEN)), default=0)
    return not any(one.id > ordered and one.text in set(HomeTold) for one in entries)


def _sent_may_think_it_over(alert: Alert, entries: Sequence[Entry]) -> bool:
    """Whether its holder has written and done nothing since it was opened again with a responder sent."""
    last = next((one.act for one in reversed(entries) if one.actor == alert.holder), None)
    return alert.state is State.ATTENDING and last is Act.REOPEN


def _happened(entry: Entry, names: dict[str, str]) -> Happened:
    who, text = names.get(entry.actor, entry.actor), "" if entry.act in EXPLAINED else entry.text
    if entry.act is Act.SEND and text:
        login, *note = text.splitlines()
        text = " ".join([f"{names.get(login, login)} goes.", *note])
    if entry.act is Act.TRY:
        text = told(entry, names)
    if entry.act is Act.LAPSE and text:
        text = f"{names.get(text, text)} did nothing further."
    return Happened(entry.at, entry.act, who, text)


def _folded(lines: Sequence[Happened]) -> tuple[Happened, ...]:
    """The same try again and again is one line that says how often, at the time of the last."""
    folded: list[Happened] = []
    for one in lines:
        before = folded[-1] if folded else None
        if before and one.act is Act.TRY and (before.act, before.text) == (one.act, one.text):
            folded[-1] = replace(one, times=before.times + 1)
        else:
            folded.append(one)
    return tuple(folded)
