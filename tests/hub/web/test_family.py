"""The family's page at each level: one sentence that is true, and nothing that the level hides."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest

from models.alert import Act, Outcome
from models.observation import SensorKind, What
from models.privacy import Consent
from models.register import Register
from tests.hub.web.conftest import Visitor, words
from tests.hub.web.world import World

Visit = Callable[..., Visitor]

ROOMS = ("kitchen", "bathroom", "hall", "bedroom", "pir")
PARTS = ("night", "morning", "afternoon", "evening")
DOINGS = ("Up and about", "In bed", "Quiet", "Out:")


def times(page: str) -> set[str]:
    """Every time of day on the page but those that say how fresh it is."""
    fresh = re.sub(r'<p class="asof">.*?</p>', "", page, flags=re.DOTALL)
    return set(re.findall(r"\b\d{1,2}:\d\d\b", fresh))


def rooms(page: str) -> list[str]:
    """Those that are named anywhere but in a form's token, which is made by chance and may spell anything."""
    told = re.sub(r'name="csrf" value="[^"]+"', "", page).lower()
    return [room for room in ROOMS if room in told]


def test_ada_sees_exact_times(world: World, visit: Visit) -> None:
    page = visit("ada").see("/family")
    text = words(page)
    assert "Mrs Okafor was up at 07:40. Last sign 11:38, in the kitchen. Next expected by 14:38." in text
    assert "As of 12:00 , home last heard 12:00." in text
    assert {"07:40", "10:05"} <= times(page)
    assert page.count('role="img"') == 2
    assert "Today in words" in text


def test_where_motion_was_withdrawn_nothing_is_said_to_be_quiet(world: World, visit: Visit) -> None:
    withdrawn = Consent("h_okafor", SensorKind.MOTION, "the resident", "asked", world.now, withdrawn_at=world.now)
    world.store.records.load(Register(consents=(withdrawn,)), {})
    world.expect("h_okafor", last_sign=world.now.replace(hour=11, minute=11))
    ada = visit("ada")
    assert "No motion is noticed there, so we cannot say more" in words(ada.see("/family"))
    assert "Is Mrs Okafor at home? We cannot tell." in words(ada.see("/family/ask"))
    sheet = f"/console/alert/{world.press().id}"
    for login, path in (("ada", "/family"), ("grace", "/resident"), ("tom", sheet)):
        page = words(visit(login).see(path))
        assert "Not looked at: motion not measured" in page
        assert not re.search(r"\b(Quiet\b(?! hours)|Out\b|[Pp]robably (out|nobody))", page)
    who = "not known who is in: the front door at 11:11 was the last; no motion is noticed here"
    assert who in words(visit("tom").see(sheet))


def test_a_neighbour_at_rooms_sees_half_hours_only(world: World, visit: Visit) -> None:
    page = visit("dele").see("/family")
    assert "kitchen" in page
    assert times(page)
    assert all(one.endswith((":00", ":30")) for one in times(page)), times(page)
    assert "Alerts in the last week" not in page


def test_a_neighbour_at_parts_of_the_day_sees_no_room_and_no_time(world: World, visit: Visit) -> None:
    page = visit("chi").see("/family")
    assert "this afternoon" in page
    assert times(page) == set()
    assert rooms(page) == []


@pytest.mark.parametrize("path", ["/family", "/family/now"])
def test_a_neighbour_at_all_is_well_sees_nothing_of_the_day(world: World, visit: Visit, path: str) -> None:
    page = visit("ben").see(path)
    text = words(page)
    assert "We have seen nothing unusual today." in text
    assert times(page) == set()
    assert "<svg role" not in page
    assert "<table" not in page
    assert not [word for word in (*ROOMS, *PARTS, *DOINGS) if word in text]


def test_the_bars_of_a_lower_level_lie_only_where_that_level_may_tell(world: World, visit: Visit) -> None:
    """The picture's geometry would tell the time as well as its words."""
    edges = _edges(visit("chi").see("/family"))
    parts = {round(100 * hour / 24, 1) for hour in (0, 6, 12, 18, 22, 24)}
    assert edges <= parts, edges - parts
    halves = {round(100 * half / 48, 1) for half in range(49)}
    assert _edges(visit("dele").see("/family")) <= halves
    assert not _edges(visit("ada").see("/family")) <= halves


def _edges(page: str) -> set[float]:
    bars = re.findall(r'<rect class="bar \w+" x="([\d.]+)%"[^>]*? width="([\d.]+)%"', page)
    return {round(float(x), 1) for x, _ in bars} | {round(float(x) + float(width), 1) for x, width in bars}


