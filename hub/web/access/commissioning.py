"""Fitting a home: an installer's own council's homes, what is done and what is missing, and the certificate.

Whatever an installer says comes with an id of the phone's making: said twice, it is done once. How somebody gets in is
taken down here and not shown again.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256

from hub.desk import Overtaken
from hub.key_safes import LONGEST
from hub.kits import settings_text
from hub.store.fittings import Fittings
from hub.store.register import Change, turned
from hub.web.access.door import Door, Hidden, Viewer
from hub.web.access.key_safes import KeySafeDesk
from models.commission import (
    BROADBAND,
    MAINS,
    RINGS,
    Ears,
    Fitting,
    Power,
    Proved,
    Standing,
    Trial,
    Verdict,
    answer_within,
    answered,
    answers,
    broken_by,
    calling,
    configured,
    missing,
    of_plug,
    of_sensor,
    plugged,
    rang,
)
from models.health import Why
from models.home import Home, Sensor
from models.hours import day_to_look_again, when
from models.observation import KIT, SensorKind
from models.people import Address, Contact, Resident
from models.privacy import ALWAYS, Consent, Data, Purpose, agreed
from models.wire import Heartbeat, Route, mark_of, sensors_seen

SAID_AT_ONCE = 3
"""Of what a certificate still lacks."""
REMEMBERED = 200
"""Ids of what was said, for when a phone says it again."""
CLOCK = timedelta(seconds=10)
"""A kit's clock may be off by so much, and an observation still be of this test."""
SENSOR_ID = re.compile(r"[a-zA-Z0-9_.:/ -]{1,64}")
POST_ID = re.compile(r"[a-z0-9-]{8,64}")
BASES = {
    "resident": "the resident decided",
    "attorney": "an attorney decided, with power for health and welfare",
    "best_interests": "a best-interests decision was made and recorded",
}
PHONE = re.compile(r"\+?[\d ]{6,20}")
CODE = re.compile(r"\d[\d ]{2,}\d")


