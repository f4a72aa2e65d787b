"""The agreed plan: whom to reach, in what order, when each step is due, and what the console proposes next.

A plan cannot end in silence: when every step has been tried and nobody answered, the last tier repeats for ever. Some
steps the hub takes by itself; those `BY_HAND` an operator takes, and the console proposes them. A voicemail is not an
answer: only somebody who says so stops the chain, and then for a time.
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import TypeVar

from models.alert import Alert, Lane, State
from models.urgency import asks_for_a_look

RESIDENT, CONTACTS, OPERATOR, SUPERVISOR = "resident", "contacts", "operator", "supervisor"
RESPONDER, EMERGENCY, PARTNER = "responder", "999", "partner"
"""Whom a step may name beside a contact's id. `contacts` stands for each of them, in order."""

CALLED: dict[str, str] = {
    RESIDENT: "the resident",
    OPERATOR: "the contact centre",
    SUPERVISOR: "a supervisor",
    RESPONDER: "a responder",
    EMERGENCY: "999",
    PARTNER: "the partner centre",
}

TELEPHONE, SEND = "tel", "send"
BY_HAND = frozenset({TELEPHONE, SEND})
"""Ways that only an operator goes: ringing somebody, and sending a responder."""

OUTSIDE = -1
"""The `step` of an attempt that no plan asked for."""


class Tried(StrEnum):
    """How one try at reaching someone went, as far as is known."""

    INTENDED = "intended"
    SENT = "sent"
    FAILED = "failed"
    UNKNOWN = "unknown"


class Answer(StrEnum):
    """What came of an attempt, said by whoever made it or by whom it reached."""

    FINE = "reached, all is fine"
    NEEDS_HELP = "reached, help is needed"
    ON_THE_WAY = "on the way"
    TAKEN_OVER = "taken over by the partner centre"
    NO_ANSWER = "no answer"
    VOICEMAIL = "voicemail"
    BUSY = "busy"
    WRONG_NUMBER = "wrong number"
    REFUSED = "can't help"


HOLDS: dict[Answer, timedelta] = {
    Answer.FINE: timedelta(minutes=15),
    Answer.ON_THE_WAY: timedelta(minutes=30),
    Answer.TAKEN_OVER: timedelta(minutes=30),
}
"""What stops the chain for everybody, and until how long after it was said. Then the chain goes on where it stood."""

LEADS_ON = frozenset(Answer) - frozenset(HOLDS)
"""What leads to the next step at once."""

REACHED = frozenset(Answer) - {Answer.NO_ANSWER, Answer.VOICEMAIL, Answer.BUSY, Answer.WRONG_NUMBER}
"""What only somebody who was reached can have said."""

BY_KEY: dict[str, Answer] = {
    "1": Answer.ON_THE_WAY,
    "2": Answer.FINE,
    "3": Answer.NEEDS_HELP,
    "4": Answer.REFUSED,
}
"""What somebody who was reached says by a key of the telephone, a number sent back, or a button behind a link."""

_FINE = r"(?:(?:all|she|he|they)(?:\W?s|\W?re| is| are)? )?(?:fine|ok|okay|alright|all right)|all (?:is )?(?:good|well)"
_GOES_WITH = {
    "1": r"(?:(?:i|we)(?:\W?m|\W?re| am| are) )?(?:coming|(?:on )?(?:my|our|the) way|on it)|ar fy ffordd|yn dod",
    "2": rf"{_FINE}|iawn|(?:mae )?popeth(?:\W?n| yn) iawn",
}
_COUNTED = (
    "min|mins|minutes?|[mf]unud|secs?|seconds?|h|hrs?|hours?|awr|[ap]m|o'clock|days?|km|miles?|milltir|more|of|or|to|"
    "times?|calls?"
)
_SAYS_NO = re.compile(r"\?|\b(?:not|ddim|cannot|nobody|\w+n['’]t|(?:ca|do|wo|is|are|does|did|has)nt)\b", re.IGNORECASE)
_STOPS = {
    key: re.compile(rf"{key}(?!\W*\d)(?:\W*\Z|\s*[\r\n]|\s*[.,;:!)]+(?=\s)|\W*(?:{words})\b)", re.IGNORECASE)
    for key, words in _GOES_WITH.items()
}
_LEADS_ON = re.compile(rf"([34])(?!\w)\W*+(?!\d|(?:{_COUNTED})\b)", re.IGNORECASE)


