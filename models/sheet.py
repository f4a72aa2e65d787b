"""Records of homes and people as sheets: which columns each kind has, how a cell is read, and what is wrong in a line.

The same columns make the administrator's forms and the files that are imported. A column that a sheet leaves out stays
as it is on record; an empty cell empties it.
"""

import csv
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from models.home import ALLOWED, Home
from models.observation import SensorKind
from models.people import TOLD_BY, Address, Contact, Level, Resident, Telling
from models.privacy import Consent
from models.register import PlanOf
from models.response import Incident, ResponsePlan, Step, too_silent
from models.wire import Leg, topic

LONGEST = 2000
"""Characters in one cell."""
YES, NO = "yes", "no"
MANNERS = ("in writing", *TOLD_BY, "spoken", "signed")


@dataclass(frozen=True, slots=True)
class Column:
    """`read` raises ValueError with what is wrong, in words for whoever filled the cell. The value of one that is
    `private` stands in no log.
    """

    name: str
    label: str
    hint: str
    read: Callable[[str], Any]
    example: str
    required: bool = False
    private: bool = False
    choices: tuple[str, ...] = ()
    long: bool = False


@dataclass(frozen=True, slots=True)
class Mistake:
    """`line` counts as a spreadsheet does, the heading being line 1; `column` is '' for the line as a whole."""

    line: int
    column: str
    text: str


@dataclass(frozen=True, slots=True)
class Line:
    number: int
    cells: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Sheet:
    """One kind of record. `make` builds it from cells and what is on record (None: nothing); `cells` is the way back;
    `belongs` names what it belongs to.
    """

    kind: str
    one: str
    columns: tuple[Column, ...]
    keys: tuple[str, ...]
    make: Callable[[Mapping[str, Any], Any], Any]
    cells: Callable[[Any], dict[str, str]]
    belongs: str = ""

    def key(self, cells: Mapping[str, Any]) -> tuple[str, ...]:
        return tuple(str(cells[name]) for name in self.keys)

    def key_of(self, record: Any) -> tuple[str, ...]:
        return self.key(self.cells(record))


# How cells are read


def _text(most: int = LONGEST) -> Callable[[str], str]:
    def read(cell: str) -> str:
        if len(cell) > most:
            raise ValueError(f"has {len(cell)} characters, and {most} is the most")
        if any(ord(one) < 32 and one not in "\n\r\t" for one in cell):
            raise ValueError("holds a character that can't be shown")
        return cell

    return read


def _id(cell: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_.-]{1,64}", cell):
        raise ValueError(f"'{cell}' is no id: use 1 to 64 letters, figures, _, - and .")
    return cell


def _home_id(cell: str) -> str:
    topic(cell, Leg.UP)
    return cell


def zone(cell: str) -> str:
    """A time zone as it is named. Raises ValueError."""
    try:
        ZoneInfo(cell)
    except (ValueError, KeyError, OSError) as bad:
        raise ValueError(f"'{cell}' is no time zone: Europe/London is one") from bad
    return cell


def _yes(cell: str) -> bool:
    plain = cell.casefold()
    if plain not in (YES, NO, "y", "n", "true", "false", "1", "0", ""):
        raise ValueError(f"'{cell}' is neither yes nor no")
    return plain in (YES, "y", "true", "1")


def _number(least: float, most: float, whole: bool = True) -> Callable[[str], Any]:
    def read(cell: str) -> Any:
        try:
            value = int(cell) if whole else float(cell)
        except ValueError as bad:
            raise ValueError(f"'{cell}' is no {'whole ' if whole else ''}number") from bad
        if not least <= value <= most:
            raise ValueError(f"{cell} is not between {least:g} and {most:g}")
        return value

    return read


def _one_of(choices: Iterable[str]) -> Callable[[str], str]:
    known = tuple(choices)

    def read(cell: str) -> str:
        if cell not in known:
            raise ValueError(f"'{cell}' is none of: {', '.join(known)}")
        return cell

    return read


def _turn(cell: str) -> int:
    return _number(1, 99)(cell) if cell else 0


def _day(cell: str) -> datetime | None:
    if not cell:
        return None
    try:
        return datetime.combine(date.fromisoformat(cell), time(), UTC)
    except ValueError as bad:
        raise ValueError(f"'{cell}' is no date: write it as 2026-11-28") from bad


