from datetime import timedelta
from itertools import pairwise

import pytest

from models.observation import SensorKind, What
from models.people import Level, Role
from models.privacy import AT_LEVEL, Consent, Data, Purpose, Showing, agreed, in_use, may_leave, showing
from tests.conftest import NOON, okafor_home


def test_what_is_absent_is_hidden() -> None:
    assert showing(Role.INSTALLER, Purpose.ANSWER, Data.MEDICAL) is None
    assert showing(Role.OPERATOR, Purpose.QUEUE, Data.WAY_IN) is None


@pytest.mark.parametrize("data", list(Data))
def test_a_contact_sees_their_level_and_only_to_be_reassured(data: Data) -> None:
    for level in Level:
        expected = Showing.SHOWN if data in AT_LEVEL[level] else None
        assert showing(Role.CONTACT, Purpose.REASSURE, data, level) is expected
        assert showing(Role.CONTACT, Purpose.ANSWER, data, level) is None
    assert showing(Role.CONTACT, Purpose.REASSURE, data) is None


def test_each_level_adds_to_the_one_before() -> None:
    levels = [AT_LEVEL[level] for level in (Level.ALL_IS_WELL, Level.PARTS_OF_DAY, Level.ROOMS, Level.TIMES)]
    assert all(smaller < larger for smaller, larger in pairwise(levels))
    assert Data.ROOMS not in AT_LEVEL[Level.PARTS_OF_DAY]


def test_without_an_alert_the_operator_must_give_a_reason_for_live_data() -> None:
    assert showing(Role.OPERATOR, Purpose.REASON, Data.ROOMS) is Showing.WITH_REASON
    assert showing(Role.OPERATOR, Purpose.ANSWER, Data.ROOMS) is Showing.SHOWN


def test_nothing_leaves_without_consent_but_a_call_for_help() -> None:
    bed = Consent("h_okafor", SensorKind.BED, "the resident", "agreed", NOON)
    motion = Consent("h_okafor", SensorKind.MOTION, "the resident", "agreed", NOON, withdrawn_at=NOON + timedelta(1))
    kinds = agreed([bed, motion], "h_okafor")
    assert may_leave(What.LAY_DOWN, kinds)
    assert may_leave(What.PRESSED, kinds)
    assert not may_leave(What.MOVED, kinds)
    assert not may_leave(What.LAY_DOWN, agreed([bed], "h_lindqvist"))


def test_a_fall_arrives_as_a_press_does_and_all_else_that_a_pendant_feels_needs_consent() -> None:
    asked = agreed([Consent("h_okafor", SensorKind.PENDANT, "the resident", "agreed", NOON)], "h_okafor")
    felt = (What.MAYBE_FELL, What.FALL_CALLED_OFF, What.WORN)
    assert may_leave(What.FELL, frozenset())
    assert not any(may_leave(what, frozenset()) for what in felt)
    assert all(may_leave(what, asked) for what in felt)


def test_a_sensor_that_nobody_agreed_to_is_not_watched_and_what_calls_for_help_is() -> None:
    home = okafor_home()
    kinds = agreed([Consent(home.id, SensorKind.DOOR, "the resident", "agreed", NOON)], home.id)
    assert [sensor.id for sensor in in_use(home, kinds).sensors] == ["pendant", "front_door"]
    assert in_use(home, frozenset(SensorKind)) is home
