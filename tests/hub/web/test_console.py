"""The contact centre without scripts: the queue's order and words, and an alert from answer to outcome."""

import re
from collections.abc import Callable
from datetime import timedelta

from hub.store.afterwards import Afterwards
from hub.store.responses import Responses
from models.alert import Act, HomeTold, Outcome, State
from models.detection import Finding, FindingKind
from models.home import Home
from models.observation import What
from models.register import PlanOf, Register
from models.response import OUTSIDE, RESIDENT, TELEPHONE, Answer, ResponsePlan, Step
from models.wire import Order
from tests.conftest import okafor_home
from tests.hub.web.conftest import Visitor, words
from tests.hub.web.world import World

Visit = Callable[..., Visitor]


def test_an_empty_queue_says_so_and_as_of_when(visit: Visit) -> None:
    page = words(visit("tom").see("/console"))
    assert "Nobody is waiting" in page
    assert "As of 12:00:00" in page
    assert "2 of 2 homes heard" in page


def test_whether_the_home_was_told_of_help_is_by_its_kits_own_word(world: World, visit: Visit) -> None:
    tom, sheet = visit("tom"), f"/console/alert/{world.press().id}"
    unknown = "it has not said yet that it showed or said it"
    assert unknown not in words(tom.see(sheet))
    tom.post(f"{sheet}/answer")
    assert unknown in words(tom.see(sheet))
    world.store.alerts.ordered(world.store.alerts.orders(), HomeTold.SAID, world.now)
    page = words(tom.see(sheet))
    assert unknown not in page
    assert HomeTold.SAID in page


def test_a_home_without_a_kit_is_not_installed_yet_and_not_missed(world: World, visit: Visit) -> None:
    world.store.records.load(Register(homes=(Home("h_new", "Northside", ()),)), {})
    assert "2 of 3 homes heard, 1 not installed yet" in words(visit("tom").see("/console"))
    assert "h_new Not installed yet: no kit was ever heard here." in words(visit("ivan").see("/installer/homes"))
    world.beat("h_new")
    world.move(timedelta(hours=1))
    for home in ("h_okafor", "h_lindqvist"):
        world.beat(home)
    assert "2 of 3 homes heard, 1 not" in words(visit("tom").see("/console"))
    assert "The home is not heard since 12:00" in words(visit("ivan").see("/installer/homes"))


def test_people_before_kits_and_presses_before_silence(world: World, visit: Visit) -> None:
    kit = world.kit_unheard("h_lindqvist")
    silence = world.silence("h_lindqvist", "r_lindqvist")
    world.move(timedelta(minutes=2))
    world.press()
    press = world.press()
    page = visit("tom").see("/console")
    assert re.findall(r'id="alert-(\d+)"', page) == [str(one.id) for one in (press, silence, kit)]
    text = words(page)
    assert "2 people wait for an answer" in text
    assert "Call for help pressed twice Mrs Okafor Grace Okafor Northside Help was called for with the pendant" in text
    assert "No sign of life Mr Lindqvist" in text
    assert "waiting 2 min" in text
    assert "Nothing is heard from the home since 12:00" in text


def test_faults_that_began_together_are_one_card_with_those_at_risk_first(world: World, visit: Visit) -> None:
    world.sensor_unheard("h_okafor", "bed")
    tom = visit("tom")
    page = words(tom.see("/console"))
    assert "The bedroom bed has not reported since 03:00" in page
    assert "one cause" not in page
    more = [okafor_home(f"h_{number:02}") for number in range(20)]
    world.store.records.load(Register(homes=tuple(more)), {})
    for home in more:
        world.saw(home.id, (world.now - timedelta(hours=1), "hall_pir", What.MOVED))
        world.sensor_unheard(home.id, "bed")
    page = tom.see("/console")
    text = words(page)
    assert "Kit faults 21" in text
    assert "21 homes have silent sensors Northside, since 03:00" in text
    assert "16 more homes are part of it" in text
    assert re.findall(r'<li[^>]* id="alert-(\d+)"', page)[0] == "1", "Mrs Okafor has a risk on record"
    assert "lives alone, a risk is on record" in text


