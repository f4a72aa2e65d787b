"""What was written down in English is told again in Welsh, whole and with all its figures, whatever was found."""

import re
from collections.abc import Iterator
from dataclasses import astuple, replace
from datetime import UTC, datetime, timedelta

from hub.web.words import NOT_TOLD
from models.alert import Lane, Outcome
from models.detection import Finding, FindingKind, Urgency, coldstart, feedback
from models.detection.explain import explain
from models.detection.reach import not_watched
from models.health import Why
from models.home import Home, Sensor
from models.observation import SensorKind
from models.retold import _FILES, _patterns, retold
from models.telling import listed_in_words
from tests.hub.web.test_languages import ENGLISH

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
SINCE = NOON - timedelta(hours=3)
LONG_AGO = NOON - timedelta(days=2, hours=1)
SENSORS = (
    Sensor("pendant", SensorKind.PENDANT, "hall", wearer="r"),
    Sensor("cord", SensorKind.PULL_CORD, "bathroom"),
    Sensor("hall", SensorKind.MOTION, "hall"),
    Sensor("lounge", SensorKind.MOTION, "living_room"),
    Sensor("front", SensorKind.DOOR, "hall", is_exit=True),
    Sensor("bed", SensorKind.BED, "bedroom"),
    Sensor("armchair", SensorKind.CHAIR, "living_room"),
)
HOME = Home("h", "Northside", SENSORS)
FULL = replace(HOME, people=2, pets=True, visits=True)
EVERYTHING: dict[str, str | float | int | bool | None] = {
    "expected_by": NOON.timestamp(), "last_sensor": "lounge", "heard_until": NOON.timestamp(), "sensors": 6,
    "sensors_heard": 5, "doubted": "hall bed", "company_at": SINCE.timestamp(), "chance": 0.00083, "ended_by": "cord",
    "learned_days": 20.0, "perhaps_out": True, "ever_heard": True, "why": "its connection dropped", "limit": 14400.0,
    "longest_stay": 1500.0, "back_within": 2400.0, "last_sign": SINCE.timestamp(), "dead": "hall front",
    "doubtful": "bed_mat sensor_flapping sensor_stuck sensor_mislabelled", "usual_bed": 22.5, "usual_up": 7.5,
    "nights": 30, "trips": 7.0, "usual_trips": 1.4, "opened_1": 3.0, "longest_quiet": 5400.0, "open_for": 600.0,
    "longest": 7200.0, "sure_at": NOON.timestamp() + 600, "recent": 91.0, "known": 7.25, "late_by": 7500.0,
    "new_sensor": LONG_AGO.timestamp(), "clocks_changed": LONG_AGO.timestamp(), "away_days": 3.0,
    "peak_g": 3.2, "tilt_deg": 71.0, "still_s": 6.0, "confidence": 0.62, "rooms": "hall, living_room",
    "place": "living_room", "opened_0": 0.2, "figure": 14.0, "openings": 4.0, "seat": "armchair",
    "sat_at": LONG_AGO.timestamp(),
}  # fmt: skip
STAGES = (
    "felt", "walked", "held", "unlikely", "doubted", "called_off", "still", "one_room", "others", "elsewhere", "in_bed",
    "in_chair",
)  # fmt: skip
MATS = ("blinking", "stuck", "nobody", "other", "believed")
OF_A_KIT = {kind for kind in FindingKind if kind.lane is Lane.KIT and kind.urgency is not Urgency.TELL} - {
    FindingKind.KIT_UNHEARD, FindingKind.SENSOR_UNHEARD, FindingKind.BED_MAT
}  # fmt: skip
"""What keeps a kit from working is mended by staff, who read English."""


def found(kind: FindingKind) -> Iterator[Finding]:
    """As little and as much as can be known of it."""
    sensor = "pendant" if kind in (FindingKind.PRESS, FindingKind.FALL) else "front"
    new = EVERYTHING | {"learned_days": 3.0, "wanders": True, "perhaps_out": False, "sure_at": NOON.timestamp()}
    for evidence in ({}, EVERYTHING, new):
        for over in (False, True):
            one = Finding(kind, "h", SINCE, NOON, sensor, evidence=evidence, over=over, strength=0.63)
            yield one
            yield replace(one, since=LONG_AGO, sensor=None)
            yield replace(one, since=NOON.replace(hour=23) - timedelta(days=1), sensor="cord")
            if kind is FindingKind.FALL:
                yield from (replace(one, evidence={"rooms": "hall"} | evidence | {"stage": stage}) for stage in STAGES)
                yield replace(one, evidence=evidence | {"stage": "still", "rose": "armchair"})
            if kind in (FindingKind.BED_MAT, FindingKind.NOT_UP):
                yield from (replace(one, evidence=evidence | {"mat": mat}) for mat in MATS)
            if kind is FindingKind.KIT_UNHEARD and evidence:
                yield from (replace(one, evidence=evidence | {"why": str(why)}) for why in Why)


