"""Faults of kits and sensors as the watch finds them, by a clock moved by hand; a crash is a new Watch on one store."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from hub.reserve import Reserve
from hub.settings import Settings
from hub.store import Store, open_store
from hub.store.records import Beat
from models import wire
from models.alert import Act, Lane, Outcome, State
from models.detection import FindingKind
from models.health import Rhythm
from models.observation import SensorKind, What
from models.privacy import Consent
from models.protection import Unprotected, minutes
from models.register import Register
from models.wire import Route, SensorHealth
from tests.hub.conftest import T0, Hand
from tests.hub.post import HOME, Post

ALL = ("pendant", "hall", "front-door", "bed")
TEN = timedelta(minutes=10)
FLAT = SensorHealth(battery=5.0)
STREET = tuple(f"street-{number}" for number in range(12))
WELL: dict[str, Any] = {"on_mains": True, "route": Route.BROADBAND, "bridges": {"zigbee2mqtt": True}}


@pytest.fixture
def store(tmp_path: Path, register: Register) -> Store:
    """Mrs Okafor's home, and a street of others in her area."""
    store = open_store(Settings(data_dir=str(tmp_path / "data")))
    homes = (register.homes[0], *(replace(register.homes[0], id=home) for home in STREET))
    consents = tuple(Consent(home.id, kind, "grace", "agreed", T0) for home in homes for kind in SensorKind)
    alone = Register(homes=homes, residents=register.residents[:1], consents=consents)
    store.records.load(alone, {})
    return store


@pytest.fixture
def post(store: Store, hand: Hand) -> Post:
    return Post(store, hand)


def lived(post: Post, times: int, step: timedelta = timedelta(minutes=1), **more: Any) -> None:
    for _ in range(times):
        post.hand.set(post.hand.now + step)
        post.beat(**{**WELL, **more})


def standing(post: Post, home: str = HOME) -> list[str]:
    """Of kits and sensors."""
    kinds = [one.kind for one in post.store.alerts.standing() if one.home == home]
    return sorted(kind for kind in kinds if kind.lane is Lane.KIT)


def unprotected(post: Post, home: str = HOME) -> float:
    end = post.hand.now
    return minutes(post.store.health.spells(T0, end, home, kinds=[*Unprotected]), T0, end)


def said(post: Post) -> str:
    return " ".join(one.text for alert in post.alerts() for one in post.store.alerts.timeline(alert.id))


def learned(post: Post) -> dict[str, Rhythm]:
    engine = post.watch._engine
    return post.watch._health._rhythms.of(engine.homes[engine.index_of[HOME]])


def test_a_power_cut_is_a_fault_that_says_what_to_do_and_clears_itself(post: Post) -> None:
    lived(post, 2)
    lived(post, 3, on_mains=False, kit_battery=83.0)
    assert post.kinds() == [("on_battery", State.RAISED)]
    assert "without mains power since 08:04, and its battery is at 83 %" in said(post)
    assert "Ask whether the power is out or the plug was pulled" in said(post)
    lived(post, 4)
    assert standing(post) == ["on_battery"]
    lived(post, 3)
    assert post.kinds() == [("on_battery", State.CLOSED)]
    assert post.alerts()[0].outcome == "cleared by itself"


def test_mains_that_flicker_are_one_fault_not_many(post: Post) -> None:
    lived(post, 3, on_mains=False)
    for _ in range(20):
        lived(post, 2)
        lived(post, 1, on_mains=False)
    assert post.kinds() == [("on_battery", State.RAISED)]
    spells = post.store.health.spells(T0, post.hand.now, HOME, kinds=["on_battery"])
    assert len(spells) == 1


def test_a_kit_that_dies_without_power_says_so(post: Post) -> None:
    lived(post, 2)
    lived(post, 2, on_mains=False)
    post.turn(minutes=5)
    assert "Nothing is heard from the home since 08:05, because its mains power is off." in said(post)
    assert standing(post) == ["kit_unheard", "on_battery"]


def test_the_second_route_is_a_lesser_fault_for_the_installer(post: Post) -> None:
    lived(post, 12, route=Route.MODEM)
    assert (post.kinds(), standing(post)) == ([], ["second_route"])
    (told,) = post.store.alerts.told(HOME, T0)
    assert "runs on its second route" in told.said
    lived(post, 62)
    assert standing(post) == []


