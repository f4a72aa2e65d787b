import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, sync_playwright

from simulators.evaluate.command import main
from simulators.evaluate.fallscard import BEGINS
from simulators.evaluate.invented import lived
from simulators.evaluate.report import report
from simulators.evaluate.scorecard import scorecard
from simulators.evaluate.words import KINDS, TITLES
from tests.conftest import wanted
from tests.simulators.evaluate.conftest import write_csv


@pytest.fixture(scope="module")
def written(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("written")
    (out / "CARD.md").write_text(f"# Old\n\n{BEGINS}\n\nof falls\n", encoding="utf-8")
    asked = ["--json", f"{out}/all.json", "--report", f"{out}/all.html", "--scorecard", f"{out}/CARD.md"]
    assert main(["evaluate", "inactivity", str(folder), *asked]) == 0
    return out


@pytest.fixture(scope="module")
def figures(written: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((written / "all.json").read_text(encoding="utf-8"), parse_constant=not_json)
    return found


def not_json(constant: str) -> None:
    raise AssertionError(f"{constant} is no JSON")


def test_every_rate_and_every_way_of_watching_has_the_same_form(figures: dict[str, Any]) -> None:
    assert figures["homes"] == 3
    assert list(figures["rates"]) == ["0.5", "1", "2", "4"]
    forms = {frozenset(entry) for entries in figures["rates"].values() for entry in entries.values()}
    assert len(forms) == 1
    assert forms.pop() >= {
        "median_min",
        "p90_min",
        "false_alerts",
        "false_alerts_away",
        "within_1h",
        "within_2h",
        "by_kind",
    }
    for entries in figures["rates"].values():
        assert list(entries) == list(TITLES)
        assert set(entries["nightlight"]["by_kind"]) == set(KINDS)


def test_no_level_gives_more_false_alerts_than_its_rate(figures: dict[str, Any]) -> None:
    for rate, entries in figures["rates"].items():
        assert all(entry["false_alerts"] <= float(rate) for entry in entries.values())


def test_calibration_says_what_was_asked_and_what_came(figures: dict[str, Any]) -> None:
    assert figures["calibration"].keys() >= {"asked", "got", "worst_home"}
    assert figures["calibration"]["asked"] == 1


def test_a_day_of_motion_in_one_room_is_played_into_the_engine(figures: dict[str, Any]) -> None:
    found = figures["limited"]
    assert found["asked"] == 1
    assert found["collapses"] == 3 * 80
    assert found["false_alerts"] >= 0
    assert found["by_room"]["bathroom"]["median_min"] < 240
    assert figures["rates"]["1"]["nightlight"]["by_kind"]["limited"]["median_min"] == found["median_min"]


def test_figures_that_are_not_the_engines_are_not_told(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("simulators.evaluate.driven.KNOWN_AFTER", 60 * 86400.0)
    assert main(["evaluate", "inactivity", str(folder)]) == 1
    said = capsys.readouterr()
    assert "not the engine's own figures" in said.err
    assert "false alerts" not in said.out


def test_who_was_left_out_is_said(figures: dict[str, Any]) -> None:
    assert list(figures["left_out"]) == ["short"]


def test_the_page_stands_by_itself(written: Path) -> None:
    page = (written / "all.html").read_text(encoding="utf-8")
    assert page.count("<svg") == 4
    assert not re.search(r"https?://|<script|<link|@import|src=", page)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    path = wanted("chromium-headless-shell")
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@pytest.mark.browser
@pytest.mark.parametrize("width", [320, 1280])
def test_the_page_reads_on_a_phone_and_by_a_screen_reader(
    chromium: Browser, figures: dict[str, Any], tmp_path: Path, width: int
) -> None:
    page = tmp_path / "page.html"
    page.write_text(report(figures | {"unseen_by_the_prior": figures}), encoding="utf-8")  # every section is there
    shown = chromium.new_page(viewport={"width": width, "height": 900})
    shown.goto(page.as_uri())
    assert shown.evaluate("document.documentElement.scrollWidth") <= width
    found = Axe().run(shown)
    assert found.violations_count == 0, found.generate_report()
    assert shown.locator("summary").count() == 4
    shown.close()


def test_the_scorecard_bears_date_and_data(written: Path, figures: dict[str, Any], folder: Path) -> None:
    card = (written / "CARD.md").read_text(encoding="utf-8")
    assert f"Measured on {figures['date']} on {folder.name}: 3 homes" in card
    assert all(title in card for title in TITLES.values())
    assert "what its streaming engine did, driven row by row" in card
    assert card.endswith(f"\n\n{BEGINS}\n\nof falls\n"), "what an evaluation of falls put there stays"
    assert "# Old" not in card


def test_where_motion_could_go_on_in_no_room_the_scorecard_says_nothing_of_it(figures: dict[str, Any]) -> None:
    of_none: dict[str, Any] = {"collapses": 0, "median_min": None, "p90_min": None, "by_room": {}}
    assert "| all | – |" in scorecard(figures | {"limited": figures["limited"] | of_none})


def test_a_folder_without_recordings_is_used_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", "inactivity", str(tmp_path)]) == 2
    assert "no recording here" in capsys.readouterr().err


def test_a_home_of_which_only_the_front_door_is_known_says_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hours = np.arange("2020-01-01", "2020-02-20", dtype="datetime64[h]")
    rows = [f"{hour},front door,door,OPEN,hall" for hour in hours]
    (tmp_path / "a.csv").write_text("\n".join(["time,sensor,kind,value,room", *rows]), encoding="utf-8")
    assert main(["evaluate", "inactivity", str(tmp_path)]) == 2
    assert "may be out whenever" in capsys.readouterr().err


@pytest.mark.parametrize("how", ["--learn-prior", "--cross-prior"])
def test_three_homes_are_too_few_to_learn_a_prior(how: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", "inactivity", str(folder), how]) == 2
    assert "too few homes" in capsys.readouterr().err


def test_a_backtest_names_the_alerts_of_one_home(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["backtest", str(folder), "--home", "green", "--days", "7", "--by-rule", "--by-day", "1"]) == 0
    said = capsys.readouterr().out
    assert re.match(r"green: [1-9]\d* alerts in the last 7 days\n  2019-\d\d-\d\d \d\d:\d\d silence, ended", said)
    assert main(["backtest", str(folder), "--home", "pink"]) == 2


def test_golden_alerts_are_kept_and_compared(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("simulators.evaluate.golden.INVENTED_HOMES", 1)
    write_csv(tmp_path, lived("red", 8, 3))
    golden = ["evaluate", "golden", str(tmp_path), "--homes", "1", "--kept", str(tmp_path)]
    assert main(golden) == 2
    assert main([*golden, "--write"]) == 0
    assert main(golden) == 0
    kept = tmp_path / "golden_homes.txt"
    kept.write_text(kept.read_text(encoding="utf-8") + "red: 9\n", encoding="utf-8")
    capsys.readouterr()
    assert main(golden) == 1
    assert "-red: 9" in capsys.readouterr().out
