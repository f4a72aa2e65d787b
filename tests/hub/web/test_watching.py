"""What pages say of how a home is watched: nothing that the watch has not said itself."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import update

from hub.budgets import judged
from hub.store import schema
from hub.store.database import writing
from hub.store.figures import stamps as stamped
from hub.store.series import Row
from models.alert import Act, Alert, Outcome, State
from models.detection import Finding, FindingKind, coldstart
from models.observation import What
from models.register import Register
from tests.hub.web.conftest import Visitor, words
from tests.hub.web.test_family import times
from tests.hub.web.world import World

Visit = Callable[..., Visitor]

DAY = timedelta(days=1)
UP = bytes([8] * 15 + [190] * 30 + [8] * 3)
"""Signs of life from half past seven until half past ten in the evening."""


def quiet(world: World) -> None:
    """An hour after the last sign of life in the kitchen, at 11:38, and long before the next is due."""
    world.move(timedelta(hours=1))
    world.beat("h_okafor")


def test_the_sentence_is_the_watchs_own(world: World, visit: Visit) -> None:
    quiet(world)
    world.expect("h_okafor", expected_by=world.now + timedelta(minutes=100))
    assert "Next expected by 14:40." in words(visit("ada").see("/family"))


def test_a_row_about_an_older_sign_makes_no_claim(world: World, visit: Visit) -> None:
    quiet(world)
    world.expect("h_okafor", last_sign=world.now - timedelta(hours=3), expected_by=world.now + timedelta(hours=4))
    page = words(visit("ada").see("/family"))
    assert "We cannot say how things are. Our own watch is behind. We are looking into it." in page
    assert "expected by" not in page


def test_right_after_a_sign_of_life_nothing_is_claimed_and_nothing_is_wrong(world: World, visit: Visit) -> None:
    world.saw("h_okafor", (world.now - timedelta(minutes=5), "kitchen_pir", What.MOVED))
    world.expect("h_okafor", last_sign=world.now - timedelta(hours=3))
    page = words(visit("ada").see("/family"))
    assert "Mrs Okafor was up at 07:40" in page
    assert "expected by" not in page


def test_a_watch_that_stands_still_makes_no_claim(world: World, visit: Visit) -> None:
    quiet(world)
    world.turn("watch", age=60)
    for login in ("ada", "grace"):
        assert "expected by" not in words(visit(login).see("/family" if login == "ada" else "/resident"))


def test_a_watch_that_is_behind_makes_no_claim(world: World, visit: Visit) -> None:
    """It turns, but has judged only up to half an hour ago."""
    quiet(world)
    world.turn("watch", behind=timedelta(minutes=30))
    assert "We cannot say how things are." in words(visit("ada").see("/family"))
    assert "expected by" not in words(visit("grace").see("/resident"))


def test_an_installer_reads_of_a_door_that_may_be_mislabelled_and_not_when_it_opens(world: World, visit: Visit) -> None:
    mention(world, FindingKind.SENSOR_MISLABELLED)
    text = words(visit("ivan").see("/installer"))
    assert "1 home wants a look" in text
    assert "Door perhaps mislabelled Trust." in text
    assert "Noticed" not in text


def test_an_alert_is_explained_in_four_parts(world: World, visit: Visit) -> None:
    alert = world.silence()
    text = words(visit("tom").see(f"/console/alert/{alert.id}"))
    assert "What was noticed No sign of life since 08:00 (hall motion)." in text
    assert "What was expected One was expected by 11:00." in text
    assert "How far we can trust it The kit was heard until 12:00, with 6 of 6 sensors reporting." in text
    assert "What would clear it Any movement, a door or a press would clear it." in text
    assert "No sign of life since 08:00 (hall motion)." in words(visit("tom").see("/console"))
    assert "would clear it" not in words(visit("tom").see("/console")), "the queue gives the reason in one line"


def test_an_explanation_of_an_older_hub_is_shown_whole(world: World, visit: Visit) -> None:
    at = world.now
    finding = Finding(FindingKind.SILENCE, "h_okafor", at - timedelta(hours=4), at)
    raised = world.store.alerts.raise_(finding, "r_okafor", "No sign of life since 08:00. One was expected.", at)
    assert raised
    text = words(visit("tom").see(f"/console/alert/{raised.alert.id}"))
    assert "What was noticed No sign of life since 08:00. One was expected." in text


def test_the_usual_day_lies_behind_the_ribbon_no_finer_than_the_level(world: World, visit: Visit) -> None:
    world.expect("h_okafor", known_since=world.now - 60 * DAY, usual=UP)
    alert = world.silence()
    for login, path in (("ada", "/family"), ("dele", "/family"), ("tom", f"/console/alert/{alert.id}")):
        page = visit(login).see(path)
        assert "Usually up by 08:00, and quiet from 22:30." in words(page)
        assert 'class="usual"' in page
    page = visit("chi").see("/family")
    assert "Usually up and about in the morning, afternoon and evening." in words(page)
    assert times(page) == set()
    assert 'class="usual"' not in visit("ben").see("/family")
    world.store.records.load(Register(homes=(replace(world.home("h_okafor"), people=2),)), {})
    assert "Usually up" not in words(visit("ada").see("/family")), "of a couple nobody knows who was up"
    assert "Usually up" in words(visit("tom").see(f"/console/alert/{alert.id}")), "staff know that several live there"


def test_a_home_of_a_few_days_has_no_usual_day(world: World, visit: Visit) -> None:
    world.expect("h_okafor", known_since=world.now - 3 * DAY, usual=UP)
    assert "Usually" not in visit("ada").see("/family")


def test_a_new_home_says_since_when_it_is_known(world: World, visit: Visit) -> None:
    alert = world.silence()
    said = "This home has been known since 10 November; until 24 November fixed limits hold as well."
    for since, expected in ((10 * DAY, True), (20 * DAY, False)):
        world.expect("h_okafor", known_since=world.now - since)
        assert (said in words(visit("tom").see(f"/console/alert/{alert.id}"))) is expected
        assert (said in words(visit("grace").see("/resident"))) is expected
    world.store.records.turned("learning", 0.0, world.now, "1 of 3")
    world.expect("h_okafor", known_since=None)
    assert coldstart.ANEW in words(visit("tom").see(f"/console/alert/{alert.id}"))


def mention(world: World, kind: FindingKind) -> None:
    since = world.now - DAY
    finding = Finding(kind, "h_okafor", since, since, evidence={"heard_until": world.now.timestamp()})
    assert world.store.alerts.raise_(finding, "r_okafor", "Noticed.\nExpected.\nTrust.\nClears.", world.now) is None


def test_what_asks_for_no_answer_is_mentioned_and_raises_nothing(world: World, visit: Visit) -> None:
    for kind in (FindingKind.LESS_MOVEMENT, FindingKind.BATHROOM_TRIPS):
        mention(world, kind)
    assert world.store.alerts.open_alerts() == []
    alert = world.silence()
    assert "To mention at the next talk Noticed. Expected. Trust." in words(
        visit("tom").see(f"/console/alert/{alert.id}")
    )
    assert "What we may mention when we next talk" in words(visit("grace").see("/resident"))
    less, trips = "Less movement by day", "More visits to the bathroom"
    seen = {login: words(visit(login).see("/family")) for login in ("ada", "dele", "chi", "ben", "karl")}
    assert [less in seen[login] for login in seen] == [True, True, True, False, False]
    assert [trips in seen[login] for login in seen] == [True, True, False, False, False]


def test_a_mention_ends_and_is_forgotten_in_time(world: World, visit: Visit) -> None:
    mention(world, FindingKind.BATHROOM_TRIPS)
    over = Finding(FindingKind.BATHROOM_TRIPS, "h_okafor", world.now - DAY, world.now, over=True)
    assert world.store.alerts.raise_(over, "r_okafor", "The night is over.", world.now) is None
    (told,) = world.store.alerts.told("h_okafor", world.now - 14 * DAY)
    assert told.ended_at == world.now
    assert world.store.alerts.told("h_okafor", world.now + DAY) == []


def closed_by_tom(world: World, alert: Alert, outcome: Outcome) -> None:
    world.store.alerts.act(alert.id, Act.ANSWER, "tom", world.now)
    world.store.alerts.act(alert.id, Act.CLOSE, "tom", world.now, outcome=outcome)


def test_a_supervisor_corrects_what_an_alert_was_and_all_that_counts_goes_by_it(world: World, visit: Visit) -> None:
    alert, sunita, tom = world.silence(), visit("sunita"), visit("tom")
    page = f"/console/alert/{alert.id}"
    assert sunita.post(f"{page}/correct", outcome="genuine fall", text="x").status_code == 409, "it is open"
    closed_by_tom(world, alert, Outcome.FALSE)
    assert "It was something else" in sunita.post(f"{page}/look", reason="The ward rang").text
    assert "It was something else" not in tom.post(f"{page}/look", reason="The ward rang").text
    how = {"outcome": "genuine fall|trip", "text": "The ward rang: a broken wrist."}
    for wrong in ({"outcome": "nonsense"}, {"outcome": "false alert"}, {"outcome": "cleared by itself"}, {"text": " "}):
        assert sunita.post(f"{page}/correct", **{**how, **wrong}).status_code == 409, wrong
    for login in ("tom", "priya", "ada", "karl", "grace"):
        assert visit(login).post(f"{page}/correct", **how).status_code == 404, login
    assert sunita.post(f"{page}/correct", **how).status_code == 303
    now = world.store.alerts.alert(alert.id)
    assert now is not None
    assert (now.state, now.outcome, now.reason, now.closed_at) == (State.CLOSED, Outcome.FALL, "trip", world.now)
    shown = words(sunita.post(f"{page}/look", reason="The ward rang").text)
    assert "Outcome corrected Sunita Rao Now: genuine fall (tripped or slipped). Before: false alert." in shown
    assert [one.outcome for one in judged(world.store.alerts, world.now)] == [Outcome.FALL]
    (stamps,) = stamped(world.store.records.engine, world.now - DAY, world.now + DAY)
    assert stamps.outcome is Outcome.FALL
    assert "What the alert turned out to be was corrected" in words(visit("grace").see(f"/why/{alert.id}"))
    assert world.store.records.broken_logs() == []


@pytest.fixture
def shifted(world: World) -> Alert:
    """Three silences that were visits, and what the watch made of them; and one that is open."""
    world.expect("h_okafor", known_since=world.now - 90 * DAY)
    closed = []
    for days in (40, 30, 20):
        world.move(-days * DAY)
        alert = world.silence()
        closed.append(alert.id)
        closed_by_tom(world, alert, Outcome.VISITOR)
        world.move(days * DAY)
    world.store.records.shift("h_okafor", world.now - 20 * DAY, 1.0, 0.7, closed, "hub")
    return world.silence()


SHIFTED = (
    "After three alerts in October that were visits, this home is watched a little more patiently:"
    " 0.7 instead of 1 false alert a month."
)


def test_a_shift_is_told_where_alerts_are_answered_and_to_the_resident(
    world: World, visit: Visit, shifted: Alert
) -> None:
    assert SHIFTED in words(visit("tom").see(f"/console/alert/{shifted.id}"))
    assert SHIFTED in words(visit("grace").see("/resident"))
    for login in ("ada", "karl"):
        assert "patiently" not in visit(login).see("/family")


def test_a_supervisor_undoes_a_shift_and_is_named(world: World, visit: Visit, shifted: Alert) -> None:
    page = f"/console/alert/{shifted.id}"
    sunita = visit("sunita")
    assert "Undo" in sunita.see(page)
    (shift,) = world.store.records.shifts("h_okafor")
    assert sunita.post(f"{page}/undo", shift=str(shift.id)).status_code == 303
    last = world.store.records.shifts("h_okafor")[-1]
    assert (last.was, last.now, last.because, last.actor, last.undoes) == (0.7, 1.0, (), "sunita", shift.id)
    text = words(sunita.see(page))
    assert "A shift of how closely this home is watched was undone by Sunita Rao at 12:00." in text
    assert SHIFTED not in text
    assert world.store.records.broken_logs() == []
    again = sunita.post(f"{page}/undo", shift=str(shift.id))
    assert again.status_code == 409
    assert "the budget was shifted again meanwhile" in words(again.text)


@pytest.mark.parametrize("login", ["tom", "priya", "ivan", "ada", "karl", "grace"])
def test_nobody_else_undoes_a_shift(world: World, visit: Visit, shifted: Alert, login: str) -> None:
    (shift,) = world.store.records.shifts("h_okafor")
    assert visit(login).post(f"/console/alert/{shifted.id}/undo", shift=str(shift.id)).status_code == 404
    assert len(world.store.records.shifts("h_okafor")) == 1


def test_the_operator_is_shown_no_button(world: World, visit: Visit, shifted: Alert) -> None:
    assert "/undo" not in visit("tom").see(f"/console/alert/{shifted.id}")


def test_a_change_in_the_log_of_shifts_shows(world: World, shifted: Alert) -> None:
    with writing(world.store.records._engine) as connection:
        connection.execute(update(schema.shifts).values(now=0.9))
    assert world.store.records.broken_logs() == ["the log 'shifts' was changed at row 1"]


@pytest.fixture
def false_falls(world: World) -> Alert:
    """Three falls that were none, and a press that is open."""
    for day in (9, 6, 3):
        world.move(-day * DAY)
        evidence: dict[str, str | float] = {"stage": "felt", "chance": 0.75, "confidence": 0.75}
        fall = Finding(FindingKind.FALL, "h_okafor", world.now, world.now, "pendant", strength=0.75, evidence=evidence)
        alert = world.find(fall, "r_okafor")
        closed_by_tom(world, alert, Outcome.FALSE)
        world.move(day * DAY)
    return world.press()


SURER = (
    "After three false falls with this pendant in 30 days, one has to be 70% sure to call at once;"
    " a less sure one calls when silence bears it out."
)


def test_false_falls_are_told_of_where_alerts_are_answered_and_a_supervisor_undoes_what_they_led_to(
    world: World, visit: Visit, false_falls: Alert
) -> None:
    page, sunita = f"/console/alert/{false_falls.id}", visit("sunita")
    assert SURER in words(visit("tom").see(page))
    assert SURER in words(visit("grace").see("/resident"))
    assert visit("tom").post(f"{page}/undo-falls", sensor="pendant").status_code == 404
    assert "Undo: false falls no longer count" in sunita.see(page)
    assert sunita.post(f"{page}/undo-falls", sensor="pendant").status_code == 303
    assert SURER not in words(sunita.see(page))
    assert world.store.records.broken_logs() == []
    again = sunita.post(f"{page}/undo-falls", sensor="pendant")
    assert again.status_code == 409
    assert "no false fall counts against this pendant any more" in words(again.text)
    for login in ("ada", "karl"):
        assert "false falls" not in visit(login).see("/family")


def test_a_pendant_that_feels_says_whether_it_is_worn(world: World, visit: Visit) -> None:
    def noticed(**ago: float) -> None:
        world.number += 1
        at = world.now - timedelta(**ago)
        world.store.series.append([Row("h_okafor", "box", world.number, "pendant", What.WORN, at, at)])

    page = f"/console/alert/{world.press().id}"
    assert "worn" not in words(visit("tom").see(page)).replace("Worn pendant", "")
    noticed(days=15)
    assert "not worn for over 14 days" in words(visit("tom").see(page))
    assert "can't feel" not in words(visit("tom").see(page))
    noticed(days=2)
    assert "not worn since" in words(visit("tom").see(page))
    noticed(hours=1)
    assert "worn, last moved 11:00" in words(visit("tom").see(page))
    assert "worn, last moved 11:00" in words(visit("grace").see("/resident"))