class Refused(Exception):
    """What was said can't be done; the text says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Line:
    """A test as the page shows it: `name` of the sensor or the plug."""

    name: str
    ask: str
    verdict: Verdict
    sensor: Sensor | None = None


@dataclass(frozen=True, slots=True)
class Agreement:
    """How it stands with one kind of sensor; `felt` as in Consent."""

    kind: SensorKind
    felt: bool
    fitted: bool
    given: bool
    always: bool
    said: str
    decided_by: str
    review: str


@dataclass(frozen=True, slots=True)
class Paper:
    """A certificate; `broken` says what has changed since."""

    number: int
    proved: Proved
    broken: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class View:
    """All that the page shows."""

    home: Home
    now: datetime
    addresses: tuple[str, ...]
    residents: tuple[tuple[str, str], ...]
    telephones: tuple[tuple[str, str], ...]
    contacts: tuple[Contact, ...]
    way_in: bool
    code: bool
    answers: dict[str, bool]
    answered: bool
    agreements: tuple[Agreement, ...]
    kit: str
    tests: tuple[Line, ...]
    plugs: tuple[Line, ...]
    missing: tuple[str, ...]
    papers: tuple[Paper, ...]
    settings: bool

    @property
    def calls(self) -> tuple[str, ...]:
        """The sensors by which somebody here can call for help."""
        return calling(self.home.sensors)

    @property
    def proved(self) -> bool:
        """By a certificate that holds."""
        return bool(self.papers) and not self.papers[0].broken


@dataclass(frozen=True, slots=True)
class _Now:
    """A home at one moment."""

    home: Home
    at: datetime
    consents: list[Consent]
    beat: Heartbeat | None
    alive: dict[str, datetime]
    unheard: str
    power: Power
    within: timedelta

    @property
    def agreed(self) -> frozenset[SensorKind]:
        return agreed(self.consents, self.home.id)

    @property
    def keeps_to_it(self) -> bool:
        return self.beat is not None and self.beat.keeps_to == mark_of(configured(self.consents, self.home).text)

    def ears(self, sensor: Sensor) -> Ears:
        waiting = self.beat.waiting if self.beat else 0
        unfit = self.beat.unfit.get(sensor.id, "") if self.beat else ""
        return Ears(self.alive.get(sensor.id), self.unheard, waiting, sensor.kind in self.agreed, unfit)


class Commissioning:
    def __init__(self, door: Door, key_safes: KeySafeDesk) -> None:
        self._door, self._key_safes = door, key_safes
        self._fittings = Fittings(door.records.engine)

    def homes(self, viewer: Viewer) -> list[tuple[str, str, str]]:
        """Id, area, and how it stands, of every home of this council."""
        self._may(viewer)
        return [(home.id, home.area, self._stands(home)) for home in self._door.homes(viewer).values()]

    def view(self, viewer: Viewer, home_id: str) -> View:
        """Looks at every open test first. Raises Hidden."""
        shown = self._may(viewer)
        now = self._now(self._door.home(viewer, home_id))
        self._door.look(viewer, Purpose.COMMISSION, home_id, shown)
        fitting = self._advanced(now)
        residents = self._door.records.residents_of(home_id)
        contacts = tuple(self._door.contacts(residents))
        code = self._key_safes.has_code(home_id)
        of = Standing(now.home, now.agreed, fitting, residents, contacts, code, now.unheard, now.keeps_to_it)
        return View(
            now.home,
            now.at,
            tuple(one.address for one in residents),
            tuple((one.id, one.called or one.name) for one in residents),
            tuple((one.called or one.name, _telephone(one, fitting)) for one in residents),
            contacts,
            any(one.way_in for one in residents),
            code,
            answers(now.home),
            fitting.answered_at is not None,
            (*(_agreement(kind, now) for kind in SensorKind), _agreement(SensorKind.PENDANT, now, felt=True)),
            f"{self._door.hearing(now.home, now.at).sentence}{self._turned_away(now)}",
            tuple(self._line(sensor, fitting, now) for sensor in now.home.sensors),
            tuple(Line(name, _PLUGS[name], of_plug(fitting.tests.get(name), name)) for name in (MAINS, BROADBAND)),
            tuple(missing(of)),
            self._papers(now),
            self._door.depot is not None and self._door.depot.where is not None,
        )

    def settings(self, viewer: Viewer, home_id: str) -> str:
        """What the kit's own settings have to be for this list of sensors. There is no secret in it."""
        self._may(viewer)
        home = self._door.home(viewer, home_id)
        if self._door.depot is None or self._door.depot.where is None:
            raise Hidden("no kits")
        return settings_text(home, self._door.depot.where)

    def say(self, viewer: Viewer, home_id: str, step: str, post: str, form: Mapping[str, str]) -> None:
        """Raises Hidden, and Refused where it can't be done."""
        self._may(viewer)
        home = self._door.home(viewer, home_id)
        if not POST_ID.fullmatch(post):
            raise Refused("This form came without its number: reload the page and send it again.")
        if post in self._fittings.of(home_id)[1].posts:
            return
        steps: dict[str, Callable[[Viewer, Home, str, Mapping[str, str]], None]] = {
            "sensor": self._sensor,
            "remove": self._remove,
            "answers": self._answers,
            "consent": self._consent,
            "phone": self._phone,
            "contact": self._contact,
            "turn": self._turn,
            "way_in": self._way_in,
            "code": self._code,
            "test": self._test,
        }
        if step not in steps:
            raise Hidden(step)
        steps[step](viewer, home, post, form)
        self._change(home_id, lambda one: replace(one, posts=(*one.posts, post)[-REMEMBERED:]))

    def issue(self, viewer: Viewer, home_id: str) -> int:
        """The new certificate's number. Raises Hidden, and Refused with what is missing."""
        view = self.view(viewer, home_id)
        if view.missing:
            raise Refused("No certificate yet. " + _first_of(view.missing))
        if view.proved and view.papers[0].proved.tests == self._tests(home_id):
            return view.papers[0].number
        now = self._now(view.home)
        kinds = tuple(sorted(now.agreed))
        proved = Proved(home_id, now.at, viewer.login, viewer.name, view.home.sensors, kinds, self._tests(home_id))
        return self._fittings.issue(proved)

    def paper(self, viewer: Viewer, home_id: str, number: int) -> tuple[Home, Paper]:
        """Raises Hidden."""
        self._may(viewer)
        now = self._now(self._door.home(viewer, home_id))
        found = next((one for one in self._papers(now) if one.number == number), None)
        if found is None:
            raise Hidden(f"certificate {number}")
        return now.home, found

    def _turned_away(self, now: _Now) -> str:
        """Where no certificate of this home is good, that is why it is not heard."""
        if not now.unheard or self._door.depot is None:
            return ""
        mine = [one for one in self._door.depot.authority.ledger() if one.home == now.home.id]
        if not mine or any(one.revoked_at is None for one in mine):
            return ""
        return " The certificate of its kit was revoked, so the hub turns it away: have a new kit made at the depot."

    def _may(self, viewer: Viewer) -> frozenset[Data]:
        return self._door.shown(
            viewer, Purpose.COMMISSION, (Data.HEARING, Data.KIT, Data.ADDRESS, Data.PERSON, Data.CONTACTS)
        )

    def _stands(self, home: Home) -> str:
        papers = self._fittings.certificates(home.id)
        if not papers:
            return "being fitted" if self._fittings.of(home.id)[0] else "not begun"
        number, proved = papers[0]
        broken = broken_by(proved, home, agreed(self._door.records.consents(home.id), home.id))
        return f"certificate {number}{' no longer holds' if broken else ''}"

    def _papers(self, now: _Now) -> tuple[Paper, ...]:
        found = self._fittings.certificates(now.home.id)
        return tuple(Paper(number, one, tuple(broken_by(one, now.home, now.agreed))) for number, one in found)

    def _tests(self, home_id: str) -> dict[str, Trial]:
        home, tests = self._door.records.home(home_id), self._fittings.of(home_id)[1].tests
        fitted = {sensor.id for sensor in home.sensors} if home else set()
        return {name: test for name, test in tests.items() if name in fitted | {MAINS, BROADBAND}}

    def _now(self, home: Home) -> _Now:
        records, at = self._door.records, self._door.clock.now()
        beat, heard, why = records.heartbeat(home.id), self._door.heard_of(home.id), self._door.why(home.id, at)
        alive = sensors_seen(beat, heard.at, retained=False) if beat and heard.at else {}
        power = Power(
            why is None and heard.online,
            beat.on_mains if beat else None,
            beat.route is Route.MODEM if beat and beat.route not in (None, Route.UNKNOWN) else None,
        )
        consents = records.consents(home.id)
        why = why or (None if heard.online else Why.PATH)
        within = answer_within(self._door.clock.pace().speed)
        return _Now(home, at, consents, beat, alive, f"{why}" if why else "", power, within)

    def _advanced(self, now: _Now) -> Fitting:
        """What came since the page last asked is written down, so that a closed phone loses nothing of it."""
        _, fitting = self._fittings.of(now.home.id)
        fresh = {name: self._looked(name, test, now) for name, test in fitting.tests.items()}
        if fresh == fitting.tests:
            return fitting
        changed = {name: test for name, test in fresh.items() if test != fitting.tests[name]}

        def take(one: Fitting) -> Fitting:
            """Only of the very tries that were looked at."""
            still = {name: test for name, test in changed.items() if one.tests.get(name) == fitting.tests[name]}
            return replace(one, tests={**one.tests, **still})

        return self._change(now.home.id, take)

    def _line(self, sensor: Sensor, fitting: Fitting, now: _Now) -> Line:
        test = fitting.tests.get(sensor.id)
        ears = replace(now.ears(sensor), instead=self._instead(sensor, test, now))
        return Line(sensor.id, RINGS[sensor.kind][0], of_sensor(test, sensor, ears, now.at, now.within), sensor)

    def _instead(self, sensor: Sensor, test: Trial | None, now: _Now) -> tuple[str, ...]:
        """Others of its kind that were set off while this one was waited for in vain: two may have been swapped."""
        if test is None or test.stored_at is not None or now.at - test.asked_at < now.within:
            return ()
        others = {one.id: one for one in now.home.sensors if one.kind is sensor.kind and one.id != sensor.id}
        until = test.asked_at + now.within
        rows = self._door.series.between(now.home.id, test.asked_at - CLOCK, until + CLOCK)
        wanted = RINGS[sensor.kind][1]
        came = {row.sensor for row in rows if row.what in wanted and test.asked_at <= row.arrived <= until}
        return tuple(f"{name} ({one.room})" for name, one in others.items() if name in came)

    def _looked(self, name: str, test: Trial, now: _Now) -> Trial:
        health = now.beat.health.get(name) if now.beat else None
        link = health.link if health else None
        if test.passed_at is not None:
            # The kit tells of the radio in its next heartbeat, often after the hub has the observation.
            return replace(test, link=link) if test.link is None and link is not None else test
        if test.sensor is None:
            return plugged(test, name, now.power, now.at)
        wanted = RINGS[test.sensor.kind][1]
        rows = self._door.series.between(now.home.id, test.asked_at - CLOCK, now.at + CLOCK)
        came = [row for row in rows if row.sensor == name and row.what in wanted and row.arrived >= test.asked_at]
        came.sort(key=lambda row: row.arrived)
        rung = [rang(test, row.at, row.arrived, link, now.within) for row in came]
        return next((one for one in rung if one.passed_at), rung[0] if rung else test)

    def _change(self, home_id: str, change: Callable[[Fitting], Fitting]) -> Fitting:
        """By compare-and-set, as often as somebody else is quicker."""
        while True:
            seen, fitting = self._fittings.of(home_id)
            made = change(fitting)
            if made == fitting or self._fittings.keep(home_id, made, seen):
                return made

    def _keep(self, viewer: Viewer, *changes: Change) -> None:
        meant = [one for one in changes if one.before != one.after]
        if not meant:
            return
        try:
            self._door.desk(viewer).keep(meant, viewer.login, self._door.clock.now(), " while fitting")
        except Overtaken as overtaken:
            raise Refused(
                "Somebody changed this at the same moment. Look at it again, then send it anew."
            ) from overtaken

    def _sensor(self, viewer: Viewer, home: Home, _post: str, form: Mapping[str, str]) -> None:
        was, sensor = form.get("was", ""), self._read_sensor(home, form)
        if home.sensor(sensor.id) == sensor:
            return
        others = [one for one in home.sensors if one.id != was]
        if sensor.id in {one.id for one in others} or (was == "" and home.sensor(sensor.id)):
            raise Refused(f"There is a sensor called {sensor.id} already: choose another name.")
        if was and home.sensor(was) is None:
            raise Refused(f"{was} is on the list no more: add it anew.")
        sensors = tuple(sensor if one.id == was else one for one in home.sensors)
        fitted = sensors if was else (*home.sensors, sensor)
        self._keep(viewer, Change("homes", (home.id,), home, replace(home, sensors=fitted)))

    def _read_sensor(self, home: Home, form: Mapping[str, str]) -> Sensor:
        before = home.sensor(form.get("was", ""))
        name, room, source = (form.get(key, "").strip() for key in ("id", "room", "source"))
        if not SENSOR_ID.fullmatch(name) or name in (KIT, MAINS, BROADBAND):
            raise Refused(
                "A sensor's name is the one it is paired under: 1 to 64 letters, digits, _ . : / - and spaces."
            )
        if not 0 < len(room) <= 40:
            raise Refused("Say which room it is in.")
        if form.get("kind") not in set(SensorKind):
            raise Refused("Say what kind of sensor it is.")
        kind = SensorKind(form["kind"])
        worn_by = form.get("wearer", before.wearer if before else None)
        living = [one.id for one in self._door.records.residents_of(home.id)]
        wearer = living[0] if len(living) == 1 else worn_by if worn_by in living else None
        made = before or Sensor(name, kind, room)
        return replace(
            made,
            id=name,
            kind=kind,
            room=room,
            source=source[:80],
            is_exit=kind is SensorKind.DOOR and form.get("is_exit") == "yes",
            inverted=form.get("inverted") == "yes",
            wearer=wearer if kind is SensorKind.PENDANT else None,
        )

    def _remove(self, viewer: Viewer, home: Home, _post: str, form: Mapping[str, str]) -> None:
        left = tuple(one for one in home.sensors if one.id != form.get("id"))
        self._keep(viewer, Change("homes", (home.id,), home, replace(home, sensors=left)))

    def _answers(self, viewer: Viewer, home: Home, _post: str, form: Mapping[str, str]) -> None:
        fields = answers(home)
        if any(form.get(name) not in ("yes", "no") for name in fields):
            raise Refused("Answer all five questions.")
        made = answered(home, {name: form[name] == "yes" for name in fields})
        self._keep(viewer, Change("homes", (home.id,), home, made))
        now = self._door.clock.now()
        self._change(home.id, lambda one: replace(one, answered_at=one.answered_at or now))

    def _consent(self, viewer: Viewer, home: Home, _post: str, form: Mapping[str, str]) -> None:
        if form.get("kind") not in set(SensorKind):
            raise Refused("Say which kind of sensor this is about.")
        kind, now = SensorKind(form["kind"]), self._door.clock.now()
        felt = kind is SensorKind.PENDANT and form.get("felt") == "yes"
        mine = (one for one in self._door.records.consents(home.id) if one.felt is felt)
        before = next((one for one in mine if one.kind is kind), None)
        if form.get("decision") == "withdraw":
            if before is not None and before.withdrawn_at is None:
                key = (home.id, before.about)
                self._keep(viewer, Change("consents", key, before, replace(before, withdrawn_at=now)))
            return
        who, basis, review = (
            form.get("decided_by", "").strip(),
            form.get("basis", ""),
            day_to_look_again(form.get("review", "")),
        )
        if not 0 < len(who) <= 80:
            raise Refused("Say who decided: a name, or 'the resident'.")
        if basis not in BASES:
            raise Refused("Say on what basis it was decided.")
        if review is None or review <= now:
            raise Refused("Say when this is looked at again: a day that is still to come.")
        made = Consent(home.id, kind, who, BASES[basis], now, review, felt=felt)
        self._keep(viewer, Change("consents", (home.id, made.about), before, made))

    def _phone(self, viewer: Viewer, home: Home, _post: str, form: Mapping[str, str]) -> None:
        resident, phone, none = self._resident(home, form), form.get("phone", "").strip(), form.get("none") == "yes"
        if none and phone:
            raise Refused("Give a number, or say that there is no telephone: not both.")
        if not none and not PHONE.fullmatch(phone):
            raise Refused("A telephone number has 6 to 20 digits. If there is no telephone, say so.")
        if none and resident.phone:
            raise Refused("A number is on record, which is not shown here. If it is wrong, the office removes it.")
        self._keep(viewer, Change("residents", (resident.id,), resident, replace(resident, phone=phone)))

        def said(one: Fitting) -> Fitting:
            others = tuple(each for each in one.no_phone if each != resident.id)
            return replace(one, no_phone=(*others, resident.id) if none else others)

        self._change(home.id, said)

    def _contact(self, viewer: Viewer, home: Home, post: str, form: Mapping[str, str]) -> None:
        resident = self._resident(home, form)
        name, relation, phone = (form.get(key, "").strip()[:80] for key in ("name", "relation", "phone"))
        if not name or not relation:
            raise Refused("Say who it is, and how they are related.")
        if not PHONE.fullmatch(phone):
            raise Refused("A telephone number has 6 to 20 digits.")
        made = Contact(
            f"c_{sha256(post.encode()).hexdigest()[:12]}", resident.id, name, relation,
            keyholder=form.get("keyholder") == "yes", addresses=(Address("phone", phone),),
        )  # fmt: skip
        if self._door.records.contact(made.id) is None:
            self._keep(viewer, Change("contacts", (made.id,), None, made))

    def _turn(self, viewer: Viewer, home: Home, _post: str, form: Mapping[str, str]) -> None:
        name, by = form.get("contact", ""), {"earlier": -1, "later": 1}.get(form.get("to", ""))
        mine = [self._door.records.contacts_of(one.id) for one in self._door.records.residents_of(home.id)]
        contacts = next((some for some in mine if name in {one.id for one in some}), None)
        if contacts is None or by is None:
            raise Refused("That contact is on record here no more: reload the page.")
        self._keep(viewer, *turned(contacts, name, by))

    def _way_in(self, viewer: Viewer, home: Home, _post: str, form: Mapping[str, str]) -> None:
        resident, text = self._resident(home, form), form.get("way_in", "").strip()
        if form.get("permitted") != "yes":
            raise Refused("Ask first: how somebody gets in is written down only with the resident's permission.")
        if not 0 < len(text) <= 300:
            raise Refused("Say where the key safe is, or who holds a key.")
        if CODE.search(text):
            raise Refused("That looks like a code or a telephone number. A key safe's code does not belong in here.")
        self._keep(viewer, Change("residents", (resident.id,), resident, replace(resident, way_in=text)))

    def _code(self, viewer: Viewer, home: Home, _post: str, form: Mapping[str, str]) -> None:
        code, by = form.get("code", "").strip(), form.get("permitted_by", "").strip()
        if form.get("permitted") != "yes" or not 0 < len(by) <= 80:
            raise Refused("Ask first: a code is kept only with the resident's permission. Say who gave it.")
        if not 0 < len(code) <= LONGEST:
            raise Refused(f"A code has 1 to {LONGEST} characters.")
        self._key_safes.fitted(viewer, home, code, by)

    def _resident(self, home: Home, form: Mapping[str, str]) -> Resident:
        living = self._door.records.residents_of(home.id)
        asked = form.get("resident", "")
        found = next((one for one in living if one.id == asked), living[0] if len(living) == 1 else None)
        if found is None:
            raise Refused("Say which resident this is about." if living else "Nobody is on record who lives here.")
        return found

    def _test(self, viewer: Viewer, home: Home, _post: str, form: Mapping[str, str]) -> None:
        name, now = form.get("name", ""), self._door.clock.now()
        sensor = home.sensor(name)
        if sensor is None and name not in (MAINS, BROADBAND):
            raise Refused(f"There is no sensor called {name} here any more.")
        self._change(home.id, lambda one: replace(one, tests={**one.tests, name: Trial(now, viewer.login, sensor)}))
        self._fittings.walk(home.id, now)


