"""ESPHome's and Tasmota's messages as their documents give them, and what of them is news."""

from collections.abc import Mapping
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as some

from edge.clock import Clock
from edge.sensors import Adapter, Fitted, Surroundings, fit
from models.observation import SensorKind, What
from models.wire import SensorHealth
from tests.edge.conftest import moment

FITTED = {
    "binary_sensor": (
        Fitted("bed", SensorKind.BED, "bed_mat/bed"),
        Fitted("pir", SensorKind.MOTION, "flat/hall/pir"),
        Fitted("door", SensorKind.DOOR, "flat/hall/door", inverted=True),
        Fitted("cord", SensorKind.PULL_CORD, "flat/hall/cord"),
    ),
    "tasmota": (
        Fitted("door", SensorKind.DOOR, "entry/Switch1"),
        Fitted("pir", SensorKind.MOTION, "entry/Switch2"),
        Fitted("cord", SensorKind.PULL_CORD, "bath/Button1"),
    ),
}
Last = Mapping[str, tuple[What, datetime]]


class Speaker:
    def __init__(self, dialect: str, last: Last | None = None) -> None:
        self.adapter: Adapter = fit(dialect, FITTED[dialect], Surroundings(lambda _: None, Clock(), "", last or {}))

    def says(self, topic: str, payload: str | bytes, at: float = 0.0, *, kept: bool = False) -> list[str]:
        raw = payload if isinstance(payload, bytes) else payload.encode()
        news = self.adapter.read(topic, raw, moment(at), retained=kept, repeated=False)
        assert all(one.moment == moment(at) for one in news)
        return [f"{one.sensor} {one.what}" for one in news]

    @property
    def alive(self) -> dict[str, float]:
        now = moment(10_000).at
        return {sensor: (at - moment().at).total_seconds() for sensor, at in self.adapter.alive(now).items()}


@pytest.fixture
def esphome() -> Speaker:
    return Speaker("binary_sensor")


@pytest.fixture
def tasmota() -> Speaker:
    return Speaker("tasmota")


def test_esphomes_states(esphome: Speaker) -> None:
    assert esphome.says("bed_mat/binary_sensor/bed/state", "ON") == ["bed lay_down"]
    assert esphome.says("bed_mat/binary_sensor/bed/state", "ON") == []
    assert esphome.says("bed_mat/binary_sensor/bed/state", "OFF") == ["bed got_up"]
    assert esphome.says("flat/hall/binary_sensor/pir/state", "ON") == ["pir moved"]
    assert esphome.says("flat/hall/binary_sensor/pir/state", "OFF") == []
    assert esphome.says("flat/hall/binary_sensor/door/state", "ON") == ["door opened"]
    assert esphome.says("flat/hall/binary_sensor/cord/state", "ON") == ["cord pressed"]
    assert esphome.says("flat/hall/binary_sensor/cord/state", "OFF") == []
    assert esphome.says("flat/hall/binary_sensor/cord/state", "ON") == ["cord pressed"]


def test_what_the_broker_kept_is_a_state_and_no_news(esphome: Speaker) -> None:
    for name in ("pir", "door", "cord"):
        assert esphome.says(f"flat/hall/binary_sensor/{name}/state", "ON", kept=True) == []
    assert esphome.alive == {}
    assert esphome.says("flat/hall/binary_sensor/door/state", "OFF") == ["door closed"]


def test_a_door_that_was_opened_while_nobody_listened_is_told_late(esphome: Speaker) -> None:
    speaker = Speaker("binary_sensor", {"door": (What.CLOSED, moment().at), "pir": (What.MOVED, moment().at)})
    assert speaker.says("flat/hall/binary_sensor/door/state", "ON", 60, kept=True) == ["door opened"]
    assert speaker.says("flat/hall/binary_sensor/pir/state", "ON", 60, kept=True) == []


def test_esphomes_last_will(esphome: Speaker) -> None:
    assert esphome.says("flat/hall/status", "online", 5) == []
    assert esphome.alive == {"pir": 5, "door": 5, "cord": 5}
    esphome.says("flat/hall/status", "offline", 9, kept=True)
    assert esphome.adapter.health()["door"] == SensorHealth(online=False)
    assert esphome.alive["door"] == 5


def test_tasmotas_results(tasmota: Speaker) -> None:
    assert tasmota.says("stat/entry/RESULT", '{"Switch1":{"Action":"OFF"}}') == ["door opened"]
    assert tasmota.says("stat/entry/RESULT", '{"Switch1":{"Action":"ON"}}') == ["door closed"]
    assert tasmota.says("stat/entry/RESULT", '{"Switch2":{"Action":"ON"}}') == ["pir moved"]
    assert tasmota.says("stat/bath/RESULT", '{"Button1":{"Action":"SINGLE"}}') == ["cord pressed"]
    assert tasmota.says("stat/bath/RESULT", '{"Button1":{"Action":"HOLD"}}') == ["cord pressed"]
    assert tasmota.says("stat/bath/RESULT", '{"Button1":{"Action":"SINGLE"}}', kept=True) == []
    assert tasmota.says("stat/bath/RESULT", '{"Button1":{"Action":"CLEAR"}}') == []
    assert tasmota.says("stat/entry/RESULT", '{"POWER":"ON"}') == []


def test_tasmotas_regular_word_tells_an_edge_that_was_missed_and_its_local_time_is_not_believed(
    tasmota: Speaker,
) -> None:
    told = '{"Time":"2026-11-22T03:10:04","Switch1":"%s","Switch2":"OFF"}'
    assert tasmota.says("stat/entry/RESULT", '{"Switch1":{"Action":"ON"}}') == ["door closed"]
    assert tasmota.says("tele/entry/SENSOR", told % "ON", 300) == []
    assert tasmota.says("tele/entry/SENSOR", told % "OFF", 600) == ["door opened"]
    assert tasmota.alive == {"door": 600, "pir": 600}


def test_tasmotas_last_will(tasmota: Speaker) -> None:
    assert tasmota.says("tele/entry/LWT", "Online", 5, kept=True) == []
    assert tasmota.alive == {}
    tasmota.says("tele/entry/LWT", "Offline", 9)
    assert tasmota.adapter.health() == {"door": SensorHealth(online=False), "pir": SensorHealth(online=False)}


@pytest.mark.parametrize("dialect", ["binary_sensor", "tasmota"])
def test_they_hear_their_own_topics(dialect: str) -> None:
    speaker = Speaker(dialect)
    assert len(set(speaker.adapter.topics)) == len(speaker.adapter.topics) == 6
    assert not any("#" in topic or "+" in topic for topic in speaker.adapter.topics)


TOPICS = [
    "bed_mat/binary_sensor/bed/state", "flat/hall/status", "flat/hall/binary_sensor/door/state", "state", "",
    "stat/entry/RESULT", "tele/entry/SENSOR", "tele/entry/LWT", "stat/RESULT", "tele//LWT",
]  # fmt: skip
PAYLOADS = [
    b"", b"on", b"\xff\xfe", b"null", b"[" * 5000, b'{"Switch1":7}', b'{"Switch1":{"Action":null}}', b'{"Button1":[]}',
]  # fmt: skip


@pytest.mark.parametrize("dialect", ["binary_sensor", "tasmota"])
@given(topic=some.sampled_from(TOPICS), payload=some.sampled_from(PAYLOADS) | some.binary(max_size=20))
def test_nothing_that_can_be_said_raises(dialect: str, topic: str, payload: bytes) -> None:
    speaker = Speaker(dialect)
    for kept in (True, False):
        speaker.adapter.read(topic, payload, moment(), retained=kept, repeated=False)
