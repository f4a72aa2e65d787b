"""What the rest of a home says about a fall that a pendant suspects: one alert, one confidence, told as it changes.

- A likely fall is told at once. Five minutes without a sign of life anywhere, or ten with signs from one room only,
  make it more likely. Movement in two rooms, or lying down in bed, makes it less so, and says so; it stays open.
- An unlikely one is told of only when ten minutes bring no sign of life, or signs from one room only. Where people sit
  or lie down that is ordinary: there a sign of life after a minute settles it, and complete silence has to last half an
  hour. In bed by the bed's own word, or in a bedroom at night, it means nothing.
- One that was called off by a press is told of when nothing at all is noticed for twenty minutes after: a press on the
  floor, meant as a call for help, must not be the last word. Called off by walking away it means nothing, but where
  others live, whose steps those may have been, or a frame or a wheelchair is used, it is a likely fall.
- A chair that is taken speaks against lying on the floor: a likely fall becomes less so after a minute, and says so,
  but stays open, and neither stillness nor signs from that one room count meanwhile; an unlikely one waits for an hour.
  A fall that is felt as somebody gets up from a chair, and then nothing, is likelier, also where people sit.
- Where others live or come in, or a visitor or a pet may be there, movement does not lower the confidence in one, and
  neither does a chair.

The odds below were set by judgement: no recorded real fall comes with the sensors of a whole home.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from models.detection import HELD_BACK, SEATED, Finding, FindingKind, company
from models.detection.batch import NO_SENSOR, Floats, Ints, utc
from models.detection.chairs import Seat, seat
from models.detection.kernels import Row
from models.home import Home, Sensor
from models.observation import CODE_OF, KINDS_OF, Evidence, SensorKind, What

STATE = np.dtype(
    [("at", np.float64), ("chance", np.float32), ("sensor", np.int32), ("kind", np.uint8), ("told", np.uint8)]
)
"""A home's latest suspicion: of when, how likely by the pendant alone, which pendant, of what kind, what was told."""

NONE, UNLIKELY, DOUBTED, CALLED_OFF, LIKELY = range(5)
STILL, ONE_ROOM, OTHERS, IN_CHAIR = 1, 2, 4, 16
"""What was told of a likely fall since; the number that tells such a finding from the first."""

BORNE_OUT = 8

SETTLED = 5.0
"""Sooner after the fall a sensor may be telling of the steps before it, in s."""
STILL_FOR, WAIT, WAIT_AT_REST, WAIT_CALLED_OFF = 300.0, 600.0, 1800.0, 1200.0
MOVED_ON = 60.0
FOLLOWED = 3600.0
PART_OF_ONE = 1800.0
"""So long after a likely fall an unlikely one is no news."""
TO_BED = 10.0
SAT_FOR, SAT_AT_MOST, WAIT_SEATED = 60.0, 4 * 3600.0, 3600.0
"""A chair is believed when it was taken for so long (s) since the fall, and not for much longer before: mats stick."""
ROSE_BEFORE, ROSE_AFTER = 60.0, 30.0
"""Whoever falls out of a chair, or getting up from it, leaves it so close to the fall (s): mats are slow to say so."""

ODDS = {
    "still": 3.0, "silent": 6.0, "one_room": 3.0, "elsewhere": 0.15, "in_bed": 0.25, "called_off": 0.5,
    SEATED: 0.3, "rose": 2.0,
}  # fmt: skip
"""By how much each multiplies the odds that it was a fall."""

UNSAID = {What.FELL: 0.8, What.MAYBE_FELL: 0.3, What.FALL_CALLED_OFF: 0.6}
"""The chance where a kit does not say it."""

REST = ("bed", "living", "lounge", "sitting", "dining")
EVENING, MORNING = 21, 8
_LAY_DOWN, _STOOD_UP = CODE_OF[What.LAY_DOWN], CODE_OF[What.STOOD_UP]