_PLUGS = {MAINS: "Pull the kit's plug, wait, and put it back", BROADBAND: "Pull the broadband's cable, and put it back"}


def _telephone(resident: Resident, fitting: Fitting) -> str:
    if resident.phone:
        return "a telephone number is written down; it is not shown here"
    return "there is no telephone" if resident.id in fitting.no_phone else "no telephone number is written down"


def _first_of(missing: Sequence[str]) -> str:
    """So much as fits above a page whose last part lists all."""
    more = len(missing) - SAID_AT_ONCE
    return " ".join(missing[:SAID_AT_ONCE]) + (f" And {more} more, listed under 6 Certificate." if more > 0 else "")


def _agreement(kind: SensorKind, now: _Now, *, felt: bool = False) -> Agreement:
    mine = next((one for one in now.consents if one.kind is kind and one.felt is felt), None)
    fitted, given = any(one.kind is kind for one in now.home.sensors), mine is not None and mine.withdrawn_at is None
    if mine is None:
        said = "Nobody has decided."
    elif mine.withdrawn_at is not None:
        said = f"Withdrawn {when(mine.withdrawn_at, now.at, now.home.timezone)}."
    else:
        until = f", to be looked at again on {mine.review_at:%d %B %Y}" if mine.review_at else ""
        said = f"Agreed by {mine.decided_by}, {mine.basis}, {when(mine.given_at, now.at, now.home.timezone)}{until}."
    in_a_year = f"{now.at + timedelta(days=365):%Y-%m-%d}"
    return Agreement(
        kind, felt, fitted, given, kind in ALWAYS and not felt, said, mine.decided_by if mine else "", in_a_year
    )


__all__ = ["BASES", "Agreement", "Commissioning", "Line", "Paper", "Refused", "View"]
