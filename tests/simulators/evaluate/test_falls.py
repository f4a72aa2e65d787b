import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.detection import falls as detection
from models.detection.falls import FallModel
from models.training import FALL_THRESHOLD
from simulators.app import main
from simulators.evaluate import falls, fallsbaselines, fallscard, parallel
from simulators.evaluate.fallsexamples import FORGOTTEN, MISLED, examples, learned, misled, slipped, suited
from simulators.evaluate.hardware import Hardware
from simulators.evaluate.wearers import Worn, joined, read, worn
from simulators.recording import BadRecording
from tests.models.detection.bodies import DOWN, LYING, SITTING, Body

FS = 50.0
KEYS = {
    "sensitivity",
    "false_alarms_per_hour",
    "by_activity",
    "elderly_false_alarms_per_hour",
    "delay_s_median",
    "baselines",
}


def trials(seed: int) -> list[tuple[str, bool, Body]]:
    """Falls at any moment of a recording, and other things, of one person."""
    luck = np.random.default_rng(seed)
    found = []
    for number in range(6):
        before, after = luck.uniform(2, 8, 2)
        fall = Body(FS, seed * 100 + number).walking(before).falling(hard=luck.uniform(3, 5)).still(5 + after, LYING)
        sit = Body(FS, seed * 100 + 50 + number).walking(before).turning(1.0, DOWN, SITTING).bump(SITTING, 1.0)
        found += [("F1", True, fall), ("D2", False, sit.still(after + 4, SITTING, 0.03))]
        found += [("D1", False, Body(FS, seed * 100 + 80 + number).walking(20))]
    return found


def write(path: Path, people: dict[str, int], **changes: Any) -> None:
    whole = [(person, *each) for person, seed in people.items() for each in trials(seed)]
    acc = [body.acc for _, _, _, body in whole]
    fields: dict[str, Any] = {
        "acc": np.round(np.concatenate(acc) * 256).astype(np.int16),
        "counts_per_g": 256.0,
        "offsets": np.concatenate([[0], np.cumsum([len(each) for each in acc])]),
        "subject": np.array([person for person, *_ in whole]),
        "activity": np.array([activity for _, activity, *_ in whole]),
        "is_fall": np.array([fell for _, _, fell, _ in whole]),
        "fs": FS,
    } | changes
    np.savez(path, **{name: value for name, value in fields.items() if value is not None})


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("worn")
    write(made / "belt.npz", {"P1": 1, "P2": 2, "P3": 3}, placement="waist")
    old = np.repeat([True, False], 18)
    write(made / "cord.npz", {"P1": 4, "P4": 5}, placement="neck", elderly=old, age=np.where(old, 71.0, 30.0))
    return made


