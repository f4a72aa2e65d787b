"""The simulator's own promises, kept by real programs."""

import csv
import json
import os
import re
import signal
import subprocess
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import psutil
import pytest

from simulators.resident import BED, CHAIR, Habits, day
from tests.conftest import eventually, wanted

LONDON = ZoneInfo("Europe/London")
SIM = [sys.executable, "-m", "simulators.app"]


def sim(*words: str, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*SIM, *words], env=env, capture_output=True, text=True, check=False)


@pytest.fixture
def own(tmp_path: Path) -> dict[str, str]:
    """An environment whose temporary folder is the test's, so that what is left behind shows."""
    wanted("mosquitto")
    folder = tmp_path / "temporary"
    folder.mkdir()
    return {**os.environ, "TMPDIR": str(folder)}


def left_in(own: dict[str, str]) -> list[str]:
    """Folders in the temporary folder, and programs whose command names it."""
    folder = own["TMPDIR"]
    lines = (" ".join(process.info["cmdline"] or []) for process in psutil.process_iter(["cmdline"]))
    return [*(path.name for path in Path(folder).iterdir()), *(line for line in lines if folder in line)]


def write_home(folder: Path, name: str, seed: int, days: int) -> int:
    """An invented home, as recorded: motion and doors as ON alone, bed and chair with both. Returns its rows."""
    start = datetime(2019, 4, 1, tzinfo=LONDON).date()
    lived = [one for count in range(days) for one in day(Habits(seed), start + timedelta(days=count), LONDON)]
    rows = [
        (one.at.astimezone(LONDON).isoformat()[:19], one.sensor, kind(one.sensor), "ON" if one.on else "OFF", "room")
        for one in lived
    ]
    with (folder / f"{name}.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("time", "sensor", "kind", "value", "room"), *rows])
    return len(rows)


def kind(sensor: str) -> str:
    mats = {BED: "bed", CHAIR: "chair"}
    return mats.get(sensor, "door" if sensor.endswith("door") else "motion")


@pytest.mark.processes
@pytest.mark.broker
def test_a_replay_stores_everything_once(tmp_path: Path, own: dict[str, str]) -> None:
    folder = tmp_path / "homes"
    folder.mkdir()
    recorded = {name: write_home(folder, name, seed, days=2) for seed, name in enumerate(("larch", "birch"), 1)}
    report = tmp_path / "report.json"
    done = sim("replay", str(folder), "--json", str(report), env=own)
    assert done.returncode == 0, done.stdout + done.stderr
    homes = {home["home"]: home for home in json.loads(report.read_text())["homes"]}
    assert {name: home["recorded"] for name, home in homes.items()} == recorded
    for home in homes.values():
        assert home["sent"] == home["stored"] == home["distinct"] > home["recorded"]
        assert "press" not in home["alerts"]
    assert left_in(own) == []


# That one ends by itself, loses nothing and leaves nothing behind is looked at by .ci/run, which plays a whole one.


@pytest.mark.processes
@pytest.mark.broker
@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_ends_a_demonstration_cleanly_at_any_moment(own: dict[str, str], ending: signal.Signals) -> None:
    running = subprocess.Popen([*SIM, "demo"], env=own, stdout=subprocess.PIPE, text=True)
    eventually(lambda: any("nightlight-edge" in line for line in left_in(own)), seconds=60)
    began = time.monotonic()
    running.send_signal(ending)
    said, _ = running.communicate(timeout=240)
    assert time.monotonic() - began < 60, "2 on a quiet machine"
    assert (running.returncode, "Nothing is left behind." in said) == (0, True)
    assert left_in(own) == []


@pytest.mark.processes
@pytest.mark.broker
def test_a_town_has_a_receipt_for_all_that_it_said(own: dict[str, str]) -> None:
    done = sim("town", "20", "--seconds", "4", "--per-day", "200000", env=own)
    assert done.returncode == 0, done.stdout + done.stderr
    sent, receipted = re.findall(r"([\d,]+) observations sent, ([\d,]+) receipted", done.stdout)[0]
    assert sent == receipted != "0"
    assert left_in(own) == []


def test_what_is_used_wrong_says_so(tmp_path: Path) -> None:
    done = sim("replay", str(tmp_path), env=dict(os.environ))
    assert (done.returncode, done.stdout) == (2, f"Reading the recordings of {tmp_path}\n")
    assert "no recording here" in done.stderr
    wrong = sim("demo", env={**os.environ, "DEMO_SECONDS": "soon"})
    assert (wrong.returncode, "DEMO_SECONDS is 'soon'" in wrong.stderr) == (2, True)