def sent_back(text: str) -> Answer | None:
    """The answer in a text message; None for all else. 1 and 2 stop the chain, so they count only where they stand
    alone, end a sentence or line, or come before words that go with them, as in "1 on my way", and where nothing is
    asked or denied: "2 streets away" and "2 not ok" are words.
    """
    said = text.strip()
    leads_on = _LEADS_ON.match(said)
    if leads_on:
        return BY_KEY[leads_on[1]]
    stops = _STOPS.get(said[:1])
    return BY_KEY[said[0]] if stops and stops.match(said) and not _SAYS_NO.search(said) else None


_NAMED = re.compile(r"(?:\bfor\W+)?\b(?:alert|rhybudd)\W*(\d+)|(?<=^[1-4])\s+(\d+)$", re.IGNORECASE)
_NODS = re.compile(r"(?:(?:ok|okay|thanks|thank you|diolch)\W*)+", re.IGNORECASE)


def named(text: str) -> tuple[int | None, str]:
    """The number of the alert that a text message names, as in "1 alert 17" and "1 17", and the text without it."""
    found = _NAMED.search(text)
    if not found:
        return None, text
    return int(found[1] or found[2]), (text[: found.start()] + text[found.end() :]).strip(" ,.:;-#")


def nods(text: str) -> bool:
    """Whether words say no more than thanks, so that nobody has to look because of them."""
    return _NODS.fullmatch(text) is not None


BY_OPERATOR = tuple(answer for answer in Answer if answer is not Answer.TAKEN_OVER)
"""What an operator may put on record about an attempt of theirs."""


LONGEST_SILENCE = timedelta(hours=4)
"""What a plan may let pass, as it is agreed, before somebody is reached, and again and again after that."""


class Incident(StrEnum):
    """Kinds of incident for which a response is agreed; `DEFAULT` is for all that have none of their own."""

    PRESS = "press"
    FALL = "fall"
    SILENCE = "silence"
    NIGHT = "night"
    FAULT = "fault"
    DEFAULT = "default"


_NIGHT = ("door_at_night", "door_open", "not_back_home", "not_back_in_bed", "not_in_bed", "not_up")
INCIDENT: dict[str, Incident] = {
    "press": Incident.PRESS,
    "fall": Incident.FALL,
    "long_lie": Incident.FALL,
    **dict.fromkeys(_NIGHT, Incident.NIGHT),
}
"""By kind of the finding that raised the alert; what is absent is a silence, or in the kit's lane a fault."""


def incident(kind: str, lane: Lane) -> Incident:
    return Incident.FAULT if lane is Lane.KIT else INCIDENT.get(kind, Incident.SILENCE)


LONGEST_HOLD = timedelta(minutes=30)
"""An answer that nobody follows up for longer is forgotten."""


@dataclass(frozen=True, slots=True)
class Step:
    """Reach `who` (a role, or the id of a contact) by a transport, `after` the round began."""

    who: str
    transport: str
    after: timedelta = timedelta(0)

    @property
    def by_hand(self) -> bool:
        return self.transport in BY_HAND


@dataclass(frozen=True, slots=True)
class ResponsePlan:
    """What was agreed for one kind of incident. Steps are in order; of those that the hub takes by itself the
    `last_tier` repeat every `repeat`. Whoever answers holds the alert for `hold` from their last act.
    """

    kind: str
    steps: tuple[Step, ...]
    repeat: timedelta = timedelta(minutes=5)
    hold: timedelta = timedelta(minutes=3)
    last_tier: int = 1

    def __post_init__(self) -> None:
        if not self.steps:
            raise ValueError(f"the plan for '{self.kind}' has no step: somebody must be reached")
        if all(step.by_hand for step in self.steps):
            raise ValueError(f"the plan for '{self.kind}' waits for an operator: one step must go without hands")
        if self.repeat <= timedelta(0):
            raise ValueError(f"the plan for '{self.kind}' must repeat after some time, not {self.repeat}")
        if not timedelta(0) < self.hold <= LONGEST_HOLD:
            raise ValueError(f"the plan for '{self.kind}' may hold an answer for up to {LONGEST_HOLD}, not {self.hold}")
        if self.last_tier < 1:
            raise ValueError(f"the plan for '{self.kind}' must repeat at least its last step")

    @property
    def taken_by_hub(self) -> tuple[int, ...]:
        return tuple(number for number, step in enumerate(self.steps) if not step.by_hand)

    @property
    def repeated(self) -> tuple[int, ...]:
        return self.taken_by_hub[-self.last_tier :]


