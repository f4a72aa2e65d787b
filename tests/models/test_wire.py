from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some
from msgspec import structs

from models import wire
from models.observation import KIT, Observation, What
from models.wire import (
    LARGEST,
    LARGEST_TRACE,
    MOST_MG,
    SAMPLES,
    Configuration,
    Down,
    Heartbeat,
    Leg,
    Listed,
    Order,
    Receipt,
    Route,
    SensorHealth,
    Trace,
    Unreadable,
    Up,
    encode,
    heard_until,
    mark_of,
    ranges,
    read_configuration,
    read_down,
    read_heartbeat,
    read_receipt,
    read_topic,
    read_trace,
    read_up,
    sensors_seen,
    topic,
)
from tests.conftest import NOON

GOLDEN = Path(__file__).parent / "golden"

UP = Up(
    "k3f9",
    NOON,
    (
        Observation(41, "pendant", What.PRESSED, NOON - timedelta(seconds=1)),
        Observation(42, "hall_pir", What.MOVED, NOON, clock_trusted=False),
    ),
)
FELL = Up(
    "k3f9",
    NOON,
    (
        Observation(
            43, "pendant", What.FELL, NOON, evidence={"chance": 0.93, "peak_g": 3.4, "tilt_deg": 81.0, "still_s": 2.0}
        ),
    ),
)
SAID = Configuration(felt=True, agreed=("door", "motion"))
LISTED = replace(SAID, sensors=(Listed("hall_pir", "motion"), Listed("front_door", "door", "gpio:17", inverted=True)))
SAT = Up(
    "k3f9", NOON, (Observation(45, "armchair", What.SAT_DOWN, NOON), Observation(46, "armchair", What.STOOD_UP, NOON))
)
TEST_PRESS = Up("k3f9", NOON, (Observation(44, KIT, What.TESTED, NOON),))
TRACE = Trace(
    "k3f9", NOON, 44, "pendant", NOON - timedelta(seconds=25), -0.04, 0.02, (0, -990, 12, 31, -412, 8, 95, -2310, 640)
)
BEAT = Heartbeat("k3f9", NOON, NOON - timedelta(seconds=5), 60.0, 2, sensors={"hall_pir": NOON - timedelta(seconds=9)})
FULL = structs.replace(
    BEAT,
    on_mains=False,
    noticing_since=NOON - timedelta(days=3),
    route=Route.MODEM,
    kit_battery=83.0,
    undervoltage=False,
    temperature=51.5,
    disk_free=5_368_709_120,
    bridges={"zigbee2mqtt": True},
    health={"hall_pir": SensorHealth(97.0, False, 120, True, False), "pendant": SensorHealth(battery=64.0)},
    given_up=12,
    memory_only=True,
    tested=wire.Tested("k3f9", 44, NOON - timedelta(hours=2), 0.004, 0.006, 0.31),
    version="0.1.0",
)
UNFIT = structs.replace(FULL, keeps_to="", unfit={"cellar_door": "local_host: is missing"})

OBEYED = structs.replace(UNFIT, obeyed=("order-7-1795946400",))
BOOTED = structs.replace(OBEYED, boot="2f1c7b1e-53a0-4d7e-9a70-0c4be7f2a911")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("v1_up.json", UP),
        ("v1_up_fell.json", FELL),
        ("v1_up_tested.json", TEST_PRESS),
        ("v1_up_sat.json", SAT),
        ("v1_heartbeat_boot.json", BOOTED),
        ("v1_receipt.json", Receipt("k3f9", ((41, 42), (57, 57)))),
        ("v1_down.json", Down("d1", Order.HELP_COMING, "Tom is answering")),
        ("v1_down_sensors.json", Down("d4", Order.CONFIGURE, LISTED.text)),
        ("v1_trace.json", TRACE),
    ],
)
def test_what_is_sent_is_what_was_released(name: str, message: Up | Heartbeat | Receipt | Down | Trace) -> None:
    assert encode(message) + b"\n" == (GOLDEN / name).read_bytes()


def test_every_released_message_is_still_read() -> None:
    read = read_up((GOLDEN / "v1_up.json").read_bytes())
    assert (read.outbox, read.sent, read.observations) == (UP.outbox, UP.sent, UP.observations)
    assert read_up((GOLDEN / "v1_up_fell.json").read_bytes()).observations == FELL.observations
    assert read_up((GOLDEN / "v1_up_tested.json").read_bytes()).observations == TEST_PRESS.observations
    assert read_heartbeat((GOLDEN / "v1_heartbeat.json").read_bytes()) == BEAT
    assert read_heartbeat((GOLDEN / "v1_heartbeat_health.json").read_bytes()) == FULL
    assert read_heartbeat((GOLDEN / "v1_heartbeat_unfit.json").read_bytes()) == UNFIT
    assert read_heartbeat((GOLDEN / "v1_heartbeat_obeyed.json").read_bytes()) == OBEYED
    assert read_heartbeat((GOLDEN / "v1_heartbeat_boot.json").read_bytes()) == BOOTED
    assert read_receipt((GOLDEN / "v1_receipt.json").read_bytes()).numbers == ((41, 42), (57, 57))
    assert read_down((GOLDEN / "v1_down.json").read_bytes()).order is Order.HELP_COMING
    told = read_down((GOLDEN / "v1_down_configure.json").read_bytes())
    assert (told.order, read_configuration(told.text)) == (Order.CONFIGURE, Configuration(felt=True))
    told = read_down((GOLDEN / "v1_down_agreed.json").read_bytes())
    assert (told.order, read_configuration(told.text)) == (Order.CONFIGURE, SAID)
    told = read_down((GOLDEN / "v1_down_sensors.json").read_bytes())
    assert (told.order, read_configuration(told.text)) == (Order.CONFIGURE, LISTED)
    assert read_trace((GOLDEN / "v1_trace.json").read_bytes()) == TRACE