def test_a_bridge_offline_leaves_the_home_unprotected(post: Post) -> None:
    lived(post, 2)
    lived(post, 30, bridges={"zigbee2mqtt": False})
    assert post.kinds() == [("radio_offline", State.RAISED)]
    assert "radio (zigbee2mqtt) is offline since 08:04" in said(post)
    lived(post, 10)
    assert post.kinds() == [("radio_offline", State.CLOSED)]
    assert unprotected(post) == 30


def test_a_sensor_dies_while_others_go_on_by_its_own_rhythm(post: Post) -> None:
    """The bed reports every quarter of an hour, and is missed after an hour; the door hourly, and gets longer."""
    quarter, told = timedelta(minutes=15), {"every": 900.0}
    for count in range(4 * 24 * 4):
        lived(post, 1, quarter, sensors=ALL if count % 4 == 0 else ("pendant", "hall", "bed"), **told)
    assert standing(post) == []
    lived(post, 5, quarter, sensors=("pendant", "hall"), **told)
    assert standing(post) == ["sensor_unheard"]
    assert "The bedroom bed has not reported since" in said(post)
    assert "at least every 1 h 1 min" in said(post)
    lived(post, 12, quarter, sensors=("pendant", "hall", "bed"), **told)
    mine = [one for one in post.store.alerts.standing() if one.home == HOME and one.kind.lane is Lane.KIT]
    assert [one.sensor for one in mine] == ["front-door"]
    post.watch._health._saved_at = float("-inf")
    post.watch._health.save(post.watch._engine)
    assert post.store.health.learned_of(HOME).rhythms["bed"].learned
    post.begin()
    engine = post.watch._engine
    limits = [
        round(float(engine._fitted["limit"][engine.sensor_index[HOME, one]]) / 60) for one in ("bed", "front-door")
    ]
    assert limits == [62, 238]


def test_gaps_of_the_path_are_not_taken_for_the_sensors(post: Post) -> None:
    for _ in range(40):
        post.hand.move(hours=5)
        post.beat(**WELL)
    assert learned(post) == {}