def too_silent(plan: ResponsePlan) -> str:
    """Why this can't be agreed on: for how long it would reach nobody; '' where it can."""
    moments = sorted(plan.steps[number].after for number in plan.taken_by_hub)
    waits = [plan.repeat, moments[0], *(later - before for before, later in pairwise(moments))]
    if max(waits) <= LONGEST_SILENCE:
        return ""
    return f"the plan for '{plan.kind}' reaches nobody for {max(waits)}: let no more than {LONGEST_SILENCE} pass"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try at reaching someone: the `step` that the plan had then, how it went, what came of it, and until when that
    stops the chain for everybody; whom it was to reach and by which transport.
    """

    id: int
    alert: int
    step: int
    at: datetime
    tried: Tried
    answer: Answer | None = None
    answered_at: datetime | None = None
    holds_until: datetime | None = None
    who: str = ""
    transport: str = ""


Tries = TypeVar("Tries", bound=Attempt)


@dataclass(frozen=True, slots=True)
class Due:
    """What an alert asks for now: steps to take, or that its answer has lapsed; and when to look again."""

    steps: tuple[int, ...]
    lapsed: bool
    look_again_at: datetime


PATIENCE: dict[State, timedelta] = {
    State.ANSWERED: timedelta(minutes=3),
    State.ATTENDING: timedelta(minutes=45),
}
"""How long an answer holds without a further act, unless the plan says otherwise of the first; 45 minutes is the
field's target for a responder on site.
"""

_TOLD = Step(OPERATOR, "log")
_SUPERVISED = Step(SUPERVISOR, "log", timedelta(minutes=3))
_RESIDENT, _CONTACTS = Step(RESIDENT, TELEPHONE), Step(CONTACTS, TELEPHONE)
_SENT, _EMERGENCY = Step(RESPONDER, SEND), Step(EMERGENCY, TELEPHONE)
_SOON = timedelta(minutes=3)

_ASK_FIRST = (_TOLD, _RESIDENT, _CONTACTS, _SENT, _EMERGENCY, _SUPERVISED)
_GO_FIRST = (_TOLD, _RESIDENT, _SENT, _CONTACTS, _EMERGENCY, _SUPERVISED)

DEFAULT_PLANS: dict[Incident, ResponsePlan] = {
    Incident.PRESS: ResponsePlan(Incident.PRESS, _ASK_FIRST, repeat=_SOON),
    Incident.FALL: ResponsePlan(Incident.FALL, _GO_FIRST, repeat=_SOON),
    Incident.SILENCE: ResponsePlan(Incident.SILENCE, _ASK_FIRST, repeat=_SOON),
    Incident.NIGHT: ResponsePlan(Incident.NIGHT, _ASK_FIRST, repeat=_SOON),
    Incident.FAULT: ResponsePlan(Incident.FAULT, (_TOLD, _RESIDENT), repeat=timedelta(hours=4)),
}
"""In force for whoever agreed to nothing else: by themselves they tell nobody outside the contact centre."""

CONTACT_GAP = timedelta(minutes=2)
"""Between two contacts that the hub itself tells in order."""

ARRIVES_WITHIN = PATIENCE[State.ATTENDING]


def for_people(plan: ResponsePlan, contacts: Sequence[str]) -> ResponsePlan:
    """The plan with a step for each contact, by id, where it says `contacts`."""
    steps = [one for step in plan.steps for one in _each(step, contacts)]
    without_hands = any(not step.by_hand for step in steps)
    return replace(plan, steps=tuple(steps if without_hands else [_TOLD, *steps]))


def passed_over(plan: ResponsePlan, contacts: Collection[str], resting: Collection[str]) -> ResponsePlan:
    """The plan while some contacts have a break: the others take their turns, and they come after them and later. Where
    there is nobody else to ask, they are asked as ever: nobody lies unseen because somebody rests.
    """
    steps = list(plan.steps)
    for by_hand in (False, True):
        turns = [at for at, step in enumerate(plan.steps) if step.who in contacts and step.by_hand is by_hand]
        others = [at for at in turns if plan.steps[at].who not in resting]
        rest = [at for at in turns if plan.steps[at].who in resting]
        for turn, at in zip(turns if others else (), [*others, *rest], strict=bool(others)):
            later = plan.repeat if at in rest and not by_hand else timedelta(0)
            steps[turn] = replace(plan.steps[at], after=plan.steps[turn].after + later)
    return plan if steps == list(plan.steps) else replace(plan, steps=tuple(steps))


def with_hands(plan: ResponsePlan, lane: Lane) -> ResponsePlan:
    """The plan with what an operator does by hand, as it is built in, where it says nothing of that."""
    if lane is Lane.KIT or any(step.by_hand for step in plan.steps):
        return plan
    return replace(plan, steps=(*plan.steps, _RESIDENT, _CONTACTS, _SENT, _EMERGENCY))


def never_silent(plan: ResponsePlan, lane: Lane, *, partner: bool, pushed: bool = False) -> ResponsePlan:
    """The plan as the hub keeps to it: where nobody answered a supervisor is told, and then the partner centre; and
    supervisors in their browsers, where one asked for that (`pushed`): last, so that no other step's number shifts.
    """
    if lane is Lane.KIT:
        return plan
    named, ways = {step.who for step in plan.steps}, {(step.who, step.transport) for step in plan.steps}
    wanted = [(SUPERVISOR, "log"), *([(PARTNER, PARTNER)] if partner else [])]
    places = [(place, *one) for place, one in enumerate(wanted, 1) if one[0] not in named]
    if pushed and (SUPERVISOR, "webpush") not in ways:
        places.append((len(places) + 1, SUPERVISOR, "webpush"))
    more = [Step(who, way, plan.repeat * place) for place, who, way in places]
    last = plan.steps[plan.taken_by_hub[-1]].after
    steps = (*plan.steps, *(replace(step, after=last + step.after) for step in more))
    return replace(plan, steps=steps, last_tier=plan.last_tier + len(more))


def _each(step: Step, contacts: Sequence[str]) -> Iterable[Step]:
    if step.who != CONTACTS:
        return [step]
    gap = timedelta(0) if step.by_hand else CONTACT_GAP
    return [replace(step, who=who, after=step.after + gap * place) for place, who in enumerate(contacts)]


WITHIN_THE_HOUR = timedelta(hours=1)
GENTLER = 4
"""So many times as long a plan takes over an alert that asks for a look."""


def default_plan(kind: str, lane: Lane) -> ResponsePlan:
    """In force for whoever agreed to nothing else."""
    plan = DEFAULT_PLANS[incident(kind, lane)]
    return gently(plan) if asks_for_a_look(kind) else plan


def gently(plan: ResponsePlan) -> ResponsePlan:
    """The same people in the same order, without haste: the operator's console at once, the others GENTLER times as
    late, yet all of them within the hour. It repeats as every plan does: a look that nobody takes is not forgotten.

    For kinds of urgency LOOK (somebody is not back in bed, or not up as usual): most are explained by a late morning,
    so a daughter is not rung at once; and nobody lies unseen for longer than an hour.
    """
    last = max(step.after for step in plan.steps)
    by = min(GENTLER, max(WITHIN_THE_HOUR / last, 1)) if last else GENTLER
    steps = tuple(replace(step, after=step.after * by) for step in plan.steps)
    repeat = max(plan.repeat, min(plan.repeat * GENTLER, WITHIN_THE_HOUR / 4))
    return replace(plan, steps=steps, repeat=repeat, hold=max(plan.hold, timedelta(minutes=10)))


def due(plan: ResponsePlan, alert: Alert, attempts: Sequence[Attempt], now: datetime) -> Due:
    """What is due at `now` for an open alert, given every attempt made so far."""
    if alert.state in PATIENCE:
        return _while_answered(alert, now)
    held = held_until(attempts, now)
    if held is not None:
        return Due((), lapsed=False, look_again_at=held)
    this_round = [attempt for attempt in placed(plan, attempts) if attempt.at >= alert.round_began_at]
    began = alert.round_began_at + paused(attempts, alert.round_began_at, now)
    steps = _steps_due(plan, began, this_round, now)
    return Due(steps, lapsed=False, look_again_at=_next_look(plan, began, this_round, steps, now))


def placed(plan: ResponsePlan, attempts: Iterable[Tries]) -> list[Tries]:
    """Each at the step by which this plan reaches the same person in the same way; OUTSIDE where there is none now. A
    plan changes while it is kept to: a contact is taken off the record, or the alert grows into one of another kind.
    """
    steps = [_reaches(step.who, step.transport) for step in plan.steps]

    def at(one: Tries) -> Tries:
        mine = _reaches(one.who, one.transport)
        if one.step == OUTSIDE or not one.who or mine in steps[one.step : one.step + 1]:
            return one
        return replace(one, step=steps.index(mine) if mine in steps else OUTSIDE)

    return [at(one) for one in attempts]


def _reaches(who: str, transport: str) -> tuple[str, str]:
    """What an operator does by hand is put down as a telephone call."""
    return who, "" if transport in BY_HAND else transport


def lapse_time(state: State, last_act_at: datetime, hold: timedelta = PATIENCE[State.ANSWERED]) -> datetime:
    """When an answer given or renewed at `last_act_at` lapses, where the plan lets it `hold` so long."""
    return last_act_at + (hold if state is State.ANSWERED else PATIENCE[state])


def held_until(attempts: Iterable[Attempt], now: datetime) -> datetime | None:
    """Until when somebody's word stops the chain; None while it goes on."""
    until = [one.holds_until for one in attempts if one.holds_until is not None and one.holds_until > now]
    return max(until, default=None)