def test_the_largest_trace_fits_and_a_larger_one_is_refused() -> None:
    whole = replace(TRACE, mg=(-MOST_MG,) * 3 * SAMPLES)
    assert len(encode(whole)) < LARGEST_TRACE
    assert read_trace(encode(whole)) == whole
    for mg in ((1,) * 3 * (SAMPLES + 1), (1, 2), (MOST_MG + 1, 0, 0), ()):
        with pytest.raises(Unreadable):
            read_trace(encode(replace(TRACE, mg=mg)))


def test_a_configuration_allows_nothing_that_it_does_not_say() -> None:
    assert read_configuration('{"tea":true}') == Configuration(felt=False, agreed=())
    assert mark_of(Configuration().text) != mark_of(Configuration(felt=True).text)
    with pytest.raises(Unreadable):
        read_configuration('{"felt":"perhaps"}')


def test_a_newer_kit_may_say_more_than_this_hub_knows() -> None:
    payload = encode(FULL).replace(b'{"outbox"', b'{"humidity":41.5,"outbox"').replace(b'"modem"', b'"satellite"')
    assert read_heartbeat(payload) == structs.replace(FULL, route=Route.UNKNOWN)


@pytest.mark.parametrize("bad", [b'"levitated"', b'"mo\xffved"', b'"mo\\u0000ved"'])
def test_one_bad_observation_does_not_cost_its_neighbours(bad: bytes) -> None:
    payload = encode(UP).replace(b'"moved"', bad)
    read = read_up(payload)
    assert all(part.text.isprintable() for part in read.set_aside)
    assert [one.number for one in read.observations] == [41]
    assert [(part.reason, part.number) for part in read.set_aside] == [("observation", 42)]
    assert read.numbers == [41, 42]


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"not json", "json"),
        (b"\xff\xfe", "json"),
        (b"[" * 100_000, "shape"),
        (b"[]", "shape"),
        (b"{}", "shape"),
        (b'{"v":2,"outbox":"a","sent":"2026-11-20T12:00:00Z","observations":[]}', "version"),
        (b'{"outbox":"a","sent":"2026-11-20T12:00:00","observations":[]}', "shape"),
        (b" " * (LARGEST + 1), "size"),
    ],
)
def test_a_message_that_cant_be_used_says_why(payload: bytes, reason: str) -> None:
    with pytest.raises(Unreadable) as caught:
        read_up(payload)
    assert caught.value.reason == reason


@given(some.binary(max_size=300))
def test_no_bytes_do_worse_than_unreadable(payload: bytes) -> None:
    for read in (read_up, read_heartbeat, read_receipt, read_down, read_trace):
        with suppress(Unreadable):
            read(payload)


def test_topics_go_there_and_back() -> None:
    assert read_topic(topic("h_okafor", Leg.UP)) == ("h_okafor", Leg.UP)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("nightlight/2/h_okafor/up", "version"),
        ("nightlight/1/H OKAFOR/up", "topic"),
        ("nightlight/1/h_okafor/sideways", "topic"),
        ("zigbee2mqtt/hall", "topic"),
    ],
)
def test_a_topic_that_is_none_says_why(name: str, reason: str) -> None:
    with pytest.raises(Unreadable) as caught:
        read_topic(name)
    assert caught.value.reason == reason


def test_a_home_id_that_no_topic_can_carry_is_refused() -> None:
    with pytest.raises(ValueError, match="home id"):
        topic("h/okafor/#", Leg.UP)


@given(some.sets(some.integers(1, 60)))
def test_ranges_hold_exactly_their_numbers(numbers: set[int]) -> None:
    held = [number for first, last in ranges(numbers) for number in range(first, last + 1)]
    assert held == sorted(numbers)


@pytest.mark.parametrize("kit_clock", [NOON, datetime(1970, 1, 1, 1, 0, tzinfo=NOON.tzinfo)])
def test_a_fresh_heartbeat_is_placed_by_its_arrival(kit_clock: datetime) -> None:
    beat = Heartbeat("k", kit_clock, kit_clock - timedelta(seconds=30), sensors={"bed": kit_clock - timedelta(hours=1)})
    assert heard_until(beat, NOON, retained=False) == NOON - timedelta(seconds=30)
    assert sensors_seen(beat, NOON, retained=False) == {"bed": NOON - timedelta(hours=1)}


def test_a_retained_heartbeat_is_old_news_and_a_last_will_none() -> None:
    later = NOON + timedelta(hours=5)
    assert heard_until(BEAT, later, retained=True) == BEAT.complete_until
    assert heard_until(Heartbeat("k", NOON, NOON, clock_trusted=False), later, retained=True) is None
    assert heard_until(Heartbeat("k", NOON, NOON, online=False), later, retained=False) is None