def test_a_storm_leaves_the_queue_short_and_hides_nothing(world: World, visit: Visit) -> None:
    homes = [okafor_home(f"s_{number:03}") for number in range(75)]
    world.store.records.load(Register(homes=tuple(homes)), {})
    for home in homes:
        world.press(home.id, None)
    tom = visit("tom")
    page = tom.see("/console")
    assert "75 people wait for an answer" in words(page)
    assert len(re.findall(r'<li[^>]* id="alert-', page)) == 60
    assert "and 15 more, less urgent than these." in words(page)
    rest = tom.see("/console/all/calls?first=60")
    assert "75 alerts" in words(rest)
    assert len(re.findall(r'<li[^>]* id="alert-', rest)) == 15
    for nothing in ("nothing", "calls?first=-5"):
        assert tom.get(f"/console/all/{nothing}").status_code == 404
    looked = {one.reason for home in homes for one in world.store.records.looks(home.id)}
    assert len(looked) == 75, "each that was on the screen, once"


def test_who_is_not_up_is_looked_in_on_and_does_not_count_as_waiting(world: World, visit: Visit) -> None:
    world.find(Finding(FindingKind.NOT_UP, "h_lindqvist", world.now, world.now), "r_lindqvist")
    tom = visit("tom")
    text = words(tom.see("/console"))
    assert "Nobody waits; 1 person to look in on" in text
    assert "To look in on within the hour 1" in text
    world.press()
    assert "1 person waits for an answer" in words(tom.see("/console"))


def test_the_reason_for_haste_stands_in_the_row(world: World, visit: Visit) -> None:
    world.press()
    world.move(timedelta(minutes=5))
    world.beat("h_okafor")
    world.saw("h_okafor", (world.now - timedelta(minutes=5), "hall_pir", What.MOVED))
    text = words(visit("tom").see("/console"))
    assert "No movement since; a risk is on record." in text
    world.saw("h_okafor", (world.now - timedelta(minutes=2), "hall_pir", What.MOVED))
    world.move(timedelta(seconds=3))
    assert "No movement" not in words(visit("nia").see("/console"))


def test_a_silent_call_goes_before_all_others(world: World, visit: Visit) -> None:
    other = world.press("h_lindqvist", "r_lindqvist", "hall_pir")
    alert = world.press()
    responses = Responses(world.store.alerts.engine)
    world.store.alerts.act(alert.id, Act.ANSWER, "tom", world.now)
    responses.tried(alert.id, OUTSIDE, RESIDENT, TELEPHONE, Answer.NO_ANSWER, "tom", world.now)
    world.move(timedelta(minutes=4))
    world.beat("h_okafor")
    world.store.alerts.act(alert.id, Act.LAPSE, "hub", world.now, text="tom")
    nia = visit("nia")
    page = nia.see("/console")
    assert re.findall(r'<li[^>]* id="alert-(\d+)"', page) == [str(alert.id), str(other.id)]
    assert "Rung, and nobody spoke; no movement since; a risk is on record." in words(page)


def test_an_answer_holds_as_long_as_was_agreed(world: World, visit: Visit) -> None:
    plan = ResponsePlan("press", (Step("operator", "log"),), hold=timedelta(minutes=7))
    world.store.records.load(Register(plans=(PlanOf("r_okafor", plan),)), {})
    alert = world.press()
    tom = visit("tom")
    tom.post(f"/console/alert/{alert.id}/answer")
    assert "It stands open again at 12:07:00" in words(tom.see(f"/console/alert/{alert.id}"))


