"""How things are with a resident, in one sentence that says no more than the reader may know.

Unknown is never shown as well: an open alert, a home that is not heard and a hub that does not judge each come first.
"""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from hub.web.picture import part_of, part_starts
from hub.web.words import listed, place, when
from models.alert import Alert, State
from models.day import Doing, Span, at_level
from models.health import Heard, Why
from models.people import Level
from models.privacy import Data


class Tone(StrEnum):
    """What the page looks like; the sentence says it too."""

    PRIVATE = "private"
    WELL = "well"
    CHECKING = "checking"
    UNHEARD = "unheard"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Standing:
    tone: Tone
    sentence: str
    more: str = ""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known now. `spans` are of the last hours, in full detail; `judged` is whether the hub's watch runs.

    `expected_by` is when the next sign of life is due, where the watch has said so of this very silence. Until
    `fine_until` it may go on without anybody having to look into it.
    """

    called: str
    now: datetime
    zone: str
    spans: Sequence[Span]
    last_sign: datetime | None
    expected_by: datetime | None
    fine_until: datetime | None
    heard: Heard
    why: Why | None
    judged: bool
    alerts_today: Sequence[Alert] = ()


_STILL_CALLED = "A call for help still reaches the contact centre, and they ring you where that was agreed."
_CANNOT_SAY = "We cannot say how things are"

LATE = timedelta(minutes=2)
"""How long after a sign of life was due the page still waits for the watch to have said so."""
LOOKED_AT_WITHIN = timedelta(minutes=15)
"""By then the watch has read how long a silence may last; until then the page makes no claim about its end."""


def standing(known: Known, shown: AbstractSet[Data]) -> Standing:
    """The sentence for a reader who may see `shown`."""
    if Data.STANDING not in shown:
        return Standing(Tone.PRIVATE, f"{known.called} is not sharing with you at the moment", _STILL_CALLED)
    opened = [alert for alert in known.alerts_today if alert.state is not State.CLOSED]
    if opened:
        return _checking(known, opened[0], shown)
    if known.why:
        return Standing(Tone.UNHEARD, *_unheard(known))
    if not known.judged:
        return Standing(Tone.UNKNOWN, _CANNOT_SAY, "Our own watch has stopped. It is being looked into.")
    if known.last_sign is None or known.fine_until is None:
        return Standing(Tone.UNKNOWN, _CANNOT_SAY, "The home is heard, but has told us nothing so far.")
    if known.now > known.fine_until:
        why = "What we would expect has not come." if known.expected_by else "Our own watch is behind."
        return Standing(Tone.UNKNOWN, _CANNOT_SAY, f"{why} We are looking into it.")
    return _well(known, shown)


def _checking(known: Known, alert: Alert, shown: AbstractSet[Data]) -> Standing:
    unheard = ". ".join(_unheard(known)) + "." if known.why else ""
    if Data.ALERTS in shown:
        since = when(alert.raised_at, known.now, known.zone)
        return Standing(Tone.CHECKING, f"The contact centre is looking into an alert since {since}", unheard)
    return Standing(Tone.CHECKING, f"The contact centre is checking on {known.called}", unheard)


def _unheard(known: Known) -> tuple[str, str]:
    meanwhile = f"Until it is heard again we know nothing of {known.called}."
    if known.heard.until is None:
        return f"We cannot hear the home, because {known.why}", meanwhile
    since = when(known.heard.until, known.now, known.zone)
    return f"We cannot hear the home since {since}, because {known.why}", meanwhile


def _well(known: Known, shown: AbstractSet[Data]) -> Standing:
    said = _sentence(known, shown)
    if said.more or not known.alerts_today:
        return said
    return Standing(said.tone, said.sentence, "The contact centre looked into something today, and has finished.")


def _sentence(known: Known, shown: AbstractSet[Data]) -> Standing:
    if Data.TIMES in shown:
        return Standing(Tone.WELL, *_exactly(known))
    if Data.ROOMS in shown:
        return Standing(Tone.WELL, *_by_room(known))
    if Data.PARTS_OF_DAY in shown:
        return Standing(Tone.WELL, _by_part(known))
    if known.alerts_today:
        return Standing(Tone.WELL, "All is well now")
    return Standing(Tone.WELL, "We have seen nothing unusual today")


def _exactly(known: Known) -> tuple[str, str]:
    doing, began = _lasting(known.spans)
    since = f" since {when(began, known.now, known.zone)}" if began else ""
    match doing:
        case Doing.QUIET if known.last_sign:
            last = when(known.last_sign, known.now, known.zone)
            return f"No sign of movement since {last}; nothing unusual{_next(known)}", ""
        case Doing.IN_BED:
            return f"In bed{since}", ""
        case Doing.OUT:
            return f"Out{since}", "The front door was the last that moved."
        case _:
            return f"Up and about{since}", _last_seen(known.spans, known)


def _next(known: Known) -> str:
    due = known.expected_by
    return f", the next is expected by {when(due, known.now, known.zone)}" if due else ""


def _last_seen(spans: Sequence[Span], known: Known) -> str:
    room = spans[-1].room if spans else None
    if room is None or known.last_sign is None:
        return ""
    return f"Last in the {place(room)}, at {when(known.last_sign, known.now, known.zone)}."


def _by_room(known: Known) -> tuple[str, str]:
    """Moments only to the half hour, as `at_level` gives them."""
    rounded = [span for span in at_level(known.spans, Level.ROOMS, ()) if span.start < known.now]
    doing, began = _lasting(rounded)
    since = f" since about {when(began, known.now, known.zone)}" if began else ""
    rooms = list(dict.fromkeys(place(span.room) for span in rounded[-3:] if span.room and span.doing is Doing.UP))
    where = f"Lately in the {listed(rooms)}." if rooms and doing is Doing.UP else ""
    return {
        Doing.IN_BED: f"In bed{since}",
        Doing.OUT: f"Out{since}",
        Doing.QUIET: f"Quiet{since}; nothing unusual",
    }.get(doing, f"Up and about{since}"), where


def _by_part(known: Known) -> str:
    name = part_of(known.now, known.zone)
    began = max(at for at in part_starts(known.now - timedelta(days=1), known.now, known.zone) if at <= known.now)
    until = max(known.spans[-1].end, began) if known.spans else began
    parts = at_level(known.spans, Level.PARTS_OF_DAY, [began, until])
    this = "tonight" if name == "night" else f"this {name}"
    says = {Doing.IN_BED: f"Mostly in bed {this}", Doing.OUT: f"Mostly out {this}", Doing.UP: f"Up and about {this}"}
    return says.get(parts[-1].doing if parts else Doing.QUIET, f"Quiet {this}; nothing unusual")


def _lasting(spans: Sequence[Span]) -> tuple[Doing, datetime | None]:
    """What the last spans show, and since when (None: before them). A quiet spell does not end being up."""
    if not spans:
        return Doing.QUIET, None
    last = spans[-1].doing
    same = {Doing.UP, Doing.QUIET} if last in (Doing.UP, Doing.QUIET) else {last}
    before = [place for place, span in enumerate(spans) if span.doing not in same]
    return last, spans[before[-1] + 1].start if before else None
