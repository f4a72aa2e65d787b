"""The records: homes and people, consents, plans, accounts, what is heard of kits, what was set aside, who looked."""

import threading
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import (
    Connection,
    Engine,
    Select,
    Table,
    Text,
    and_,
    bindparam,
    delete,
    func,
    insert,
    not_,
    select,
    type_coerce,
    update,
)

from hub.store import chain, schema
from hub.store.accounts import Accounts
from hub.store.database import tidied, upsert, writing
from hub.store.health import Health
from hub.store.once import asked_by, once, reading
from hub.store.register import in_turn
from hub.store.snapshots import Snapshots
from hub.store.together import written
from hub.store.version import next_version
from models.alert import Alert, Lane
from models.health import Heard
from models.home import Home
from models.people import Account, Contact, Resident, Role, in_order
from models.privacy import Agreed, Consent, standing
from models.register import Register
from models.response import Incident, ResponsePlan, Step, default_plan, gently, incident
from models.share import share_in
from models.urgency import asks_for_a_look
from models.wire import Heartbeat, read_heartbeat

RAW_LIMIT = 4096
LEARNING = "learning"
SHARED = frozenset({"ingest", "watch", LEARNING})
"""Loops of which each of several watches has one."""
SET_ASIDE_LIMIT = 10_000
"""Rows of what was set aside; the oldest go first, the counts stay."""


@dataclass(frozen=True, slots=True)
class Aside:
    """Something that could not be used as it came: a count of `reason`, and unless `raw` is None a row to look at."""

    arrived: datetime
    home: str | None
    reason: str
    text: str
    raw: bytes | None = b""
    count: int = 1


class Beat(msgspec.Struct, frozen=True):
    """What a heartbeat or a last will says of a home. `heartbeat` is None for a last will, which tells nothing else.

    `at` is the heartbeat's own moment and `heard_until` how far the home is complete, both in the hub's time.
    """

    home: str
    heartbeat: bytes | None
    heard_until: datetime | None
    at: datetime | None
    online: bool = True
    on_mains: bool | None = None


@dataclass(frozen=True, slots=True)
class Watched:
    """All homes that are watched, and what stands in each of them, as of a `version` of the records."""

    version: int
    homes: tuple[Home, ...]
    agreed: Mapping[str, Agreed]


@dataclass(frozen=True, slots=True)
class Look:
    """Somebody looked at a person's data."""

    at: datetime
    viewer: str
    role: Role
    home: str
    data: str
    purpose: str
    reason: str


@dataclass(frozen=True, slots=True)
class Turn:
    """A loop's last turn: real seconds since 1970, the played moment up to which it had worked, and what hinders it;
    and the seconds that its machine had `lived` since its `boot`, which no clock that is set moves.
    """

    real_at: float
    played: datetime
    note: str
    lived: float = 0.0
    boot: str = ""


@dataclass(frozen=True, slots=True)
class Expectation:
    """By when a home's next sign of life is due after its `last_sign`, as the watch would judge it, and what that rests
    on: the chance that a well person would still be silent then, since when the home is known, and its usual day
    (a byte for each half hour of its clock: how surely there is a sign of life in it).
    """

    home: str
    last_sign: datetime
    expected_by: datetime
    chance: float | None = None
    known_since: datetime | None = None
    usual: bytes = b""


@dataclass(frozen=True, slots=True)
class Shift:
    """A home's budget of false alerts a month went from `was` to `now`, `because` of those alerts; by the hub, or by
    whoever `undoes` an earlier shift.
    """

    id: int
    home: str
    at: datetime
    was: float
    now: float
    because: tuple[int, ...]
    actor: str
    undoes: int | None = None


def lasting(table: Table) -> Any:
    """Homes that did not end, and residents who did not leave."""
    return unbroken(table, "ended")


def unbroken(table: Table, *ends: str) -> Any:
    """Those of which none of the `ends` is set. In what somebody wrote, a quotation mark is escaped."""
    body = type_coerce(table.c.body, Text)
    return and_(*(not_(body.contains(f'"{end}":"', autoescape=True)) for end in ends))


