from pathlib import Path

import pytest

from models.detection import FindingKind
from models.observation import CODE_OF, What
from simulators.evaluate.command import main
from simulators.evaluate.homes import HOUR, Recorded
from simulators.evaluate.load import MISHAPS, load, midnights, told, with_mat


def test_usual_days_are_told_of_rarely(home: Recorded) -> None:
    found = load([home], None, step=1800.0)
    assert list(found.days) == ["green"]
    others = [kind for kind in found.found if kind is not FindingKind.LONG_LIE]  # here a bathroom is sat in for hours
    assert found.a_month(others) < 1


@pytest.mark.parametrize("name", MISHAPS)
def test_a_mishap_is_the_last_that_is_seen(home: Recorded, name: str) -> None:
    for midnight in midnights(home):
        part = MISHAPS[name](home, midnight)
        assert part is None or midnight < part.t[-1] < midnight + 20 * HOUR


def test_who_lies_in_the_bathroom_is_told_of_within_the_day(home: Recorded) -> None:
    found = told([home], MISHAPS["in the bathroom after 9:00, and nothing"], None, step=1800.0)
    assert len(found.minutes) > 0
    assert max(found.minutes) < 24 * 60


def test_an_invented_mat_is_lain_on_and_left_by_turns(home: Recorded) -> None:
    what = with_mat(home).what
    mat = what[(what == CODE_OF[What.LAY_DOWN]) | (what == CODE_OF[What.GOT_UP])]
    assert len(mat) > 0
    assert (mat[::2] == CODE_OF[What.LAY_DOWN]).all()
    assert (mat[1::2] == CODE_OF[What.GOT_UP]).all()


def test_the_command_prints_the_load_by_kind(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", "detectors", str(folder), "--homes", "2"]) == 0
    said = capsys.readouterr().out
    assert "a home and 30 days" in said
    assert all(name in said for name in MISHAPS)