def test_the_second_operator_is_told_who_holds_it_and_keeps_what_they_typed(world: World, visit: Visit) -> None:
    alert = world.press()
    tom, nia = visit("tom"), visit("nia")
    assert tom.post(f"/console/alert/{alert.id}/answer").headers["location"] == f"/console/alert/{alert.id}"
    answer = nia.post(f"/console/alert/{alert.id}/answer", text="I have her on the line")
    assert answer.status_code == 409
    assert "this alert has been answered already. It is Tom Brandt who holds it now" in words(answer.text)
    assert ">I have her on the line</textarea>" in answer.text
    assert "Tom Brandt holds this alert" in words(nia.see(f"/console/alert/{alert.id}"))
    assert "Tom Brandt holds it" in words(nia.see("/console"))
    assert nia.post(f"/console/alert/{alert.id}/close", outcome="test").status_code == 409


def test_from_answer_to_outcome(world: World, visit: Visit) -> None:
    alert = world.press()
    tom, priya = visit("tom"), visit("priya")
    page = f"/console/alert/{alert.id}"
    for missing in ({"path": "send", "to": ""}, {"path": "send", "to": "ivan"}):
        assert tom.post(f"{page}/{missing['path']}", to=missing["to"], text="go").status_code == 409
    tom.post(f"{page}/answer")
    assert "needs words" in tom.post(f"{page}/note").text
    assert "needs an outcome" in tom.post(f"{page}/close", outcome="who knows").text
    tom.post(f"{page}/note", text="She slipped.\nNot hurt.")
    tom.post(f"{page}/send", to="priya", text="Bring the lifting cushion")
    assert "Priya Nair was sent" in words(tom.see("/console"))
    sheet = words(priya.see(f"/visits/{alert.id}"))
    for told in (
        "3 Larch Close",
        "Neighbour at number 5",
        "blood thinner",
        "Bring the lifting cushion",
        "She slipped.",
    ):
        assert told in sheet
    assert "The last 24 hours" not in sheet
    tom.post(f"{page}/arrive")
    assert tom.post(f"{page}/close", outcome="genuine fall", text="Helped up").headers["location"] == "/console"
    assert "Nobody is waiting" in tom.see("/console")
    acts = [entry.act for entry in world.store.alerts.timeline(alert.id)]
    assert acts == [Act.RAISE, Act.ANSWER, Act.NOTE, Act.SEND, Act.ARRIVE, Act.CLOSE]
    assert priya.get(f"/visits/{alert.id}").status_code == 404


def test_a_slip_in_closing_is_taken_back_and_all_goes_on(world: World, visit: Visit) -> None:
    alert, afterwards = world.press(), Afterwards(world.store.records.engine)
    tom, nia, sunita, priya = map(visit, ("tom", "nia", "sunita", "priya"))
    page = f"/console/alert/{alert.id}"
    tom.post(f"{page}/answer")
    tom.post(f"{page}/send", to="priya")
    world.store.alerts.act(alert.id, Act.LEAVE, "priya", world.now, text="genuine fall.")
    world.store.alerts.ordered(world.store.alerts.orders(), HomeTold.SAID, world.now)
    tom.post(f"{page}/close", outcome="test")
    assert "For another 15 min you can open it again" in words(tom.see(page))
    world.move(timedelta(minutes=4))
    assert "For another 11 min you can open it again" in words(tom.post(f"{page}/look", reason="My slip").text)
    assert "you can open it again" in words(sunita.see(page)), "a supervisor may as well"
    for other in (nia, priya):
        assert "open it again" not in other.get(page).text
        assert other.post(f"{page}/reopen").status_code == 404
    assert tom.post(f"{page}/reopen").headers["location"] == page
    again = world.store.alerts.alert(alert.id)
    assert again is not None
    assert (again.state, again.holder, again.outcome, again.closed_at) == (State.ATTENDING, "tom", None, None)
    assert again.look_again_at == world.now + world.store.records.plan_for(again).hold, "she may have gone by now"
    ring = "Ring Priya Nair: they may have left, or been told that it was over"
    sheet, untold = words(tom.see(page)), "it has not said yet that it showed or said it"
    assert ring in sheet
    assert untold in sheet
    assert [one.act for one in world.store.alerts.timeline(alert.id)][-2:] == [Act.CLOSE, Act.REOPEN]
    assert [one.order for one in world.store.alerts.orders()] == [Order.HELP_COMING], "the home is told anew"
    world.store.alerts.ordered(world.store.alerts.orders(), HomeTold.SAID, world.now)
    assert untold not in words(tom.see(page))
    assert "Priya Nair was sent" in words(tom.see("/console"))
    assert "Opened again Tom Brandt" in words(tom.see(page))
    assert priya.get(f"/visits/{alert.id}").status_code == 200, "she was sent as before"
    tom.post(f"{page}/note", text="Priya goes back")
    assert ring not in words(tom.see(page))
    assert afterwards.at_next_call("h_okafor") == [], "it is not over, so nobody is asked how it went"
    assert tom.post(f"{page}/reopen").status_code == 409
    tom.post(f"{page}/close", outcome="genuine fall")
    assert len(afterwards.at_next_call("h_okafor")) == 1


