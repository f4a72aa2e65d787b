"""All that is held of a home, table by table: how its rows are found, and what becomes of them when it is erased.

A table that is not named here belongs to no home; tests/hub/test_rights.py holds every new one against this.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from msgspec import structs
from sqlalchemy import ColumnElement, Connection, Engine, Table, delete, false, select, update

from hub.store import schema
from hub.store.database import writing
from models.wire import encode, read_heartbeat


class Fate(StrEnum):
    """What becomes of a table's rows."""

    HISTORY = "deleted with what was measured"
    ENDED = "deleted when the service has ended"
    BLANKED = "emptied of everything about the person when the service has ended"
    KEPT = "kept"


class OfKind(StrEnum):
    """Which rows were made from what one kind of sensor noticed."""

    ALL = "all of them, since nobody can take one kind out of them again"
    OF_ITS_SENSORS = "those that name one of its sensors"


@dataclass(frozen=True, slots=True)
class Held:
    """`by` is the column that says whose a row is (`self`: a resident's own); `words` what is in it.

    `secret` columns are never handed out. `of_kind` says what goes when one kind of sensor is erased.
    """

    table: Table
    by: str
    words: str
    fate: Fate
    why: str = ""
    secret: tuple[str, ...] = ()
    of_kind: OfKind | None = None


_CALLS = "who called for help, who answered and when, is kept as the record of care"
_LOG = "a log that nobody may change afterwards: who looked, decided or was shown something"
_KIT = "about the kit, not the person"
_ALL, _ITS = OfKind.ALL, OfKind.OF_ITS_SENSORS

HELD: tuple[Held, ...] = (
    Held(schema.homes, "id", "the home: area, rooms and sensors", Fate.BLANKED),
    Held(schema.residents, "self", "the resident's own record", Fate.BLANKED, "its id is left, for the alerts"),
    Held(schema.contacts, "resident", "relatives and neighbours", Fate.ENDED),
    Held(schema.consents, "home", "consents", Fate.ENDED),
    Held(schema.decisions, "home", "decisions made in the resident's place", Fate.ENDED),
    Held(schema.plans, "resident", "the agreed plan", Fate.ENDED),
    Held(schema.subscriptions, "person", "browsers that are told things", Fate.ENDED, secret=("endpoint", "content")),
    Held(schema.preferences, "person", "what relatives chose to be told", Fate.ENDED),
    Held(schema.breaks, "person", "breaks that relatives asked for", Fate.ENDED),
    Held(schema.notices, "home", "what relatives were told, without the words", Fate.HISTORY),
    Held(schema.key_safes, "home", "the key safe", Fate.ENDED, secret=("sealed",)),
    Held(schema.heartbeats, "home", "the kit's last heartbeat", Fate.HISTORY, secret=("heartbeat",)),
    Held(schema.expectations, "home", "the usual day as it was learned", Fate.HISTORY, secret=("usual",), of_kind=_ALL),
    Held(schema.rhythms, "home", "how often sensors report, as learned", Fate.HISTORY, of_kind=_ALL),
    Held(schema.spells, "home", "times of trouble with the kit", Fate.HISTORY, of_kind=_ITS),
    Held(schema.battery_levels, "home", "battery levels", Fate.HISTORY, of_kind=_ITS),
    Held(schema.aged, "home", "how much reached the end of its retention", Fate.ENDED),
    Held(schema.test_presses, "home", "the kit's test presses", Fate.HISTORY),
    Held(schema.traces, "home", "what a pendant felt around suspected falls", Fate.HISTORY, of_kind=_ITS),
    Held(schema.set_aside, "home", "messages that could not be used", Fate.HISTORY, secret=("raw",), of_kind=_ALL),
    Held(schema.set_aside_counts, "home", "how many messages could not be used", Fate.HISTORY),
    Held(schema.feedback, "home", "how it went, as relatives said", Fate.HISTORY),
    Held(schema.fittings, "home", "the fitting of the kit", Fate.ENDED),
    Held(schema.orders, "home", "what the kit was told", Fate.HISTORY),
    Held(schema.alerts, "home", "alerts", Fate.KEPT, _CALLS),
    Held(schema.findings, "home", "why alerts were raised", Fate.KEPT, _CALLS),
    Held(schema.timeline, "alert", "what was done about alerts", Fate.KEPT, _CALLS),
    Held(schema.attempts, "alert", "tries at reaching people", Fate.KEPT, _CALLS),
    Held(schema.mentioned, "home", "what was mentioned in talks", Fate.KEPT, _CALLS),
    Held(schema.referrals, "alert", "referrals", Fate.KEPT, _CALLS),
    Held(schema.challenges, "alert", "alerts that were challenged", Fate.KEPT, _CALLS),
    Held(schema.shiftbook, "home", "the shift's book", Fate.KEPT, _CALLS),
    Held(schema.looks, "home", "who looked", Fate.KEPT, _LOG),
    Held(schema.wishes, "home", "what the resident decided", Fate.KEPT, _LOG),
    Held(schema.key_safe_log, "home", "what was done about the key safe", Fate.KEPT, _LOG),
    Held(schema.shifts, "home", "how closely the home was watched", Fate.KEPT, _LOG),
    Held(schema.falls_undone, "home", "falls that no longer count", Fate.KEPT, _LOG),
    Held(schema.swaps, "home", "sensors that were exchanged", Fate.KEPT, _KIT),
    Held(schema.certificates, "home", "certificates of fitting", Fate.KEPT, _KIT),
)
"""Deleted in this order. Observations, blocks and summaries are the series' own to forget."""