def paused(attempts: Iterable[Attempt], since: datetime, now: datetime) -> timedelta:
    """For how long between the two moments the chain was stopped."""
    stops = sorted((one.answered_at, one.holds_until) for one in attempts if one.answered_at and one.holds_until)
    total, reached = timedelta(0), since
    for begin, end in stops:
        stopped = min(end, now) - max(begin, reached)
        if stopped > timedelta(0):
            total, reached = total + stopped, min(end, now)
    return total


def _while_answered(alert: Alert, now: datetime) -> Due:
    until = alert.look_again_at or now
    lapsed = until <= now
    return Due((), lapsed, now if lapsed else until)


def _steps_due(plan: ResponsePlan, began: datetime, tried: Sequence[Attempt], now: datetime) -> tuple[int, ...]:
    latest = _latest(tried)
    found, before = [], None
    for number in plan.taken_by_hub:
        last, step = latest.get(number), plan.steps[number]
        first = last is None and (began + step.after <= now or _led_on(latest.get(before)))
        again = last is not None and number in plan.repeated and last.at + plan.repeat <= now
        if first or again:
            found.append(number)
        before = number
    return tuple(found)


def _led_on(attempt: Attempt | None) -> bool:
    return attempt is not None and (attempt.tried is Tried.FAILED or attempt.answer in LEADS_ON)


