"""Records changed by an administrator, by form or by sheet: checked against what is on record, all or nothing."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import Engine

from hub.store import register
from hub.store.amendments import Amendment
from hub.store.register import Change, Overtaken
from models.home import Home, beyond
from models.people import Resident
from models.reablement import impossible
from models.sheet import SHEETS, Line, Mistake, Sheet, differences, missing, read, read_cells

MOST_LINES = 20_000
TAKEN = "this id can't be used: please choose another"
PARENT = {"home": "homes", "resident": "residents"}


@dataclass(frozen=True, slots=True)
class Checked:
    """What a sheet would do. With a mistake it does nothing."""

    added: tuple[Change, ...] = ()
    changed: tuple[tuple[int, Change, tuple[str, ...]], ...] = ()
    same: int = 0
    mistakes: tuple[Mistake, ...] = ()


class Desk:
    """For one council: records of others are not there, and their ids are merely taken."""

    def __init__(self, engine: Engine, council: str, today: date) -> None:
        self._engine, self._council, self._today = engine, council, today

    def all(self, kind: str) -> dict[tuple[str, ...], Any]:
        """Records of a kind that are this council's."""
        return self._mine(kind)[0]

    def check(self, kind: str, text: str) -> Checked:
        """Every mistake of every line."""
        sheet = SHEETS[kind]
        if text.count("\n") > MOST_LINES:
            return Checked(mistakes=(Mistake(1, "", f"more than {MOST_LINES} lines: please split the file"),))
        lines, wrong = read(sheet, text)
        present, taken = self._mine(kind)
        parents = self._parents(sheet)
        added: list[Change] = []
        changed: list[tuple[int, Change, tuple[str, ...]]] = []
        same = 0
        for line in lines:
            change = self._change(sheet, line, present, taken, parents)
            if isinstance(change, Mistake):
                wrong.append(change)
            elif change.before is None:
                added.append(change)
            elif change.before == change.after:
                same += 1
            else:
                changed.append((line.number, change, tuple(differences(sheet, change.before, change.after))))
        mistakes = sorted(wrong, key=lambda one: (one.line, one.column))
        return Checked(tuple(added), tuple(changed), same, tuple(mistakes))

    def form(self, kind: str, cells: Mapping[str, str], seen: Any) -> Change | list[Mistake]:
        """One record from a form, `seen` as it stood when the form was shown; mistakes are on line 0."""
        sheet = SHEETS[kind]
        values, wrong = read_cells(sheet, cells)
        if wrong:
            return wrong
        present, taken = self._mine(kind)
        key = sheet.key(values)
        if seen is None and key in present:
            return [Mistake(0, sheet.keys[-1], "it is on record already")]
        known = {key: seen} if seen is not None else {}
        change = self._change(sheet, Line(0, values), known, taken, self._parents(sheet))
        return [change] if isinstance(change, Mistake) else change

    def keep(self, changes: list[Change], actor: str, at: datetime, how: str = "") -> None:
        """Raises Overtaken, and then nothing was changed."""
        register.keep(self._engine, changes, [self._amendment(one, actor, at, how) for one in changes])

    def _amendment(self, change: Change, actor: str, at: datetime, how: str) -> Amendment:
        sheet = SHEETS[change.kind]
        told = differences(sheet, change.before, change.after) if change.after is not None else []
        done = "removed" if change.after is None else "added" if change.before is None else "changed"
        text = "; ".join(part for part in (f"{done}{how}", ", ".join(told), *_sensors(change)) if part)
        return Amendment(at, actor, self._council, sheet.one, " ".join(change.key), text)

    def _change(
        self,
        sheet: Sheet,
        line: Line,
        present: Mapping[tuple[str, ...], Any],
        taken: set[tuple[str, ...]],
        parents: set[str] | None,
    ) -> Change | Mistake:
        key = sheet.key(line.cells)
        before = present.get(key)
        if key in taken:
            return Mistake(line.number, sheet.keys[0], TAKEN)
        if before is None and (lacks := missing(sheet, line.cells)):
            return Mistake(line.number, lacks[0], "must not be empty in a new record")
        if parents is not None and (owner := line.cells.get(sheet.belongs)) and owner not in parents:
            return Mistake(line.number, sheet.belongs, f"{owner} is not on record")
        try:
            after = sheet.make(line.cells, before)
        except ValueError as bad:
            return Mistake(line.number, "", str(bad))
        if isinstance(after, Home):
            known = beyond(before) if before else []
            if why := [one for one in beyond(after) if one not in known]:
                return Mistake(line.number, "up_by_hour", "; ".join(why))
            after = replace(after, council=self._council)
        if isinstance(after, Resident) and (wrong := impossible(after.reablement, self._today)):
            return Mistake(line.number, "reablement", wrong)
        return Change(sheet.kind, key, before, after)

    def _mine(self, kind: str) -> tuple[dict[tuple[str, ...], Any], set[tuple[str, ...]]]:
        """Ours by key, and the keys that are others'."""
        present = register.all_of(self._engine, kind)
        if kind == "homes":
            mine = {key: one for key, one in present.items() if one.council == self._council}
        else:
            owners = {key[0] for key in self._mine(PARENT[SHEETS[kind].belongs])[0]}
            mine = {key: one for key, one in present.items() if getattr(one, SHEETS[kind].belongs) in owners}
        return mine, set(present) - set(mine)

    def _parents(self, sheet: Sheet) -> set[str] | None:
        return {key[0] for key in self.all(PARENT[sheet.belongs])} if sheet.belongs else None


__all__ = ["Checked", "Desk", "Overtaken"]


def _sensors(change: Change) -> Iterable[str]:
    """Which of a home's sensors came, went and changed: a sheet has no columns for them."""
    if not isinstance(change.before, Home) or not isinstance(change.after, Home):
        return
    then, now = ({one.id: one for one in home.sensors} for home in (change.before, change.after))
    differ = {one for one in then.keys() & now.keys() if then[one] != now[one]}
    for word, ids in (("out", then.keys() - now.keys()), ("in", now.keys() - then.keys()), ("changed", differ)):
        if ids:
            yield f"sensors {word}: {', '.join(sorted(ids))}"
