"""The administrator's records: homes, residents, contacts, consents and plans of their own council."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from hub.desk import Checked, Desk
from hub.store import amendments
from hub.store.amendments import Amendment
from hub.store.register import Change, Overtaken, turned
from hub.web.access.accounts import mark
from hub.web.access.door import Door, Hidden, Viewer
from models.people import Resident
from models.privacy import Data, Purpose
from models.register import PlanOf
from models.sheet import SHEETS, Mistake, Sheet

SHOWN_AT_ONCE = 50
ABOUT_HOMES = (
    Data.PERSON, Data.ADDRESS, Data.MEDICAL, Data.WAY_IN, Data.CONTACTS, Data.KIT, Data.REABLEMENT
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Found:
    """A home in the list; `names` of its residents only where they were searched for."""

    home: str
    area: str
    sensors: int
    names: tuple[str, ...] = ()
    ended: bool = False


@dataclass(frozen=True, slots=True)
class Form:
    """A record as a form shows it. `seen` is a mark of how it stood; '' for a new one. `wrong` by column."""

    sheet: Sheet
    cells: Mapping[str, str]
    seen: str
    title: str
    wrong: Mapping[str, str]
    open: bool = False
    gist: str = ""


@dataclass(frozen=True, slots=True)
class Household:
    home: str
    forms: tuple[Form, ...]
    new: tuple[Form, ...]
    log: tuple[Amendment, ...]
    ended: datetime | None
    residents: tuple[Resident, ...]
    zone: str


class Meanwhile(Exception):
    """Somebody else changed it since it was shown."""


class Administration:
    def __init__(self, door: Door) -> None:
        self._door, self._engine = door, door.records.engine

    def homes(self, viewer: Viewer, find: str) -> tuple[int, list[Found]]:
        """How many there are, and the first of those that fit: by id or area, or by a resident's name or address."""
        self._may(viewer)
        homes, sought = self._door.all_homes(viewer), find.strip().casefold()
        by_name: dict[str, list[str]] = {}
        for one in self._door.desk(viewer).all("residents").values() if sought else ():
            if sought in f"{one.name} {one.called} {one.address}".casefold():
                by_name.setdefault(one.home, []).append(one.name)
        fitting = [
            Found(home.id, home.area, len(home.sensors), tuple(by_name.get(home.id, ())), home.ended is not None)
            for home in homes.values()
            if home.id in by_name or sought in f"{home.id} {home.area}".casefold()
        ]
        shown = fitting[:SHOWN_AT_ONCE]
        for one in shown:
            if one.names:
                self._look(viewer, one.home, frozenset({Data.PERSON}))
        return len(fitting), shown

    def household(
        self, viewer: Viewer, home_id: str, typed: tuple[str, Mapping[str, str], list[Mistake]] | None = None
    ) -> Household:
        """`typed` is a form that could not be kept, with its kind and what is wrong. Raises Hidden."""
        shown = self._may(viewer)
        home = self._door.home(viewer, home_id)
        self._look(viewer, home_id, shown)
        desk, residents = self._door.desk(viewer), self._door.records.all_residents_of(home_id)
        ids = {one.id for one in residents}
        records: list[tuple[str, Any]] = [("homes", home), *(("residents", one) for one in residents)]
        contacts = self._door.contacts(residents)
        records += [("contacts", one) for one in contacts]
        records += [("consents", one) for key, one in desk.all("consents").items() if key[0] == home_id]
        records += [("plans", one) for key, one in desk.all("plans").items() if key[0] in ids]
        forms = [_form(kind, record, typed) for kind, record in records]
        log = [
            one
            for one in amendments.latest(self._engine, viewer.council, 2000)
            if one.key.split(" ")[0] in {home_id, *ids, *(contact.id for contact in contacts)}
        ]
        new = tuple(_blanks(home_id, residents, typed))
        return Household(home_id, tuple(forms), new, tuple(log[:20]), home.ended, tuple(residents), home.timezone)

    def blank_home(self, viewer: Viewer, typed: tuple[str, Mapping[str, str], list[Mistake]] | None = None) -> Form:
        self._may(viewer)
        return _blank("homes", {}, typed)

    def keep(self, viewer: Viewer, kind: str, cells: Mapping[str, str], seen: str) -> list[Mistake]:
        """What is wrong, and then nothing is changed. Raises Hidden and Meanwhile."""
        self._may(viewer)
        if kind not in SHEETS:
            raise Hidden(kind)
        sheet, desk = SHEETS[kind], self._door.desk(viewer)
        before = desk.all(kind).get(tuple(cells.get(name, "") for name in sheet.keys)) if seen else None
        if seen and (before is None or mark(before) != seen):
            raise Meanwhile
        made = desk.form(kind, cells, before)
        if isinstance(made, list):
            return made
        if made.before != made.after:
            self._write(viewer, desk, [made])
        return []

    def drop_contact(self, viewer: Viewer, contact_id: str, seen: str) -> list[Mistake]:
        """A contact who is one no longer. Raises Hidden and Meanwhile."""
        desk, contact = self._seen_contact(viewer, contact_id, seen)
        plans = [one.plan for key, one in desk.all("plans").items() if key[0] == contact.resident]
        if any(step.who == contact_id for plan in plans for step in plan.steps):
            return [Mistake(0, "", "a plan names this contact: change the plan first")]
        self._write(viewer, desk, [Change("contacts", (contact_id,), contact, None)])
        return []

    def move_contact(self, viewer: Viewer, contact_id: str, by: int, seen: str) -> None:
        """`by` so many places later among the resident's contacts, or earlier. Raises Hidden and Meanwhile."""
        desk, contact = self._seen_contact(viewer, contact_id, seen)
        if changes := turned(self._door.records.contacts_of(contact.resident), contact_id, by):
            self._write(viewer, desk, changes)

    def _seen_contact(self, viewer: Viewer, contact_id: str, seen: str) -> tuple[Desk, Any]:
        self._may(viewer)
        desk = self._door.desk(viewer)
        contact = desk.all("contacts").get((contact_id,))
        if contact is None:
            raise Hidden(contact_id)
        if mark(contact) != seen:
            raise Meanwhile
        return desk, contact

    def check(self, viewer: Viewer, kind: str, text: str) -> Checked:
        self._may(viewer)
        if kind not in SHEETS:
            raise Hidden(kind)
        return self._door.desk(viewer).check(kind, text)

    def bring_in(self, viewer: Viewer, kind: str, text: str) -> Checked:
        """All of it, or with a mistake nothing. Raises Meanwhile."""
        checked, desk = self.check(viewer, kind, text), self._door.desk(viewer)
        if not checked.mistakes:
            changes = [*checked.added, *(change for _, change, _ in checked.changed)]
            self._write(viewer, desk, changes, " from a file")
        return checked

    def log(self, viewer: Viewer, limit: int = 200) -> list[tuple[Amendment, str]]:
        """What was changed by whom, the latest first, with names."""
        self._may(viewer)
        names = self._door.names()
        rows = amendments.latest(self._engine, viewer.council, limit)
        return [(one, names.get(one.actor, one.actor)) for one in rows]

    def _write(self, viewer: Viewer, desk: Desk, changes: list[Change], how: str = "") -> None:
        try:
            desk.keep(changes, viewer.login, self._door.clock.now(), how)
        except Overtaken as other:
            raise Meanwhile from other

    def _may(self, viewer: Viewer) -> frozenset[Data]:
        return self._door.shown(viewer, Purpose.ADMINISTER, ABOUT_HOMES)

    def _look(self, viewer: Viewer, home: str, shown: frozenset[Data]) -> None:
        self._door.look(viewer, Purpose.ADMINISTER, home, shown, at_most=timedelta(minutes=10))