def _latest(tried: Iterable[Attempt]) -> dict[int | None, Attempt]:
    return {attempt.step: attempt for attempt in sorted(tried, key=lambda one: (one.at, one.id))}


def _next_look(
    plan: ResponsePlan, began: datetime, tried: Sequence[Attempt], taken: tuple[int, ...], now: datetime
) -> datetime:
    latest = _latest(tried)
    done = {step for step in latest if step is not None} | set(taken)
    times = [began + plan.steps[step].after for step in plan.taken_by_hub if step not in done]
    times += [(now if step in taken else latest[step].at) + plan.repeat for step in plan.repeated if step in done]
    return max(min(times), now)


class Do(StrEnum):
    """What the console proposes."""

    RING = "ring"
    SEND = "send a responder"
    EMERGENCY = "ring 999"
    WAIT = "wait"
    CLOSE = "close it"


@dataclass(frozen=True, slots=True)
class Proposal:
    """What to do next, and why. `step` is the plan's, or OUTSIDE; `who` whom it is about ('' for nobody)."""

    do: Do
    why: str
    who: str = ""
    step: int = OUTSIDE


@dataclass(frozen=True, slots=True)
class Visit:
    """A responder who was sent, and whether they have arrived; since they left again, when that was and what they
    `found`.
    """

    sent_at: datetime
    arrived: bool
    left_at: datetime | None = None
    found: str = ""


def propose(
    plan: ResponsePlan,
    alert: Alert,
    attempts: Sequence[Attempt],
    now: datetime,
    names: Mapping[str, str],
    visit: Visit | None = None,
) -> Proposal:
    """The next thing for an operator to do about an open alert; there always is one. `names` says how each person that
    the plan's steps name is called.
    """
    attempts = placed(plan, attempts)
    told = [one for one in attempts if one.answer is not None]
    last = max(told, key=lambda one: (one.answered_at or one.at, one.id), default=None)
    by_words = _by_word(plan, last, names, now) if last else None
    if visit is not None and visit.left_at is None:
        return _while_visited(plan, visit, now)
    if visit is not None and visit.left_at and not _said_since(last, visit.left_at):
        return Proposal(Do.CLOSE, f"The responder has left again{f': {visit.found}' if visit.found else ''}.")
    return by_words or _next_by_hand(plan, alert, attempts, names)