@pytest.mark.parametrize(
    ("hours", "said"),
    [
        (2.0, "Mrs Okafor was up at 07:40. Last sign 13:30, in the kitchen. Next expected by 16:30."),
        (2.75, "Mrs Okafor was up at 07:40. Last sign 14:40, in the hall. Next expected by 17:40."),
        (10.5, "Mrs Okafor has been in bed since 22:15. Last sign 22:15, in the bedroom."),
        (18.0, "Mrs Okafor has been in bed since 22:15 last night."),
        (22.2, "Mrs Okafor has probably been out since 10:05. The front door was the last that moved."),
    ],
)
def test_one_sentence_for_every_hour(world: World, visit: Visit, hours: float, said: str) -> None:
    start = world.now
    world.saw(
        "h_okafor",
        (start + timedelta(hours=1), "kitchen_pir", What.MOVED),
        (start + timedelta(hours=1.5), "kitchen_pir", What.MOVED),
        (start + timedelta(hours=2), "kitchen_pir", What.MOVED),
    )
    if hours > 2:
        world.saw("h_okafor", (start + timedelta(minutes=160), "hall_pir", What.MOVED))
        world.saw("h_okafor", (start + timedelta(hours=10, minutes=15), "bed", What.LAY_DOWN))
    if hours > 20:
        world.saw("h_okafor", (start + timedelta(hours=20), "bed", What.GOT_UP))
        world.saw("h_okafor", (start + timedelta(hours=22, minutes=5), "front_door", What.CLOSED))
    world.move(timedelta(hours=hours if hours != 2.75 else 3.6))
    if hours == 22.2:
        world.move(timedelta(hours=0.8))
    world.beat("h_okafor")
    assert said in words(visit("ada").see("/family"))


def test_an_unheard_home_never_looks_well(world: World, visit: Visit) -> None:
    world.beat("h_okafor", online=False)
    world.move(timedelta(minutes=20))
    for login in ("ada", "dele", "chi", "ben"):
        page = visit(login).see("/family")
        assert "We have not heard the home since 12:00, because its connection dropped." in words(page)
        assert "standing well" not in page
        assert "nothing unusual" not in page
    assert "Not heard" in visit("ada").see("/family")


def test_during_an_alert_nobody_is_told_that_all_is_well(world: World, visit: Visit) -> None:
    alert = world.press()
    ada, ben = visit("ada"), visit("ben")
    assert "The contact centre was alerted about Mrs Okafor at 12:00." in words(ada.see("/family"))
    page = ben.see("/family")
    assert "The contact centre has been alerted about Mrs Okafor." in words(page)
    assert "unusual" not in page
    assert times(page) == set()
    world.store.alerts.act(alert.id, Act.ANSWER, "tom", world.now)
    world.store.alerts.act(alert.id, Act.CLOSE, "tom", world.now, outcome=Outcome.FALL)
    page = ben.see("/family")
    assert "All is well now." in words(page)
    assert "looked into something today" in words(page)
    assert "unusual" not in page
    assert "fall" not in words(page).lower().replace("fallen", "")
    assert "genuine fall" in ada.see("/family")


def test_a_hub_that_does_not_judge_does_not_reassure(world: World, visit: Visit) -> None:
    world.turn("watch", age=60)
    for login in ("ada", "ben"):
        text = words(visit(login).see("/family"))
        assert "We cannot say how things are." in text
        assert "unusual" not in text


def test_silence_past_its_time_is_not_well_even_before_the_alert(world: World, visit: Visit) -> None:
    world.move(timedelta(hours=4))
    world.beat("h_okafor")
    for login in ("ada", "ben"):
        assert "We cannot say how things are." in words(visit(login).see("/family"))


def test_karl_is_told_of_his_father_who_has_not_been_seen_yet(world: World, visit: Visit) -> None:
    text = words(visit("karl").see("/family"))
    assert "Mr Lindqvist" in text
    assert "has told us nothing so far" in text


def test_the_resident_reads_who_looked_and_who_sees_what(world: World, visit: Visit) -> None:
    world.press()
    visit("tom").see("/console/alert/1")
    visit("ada").see("/family")
    text = words(visit("grace").see("/resident"))
    assert "Tom Brandt the contact centre to answer an alert (alert 1)" in text
    assert "Ada Okafor a relative or neighbour to know that all is well" in text
    assert "Ben Ade neighbour only whether all is well" in text
    assert "Kitchen motion movement in the room" in text


def test_the_installer_reads_what_is_wrong_with_kits_and_not_with_people(world: World, visit: Visit) -> None:
    ivan = visit("ivan")
    assert "Every kit is heard" in ivan.see("/installer")
    world.kit_unheard("h_okafor")
    text = words(ivan.see("/installer"))
    assert "1 home wants a look" in text
    assert "3 Larch Close" in text
    assert "because its connection dropped" in text
    for hidden in ("Grace", "Mrs Okafor", "blood", "960001"):
        assert hidden not in text
    assert [look.viewer for look in world.store.records.looks("h_okafor")] == ["ivan"]