def _date(cell: str) -> date | None:
    day = _day(cell)
    return day.date() if day else None


def _addresses(cell: str) -> tuple[Address, ...]:
    """'email: jo@example.org; phone: 01632 960051'."""
    found = []
    for part in filter(None, (one.strip() for one in cell.split(";"))):
        transport, colon, to = (piece.strip() for piece in part.partition(":"))
        if not colon or not re.fullmatch(r"[a-z_]{2,20}", transport) or not to:
            raise ValueError(f"'{part}' is no address: write 'email: name@example.org; phone: 01632 960051'")
        found.append(Address(transport, to))
    return tuple(found)


def _steps(cell: str) -> tuple[Step, ...]:
    """'operator log; c_jo email 5': whom, how, and after how many minutes."""
    steps = []
    for part in filter(None, (one.strip() for one in cell.replace("\n", ";").split(";"))):
        who, transport, *after = [*part.split(), ""] if " " not in part else part.split()
        if not transport or len(after) > 1 or (after and not re.fullmatch(r"\d{1,4}", after[0])):
            raise ValueError(f"'{part}' is no step: write whom, how, and after how many minutes: 'c_jo email 5'")
        steps.append(Step(who, transport, timedelta(minutes=int(after[0]) if after else 0)))
    return tuple(steps)


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return YES if value else NO
    return "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


# The kinds


def _home(cells: Mapping[str, Any], before: Any) -> Home:
    home = before or Home(cells["id"], "", ())
    limits = home.limits
    if "quiet_hours" in cells:
        limits = replace(limits, by_day=timedelta(hours=cells["quiet_hours"]))
    if "up_by_hour" in cells:
        limits = replace(limits, up_by_hour=cells["up_by_hour"])
    return replace(home, **{name: cells[name] for name in _HOME_PLAIN if name in cells}, limits=limits)


_HOME_PLAIN = ("area", "timezone", "people", "pets", "may_wander", "false_alerts_a_month")


def _home_cells(home: Home) -> dict[str, str]:
    hours = home.limits.by_day / timedelta(hours=1)
    plain = {name: _plain(getattr(home, name)) for name in _HOME_PLAIN}
    return {"id": home.id, **plain, "quiet_hours": f"{hours:g}", "up_by_hour": str(home.limits.up_by_hour)}


_TELLING = ("manner", "language", "large_print")


def _told(cells: Mapping[str, Any], before: Telling) -> Telling:
    return replace(before, **{name: cells[name] for name in _TELLING if name in cells})


def _telling_cells(telling: Telling) -> dict[str, str]:
    return {name: _plain(getattr(telling, name)) for name in _TELLING}


def _resident(cells: Mapping[str, Any], before: Any) -> Resident:
    one = before or Resident(cells["id"], cells["home"], "", "", "")
    plain = {name: cells[name] for name in _RESIDENT_PLAIN if name in cells}
    return replace(one, **plain, telling=_told(cells, one.telling))


_RESIDENT_PLAIN = (
    "home", "name", "called", "address", "phone", "speak_with", "medical_notes", "risks", "way_in", "reablement",
)  # fmt: skip


def _resident_cells(one: Resident) -> dict[str, str]:
    return {
        "id": one.id,
        **{name: _plain(getattr(one, name)) for name in _RESIDENT_PLAIN},
        **_telling_cells(one.telling),
    }


def _contact(cells: Mapping[str, Any], before: Any) -> Contact:
    one = before or Contact(cells["id"], cells["resident"], "", "")
    plain = {name: cells[name] for name in ("resident", "name", "relation", "keyholder", "addresses") if name in cells}
    level = {"level": Level(cells["level"])} if "level" in cells else {}
    turn = cells.get("turn") or one.turn
    return replace(one, **plain, **level, turn=turn, telling=_told(cells, one.telling))


def _contact_cells(one: Contact) -> dict[str, str]:
    return {
        "id": one.id,
        "resident": one.resident,
        "name": one.name,
        "relation": one.relation,
        "level": one.level.value,
        "keyholder": _plain(one.keyholder),
        "turn": str(one.turn or ""),
        "addresses": "; ".join(f"{each.transport}: {each.to}" for each in one.addresses),
        **_telling_cells(one.telling),
    }


