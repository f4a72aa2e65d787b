"""The figures of an evaluation as tables for a terminal."""

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from simulators.evaluate.document import Document
from simulators.evaluate.words import KINDS, TITLES, between, minutes


def show(figures: Document, console: Console) -> None:
    left = ", ".join(f"{name} ({why})" for name, why in figures["left_out"].items())
    console.print(f"{figures['homes']} homes, {figures['days']:.0f} days judged; left out: {left or 'none'}")
    for rate, entries in figures["rates"].items():
        console.print(_ways(rate, entries))
        console.print(_kinds(rate, entries["nightlight"]))
    if part := figures.get("unseen_by_the_prior"):
        console.print(f"Only the {part['homes']} homes that the prior has not seen, {part['days']:.0f} days judged:")
        for rate, entries in part["rates"].items():
            console.print(_ways(rate, entries))
        _calibration(part, console)
    _calibration(figures, console)
    found = figures["limited"]
    half, nine = minutes(found["median_min"]), minutes(found["p90_min"])
    console.print(f"motion goes on in one room: found within {half} minutes (90th {nine}) by clocks beside silence")
    console.print(f"read from the engine itself, and so proved to a second, {figures['read_from_the_engine']} times")


def _calibration(part: Document, console: Console) -> None:
    got = part["calibration"]
    said = f"asked for {got['asked']:g} per home and 30 days: got {got['got']}, worst home {got['worst_home']}"
    console.print(f"{part['homes']} homes, {said}")


def _ways(rate: str, entries: Document) -> Table:
    shown = _table(f"At {rate} false alerts per home and 30 days: minutes to an alert", "", "all", "away")
    for name, title in TITLES.items():
        entry = entries[name]
        shown.add_row(title, *_delays(entry), *(f"{entry[key]:.2f}" for key in ("false_alerts", "false_alerts_away")))
    return shown


def _kinds(rate: str, own: Document) -> Table:
    shown = _table(f"Nightlight at {rate}, by kind of collapse and by the room last seen", "collapse")
    for kind, entry in own["by_kind"].items():
        shown.add_row(KINDS[kind], *(_delays(entry) if entry else ()))
    for room, entry in own["by_room"].items():
        shown.add_row(room, *_delays(entry))
    return shown


def _table(title: str, first: str, *more: str) -> Table:
    shown = Table(title=title, box=SIMPLE, title_justify="left", pad_edge=False)
    for head in (first, "median", "95 %", "90th", "<1 h", "<2 h", "<4 h", *more):
        shown.add_column(head, justify="left" if head == first else "right", no_wrap=True)
    return shown


def _delays(entry: Document) -> list[str]:
    shares = [f"{entry[name]:.0%}" for name in ("within_1h", "within_2h", "within_4h")]
    return [minutes(entry["median_min"]), between(entry["interval"]["median_min"]), minutes(entry["p90_min"]), *shares]