@pytest.fixture(scope="module")
def made(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("made") / "falls.npz"
    assert main(["train", "falls", str(folder), "--out", str(out)]) == 0
    return out


@pytest.fixture(scope="module")
def figures(folder: Path, made: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    out = tmp_path_factory.mktemp("figures") / "falls.json"
    asked = ["evaluate", "falls", str(folder), "--model", str(made), "--json", str(out), "--robustness"]
    assert main(asked) == 0
    found: dict[str, Any] = json.loads(out.read_text(encoding="utf-8"))
    return found


def test_every_file_and_every_baseline_has_the_same_form(figures: dict[str, Any]) -> None:
    assert list(figures["files"]) == ["belt", "cord"]
    for entry in figures["files"].values():
        assert entry.keys() >= KEYS
        assert set(entry["baselines"]) == {"peak", "c8", "peak_tilt"}
        assert all(baseline.keys() >= KEYS - {"baselines"} for baseline in entry["baselines"].values())
        assert set(entry["by_activity"]) == {"F1", "D1", "D2"}


def test_plain_falls_are_found_and_plain_walking_is_not(figures: dict[str, Any]) -> None:
    belt = figures["files"]["belt"]
    assert belt["sensitivity"] > 0.9
    assert belt["falls"] == 18
    assert belt["by_activity"]["D1"]["false_alarms_per_hour"] == 0
    assert 3 < belt["delay_s_median"] < 6


def test_the_old_are_told_apart_where_they_are_known(figures: dict[str, Any]) -> None:
    belt, cord = figures["files"]["belt"], figures["files"]["cord"]
    assert belt["elderly_false_alarms_per_hour"] is None
    assert cord["elderly_false_alarms_per_hour"] is not None
    assert set(cord["by_age"]) == {"0 to 59", "70 to 199"}


def test_other_hardware_is_in_a_table(figures: dict[str, Any]) -> None:
    assert set(figures["robustness"]) == {"as recorded", *falls.ROBUSTNESS}
    assert figures["robustness"]["clipped at 2 g"]["belt"]["sensitivity"] > 0.8


def test_it_says_whose_falls_the_model_has_seen(
    folder: Path, made: Path, figures: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    assert figures["files"]["belt"]["people_seen_by_the_model"] == 3
    assert main(["evaluate", "falls", str(folder), "--model", str(made)]) == 0
    assert "3 of its 3 people helped to make this model" in capsys.readouterr().out


def test_the_same_recordings_make_the_same_model(folder: Path, made: Path) -> None:
    files = worn(folder)
    assert learned(files, list(examples(files))).to_bytes() == made.read_bytes()
    assert len(made.read_bytes()) < 300_000


def test_who_is_left_out_is_left_out_of_every_file(folder: Path) -> None:
    files = worn(folder)
    model = learned(files, list(examples(files)), frozenset({"P1"}))
    assert str(model.provenance["people"]).split() == ["belt/P2", "belt/P3", "cord/P4"]
    known = [replace(each, fell=~each.fell) if each.person == "P1" else each for each in examples(files)]
    assert learned(files, known, frozenset({"P1"})).to_bytes() == model.to_bytes()


def test_leaving_people_out_needs_no_model(folder: Path, tmp_path: Path) -> None:
    out, card, page = tmp_path / "out.json", tmp_path / "card.md", tmp_path / "page.md"
    page.write_text(f"# What else is known\n\n{fallscard.BEGINS}\n\nof last year\n", encoding="utf-8")
    asked = ["evaluate", "falls", str(folder), "--leave-people-out", "--json", str(out), "--scorecard", str(card)]
    assert main([*asked, "--within", str(page)]) == 0
    document = json.loads(out.read_text(encoding="utf-8"))
    assert document["transfer"] == {}
    assert set(document["other_thresholds"]) == {f"{other:g}" for other in falls.OTHER_THRESHOLDS}
    found = [at["belt"]["sensitivity"] for at in document["other_thresholds"].values()]
    assert found == sorted(found, reverse=True)
    assert found[0] > 0.8
    said = card.read_text(encoding="utf-8")
    assert "acted falls" in said
    assert f"one threshold, {FALL_THRESHOLD:g}, for all people" in said
    assert "|  | 0.5 | 0.55 | 0.6 | 0.65 | 0.7 |" in said
    assert "about 80 %" in said
    entry = document["files"]["belt"]
    assert entry["people_seen_by_the_model"] == 0
    assert entry["sensitivity"] > 0.8
    part = page.read_text(encoding="utf-8")
    assert part.startswith(f"# What else is known\n\n{fallscard.BEGINS}\n\n## Falls")
    assert "come from acted falls" in part
    assert f"| belt, waist | {100 * entry['sensitivity']:.3g} %" in part
    assert "last year" not in part


def test_a_sensor_that_slips_feels_as_hard_a_fall_that_turned_it_less() -> None:
    fall = Body(FS).walking(10).falling().still(8, LYING)
    bins = detection.laid(fall.t, fall.acc)
    around = detection.windows(bins, np.repeat(bins[:, detection.LARGEST].argmax(), 20))
    felt = slipped(around, np.random.default_rng(1))
    assert np.allclose((felt[:, :, :3] ** 2).sum(-1), (around[:, :, :3] ** 2).sum(-1))
    begun = detection.BEFORE - detection.RATE
    assert np.array_equal(felt[:, :begun], around[:, :begun])
    tilt = detection.NAMES.index("tilt")
    turned = detection.features(felt)[:, tilt]
    assert turned.max() < 0.75 * detection.features(around)[0, tilt]
    assert turned.min() < 15


def test_other_hardware_knows_at_times_no_way_that_is_up_or_another() -> None:
    body = Body(FS).walking(20)
    bins = detection.laid(body.t, body.acc)
    around = detection.windows(bins, np.full(1500, len(bins) - 150))
    felt = misled(around, np.random.default_rng(1))
    assert np.array_equal(felt[:, :, : detection.COLUMNS], around[:, :, : detection.COLUMNS])
    up = felt[:, detection.BEFORE, detection.UP]
    unknown = (up == 0).all(1)
    otherwise = ~unknown & (up != around[:, detection.BEFORE, detection.UP]).any(1)
    assert unknown.mean() == pytest.approx(FORGOTTEN, abs=0.04)
    assert otherwise.mean() == pytest.approx(MISLED, abs=0.04)


def test_each_source_is_judged_by_a_model_of_the_others(tmp_path: Path) -> None:
    write(tmp_path / "one.npz", {"P1": 1, "P2": 2}, source=np.array("here"))
    write(tmp_path / "other.npz", {"Q1": 3, "Q2": 4}, source=np.array("there"))
    write(tmp_path / "same.npz", {"R1": 5}, source=np.array("there"), activity=np.array(["A135"] * 18))
    found = falls.evaluate(tmp_path, None)
    assert {name: entry["learned_from"] for name, entry in found["transfer"].items()} == {
        "one": ["other", "same"],
        "other": ["one"],
        "same": ["one"],
    }
    assert found["transfer"]["other"]["sensitivity"] > 0.8


def test_the_shipped_model_judges_by_default(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", "falls", str(folder)]) == 0
    said = capsys.readouterr().out
    assert "one frozen model" in said
    assert "helped" not in said


def test_a_stream_plays_every_trial_once_and_fills_pauses_with_what_is_no_fall(folder: Path) -> None:
    file = worn(folder)[0]
    stream = joined(file, "P1")
    own = np.flatnonzero(file.subject == "P1")
    assert sorted(stream.trial[~stream.filler].tolist()) == own.tolist()
    assert not file.is_fall[stream.trial[stream.filler]].any()
    assert stream.edges[-1] == len(stream.acc)
    assert (np.diff(stream.edges) > 0).all()


def test_one_persons_part_of_a_file_plays_as_the_whole_does(folder: Path) -> None:
    file = worn(folder)[0]
    alone, whole = falls.play(file.of("P2"), "P2", Hardware(lost=0.1)), falls.play(file, "P2", Hardware(lost=0.1))
    assert np.array_equal(alone.acc, whole.acc)
    assert np.array_equal(alone.fell, whole.fell)


def test_many_people_are_played_in_processes_of_their_own_in_the_same_order() -> None:
    counted: list[int] = []
    parts = [-place for place in range(parallel.MANY)]
    assert list(parallel.each(abs, parts, lambda: counted.append(1))) == list(range(parallel.MANY))
    assert len(counted) == parallel.MANY
    assert list(parallel.each(abs, parts[:3], lambda: None)) == [0, 1, 2]


def test_every_trial_is_played_as_it_was_recorded(folder: Path) -> None:
    file = worn(folder)[0]
    stream = joined(file, "P2")
    for place in np.flatnonzero(~stream.filler):
        trial = file.trial(int(stream.trial[place]))
        begin = stream.edges[place]
        assert np.array_equal(stream.acc[begin : begin + len(trial)], trial)


def hardest(played: falls.Played, place: int) -> float:
    size = (played.file.trial(int(played.stream.trial[place])) ** 2).sum(1)
    return float(played.edges_s[place]) + int(size.argmax()) / FS


def first(which: Any) -> int:
    return int(np.flatnonzero(which)[0])


def tally_of(played: falls.Played, *at: float) -> falls.Tally:
    return falls.tally(played, np.array([(each, each + 4) for each in sorted(at)]))


def test_an_alarm_about_a_fall_is_no_false_one_and_one_in_an_ordinary_trial_is(folder: Path) -> None:
    played = falls.play(worn(folder)[0], "P1", Hardware())
    ordinary = ~played.fell & ~played.stream.filler
    tally = tally_of(played, hardest(played, first(played.fell)), played.edges_s[first(ordinary)] + 1.0)
    assert tally.falls == {"F1": [1.0, 6.0]}
    assert tally.delays == [pytest.approx(4.0)]
    assert sum(hits for hits, _ in tally.other.values()) == 1
    assert tally.between[0] == 0


def test_the_hours_are_those_of_ordinary_trials_as_recorded(folder: Path) -> None:
    file = worn(folder)[0]
    tally = tally_of(falls.play(file, "P1", Hardware()), 0.0)
    ordinary = (file.subject == "P1") & ~file.is_fall
    recorded = np.diff(file.offsets)[ordinary].sum() / FS / 3600
    assert sum(hours for _, hours in tally.other.values()) == pytest.approx(recorded)


def test_an_alarm_before_the_fall_does_not_find_it_and_one_between_trials_is_apart(folder: Path) -> None:
    played = falls.play(worn(folder)[0], "P1", Hardware())
    early = hardest(played, first(played.fell)) - falls.EARLY_S - 0.1
    tally = tally_of(played, early, played.edges_s[first(played.stream.filler)] + 1.0)
    assert tally.falls == {"F1": [0.0, 6.0]}
    assert tally.between[0] == 2
    assert sum(hits for hits, _ in tally.other.values()) == 0


def test_every_alarm_in_a_long_trial_counts(folder: Path) -> None:
    played = falls.play(worn(folder)[0], "P1", Hardware())
    walked = (played.file.activity[played.stream.trial] == "D1") & ~played.stream.filler
    begin = float(played.edges_s[first(walked)])
    assert tally_of(played, begin + 1, begin + 12).other["D1"][0] == 2


def test_falls_with_recovery_are_apart(tmp_path: Path) -> None:
    activity = [each for each, _, _ in trials(1)]
    activity[:6] = ["A102" if each == "F1" else each for each in activity[:6]]
    write(tmp_path / "up.npz", {"P1": 1}, activity=np.array(activity))
    played = falls.play(read(tmp_path / "up.npz"), "P1", Hardware())
    tally = falls.tally(played, np.empty((0, 2)))
    assert tally.recoveries == {"A102": [0.0, 2.0]}
    assert tally.falls == {"F1": [0.0, 4.0]}


def test_the_least_of_a_baseline_parts_falls_from_the_rest() -> None:
    assert fallsbaselines.best_least([np.array([3.0, 4.0])], [np.array([1.0, 2.0])]) == 3.0
    assert fallsbaselines.best_least([np.array([3.0])], []) is None


@pytest.mark.parametrize("hardware", falls.ROBUSTNESS.values(), ids=falls.ROBUSTNESS.keys())
def test_other_hardware_feels_the_same_movement(hardware: Hardware) -> None:
    acc = Body(100.0).walking(20).acc
    t, felt = hardware.feels(acc, 100.0, np.random.default_rng(1))
    assert (np.diff(t) > 0).all()
    assert t[-1] == pytest.approx(20, abs=0.2)
    assert np.sqrt((felt**2).sum(1)).mean() == pytest.approx(1.0, abs=0.15)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"fs": None}, "lacks fs"),
        ({"fs": 2.0}, "10 to 1000"),
        ({"counts_per_g": 0.0}, "above 0"),
        ({"acc": np.zeros((5, 2))}, "three columns"),
        ({"offsets": np.array([0, 10**9])}, "offsets"),
        ({"offsets": np.array(7)}, "offsets"),
        ({"offsets": np.full(19, np.nan)}, "offsets"),
        ({"offsets": np.zeros(19, np.int64)}, "no trial in it holds a sample"),
        ({"acc": np.full((9, 3), "x")}, "three columns of numbers"),
        ({"acc": np.full((18, 3), np.nan), "offsets": np.arange(19)}, "no trial in it holds a sample"),
        ({"counts_per_g": 256 / 9.81}, "mostly 9.8. g, .*m/s²"),
        ({"counts_per_g": 256 * 9.81}, "mostly 0.10. g, .*gravity was taken out"),
        ({"placement": np.array(["neck", "wrist"] * 9)}, "one for the whole file; it says neck, wrist"),
        ({"is_fall": np.array([np.nan] * 3 + [1.0] * 15)}, "nothing of 3 trials"),
        ({"fs": np.array("fast")}, "fs should be one number"),
        ({"is_fall": np.array(["no"] * 18)}, "is_fall should hold numbers"),
        ({"age": np.array(["old"] * 18)}, "age should hold numbers"),
        ({"subject": np.array(["P1"])}, "subject has the shape"),
        ({"subject": np.array([["P1"]] * 18)}, "subject has the shape"),
    ],
)
def test_a_file_that_is_wrong_is_named(tmp_path: Path, changes: dict[str, Any], said: str) -> None:
    write(tmp_path / "odd.npz", {"P1": 1}, **changes)
    with pytest.raises(BadRecording, match=said):
        worn(tmp_path)