def test_a_closing_is_not_taken_back_later_nor_beside_a_newer_alert(world: World, visit: Visit) -> None:
    tom, sunita = visit("tom"), visit("sunita")
    first = world.press()
    for act, outcome in ((Act.ANSWER, None), (Act.CLOSE, Outcome.TEST)):
        world.store.alerts.act(first.id, act, "tom", world.now, outcome=outcome)
    second = world.press()
    told = tom.post(f"/console/alert/{first.id}/reopen")
    assert (told.status_code, f"alert {second.id} has been raised there since" in told.text) == (409, True)
    world.store.alerts.act(second.id, Act.ANSWER, "tom", world.now)
    world.store.alerts.act(second.id, Act.CLOSE, "tom", world.now, outcome=Outcome.TEST)
    world.move(timedelta(minutes=16))
    for late in (tom, sunita):
        assert "open it again" not in late.see(f"/console/alert/{second.id}")
        assert late.post(f"/console/alert/{second.id}/reopen").status_code == 409
    assert world.store.records.broken_logs() == []


def test_a_fault_that_is_over_meanwhile_is_not_opened_again(world: World, visit: Visit) -> None:
    kit, tom = world.kit_unheard("h_okafor"), visit("tom")
    page = f"/console/alert/{kit.id}"
    tom.post(f"{page}/answer")
    tom.post(f"{page}/close", outcome="fault")
    assert tom.post(f"{page}/reopen").headers["location"] == page, "as long as it is not heard"
    tom.post(f"{page}/close", outcome="fault")
    over = Finding(FindingKind.KIT_UNHEARD, "h_okafor", world.now, world.now, over=True)
    assert world.store.alerts.raise_(over, None, "It is heard again.", world.now) is None
    told = tom.post(f"{page}/reopen")
    assert (told.status_code, "it is over meanwhile" in told.text) == (409, True)


def test_an_answer_that_lapsed_says_whose(world: World, visit: Visit) -> None:
    alert = world.press()
    world.store.alerts.act(alert.id, Act.ANSWER, "tom", world.now)
    world.move(timedelta(minutes=4))
    world.store.alerts.act(alert.id, Act.LAPSE, "hub", world.now, text="tom")
    nia = visit("nia")
    assert "Lapsed by Tom Brandt" in words(nia.see("/console"))
    assert "Tom Brandt did nothing further." in words(nia.see(f"/console/alert/{alert.id}"))


def test_the_alert_page_says_who_why_and_what_the_sensors_do(world: World, visit: Visit) -> None:
    world.beat("h_okafor", quiet=("bed",))
    alert = world.silence()
    page = visit("tom").see(f"/console/alert/{alert.id}")
    text = words(page)
    for told in (
        "Grace Okafor",
        "likes to be called Mrs Okafor",
        "Hard of hearing on the left",
        "Takes a blood thinner.",
        "Fell in March.",
        "Ada Okafor daughter keyholder",
        "One was expected by 11:00",
        "Any movement, a door or a press would clear it.",
        "all has arrived up to 12:00:00",
        "Bedroom bed not reporting since 02:58",
        "Kitchen motion reports",
    ):
        assert told in text, told
    assert 'href="tel:01632960001"' in page
    assert text.index("No sign of life since 08:00") < text.index("The home now"), "first of all what happened"
    assert 'href="mailto:ada@example.org"' in page


