from datetime import timedelta

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from edge.clock import Clock
from edge.sensors import Felt, Fitted, Noticed, Surroundings, fit
from edge.sensors.esphome import Esphome
from models.observation import SensorKind, What
from models.wire import SensorHealth
from simulators.acceleration import Lived, messages
from tests.edge.conftest import moment

PENDANT = Fitted("pendant", SensorKind.PENDANT, "h_okafor/pendant")


class Heard:
    def __init__(self) -> None:
        self.felt: list[Felt] = []
        around = Surroundings(self._notice, Clock(), "", {})
        adapter = fit("esphome", [PENDANT], around)
        assert isinstance(adapter, Esphome)
        self.adapter = adapter

    def _notice(self, one: Noticed | Felt) -> None:
        assert isinstance(one, Felt)
        self.felt.append(one)

    def says(
        self, leaf: str, payload: bytes, at: float = 0.0, *, retained: bool = False, repeated: bool = False
    ) -> list[What]:
        news = self.adapter.read(f"h_okafor/pendant/{leaf}", payload, moment(at), retained=retained, repeated=repeated)
        return [one.what for one in news]

    def batch(self, ms: int, *mg: int, every: float = 20, at: float = 0.0) -> None:
        self.says("acceleration", msgspec.json.encode({"ms": ms, "every": every, "mg": mg}), at)


@pytest.fixture
def heard() -> Heard:
    return Heard()


def test_what_is_felt_is_handed_on_in_g_by_the_pendants_own_clock(heard: Heard) -> None:
    heard.batch(5000, 1, -1000, 20, 2, -990, 30, at=7)
    (felt,) = heard.felt
    assert (felt.sensor, felt.moment) == ("pendant", moment(7))
    assert felt.t == pytest.approx([5.0, 5.02])
    assert felt.acc[0] == pytest.approx((0.001, -1.0, 0.02))


def test_what_a_simulated_pendant_says_is_read(heard: Heard) -> None:
    lived = Lived().walks(2)
    for message in messages(lived.acc, 100_000):
        heard.says("acceleration", message)
    assert np.array([row for felt in heard.felt for row in felt.acc]) == pytest.approx(lived.acc, abs=6e-4)
    t = [at for felt in heard.felt for at in felt.t]
    assert t == pytest.approx([100 + place / 50 for place in range(100)])


def test_a_pendant_that_began_anew_is_not_deaf_for_as_long_as_it_ran_before(heard: Heard) -> None:
    heard.batch(4_000_000_000, 0, 0, 1000)
    heard.batch(1200, 0, 0, 1000)
    heard.batch(1700, 0, 0, 1000)
    first, second, third = (felt.t[0] for felt in heard.felt)
    assert second - first > 1.5
    assert third - second == pytest.approx(0.5)


def test_a_message_that_comes_late_keeps_its_time(heard: Heard) -> None:
    for ms in (1000, 2000, 1500):
        heard.batch(ms, 0, 0, 1000)
    assert [felt.t[0] for felt in heard.felt] == [1.0, 2.0, 1.5]


def test_a_press_is_one_however_often_it_is_said(heard: Heard) -> None:
    assert heard.says("press", b'{"ms":5000}') == [What.PRESSED]
    assert heard.says("press", b'{"ms":5000}', 2, repeated=True) == []
    assert heard.says("press", b'{"ms":5400}', 3) == [What.PRESSED]


@pytest.mark.parametrize("payload", [b"", b"press", b'{"ms":-1}', b"\xff"])
def test_a_press_that_does_not_read_is_one_all_the_same(heard: Heard, payload: bytes) -> None:
    assert heard.says("press", payload) == [What.PRESSED]


def test_what_the_broker_kept_is_no_news(heard: Heard) -> None:
    assert heard.says("press", b'{"ms":5000}', retained=True) == []
    assert heard.adapter.alive(moment().at) == {}


def test_any_word_of_it_is_a_sign_of_its_life(heard: Heard) -> None:
    heard.says("battery", b'{"percent":80}', 60)
    assert heard.adapter.alive(moment(90).at) == {"pendant": moment().at + timedelta(seconds=60)}
    heard.says("status", b"offline", 70)
    assert heard.adapter.alive(moment(90).at) == {"pendant": moment().at + timedelta(seconds=60)}


def test_what_it_says_of_itself(heard: Heard) -> None:
    heard.says("battery", b'{"percent":12.5}')
    heard.says("status", b"offline")
    assert heard.adapter.health() == {"pendant": SensorHealth(battery=12.5, battery_low=True, online=False)}


def test_other_topics_are_others(heard: Heard) -> None:
    for topic in ("h_okafor/pendant", "press", "h_other/pendant/press", "h_okafor/pendant/light/press"):
        assert heard.adapter.read(topic, b'{"ms":1}', moment(), retained=False, repeated=False) == []


@given(leaf=some.sampled_from(["press", "acceleration", "battery", "status"]), payload=some.binary(max_size=60))
def test_nothing_that_can_be_said_raises(leaf: str, payload: bytes) -> None:
    Heard().says(leaf, payload)


@given(
    ms=some.lists(some.integers(-5, 2**60), max_size=6),
    every=some.one_of(some.floats(), some.integers()),
    mg=some.lists(some.integers(-70_000, 70_000), max_size=9),
)
def test_no_batch_raises(ms: list[int], every: float, mg: list[int]) -> None:
    heard = Heard()
    for each in ms:
        heard.says("acceleration", msgspec.json.encode({"ms": each, "every": every, "mg": mg}))
    assert all(len(felt.t) == len(felt.acc) for felt in heard.felt)
