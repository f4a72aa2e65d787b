"""The figures of an evaluation of falls as rows of text, the first of each being the head."""

from __future__ import annotations

from typing import Any

Document = dict[str, Any]  # as simulators.evaluate.falls makes it
Rows = list[tuple[str, ...]]

ACTED = "All of this is acted: falls on mats by mostly young people, and scripted activity. Real falls are found less."
COUNTED = (
    "False alarms are per hour of scripted activity: every one about a moment of an ordinary trial. Alarms between\n"
    "trials, where postures are spliced together as nobody moves, and before a fall are apart: in between, an hour."
)
SHOWN = 12


def summary(document: Document) -> Rows:
    rows: Rows = [("", "sensitivity", "false alarms an hour", "60 or older", "falls, up again", "in between", "delay")]
    for name, entry in document["files"].items():
        rows.append((f"{name}, {entry['placement']}", *_row(entry)))
        rows += [(f"– {rule}", *_row(baseline)) for rule, baseline in entry["baselines"].items()]
    return rows


def _row(entry: Document) -> tuple[str, ...]:
    kinds = ("sensitivity", "false_alarms_per_hour", "elderly_false_alarms_per_hour", "recovery_sensitivity")
    between = number(entry["alarms_between_per_hour"])
    return (*(_with_interval(entry, kind) for kind in kinds), between, number(entry["delay_s_median"], 1.0, " s"))


def _with_interval(entry: Document, kind: str) -> str:
    times, sign = (1.0, "") if "hour" in kind else (100.0, " %")
    interval = entry["intervals"].get(kind)
    said = number(entry[kind], times, sign)
    return said + (f" ({interval[0] * times:.3g} to {interval[1] * times:.3g})" if interval else "")


def number(value: float | None, times: float = 1.0, unit: str = "") -> str:
    return "–" if value is None else f"{value * times:.3g}{unit}"


def worst(entry: Document, shown: int = SHOWN) -> Rows:
    rows: Rows = [("fall", "found", "activity", "alarms an hour")]
    falls = sorted(_having(entry, "sensitivity"), key=lambda each: each[1])
    other = sorted(_having(entry, "false_alarms_per_hour"), key=lambda each: -each[1])
    for place in range(min(shown, max(len(falls), len(other)))):
        left = falls[place] if place < len(falls) else ("", None, 0)
        right = other[place] if place < len(other) else ("", None, 0)
        found = f"{number(left[1], 100, ' %')} of {left[2]:.0f}" if left[0] else ""
        rows.append((left[0], found, right[0], f"{number(right[1])} in {right[2]:.2g} h" if right[0] else ""))
    return rows


def _having(entry: Document, kind: str) -> list[tuple[str, float, float]]:
    of = "falls" if kind == "sensitivity" else "hours"
    return [(name, each[kind], each[of]) for name, each in entry["by_activity"].items() if kind in each]


def people(entry: Document, shown: int = SHOWN // 2) -> Rows:
    each_age = list(entry["by_age"].items())
    served = sorted(entry["by_person"].items(), key=lambda each: (each[1]["sensitivity"] or 1.0) - _often(each[1]) / 20)
    rows: Rows = [("", "falls", "sensitivity", "false alarms an hour")]
    for said, each in [*each_age, *served[:shown]]:
        found = number(each["sensitivity"], 100, " %")
        rows.append((said, str(each["falls"]), found, number(each["false_alarms_per_hour"])))
    return rows


def _often(entry: Document) -> float:
    return float(entry["false_alarms_per_hour"] or 0.0)


def transfer(document: Document) -> Rows:
    rows: Rows = [("judged", "learned from", "sensitivity", "false alarms an hour", "60 or older", "falls, up again")]
    for name, entry in document["transfer"].items():
        rows.append((name, ", ".join(entry["learned_from"]), *_row(entry)[:4]))
    return rows


def robustness(document: Document) -> Rows:
    names = list(document["files"])
    rows: Rows = [("", *names)]
    for how, found in document["robustness"].items():
        rows.append((how, *(main(found[name]) for name in names)))
    return rows


def main(entry: Document) -> str:
    return f"{number(entry['sensitivity'], 100, ' %')}, {number(entry['false_alarms_per_hour'])}"