def test_a_trial_without_samples_is_left_out_and_one_age_may_be_said_for_all(tmp_path: Path) -> None:
    write(tmp_path / "one.npz", {"P1": 1}, age=np.array(71))
    whole = read(tmp_path / "one.npz")
    write(tmp_path / "two.npz", {"P1": 1}, offsets=np.insert(whole.offsets[:-1], 4, whole.offsets[4]))
    left = read(tmp_path / "two.npz")
    assert len(left.activity) == 17
    assert left.activity.tolist() == np.delete(whole.activity, 4).tolist()
    assert (np.diff(left.offsets) > 0).all()
    assert whole.elderly.all()


def test_what_a_file_says_once_it_may_say_of_each_trial_and_in_bytes_or_numbers(tmp_path: Path) -> None:
    said: dict[str, Any] = {"placement": np.full(18, b"neck"), "fs": np.full(18, 50, np.int16), "subject": np.array(7)}
    write(tmp_path / "odd.npz", {"P1": 1}, activity=np.full(18, "Stürze".encode()), **said)
    file = read(tmp_path / "odd.npz")
    assert (file.placement, file.fs, file.people, set(file.activity)) == ("neck", 50.0, ["7"], {"Stürze"})


@pytest.mark.parametrize("placement", ["wrist", "Left Wrist", "smartwatch", "Left arm", "upper_arm", "forearm", "Hand"])
def test_what_an_arm_feels_teaches_nothing_however_it_is_called(tmp_path: Path, placement: str) -> None:
    write(tmp_path / "arm.npz", {"P1": 1}, placement=placement)
    write(tmp_path / "neck.npz", {"P1": 1}, placement="alarm pendant")
    assert [file.name for file in suited(worn(tmp_path))] == ["neck"]