def _said_since(last: Attempt | None, at: datetime) -> bool:
    return last is not None and last.answered_at is not None and last.answered_at > at


def _by_word(plan: ResponsePlan, last: Attempt, names: Mapping[str, str], now: datetime) -> Proposal | None:
    """What the last word about the resident asks for."""
    who = _name(plan, last.step, names)
    if last.answer is Answer.NEEDS_HELP:
        return Proposal(Do.SEND, f"{who} says that help is needed.", RESPONDER, _step_for(plan, RESPONDER))
    if last.holds_until is None or last.holds_until <= now:
        return None
    if last.answer is Answer.FINE:
        return Proposal(Do.CLOSE, f"{who} says that all is fine.")
    left = _minutes(last.holds_until - now)
    return Proposal(Do.WAIT, f"{who}: {last.answer}. The chain waits {left} for that, and then goes on.")


def _while_visited(plan: ResponsePlan, visit: Visit, now: datetime) -> Proposal:
    since = now - visit.sent_at
    if visit.arrived:
        return Proposal(Do.WAIT, "The responder is there: close it when you hear what it was.")
    if since >= ARRIVES_WITHIN:
        why = f"The responder was sent {_minutes(since)} ago and has not arrived."
        return Proposal(Do.EMERGENCY, why, EMERGENCY, _step_for(plan, EMERGENCY))
    return Proposal(Do.WAIT, f"The responder was sent {_minutes(since)} ago. Keep speaking with the resident.")


def _next_by_hand(plan: ResponsePlan, alert: Alert, attempts: Sequence[Attempt], names: Mapping[str, str]) -> Proposal:
    """The first step by hand that was not tried since the alert was raised or stood open again."""
    tried = _latest(one for one in attempts if one.at >= alert.round_began_at)
    mine = [number for number, step in enumerate(plan.steps) if step.by_hand]
    untried = next((number for number in mine if number not in tried), None)
    if untried is not None:
        before = [tried[number] for number in mine if number in tried and number < untried]
        return _proposed(plan, untried, _why_next(plan, before, untried, names))
    again = [number for number in mine if plan.steps[number].transport == TELEPHONE and _worth_again(tried[number])]
    rings = [number for number in again if plan.steps[number].who != EMERGENCY]
    if rings:
        oldest = min(rings, key=lambda number: tried[number].at)
        return _proposed(plan, oldest, "Nobody on the plan could be reached so far, and nothing may end in silence.")
    if alert.lane is Lane.KIT:
        return Proposal(Do.WAIT, "Nobody is left to ring. Installers see this fault on their page, too.")
    why = "Nobody on the plan could be reached. If in doubt, go out."
    return Proposal(Do.EMERGENCY, why, EMERGENCY, _step_for(plan, EMERGENCY))


def _proposed(plan: ResponsePlan, number: int, why: str) -> Proposal:
    step = plan.steps[number]
    if step.transport == SEND:
        return Proposal(Do.SEND, why, step.who, number)
    return Proposal(Do.EMERGENCY if step.who == EMERGENCY else Do.RING, why, step.who, number)


def _why_next(plan: ResponsePlan, before: Sequence[Attempt], number: int, names: Mapping[str, str]) -> str:
    if not before:
        whom = names.get(plan.steps[number].who, plan.steps[number].who)
        return f"Nobody has spoken with {whom} yet." if plan.steps[number].who == RESIDENT else f"{whom} is next."
    last = max(before, key=lambda one: (one.at, one.id))
    said = f"{_name(plan, last.step, names)}: {last.answer or last.tried}"
    return f"{said}, which is not an answer." if last.answer is Answer.VOICEMAIL else f"{said}."


def _worth_again(attempt: Attempt) -> bool:
    return attempt.answer in (Answer.NO_ANSWER, Answer.BUSY, Answer.VOICEMAIL)


def _step_for(plan: ResponsePlan, who: str) -> int:
    return next((number for number, step in enumerate(plan.steps) if step.who == who), OUTSIDE)


def _name(plan: ResponsePlan, step: int, names: Mapping[str, str]) -> str:
    if not 0 <= step < len(plan.steps):
        return "Somebody"
    who = plan.steps[step].who
    return names.get(who, who)


def _minutes(span: timedelta) -> str:
    return f"{max(round(span / timedelta(minutes=1)), 0)} min"