_HOME = asked_by(schema.homes.c.body, home=schema.homes.c.id)
_RESIDENT = asked_by(schema.residents.c.body, resident=schema.residents.c.id)
_LIVING = asked_by(schema.residents.c.body, home=schema.residents.c.home).order_by(schema.residents.c.id)
_CONTACT = asked_by(schema.contacts.c.body, contact=schema.contacts.c.id)
_CONTACTS = asked_by(schema.contacts.c.body, resident=schema.contacts.c.resident)
_CONSENTS = asked_by(schema.consents.c.body, home=schema.consents.c.home)
_PLANS = asked_by(schema.plans.c.kind, schema.plans.c.body, resident=schema.plans.c.resident)
_STAFF = asked_by(schema.accounts.c.body, role=schema.accounts.c.role).where(schema.accounts.c.closed_at.is_(None))
_STAFF = _STAFF.order_by(schema.accounts.c.login)
_LOGIN_OF = asked_by(schema.accounts.c.login, role=schema.accounts.c.role, person=schema.accounts.c.person)
_LOGIN_OF = _LOGIN_OF.where(schema.accounts.c.closed_at.is_(None)).order_by(schema.accounts.c.login)
_VERSION = select(schema.versions.c.value).where(schema.versions.c.name == "register")
_HEARD = select(
    schema.homes.c.id,
    schema.heartbeats.c.heard_until,
    schema.heartbeats.c.at,
    schema.heartbeats.c.online,
    schema.heartbeats.c.on_mains,
).select_from(schema.homes.outerjoin(schema.heartbeats, schema.homes.c.id == schema.heartbeats.c.home))
_HEARD_OF = _HEARD.where(schema.homes.c.id == bindparam("home"))
_HEARTBEAT = asked_by(schema.heartbeats.c.heartbeat, home=schema.heartbeats.c.home)
_LOOPS = select(schema.loops)
_EXPECTATION = asked_by(schema.expectations, home=schema.expectations.c.home)
_SHIFTS = select(*[column for column in schema.shifts.c if column.name != "link"]).order_by(schema.shifts.c.id)
_SHIFTS_OF = _SHIFTS.where(schema.shifts.c.home == bindparam("home"))
_UNDONE = select(schema.falls_undone.c.alerts, schema.falls_undone.c.at).order_by(schema.falls_undone.c.id)


