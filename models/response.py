"""The agreed plan: whom to reach, in what order, when each step is due.

A plan cannot end in silence: when every step has been tried and nobody answered, the last tier repeats for ever.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from models.alert import Alert, Lane, State
from models.urgency import asks_for_a_look


class Tried(StrEnum):
    """How one try at reaching someone went, as far as is known."""

    INTENDED = "intended"
    SENT = "sent"
    FAILED = "failed"
    UNKNOWN = "unknown"


LONGEST_HOLD = timedelta(minutes=30)
"""An answer that nobody follows up for longer is forgotten."""


@dataclass(frozen=True, slots=True)
class Step:
    """Reach `who` (a role, or the id of a contact) by a transport, `after` the round began."""

    who: str
    transport: str
    after: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class ResponsePlan:
    """What was agreed for one kind of incident. Steps are in order; after the last it repeats every `repeat`. Whoever
    answers holds the alert for `hold` from their last act.
    """

    kind: str
    steps: tuple[Step, ...]
    repeat: timedelta = timedelta(minutes=5)
    hold: timedelta = timedelta(minutes=3)

    def __post_init__(self) -> None:
        if not self.steps:
            raise ValueError(f"the plan for '{self.kind}' has no step: somebody must be reached")
        if self.repeat <= timedelta(0):
            raise ValueError(f"the plan for '{self.kind}' must repeat after some time, not {self.repeat}")
        if not timedelta(0) < self.hold <= LONGEST_HOLD:
            raise ValueError(f"the plan for '{self.kind}' may hold an answer for up to {LONGEST_HOLD}, not {self.hold}")


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try at reaching someone: the `step` of the plan, the `round` in which, and how it went."""

    id: int
    alert: int
    step: int
    at: datetime
    tried: Tried


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

DEFAULT_PLANS: dict[Lane, ResponsePlan] = {
    Lane.PERSON: ResponsePlan(
        "default",
        (Step("operator", "log"), Step("supervisor", "log", timedelta(minutes=3))),
        repeat=timedelta(minutes=3),
    ),
    Lane.KIT: ResponsePlan("default", (Step("operator", "log"),), repeat=timedelta(hours=4)),
}

WITHIN_THE_HOUR = timedelta(hours=1)
GENTLER = 4
"""So many times as long a plan takes over an alert that asks for a look."""


def default_plan(kind: str, lane: Lane) -> ResponsePlan:
    """In force for whoever agreed to nothing else."""
    plan = DEFAULT_PLANS[lane]
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
    """What is due at `now` for an open alert, given every attempt made since its round began."""
    if alert.state in PATIENCE:
        return _while_answered(alert, now)
    this_round = [attempt for attempt in attempts if attempt.at >= alert.round_began_at]
    steps = _steps_due(plan, alert, this_round, now)
    return Due(steps, lapsed=False, look_again_at=_next_look(plan, alert, this_round, steps, now))


def lapse_time(state: State, last_act_at: datetime, hold: timedelta = PATIENCE[State.ANSWERED]) -> datetime:
    """When an answer given or renewed at `last_act_at` lapses, where the plan lets it `hold` so long."""
    return last_act_at + (hold if state is State.ANSWERED else PATIENCE[state])


def _while_answered(alert: Alert, now: datetime) -> Due:
    until = alert.look_again_at or now
    lapsed = until <= now
    return Due((), lapsed, now if lapsed else until)


def _steps_due(plan: ResponsePlan, alert: Alert, tried: Sequence[Attempt], now: datetime) -> tuple[int, ...]:
    done = {attempt.step for attempt in tried}
    failed = {attempt.step for attempt in tried if attempt.tried is Tried.FAILED}
    untried = [step for step in range(len(plan.steps)) if step not in done]
    first = tuple(
        step for step in untried if alert.round_began_at + plan.steps[step].after <= now or step - 1 in failed
    )
    if untried:
        return first
    last = len(plan.steps) - 1
    return (last,) if max(attempt.at for attempt in tried) + plan.repeat <= now else ()


def _next_look(
    plan: ResponsePlan, alert: Alert, tried: Sequence[Attempt], taken: tuple[int, ...], now: datetime
) -> datetime:
    done = {attempt.step for attempt in tried} | set(taken)
    times = [alert.round_began_at + step.after for number, step in enumerate(plan.steps) if number not in done]
    if times:
        return max(min(times), now)
    latest = now if taken else max(attempt.at for attempt in tried)
    return latest + plan.repeat
