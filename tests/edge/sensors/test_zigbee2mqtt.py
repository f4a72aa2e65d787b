"""What Zigbee2MQTT says, and what of it is news. Shapes are those that its documents give for each device."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge.clock import Clock, Moment
from edge.sensors import Fitted, Noticed, Surroundings, fit
from edge.sensors.zigbee2mqtt import Zigbee2Mqtt
from models.observation import SensorKind, What
from models.wire import SensorHealth
from tests.edge.conftest import NIGHT, play

BASE = "h1/zigbee2mqtt"
FITTED = (
    Fitted("pendant", SensorKind.PENDANT, "pendant"),
    Fitted("cord", SensorKind.PULL_CORD, "bath/cord"),
    Fitted("pir", SensorKind.MOTION, "hall_pir"),
    Fitted("door", SensorKind.DOOR, "front_door"),
    Fitted("bed", SensorKind.BED, "bed_strap"),
    Fitted("pad", SensorKind.BED, "pad", inverted=True),
    Fitted("chair", SensorKind.CHAIR, "chair_pad"),
)
START = NIGHT
Lately = Mapping[str, list[tuple[What, datetime]]]
EMPTY: Lately = MappingProxyType({})
Last = Mapping[str, tuple[What, datetime]]


class Bridge:
    """An adapter, and a bridge that speaks to it. Time is in s after the start."""

    def __init__(self, clock: Clock, last: Last | None = None, lately: Lately = EMPTY) -> None:
        around = Surroundings(lambda _: None, clock, BASE, last or {}, lately)
        adapter = fit("zigbee2mqtt", FITTED, around)
        assert isinstance(adapter, Zigbee2Mqtt)
        self.adapter = adapter

    def raw(
        self, at: float, topic: str, payload: bytes, *, retained: bool = False, repeated: bool = False
    ) -> list[Noticed]:
        moment = Moment(START + timedelta(seconds=at), at, trusted=True, boot="boot")
        return self.adapter.read(f"{BASE}/{topic}", payload, moment, retained=retained, repeated=repeated)

    def says(
        self, at: float, name: str, seen: float | None = None, retained: bool = False, repeated: bool = False,
        **state: Any,
    ) -> list[What]:  # fmt: skip
        """What is noticed of it. `seen` is the last_seen, in s after the start."""
        if seen is not None:
            state["last_seen"] = f"{START + timedelta(seconds=seen):%Y-%m-%dT%H:%M:%S.%f}"[:-3] + "Z"
        news = self.raw(at, name, msgspec.json.encode(state), retained=retained, repeated=repeated)
        self.times = [(one.moment.at - START).total_seconds() for one in news]
        return [one.what for one in news]

    def online(self, at: float, *, retained: bool = False) -> None:
        self.raw(at, "bridge/state", b'{"state":"online"}', retained=retained)


@pytest.fixture
def clock(tmp_path: Path) -> Clock:
    play(tmp_path / "clock", START, 0.0)
    return Clock(tmp_path / "clock")


@pytest.fixture
def bridge(clock: Clock) -> Bridge:
    return Bridge(clock)


@pytest.fixture
def restarted(clock: Clock) -> Callable[..., Bridge]:
    """The agent again, which remembers what it noticed last."""
    return lambda **last: Bridge(
        clock, {sensor: (what, START + timedelta(seconds=at)) for sensor, (what, at) in last.items()}
    )


PRESSED, MOVED, OPENED, CLOSED = What.PRESSED, What.MOVED, What.OPENED, What.CLOSED
LAY_DOWN, GOT_UP = What.LAY_DOWN, What.GOT_UP


@pytest.mark.parametrize(
    ("name", "state", "news"),
    [
        ("pendant", {"action": "emergency", "battery": 90, "linkquality": 60}, [PRESSED]),
        ("pendant", {"action": "panic"}, [PRESSED]),
        ("pendant", {"action": "sos"}, [PRESSED]),
        ("pendant", {"action": "single"}, [PRESSED]),
        ("pendant", {"action": "double"}, [PRESSED]),
        ("pendant", {"action": "hold"}, [PRESSED]),
        ("pendant", {"action": "never_heard_of"}, [PRESSED]),
        ("pendant", {"action": "off"}, []),
        ("pendant", {"action": "release"}, []),
        ("pendant", {"action": ""}, []),
        ("pendant", {"action": None}, []),
        ("pendant", {"sos": True, "battery": 90}, [PRESSED]),
        ("pendant", {"sos": False}, []),
        ("pendant", {"battery": 90, "linkquality": 60}, []),
        ("bath/cord", {"action": "emergency"}, [PRESSED]),
        ("pendant", {"status": "falling", "occupancy": True}, [What.FELL]),
        ("pendant", {"status": "occupied"}, []),
        ("pendant", {"fall_status": "fall_alarm", "occupancy": True}, [What.FELL]),
        ("pendant", {"fall_status": "fall_no_alarm"}, []),
        ("hall_pir", {"occupancy": True, "illuminance": 12}, [MOVED]),
        ("hall_pir", {"presence": True}, [MOVED]),
        ("hall_pir", {"occupancy": False}, []),
        ("hall_pir", {"battery": 3}, []),
        ("hall_pir", {"occupancy": "yes"}, []),
        ("front_door", {"contact": False, "battery": 100}, [OPENED]),
        ("front_door", {"contact": True}, [CLOSED]),
        ("front_door", {"contact": None}, []),
        ("front_door", {"vibration": True}, []),
        ("bed_strap", {"occupancy": True}, [LAY_DOWN]),
        ("bed_strap", {"occupancy": False}, [GOT_UP]),
        ("bed_strap", {"pressure_state": "sedentary"}, [LAY_DOWN]),
        ("bed_strap", {"pressure_state": "sit"}, [LAY_DOWN]),
        ("bed_strap", {"pressure_state": "none"}, [GOT_UP]),
        ("bed_strap", {"contact": True}, [LAY_DOWN]),
        ("bed_strap", {"contact": False}, [GOT_UP]),
        ("pad", {"contact": False, "battery_low": False}, [LAY_DOWN]),
        ("chair_pad", {"occupancy": True}, [What.SAT_DOWN]),
        ("chair_pad", {"occupancy": False}, [What.STOOD_UP]),
        ("chair_pad", {"pressure_state": "sit"}, [What.SAT_DOWN]),
        ("chair_pad", {"battery": 80}, []),
        ("granny_lamp", {"action": "emergency"}, []),
    ],
)
def test_a_fresh_message_means(bridge: Bridge, name: str, state: dict[str, Any], news: list[What]) -> None:
    assert bridge.says(100, name, seen=99, **state) == news


def test_news_is_of_the_moment_that_the_sensor_spoke(bridge: Bridge) -> None:
    assert bridge.says(100, "front_door", seen=58, contact=False) == [OPENED]
    assert bridge.times == [58]


def test_a_battery_report_repeats_the_state_and_is_no_news(bridge: Bridge) -> None:
    assert bridge.says(0, "front_door", seen=0, contact=False) == [OPENED]
    assert bridge.says(3300, "front_door", seen=3300, contact=False, battery=99) == []
    assert bridge.says(3400, "front_door", seen=3400, contact=True, battery=99) == [CLOSED]


def test_movement_that_goes_on_after_the_sensor_rested_is_new(bridge: Bridge) -> None:
    assert bridge.says(0, "hall_pir", seen=0, occupancy=True) == [MOVED]
    assert bridge.says(60, "hall_pir", seen=60, occupancy=True) == []
    assert bridge.says(150, "hall_pir", seen=60, occupancy=False) == []
    assert bridge.says(151, "hall_pir", seen=151, occupancy=True) == [MOVED]


def test_a_bridge_that_restarts_and_sends_its_cache_makes_no_news(bridge: Bridge) -> None:
    bridge.says(0, "pendant", seen=0, sos=True)
    bridge.says(5, "hall_pir", seen=5, occupancy=True)
    bridge.says(9, "front_door", seen=9, contact=False)
    bridge.online(3600)
    assert bridge.says(3601, "pendant", seen=0, sos=True) == []
    assert bridge.says(3601, "hall_pir", seen=5, occupancy=True) == []
    assert bridge.says(3601, "front_door", seen=9, contact=False) == []


def test_a_cache_from_before_a_crash_is_behind_what_is_known(bridge: Bridge) -> None:
    bridge.says(0, "front_door", seen=0, contact=False)
    bridge.says(60, "front_door", seen=60, contact=True)
    bridge.online(300)
    assert bridge.says(301, "front_door", seen=0, contact=False) == []
    assert bridge.says(310, "front_door", seen=310, contact=False) == [OPENED]


def test_everything_restarts_after_a_power_cut_and_a_cached_press_is_not_sent_again(
    restarted: Callable[..., Bridge],
) -> None:
    bridge = restarted(pendant=(PRESSED, 0), door=(OPENED, 9))
    bridge.online(7200)
    assert bridge.says(7201, "pendant", seen=0, sos=True) == []
    assert bridge.says(7201, "front_door", seen=9, contact=False) == []
    assert bridge.says(7202, "pendant", seen=3600, sos=True) == []
    assert bridge.says(7260, "pendant", seen=7259, sos=True) == [PRESSED]


def test_without_last_seen_what_follows_a_restart_of_the_bridge_is_distrusted(bridge: Bridge) -> None:
    bridge.online(0)
    assert bridge.says(1, "pendant", sos=True) == []
    assert bridge.says(1, "hall_pir", occupancy=True) == []
    assert bridge.says(1, "front_door", contact=False) == []
    assert bridge.says(2, "pendant", action="emergency") == [PRESSED]
    assert bridge.says(60, "front_door", contact=True) == [CLOSED]
    assert bridge.says(60, "hall_pir", occupancy=True) == [MOVED]
    assert bridge.says(60, "pendant", sos=True) == [PRESSED]


def test_a_press_that_was_let_go_and_pressed_again_counts_even_in_the_gap(bridge: Bridge) -> None:
    bridge.says(0, "pendant", sos=False)
    bridge.online(50)
    assert bridge.says(51, "pendant", sos=True) == [PRESSED]


def test_retained_states_tell_how_things_stand_and_nothing_more(bridge: Bridge) -> None:
    assert bridge.says(0, "front_door", retained=True, contact=False) == []
    assert bridge.says(0, "hall_pir", retained=True, occupancy=True) == []
    assert bridge.says(0, "pendant", retained=True, action="emergency") == []
    assert bridge.says(0, "pendant", seen=-4000, retained=True, action="emergency") == []
    assert bridge.says(100, "front_door", contact=False) == []
    assert bridge.says(200, "front_door", contact=True) == [CLOSED]
    assert bridge.says(200, "hall_pir", occupancy=True) == [MOVED]


def test_a_retained_press_of_just_now_is_a_press(bridge: Bridge) -> None:
    assert bridge.says(100, "pendant", seen=95, retained=True, action="emergency") == [PRESSED]


def test_one_press_that_arrives_twice_is_one(bridge: Bridge) -> None:
    assert bridge.says(10.0, "pendant", seen=10.0, action="emergency") == [PRESSED]
    assert bridge.says(10.1, "pendant", seen=10.0, action="emergency") == []
    assert bridge.says(10.4, "pendant", seen=10.3, action="emergency") == []
    assert bridge.says(20.0, "bath/cord", sos=True, action="sos") == [PRESSED]


def test_frantic_presses_are_all_presses(bridge: Bridge) -> None:
    presses = [bridge.says(at, "pendant", seen=at, action="emergency") for at in (0, 1.5, 3, 5, 60, 3600)]
    assert presses == [[PRESSED]] * 6
    again = [bridge.says(4000 + at, "bath/cord", seen=4000 + at, sos=True) for at in (0, 2, 4)]
    assert again == [[PRESSED]] * 3


def test_a_press_that_waited_in_the_broker_is_sent_late_rather_than_never(restarted: Callable[..., Bridge]) -> None:
    bridge = restarted(pendant=(PRESSED, 0))
    assert bridge.says(4000, "pendant", seen=3000, action="emergency") == [PRESSED]
    assert bridge.times == [3000]
    assert bridge.says(4000, "pendant", seen=0, action="emergency") == []
    assert bridge.says(4001, "pendant", seen=3500, sos=True) == [PRESSED]


def test_movements_that_waited_in_the_broker_are_placed_where_they_were(restarted: Callable[..., Bridge]) -> None:
    bridge = restarted(pir=(MOVED, 0))
    assert bridge.says(4000, "hall_pir", seen=0, repeated=True, occupancy=True) == []
    assert bridge.says(4000, "hall_pir", seen=90, occupancy=False) == []
    assert bridge.says(4000, "hall_pir", seen=900, occupancy=True) == [MOVED]
    assert bridge.times == [900]


def test_what_was_kept_before_a_kill_and_comes_again_is_no_news(restarted: Callable[..., Bridge]) -> None:
    bridge = restarted(door=(CLOSED, 20), pir=(MOVED, 30), pendant=(PRESSED, 40))
    assert bridge.says(41, "front_door", seen=10, repeated=True, contact=False) == []
    assert bridge.says(41, "front_door", seen=20, repeated=True, contact=True) == []
    assert bridge.says(41, "hall_pir", seen=30, repeated=True, occupancy=True) == []
    assert bridge.says(41, "pendant", seen=40, repeated=True, action="emergency") == []


def test_movement_in_the_same_instant_that_the_broker_did_not_send_before_is_new(
    restarted: Callable[..., Bridge],
) -> None:
    bridge = restarted(pir=(MOVED, 30))
    assert bridge.says(41, "hall_pir", seen=30, occupancy=True) == [MOVED]


def test_a_bridge_that_restarts_with_the_agent_within_a_minute_makes_no_news(restarted: Callable[..., Bridge]) -> None:
    bridge = restarted(pir=(MOVED, 30), pendant=(PRESSED, 31))
    bridge.online(40)
    assert bridge.says(41, "hall_pir", seen=30, occupancy=True) == []
    assert bridge.says(41, "pendant", seen=31, sos=True) == []


def test_a_last_seen_that_is_impossible_is_as_good_as_none(bridge: Bridge) -> None:
    assert bridge.says(0, "pendant", seen=10**8, action="emergency") == [PRESSED]
    assert bridge.times == [0]
    assert bridge.says(5, "bath/cord", seen=-(10**8), action="emergency") == [PRESSED]
    assert bridge.times == [5]


@pytest.mark.parametrize("back", [30.0, 3600.0])
def test_a_clock_put_back_leaves_no_sensor_deaf(bridge: Bridge, back: float) -> None:
    bridge.says(10_000, "front_door", seen=10_000, contact=False)
    now = 10_000 - back
    assert bridge.says(now, "front_door", seen=now, contact=True) == [CLOSED]
    assert bridge.says(now + 5, "front_door", seen=now + 5, contact=False) == [OPENED]
    assert bridge.says(now + 9, "pendant", seen=now + 9, sos=True) == [PRESSED]


@pytest.mark.parametrize(
    "last_seen", ["2026-11-22T02:10:00Z", "2026-11-22T03:10:00+01:00", int(START.timestamp() * 1000)]
)
def test_each_form_of_last_seen_reads(bridge: Bridge, last_seen: object) -> None:
    assert bridge.says(20, "front_door", contact=False, last_seen=last_seen) == [OPENED]
    assert bridge.times == [0]


@pytest.mark.parametrize("last_seen", ["", "yesterday", "2026-11-22T02:10:00", [], 1e300, -1e300, True, {}])
def test_a_last_seen_that_does_not_read_is_none(bridge: Bridge, last_seen: object) -> None:
    assert bridge.says(20, "front_door", contact=False, last_seen=last_seen) == [OPENED]
    assert bridge.times == [20]


def test_signs_of_life_move_with_a_clock_that_is_set_and_those_of_another_boot_do_not(clock: Clock) -> None:
    day_before, later = START - timedelta(days=1), timedelta(days=20_000)
    bridge = Bridge(clock, {"door": (What.CLOSED, START + timedelta(seconds=5)), "bed": (What.GOT_UP, day_before)})
    bridge.says(10, "hall_pir", seen=9, occupancy=True)
    bridge.says(10, "bed_strap", seen=-2 * 86_400, retained=True, occupancy=False)
    bridge.adapter.set_right(START, Moment(START + later + timedelta(seconds=30), 30.0, trusted=True, boot="boot"))
    alive = bridge.adapter.alive(START + 2 * later)
    assert alive["pir"] == START + later + timedelta(seconds=9)
    assert alive["door"] == START + timedelta(seconds=5), "on the card since a boot whose clock may have said the same"
    assert alive["bed"] <= day_before


def test_signs_of_life_are_what_the_sensors_said_themselves(bridge: Bridge) -> None:
    bridge.says(100, "front_door", seen=90, battery=97)
    bridge.says(100, "hall_pir", battery=97)
    bridge.says(100, "bed_strap", seen=-4000, retained=True, occupancy=True)
    bridge.says(100, "pendant", retained=True, battery=97)
    bridge.raw(101, "pad/availability", b'{"state":"online"}')
    alive = bridge.adapter.alive(START + timedelta(seconds=101))
    after = {sensor: (at - START).total_seconds() for sensor, at in alive.items()}
    assert after == {"door": 90, "pir": 100, "bed": -4000}


@pytest.mark.parametrize("payload", [b'{"state":"offline"}', b"offline"])
def test_a_bridge_that_is_offline_is_deaf(bridge: Bridge, payload: bytes) -> None:
    assert bridge.adapter.deaf_since is None
    bridge.raw(50, "bridge/state", payload)
    bridge.raw(60, "bridge/state", payload)
    assert bridge.adapter.deaf_since == START + timedelta(seconds=50)
    bridge.raw(70, "bridge/state", payload.replace(b"offline", b"online"))
    assert bridge.adapter.deaf_since is None


def test_a_bridge_found_offline_was_so_since_its_sensors_were_last_heard(restarted: Callable[..., Bridge]) -> None:
    bridge = restarted(door=(CLOSED, -500), pir=(MOVED, -300))
    bridge.raw(0, "bridge/state", b'{"state":"offline"}', retained=True)
    assert bridge.adapter.deaf_since == START - timedelta(seconds=300)


@pytest.mark.parametrize("payload", [b'{"state":"offline"}', b"offline", b"nonsense", b"\xff", b"{}", b"[]"])
def test_availability_is_no_observation(bridge: Bridge, payload: bytes, caplog: pytest.LogCaptureFixture) -> None:
    assert bridge.raw(0, "hall_pir/availability", payload) == []
    assert ("sensor pir is offline" in caplog.text) == (b"offline" in payload)


def test_unknown_devices_are_counted_and_never_named(bridge: Bridge, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("DEBUG"):
        bridge.says(0, "graces_lamp", seen=0, occupancy=True)
    assert bridge.adapter.unknown == 1
    assert "grace" not in caplog.text


@pytest.mark.parametrize("payload", [b"", b"{", b"[1]", b"null", b"\xff\xfe", b'{"contact": fals', b"[" * 10_000])
def test_what_is_no_json_object_is_counted_and_logged(
    bridge: Bridge, payload: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    assert bridge.raw(0, "front_door", payload) == []
    assert bridge.adapter.unreadable == 1
    assert "sensor door" in caplog.text


def test_topics_of_others_are_none_of_ours(bridge: Bridge, clock: Clock) -> None:
    moment = clock.moment()
    assert bridge.adapter.read("zigbee2mqtt/pendant", b'{"action":"sos"}', moment, retained=False, repeated=False) == []
    assert set(bridge.adapter.topics) == {
        f"{BASE}/+",
        f"{BASE}/+/availability",
        f"{BASE}/bridge/state",
        f"{BASE}/bath/cord",
        f"{BASE}/bath/cord/availability",
    }


JSON: st.SearchStrategy[object] = (
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=30) | st.just([{}])
)
KEYS = st.sampled_from(["action", "sos", "contact", "occupancy", "pressure_state", "last_seen", "presence", "pressure"])


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(
    topic=st.sampled_from([*(sensor.address for sensor in FITTED), "bridge/state", "pad/availability", ""]),
    state=st.dictionaries(KEYS, JSON, max_size=4) | st.binary(max_size=30),
    retained=st.booleans(),
)
def test_nothing_that_a_bridge_can_say_raises(topic: str, state: object, retained: bool) -> None:
    payload = state if isinstance(state, bytes) else msgspec.json.encode(state)
    bridge = Bridge(Clock())
    for at in (0.0, 5.0):
        bridge.raw(at, topic, payload, retained=retained)


def test_a_moment_before_the_clock_was_set_is_kept_as_such(bridge: Bridge) -> None:
    early = Moment(datetime(1970, 1, 1, 0, 2, tzinfo=UTC), 120.0, trusted=False, boot="boot")
    said = b'{"action":"emergency","last_seen":"1970-01-01T00:01:59Z"}'
    (news,) = bridge.adapter.read(f"{BASE}/pendant", said, early, retained=False, repeated=False)
    assert (news.moment.elapsed, news.moment.trusted) == (119.0, False)


def test_what_a_sensor_says_of_itself_is_told(bridge: Bridge) -> None:
    bridge.says(0, "hall_pir", battery=97, occupancy=True, illuminance=12, linkquality=120)
    bridge.says(1, "front_door", battery_low=True, contact=True, tamper=False)
    bridge.says(2, "bed_strap", battery=None, linkquality="far")
    bridge.says(3, "pad", battery=900, linkquality=True)
    bridge.raw(4, "hall_pir/availability", b'{"state":"online"}')
    bridge.raw(5, "front_door/availability", b"offline", retained=True)
    assert bridge.adapter.health() == {
        "pir": SensorHealth(battery=97.0, link=120, online=True),
        "door": SensorHealth(battery_low=True, tampered=False, online=False),
        "bed": SensorHealth(),
        "pad": SensorHealth(),
    }
    bridge.says(6, "hall_pir", linkquality=12)
    assert bridge.adapter.health()["pir"] == SensorHealth(battery=97.0, link=12, online=True)


def test_the_bridge_itself(bridge: Bridge) -> None:
    assert bridge.adapter.bridge is None
    bridge.online(0)
    assert bridge.adapter.bridge is True
    bridge.raw(1, "bridge/state", b'{"state":"nonsense"}')
    assert bridge.adapter.bridge is True
    bridge.raw(2, "bridge/state", b"offline")
    assert bridge.adapter.bridge is False


@pytest.mark.parametrize("before", [-40 * 365 * 86_400.0, -60.0, 365 * 86_400.0])
def test_what_the_broker_hands_over_again_after_a_power_cut_is_known_whatever_the_clock_says_now(
    clock: Clock, before: float
) -> None:
    noticed = [START + timedelta(seconds=before + second) for second in range(4)]
    last = {"pendant": (PRESSED, noticed[3]), "door": (CLOSED, noticed[3])}
    moved = [(CLOSED if second % 2 else OPENED, at) for second, at in enumerate(noticed)]
    bridge = Bridge(clock, last, {"pendant": [(PRESSED, at) for at in noticed], "door": moved})
    for second in range(4):
        seen = before + second
        assert bridge.says(5, "pendant", seen=seen, repeated=True, action="emergency") == []
        assert bridge.says(5, "front_door", seen=seen, repeated=True, contact=second % 2 == 1) == []
    assert bridge.says(9, "pendant", seen=before + 7, repeated=True, action="emergency") == [PRESSED]
    assert bridge.says(9, "pendant", seen=before + 7, repeated=True, action="emergency") == []


def test_rest_that_is_handed_over_again_is_learned_so_that_the_next_movement_counts(clock: Clock) -> None:
    """Killed between the keeping of a movement and the thanks for it: movement and rest come again together."""
    moved = {"pir": [(MOVED, START)]}
    bridge = Bridge(clock, {"pir": moved["pir"][0]}, moved)
    assert bridge.says(3, "hall_pir", seen=0, repeated=True, occupancy=True) == []
    assert bridge.says(3, "hall_pir", seen=0, repeated=True, occupancy=False) == []
    assert bridge.says(4, "hall_pir", seen=4, occupancy=True) == [MOVED]


def test_a_clock_that_is_not_set_still_tells_how_long_ago_it_was(bridge: Bridge) -> None:
    early = Moment(datetime(1970, 1, 1, 5, tzinfo=UTC), 18_000.0, trusted=False, boot="boot")
    said = b'{"action":"emergency","last_seen":"1970-01-01T02:00:00Z"}'
    (news,) = bridge.adapter.read(f"{BASE}/pendant", said, early, retained=False, repeated=True)
    assert news.moment.elapsed == 7200.0


def test_a_fall_radar_calls_once_for_a_fall_however_often_it_says_so(bridge: Bridge) -> None:
    assert bridge.says(0, "pendant", seen=0, status="occupied") == []
    assert bridge.says(5, "pendant", seen=5, status="falling") == [What.FELL]
    assert bridge.says(9, "pendant", seen=9, status="falling") == []
    assert bridge.says(60, "pendant", seen=60, status="unoccupied") == []
    assert bridge.says(99, "pendant", seen=99, status="falling") == [What.FELL]


def test_a_fall_that_the_bridge_remembered_is_no_news(bridge: Bridge) -> None:
    bridge.online(100)
    assert bridge.says(101, "pendant", seen=-3600, fall_status="fall_alarm") == []
