"""The figures of an evaluation as a page of text, for docs/SCORECARD.md."""

from collections.abc import Sequence

from simulators.evaluate.document import Document
from simulators.evaluate.words import KINDS, TITLES, between, minutes


def scorecard(figures: Document) -> str:
    parts = (_head, _unseen, _delays, _alerts, _kinds, _limited, _calibration, _homes)
    return "\n\n".join(said for part in parts if (said := part(figures))) + "\n"


def _head(figures: Document) -> str:
    return f"""# Scorecard: how soon a collapse is noticed, and how often nothing was wrong

<!-- Made by `nightlight-sim evaluate inactivity FOLDER --scorecard docs/SCORECARD.md`, never typed. -->

Falls that a worn sensor tells of stand at the end, and whole on a page of their own,
[SCORECARD-falls.md](SCORECARD-falls.md). Those figures come from acted falls; of real ones fewer are found.

Measured on {figures["date"]} on {figures["source"]}: {figures["homes"]} homes, {figures["days"]:.0f} days judged;
{len(figures["left_out"])} homes left out.
Population prior: {figures["prior"]["name"]}; {len(figures["prior"]["seen"])} of the judged homes helped to make it.

Collapses are played in: from a moment on the person causes no observation. Levels are set so that the count of false
alerts just meets the rate, for Nightlight and for every other way of watching alike. Minutes, of collapses while moving
about unless said otherwise; 1440 means that nobody was told within a day. In brackets: 95 % intervals over resampled
homes, the level being set anew for each.

{from_the_engine(figures)}"""


def from_the_engine(figures: Document) -> str:
    return f"""All that is said of Nightlight is what its streaming engine did, driven row by row: at each of the
{figures["read_from_the_engine"]:,} moments that count, the deadline that it set itself for each of four budgets was the
one read from it, to a second, or these figures would not be told."""


def _unseen(figures: Document) -> str:
    """Where the prior has seen some of the homes, those that it has not come first: they count."""
    part = figures.get("unseen_by_the_prior")
    if part is None:
        return ""
    got = part["calibration"]
    return f"""## Only the {part["homes"]} homes that the prior has not seen ({part["days"]:.0f} days judged)

{_ways(part)}

Asked for {got["asked"]:g} false alert per home and 30 days, the product came to {got["got"]:.2f} by itself, in the
worst home to {got["worst_home"]:.1f}. All that follows is of all {figures["homes"]} homes. The prior has seen
{len(figures["prior"]["seen"])} of them, so the figures of Nightlight there are too good."""


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def _delays(figures: Document) -> str:
    return f"## Minutes to an alert, median (90th percentile)\n\n{_ways(figures)}"


def _ways(part: Document) -> str:
    rates = part["rates"]
    medians = [[TITLES[name], *(_median(rates[rate][name]) for rate in rates)] for name in TITLES]
    nightlight = [rates[rate]["nightlight"]["ratio_to_single_timer"] for rate in rates]
    ratios = [
        [f"Nightlight to the single timer, {said}", *(f"{each[name]:.2f}" for each in nightlight)]
        for name, said in (("median_min", "median"), ("p90_min", "90th percentile"))
    ]
    return table(["false alerts per home and 30 days", *rates], medians + ratios)


def _median(entry: Document) -> str:
    return f"{_with_interval(entry)} ({minutes(entry['p90_min'])})"


def _with_interval(entry: Document) -> str:
    return f"{minutes(entry['median_min'])} {between(entry['interval']['median_min'])}".strip()


def _alerts(figures: Document) -> str:
    rates = figures["rates"]
    rows = []
    for name in TITLES:
        cells = (rates[rate][name] for rate in rates)
        rows.append([TITLES[name], *(f"{each['false_alerts']:.2f}, {each['false_alerts_away']:.2f}" for each in cells)])
    return "## False alerts per home and 30 days: all, and while away\n\n" + table(["asked", *rates], rows)


def _kinds(figures: Document) -> str:
    parts = []
    for rate, entries in figures["rates"].items():
        own, timer = entries["nightlight"], entries["single_timer_hindsight"]
        rows = [[KINDS[kind], *_shares(own["by_kind"][kind]), _quick(timer["by_kind"][kind])] for kind in KINDS]
        for room, each in own["by_room"].items():
            rows.append([f"last seen: {room}", *_shares(each), _quick(timer["by_room"].get(room))])
        head = ["collapse", "median", "90th", "within 1 h", "2 h", "4 h", "single timer"]
        parts.append(f"### At {rate} per home and 30 days\n\n" + table(head, rows))
    return "## Nightlight by kind of collapse and by room\n\n" + "\n\n".join(parts)


def _limited(figures: Document) -> str:
    """At the product's own level, whatever the rate."""
    found = figures["limited"]
    whole = found if found["collapses"] else None
    rows = [["all", *_shares(whole)], *([room, *_shares(each)] for room, each in found["by_room"].items())]
    head = ["room in which motion goes on", "median", "90th", "within 1 h", "2 h", "4 h"]
    return f"""## Motion goes on in one room

Someone on the floor may still set off the sensor there, every few minutes for a day: {found["collapses"]} such days
played into the engine, asked for {found["asked"]:g} false alert per home and 30 days. Its clocks beside silence ran out
for nothing {found["false_alerts"]:.2f} times per home and 30 days, which the counts above leave out.

{table(head, rows)}"""


def _shares(entry: Document | None) -> list[str]:
    if entry is None:
        return ["–"] * 5
    shares = [f"{entry[name]:.0%}" for name in ("within_1h", "within_2h", "within_4h")]
    return [_with_interval(entry), minutes(entry["p90_min"]), *shares]


def _quick(entry: Document | None) -> str:
    return minutes(entry and entry["median_min"])


def _calibration(figures: Document) -> str:
    head = ["asked", "got", "got while away", "worst home", "homes over twice the budget", "median", "90th percentile"]
    rows = [
        [
            f"{each['asked']:g}",
            f"{each['got']:.2f}",
            f"{each['got_away']:.2f}",
            f"{each['worst_home']:.1f}",
            f"{each['over_twice_the_budget']:.0%}",
            minutes(each["median_min"]),
            minutes(each["p90_min"]),
        ]
        for each in figures["calibrations"].values()
    ]
    said = "Silences that the engine found that were none: it sets its level itself, without the judged days."
    return f"## Calibration\n\n{said}\n\n{table(head, rows)}"


def _homes(figures: Document) -> str:
    seen = set(figures["prior"].get("seen", []))
    rows = []
    for name, each in figures["by_home"].items():
        mark = " (in the prior)" if name in seen else ""
        rows.append([name + mark, f"{each['days']:.0f}", f"{each['learning_days']:.0f}", *_per_home(each)])
    left = "".join(f"\n- left out: {name}, {why}" for name, why in figures["left_out"].items())
    head = ["home", "days judged", "days learned", "false alerts at 1", "median at 1"]
    return f"## Home by home\n\n{table(head, rows)}\n{left}"


def _per_home(each: Document) -> list[str]:
    at_one = each["rates"]["1"]
    return [f"{at_one['false_alerts']:.1f}", minutes(at_one["median_min"])]