def _form(kind: str, record: Any, typed: tuple[str, Mapping[str, str], list[Mistake]] | None) -> Form:
    sheet = SHEETS[kind]
    cells, wrong, mine = sheet.cells(record), {}, False
    if (
        typed
        and typed[0] == kind
        and all(typed[1].get(key) == cells[key] for key in sheet.keys)
        and typed[1].get("seen")
    ):
        cells, wrong, mine = {**cells, **typed[1]}, {one.column: one.text for one in typed[2]}, True
    name = (
        record.plan.kind
        if isinstance(record, PlanOf)
        else getattr(record, "name", None) or " ".join(sheet.key_of(record))
    )
    title = f"{sheet.one.capitalize()}: {cells['kind'] if kind == 'consents' else name}"
    return Form(sheet, cells, mark(record), title, wrong, mine, _gist(kind, cells))


def _gist(kind: str, cells: Mapping[str, str]) -> str:
    """What one most often opens the form to see."""
    if kind == "consents":
        return f"withdrawn on {cells['withdrawn_at']}" if cells["withdrawn_at"] else f"agreed on {cells['given_at']}"
    of = {"homes": ("area",), "residents": ("called", "address"), "contacts": ("relation", "addresses")}
    return ", ".join(cells[name] for name in of.get(kind, ()) if cells[name])


def _blank(kind: str, given: Mapping[str, str], typed: tuple[str, Mapping[str, str], list[Mistake]] | None) -> Form:
    sheet = SHEETS[kind]
    cells = {one.name: given.get(one.name, DEFAULTS.get(one.name, "")) for one in sheet.columns}
    wrong: dict[str, str] = {}
    if typed and typed[0] == kind and not typed[1].get("seen"):
        cells, wrong = {**cells, **typed[1]}, {one.column: one.text for one in typed[2]}
    return Form(sheet, cells, "", f"Add a {sheet.one}", wrong, bool(wrong))


DEFAULTS = {
    "timezone": "Europe/London",
    "people": "1",
    "quiet_hours": "6",
    "up_by_hour": "10",
    "false_alerts_a_month": "1",
    "manner": "in writing",
    "language": "en",
    "repeat_minutes": "5",
    "hold_minutes": "3",
    "last_tier": "1",
}


def _blanks(
    home: str, residents: list[Resident], typed: tuple[str, Mapping[str, str], list[Mistake]] | None
) -> list[Form]:
    first = residents[0].id if residents else ""
    kinds = ["residents", "consents", *(("contacts", "plans") if residents else ())]
    return [_blank(kind, {"home": home, "resident": first}, typed) for kind in kinds]
