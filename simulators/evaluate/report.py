"""One evaluation as a page that stands by itself: no script, nothing fetched."""

from collections.abc import Iterable, Sequence
from html import escape

from simulators.evaluate.charts import Axis, Line, chart, dots
from simulators.evaluate.document import REACHED, Document
from simulators.evaluate.scorecard import from_the_engine
from simulators.evaluate.words import KINDS, TITLES, between, minutes

WATCH = "way of watching"
"""Heads the column of their names."""

SHORT = {
    "single_timer_hindsight": "single timer (hindsight)",
    "timer_per_home_hindsight": "timer per home (hindsight)",
    "bound_hazard_in_sample": "bound: in-sample hazard",
}

STYLE = """
body{font:1.05rem/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1b1b1b}
body{background:#fff}
h1{font-size:clamp(1.4rem,5vw,2rem);line-height:1.2}
h2{font-size:clamp(1.2rem,4vw,1.5rem);line-height:1.25;margin-top:2.5rem}
.wide{overflow-x:auto;margin:1rem 0}
.wide:focus-visible,summary:focus-visible{outline:3px solid #0b5d4e;outline-offset:2px}
table{border-collapse:collapse}
th,td{padding:.25rem .6rem;border-bottom:1px solid #ccc;text-align:right;font-weight:normal;white-space:nowrap}
thead th{border-bottom:2px solid #777;vertical-align:bottom;font-weight:bold;white-space:normal}
th:first-child{text-align:left;position:sticky;left:0;background:#fff}
tr.own>*{font-weight:bold;background:#eaf4f1}
summary{font-size:1.2rem;font-weight:bold;cursor:pointer;padding:.5rem 0}
svg{width:100%;min-width:40rem;height:auto;font-size:12px}
svg .line{fill:none}
svg .rule{stroke:#ddd;fill:none}
svg .dot{fill:#0b5d4e;fill-opacity:.6}
svg .bold{font-weight:bold}
@media (max-width:40rem){th:first-child{max-width:9rem;white-space:normal}}
"""


def report(figures: Document) -> str:
    sections = (_summary, _unseen, _curves, _soon, _by_rate, _limited, _calibration, _homes, _method)
    body = "\n".join(section(figures) for section in sections)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>How soon a collapse is noticed</title>'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<style>{STYLE}</style></head><body><main>\n{body}\n</main></body></html>\n"
    )


def _summary(figures: Document) -> str:
    part = figures.get("unseen_by_the_prior", figures)
    entry, timer = (part["rates"]["1"][name] for name in ("nightlight", "single_timer_hindsight"))
    half, nine = minutes(entry["median_min"]), minutes(entry["p90_min"])
    whose = "" if part is figures else f" in the {part['homes']} homes that the prior has not seen"
    return f"""<h1>How soon a collapse is noticed, and how often nothing was wrong</h1>
<p>{escape(figures["source"])}: {figures["homes"]} homes, {figures["days"]:.0f} days judged, {figures["date"]}.
Population prior: {escape(str(figures["prior"].get("name", "none")))}.</p>
<p>At one false alert per home and 30 days, half of all collapses while moving about{whose} are noticed within
<strong>{half} minutes</strong> {between(entry["interval"]["median_min"])}, nine in ten within {nine}.
The best single timer that hindsight could choose takes {minutes(timer["median_min"])}.</p>
<p>{escape(from_the_engine(figures))}</p>"""


def _unseen(figures: Document) -> str:
    part = figures.get("unseen_by_the_prior")
    if part is None:
        return ""
    head = (WATCH, *(f"at {rate}" for rate in part["rates"]))
    rows = (
        (name == "nightlight", [TITLES[name], *(_pair(entries[name]) for entries in part["rates"].values())])
        for name in TITLES
    )
    return f"""<h2>Only the {part["homes"]} homes that the prior has not seen</h2>
<p>Median minutes (90th percentile), {part["days"]:.0f} days judged. The rest of this page is of all homes;
{len(figures["prior"]["seen"])} of them helped to make the prior, so Nightlight's figures there are too good.</p>
{_table(head, rows)}"""


