from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from models.alert import Alert, Lane, State
from models.response import (
    BY_KEY,
    DEFAULT_PLANS,
    HOLDS,
    LEADS_ON,
    PATIENCE,
    WITHIN_THE_HOUR,
    Answer,
    Attempt,
    Do,
    Incident,
    ResponsePlan,
    Step,
    Tried,
    Visit,
    default_plan,
    due,
    for_people,
    gently,
    incident,
    lapse_time,
    never_silent,
    passed_over,
    propose,
    sent_back,
    with_hands,
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
    told = [look.steps[number] for number in look.taken_by_hub]
    assert [(step.who, step.after) for step in told] == [("operator", 0 * MIN), ("supervisor", 12 * MIN)]
    assert (look.repeat, look.hold) == (12 * MIN, 10 * MIN)
    assert [call.steps[number].after for number in call.taken_by_hub] == [0 * MIN, 3 * MIN]
    assert default_plan("kit_unheard", Lane.KIT) == DEFAULT_PLANS[Incident.FAULT]


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


@pytest.mark.parametrize("of", list(DEFAULT_PLANS))
def test_somebody_is_reached_though_nothing_was_agreed(of: Incident) -> None:
    assert due(DEFAULT_PLANS[of], OPEN, [], NOON).steps[0] == 0
    assert due(for_people(DEFAULT_PLANS[of], ()), OPEN, [], NOON).steps[0] == 0


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


def said(step: int, at: datetime, answer: Answer) -> Attempt:
    holds = at + HOLDS[answer] if answer in HOLDS else None
    return Attempt(1, 7, step, at, Tried.SENT, answer, at, holds)


def test_a_plan_that_only_waits_for_an_operator_is_refused() -> None:
    with pytest.raises(ValueError, match="without hands"):
        ResponsePlan("press", (Step("resident", "tel"), Step("responder", "send")))


def test_every_kind_of_incident_has_a_plan() -> None:
    assert [incident(kind, Lane.PERSON) for kind in ("press", "long_lie", "silence", "door_at_night")] == [
        Incident.PRESS,
        Incident.FALL,
        Incident.SILENCE,
        Incident.NIGHT,
    ]
    assert incident("kit_unheard", Lane.KIT) is Incident.FAULT
    assert set(DEFAULT_PLANS) == set(Incident) - {Incident.DEFAULT}


@pytest.mark.parametrize("answer", sorted(HOLDS))
def test_somebodys_word_stops_the_chain_for_all_until_a_limit_and_then_it_goes_on(answer: Answer) -> None:
    word = [said(0, NOON, answer)]
    limit = NOON + HOLDS[answer]
    held = due(PLAN, OPEN, word, limit - MIN)
    assert (held.steps, held.look_again_at) == ((), limit)
    resumed = due(PLAN, OPEN, word, limit)
    assert (resumed.steps, resumed.look_again_at) == ((), limit + 5 * MIN), "the delay of the next step starts there"
    assert due(PLAN, OPEN, word, limit + 5 * MIN).steps == (1,)


@pytest.mark.parametrize("answer", sorted(LEADS_ON))
def test_what_is_no_help_leads_to_the_next_step_at_once(answer: Answer) -> None:
    assert due(PLAN, OPEN, [said(0, NOON, answer)], NOON).steps == (1,)


def test_steps_by_hand_are_not_the_hubs() -> None:
    plan = ResponsePlan("press", (Step("resident", "tel"), Step("operator", "log"), Step("c_ada", "tel")))
    assert due(plan, OPEN, [], NOON).steps == (1,)
    assert due(plan, OPEN, [tried(1, NOON)], NOON + 5 * MIN).steps == (1,), "it repeats for ever"


def test_where_nobody_answers_a_supervisor_is_told_and_then_the_partner() -> None:
    plan = never_silent(PLAN, Lane.PERSON, partner=True)
    assert [(one.who, one.after) for one in plan.steps[2:]] == [("supervisor", 9 * MIN), ("partner", 13 * MIN)]
    attempts = [tried(0, NOON), tried(1, NOON + 5 * MIN)]
    assert due(plan, OPEN, attempts, NOON + 9 * MIN).steps == (1, 2), "the family is not forgotten for it"
    assert never_silent(PLAN, Lane.KIT, partner=True) == PLAN, "nobody is woken for a flat battery"


def test_a_contact_who_is_taken_off_the_record_meanwhile_takes_nobodys_turn() -> None:
    steps = (Step("operator", "log"), Step("contacts", "email", MIN), Step("contacts", "tel"), SENT)
    before, after = (
        for_people(ResponsePlan("press", steps), who) for who in (("c_ada", "c_ben", "c_cy"), ("c_ben", "c_cy"))
    )
    attempts = [to(before, step, step * MIN) for step in (0, 1)]
    assert due(after, OPEN, attempts, NOON + 2 * MIN).steps == (1,), "Ben is not taken for told because Ada was"
    rung = replace(to(before, 4, 3 * MIN), transport="tel", answer=Answer.NO_ANSWER)
    assert propose(before, OPEN, [*attempts, rung], NOON + 3 * MIN, {}).who == "c_ben"
    assert propose(after, OPEN, [*attempts, rung], NOON + 3 * MIN, {}).who == "c_ben"


def to(plan: ResponsePlan, step: int, after: timedelta) -> Attempt:
    who, way = plan.steps[step].who, plan.steps[step].transport
    return replace(tried(step, NOON + after), id=step + 1, who=who, transport=way)


def test_contacts_are_told_in_order_with_time_to_answer() -> None:
    plan = for_people(ResponsePlan("press", (Step("contacts", "email", MIN),)), ("c_ada", "c_ben"))
    assert [(one.who, one.after) for one in plan.steps] == [("c_ada", MIN), ("c_ben", 3 * MIN)]


WAYS = ("log", "email", "sms")
SENT = Step("responder", "send")


def in_time(found: list[tuple[str, int]]) -> list[tuple[str, int]]:
    return sorted(found, key=lambda one: one[1])


PLANS = some.builds(
    lambda own, hands, repeat, partner: never_silent(
        for_people(
            ResponsePlan(
                "press",
                (*(Step(f"c_{n}", way, after * MIN) for n, (way, after) in enumerate(own)), *hands),
                repeat * MIN,
            ),
            ("c_ada", "c_ben"),
        ),
        Lane.PERSON,
        partner=partner,
    ),
    some.lists(
        some.tuples(some.sampled_from(["log", "email", "sms"]), some.integers(0, 20)), min_size=1, max_size=4
    ).map(lambda found: sorted(found, key=lambda one: one[1])),
    some.lists(
        some.sampled_from([Step("resident", "tel"), Step("contacts", "tel"), Step("responder", "send")]), max_size=3
    ),
    some.integers(1, 10),
    some.booleans(),
)
FATES = some.lists(some.sampled_from([*Answer, Tried.SENT, Tried.FAILED]), max_size=30)


@given(PLANS, FATES)
def test_whatever_becomes_of_its_attempts_a_chain_is_never_silent(
    plan: ResponsePlan, fates: list[Answer | Tried]
) -> None:
    """At every look something is done, or said to be done by a moment that is not far; and its looks go on."""
    now, attempts, last_act = NOON, list[Attempt](), NOON
    patience = max(plan.repeat, *(step.after for step in plan.steps)) + max(HOLDS.values())
    fate = iter(fates)
    for _ in range(40):
        what = due(plan, OPEN, attempts, now)
        for step in what.steps:
            how = next(fate, Tried.SENT)
            one = said(step, now, how) if isinstance(how, Answer) else tried(step, now, how)
            attempts.append(replace(one, id=len(attempts) + 1))
            last_act = now
        assert now - last_act <= patience, "silence"
        assert now <= what.look_again_at <= now + patience
        now = max(what.look_again_at, now + timedelta(seconds=1))
    assert last_act > NOON or len(attempts) > 1


NAMES = {"resident": "Mrs Okafor", "c_ada": "Ada Okafor", "c_ben": "Ben Ade", "responder": "a responder"}
BY_HAND = for_people(DEFAULT_PLANS[Incident.PRESS], ("c_ada", "c_ben"))


def test_the_console_proposes_the_next_step_and_why() -> None:
    first = propose(BY_HAND, OPEN, [], NOON, NAMES)
    assert (first.do, first.who, first.why) == (Do.RING, "resident", "Nobody has spoken with Mrs Okafor yet.")
    silent = [said(1, NOON, Answer.NO_ANSWER)]
    second = propose(BY_HAND, OPEN, silent, NOON + MIN, NAMES)
    assert (second.who, second.why) == ("c_ada", "Mrs Okafor: no answer.")
    voicemail = [*silent, said(2, NOON + MIN, Answer.VOICEMAIL)]
    third = propose(BY_HAND, OPEN, voicemail, NOON + 2 * MIN, NAMES)
    assert (third.who, third.why) == ("c_ben", "Ada Okafor: voicemail, which is not an answer.")


def test_when_all_were_tried_the_console_still_proposes_something() -> None:
    mine = [number for number, step in enumerate(BY_HAND.steps) if step.by_hand]
    attempts = [said(number, NOON + place * MIN, Answer.WRONG_NUMBER) for place, number in enumerate(mine)]
    assert propose(BY_HAND, OPEN, attempts, NOON + 9 * MIN, NAMES).do is Do.EMERGENCY
    again = [replace(attempts[0], answer=Answer.BUSY), *attempts[1:]]
    assert propose(BY_HAND, OPEN, again, NOON + 9 * MIN, NAMES).who == "resident"


def test_the_last_word_decides_what_is_proposed() -> None:
    ill = propose(BY_HAND, OPEN, [said(1, NOON, Answer.NEEDS_HELP)], NOON, NAMES)
    assert (ill.do, ill.why) == (Do.SEND, "Mrs Okafor says that help is needed.")
    fine = propose(BY_HAND, OPEN, [said(1, NOON, Answer.FINE)], NOON, NAMES)
    assert (fine.do, fine.why) == (Do.CLOSE, "Mrs Okafor says that all is fine.")
    coming = [said(2, NOON, Answer.ON_THE_WAY)]
    waits = propose(BY_HAND, OPEN, coming, NOON + 10 * MIN, NAMES)
    assert (waits.do, "Ada Okafor: on the way" in waits.why, "20 min" in waits.why) == (Do.WAIT, True, True)
    assert propose(BY_HAND, OPEN, coming, NOON + 30 * MIN, NAMES).do is Do.RING, "she did not say that she is there"


def test_a_responder_who_does_not_arrive_leads_to_999() -> None:
    assert propose(BY_HAND, OPEN, [], NOON + 44 * MIN, NAMES, Visit(NOON, arrived=False)).do is Do.WAIT
    assert propose(BY_HAND, OPEN, [], NOON + 45 * MIN, NAMES, Visit(NOON, arrived=False)).do is Do.EMERGENCY
    assert propose(BY_HAND, OPEN, [], NOON + 50 * MIN, NAMES, Visit(NOON, arrived=True)).do is Do.WAIT


def test_when_a_responder_has_left_again_it_is_closed_unless_something_was_said_since() -> None:
    left = Visit(NOON, arrived=True, left_at=NOON + 20 * MIN, found="genuine fall")
    over = propose(BY_HAND, OPEN, [said(1, NOON, Answer.NEEDS_HELP)], NOON + 21 * MIN, NAMES, left)
    assert (over.do, over.why) == (Do.CLOSE, "The responder has left again: genuine fall.")
    later = [said(1, NOON + 25 * MIN, Answer.NEEDS_HELP)]
    assert propose(BY_HAND, OPEN, later, NOON + 26 * MIN, NAMES, left).do is Do.SEND


def test_each_key_says_one_thing() -> None:
    assert len(set(BY_KEY.values())) == len(BY_KEY)
    assert not {Answer.VOICEMAIL, Answer.NO_ANSWER} & set(BY_KEY.values())


def test_a_plan_that_says_nothing_of_hands_is_worked_by_hand_all_the_same() -> None:
    plan = for_people(with_hands(PLAN, Lane.PERSON), ("c_ada", "c_ben"))
    assert plan.steps[: len(PLAN.steps)] == PLAN.steps, "what is on record keeps its numbers"
    assert propose(plan, OPEN, [], NOON, NAMES).who == "resident"
    assert with_hands(BY_HAND, Lane.PERSON) == BY_HAND


def test_nobody_rings_999_for_a_kit() -> None:
    kit = replace(OPEN, lane=Lane.KIT, kind="kit_unheard")
    assert propose(with_hands(PLAN, Lane.KIT), kit, [], NOON, NAMES).do is Do.WAIT


def test_where_no_responder_can_go_999_is_next() -> None:
    mine = [number for number, step in enumerate(BY_HAND.steps) if step.by_hand]
    attempts = [said(number, NOON + place * MIN, Answer.REFUSED) for place, number in enumerate(mine[:-1])]
    last = propose(BY_HAND, OPEN, attempts, NOON + 9 * MIN, NAMES)
    assert (last.do, last.why) == (Do.EMERGENCY, "a responder: can't help.")


SHARED = ResponsePlan(
    "default",
    (Step("operator", "log"), Step("ada", "email", MIN), Step("ben", "sms", 2 * MIN), Step("chi", "email", 3 * MIN)),
    repeat=4 * MIN,
)


def test_who_has_a_break_comes_after_the_others_and_later() -> None:
    plan = passed_over(SHARED, ("ada", "ben", "chi"), {"ada"})
    assert [(one.who, one.transport, one.after / MIN) for one in plan.steps] == [
        ("operator", "log", 0),
        ("ben", "sms", 1),
        ("chi", "email", 2),
        ("ada", "email", 7),
    ]


@pytest.mark.parametrize("resting", [set(), {"ada", "ben", "chi"}, {"somebody"}])
def test_where_there_is_nobody_else_a_break_changes_nothing(resting: set[str]) -> None:
    assert passed_over(SHARED, ("ada", "ben", "chi"), resting) is SHARED


@given(some.sets(some.sampled_from(["ada", "ben", "chi"])))
def test_a_break_takes_nobody_off_the_plan(resting: set[str]) -> None:
    plan = passed_over(SHARED, ("ada", "ben", "chi"), resting)
    assert sorted((one.who, one.transport) for one in plan.steps) == sorted(
        (one.who, one.transport) for one in SHARED.steps
    )


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("1", Answer.ON_THE_WAY),
        (" 2, all is fine", Answer.FINE),
        ("1 (on my way)", Answer.ON_THE_WAY),
        ("3\nSent from my telephone", Answer.NEEDS_HELP),
        ("4 can't, at work", Answer.REFUSED),
        ("10 min away", None),
        ("2 mins", None),
        ("2-3 minutes", None),
        ("1 1/2 hours", None),
        ("2nd try, no answer", None),
        ("2 of us are coming", None),
        ("1, on my way, 10 minutes", Answer.ON_THE_WAY),
        ("1 I'm on my way", Answer.ON_THE_WAY),
        ("1 ar fy ffordd", Answer.ON_THE_WAY),
        ("1\r\nSent from my telephone", Answer.ON_THE_WAY),
        ("1. Running over", Answer.ON_THE_WAY),
        ("2 she's ok", Answer.FINE),
        ("2-all fine", Answer.FINE),
        ("2 popeth yn iawn", Answer.FINE),
        ("2 \N{THUMBS UP SIGN}", Answer.FINE),
        ("3 she has fallen", Answer.NEEDS_HELP),
        ("4 methu", Answer.REFUSED),
        ("2 secs", None),
        ("2 streets away", None),
        ("2 not ok", None),
        ("2, not ok", None),
        ("2 she's fine but can't get up", None),
        ("2 she has fallen", None),
        ("2 ddim yn iawn", None),
        ("2 funud", None),
        ("3 munud", None),
        ("1 sec", None),
        ("1 moment please", None),
        ("1 on the floor", None),
        ("1.5 hours", None),
        ("2 - streets", None),
        ("2?", None),
        ("2 fine?", None),
        ("5", None),
        ("all fine", None),
        ("", None),
    ],
)
def test_a_number_sent_back_is_an_answer_and_a_count_is_none(text: str, answer: Answer | None) -> None:
    assert sent_back(text) is answer
