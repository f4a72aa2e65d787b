"""What a page is handed: only what its viewer may see, with what is hidden left blank or None."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from hub.web.felt import Trace
from hub.web.picture import Lane, Picture
from hub.web.responding import Responding
from models.alert import Act, Alert
from models.notices import Preferences
from models.observation import SensorKind
from models.people import Account, Contact, Resident
from models.retold import retold
from models.sentence import Sentence
from models.telling import Saying


@dataclass(frozen=True, slots=True)
class Reason:
    """Why an alert was raised or grew, by its parts; blank is what this finding has nothing to say of."""

    at: datetime
    noticed: str
    expected: str = ""
    trust: str = ""
    clears: str = ""

    @property
    def parts(self) -> tuple[tuple[str, str], ...]:
        said = (self.noticed, self.expected, self.trust, self.clears)
        return tuple((label, text) for label, text in zip(LABELS, said, strict=True) if text)

    def told(self, say: Saying) -> "tuple[tuple[str, str], ...] | None":
        """Its parts in another language, or None where something of it has no words there."""
        said = {key: retold(getattr(self, key), say.language) for key in PARTS}
        if None in said.values():
            return None
        return tuple((say(f"why.part.{key}"), text) for key, text in said.items() if text)


PARTS = ("noticed", "expected", "trust", "clears")
LABELS = ("What was noticed", "What was expected", "How far we can trust it", "What would clear it")


@dataclass(frozen=True, slots=True)
class Mention:
    """What asks for no answer, but for a word at the next talk; found `times`, the last `at`. `said` is who said it
    since it was last found, and `said_at` when.
    """

    kind: str
    text: str
    trust: str
    at: datetime
    times: int
    ended: bool
    said: str = ""
    said_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Watching:
    """How a home is watched, in sentences, blank where there is nothing to say: by when the next sign of life is due,
    that the home is new, that its budget of false alerts was shifted, and that a pendant has to be surer of a fall;
    `undo` is the shift and `undo_falls` the pendant with which this viewer may undo that.
    """

    due: str = ""
    new: str = ""
    shifted: str = ""
    undo: int | None = None
    falls: str = ""
    undo_falls: str | None = None


@dataclass(frozen=True, slots=True)
class Certificate:
    """One kit of a home, by the beginning of its serial; `good` while it may still be shut out."""

    serial: str
    made: str
    by: str
    standing: str
    good: bool


@dataclass(frozen=True, slots=True)
class Prepared:
    """The kits of the home that was asked for; `home` is '' if none is on record, `hindrance` why none can be made."""

    asked: str
    home: str = ""
    area: str = ""
    sensors: int = 0
    certificates: tuple[Certificate, ...] = ()
    hindrance: str = ""


@dataclass(frozen=True, slots=True)
class Waiting:
    """One row of the queue. `people` are (called, whole name); `graver` says why it goes before others of its kind;
    `sent` names the responder on the way.
    """

    alert: Alert
    people: tuple[tuple[str, str], ...]
    area: str
    zone: str
    sentence: str
    graver: str
    holder: str | None
    lapsed: str | None
    sent: str | None

    @property
    def who(self) -> str:
        return " and ".join(called for called, _ in self.people) or self.alert.home

    @property
    def key(self) -> tuple[int, int, str]:
        """Another one whenever the row says something else."""
        return self.alert.id, self.alert.version, self.graver


@dataclass(frozen=True, slots=True)
class Part:
    """The first rows of one part of the queue, of `total` in all."""

    rows: tuple[Waiting, ...]
    total: int

    @property
    def more(self) -> int:
        return self.total - len(self.rows)


@dataclass(frozen=True, slots=True)
class Card:
    """Faults of `homes` homes that began together: `rows` are those where most speaks for haste, and `risks` what."""

    id: str
    what: str
    where: str
    since: datetime
    homes: int
    rows: tuple[Waiting, ...]
    risks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BrokenWay:
    """A way to reach people that fails, in vain tried `failures` times; or the hub's `disk`. `holder` sees to it, or
    `lapsed` did.
    """

    id: int
    way: str
    began: datetime
    failures: int
    why: str
    holder: str
    lapsed: str
    ended: datetime | None
    disk: bool = False


@dataclass(frozen=True, slots=True)
class Queue:
    """`mark` changes when what the queue says does. `trouble` says in words what the hub itself lacks, `anew` how far
    it has learned anew what is usual; `to_fit` counts homes that have no kit yet.
    """

    mark: str
    now: datetime
    zone: str
    calls: Part
    looks: Part
    held: Part
    faults: Part
    outages: tuple[Card, ...]
    homes: int
    unheard: int
    trouble: tuple[str, ...]
    ways: tuple[BrokenWay, ...] = ()
    anew: str = ""
    to_fit: int = 0

    @property
    def parts(self) -> dict[str, Part]:
        return {"calls": self.calls, "looks": self.looks, "held": self.held, "faults": self.faults}

    @property
    def all_faults(self) -> int:
        return self.faults.total + sum(card.homes for card in self.outages) + len(self.ways)

    @property
    def alerts(self) -> tuple[int, ...]:
        """Those with a row of their own, or in a card."""
        rows = [row for part in self.parts.values() for row in part.rows]
        return tuple(row.alert.id for row in (*rows, *(row for card in self.outages for row in card.rows)))

    @property
    def says(self) -> tuple[object, ...]:
        parts = tuple((part.total, tuple(row.key for row in part.rows)) for part in self.parts.values())
        cards = tuple((one.what, one.where, one.risks, tuple(row.key for row in one.rows)) for one in self.outages)
        return parts, cards, self.homes, self.unheard, self.to_fit, self.trouble, self.ways, self.anew

    def marked(self, mark: str) -> "Queue":
        return replace(self, mark=mark)


@dataclass(frozen=True, slots=True)
class Happened:
    """One line of an alert's timeline; `times` that it happened, the last `at`."""

    at: datetime
    act: Act
    who: str
    text: str
    times: int = 1


