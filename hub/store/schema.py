"""The tables. Records of people and homes are the JSON of their dataclass beside the columns that are asked for."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    func,
    text,
)

from hub.store.alike import read_home
from models.commission import Fitting, Proved
from models.health import Learned
from models.home import Home
from models.notices import Preferences
from models.people import Account, Contact, Resident
from models.privacy import Consent
from models.response import ResponsePlan
from models.wishes import Decision

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def to_us(at: datetime) -> int:
    return (at - _EPOCH) // _MICROSECOND


def from_us(value: int) -> datetime:
    return _EPOCH + timedelta(microseconds=value)


class Moment(TypeDecorator[datetime]):
    """An aware time, kept as whole microseconds since 1970 UTC, which sort and lose nothing."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: Dialect) -> int | None:
        return None if value is None else to_us(value)

    def process_result_value(self, value: int | None, _dialect: Dialect) -> datetime | None:
        return None if value is None else from_us(value)


class Body(TypeDecorator[Any]):
    """A frozen dataclass, or another plain shape, as JSON."""

    impl = Text
    cache_ok = True

    def __init__(self, kind: Any) -> None:
        super().__init__()
        self.kind = kind

    def process_bind_param(self, value: Any, _dialect: Dialect) -> str | None:
        return None if value is None else msgspec.json.encode(value).decode()

    def process_result_value(self, value: str | None, _dialect: Dialect) -> Any:
        return None if value is None else msgspec.json.decode(value, type=self.kind)


class HomeBody(Body):
    """A home, of which there are many, and all much alike."""

    cache_ok = True

    def __init__(self) -> None:
        super().__init__(Home)

    def process_result_value(self, value: str | None, _dialect: Dialect) -> Any:
        return None if value is None else read_home(value)


Number = BigInteger().with_variant(Integer, "sqlite")
"""SQLite counts up by itself only in a column called INTEGER."""


LATER = "later"
"""Of a column that a chained log was given when it had rows already: where it is empty, no link is made of it."""


def _id() -> Column[int]:
    return Column("id", Number, primary_key=True, autoincrement=True)


records = MetaData()

homes = Table("homes", records, Column("id", Text, primary_key=True), Column("body", HomeBody(), nullable=False))

residents = Table(
    "residents",
    records,
    Column("id", Text, primary_key=True),
    Column("home", Text, ForeignKey("homes.id"), nullable=False, index=True),
    Column("body", Body(Resident), nullable=False),
)

contacts = Table(
    "contacts",
    records,
    Column("id", Text, primary_key=True),
    Column("resident", Text, ForeignKey("residents.id"), nullable=False, index=True),
    Column("body", Body(Contact), nullable=False),
)