@dataclass(frozen=True, slots=True)
class Around:
    """What the sensors of a home said since a suspicion: rooms with a sign of life and the latest of it, the room
    before, since when the bed says that somebody lies in it, and whether others may be there. Where none may be, the
    chair that is taken, the one that was left just then, and when one was left last.
    """

    since: Mapping[str, float]
    before: str | None
    in_bed_since: float | None
    others: bool
    seat: Seat | None = None
    rose: str | None = None
    left_at: float = -np.inf

    @property
    def how(self) -> tuple[str, ...]:
        """What chairs say of how likely it is: keys of ODDS."""
        return (*([SEATED] if self.seat else []), *(["rose"] if self.rose and not self.seat else []))


class Fusion:
    """A few bytes a home; only homes with a suspicion cost time, which `followed` holds by their index."""

    def __init__(self, homes: Sequence[Home]) -> None:
        self._homes = homes
        self._felt: dict[tuple[int, int, float], Evidence] = {}
        self.state = np.zeros(len(homes), STATE)
        self.followed: set[int] = set()

    def feel(self, home: int, sensor: int, at: float, evidence: Evidence) -> None:
        """What the suspicion rests on that comes with the next batch."""
        self._felt[home, sensor, at] = evidence

    def suspect(self, home: int, sensor: int, name: str | None, what: What, at: float, arrived: float) -> list[Finding]:
        """`sensor` is its index, `name` its id. A likely fall is a finding at once."""
        felt = self._felt.pop((home, sensor, at), {})
        chance = min(max(float(felt.get("chance", UNSAID[what])), 0.0), 1.0)
        kind = self._kind(self._homes[home], name, what, chance, felt)
        self._remember(home, sensor, kind, at, chance)
        evidence = {**felt, "chance": chance, "confidence": chance, "late_by": arrived - at}
        if kind == DOUBTED:
            return [self._finding(home, name, at, arrived, HELD_BACK, evidence)]
        walked = what is What.FALL_CALLED_OFF
        stage = "walked" if walked else "felt"
        return [self._finding(home, name, at, arrived, stage, evidence)] if kind == LIKELY else []

    def look(
        self, moment: float, heard_until: Floats, sensors: Row, fits: Sequence[Ints], since_company: Row, trouble: Row
    ) -> list[Finding]:
        """At `moment`. `sensors` holds `sign_at` and `said` of each, `fits` where each home's begin and end;
        `since_company` for how long (s) nobody else has been noticed, `trouble` which sensors mislead.
        """
        found: list[Finding] = []
        for home in sorted(self.followed):
            mine, known = self.state[home], min(moment, float(heard_until[home]))
            fitted, visitor = sensors[fits[0][home] : fits[1][home]], bool(since_company[home] < company.MATTERS)
            around = self._with_chairs(home, mine, fitted, trouble[home], self._around(home, mine, fitted, visitor))
            name = self._name(home, int(mine["sensor"]), int(fits[0][home]))
            judge = self._likely if mine["kind"] == LIKELY else self._unlikely
            found += judge(home, name, mine, around, known, moment)
            if mine["kind"] == NONE:
                self.followed.remove(home)
        return found

    def restore(self, old: Row, homes: tuple[Ints, Ints], now_at: Mapping[int, int]) -> None:
        """As it was, for homes that are still there; `now_at` says where sensors are that were elsewhere."""
        self.state[homes[0]] = old[homes[1]]
        self.followed = set(np.flatnonzero(self.state["kind"]).tolist())
        for home in self.followed:
            self.state[home]["sensor"] = now_at.get(int(self.state[home]["sensor"]), NO_SENSOR)

    def _kind(self, home: Home, name: str | None, what: What, chance: float, felt: Evidence) -> int:
        sensor = home.sensor(name) if name else None
        if what is What.MAYBE_FELL:
            return UNLIKELY
        if what is What.FALL_CALLED_OFF:
            walked = bool(felt.get("walked"))
            if walked and (home.people > 1 or home.slow):
                return LIKELY
            return NONE if walked else CALLED_OFF
        return DOUBTED if sensor and chance < sensor.fall_chance else LIKELY

    def _remember(self, home: int, sensor: int, kind: int, at: float, chance: float) -> None:
        """The latest stays, but that a likely one is not made less of by what follows it closely."""
        old = self.state[home]
        if kind == NONE or (kind != LIKELY and old["kind"] == LIKELY and at - old["at"] < PART_OF_ONE):
            return
        outranks = kind == LIKELY and old["kind"] != LIKELY and old["at"] - at < PART_OF_ONE
        if at > old["at"] or outranks or old["kind"] == NONE:
            self.state[home] = (at, chance, sensor, kind, 0)
            self.followed.add(home)

    def _around(self, home: int, mine: Any, sensors: Row, visitor: bool) -> Around:
        own, at = self._homes[home], float(mine["at"])
        others = visitor or own.visits or own.people > 1 or own.pets
        since: dict[str, float] = {}
        before, before_at, lay = None, -np.inf, None
        for sensor, said in zip(own.sensors, sensors, strict=True):
            sign = float(said["sign_at"])
            if sensor.kind in KINDS_OF[What.PRESSED] or not np.isfinite(sign):
                continue
            if sensor.kind is SensorKind.BED and said["said"] == _LAY_DOWN:
                lay = sign
            if sign > at + SETTLED and (others or not _rose(sensor, said, at)):
                since[sensor.room] = max(sign, since.get(sensor.room, sign))
            elif sign > before_at:
                before, before_at = sensor.room, sign
        return Around(since, before, lay, others)

    def _with_chairs(self, home: int, mine: Any, sensors: Row, trouble: Row, around: Around) -> Around:
        """Whose others may be, in a chair as well."""
        own, at = self._homes[home], float(mine["at"])
        if around.others or not any(sensor.kind is SensorKind.CHAIR for sensor in own.sensors):
            return around
        taken = seat(own, sensors, trouble)
        chairs = [pair for pair in zip(own.sensors, sensors, strict=True) if pair[1]["said"] == _STOOD_UP]
        return replace(
            around,
            seat=taken if taken and taken.since > at - SAT_AT_MOST else None,
            rose=next((sensor.id for sensor, said in chairs if _rose(sensor, said, at)), None),
            left_at=max((float(said["sign_at"]) for _, said in chairs), default=-np.inf),
        )

    def _unlikely(
        self, home: int, name: str | None, mine: Any, around: Around, known: float, moment: float
    ) -> list[Finding]:
        own, at = self._homes[home], float(mine["at"])
        if _settled(own, mine, around):
            mine["kind"] = NONE
            return []
        if known < at + _patience(mine, around):
            return []
        kind, chance = int(mine["kind"]), float(mine["chance"])
        how = ["one_room" if around.since else "silent", *(["called_off"] if kind == CALLED_OFF else []), *around.how]
        told = {"chance": chance, "confidence": confidence(chance, *how), **_rooms(around), "waited": known - at}
        self.state[home] = (at, chance, mine["sensor"], LIKELY, STILL | ONE_ROOM | (IN_CHAIR if around.seat else 0))
        number = BORNE_OUT if kind == DOUBTED else None
        return [self._finding(home, name, at, moment, _STAGES[kind], told, number=number)]

    def _likely(
        self, home: int, name: str | None, mine: Any, around: Around, known: float, moment: float
    ) -> list[Finding]:
        at, chance, told = float(mine["at"]), float(mine["chance"]), int(mine["told"])
        to_bed = around.in_bed_since is not None and around.in_bed_since > at - TO_BED
        if to_bed or len(around.since) > 1:
            how = "in_bed" if to_bed else "elsewhere"
            if not around.others:
                mine["kind"] = NONE
                evidence = {"chance": chance, "confidence": confidence(chance, how), **_rooms(around)}
                return [self._finding(home, name, at, moment, how, evidence, over=True)]
            return self._more(home, name, mine, OTHERS, "others", chance, around, moment)
        waited_from = max(at, around.left_at) if told & IN_CHAIR else at
        if known > at + FOLLOWED:
            mine["kind"] = NONE
        elif around.seat and known > max(at, around.seat.since) + SAT_FOR:
            return self._more(home, name, mine, IN_CHAIR, SEATED, confidence(chance, SEATED), around, moment)
        elif not around.since and known > at + STILL_FOR and not told & STILL:
            sure = confidence(chance, "still", *around.how)
            return self._more(home, name, mine, STILL, "still", sure, around, moment)
        elif around.since and known > waited_from + WAIT and not told & ONE_ROOM:
            sure = confidence(chance, "one_room", *around.how)
            return self._more(home, name, mine, ONE_ROOM, "one_room", sure, around, moment)
        return []

    def _more(
        self, home: int, name: str | None, mine: Any, which: int, stage: str, sure: float, around: Around, moment: float
    ) -> list[Finding]:
        if mine["told"] & which:
            return []
        mine["told"] |= which
        evidence = {"chance": float(mine["chance"]), "confidence": sure, **_rooms(around)}
        return [self._finding(home, name, float(mine["at"]), moment, stage, evidence, number=which)]

    def _finding(
        self, home: int, name: str | None, since: float, at: float, stage: str, evidence: Mapping[str, Any],
        *, over: bool = False, number: int | None = None,
    ) -> Finding:  # fmt: skip
        own = self._homes[home]
        told = {**evidence, "stage": stage, "people": own.people}
        moments = utc(since), utc(at)
        sure = float(evidence["confidence"])
        return Finding(FindingKind.FALL, own.id, *moments, name, over, sure, told, number)

    def _name(self, home: int, sensor: int, first: int) -> str | None:
        return None if sensor == NO_SENSOR else self._homes[home].sensors[sensor - first].id


