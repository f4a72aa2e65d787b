from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from models.alert import Alert, Lane, State
from models.response import (
    DEFAULT_PLANS,
    PATIENCE,
    WITHIN_THE_HOUR,
    Attempt,
    ResponsePlan,
    Step,
    Tried,
    default_plan,
    due,
    gently,
    lapse_time,
)
from tests.conftest import NOON

MIN = timedelta(minutes=1)
PLAN = ResponsePlan("default", (Step("operator", "log"), Step("c_ada", "email", 5 * MIN)), repeat=4 * MIN)
OPEN = Alert(7, "h_okafor", "r_okafor", Lane.PERSON, "press", State.RAISED, NOON, NOON, NOON, 1)


def tried(step: int, at: datetime, how: Tried = Tried.SENT) -> Attempt:
    return Attempt(1, 7, step, at, how)


def test_the_first_step_is_due_at_once() -> None:
    now = due(PLAN, OPEN, [], NOON)
    assert (now.steps, now.look_again_at) == ((0,), NOON + 5 * MIN)


def test_an_unanswered_step_leads_to_the_next() -> None:
    waiting = due(PLAN, OPEN, [tried(0, NOON)], NOON + 4 * MIN)
    assert waiting.steps == ()
    assert waiting.look_again_at == NOON + 5 * MIN
    assert due(PLAN, OPEN, [tried(0, NOON)], NOON + 5 * MIN).steps == (1,)


def test_a_failed_step_leads_to_the_next_at_once() -> None:
    assert due(PLAN, OPEN, [tried(0, NOON, Tried.FAILED)], NOON).steps == (1,)


def test_when_all_was_tried_the_last_tier_repeats() -> None:
    attempts = [tried(0, NOON), tried(1, NOON + 5 * MIN)]
    assert due(PLAN, OPEN, attempts, NOON + 8 * MIN).look_again_at == NOON + 9 * MIN
    assert due(PLAN, OPEN, attempts, NOON + 9 * MIN).steps == (1,)


@pytest.mark.parametrize("state", sorted(PATIENCE))
def test_an_answer_lapses(state: State) -> None:
    answered = replace(OPEN, state=state, look_again_at=lapse_time(state, NOON))
    assert not due(PLAN, answered, [], NOON).lapsed
    assert due(PLAN, answered, [], NOON + PATIENCE[state]).lapsed


def test_an_answer_holds_as_long_as_was_agreed() -> None:
    assert lapse_time(State.ANSWERED, NOON, 5 * MIN) == NOON + 5 * MIN
    assert lapse_time(State.ATTENDING, NOON, 5 * MIN) == NOON + 45 * MIN
    for hold in (timedelta(0), timedelta(hours=2)):
        with pytest.raises(ValueError, match="may hold an answer"):
            ResponsePlan("default", (Step("operator", "log"),), hold=hold)


def test_what_asks_for_a_look_goes_gently_and_never_silent() -> None:
    look, call = default_plan("not_up", Lane.PERSON), default_plan("press", Lane.PERSON)
    assert [(step.who, step.after) for step in look.steps] == [("operator", 0 * MIN), ("supervisor", 12 * MIN)]
    assert (look.repeat, look.hold) == (12 * MIN, 10 * MIN)
    assert [step.after for step in call.steps] == [0 * MIN, 3 * MIN]
    assert default_plan("kit_unheard", Lane.KIT) == DEFAULT_PLANS[Lane.KIT]


@given(afters=some.lists(some.integers(0, 300), min_size=1, max_size=5), repeat=some.integers(1, 300))
def test_a_gentle_plan_reaches_the_same_people_no_sooner_and_within_the_hour(afters: list[int], repeat: int) -> None:
    plan = ResponsePlan("x", tuple(Step("c", "log", after * MIN) for after in sorted(afters)), repeat * MIN)
    mild = gently(plan)
    assert [step.who for step in mild.steps] == [step.who for step in plan.steps]
    for was, now in zip(plan.steps, mild.steps, strict=True):
        assert was.after <= now.after <= max(was.after, WITHIN_THE_HOUR)
    assert plan.repeat <= mild.repeat <= max(plan.repeat, WITHIN_THE_HOUR / 4)


def test_a_lapsed_alert_begins_a_new_round() -> None:
    again = replace(OPEN, round_began_at=NOON + 10 * MIN)
    assert due(PLAN, again, [tried(0, NOON), tried(1, NOON + 5 * MIN)], NOON + 10 * MIN).steps == (0,)


@pytest.mark.parametrize("lane", list(Lane))
def test_somebody_is_reached_though_nothing_was_agreed(lane: Lane) -> None:
    assert due(DEFAULT_PLANS[lane], OPEN, [], NOON).steps[0] == 0


@pytest.mark.parametrize(("steps", "repeat"), [((), MIN), ((Step("operator", "log"),), timedelta(0))])
def test_a_plan_that_could_end_in_silence_is_refused(steps: tuple[Step, ...], repeat: timedelta) -> None:
    with pytest.raises(ValueError, match="the plan for"):
        ResponsePlan("press", steps, repeat)


@given(
    afters=some.lists(some.integers(0, 60), min_size=1, max_size=5),
    repeat=some.integers(1, 30),
    hows=some.lists(some.sampled_from([Tried.SENT, Tried.FAILED]), min_size=40, max_size=40),
)
def test_no_chain_ever_falls_silent(afters: list[int], repeat: int, hows: list[Tried]) -> None:
    """Whatever fails, looking when the plan says so reaches every step in turn, and then goes on for ever."""
    plan = ResponsePlan("x", tuple(Step("c", "log", after * MIN) for after in sorted(afters)), repeat * MIN)
    now, attempts = NOON, list[Attempt]()
    for how in hows:
        found = due(plan, OPEN, attempts, now)
        attempts += [tried(step, now, how) for step in found.steps]
        assert found.steps or found.look_again_at > now
        now = max(now, due(plan, OPEN, attempts, now).look_again_at)
    assert {attempt.step for attempt in attempts} == set(range(len(plan.steps)))
    assert max(attempt.at for attempt in attempts) >= now - max(plan.repeat, max(afters) * MIN)