OF_NO_HOME = frozenset(
    {"accounts", "sessions", "invitations", "tries", "entrances", "amendments", "versions", "leases", "loops",
     "snapshots", "way_faults", "published"}
)  # fmt: skip
"""Of people who log in, and of the hub itself. Logins of a home's people are closed when the service ends."""


@dataclass(frozen=True, slots=True)
class Whose:
    """A home, those who live there and whom rows of their own belong to, and their people."""

    home: str
    residents: tuple[str, ...]
    contacts: tuple[str, ...]


def rows(engine: Engine, whose: Whose) -> Iterator[tuple[Held, list[Mapping[str, Any]]]]:
    """Everything in the records, without what is secret and without the links of logs."""
    with engine.connect() as connection:
        for held in HELD:
            columns = [one for one in held.table.c if one.name not in (*held.secret, "link")]
            found = connection.execute(select(*columns).where(_mine(held, whose))).all()
            yield held, [dict(row._mapping) for row in found]


def erase(engine: Engine, whose: Whose, fates: frozenset[Fate]) -> list[tuple[Held, int]]:
    """How many rows of each table were deleted, all of them or none. What the engine of the watch knows goes too."""
    with writing(engine) as connection:
        gone = [(held, _erased(connection, held, whose)) for held in HELD if held.fate in fates]
        connection.execute(delete(schema.snapshots))
    return gone


def erase_kind(engine: Engine, whose: Whose, others: Collection[str]) -> list[tuple[Held, int]]:
    """What was made from one kind of sensor, beside the observations themselves: `others` are the sensors of all other
    kinds, so that what is left of one that was taken out goes as well. What the engine of the watch knows goes too.
    """
    with writing(engine) as connection:
        gone = [(held, _erased(connection, held, whose, others)) for held in HELD if held.of_kind]
        _last_said_by(connection, whose.home, others)
        connection.execute(delete(schema.snapshots))
    return gone


def _last_said_by(connection: Connection, home: str, others: Collection[str]) -> None:
    """The last heartbeat names each sensor's last sign of life: those of `others` alone are left in it."""
    table = schema.heartbeats
    said = connection.scalar(select(table.c.heartbeat).where(table.c.home == home))
    if said:
        told = read_heartbeat(said)
        sensors = {name: at for name, at in told.sensors.items() if name in others}
        health = {name: one for name, one in told.health.items() if name in others}
        left = encode(structs.replace(told, sensors=sensors, health=health))
        connection.execute(update(table).where(table.c.home == home).values(heartbeat=left))


def unlearn(engine: Engine, homes: Collection[str]) -> None:
    """What the watch wrote down of `homes` after it was erased and before the watch knew."""
    with writing(engine) as connection:
        for table in (schema.expectations, schema.rhythms):
            connection.execute(delete(table).where(table.c.home.in_([*homes])))


def _erased(connection: Connection, held: Held, whose: Whose, others: Collection[str] | None = None) -> int:
    doomed = delete(held.table).where(_mine(held, whose))
    if others is not None and held.of_kind is OfKind.OF_ITS_SENSORS:
        doomed = doomed.where(held.table.c.sensor.not_in(["", *others]))
    return connection.execute(doomed).rowcount


def _mine(held: Held, whose: Whose) -> ColumnElement[bool]:
    columns = held.table.c
    match held.by:
        case "self":
            return columns.id.in_(whose.residents)
        case "resident":
            return columns.resident.in_(whose.residents)
        case "person":
            return columns.person.in_(whose.contacts) if whose.contacts else false()
        case "alert":
            return columns.alert.in_(select(schema.alerts.c.id).where(schema.alerts.c.home == whose.home))
        case _:
            return columns[held.by] == whose.home