def test_samples_that_are_missing_are_not_felt_and_the_rest_is_where_it_was(tmp_path: Path, made: Path) -> None:
    write(tmp_path / "whole.npz", {"P1": 1})
    whole = read(tmp_path / "whole.npz")
    acc = whole.acc / 256
    acc[np.random.default_rng(1).random(len(acc)) < 0.05] = [np.nan, np.inf, 1.0]
    acc[whole.offsets[1] : whole.offsets[2]] = np.nan
    write(tmp_path / "holes.npz", {"P1": 1}, acc=acc, counts_per_g=1.0)
    assert len(read(tmp_path / "holes.npz").activity) == 17
    found = falls.evaluate(tmp_path, falls.model_in(made), robustness=True)
    assert found["files"]["holes"]["sensitivity"] > 0.8
    assert found["robustness"]["25 samples a second"]["holes"]["sensitivity"] > 0.8
    assert found["files"]["holes"]["baselines"]["c8"]["sensitivity"] > 0.8


def test_who_fell_is_not_up_and_about_because_a_recording_ends(tmp_path: Path) -> None:
    write(tmp_path / "whole.npz", {"P1": 1, "P2": 2})
    file = read(tmp_path / "whole.npz")
    parts = [file.acc[begin:end] for begin, end in pairwise(file.offsets)]
    for trial in np.flatnonzero(file.is_fall):
        parts[trial] = parts[trial][: (parts[trial] ** 2.0).sum(1).argmax() + int(FS)]
    ends = np.cumsum([0, *map(len, parts)])
    write(tmp_path / "cut.npz", {"P1": 1, "P2": 2}, acc=np.concatenate(parts), offsets=ends)
    found = falls.evaluate(tmp_path, falls.shipped())["files"]
    assert found["cut"]["sensitivity"] == found["whole"]["sensitivity"] == 1.0
    assert found["cut"]["hours"] == found["whole"]["hours"]