def explanations() -> set[str]:
    kinds = [kind for kind in FindingKind if kind not in OF_A_KIT]
    return {
        part
        for kind in kinds
        for one in found(kind)
        for home in (HOME, FULL)
        for part in astuple(explain(one, home))
        if part and "None of None" not in part and "  " not in part  # of a sensor that every such finding names
    }


def how_it_is_watched() -> set[str]:
    """The rest of what a resident reads of their home."""
    judged = [
        feedback.Judged(number, "h", outcome, at)
        for number, (outcome, at) in enumerate(
            [(Outcome.VISITOR, NOON), (Outcome.FALSE, NOON), (Outcome.FALL, NOON - timedelta(days=35))]
        )
    ]
    few = [[judged[0]], judged, judged * 3, [judged[1], judged[1]], [replace(judged[0], outcome=Outcome.AWAY)]]
    falls = [feedback.JudgedFall(n, "h", "pendant", Outcome.FALSE, NOON) for n in range(5)]
    said = {feedback.told(own, now, some, "UTC") for own, now in ((1, 0.4), (2, 1.5), (1, 2), (2, 3)) for some in few}
    said |= {feedback.told_of_falls(feedback.sureness(falls[:n], NOON), falls, NOON) for n in (3, 4, 5)}
    said |= {coldstart.told(LONG_AGO, "UTC")}
    for by in (coldstart.known_by(timedelta(days=3)), coldstart.known_by(timedelta(days=30))):
        said.add(
            f"The next sign of life is expected by 12:40: {by}, a well person is quiet that long after 1 in 1,200"
            " such moments."
        )
    said |= {"The next sign of life is expected by 22:15 last night.", "worn, last moved 11:20 on Sat 21 Nov"}
    said |= {
        "not worn since 22:15 yesterday",
        "not worn for over 14 days",
        "The home is heard; all has arrived up to 12:00:07.",
    }
    said |= {f"The home is not heard {since}, because {why}." for why in Why for since in ("since 08:05", "at all")}
    said.add("A shift of how closely this home is watched was undone by Sunita Rao at 11:20 yesterday.")
    for lacks in ((), (SENSORS[2],), SENSORS[2:4], (SENSORS[0],)):
        for kind, why in not_watched(replace(HOME, sensors=lacks)).items():
            said.add(f"{why[0].upper()}{why[1:]}, so nobody is told of {NOT_TOLD[kind]}.")
            said.add(f"{why[0].upper()}{why[1:]}, so nobody is told of {listed_in_words([*NOT_TOLD.values()][:3])}.")
    return said


def test_all_that_can_be_found_of_a_person_is_told_again_in_welsh() -> None:
    said = explanations() | how_it_is_watched()
    assert len(said) > 150
    told = {text: retold(text, "cy") for text in said}
    assert [text for text, welsh in told.items() if welsh is None] == []
    english = {text: welsh for text, welsh in told.items() if welsh and ENGLISH.search(welsh.replace(" a ", " "))}
    assert english == {}
    lost = {text: welsh for text, welsh in told.items() if welsh and figures(text) != figures(welsh)}
    assert lost == {}


def figures(text: str) -> list[str]:
    """Its moments and numbers, in whatever order the language has them."""
    return sorted(re.findall(r"\d+(?:[.:,]\d+)*", text))


def test_every_pattern_is_of_something_that_is_said() -> None:
    """So none stays behind when the English changes."""
    parts = [
        part for text in explanations() | how_it_is_watched() for part in re.split(r"(?<=[.?!]) (?=[A-Z\d])", text)
    ]
    whole = [pattern.pattern for pattern, _ in _patterns("cy") if pattern.pattern.endswith(r"\.")]
    read = {one for one in whole for part in parts if re.fullmatch(one, part)}
    assert [one for one in whole if one not in read] == []
    assert _FILES.joinpath("cy.toml").is_file()


def test_what_nobody_has_words_for_is_not_told_again() -> None:
    assert retold("The cat sat on the mat.", "cy") is None
    assert retold("Seen in another room. The cat sat on the mat.", "cy") is None
    assert retold("Seen in another room.", "tlh") is None
    assert retold("The cat sat on the mat.", "en") == "The cat sat on the mat."
    assert retold("No sign of life since 22:15 on Sat 21 Nov (living room motion).", "cy") == (
        "Dim arwydd o fywyd ers 22:15, Sad 21 Tach (synhwyrydd symud yn yr ystafell fyw)."
    )
