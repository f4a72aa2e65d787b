from datetime import UTC, datetime, timedelta

import pytest

from edge.discovery import DEVICE_CLASS
from models.battery import LASTS
from models.commission import RINGS
from models.health import SENSOR_UNHEARD_AFTER
from models.observation import (
    CODE_OF,
    KINDS_OF,
    SIGNS_OF_LIFE,
    URGENT,
    WHATS,
    Observation,
    SensorKind,
    What,
    placed,
)
from models.privacy import RETENTION
from models.recorded import MEANS, SAID, went_on
from tests.conftest import NOON


def seen(at: datetime, *, trusted: bool = True) -> Observation:
    return Observation(1, "hall_pir", What.MOVED, at, trusted)


def test_codes_are_never_renumbered() -> None:
    assert [(what.value, CODE_OF[what]) for what in WHATS] == [
        ("pressed", 0),
        ("moved", 1),
        ("opened", 2),
        ("closed", 3),
        ("lay_down", 4),
        ("got_up", 5),
        ("alive", 6),
        ("heard", 7),
        ("fell", 8),
        ("maybe_fell", 9),
        ("fall_called_off", 10),
        ("worn", 11),
        ("tested", 12),
        ("sat_down", 13),
        ("stood_up", 14),
    ]


def test_everything_a_person_causes_belongs_to_a_kind_of_sensor() -> None:
    assert set(KINDS_OF) == set(What) - {What.ALIVE, What.HEARD}


def test_a_test_press_goes_the_way_of_a_press_and_is_no_sign_of_life() -> None:
    assert What.TESTED in URGENT
    assert What.TESTED not in SIGNS_OF_LIFE
    assert KINDS_OF[What.TESTED] == frozenset()


@pytest.mark.parametrize("age", [timedelta(0), timedelta(seconds=3), timedelta(days=30)])
def test_a_trusted_time_is_taken_as_said(age: timedelta) -> None:
    assert placed(seen(NOON - age), NOON, NOON).at == NOON - age


@pytest.mark.parametrize("year", [1970, 2027])
def test_a_kit_whose_clock_is_wrong_is_placed_by_how_long_ago_it_noticed(year: int) -> None:
    sent = datetime(year, 12, 1, 0, 5, tzinfo=UTC)
    got = placed(seen(sent - timedelta(minutes=2)), sent, NOON)
    assert got.at == NOON - timedelta(minutes=2)
    assert "network time" in str(got.doubt)


def test_a_kit_that_admits_it_has_lost_the_time_is_placed_without_doubt() -> None:
    sent = datetime(1970, 1, 1, 0, 5, tzinfo=UTC)
    got = placed(seen(sent - timedelta(minutes=4), trusted=False), sent, NOON)
    assert got.at == NOON - timedelta(minutes=4)
    assert got.doubt is None


def test_a_time_that_fits_nothing_falls_back_on_arrival() -> None:
    assert placed(seen(datetime(1970, 1, 1, tzinfo=UTC)), NOON, NOON).at == NOON


def test_a_clock_a_little_fast_is_believed_and_one_far_ahead_is_not() -> None:
    assert placed(seen(NOON + timedelta(minutes=4)), NOON, NOON).doubt is None
    assert placed(seen(NOON + timedelta(minutes=6)), NOON, NOON).doubt


def test_what_a_table_says_is_read_back_as_it_was() -> None:
    for what, (kind, value) in SAID.items():
        assert MEANS[SensorKind(kind), went_on(value)] is what
    assert {SensorKind(kind) for kind, _ in SAID.values()} == set(SensorKind) - {SensorKind.PULL_CORD}


def test_every_kind_is_in_every_table_of_kinds() -> None:
    for table in (RINGS, LASTS, RETENTION, SENSOR_UNHEARD_AFTER, DEVICE_CLASS):
        assert set(table) == set(SensorKind)
