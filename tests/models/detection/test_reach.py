from dataclasses import replace

from models.detection import FindingKind
from models.detection.reach import not_watched
from models.observation import SensorKind
from tests.conftest import okafor_home

HOME = okafor_home()


def without(*kinds: SensorKind) -> dict[FindingKind, str]:
    return not_watched(replace(HOME, sensors=tuple(sensor for sensor in HOME.sensors if sensor.kind not in kinds)))


def test_with_a_sensor_of_each_kind_all_is_watched() -> None:
    assert not_watched(HOME) == {}


def test_without_a_bed_sensor_it_is_said_what_nobody_would_notice() -> None:
    missing = without(SensorKind.BED)
    assert set(missing) == {
        FindingKind.NOT_BACK_IN_BED,
        FindingKind.NOT_IN_BED,
        FindingKind.NOT_UP,
        FindingKind.BED_MAT,
    }
    assert "no motion sensor in the bedroom" in missing[FindingKind.NOT_UP]


def test_without_door_sensors_nobody_notices_who_goes_out() -> None:
    assert without(SensorKind.DOOR)[FindingKind.NOT_BACK_HOME] == "no door that leads out has a sensor"