def _curves(figures: Document) -> str:
    parts = ["<h2>What a false alert buys</h2>"]
    for key, said in (("median_min", "Half are noticed within"), ("p90_min", "Nine in ten are noticed within")):
        lines = [
            Line(_short(name), [(each["rate"], each[key]) for each in points], name == "nightlight")
            for name, points in figures["curves"].items()
        ]
        title = f"{said}, by rate of false alerts"
        parts.append(f"<h3>{said}</h3>" + _wide(title, chart(title, RATE, MINUTES, lines)))
    return "".join(parts)


RATE = Axis(
    "false alerts per home and 30 days", 0.25, 8, [(each, f"{each:g}") for each in (0.25, 0.5, 1, 2, 4, 8)], log=True
)
MINUTES = Axis("minutes", 5, 1440, [(each, str(each)) for each in (5, 10, 30, 60, 120, 240, 480, 1440)], log=True)
HOURS = Axis("hours after the collapse", 0, 24, [(each, str(each)) for each in (0, 1, 2, 4, 8, 12, 18, 24)])
SHARE = Axis("share noticed", 0, 1, [(each / 5, f"{each * 20} %") for each in range(6)])


def _soon(figures: Document) -> str:
    lines = [
        Line(_short(name), list(zip((each / 60 for each in REACHED), shares, strict=True)), name == "nightlight")
        for name, shares in figures["noticed_by"].items()
    ]
    title = "Share of collapses noticed, by hours after, at one false alert per home and 30 days"
    return f"<h2>{title}</h2>" + _wide(title, chart(title, HOURS, SHARE, lines))


def _short(name: str) -> str:
    return SHORT.get(name, TITLES[name])


def _by_rate(figures: Document) -> str:
    parts = []
    for rate, entries in figures["rates"].items():
        head = (
            WATCH,
            "median",
            "95 %",
            "90th",
            "within 1 h",
            "2 h",
            "4 h",
            "to single timer",
            "false alerts",
            "while away",
        )
        rows = ((name == "nightlight", [TITLES[name], *_cells(entries[name])]) for name in TITLES)
        title = f"At {rate} false alerts per home and 30 days"
        kinds = "<h3>By kind of collapse: median minutes (90th percentile)</h3>" + _kinds(entries)
        rooms = "<h3>By the room last seen: likewise</h3>" + _rooms(entries)
        opened = " open" if rate == "1" else ""
        parts.append(f"<details{opened}><summary>{title}</summary>{_table(head, rows)}{kinds}{rooms}</details>")
    return "<h2>By the rate of false alerts</h2>" + "".join(parts)


def _cells(entry: Document) -> list[str]:
    alerts = [f"{entry[name]:.2f}" for name in ("false_alerts", "false_alerts_away")]
    ratio = f"{entry['ratio_to_single_timer']['median_min']:.2f}"
    spread = between(entry["interval"]["median_min"])
    return [minutes(entry["median_min"]), spread, minutes(entry["p90_min"]), *_within(entry), ratio, *alerts]


def _kinds(entries: Document) -> str:
    rows = (
        (name == "nightlight", [TITLES[name], *(_pair(entries[name]["by_kind"].get(kind)) for kind in KINDS)])
        for name in TITLES
    )
    return _table((WATCH, *KINDS.values()), rows)


def _rooms(entries: Document) -> str:
    rooms = list(entries["nightlight"]["by_room"])
    rows = (
        (name == "nightlight", [TITLES[name], *(_pair(entries[name]["by_room"].get(room)) for room in rooms)])
        for name in TITLES
    )
    return _table((WATCH, *rooms), rows)


def _pair(entry: Document | None) -> str:
    return "–" if entry is None else f"{minutes(entry['median_min'])} ({minutes(entry['p90_min'])})"


def _limited(figures: Document) -> str:
    found = figures["limited"]
    entries = {"all": found, **found["by_room"]}
    rows = (
        (False, [room, minutes(each["median_min"]), minutes(each["p90_min"]), *_within(each)])
        for room, each in entries.items()
        if "within_1h" in each
    )
    return f"""<h2>When motion goes on in one room</h2>
<p>Someone on the floor may still set off the sensor there, every few minutes for a day: {found["collapses"]} such days
played into the engine, asked for {found["asked"]:g} false alert per home and 30 days. Its clocks beside silence ran out
for nothing {found["false_alerts"]:.2f} times per home and 30 days, which the other counts leave out.</p>
{_table(("room", "median", "90th", "within 1 h", "2 h", "4 h"), rows)}"""