class Records:
    """Reads are one statement each; every write is one short transaction."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.accounts = Accounts(engine)
        self.health = Health(engine)
        self.snapshots = Snapshots(engine)
        self._watched: Watched | None = None
        self._reading_them = threading.Lock()

    @property
    def engine(self) -> Engine:
        return self._engine

    def tidy(self) -> None:
        tidied(self._engine)

    def homes(self, *, ended: bool = False) -> list[Home]:
        """Those that are watched; with `ended`, those that were as well."""
        every = select(schema.homes.c.body).order_by(schema.homes.c.id)
        return self._bodies(every if ended else every.where(lasting(schema.homes)))

    def watched(self) -> Watched:
        """Of a borough this takes a second, so it is read once for each version, for whoever asks."""
        with self._reading_them:
            version = self.version()
            if self._watched is None or version != self._watched.version:
                self._watched = Watched(version, tuple(self.homes()), self.agreed())
            return self._watched

    @once
    def home(self, home: str) -> Home | None:
        found: Home | None = self._one(_HOME, home=home)
        return found

    @once
    def resident(self, resident: str) -> Resident | None:
        found: Resident | None = self._one(_RESIDENT, resident=resident)
        return found

    @once
    def residents_of(self, home: str) -> list[Resident]:
        """Those who are looked after there."""
        return [one for one in self.all_residents_of(home) if one.ended is None]

    def all_residents_of(self, home: str) -> list[Resident]:
        """With those who left."""
        return self._bodies(_LIVING, home=home)

    def living(self) -> dict[str, tuple[str, ...]]:
        """The ids of who lives in each home."""
        table, found = schema.residents, defaultdict[str, list[str]](list)
        for home, resident in self._all(select(table.c.home, table.c.id).where(lasting(table)).order_by(table.c.id)):
            found[home].append(resident)
        return {home: tuple(residents) for home, residents in found.items()}

    def contact(self, contact: str) -> Contact | None:
        found: Contact | None = self._one(_CONTACT, contact=contact)
        return found

    @once
    def contacts_of(self, resident: str) -> list[Contact]:
        """As they are rung."""
        return in_order(self._bodies(_CONTACTS, resident=resident))

    @once
    def consents(self, home: str | None = None) -> list[Consent]:
        """In one home or in all."""
        return self._bodies(select(schema.consents.c.body)) if home is None else self._bodies(_CONSENTS, home=home)

    def agreed(self) -> dict[str, Agreed]:
        """What stands in each home where anything does, without reading each consent."""
        table, found = schema.consents, defaultdict[str, set[str]](set)
        standing_now = select(table.c.home, table.c.kind).where(unbroken(table, "withdrawn_at", "paused_until"))
        for home, about in self._all(standing_now):
            found[home].add(about)
        alike: dict[frozenset[str], Agreed] = {}
        return {home: _agreed(frozenset(abouts), alike) for home, abouts in found.items()}

    @once
    def plan(self, resident: str | None, kind: str, lane: Lane) -> ResponsePlan:
        """The plan agreed for a finding's `kind`; else for that incident or, where a person may need help, for all,
        gently where only a look is asked for; else the built-in.
        """
        of = incident(kind, lane)
        found: dict[str, ResponsePlan] = {one.kind: one.body for one in self._all(_PLANS, resident=resident)}
        if kind in found:
            return found[kind]
        kinds = [of, Incident.DEFAULT] if lane is Lane.PERSON else [of]
        agreed = next((found[one] for one in kinds if one in found), None)
        if agreed is None:
            return default_plan(kind, lane)
        return gently(agreed) if asks_for_a_look(kind) else agreed

    def plan_for(self, alert: Alert) -> ResponsePlan:
        """Of the resident; where an alert is about no one resident, of the first in the home who agreed to one."""
        if alert.resident:
            return self.plan(alert.resident, alert.kind, alert.lane)
        built_in = self.plan(None, alert.kind, alert.lane)
        plans = (self.plan(one.id, alert.kind, alert.lane) for one in self.residents_of(alert.home))
        return next((plan for plan in plans if plan != built_in), built_in)

    def steps_of(self, resident: str) -> list[Step]:
        """Of all plans agreed with them."""
        table = schema.plans
        agreed = self._bodies(select(table.c.body).where(table.c.resident == resident))
        return [step for plan in agreed for step in plan.steps]

    def account(self, login: str) -> tuple[Account, str] | None:
        table = schema.accounts
        rows = self._all(select(table.c.body, table.c.password_hash).where(table.c.login == login))
        return (rows[0].body, rows[0].password_hash) if rows else None

    @once
    def accounts_of(self, role: Role) -> list[Account]:
        """Those that are not closed."""
        return self._bodies(_STAFF, role=role.value)

    def login_of(self, contact: str) -> str | None:
        """That of a contact who has one."""
        found: str | None = self._one(_LOGIN_OF, role=Role.CONTACT.value, person=contact)
        return found

    @once
    def version(self) -> int:
        """Another number whenever homes, sensors, people or consents changed."""
        return self._one(_VERSION) or 0

    def load(self, register: Register, password_hashes: Mapping[str, str]) -> None:
        """Insert or replace everything in `register`, all or nothing. Accounts on record keep their password."""
        with writing(self._engine) as connection:
            upsert(connection, schema.homes, [{"id": one.id, "body": one} for one in register.homes])
            upsert(connection, schema.residents, _keyed(register.residents, "id", "home"))
            contacts = in_turn(connection, register.contacts)
            upsert(connection, schema.contacts, _keyed(contacts, "id", "resident"))
            consents = [{"home": one.home, "kind": one.about, "body": one} for one in register.consents]
            upsert(connection, schema.consents, consents)
            plans = [{"resident": one.resident, "kind": one.plan.kind, "body": one.plan} for one in register.plans]
            upsert(connection, schema.plans, plans)
            _load_accounts(connection, register.accounts, password_hashes)
            next_version(connection)

    def logins(self) -> set[str]:
        return set(self._bodies(select(schema.accounts.c.login)))

    def beat(self, beats: Sequence[Beat]) -> None:
        """Keep the latest of each home, which has one here at most. `heard_until` and `at` never go back."""
        rows = [_beat_row(beat) for beat in sorted(beats, key=lambda one: one.home)]  # in one order: none deadlock
        if rows:
            with writing(self._engine, lightly=True) as connection:
                connection.exec_driver_sql(_KEEP_BEATS[connection.dialect.paramstyle], rows)

    def set_back(self, now: datetime) -> None:
        """The clock was ahead: what was heard by it is taken to be of now."""
        table = schema.heartbeats
        with writing(self._engine, lightly=True) as connection:
            for column in (table.c.heard_until, table.c.at):
                connection.execute(update(table).where(column > now).values({column.name: now}))

    @once
    def heard(self, home: str | None = None) -> dict[str, Heard]:
        """One home or every one on record, also those that were never heard."""
        rows = self._all(_HEARD) if home is None else self._all(_HEARD_OF, home=home)
        return {home: Heard(until, at, online is not False, mains) for home, until, at, online, mains in rows}

    @once
    def heartbeat(self, home: str) -> Heartbeat | None:
        """The last one that the home's kit sent while it was connected."""
        content = self._one(_HEARTBEAT, home=home)
        return None if content is None else read_heartbeat(content)

    def heartbeats(self) -> dict[str, bytes]:
        """The last one of every home, as it came."""
        table = schema.heartbeats
        return dict(self._all(select(table.c.home, table.c.heartbeat).where(table.c.heartbeat.is_not(None))))

    def set_aside(self, asides: Sequence[Aside]) -> None:
        """Count all, keep those that have something to show, and drop the oldest beyond the limit."""
        counted: dict[tuple[str, str], int] = defaultdict(int)
        for one in asides:
            counted[one.home or "", one.reason] += one.count
        kept = [_aside_row(one) for one in asides if one.raw is not None]
        with writing(self._engine) as connection:
            for (home, reason), count in sorted(counted.items()):
                _count_aside(connection, home, reason, count)
            if kept:
                connection.execute(insert(schema.set_aside), kept)
                newest = select(func.max(schema.set_aside.c.id)).scalar_subquery()
                connection.execute(delete(schema.set_aside).where(schema.set_aside.c.id <= newest - SET_ASIDE_LIMIT))

    def set_aside_counts(self, home: str | None = None, besides: AbstractSet[str] = frozenset()) -> dict[str, int]:
        """By reason, of one home or of all; `besides` those homes."""
        table = schema.set_aside_counts
        question = select(table.c.home, table.c.reason, table.c.count)
        counted: dict[str, int] = defaultdict(int)
        for whose, reason, count in self._all(question if home is None else question.where(table.c.home == home)):
            if whose not in besides:
                counted[reason] += int(count)
        return dict(counted)

    def set_aside_recent(self, limit: int = 100, besides: AbstractSet[str] = frozenset()) -> list[Aside]:
        """Newest first, without those of some homes."""
        table = schema.set_aside
        newest = self._all(select(table.c.id, table.c.home).order_by(table.c.id.desc()))
        ids = [one.id for one in newest if one.home not in besides][:limit]
        rows = self._all(select(table).where(table.c.id.in_(ids)).order_by(table.c.id.desc()))
        return [Aside(row.arrived, row.home, row.reason, row.text, row.raw) for row in rows]

    def look(self, viewer: str, role: Role, home: str, data: str, purpose: str, reason: str, at: datetime) -> None:
        row = {"viewer": viewer, "role": role.value, "home": home, "data": str(data), "purpose": str(purpose)}
        written(
            self._engine,
            lambda connection: chain.add(connection, schema.looks, {**row, "reason": reason, "at": at}),
            "looks",
        )

    def looks(self, home: str, limit: int = 1000) -> list[Look]:
        """Newest first."""
        table = schema.looks
        rows = self._all(select(table).where(table.c.home == home).order_by(table.c.id.desc()).limit(limit))
        return [Look(r.at, r.viewer, Role(r.role), r.home, r.data, r.purpose, r.reason) for r in rows]

    def turned(
        self, loop: str, real_at: float, played: datetime, note: str = "", lived: float = 0.0, boot: str = ""
    ) -> None:
        row = {"loop": loop, "real_at": real_at, "played": played, "note": note, "lived": lived, "boot": boot}
        with writing(self._engine, lightly=True) as connection:
            upsert(connection, schema.loops, [row])

    def forget_turn(self, loop: str) -> None:
        if loop in self.loops():
            self._write(delete(schema.loops).where(schema.loops.c.loop == loop))

    def forget_turns(self, watches: int) -> None:
        """Of the loops that there were while there were more or fewer watches than now."""
        gone = [name for name in self.loops() if name.split()[0] in SHARED and share_in(name)[1].count != watches]
        if gone:
            self._write(delete(schema.loops).where(schema.loops.c.loop.in_(gone)))

    @once
    def loops(self) -> dict[str, Turn]:
        return {row.loop: Turn(row.real_at, row.played, row.note, row.lived, row.boot) for row in self._all(_LOOPS)}

    def expect(self, expectations: Sequence[Expectation]) -> None:
        with writing(self._engine, lightly=True) as connection:
            upsert(connection, schema.expectations, [_expected(one) for one in expectations])

    @once
    def expectation(self, home: str) -> Expectation | None:
        rows = self._all(_EXPECTATION, home=home)
        return Expectation(**rows[0]._mapping) if rows else None

    def shift(
        self,
        home: str,
        at: datetime,
        was: float,
        now: float,
        because: Sequence[int],
        actor: str,
        undoes: int | None = None,
    ) -> None:
        """Raises LookupError where `undoes` is not the last shift of this home."""
        row = {"home": home, "at": at, "was": was, "now": now, "because": tuple(because), "actor": actor}
        last = select(func.max(schema.shifts.c.id)).where(schema.shifts.c.home == home)
        with writing(self._engine, appends="acts") as connection:
            added = chain.add(connection, schema.shifts, {**row, "undoes": undoes})
            before = connection.execute(last.where(schema.shifts.c.id < added)).scalar()
            if undoes is not None and before != undoes:
                raise LookupError(f"shift {undoes} is not the last one in home {home}")

    def latest_shift(self) -> int:
        return self._one(select(func.max(schema.shifts.c.id))) or 0

    def shifts(self, home: str | None = None) -> list[Shift]:
        """Oldest first, of one home or of all."""
        rows = self._all(_SHIFTS) if home is None else self._all(_SHIFTS_OF, home=home)
        return [Shift(**row._mapping) for row in rows]

    def undo_falls(self, home: str, at: datetime, sensor: str, alerts: Sequence[int], actor: str) -> None:
        """These alerts no longer count against that pendant."""
        row = {"home": home, "at": at, "sensor": sensor, "alerts": tuple(alerts), "actor": actor}
        with writing(self._engine, appends="acts") as connection:
            chain.add(connection, schema.falls_undone, row)

    def falls_undone(self) -> dict[int, datetime]:
        """Alerts that no longer count for a pendant, and since when."""
        return {alert: row.at for row in self._all(_UNDONE) for alert in row.alerts}

    def proofs(self, kept: Mapping[str, chain.Head]) -> Iterable[tuple[str, chain.Proof]]:
        """A walk along every hash-chained log, with the heads that were kept of some."""
        with self._engine.connect() as connection:
            for log in chain.logs():
                yield log.name, chain.prove(connection, log, kept.get(log.name))

    def broken_logs(self) -> list[str]:
        """Every hash-chained log that does not hold together any more, and from where on."""
        with self._engine.connect() as connection:
            found = {log.name: chain.prove(connection, log).broken_at for log in chain.logs()}
        return [f"the log '{name}' was changed at row {at}" for name, at in found.items() if at is not None]

    def _all(self, question: Select[Any], **given: object) -> Sequence[Any]:
        with reading(self._engine) as connection:
            return connection.execute(question, given).all()

    def _bodies(self, question: Select[Any], **given: object) -> list[Any]:
        return [row[0] for row in self._all(question, **given)]

    def _one(self, question: Select[Any], **given: object) -> Any:
        return next(iter(self._bodies(question, **given)), None)

    def _write(self, statement: Any) -> int:
        with writing(self._engine) as connection:
            return connection.execute(statement).rowcount