@dataclass(frozen=True, slots=True)
class Fitted:
    """A sensor and when it last gave a sign of life; `quiet` when that is longer ago than it should be. `worn` says of
    a pendant that feels when it last moved on a body.
    """

    name: str
    room: str
    last: datetime | None
    quiet: bool
    agreed: bool = True
    worn: str = ""
    kind: SensorKind = SensorKind.MOTION


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that is known of a home now; `warns` where it speaks for help or against what else is said."""

    label: str
    says: str
    warns: bool = False


@dataclass(frozen=True, slots=True)
class Strip:
    """A home at this moment: facts, and the hours from `start` to `end` by room."""

    facts: tuple[Fact, ...]
    lanes: tuple[Lane, ...]
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Hearing:
    """Whether a home is heard, in a sentence; `until` is the moment up to which everything has arrived."""

    heard: bool
    sentence: str
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Sheet:
    """An alert and what goes with it. None or empty is what this viewer does not see, or what is not there."""

    alert: Alert
    area: str
    zone: str
    now: datetime
    sentence: str
    why: tuple[Reason, ...]
    happened: tuple[Happened, ...]
    holder: str | None
    lapsed: str | None
    sent: str | None
    may: frozenset[Act]
    responders: tuple[Account, ...] = ()
    residents: tuple[Resident, ...] = ()
    contacts: tuple[Contact, ...] = ()
    day: Picture | None = None
    hearing: Hearing | None = None
    fitted: tuple[Fitted, ...] = ()
    recent: tuple[Alert, ...] = ()
    reason: str = ""
    watching: Watching = Watching()
    mentions: tuple[Mention, ...] = ()
    felt: tuple[Trace, ...] = ()
    response: Responding | None = None
    strip: Strip | None = None
    key_safe: tuple[object, ...] = ()
    after: object = None
    home_untold: bool = False
    """Nothing says yet whether the home was told that help is coming."""
    reopening: timedelta | None = None
    """For how long yet this viewer may take its closing back."""
    sent_may_think_it_over: bool = False


@dataclass(frozen=True, slots=True)
class Person:
    """A resident's own page, for the contact centre: `because` is the open alert or the stated reason."""

    resident: Resident
    area: str
    zone: str
    now: datetime
    because: str
    alerts: tuple[Alert, ...]
    contacts: tuple[Contact, ...]
    strip: Strip
    day: Picture
    watching: Watching
    mentions: tuple[Mention, ...]


@dataclass(frozen=True, slots=True)
class Reassurance:
    """The family's page."""

    called: str
    level: str
    standing: Sentence
    now: datetime
    zone: str
    heard_until: datetime | None
    days: tuple[Picture, ...] = ()
    alerts: tuple[Alert, ...] = ()
    mentions: tuple[Mention, ...] = ()


@dataclass(frozen=True, slots=True)
class News:
    """How things are, in whole sentences and the reader's language, for whoever reads no page."""

    called: str
    day: str
    lines: tuple[str, ...]
    now: datetime
    language: str
    large_print: bool


@dataclass(frozen=True, slots=True)
class Week:
    """Seven days, the latest first; none for whoever may not see days."""

    called: str
    level: str
    now: datetime
    zone: str
    days: tuple[Picture, ...]


@dataclass(frozen=True, slots=True)
class Looked:
    """Somebody looked: when last, in what capacity, what for and why, and how often that day."""

    who: str
    role: str
    purpose: str
    reason: str
    last: datetime
    count: int


@dataclass(frozen=True, slots=True)
class Protection:
    """Minutes of the month that began at `since`, and of the one before, in which nothing could have been noticed."""

    since: datetime
    this: float
    before: float
    reasons: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class Own:
    """The resident's page: what is measured, who sees what, who looked."""

    called: str
    now: datetime
    zone: str
    hearing: Hearing
    day: Picture
    fitted: tuple[Fitted, ...]
    contacts: tuple[Contact, ...]
    looks: tuple[Looked, ...]
    large_print: bool
    watching: Watching
    mentions: tuple[Mention, ...]
    not_watched: tuple[str, ...]
    protection: Protection
    breaks: dict[str, datetime]
    """Until when, by the id of a contact."""
    told: dict[str, Preferences]
    """What a contact is told by itself."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong and since when, what it means, and what to do."""

    kind: str
    sensor: str
    since: datetime
    means: str
    do: str
    day_only: bool = False
    """The moment itself would tell when somebody stirred."""


@dataclass(frozen=True, slots=True)
class KitCard:
    """A home whose kit wants an installer."""

    home: str
    area: str
    zone: str
    addresses: tuple[str, ...]
    hearing: Hearing
    quiet: tuple[Fitted, ...]
    mentions: tuple[Mention, ...] = ()
    faults: tuple[Fault, ...] = ()


@dataclass(frozen=True, slots=True)
class Kits:
    """The installer's page; `aside` are messages that could not be used, counted by reason, and the latest of them."""

    now: datetime
    zone: str
    homes: int
    cards: tuple[KitCard, ...]
    counts: tuple[tuple[str, int], ...]
    aside: tuple[tuple[datetime, str, str, str], ...]


@dataclass(frozen=True, slots=True)
class Visit:
    """An open alert that the viewer was sent to."""

    alert: Alert
    people: tuple[tuple[str, str], ...]
    address: str
