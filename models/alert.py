"""The life of an alert. What is not in the table `LEGAL` is refused.

One alert is open per resident and lane. It is raised by a finding, grows with every further one, is answered by
one operator at a time, and ends only when somebody closes it with an outcome (or, in the kit's lane, when the
kit is heard again). An answer that nobody follows up lapses: the alert stands open again. So does one that was closed
by a slip, for a few minutes, where whoever closed it says so.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class Lane(StrEnum):
    """Which queue: a person who may need help, or a kit that does."""

    PERSON = "person"
    KIT = "kit"


class State(StrEnum):
    RAISED = "raised"
    ANSWERED = "answered"
    ATTENDING = "attending"
    CLOSED = "closed"


class HomeTold(StrEnum):
    """What became of telling the home that help is coming, as the timeline says it."""

    SAID = "The kit in the home has shown or said that help is coming."
    SENT = "That help is coming was sent to the kit in the home, which has no lamp or voice, or can't tell of it."
    NOT = "The home was not told that help is coming: its kit did not say that it was."


class Act(StrEnum):
    """What can happen to an alert."""

    RAISE = "raise"
    GROW = "grow"
    ANSWER = "answer"
    NOTE = "note"
    SEND = "send"
    SET_OUT = "set out"
    ARRIVE = "arrive"
    ENTER = "enter"
    LEAVE = "leave"
    LAPSE = "lapse"
    CLOSE = "close"
    REOPEN = "reopen"
    CORRECT = "correct"
    CLEAR = "clear"
    TRY = "try"
    REPLY = "reply"


class Outcome(StrEnum):
    """Why an alert was closed."""

    FALL = "genuine fall"
    HELP_NEEDED = "genuine, other help needed"
    ACCIDENT = "accidental press"
    COMPANY = "called for company"
    VISITOR = "visitor"
    AWAY = "away from home"
    TEST = "test"
    FAULT = "fault"
    FALSE = "false alert"
    CLEARED = "cleared by itself"


LEGAL: dict[tuple[State, Act], State] = {
    (State.RAISED, Act.GROW): State.RAISED,
    (State.RAISED, Act.TRY): State.RAISED,
    (State.RAISED, Act.NOTE): State.RAISED,
    (State.RAISED, Act.REPLY): State.RAISED,
    (State.RAISED, Act.ANSWER): State.ANSWERED,
    (State.RAISED, Act.CLEAR): State.CLOSED,
    (State.RAISED, Act.SET_OUT): State.RAISED,
    (State.RAISED, Act.ARRIVE): State.RAISED,
    (State.RAISED, Act.ENTER): State.RAISED,
    (State.RAISED, Act.LEAVE): State.RAISED,
    (State.ANSWERED, Act.GROW): State.ANSWERED,
    (State.ANSWERED, Act.NOTE): State.ANSWERED,
    (State.ANSWERED, Act.TRY): State.ANSWERED,
    (State.ANSWERED, Act.REPLY): State.ANSWERED,
    (State.ANSWERED, Act.SEND): State.ATTENDING,
    (State.ANSWERED, Act.LAPSE): State.RAISED,
    (State.ANSWERED, Act.CLOSE): State.CLOSED,
    (State.ANSWERED, Act.CLEAR): State.CLOSED,
    (State.ANSWERED, Act.SET_OUT): State.ANSWERED,
    (State.ANSWERED, Act.ARRIVE): State.ANSWERED,
    (State.ANSWERED, Act.ENTER): State.ANSWERED,
    (State.ANSWERED, Act.LEAVE): State.ANSWERED,
    (State.ATTENDING, Act.GROW): State.ATTENDING,
    (State.ATTENDING, Act.NOTE): State.ATTENDING,
    (State.ATTENDING, Act.TRY): State.ATTENDING,
    (State.ATTENDING, Act.REPLY): State.ATTENDING,
    (State.ATTENDING, Act.SEND): State.ATTENDING,
    (State.ATTENDING, Act.SET_OUT): State.ATTENDING,
    (State.ATTENDING, Act.ARRIVE): State.ATTENDING,
    (State.ATTENDING, Act.ENTER): State.ATTENDING,
    (State.ATTENDING, Act.LEAVE): State.ATTENDING,
    (State.ATTENDING, Act.LAPSE): State.RAISED,
    (State.ATTENDING, Act.CLOSE): State.CLOSED,
    (State.ATTENDING, Act.CLEAR): State.CLOSED,
    (State.CLOSED, Act.REOPEN): State.ANSWERED,
    (State.CLOSED, Act.CORRECT): State.CLOSED,
}

ONLY_IN: dict[Act, Lane] = {Act.CLEAR: Lane.KIT}
"""Acts of one lane alone: a machine may clear a fault of the kit, never an alert about a person."""

HOLDER_ONLY = frozenset({Act.SEND, Act.CLOSE})
"""Acts that only the operator who holds the alert may do."""

REOPENED_WITHIN = timedelta(minutes=15)
"""For how long after closing an alert a slip is taken back; what comes later is another alert."""

ON_SITE = (Act.SET_OUT, Act.ARRIVE, Act.ENTER, Act.LEAVE)
"""What a responder who was sent does, in this order; each at most once for each time they are sent. It happens on the
doorstep whatever became of the answer meanwhile, so it is taken down then too.
"""


class Refused(ValueError):
    """An act that the table does not allow; the text says why and what would be."""


@dataclass(frozen=True, slots=True)
class Alert:
    """What a person must answer, as it stands. `look_again_at` is None only when it is closed."""

    id: int
    home: str
    resident: str | None
    lane: Lane
    kind: str
    state: State
    raised_at: datetime
    round_began_at: datetime
    look_again_at: datetime | None
    version: int
    presses: int = 0
    holder: str | None = None
    lapsed_by: str | None = None
    outcome: Outcome | None = None
    closed_at: datetime | None = None
    reason: str = ""


def reopened_until(alert: Alert) -> datetime | None:
    """Until when its closing may be taken back; None where nobody closed it."""
    if alert.closed_at is None or alert.outcome is Outcome.CLEARED:
        return None
    return alert.closed_at + REOPENED_WITHIN


def after(alert: Alert, act: Act, actor: str) -> State:
    """The state that `act` by `actor` leads to. Raises Refused when it is not legal now, or not for this actor."""
    if ONLY_IN.get(act, alert.lane) is not alert.lane:
        raise Refused(f"alert {alert.id} is about a {alert.lane}: only a person may end it")
    to = LEGAL.get((alert.state, act))
    if to is None:
        raise Refused(_why_not(alert, act))
    if act in HOLDER_ONLY and alert.holder != actor:
        raise Refused("somebody else holds this alert: leave it to them, or ask them")
    return to


def _why_not(alert: Alert, act: Act) -> str:
    """For whoever pressed a button of a page on which the alert stood otherwise a moment ago."""
    if alert.state is State.CLOSED:
        return "this alert has been closed"
    if alert.state is State.RAISED and (State.ANSWERED, act) in LEGAL:
        return f"nobody holds this alert: answer it first, then {act}"
    if act is Act.ANSWER:
        return "this alert has been answered already"
    return f"this alert is {alert.state}: '{act}' needs it to be {_needed(act)}"


def _needed(act: Act) -> str:
    return " or ".join(state for state, legal in LEGAL if legal is act) or "new"


_BY_URGENCY = (
    "press",
    "fall",
    "long_lie",
    "not_back_home",
    "silence",
    "not_back_in_bed",
    "not_up",
    "door_at_night",
    "not_in_bed",
    "door_open",
    "bathroom_trips",
    "less_movement",
    "more_night_movement",
    "fewer_outings",
    "shorter_outings",
    "broken_sleep",
    "kit_unheard",
    "two_kits",
    "kit_flaps",
    "on_battery",
    "radio_offline",
    "no_test",
    "sensor_unheard",
    "battery_flat",
    "disk_full",
    "kit_hot",
    "tampered",
    "bed_mat",
    "sensor_flapping",
    "sensor_stuck",
    "sensor_mislabelled",
    "second_route",
    "battery_soon",
    "weak_link",
    "weak_supply",
)
URGENCY: dict[str, int] = {kind: place for place, kind in enumerate(_BY_URGENCY)}
"""Order of work by kind of the finding that raised it, most urgent first (FIELD: silent call and presses, then fall,
inactivity, door at night, faults; of silences, those that may be a fall or somebody lost come first). models.urgency
says what goes before what within a kind.
"""