consents = Table(
    "consents",
    records,
    Column("home", Text, ForeignKey("homes.id"), primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("body", Body(Consent), nullable=False),
)

plans = Table(
    "plans",
    records,
    Column("resident", Text, ForeignKey("residents.id"), primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("body", Body(ResponsePlan), nullable=False),
)

accounts = Table(
    "accounts",
    records,
    Column("login", Text, primary_key=True),
    Column("role", Text, nullable=False, index=True),
    Column("body", Body(Account), nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("closed_at", Moment),
    Column("second", LargeBinary),
    Column("second_since", Moment),
    Column("second_step", BigInteger, nullable=False, server_default="0"),
    Column("recovery", Body(tuple[str, ...]), nullable=False, server_default="[]"),
    Column("person", Text, index=True),
)
"""`second` is the sealed secret of one-time codes, in force from `second_since` on; `recovery` are hashes of codes.
`person` is the contact or resident whose login it is.
"""

sessions = Table(
    "sessions",
    records,
    Column("token_hash", Text, primary_key=True),
    Column("login", Text, ForeignKey("accounts.login"), nullable=False, index=True),
    Column("csrf", Text, nullable=False),
    Column("stage", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("opened_at", Moment, nullable=False),
    Column("used_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False, index=True),
)

invitations = Table(
    "invitations",
    records,
    Column("token_hash", Text, primary_key=True),
    Column("login", Text, ForeignKey("accounts.login"), nullable=False),
    Column("made_by", Text, nullable=False),
    Column("expires_at", Moment, nullable=False),
)

tries = Table(
    "tries",
    records,
    Column("whose", Text, primary_key=True),
    Column("count", BigInteger, nullable=False),
    Column("last", Float, nullable=False),
)
"""Wrong tries to log in. `whose` is a hash: what people type there may be anything, even a password."""

entrances = Table(
    "entrances",
    records,
    Column("login", Text, ForeignKey("accounts.login"), primary_key=True),
    Column("address", Text, primary_key=True),
    Column("last_at", Moment, nullable=False),
)
"""Where a login came from when it was right."""

amendments = Table(
    "amendments",
    records,
    _id(),
    Column("at", Moment, nullable=False),
    Column("actor", Text, nullable=False),
    Column("council", Text, nullable=False),
    Column("what", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("link", Text, nullable=False),
)
"""What was changed on the records by whom: names of fields, and values only of those that tell nothing of a person."""

shiftbook = Table(
    "shiftbook",
    records,
    _id(),
    Column("at", Moment, nullable=False),
    Column("council", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("what", Text, nullable=False),
    Column("home", Text, index=True),
    Column("alert", BigInteger),
    Column("of", BigInteger, index=True),
    Column("until", Moment),
    Column("text", Text, nullable=False),
    Column("link", Text, nullable=False),
)
"""What a shift hands on to the next: promised call-backs, muted homes, and who handed over to whom.

`of` is the row that this one is an answer to; `until` when a call-back is due, or a home no longer muted.
"""

wishes = Table(
    "wishes",
    records,
    _id(),
    Column("at", Moment, nullable=False),
    Column("home", Text, nullable=False, index=True),
    Column("resident", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("deed", Text, nullable=False),
    Column("about", Text, nullable=False),
    Column("word", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("until", Moment),
    Column("link", Text, nullable=False),
)
"""What residents decided about what is measured and who sees it, in words that tell nothing of them."""

decisions = Table(
    "decisions",
    records,
    _id(),
    Column("home", Text, ForeignKey("homes.id"), nullable=False, index=True),
    Column("resident", Text, ForeignKey("residents.id"), nullable=False),
    Column("review_at", Moment, nullable=False),
    Column("ended_at", Moment),
    Column("body", Body(Decision), nullable=False),
)
"""What was decided in a resident's place."""

published = Table(
    "published",
    records,
    Column("council", Text, primary_key=True),
    Column("month", Text, primary_key=True),
    Column("area", Text, primary_key=True),
    Column("measure", Text, primary_key=True),
    Column("value", BigInteger),
)
"""What those who plan were shown of a month, which is never made again; without a value it is not shown."""

aged = Table(
    "aged",
    records,
    Column("home", Text, primary_key=True),
    Column("month", Text, primary_key=True),
    Column("about", Text, primary_key=True),
    Column("count", BigInteger, nullable=False),
)
"""How much of what reached the end of its retention, by the month (UTC) in which it was deleted."""

versions = Table(
    "versions", records, Column("name", Text, primary_key=True), Column("value", BigInteger, nullable=False)
)

heartbeats = Table(
    "heartbeats",
    records,
    Column("home", Text, ForeignKey("homes.id"), primary_key=True),
    Column("heartbeat", LargeBinary),
    Column("heard_until", Moment),
    Column("at", Moment),
    Column("online", Boolean, nullable=False),
    Column("on_mains", Boolean),
)

set_aside = Table(
    "set_aside",
    records,
    _id(),
    Column("arrived", Moment, nullable=False),
    Column("home", Text),
    Column("reason", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("raw", LargeBinary, nullable=False),
)

set_aside_counts = Table(
    "set_aside_counts",
    records,
    Column("home", Text, primary_key=True),
    Column("reason", Text, primary_key=True),
    Column("count", BigInteger, nullable=False),
)

looks = Table(
    "looks",
    records,
    _id(),
    Column("at", Moment, nullable=False),
    Column("viewer", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("home", Text, nullable=False, index=True),
    Column("data", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("link", Text, nullable=False),
)

leases = Table(
    "leases",
    records,
    Column("name", Text, primary_key=True),
    Column("number", BigInteger, nullable=False),
    Column("holder", Text, nullable=False),
    Column("pid", BigInteger, nullable=False),
    Column("until", Float, nullable=False),
    Column("hand_over", Boolean, nullable=False),
    Column("session", Text, nullable=False),
)
"""Which hub is the active one. `number` is another for each that becomes it; `until` is by the database's clock."""

loops = Table(
    "loops",
    records,
    Column("loop", Text, primary_key=True),
    Column("real_at", Float, nullable=False),
    Column("played", Moment, nullable=False),
    Column("note", Text, nullable=False),
    Column("lived", Float, nullable=False, server_default="0"),
    Column("boot", Text, nullable=False, server_default=""),
)
"""`lived` counts seconds in the `boot` of the loop's machine, whatever its clock is set to."""

snapshots = Table(
    "snapshots",
    records,
    Column("name", Text, primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("made_with", Text, nullable=False, server_default=""),
)

expectations = Table(
    "expectations",
    records,
    Column("home", Text, ForeignKey("homes.id"), primary_key=True),
    Column("last_sign", Moment, nullable=False),
    Column("expected_by", Moment, nullable=False),
    Column("chance", Float),
    Column("known_since", Moment),
    Column("usual", LargeBinary, nullable=False),
)

shifts = Table(
    "shifts",
    records,
    _id(),
    Column("home", Text, ForeignKey("homes.id"), nullable=False, index=True),
    Column("at", Moment, nullable=False),
    Column("was", Float, nullable=False),
    Column("now", Float, nullable=False),
    Column("because", Body(tuple[int, ...]), nullable=False),
    Column("actor", Text, nullable=False),
    Column("undoes", BigInteger),
    Column("link", Text, nullable=False),
)

falls_undone = Table(
    "falls_undone",
    records,
    _id(),
    Column("home", Text, ForeignKey("homes.id"), nullable=False, index=True),
    Column("at", Moment, nullable=False),
    Column("sensor", Text, nullable=False),
    Column("alerts", Body(tuple[int, ...]), nullable=False),
    Column("actor", Text, nullable=False),
    Column("link", Text, nullable=False),
)
"""Alerts about a fall that no longer count against a pendant, since a supervisor said so."""

traces = Table(
    "traces",
    records,
    Column("home", Text, ForeignKey("homes.id"), primary_key=True),
    Column("outbox", Text, primary_key=True),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("sensor", Text, nullable=False),
    Column("at", Moment, nullable=False),
    Column("begins", Float, nullable=False),
    Column("every", Float, nullable=False),
    Column("mg", Body(tuple[int, ...]), nullable=False),
)
Index("traces_by_home", traces.c.home, traces.c.at)

alerts = Table(
    "alerts",
    records,
    _id(),
    Column("home", Text, ForeignKey("homes.id"), nullable=False),
    Column("resident", Text, ForeignKey("residents.id")),
    Column("lane", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("raised_at", Moment, nullable=False),
    Column("round_began_at", Moment, nullable=False),
    Column("look_again_at", Moment),
    Column("version", BigInteger, nullable=False),
    Column("presses", BigInteger, nullable=False),
    Column("holder", Text),
    Column("lapsed_by", Text),
    Column("outcome", Text),
    Column("closed_at", Moment),
    Column("reason", Text, nullable=False, server_default=""),
    CheckConstraint("state = 'closed' OR look_again_at IS NOT NULL", name="open_has_a_next_look"),
    CheckConstraint("state IN ('raised', 'answered', 'attending', 'closed')", name="known_state"),
    CheckConstraint("lane IN ('person', 'kit')", name="known_lane"),
    CheckConstraint("(state = 'closed') = (outcome IS NOT NULL)", name="closed_has_an_outcome"),
)

Index(
    "one_open_alert",
    alerts.c.home,
    func.coalesce(alerts.c.resident, text("''")),
    alerts.c.lane,
    unique=True,
    sqlite_where=text("state != 'closed'"),
    postgresql_where=text("state != 'closed'"),
)
Index("alerts_by_next_look", alerts.c.look_again_at)
Index("alerts_by_home", alerts.c.home, alerts.c.raised_at)

findings = Table(
    "findings",
    records,
    Column("key", Text, primary_key=True),
    Column("alert", Number, ForeignKey("alerts.id"), index=True),
    Column("home", Text, ForeignKey("homes.id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("sensor", Text, nullable=False),
    Column("since", Moment, nullable=False),
    Column("at", Moment, nullable=False),
    Column("over", Boolean, nullable=False),
    Column("ended_at", Moment),
    Column("said", Text),
)
Index("findings_by_home", findings.c.home, findings.c.kind, findings.c.sensor)

mentioned = Table(
    "mentioned",
    records,
    _id(),
    Column("at", Moment, nullable=False),
    Column("home", Text, ForeignKey("homes.id"), nullable=False, index=True),
    Column("kind", Text, nullable=False),
    Column("alert", Number, ForeignKey("alerts.id"), nullable=False),
    Column("actor", Text, nullable=False),
    Column("link", Text, nullable=False),
)
"""What asks for no answer, and was said in the talk about an alert."""

timeline = Table(
    "timeline",
    records,
    _id(),
    Column("alert", Number, ForeignKey("alerts.id"), nullable=False, index=True),
    Column("at", Moment, nullable=False),
    Column("act", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("link", Text, nullable=False),
)

attempts = Table(
    "attempts",
    records,
    _id(),
    Column("alert", Number, ForeignKey("alerts.id"), nullable=False, index=True),
    Column("step", BigInteger, nullable=False),
    Column("at", Moment, nullable=False),
    Column("who", Text, nullable=False),
    Column("transport", Text, nullable=False),
    Column("tried", Text, nullable=False, index=True),
    Column("detail", Text, nullable=False),
    Column("finished_at", Moment),
    Column("actor", Text, nullable=False, server_default="hub"),
    Column("answer", Text),
    Column("answered_at", Moment),
    Column("holds_until", Moment),
)

orders = Table(
    "orders",
    records,
    _id(),
    Column("home", Text, ForeignKey("homes.id"), nullable=False),
    Column("alert", Number, ForeignKey("alerts.id")),
    Column("order", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("intended_at", Moment, nullable=False),
    Column("sent_at", Moment, index=True),
    Column("dropped", Boolean, nullable=False),
)

spells = Table(
    "spells",
    records,
    _id(),
    Column("home", Text, ForeignKey("homes.id")),
    Column("kind", Text, nullable=False),
    Column("sensor", Text, nullable=False),
    Column("began", Moment, nullable=False),
    Column("ended", Moment),
)
"""What was wrong with a home's kit, from when until when; without a home it was the hub itself, and so every home."""
Index("spells_by_home", spells.c.home, spells.c.began)
Index(
    "one_lasting_spell",
    func.coalesce(spells.c.home, text("''")),
    spells.c.kind,
    spells.c.sensor,
    unique=True,
    sqlite_where=text("ended IS NULL"),
    postgresql_where=text("ended IS NULL"),
)

rhythms = Table(
    "rhythms",
    records,
    Column("home", Text, ForeignKey("homes.id"), primary_key=True),
    Column("body", Body(Learned), nullable=False),
)

battery_levels = Table(
    "battery_levels",
    records,
    Column("home", Text, ForeignKey("homes.id"), primary_key=True),
    Column("sensor", Text, primary_key=True),
    Column("at", Moment, primary_key=True),
    Column("percent", Float, nullable=False),
)

test_presses = Table(
    "test_presses",
    records,
    Column("home", Text, ForeignKey("homes.id"), primary_key=True),
    Column("outbox", Text, primary_key=True),
    Column("number", BigInteger, primary_key=True),
    Column("noticed", Moment, nullable=False),
    Column("arrived", Moment),
    Column("stored", Moment),
    Column("judged", Moment),
    Column("kept", Float),
    Column("sent", Float),
    Column("receipted", Float),
)
Index("test_presses_by_home", test_presses.c.home, test_presses.c.arrived)

swaps = Table(
    "swaps",
    records,
    _id(),
    Column("home", Text, ForeignKey("homes.id"), nullable=False, index=True),
    Column("sensor", Text, nullable=False),
    Column("at", Moment, nullable=False),
    Column("was", Text, nullable=False),
    Column("now", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("link", Text, nullable=False),
)

fittings = Table(
    "fittings",
    records,
    Column("home", Text, ForeignKey("homes.id"), primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("body", Body(Fitting), nullable=False),
)
"""What installers have done in each home so far."""

certificates = Table(
    "certificates",
    records,
    _id(),
    Column("home", Text, ForeignKey("homes.id"), nullable=False, index=True),
    Column("body", Body(Proved), nullable=False),
    Column("link", Text, nullable=False),
)

way_faults = Table(
    "way_faults",
    records,
    _id(),
    Column("transport", Text, nullable=False),
    Column("began", Moment, nullable=False),
    Column("failures", BigInteger, nullable=False),
    Column("why", Text, nullable=False),
    Column("holder", Text, nullable=False),
    Column("council", Text, nullable=False),
    Column("held_until", Moment),
    Column("ended", Moment),
)
"""Transports that did not work, and until when. `holder` of `council` sees to it until `held_until`."""
Index(
    "one_standing_way_fault",
    way_faults.c.transport,
    unique=True,
    sqlite_where=text("ended IS NULL"),
    postgresql_where=text("ended IS NULL"),
)

subscriptions = Table(
    "subscriptions",
    records,
    Column("endpoint", Text, primary_key=True),
    Column("person", Text, nullable=False, index=True),
    Column("content", Text, nullable=False),
    Column("made_at", Moment, nullable=False),
)
"""Browsers that asked to be told things; `person` is the id of a contact, or an @ and the login of staff."""

key_safes = Table(
    "key_safes",
    records,
    Column("home", Text, ForeignKey("homes.id"), primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("entered_by", Text, nullable=False),
    Column("entered_at", Moment, nullable=False),
)

key_safe_log = Table(
    "key_safe_log",
    records,
    _id(),
    Column("home", Text, ForeignKey("homes.id"), nullable=False, index=True),
    Column("at", Moment, nullable=False),
    Column("deed", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("alert", BigInteger, nullable=False),
    Column("responder", Text, nullable=False),
    Column("until", Moment),
    Column("text", Text, nullable=False),
    Column("link", Text, nullable=False),
)
"""`alert` is 0 for what is about none."""

feedback = Table(
    "feedback",
    records,
    _id(),
    Column("alert", Number, ForeignKey("alerts.id"), nullable=False, index=True),
    Column("home", Text, ForeignKey("homes.id"), nullable=False, index=True),
    Column("person", Text, nullable=False),
    Column("way", Text, nullable=False),
    Column("asked_at", Moment, nullable=False),
    Column("sent_at", Moment),
    Column("went", Text),
    Column("words", Text, nullable=False),
    Column("answered_at", Moment),
    Column("answered_by", Text, nullable=False),
)

referrals = Table(
    "referrals",
    records,
    _id(),
    Column("alert", Number, ForeignKey("alerts.id"), nullable=False, index=True),
    Column("at", Moment, nullable=False),
    Column("service", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("words", Text, nullable=False),
    Column("resident", Text, info={LATER: True}),
    Column("link", Text, nullable=False),
)

challenges = Table(
    "challenges",
    records,
    _id(),
    Column("alert", Number, ForeignKey("alerts.id"), nullable=False, index=True),
    Column("at", Moment, nullable=False),
    Column("actor", Text, nullable=False),
    Column("answers", BigInteger, nullable=False),
    Column("text", Text, nullable=False),
    Column("link", Text, nullable=False),
)
"""`answers` is the challenge that a row answers, or 0."""

preferences = Table(
    "preferences",
    records,
    Column("person", Text, primary_key=True),
    Column("body", Body(Preferences), nullable=False),
)
"""What a contact chose to be told without asking."""

notices = Table(
    "notices",
    records,
    _id(),
    Column("key", Text, nullable=False, unique=True),
    Column("home", Text, nullable=False, index=True),
    Column("person", Text, nullable=False, index=True),
    Column("kind", Text, nullable=False),
    Column("at", Moment, nullable=False),
    Column("state", Text, nullable=False, index=True),
    Column("way", Text, nullable=False),
    Column("tried", Body(tuple[str, ...]), nullable=False),
    Column("detail", Text, nullable=False),
    Column("finished_at", Moment),
)
"""What was told to relatives beside alerts, without its words: those are made when it is sent."""

breaks = Table(
    "breaks",
    records,
    _id(),
    Column("person", Text, nullable=False, index=True),
    Column("began", Moment, nullable=False),
    Column("until", Moment, nullable=False),
)

series = MetaData()

fresh = Table(
    "fresh",
    series,
    Column("seq", Number, primary_key=True, autoincrement=False),
    Column("home", Text, nullable=False),
    Column("outbox", Text, nullable=False),
    Column("first", BigInteger, nullable=False),
    Column("last", BigInteger, nullable=False),
    Column("begins", BigInteger, nullable=False),
    Column("ends", BigInteger, nullable=False),
    Column("count", BigInteger, nullable=False),
    Column("calls", Boolean, nullable=False),
    Column("body", LargeBinary, nullable=False),
)
"""What has not settled: hub/store/fresh.py reads `body`. `seq` is that of the last in it, `first` and `last` are the
lowest and highest number, `begins` and `ends` the first and last moment in microseconds; `calls` says that one is a
call for help.
"""
Index("fresh_by_name", fresh.c.home, fresh.c.outbox, fresh.c.last, unique=True)
Index("fresh_by_time", fresh.c.home, fresh.c.ends)

blocks = Table(
    "blocks",
    series,
    Column("home", Text, primary_key=True),
    Column("week", BigInteger, primary_key=True, autoincrement=False),
    Column("part", BigInteger, primary_key=True, autoincrement=False),
    Column("count", BigInteger, nullable=False),
    Column("whats", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)
"""What has settled: hub/store/settled.py reads `body`. `week` counts sevens of days from 1970 UTC; `part` is above 0
only where another part of that week could not be read. Without a rowid, so that a home's weeks lie side by side.
"""

settled_numbers = Table(
    "settled_numbers",
    series,
    Column("home", Text, primary_key=True),
    Column("outbox", Text, primary_key=True),
    Column("ranges", Body(tuple[tuple[int, int], ...]), nullable=False),
)
"""Which numbers have settled, so that one that is sent again is known."""

summaries = Table(
    "summaries",
    series,
    Column("home", Text, primary_key=True),
    Column("what", Text, primary_key=True),
    Column("day", BigInteger, primary_key=True, autoincrement=False),
    Column("counts", Body(tuple[int, ...]), nullable=False),
    sqlite_with_rowid=False,
)
"""What is left of observations whose retention has ended: how many in each hour (UTC) of a day, later in the day."""

handed_on = Table(
    "handed_on",
    series,
    Column("home", Text, primary_key=True),
    Column("days", BigInteger, primary_key=True, autoincrement=False),
    Column("first", BigInteger, nullable=False),
    Column("last", BigInteger, nullable=False),
)
"""Where observations settle in another place: from when to when that holds a home's, by how many days they are kept."""

owed = Table(
    "owed",
    series,
    _id(),
    Column("home", Text, nullable=False),
    Column("days", BigInteger, nullable=False),
    Column("what", Text),
    Column("before", BigInteger),
)
"""Deletions that have to be made in that place as well; a row goes when it was done."""

refused = Table(
    "refused", series, Column("seq", Number, primary_key=True, autoincrement=False), Column("why", Text, nullable=False)
)
"""Observations that it will not take, which therefore stay where they are."""

marks = Table("marks", series, Column("name", Text, primary_key=True), Column("value", BigInteger, nullable=False))
"""The last `seq` given out, which outlives the rows, so that one that was forgotten is never given out again; how often
something settled; and the last `seq` that was sent on to another place.
"""