def test_trials_of_a_moment_are_played_and_judged(tmp_path: Path, made: Path) -> None:
    write(tmp_path / "short.npz", {"P1": 1}, offsets=np.arange(19))
    entry = falls.evaluate(tmp_path, falls.model_in(made), robustness=True)["files"]["short"]
    assert (entry["sensitivity"], entry["false_alarms_per_hour"]) == (0.0, 0.0)


def test_what_can_not_be_judged_is_said_with_exit_code_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    (tmp_path / "odd.npz").write_bytes(b"no arrays")
    assert main(["evaluate", "falls", str(tmp_path)]) == 2
    assert main(["evaluate", "falls", str(tmp_path / "none")]) == 2
    assert main(["evaluate", "falls", str(folder), "--model", str(tmp_path / "odd.npz")]) == 2
    assert len([line for line in capsys.readouterr().err.splitlines() if line]) == 3


def test_nobody_who_falls_is_nothing_to_learn_from(tmp_path: Path) -> None:
    write(tmp_path / "still.npz", {"P1": 1}, is_fall=np.zeros(18, np.bool_))
    files = worn(tmp_path)
    with pytest.raises(BadRecording, match="people who fall"):
        learned(files, list(examples(files)))


def test_a_file_without_falls_still_has_false_alarms(tmp_path: Path, made: Path) -> None:
    write(tmp_path / "still.npz", {"P1": 1}, is_fall=np.zeros(18, np.bool_))
    entry = falls.evaluate(tmp_path, falls.model_in(made))["files"]["still"]
    assert entry["sensitivity"] is None
    assert entry["false_alarms_per_hour"] is not None


def test_the_shipped_model_is_read() -> None:
    model = falls.shipped()
    assert isinstance(model, FallModel)
    assert "sisfall" in str(model.provenance["learned_from"])


def test_worn_knows_who_recovers_only_in_its_own_set(folder: Path) -> None:
    file: Worn = worn(folder)[0]
    assert not file.recovers.any()