def _within(entry: Document) -> list[str]:
    return [f"{entry[name]:.0%}" for name in ("within_1h", "within_2h", "within_4h")]


def _calibration(figures: Document) -> str:
    head = ("asked", "got", "got while away", "worst home", "homes over twice the budget", "median", "90th")
    rows = (
        (
            False,
            [
                f"{each['asked']:g}",
                f"{each['got']:.2f}",
                f"{each['got_away']:.2f}",
                f"{each['worst_home']:.1f} ({each['worst_home_id']})",
                f"{each['over_twice_the_budget']:.0%}",
                minutes(each["median_min"]),
                minutes(each["p90_min"]),
            ],
        )
        for each in figures["calibrations"].values()
    )
    said = "<p>Silences that the engine found that were none: it sets its level itself, without the judged days.</p>"
    return "<h2>Asked for and got: false alerts per home and 30 days</h2>" + said + _table(head, rows)


def _homes(figures: Document) -> str:
    at_one = {name: each["rates"]["1"] for name, each in figures["by_home"].items()}
    points = [(each["false_alerts"], each["median_min"], name) for name, each in at_one.items() if each["median_min"]]
    most = max([4.0, *(each[0] for each in points)])
    across = Axis("false alerts per 30 days", 0, most, [(each, str(each)) for each in range(int(most) + 1)])
    seen = set(figures["prior"].get("seen", []))
    rows = (
        (
            False,
            [
                name + (" (in the prior)" if name in seen else ""),
                f"{figures['by_home'][name]['days']:.0f}",
                f"{figures['by_home'][name]['learning_days']:.0f}",
                f"{each['false_alerts']:.1f}",
                f"{each['false_alerts_away']:.1f}",
                minutes(each["median_min"]),
            ],
        )
        for name, each in at_one.items()
    )
    head = ("home", "days judged", "days learned", "false alerts", "while away", "median minutes")
    left = "".join(f"<li>{escape(name)}: {escape(why)}</li>" for name, why in figures["left_out"].items())
    title = "Home by home, at one false alert per home and 30 days for all together"
    picture = _wide(title, dots(title, across, MINUTES, points))
    return f"<h2>{title}</h2>{picture}{_table(head, rows)}<p>Left out:</p><ul>{left or '<li>none</li>'}</ul>"


def _method(figures: Document) -> str:
    return f"""<h2>How this was measured</h2>
<p>The first days of a home are learned from, the rest is judged; learning goes on, and no decision uses what came
after. A collapse is played in: from a moment on the person causes no observation, while the kit goes on beating. None
while the person is out. Nothing alerts before five minutes; a delay is counted up to a day (1440 minutes). Silences of
over 30 hours, and those in which the installation was dead, are left out. Motion that goes on in one room
restarts every clock that any motion restarts; there Nightlight stands with the clocks that it keeps beside silence, at
its own level whatever the rate. Levels are set, for every way of watching alike, so that the
count of false alerts on the judged days just meets the rate. In brackets: 95 % intervals over {figures["resamples"]}
resamples of homes, the level being set anew for each.</p>"""


def _table(head: Sequence[str], rows: Iterable[tuple[bool, Sequence[str]]]) -> str:
    titles = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in head)
    body = "".join(_row(own, cells) for own, cells in rows)
    table = f"<table><thead><tr>{titles}</tr></thead><tbody>{body}</tbody></table>"
    return _wide(", ".join(head), table)


def _row(own: bool, cells: Sequence[str]) -> str:
    first, *rest = map(escape, cells)
    said = "".join(f"<td>{cell}</td>" for cell in rest)
    return f'<tr{" class=own" if own else ""}><th scope="row">{first}</th>{said}</tr>'


def _wide(title: str, content: str) -> str:
    """What may be wider than the screen is moved by itself, by keyboard too."""
    return f'<div class="wide" role="group" aria-label="{escape(title)}" tabindex="0">{content}</div>'
