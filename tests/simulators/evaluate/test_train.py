"""The command that writes the shipped prior, on invented homes."""

from datetime import date
from pathlib import Path

import pytest

from simulators.evaluate.nightlight import make_prior
from simulators.recording import BadRecording


def test_too_few_homes_teach_nothing_and_it_says_how_many_it_takes(tmp_path: Path) -> None:
    (tmp_path / "one.csv").write_text("time,sensor,kind,value,room\n2019-05-15T12:19:32,hall,motion,ON,hall\n")
    with pytest.raises(BadRecording, match="0 homes of 14 days or more, and it takes 8"):
        make_prior(tmp_path, tmp_path / "prior.npz", "nowhere", date(2026, 11, 22))
    assert not (tmp_path / "prior.npz").exists()
