"""The figures of an evaluation of falls as a page of text, for docs/SCORECARD-falls.md; the main ones as a part of
another page, for docs/SCORECARD.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from simulators.evaluate import fallsrows
from simulators.evaluate.fallsrows import Document, Rows, number
from simulators.evaluate.scorecard import table
from simulators.evaluate.wearers import LAIN_S

ASKED = {"fallalld_neck": (0.93, 2.0), "sisfall_waist": (0.985, 1.5), "casale_chest_adl": (None, 0.2)}
ASKED_OF_THE_OLD = {"sisfall_waist": 1.0}
SOFT, ASKED_OF_SOFT = "A135", 0.6
FEW = 6

BEGINS = "<!-- Falls: put here by `nightlight-sim evaluate falls`, never typed. -->"


def scorecard(document: Document, day: date) -> str:
    parts = (
        *(_head(document, day), _asked(document), _at_other_thresholds(document), *_files(document)),
        *(_transfer(document), _robustness(document)),
    )
    return "\n\n".join(part for part in parts if part) + "\n"


def _head(document: Document, day: date) -> str:
    return f"""# Scorecard: falls that a worn sensor tells of, and how often nothing had happened

<!-- Made by `nightlight-sim evaluate falls FOLDER --leave-people-out --robustness --scorecard docs/SCORECARD-falls.md
--within docs/SCORECARD.md`, never typed. -->

**These figures come from acted falls, on mats, by mostly young people who knew that they would fall, and from scripted
activity. Where falls of real, older people were recorded, worn detectors found about 80 % of them, with 0.56 false
alarms an hour in the best study published. Expect that, not this.** Nobody should rely on this detector alone: the
button, the silence after a fall and the long-lie rule stand behind it.

Measured on {day.isoformat()}. Judged {document["model"]["judged"]}{_seen(document)}.
One model and one threshold, {document["model"]["threshold"]:g}, for all people and places of wear; what is worn on a
wrist is judged too, though no model learns from it. How the model is made, and that threshold, were settled with
figures like these of these same people in sight, and for that they are somewhat too good. Each person's trials are
joined in random order into one stream, and pauses filled with cuts from that person's own ordinary trials; who fell
stays as they lay for {LAIN_S:g} s where a trial is over sooner.

{fallsrows.COUNTED}
The baselines run on the same streams and are counted in the same way; their thresholds are chosen on the other people
of the same file, so they know the hardware, which the model does not. In brackets: 95 % over resampled people; where
there are eight, that is wide.

{_rows(fallsrows.summary(document))}"""


def within(page: str, document: Document, day: date) -> str:
    """That page with what an evaluation came to as its last part, in the place of what an earlier one did."""
    rows = [row for row in fallsrows.summary(document)[1:] if not row[0].startswith("– ")]
    said = f"""{BEGINS}

## Falls that a worn sensor tells of

**These figures come from acted falls and scripted activity; of real falls fewer are found.** Measured on
{day.isoformat()}, judged {document["model"]["judged"]}{_seen(document)}. How it is counted, what simple rules
come to on the same streams, and who is served worst: [SCORECARD-falls.md](SCORECARD-falls.md).

{table(fallsrows.summary(document)[0], rows)}

{_asked_rows(document)}
"""
    return f"{page.partition(BEGINS)[0].rstrip()}\n\n{said.rstrip()}\n".lstrip()


def kept(page: str) -> str:
    """What `within` put there."""
    return page[page.index(BEGINS) :] if BEGINS in page else ""


def _seen(document: Document) -> str:
    seen = [name for name, entry in document["files"].items() if entry["people_seen_by_the_model"]]
    return f", which has seen people of {', '.join(seen)}: the figures there are too good" if seen else ""


def _rows(rows: Rows) -> str:
    return table(rows[0], rows[1:])


def _asked(document: Document) -> str:
    rows = _asked_rows(document)
    return f"## What was to be reached\n\n{rows}" if rows else ""


def _asked_rows(document: Document) -> str:
    """What was to be reached, where these recordings are among those judged."""
    rows = [row for name, entry in document["files"].items() for row in _goals(name, entry)]
    return table(("", "asked", "measured", ""), rows) if rows else ""


def _goals(name: str, entry: Document) -> list[Sequence[str]]:
    sensitivity, rate = ASKED.get(name, (None, None))
    soft = entry["by_activity"].get(SOFT, {}) if name in ASKED else {}
    old, falls = "elderly_false_alarms_per_hour", number(soft.get("falls"))
    return [
        *_least(f"{name}: falls found", sensitivity, entry["sensitivity"]),
        *_most(f"{name}: false alarms an hour", rate, entry["false_alarms_per_hour"]),
        *_most(f"{name}: the same, of people of 60 or older", ASKED_OF_THE_OLD.get(name), entry[old]),
        *_least(f"{name}: soft falls ({SOFT}, down a wall), of {falls}", ASKED_OF_SOFT, soft.get("sensitivity")),
    ]


def _least(what: str, asked: float | None, got: float | None) -> list[Sequence[str]]:
    if asked is None or got is None:
        return []
    return [(what, f"≥ {number(asked, 100, ' %')}", number(got, 100, " %"), "met" if got >= asked else "**missed**")]


def _most(what: str, asked: float | None, got: float | None) -> list[Sequence[str]]:
    if asked is None or got is None:
        return []
    return [(what, f"≤ {number(asked)}", number(got), "met" if got <= asked else "**missed**")]


def _at_other_thresholds(document: Document) -> str:
    others = document.get("other_thresholds")
    if not others:
        return ""
    at = {f"{document['model']['threshold']:g}": document["files"]} | others
    order = sorted(at, key=float)
    rows: Rows = [("", *order)]
    rows += [(name, *(fallsrows.main(at[each][name]) for each in order)) for name in document["files"]]
    said = "Sensitivity and false alarms an hour, of the same models. The threshold is set, and not learned."
    return f"## With another threshold\n\n{said}\n\n{_rows(rows)}"


def _files(document: Document) -> list[str]:
    return [
        f"## {name}: {entry['people']} people, {entry['falls']} falls, {entry['hours']:.1f} h of ordinary trials\n\n"
        f"Worn at: {entry['placement']}; {entry['fs']:g} samples a second.\n\n"
        f"By age, and the people worst served:\n\n{_rows(fallsrows.people(entry, FEW))}\n\n"
        f"Hardest falls and most trying activity:\n\n{_rows(fallsrows.worst(entry, FEW))}"
        for name, entry in document["files"].items()
    ]


def _transfer(document: Document) -> str:
    if not document.get("transfer"):
        return ""
    said = "No person, place of recording or kind of sensor of the file that is judged was learned from."
    return f"## Learned from other recordings only\n\n{said}\n\n{_rows(fallsrows.transfer(document))}"


def _robustness(document: Document) -> str:
    if "robustness" not in document:
        return ""
    said = "Sensitivity and false alarms an hour, the same models judging the same movement."
    return f"## As other hardware would have felt it\n\n{said}\n\n{_rows(fallsrows.robustness(document))}"
