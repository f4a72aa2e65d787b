"""Who may see what and why; what may leave the home; how long it is kept. What is absent is hidden."""

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from models.home import Home
from models.observation import KINDS_OF, SensorKind, What
from models.people import Contact, Level, Role


class Purpose(StrEnum):
    """Why somebody looks."""

    ANSWER = "answer an alert"
    QUEUE = "watch the queue"
    REASON = "a stated reason"
    REASSURE = "know that all is well"
    MAINTAIN = "keep the kit working"
    OWN = "see what is held about me"
    COUNT = "see how well it goes"
    ADMINISTER = "keep the records right"
    COMMISSION = "fit a home and prove it"
    BEHALF = "do what the resident asked for"
    PREVIEW = "see what a relative sees"
    PLAN = "plan for an area"
    HAND_OVER = "hand the resident all that is held"


class Data(StrEnum):
    """Kinds of data about a home and who lives there."""

    STANDING = "how things are, in one sentence"
    PARTS_OF_DAY = "the day by its parts"
    ROOMS = "the day by rooms"
    TIMES = "exact times"
    ALERTS = "alerts and what came of them"
    TIMELINE = "who did what about an alert"
    CALLED = "how they like to be called"
    CARERS = "who helps, in which order, and how often"
    PERSON = "name and how to speak with them"
    ADDRESS = "address and telephone"
    MEDICAL = "medical notes and risks"
    WAY_IN = "the way in"
    KEY_CODE = "the code of the key safe"
    CONTACTS = "relatives and neighbours"
    HEARING = "whether the home is heard, and why not"
    KIT = "sensors and their health"
    LOOKS = "who looked"
    FIGURES = "figures about many, without names"
    ACCOUNTS = "who may log in"
    FELT = "what a pendant felt around a suspected fall"
    WISHES = "what the resident decided"
    TRIED = "how often other settings would have called"
    REABLEMENT = "the day of discharge into reablement"


class Showing(StrEnum):
    """How a kind of data is given: at once, or against a stated reason that is recorded."""

    SHOWN = "shown"
    WITH_REASON = "with a stated reason"


_S, _R = Showing.SHOWN, Showing.WITH_REASON
_LIVE = (Data.STANDING, Data.PARTS_OF_DAY, Data.ROOMS, Data.TIMES)
_NAMES = (Data.CALLED, Data.PERSON)
_RECORD = (*_NAMES, Data.ADDRESS, Data.MEDICAL, Data.WAY_IN, Data.CONTACTS)

_ANSWERING = dict.fromkeys((*_LIVE, *_RECORD, Data.ALERTS, Data.TIMELINE, Data.HEARING, Data.KIT, Data.FELT), _S)
_QUEUE = dict.fromkeys((Data.ALERTS, *_NAMES, Data.HEARING, Data.STANDING), _S)
_BEHALF = dict.fromkeys((*_NAMES, Data.CONTACTS, Data.KIT, Data.WISHES, Data.LOOKS, Data.REABLEMENT), _R)
_LEVELS = (
    (Level.NOTHING, (Data.CALLED,)),
    (Level.ALL_IS_WELL, (Data.STANDING, Data.HEARING)),
    (Level.PARTS_OF_DAY, (Data.PARTS_OF_DAY, Data.CARERS)),
    (Level.ROOMS, (Data.ROOMS,)),
    (Level.TIMES, (Data.TIMES, Data.ALERTS)),
)
_AS_A_RELATIVE = tuple(data for _, more in _LEVELS for data in more)
_BY_REASON = dict.fromkeys((*_LIVE, *_RECORD, Data.ALERTS, Data.TIMELINE, Data.HEARING, Data.KIT, Data.FELT), _R)

TABLE: dict[tuple[Role, Purpose], dict[Data, Showing]] = {
    (Role.OPERATOR, Purpose.ANSWER): _ANSWERING,
    (Role.OPERATOR, Purpose.QUEUE): _QUEUE,
    (Role.OPERATOR, Purpose.REASON): _BY_REASON,
    (Role.SUPERVISOR, Purpose.ANSWER): _ANSWERING,
    (Role.SUPERVISOR, Purpose.QUEUE): _QUEUE,
    (Role.SUPERVISOR, Purpose.REASON): {**_BY_REASON, Data.LOOKS: _R},
    (Role.RESPONDER, Purpose.ANSWER): dict.fromkeys((*_RECORD, Data.ALERTS, Data.TIMELINE, Data.KEY_CODE), _S),
    (Role.INSTALLER, Purpose.MAINTAIN): dict.fromkeys((Data.HEARING, Data.KIT, Data.ADDRESS), _S),
    (Role.INSTALLER, Purpose.COMMISSION): dict.fromkeys(
        (Data.HEARING, Data.KIT, Data.ADDRESS, *_NAMES, Data.CONTACTS), _S
    ),
    **{
        (role, Purpose.COUNT): {Data.FIGURES: _S}
        for role in (Role.OPERATOR, Role.SUPERVISOR, Role.MANAGER, Role.ADMINISTRATOR)
    },
    (Role.ADMINISTRATOR, Purpose.ADMINISTER): dict.fromkeys(
        (*_RECORD, Data.KIT, Data.ACCOUNTS, Data.TRIED, Data.REABLEMENT), _S
    ),
    **{(role, Purpose.BEHALF): _BEHALF for role in (Role.OPERATOR, Role.SUPERVISOR, Role.ADMINISTRATOR)},
    **{(role, Purpose.PLAN): {Data.FIGURES: _S} for role in (Role.PLANNER, Role.MANAGER)},
    (Role.ADMINISTRATOR, Purpose.HAND_OVER): dict.fromkeys(set(Data) - {Data.KEY_CODE, Data.ACCOUNTS}, _R),
    (Role.ADMINISTRATOR, Purpose.PREVIEW): dict.fromkeys(_AS_A_RELATIVE, _R),
    (Role.RESIDENT, Purpose.PREVIEW): dict.fromkeys(_AS_A_RELATIVE, _S),
    (Role.RESIDENT, Purpose.OWN): dict.fromkeys(Data, _S),
}

