"""What a relative chooses for themselves, and nobody in their place; and a break that everybody concerned can see."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from hub.plans import plan_of
from hub.store.relatives import Relatives
from models.alert import Act
from models.detection import Finding, FindingKind
from models.notices import Preferences
from models.register import PlanOf, Register
from models.response import Answer, ResponsePlan, Step
from tests.hub.web.conftest import Visitor, words
from tests.hub.web.world import World

Visit = Callable[..., Visitor]

CHOSEN = {
    "called": "Mum", "digest": "1", "digest_hour": "9", "bed": "1", "way": "email", "quiet_from": "23",
    "quiet_until": "6",
}  # fmt: skip


def test_ada_chooses_what_she_is_told_and_how_she_calls_her_mother(world: World, visit: Visit) -> None:
    ada, relatives = visit("ada"), Relatives(world.store.records.engine)
    page = words(ada.see("/family/told"))
    assert "You have not chosen yet. So you are told once a day, at 18:00, how things are." in page
    assert "told once a day" not in words(visit("ben").see("/family/told")), "he has no address"
    assert "No way to reach you is set up, so nothing is sent to you." in words(visit("ben").see("/family/told"))
    sees = "daughter the day with rooms and times, and alerts"
    assert f"{sees}; is told each day at 18:00" in words(visit("grace").see("/resident"))
    assert ada.post("/family/told", **CHOSEN).status_code == 303
    assert relatives.preferences("c_ada") == Preferences("Mum", True, 9, True, "email", 23, 6)
    assert "You have not chosen yet" not in ada.see("/family/told")
    hers = f"{sees}; is told each day at 09:00; is told when you have gone to bed"
    for path in ("/resident", "/choices/r_okafor"):
        assert hers.partition("; ")[2] in words(visit("grace").see(path)), path
    assert "Mum was up at 07:40" in words(ada.see("/family"))
    assert "Mrs Okafor" in words(visit("dele").see("/family")), "others call her as they do"
    for odd in ({"digest_hour": "24"}, {"digest_hour": "23"}, {"way": "sms"}, {"called": "M" * 61}):
        assert ada.post("/family/told", **(CHOSEN | odd)).status_code == 400, odd
    assert relatives.preferences("c_ada") == Preferences("Mum", True, 9, True, "email", 23, 6)


def test_whom_the_evening_is_not_shown_to_is_not_offered_it(world: World, visit: Visit) -> None:
    assert "gone to bed" in visit("chi").see("/family/told")
    assert "gone to bed" not in visit("ben").see("/family/told")


def test_nobody_chooses_for_another(world: World, visit: Visit) -> None:
    for login in ("tom", "priya", "ivan", "grace", "nia"):
        somebody = visit(login)
        for path, form in (("/family/told", CHOSEN), ("/family/break", {"days": "7"})):
            assert somebody.post(path, **form).status_code == 404, (login, path)
        assert somebody.get("/family/told").status_code == 404
    karl = visit("karl")
    assert karl.post("/family/told", **(CHOSEN | {"way": "", "called": "Dad"})).status_code == 303
    assert Relatives(world.store.records.engine).all_preferences().keys() == {"c_karl"}
    assert "Okafor" not in karl.see("/family/told")


def shared(world: World) -> None:
    """Ada is called first, and then her brother Dele."""
    steps = (Step("operator", "log"), Step("c_ada", "email"), Step("c_dele", "email", timedelta(minutes=2)))
    world.store.records.load(Register(plans=(PlanOf("r_okafor", ResponsePlan("default", steps)),)), {})


def test_a_break_passes_her_over_and_everybody_concerned_sees_it(world: World, visit: Visit) -> None:
    shared(world)
    before = world.press()
    ada = visit("ada")
    world.move(timedelta(minutes=1))
    assert ada.post("/family/break", days="7").status_code == 303
    assert "You have a break until Friday 27 November." in words(ada.see("/family/told"))
    assert [one.who for one in plan_of(world.store.records, before).steps[1:3]] == ["c_ada", "c_dele"], "under way"
    alert = replace(before, raised_at=world.now)
    assert [one.who for one in plan_of(world.store.records, alert).steps[1:3]] == ["c_dele", "c_ada"]
    assert "at 18:00; has a break until Friday 27 November" in words(visit("grace").see("/resident"))
    world.move(timedelta(minutes=1))
    assert ada.post("/family/break", days="0").status_code == 303
    assert [one.who for one in plan_of(world.store.records, alert).steps[1:3]] == ["c_dele", "c_ada"], "as raised"
    later = replace(before, raised_at=world.now)
    assert [one.who for one in plan_of(world.store.records, later).steps[1:3]] == ["c_ada", "c_dele"]
    assert ada.post("/family/break", days="400").status_code == 400


def test_the_centre_reads_of_a_break_on_the_alerts_page(world: World, visit: Visit) -> None:
    shared(world)
    visit("ada").post("/family/break", days="3")
    alert = world.press()
    page = words(visit("tom").see(f"/console/alert/{alert.id}"))
    assert "Ada Okafor (daughter; has a break until Monday 23 November)" in page


def test_in_quiet_hours_only_a_call_for_help_reaches_her_first(world: World, visit: Visit) -> None:
    shared(world)
    visit("ada").post("/family/told", **(CHOSEN | {"quiet_from": "11", "quiet_until": "13"}))
    fault = world.find(Finding(FindingKind.NOT_UP, "h_okafor", world.now, world.now), "r_okafor")
    assert [one.who for one in plan_of(world.store.records, fault).steps[1:3]] == ["c_dele", "c_ada"]
    urgent = replace(fault, kind="press")
    assert [one.who for one in plan_of(world.store.records, urgent).steps[1:3]] == ["c_ada", "c_dele"]


def test_while_an_alert_is_open_they_read_what_is_done_and_say_what_they_do(world: World, visit: Visit) -> None:
    ada, ben = visit("ada"), visit("ben")
    assert "What is being done" not in ada.see("/family")
    alert = world.press()
    page = words(ada.see("/family"))
    assert "It rings at the contact centre until somebody answers there." in page
    assert "What was noticed Help was called for with the" in page
    low = words(ben.see("/family"))
    assert "I'm on my way" in low
    assert "Help was called" not in low, "an alert's reason is not of that level"
    assert ben.post("/family/answer", key="1").status_code == 303
    assert "Somebody else whom we called is on the way." in words(ada.see("/family/now"))
    assert "Ben" not in words(ada.see("/family/now"))
    world.store.alerts.act(alert.id, Act.ANSWER, "tom", world.now)
    assert "Somebody at the contact centre is dealing with it since 12:00." in words(ada.see("/family"))
    assert "is dealing with it." in words(ben.see("/family"))
    assert ada.post("/family/answer", key="2").status_code == 303
    assert "You said: reached, all is fine" in words(ada.see("/family"))
    told = [(one.who, one.answer, one.transport) for one in world.store.alerts.attempts(alert.id)]
    assert told == [("c_ben", Answer.ON_THE_WAY, "family"), ("c_ada", Answer.FINE, "family")]
    assert "Said by Ada Okafor (daughter)" in words(visit("tom").see(f"/console/alert/{alert.id}"))


def test_an_attempt_that_waits_for_their_word_is_answered_by_it(world: World, visit: Visit) -> None:
    alert = world.press()
    attempt = world.store.alerts.intend(alert, 1, "c_ada", "email", world.now)
    visit("ada").post("/family/answer", key="3")
    assert [(one.id, one.answer) for one in world.store.alerts.attempts(alert.id)] == [(attempt, Answer.NEEDS_HELP)]


def test_karl_answers_for_nobody_but_his_father(world: World, visit: Visit) -> None:
    alert, karl = world.press(), visit("karl")
    assert "What is being done" not in karl.see("/family")
    assert karl.post("/family/answer", key="1").status_code == 303
    assert karl.post("/family/answer", key="9").status_code == 404
    for login in ("tom", "grace", "priya"):
        assert visit(login).post("/family/answer", key="1").status_code == 404
    assert world.store.alerts.attempts(alert.id) == []


def test_who_was_first_how_often_and_a_change_to_be_asked_for(world: World, visit: Visit) -> None:
    shared(world)
    alert, ada = world.press(), visit("ada")
    visit("dele").post("/family/answer", key="1")
    ada.post("/family/answer", key="2")
    page = words(ada.see("/family/sharing"))
    assert page.index("You daughter · not yet the first") < page.index("Dele Ade neighbour · once the first to answer")
    ben = words(visit("ben").see("/family/sharing"))
    assert "Others are not shown to you." in ben
    assert not [name for name in ("Ada Okafor", "Dele", "Chi") if name in ben]
    assert "Dele" not in words(visit("karl").see("/family/sharing"))
    assert ada.post("/family/sharing", text="").status_code == 400
    assert ada.post("/family/sharing", text="Dele first at weekends").status_code == 303
    tom = words(visit("tom").see("/handover"))
    assert "Ada Okafor (daughter) asks for a change of who is called: Dele first at weekends" in tom
    assert visit("tom").post("/family/sharing", text="x").status_code == 404
    assert alert.id


def test_questions_are_answered_at_the_level_of_who_asks(world: World, visit: Visit) -> None:
    assert "Is Mrs Okafor up? Yes, since 07:40." in words(visit("ada").see("/family/ask"))
    assert "Yes, since this morning." in words(visit("chi").see("/family/ask"))
    assert words(visit("ben").see("/family/ask")).count("That is not shared with you.") == 3
    assert "Okafor" not in visit("karl").see("/family/ask")