def _consent(cells: Mapping[str, Any], before: Any) -> Consent:
    felt = cells["kind"].endswith(FELT)
    one = before or Consent(
        cells["home"], SensorKind(cells["kind"].removesuffix(FELT)), "", "", cells["given_at"], felt=felt
    )
    plain = {name: cells[name] for name in ("decided_by", "basis") if name in cells}
    days = {name: _same_day(cells[name], getattr(one, name)) for name in _CONSENT_DAYS if name in cells}
    made = replace(one, **plain, **days)
    if made.withdrawn_at and made.withdrawn_at < made.given_at:
        raise ValueError("it is withdrawn before it was given")
    return made


FELT = ", felt"
_CONSENT_DAYS = ("given_at", "review_at", "withdrawn_at")


def _same_day(day: datetime | None, before: datetime | None) -> datetime | None:
    """A cell knows days, a record moments: the moment stays where the day does."""
    return before if day and before and day.date() == before.date() else day


def _consent_cells(one: Consent) -> dict[str, str]:
    days = {name: getattr(one, name) for name in _CONSENT_DAYS}
    dates = {name: f"{at:%Y-%m-%d}" if at else "" for name, at in days.items()}
    return {"home": one.home, "kind": one.about, "decided_by": one.decided_by, "basis": one.basis, **dates}


def _plan(cells: Mapping[str, Any], before: Any) -> PlanOf:
    plan = before.plan if before else ResponsePlan(cells["kind"], cells["steps"])
    spans = {to: timedelta(minutes=cells[name]) for name, to in _PLAN_SPANS.items() if name in cells}
    plain = {name: cells[name] for name in ("steps", "last_tier") if name in cells}
    made = replace(plan, **plain, **spans)
    if why := too_silent(made):
        raise ValueError(why)
    return PlanOf(cells["resident"], made)


_PLAN_SPANS = {"repeat_minutes": "repeat", "hold_minutes": "hold"}