def _expected(one: Expectation) -> dict[str, Any]:
    """`asdict` would copy each value."""
    return {name: getattr(one, name) for name in Expectation.__slots__}


def _agreed(abouts: frozenset[str], alike: dict[frozenset[str], Agreed]) -> Agreed:
    if abouts not in alike:
        alike[abouts] = standing(abouts)
    return alike[abouts]


def _keyed(bodies: Iterable[Any], *keys: str) -> list[dict[str, Any]]:
    return [{**{key: str(getattr(body, key)) for key in keys}, "body": body} for body in bodies]


def _load_accounts(connection: Connection, accounts: Iterable[Account], hashes: Mapping[str, str]) -> None:
    table = schema.accounts
    for one in accounts:
        columns = {"role": one.role.value, "person": one.person, "body": one}
        known = connection.execute(update(table).where(table.c.login == one.login).values(columns)).rowcount
        if not known:
            connection.execute(insert(table).values(**columns, login=one.login, password_hash=hashes[one.login]))


_LATER = "CASE WHEN old.{0} IS NULL OR excluded.{0} > old.{0} THEN excluded.{0} ELSE old.{0} END"
"""Whichever is known, and of two the later."""
_KEEP_BEATS = {
    style: f"""
INSERT INTO heartbeats AS old (home, heartbeat, heard_until, at, online, on_mains) VALUES ({", ".join([mark] * 6)})
ON CONFLICT (home) DO UPDATE SET
    online = excluded.online,
    heartbeat = coalesce(excluded.heartbeat, old.heartbeat),
    on_mains = CASE WHEN excluded.heartbeat IS NULL THEN old.on_mains ELSE excluded.on_mains END,
    at = {_LATER.format("at")},
    heard_until = {_LATER.format("heard_until")}
"""  # noqa: S608 -- no value in it
    for style, mark in (("qmark", "?"), ("pyformat", "%s"))
}
"""Past SQLAlchemy's own dressing of values, which takes longer than the database. A last will says nothing but that the
kit is gone: the rest stays as it was.
"""


def _beat_row(beat: Beat) -> tuple[Any, ...]:
    until, at = (None if moment is None else schema.to_us(moment) for moment in (beat.heard_until, beat.at))
    return beat.home, beat.heartbeat, until, at, beat.online, beat.on_mains


def _aside_row(one: Aside) -> dict[str, Any]:
    raw = (one.raw or b"")[:RAW_LIMIT]
    text = one.text.replace("\0", "?")
    return {"arrived": one.arrived, "home": one.home, "reason": one.reason, "text": text, "raw": raw}


def _count_aside(connection: Connection, home: str, reason: str, count: int) -> None:
    table = schema.set_aside_counts
    mine = (table.c.home == home) & (table.c.reason == reason)
    if not connection.execute(update(table).where(mine).values(count=table.c.count + count)).rowcount:
        upsert(connection, table, [{"home": home, "reason": reason, "count": count}])
