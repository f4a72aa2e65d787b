"""What a resident may ask for: all that is held, in files that any other system reads; and that it is erased."""

import csv
import io
import json
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, is_dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from hub.store import Store
from hub.store.held import Fate, Held, Whose, erase, erase_kind, rows
from hub.store.register import Change
from hub.store.wishes import Wishes
from models.home import Home
from models.observation import SensorKind
from models.people import Resident
from models.wishes import Deed, Wish

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
AHEAD = timedelta(days=2)
"""A kit's clock may be wrong, and what it said is held all the same."""
SERIES = "observations"
README = """All that is held of this home, as of {made}.

datapackage.json describes each file and each of its columns (a tabular Data Package of Frictionless Data).
The CSV files are UTF-8 with a heading; times are ISO 8601 in UTC; what has parts is JSON within its cell.
everything.json holds the same once more. observations.csv is what sensors noticed; summaries.csv how often in an hour
(UTC), of what has ended to be kept. Nothing is left out but passwords, keys and the code of a key safe.
"""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the report about an erasure."""

    words: str
    count: int
    fate: str
    why: str = ""


def whose(store: Store, resident: Resident, *, alone: bool) -> Whose:
    """`alone`: as one of several in a home, without the others' records."""
    people = [resident] if alone else store.records.all_residents_of(resident.home)
    contacts = tuple(one.id for who in people for one in store.records.contacts_of(who.id))
    return Whose(resident.home, tuple(one.id for one in people), contacts)


def exported(store: Store, resident: Resident, now: datetime) -> bytes:
    """A zip of everything, as README says."""
    mine = whose(store, resident, alone=True)
    tables = {held.table.name: (held.words, found) for held, found in rows(store.records.engine, mine)}
    tables |= dict(_measured(store, resident.home, now))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as zipped:
        zipped.writestr("README.txt", README.format(made=now.isoformat(timespec="minutes")))
        zipped.writestr("datapackage.json", json.dumps(_described(tables, now), indent=1))
        plain = {name: [_plain(row) for row in found] for name, (_, found) in tables.items()}
        zipped.writestr("everything.json", json.dumps(plain, indent=1, ensure_ascii=False))
        for name, (_, found) in tables.items():
            if found:
                zipped.writestr(f"{name}.csv", _csv(found))
    return packed.getvalue()


def _measured(store: Store, home: str, now: datetime) -> Iterable[tuple[str, tuple[str, list[Mapping[str, Any]]]]]:
    noticed: list[Mapping[str, Any]] = [
        {"at": row.at, "sensor": row.sensor, "what": row.what, "arrived": row.arrived,
         "clock_trusted": row.clock_trusted, "evidence": row.evidence}
        for row in store.series.between(home, LONG_AGO, now + AHEAD)
    ]  # fmt: skip
    yield SERIES, ("what sensors noticed", noticed)
    counted: list[Mapping[str, Any]] = [asdict(one) for one in store.series.summaries(home, LONG_AGO, now + AHEAD)]
    yield "summaries", ("how often something was noticed, after that has ended to be kept", counted)


def _described(tables: Mapping[str, tuple[str, list[Mapping[str, Any]]]], now: datetime) -> dict[str, Any]:
    files = [
        {
            "name": name,
            "path": f"{name}.csv",
            "description": words,
            "format": "csv",
            "encoding": "utf-8",
            "schema": {"fields": [{"name": key, "type": _type(found, key)} for key in found[0]]},
        }
        for name, (words, found) in tables.items()
        if found
    ]
    return {"profile": "tabular-data-package", "created": now.isoformat(), "resources": files}


def _type(found: list[Mapping[str, Any]], key: str) -> str:
    value = next((row[key] for row in found if row[key] is not None), None)
    for kind, name in ((bool, "boolean"), (int, "integer"), (float, "number"), (datetime, "datetime"), (str, "string")):
        if isinstance(value, kind):
            return name
    return "string" if value is None else "object"


def _csv(found: list[Mapping[str, Any]]) -> str:
    text = io.StringIO()
    sheet = csv.writer(text)
    sheet.writerow(found[0])
    sheet.writerows([_cell(value) for value in row.values()] for row in found)
    return text.getvalue()


def _cell(value: Any) -> Any:
    plain = _plain(value)
    if isinstance(plain, bool):
        return "true" if plain else "false"
    return json.dumps(plain, ensure_ascii=False) if isinstance(plain, dict | list) else plain


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return msgspec.to_builtins(value)
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    return msgspec.to_builtins(value)


def erase_history(store: Store, resident: Resident, kind: SensorKind | None, wish: Wish) -> list[Line]:
    """What was measured, all of it or of one kind with what was made from it; the service goes on, and the watch
    learns the home anew.
    """
    gone_of = store.series.forget(resident.home, None if kind is None else frozenset({kind}))
    told = [Line(f"observations by {kind}" if kind else "observations", gone_of, "deleted")]
    home, mine = store.records.home(resident.home), whose(store, resident, alone=False)
    assert home is not None
    if kind is None:
        gone = erase(store.records.engine, mine, frozenset({Fate.HISTORY}))
    else:
        gone = erase_kind(store.records.engine, mine, [one.id for one in home.sensors if one.kind is not kind])
    told += [Line(held.words, count, "deleted") for held, count in gone if count]
    _reported(store, told, wish, [Change("homes", (home.id,), home, replace(home, erased_at=wish.at))])
    return told + _kept(store, resident)


def erase_all(store: Store, resident: Resident, wish: Wish) -> list[Line]:
    """When the service has ended: only what must be kept is left, under ids that name nobody."""
    mine = whose(store, resident, alone=False)
    told = [Line("observations", store.series.forget(resident.home), "deleted")]
    gone = erase(store.records.engine, mine, frozenset({Fate.HISTORY, Fate.ENDED}))
    told += [Line(held.words, count, "deleted") for held, count in gone if count]
    home = store.records.home(resident.home)
    assert home is not None
    changes = [Change("homes", (home.id,), home, _blank_home(home, wish.at))]
    changes += [
        Change("residents", (one.id,), one, Resident(one.id, home.id, "", "", "", ended=one.ended))
        for one in store.records.all_residents_of(home.id)
    ]
    closed = store.records.accounts.forget_people({*mine.residents, *mine.contacts}, wish.at)
    told += [
        Line("logins", closed, "closed, and their names deleted"),
        Line("names, addresses and notes", 1, "deleted"),
    ]
    _reported(store, told, wish, changes)
    return told + _kept(store, resident)


def _blank_home(home: Home, at: datetime) -> Home:
    return Home(home.id, "", (), timezone=home.timezone, council=home.council, ended=home.ended, erased_at=at)


def _reported(store: Store, told: list[Line], wish: Wish, changes: list[Change]) -> None:
    """The report stands in the log of wishes, in figures that tell nothing of the person."""
    text = "; ".join(f"{one.words}: {one.count}" for one in told)
    Wishes(store.records.engine).keep(replace(wish, deed=Deed.ERASED, text=text), changes)


def _kept(store: Store, resident: Resident) -> list[Line]:
    found = rows(store.records.engine, whose(store, resident, alone=False))
    return [Line(held.words, len(some), held.fate, held.why) for held, some in found if held.fate is Fate.KEPT and some]


__all__ = ["Held", "Line", "erase_all", "erase_history", "exported", "whose"]