AT_LEVEL: dict[Level, frozenset[Data]] = {
    level: frozenset(data for _, more in _LEVELS[: place + 1] for data in more)
    for place, (level, _) in enumerate(_LEVELS)
}
"""What a contact sees of a resident who chose that level for them; each level adds to the one before."""


def level_at(contact: Contact, now: datetime) -> Level:
    """What was chosen for them; nothing while the resident pauses sharing with them."""
    return Level.NOTHING if contact.paused_until is not None and now < contact.paused_until else contact.level


def showing(role: Role, purpose: Purpose, data: Data, level: Level | None = None) -> Showing | None:
    """How `data` is given to a `role` with that `purpose`; None is hidden. A contact's `level` decides for them."""
    if role is Role.CONTACT:
        seen = purpose is Purpose.REASSURE and level is not None and data in AT_LEVEL[level]
        return Showing.SHOWN if seen else None
    return TABLE.get((role, purpose), {}).get(data)


@dataclass(frozen=True, slots=True)
class Consent:
    """The resident's agreement that one kind of sensor is used: who decided, on what basis, until when it stands.

    While `paused_until` is set, it is as if there were none: a moment after that it is taken away again.

    A `felt` one is apart from that, and given by itself: that the few seconds around a suspected fall, as a sensor of
    this kind felt them, may leave the home too.
    """

    home: str
    kind: SensorKind
    decided_by: str
    basis: str
    given_at: datetime
    review_at: datetime | None = None
    withdrawn_at: datetime | None = None
    felt: bool = False
    paused_until: datetime | None = None

    @property
    def stands(self) -> bool:
        return self.withdrawn_at is None and self.paused_until is None

    @property
    def about(self) -> str:
        """Names it in its home."""
        return f"{self.kind}, felt" if self.felt else str(self.kind)


ALWAYS = frozenset({SensorKind.PENDANT, SensorKind.PULL_CORD})
"""What may be fitted without a consent on record: a call for help needs none to arrive, for pressing is asking."""
CALLS = frozenset({What.PRESSED, What.FELL})
"""These always arrive. A likely fall that nobody called off is taken for the call that could not be made; all else that
a pendant feels (a possible fall, one called off, that it is worn) needs the consent to a pendant on record.
"""


def agreed(consents: Iterable[Consent], home: str) -> frozenset[SensorKind]:
    """The kinds of sensor that were agreed to in `home`, as it stands on record now."""
    return frozenset(one.kind for one in consents if one.home == home and one.stands and not one.felt)


def felt_may_leave(consents: Iterable[Consent], home: str) -> bool:
    """Whether the seconds around a suspected fall may leave `home`: both the pendant and that must be agreed to."""
    mine = [one for one in consents if one.home == home and one.stands]
    return SensorKind.PENDANT in agreed(mine, home) and any(one.felt for one in mine)


@dataclass(frozen=True, slots=True)
class Agreed:
    """What stands in one home: to which kinds of sensor, and whether what a pendant felt may leave it too."""

    kinds: frozenset[SensorKind] = frozenset()
    felt: bool = False


NOTHING = Agreed()


def standing(abouts: AbstractSet[str]) -> Agreed:
    """Of consents that stand, as they are `about` something."""
    kinds = frozenset(kind for kind in SensorKind if kind in abouts)
    return Agreed(kinds, SensorKind.PENDANT in kinds and any(about not in kinds for about in abouts))


def in_use(home: Home, kinds: AbstractSet[str]) -> Home:
    """The home as it may be watched: a sensor of a kind that nobody agreed to says nothing, and that is no fault."""
    fitted = tuple(sensor for sensor in home.sensors if sensor.kind in kinds or sensor.kind in ALWAYS)
    return home if len(fitted) == len(home.sensors) else replace(home, sensors=fitted)


def may_leave(what: What, kinds: AbstractSet[str]) -> bool:
    """Whether an observation of `what` may leave a home where `kinds` were agreed to. What no sensor noticed may."""
    noticed_by = KINDS_OF.get(what, frozenset())
    return what in CALLS or not noticed_by or not noticed_by.isdisjoint(kinds)


RETENTION: dict[SensorKind, timedelta] = {
    SensorKind.PENDANT: timedelta(days=730),
    SensorKind.PULL_CORD: timedelta(days=730),
    SensorKind.MOTION: timedelta(days=120),
    SensorKind.DOOR: timedelta(days=120),
    SensorKind.BED: timedelta(days=120),
    SensorKind.CHAIR: timedelta(days=120),
}
"""How long observations of a kind are kept. 91 days at home after discharge, the reablement measure, fits within."""

HOURLY_KEPT = timedelta(days=365)
SUMMARIES_KEPT = timedelta(days=3 * 365)
"""When an observation's retention ends, its hour keeps a count. After a year a day has one figure, after three none."""

FELT_KEPT = timedelta(days=60)
"""How long the seconds around a suspected fall are kept: as long as what became of its alert counts for the pendant."""