def _plan_cells(one: PlanOf) -> dict[str, str]:
    minute = timedelta(minutes=1)
    steps = [f"{s.who} {s.transport}" + (f" {s.after // minute}" if s.after else "") for s in one.plan.steps]
    return {
        "resident": one.resident,
        "kind": one.plan.kind,
        "steps": "; ".join(steps),
        "repeat_minutes": str(one.plan.repeat // minute),
        "hold_minutes": str(one.plan.hold // minute),
        "last_tier": str(one.plan.last_tier),
    }


def _yes_no(name: str, label: str, hint: str = "") -> Column:
    return Column(name, label, hint, _yes, NO, choices=(NO, YES))


_MANNER = (
    Column("manner", "How to tell them", "", _one_of(MANNERS), "spoken", choices=MANNERS),
    Column("language", "Language", "Two letters: en, cy, ur.", _text(20), "en"),
    _yes_no("large_print", "Large print"),
)
_SENSOR_KINDS = (*SensorKind, *(f"{kind}{FELT}" for kind in SensorKind))

HOMES = Sheet(
    "homes",
    "home",
    (
        Column(
            "id", "Id", "Small letters, figures, _ and -. It can't be changed.", _home_id, "h_quill7", required=True
        ),
        Column("area", "Area", "As operators know it.", _text(80), "Eastgate", required=True),
        Column("timezone", "Time zone", "", zone, "Europe/London"),
        Column("people", "How many live there", "", _number(*ALLOWED["people"]), "1"),
        _yes_no("pets", "Pets that may set off a sensor"),
        _yes_no("may_wander", "Somebody may leave and not find back"),
        Column(
            "quiet_hours",
            "Hours without a sign by day",
            "Before anybody looks.",
            _number(*ALLOWED["by_day"], False),
            "6",
        ),
        Column("up_by_hour", "Up by", "The hour of the home's clock.", _number(*ALLOWED["up_by_hour"]), "10"),
        Column(
            "false_alerts_a_month",
            "False alerts that are bearable a month",
            "Fewer means later ones.",
            _number(*ALLOWED["false_alerts_a_month"], False),
            "1",
        ),
    ),
    ("id",),
    _home,
    _home_cells,
)
RESIDENTS = Sheet(
    "residents",
    "resident",
    (
        Column("id", "Id", "It can't be changed.", _id, "r_quill", required=True),
        Column("home", "Home", "The id of a home on record.", _home_id, "h_quill7", required=True),
        Column("name", "Name", "", _text(120), "Mary Quill", required=True, private=True),
        Column("called", "Likes to be called", "", _text(120), "Mrs Quill", required=True, private=True),
        Column("address", "Address", "", _text(400), "7 Rowan Street", required=True, private=True),
        Column("phone", "Telephone", "", _text(40), "01632 960050", private=True),
        Column("speak_with", "Speaking with them", "", _text(), "Speak slowly.", private=True, long=True),
        Column("medical_notes", "Medical notes", "", _text(), "Allergic to penicillin.", private=True, long=True),
        Column("risks", "Risks", "", _text(), "Steep stairs.", private=True, long=True),
        Column(
            "way_in",
            "Way in",
            "Never a code: those have a place of their own.",
            _text(),
            "Neighbour at number 5 holds a key.",
            private=True,
            long=True,
        ),
        Column(
            "reablement",
            "Discharged into reablement on",
            "The day they came home from hospital with it, as 2026-11-28, or empty: whether they are still at home 91"
            " days later is counted, without names. No reason and no diagnosis.",
            _date,
            "2026-09-01",
            private=True,
        ),
        *_MANNER,
    ),
    ("id",),
    _resident,
    _resident_cells,
    "home",
)
CONTACTS = Sheet(
    "contacts",
    "contact",
    (
        Column("id", "Id", "It can't be changed.", _id, "c_jo", required=True),
        Column("resident", "Resident", "The id of whose contact this is.", _id, "r_quill", required=True),
        Column("name", "Name", "", _text(120), "Jo Quill", required=True, private=True),
        Column("relation", "Relation", "", _text(80), "daughter", required=True, private=True),
        Column(
            "level",
            "May see",
            "As the resident chose.",
            _one_of(Level),
            Level.ALL_IS_WELL.value,
            choices=tuple(level.value for level in Level),
        ),
        _yes_no("keyholder", "Holds a key"),
        Column(
            "turn", "Turn", "1 is rung first; of equal ones, who holds a key. Empty for a new one: last.", _turn, "1"
        ),
        Column(
            "addresses",
            "Ways to reach them",
            "email: name@example.org; phone: 01632 960051",
            _addresses,
            "email: jo@example.org; phone: 01632 960051",
            private=True,
        ),
        *_MANNER,
    ),
    ("id",),
    _contact,
    _contact_cells,
    "resident",
)
CONSENTS = Sheet(
    "consents",
    "consent",
    (
        Column("home", "Home", "The id of a home on record.", _home_id, "h_quill7", required=True),
        Column("kind", "Kind of sensor", "", _one_of(_SENSOR_KINDS), "motion", required=True, choices=_SENSOR_KINDS),
        Column(
            "decided_by", "Who decided", "The resident, or who may for them.", _text(200), "the resident", required=True
        ),
        Column("basis", "On what basis", "", _text(400), "asked and agreed", required=True),
        Column("given_at", "Given on", "2026-11-28", _day, "2026-11-01", required=True),
        Column("review_at", "To be reviewed on", "2027-11-28, or empty", _day, "2027-11-01"),
        Column("withdrawn_at", "Withdrawn on", "Empty while it stands.", _day, ""),
    ),
    ("home", "kind"),
    _consent,
    _consent_cells,
    "home",
)
PLANS = Sheet(
    "plans",
    "plan",
    (
        Column("resident", "Resident", "The id of whose plan this is.", _id, "r_quill", required=True),
        Column(
            "kind",
            "For",
            "'default' is for all that have none of their own.",
            _one_of(Incident),
            "default",
            required=True,
            choices=tuple(one.value for one in Incident),
        ),
        Column(
            "steps",
            "Steps",
            "Whom, how, after how many minutes, in order: operator log; c_jo email 5",
            _steps,
            "operator log; c_jo email 5",
            required=True,
            long=True,
        ),
        Column("repeat_minutes", "The last ones again every … minutes", "", _number(1, 240), "5"),
        Column("hold_minutes", "An answer holds for … minutes", "", _number(1, 30), "3"),
        Column("last_tier", "How many of the last steps repeat", "", _number(1, 20), "1"),
    ),
    ("resident", "kind"),
    _plan,
    _plan_cells,
    "resident",
)
SHEETS: dict[str, Sheet] = {one.kind: one for one in (HOMES, RESIDENTS, CONTACTS, CONSENTS, PLANS)}


# Sheets and forms


def template(sheet: Sheet) -> str:
    """The heading and one example, as a file."""
    return ",".join(one.name for one in sheet.columns) + "\r\n" + _quoted(one.example for one in sheet.columns)


def _quoted(cells: Iterable[str]) -> str:
    return ",".join(f'"{cell}"' if any(mark in cell for mark in ',"\n') else cell for cell in cells) + "\r\n"


def read(sheet: Sheet, text: str) -> tuple[list[Line], list[Mistake]]:
    """Every line that reads, and every mistake there is. With a wrong heading no line is read."""
    first = text.split("\n", 1)[0]
    rows = _rows(text, ";" if first.count(";") > first.count(",") else ",")
    number, heading = next(rows, (1, []))
    names = [name.strip().casefold() for name in heading]
    wrong = list(_wrong_heading(sheet, names))
    lines: list[Line] = []
    for number, cells in rows if not wrong else ():
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != len(names):
            wrong.append(Mistake(number, "", f"has {len(cells)} cells, and the heading has {len(names)}"))
            continue
        values, mistakes = read_cells(sheet, dict(zip(names, cells, strict=True)))
        wrong += [replace(one, line=number) for one in mistakes]
        if not mistakes:
            lines.append(Line(number, values))
    wrong += _twice(sheet, lines)
    return lines, sorted(wrong, key=lambda one: (one.line, one.column))


def _rows(text: str, separator: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(text.splitlines(keepends=True), delimiter=separator)
    while True:
        start = reader.line_num + 1
        try:
            yield start, next(reader)
        except StopIteration:
            return
        except csv.Error as bad:
            yield start, [f"can't be read: {bad}"]
            return


def _wrong_heading(sheet: Sheet, names: list[str]) -> Iterator[Mistake]:
    known = [one.name for one in sheet.columns]
    for name, count in Counter(names).items():
        if name not in known:
            yield Mistake(1, name, f"there is no such column; there are {', '.join(known)}")
        elif count > 1:
            yield Mistake(1, name, f"the column is there {count} times")
    for key in sheet.keys:
        if key not in names:
            yield Mistake(1, key, "this column is missing, and it says which record is meant")


def read_cells(sheet: Sheet, cells: Mapping[str, str]) -> tuple[dict[str, Any], list[Mistake]]:
    """The values of those columns that are there, and what is wrong with them (on line 0)."""
    values: dict[str, Any] = {}
    wrong = []
    for column in sheet.columns:
        if column.name not in cells:
            continue
        cell = cells[column.name].strip()
        try:
            if column.required and not cell:
                raise ValueError("must not be empty")  # noqa: TRY301 - said as what the reading of a cell says
            if not cell and column.choices:
                continue
            values[column.name] = column.read(cell)
        except ValueError as bad:
            wrong.append(Mistake(0, column.name, str(bad)))
    return values, wrong


def _twice(sheet: Sheet, lines: Iterable[Line]) -> Iterator[Mistake]:
    first: dict[tuple[str, ...], int] = {}
    for line in lines:
        key = sheet.key(line.cells)
        before = first.setdefault(key, line.number)
        if before != line.number:
            yield Mistake(line.number, sheet.keys[0], f"{', '.join(key)} stands on line {before} already")


def missing(sheet: Sheet, cells: Mapping[str, Any]) -> list[str]:
    """Columns that a record needs which is not there yet."""
    return [one.name for one in sheet.columns if one.required and one.name not in cells]


def differences(sheet: Sheet, before: Any, after: Any) -> list[str]:
    """What changed, in words for the log: 'area: North → South', and only 'phone' where it tells of a person."""
    old, new = sheet.cells(before) if before else {}, sheet.cells(after)
    return [
        one.name if one.private else f"{one.name}: {old.get(one.name, '')} → {new[one.name]}".replace(":  →", ":")
        for one in sheet.columns
        if one.name not in sheet.keys and old.get(one.name, "") != new[one.name]
    ]