def test_the_same_try_again_and_again_is_one_line(world: World, visit: Visit) -> None:
    alert = world.press()
    for _ in range(4):
        world.move(timedelta(minutes=5))
        seen = world.store.alerts.alert(alert.id)
        assert seen
        tried = world.store.alerts.intend(seen, 1, "supervisor", "log", world.now)
        assert tried is not None
    text = words(visit("tom").see(f"/console/alert/{alert.id}"))
    assert "Tried to reach 4 times" in text
    assert text.count("Reaching a supervisor on the console.") == 1


def test_a_closed_alert_is_shown_against_a_reason_that_goes_on_record(world: World, visit: Visit) -> None:
    alert = world.press()
    tom = visit("tom")
    page = f"/console/alert/{alert.id}"
    tom.post(f"{page}/answer")
    tom.post(f"{page}/close", outcome="test")
    for asked in (tom.see(page), tom.post(f"{page}/look", reason="  ").text, tom.see(f"{page}/now")):
        assert "Grace Okafor" not in asked
        assert "Larch" not in asked
    shown = tom.post(f"{page}/look", reason="Her daughter asks what happened").text
    assert "Grace Okafor" in shown
    reasons = {look.reason for look in world.store.records.looks("h_okafor")}
    assert "Her daughter asks what happened" in reasons


def test_a_fault_of_the_kit_shows_no_day_and_no_medical_notes(world: World, visit: Visit) -> None:
    alert = world.kit_unheard("h_okafor")
    text = words(visit("tom").see(f"/console/alert/{alert.id}"))
    assert "The home is not heard since 12:00, because its connection dropped." in text
    assert "01632 960001" in text, "somebody has to ring her about it"
    for hidden in ("The last 24 hours", "blood thinner", "Neighbour at number 5", "Up and about"):
        assert hidden not in text


def test_each_look_is_on_record_once_a_minute(world: World, visit: Visit) -> None:
    alert = world.press()
    tom = visit("tom")

    def looks() -> list[tuple[str, str]]:
        return [(one.viewer, one.purpose) for one in world.store.records.looks("h_okafor")]

    for _ in range(3):
        tom.see("/console")
        tom.see(f"/console/alert/{alert.id}")
    assert sorted(looks()) == [("tom", "answer an alert"), ("tom", "watch the queue")]
    world.move(timedelta(minutes=1))
    tom.see(f"/console/alert/{alert.id}/now")
    assert looks().count(("tom", "answer an alert")) == 2
    assert world.store.records.looks("h_lindqvist") == []


def test_a_loop_that_stands_still_is_loud(world: World, visit: Visit) -> None:
    tom = visit("tom")
    calm = tom.see("/console/queue")
    world.turn("watch", age=60)
    loud = tom.see("/console/queue")
    assert "watch loop has stood still since 12:00:00" in loud
    assert _mark(calm) != _mark(loud)


def test_who_answers_is_told_how_far_habits_have_been_learned_anew(world: World, visit: Visit) -> None:
    tom = visit("tom")
    calm = tom.see("/console/queue")
    for share, known in (("1/2", 12_345), ("2/2", 11_000)):
        world.store.records.turned(f"learning {share}", 0.0, world.now, f"{known} of 19250")
    queue = tom.see("/console/queue")
    assert "learned anew, as after an update or an import: learned in 23,100 of 38,500 homes so far" in words(queue)
    assert _mark(calm) != _mark(queue)


def _mark(page: str) -> str:
    found = re.search(r'data-mark="([^"]+)"', page)
    assert found
    return found.group(1)


def test_what_people_wrote_is_text_and_never_markup(world: World, visit: Visit) -> None:
    alert = world.press()
    tom = visit("tom")
    tom.post(f"/console/alert/{alert.id}/answer")
    tom.post(f"/console/alert/{alert.id}/note", text="<script>alert(1)</script>")
    assert "<script>alert" not in tom.see(f"/console/alert/{alert.id}")