_STAGES = {UNLIKELY: "unlikely", DOUBTED: "doubted", CALLED_OFF: "called_off"}


def confidence(chance: float, *how: str) -> float:
    """The chance once `how` (keys of ODDS) is known; never quite sure of either."""
    odds = min(max(chance, 0.02), 0.98)
    odds /= 1 - odds
    for each in how:
        odds *= ODDS[each]
    return min(max(odds / (1 + odds), 0.02), 0.98)


def _settled(home: Home, mine: Any, around: Around) -> bool:
    """What makes nothing of an unlikely fall."""
    at = float(mine["at"])
    if len(around.since) > 1 or (around.in_bed_since is not None and home.people == 1):
        return True
    if around.left_at > at + MOVED_ON:
        return True
    latest = max(around.since.values(), default=-np.inf)
    if mine["kind"] == CALLED_OFF:
        return bool(latest > -np.inf)
    if any(_for_rest(room) for room in around.since) and latest > at + MOVED_ON:
        return True
    in_a_bedroom = around.before is not None and "bed" in around.before.lower()
    return not around.since and in_a_bedroom and _by_night(at, home)


def _patience(mine: Any, around: Around) -> float:
    if mine["kind"] == CALLED_OFF:
        return WAIT_SEATED if around.seat else WAIT_CALLED_OFF
    if around.seat:
        return WAIT_SEATED
    at_rest = around.before is not None and _for_rest(around.before) and not around.since and not around.rose
    return WAIT_AT_REST if at_rest else WAIT


def _rooms(around: Around) -> dict[str, str | float | None]:
    told: dict[str, str | float | None] = {"rooms": ", ".join(sorted(around.since)), "place": around.before}
    if around.seat:
        return {**told, "seat": around.seat.sensor, "sat_at": around.seat.since}
    return {**told, "rose": around.rose} if around.rose else told


def _rose(sensor: Sensor, said: Any, at: float) -> bool:
    """Whether this is a chair that was left as somebody fell; that is no sign of life after it."""
    left = sensor.kind is SensorKind.CHAIR and said["said"] == _STOOD_UP
    return bool(left and at - ROSE_BEFORE <= said["sign_at"] <= at + ROSE_AFTER)


def _for_rest(room: str) -> bool:
    return any(word in room.lower() for word in REST)


def _by_night(at: float, home: Home) -> bool:
    hour = datetime.fromtimestamp(at, ZoneInfo(home.timezone)).hour
    return hour >= EVENING or hour < MORNING