def test_a_dead_pendant_is_time_unprotected_and_a_swap_begins_anew(post: Post) -> None:
    lived(post, 1)
    rest = ("hall", "front-door", "bed")
    lived(post, 5 * 60 // 5, timedelta(minutes=5), sensors=rest)
    assert standing(post) == ["sensor_unheard"]
    assert unprotected(post) == pytest.approx(300, abs=6)
    post.store.health.swap(HOME, "pendant", "zigbee:new", post.hand.now, "ivan")
    post.watch._looked_at = 0.0
    lived(post, 1)
    assert standing(post) == []
    assert "pendant" not in learned(post)
    lost = unprotected(post)
    lived(post, 30)
    assert unprotected(post) == lost


def test_two_kits_that_say_in_turn_that_they_are_one_home_are_a_fault_until_one_is_off(post: Post) -> None:
    for boot in ("a", "b", "c", "d", "e", "f"):
        lived(post, 2, boot=boot)
    assert standing(post) == [], "one that is started again and again"
    for boot in ("f", "spare", "f", "spare", "f", "spare"):
        lived(post, 1, boot=boot)
    assert post.kinds() == [("two_kits", State.RAISED)]
    assert "Two kits have said in turn that they are this home's since 08:19." in said(post)
    assert "Switch the other off" in said(post)
    post.begin()
    lived(post, 20, boot="f")
    assert standing(post) == ["two_kits"], "a while without is no end"
    lived(post, 15, TEN / 2, boot="f")
    assert post.kinds() == [("two_kits", State.CLOSED)]


def test_a_path_that_flaps_is_one_fault_until_it_has_held_for_an_hour(post: Post) -> None:
    lived(post, 1)
    for _ in range(20):
        post.turn(minutes=5)
        lived(post, 2)
    alerts = post.alerts()
    assert len(alerts) == 3, "at its third return within the hour it stays open"
    assert [one.state for one in alerts] == [State.CLOSED, State.CLOSED, State.RAISED]
    assert "comes and goes since" in said(post)
    post.save()
    post.begin()
    lived(post, 50)
    assert standing(post) == ["kit_flaps"]
    lived(post, 12)
    assert standing(post) == []
    assert unprotected(post) == pytest.approx(20 * 6, abs=20)


def of_the_kit(post: Post) -> list[State]:
    return [alert.state for alert in post.alerts() if alert.lane is Lane.KIT]


def closed_by_hand(post: Post) -> None:
    (alert,) = [one for one in post.alerts() if one.lane is Lane.KIT and one.state is State.RAISED]
    post.store.alerts.act(alert.id, Act.ANSWER, "tom", post.hand.now)
    post.store.alerts.act(alert.id, Act.CLOSE, "tom", post.hand.now, outcome=Outcome.FAULT)


def states_after(post: Post, hours: float, **more: Any) -> list[State]:
    post.hand.move(hours=hours)
    lived(post, 2, **more)
    post.watch._looked_again_at = float("-inf")
    post.turn()
    return of_the_kit(post)


@pytest.mark.parametrize(
    ("told", "within"),
    [({"on_mains": False}, 96), ({"health": {"pendant": FLAT}}, 48)],
    ids=["the mains", "a pendant's battery"],
)
def test_a_fault_that_lasts_is_raised_anew_though_somebody_closed_that(
    post: Post, told: dict[str, Any], within: int
) -> None:
    lived(post, 8, TEN, **told)
    closed_by_hand(post)
    assert states_after(post, within - 1, **told) == [State.CLOSED]
    post.begin()
    anew = [State.CLOSED, State.RAISED]
    assert states_after(post, 1, **told) == states_after(post, within, **told) == anew, "once"
    lived(post, 8, TEN)
    assert of_the_kit(post) == [State.CLOSED, State.CLOSED]
    assert states_after(post, within + 1) == [State.CLOSED, State.CLOSED], "it is over"


def test_a_dead_sensor_is_told_of_again_though_somebody_closed_that(post: Post) -> None:
    others = ("pendant", "hall", "front-door")
    lived(post, 1)
    states_after(post, 5, sensors=others)
    closed_by_hand(post)
    assert states_after(post, 95, sensors=others) == [State.CLOSED]
    assert states_after(post, 1.1, sensors=others) == [State.CLOSED, State.RAISED]
    assert "has not reported since" in said(post)
    lived(post, 2)
    assert of_the_kit(post) == [State.CLOSED, State.CLOSED]


def test_a_street_without_power(post: Post) -> None:
    """Some kits have a battery, some do not: all that stands has one cause and is there once, through a restart."""
    for home in STREET:
        post.beat(home=home, **WELL)
    post.hand.move(minutes=1)
    for home in STREET[:5]:
        post.beat(home=home, **{**WELL, "on_mains": False})
    for _ in range(4):
        post.hand.move(minutes=1)
        for home in STREET[:5]:
            post.beat(home=home, **{**WELL, "on_mains": False})
    post.save()
    post.begin()
    post.turn(minutes=2)
    found = [(one.home, one.kind) for one in post.store.alerts.standing() if one.home in STREET]
    assert sorted(found) == sorted(
        [*((home, FindingKind.ON_BATTERY) for home in STREET[:5]), *((h, FindingKind.KIT_UNHEARD) for h in STREET[5:])]
    )
    assert len(post.store.health.lasting()) == len(STREET)


def test_a_hub_that_takes_in_nothing_but_calls_for_want_of_room_blames_no_kit(post: Post, tmp_path: Path) -> None:
    lived(post, 3)
    (tmp_path / "reserve").touch()
    post.watch._reserve = Reserve(tmp_path, 2**60)  # of which no disk has enough left
    for _ in range(10):
        post.turn(minutes=1)
    assert standing(post) == []
    assert unprotected(post) > 8
    post.watch._reserve = Reserve(None, 0)
    lived(post, 3)
    assert standing(post) == []


def test_a_hub_that_was_deaf_blames_no_kit_and_counts_its_own_minutes(post: Post) -> None:
    lived(post, 2)
    post.line.hindrance = "the broker is gone"
    for _ in range(30):
        post.turn(minutes=1)
    post.line.hindrance, post.line.hearing_since = "", post.hand.now
    lived(post, 5)
    assert post.kinds() == []
    assert unprotected(post) == 30


def test_a_hub_that_was_down_knows_since_when(post: Post) -> None:
    lived(post, 2)
    post.store.records.turned("watch", 0.0, post.hand.now)
    post.hand.move(hours=2)
    post.begin()
    lived(post, 3)
    assert (post.kinds(), unprotected(post)) == ([], 120)
    assert post.store.health.lasting() == []


def test_hub_and_kit_away_at_once_count_once(post: Post) -> None:
    lived(post, 2)
    post.turn(minutes=10)
    post.line.hindrance = "the broker is gone"
    for _ in range(10):
        post.turn(minutes=1)
    post.line.hindrance, post.line.hearing_since = "", post.hand.now
    lived(post, 1)
    assert unprotected(post) == 21


def test_a_battery_that_falls_is_a_fault_two_weeks_before_it_is_flat(post: Post) -> None:
    found: list[float] = []
    for day in range(60):
        level = 90.0 - 1.2 * day
        post.hand.move(days=1)
        post.beat(**{**WELL, "health": {"hall": SensorHealth(battery=level)}})
        if "battery_soon" in standing(post):
            found.append(level)
    assert 17.0 < found[0] < 32.0, "at 1.2 a day, two weeks before 10 are 27"
    assert "battery of the hall motion will be flat within two weeks" in post.store.alerts.told(HOME, T0)[0].said
    post.begin()
    assert "battery_soon" in standing(post)
    post.store.health.swap(HOME, "hall", "", post.hand.now, "ivan")
    post.watch._looked_at = 0.0
    for _ in range(30):
        post.hand.move(hours=1)
        post.beat(**{**WELL, "health": {"hall": SensorHealth(battery=100.0)}})
    assert "battery_soon" not in standing(post)


def test_a_test_press_is_no_alert_and_its_absence_is_a_fault(post: Post) -> None:
    lived(post, 5, version="1")
    post.saw(What.TESTED, "kit", minutes=1)
    assert post.alerts() == []
    (press,) = post.store.health.tests(HOME)
    assert (press.noticed, press.judged) == (post.hand.now - timedelta(minutes=1), post.hand.now)
    told = wire.Tested("box", press.number, press.noticed, 0.01, 0.02, 0.4)
    lived(post, 1, version="1", tested=told)
    assert post.store.health.tests(HOME)[0].receipted == 0.4
    lived(post, 25, timedelta(hours=1), version="1", tested=told)
    assert standing(post) == [], "heartbeats an hour apart are no steady kit"
    lived(post, 62, version="1", tested=told)
    assert standing(post) == ["no_test"]
    post.begin()
    lived(post, 1, version="1", tested=told)
    assert standing(post) == ["no_test"]
    post.saw(What.TESTED, "kit")
    assert standing(post) == []


def test_a_kit_that_knows_no_test_press_is_not_blamed(post: Post) -> None:
    lived(post, 30, timedelta(hours=1))
    lived(post, 90)
    assert standing(post) == []


def test_what_a_crash_left_half_told_is_made_good(post: Post) -> None:
    lived(post, 3, on_mains=False)
    post.store.health.end([replace(one, ended=post.hand.now) for one in post.store.health.lasting()])
    post.begin()
    assert standing(post) == []
    assert post.kinds() == [("on_battery", State.CLOSED)]


def test_minutes_unheard_count_where_a_crash_came_between_the_alert_and_its_spell(post: Post) -> None:
    lived(post, 2)
    since = post.hand.now
    post.turn(minutes=10)
    assert standing(post) == ["kit_unheard"]
    post.store.health.forget(post.store.health.lasting())
    post.hand.move(minutes=2)
    told = wire.Heartbeat("box", post.hand.now, post.hand.now, **WELL)
    post.store.records.beat([Beat(HOME, wire.encode(told), post.hand.now, post.hand.now, on_mains=True)])
    post.begin()
    assert standing(post) == []
    assert unprotected(post) == pytest.approx((post.hand.now - since) / timedelta(minutes=1), abs=0.1)
