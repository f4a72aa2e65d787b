"""From what a pendant felt to the word that goes out: a suspected fall, and the window in which it may be called off.

The rule, in which whatever is not understood ends in a call:

- A fall judged likely opens a window: the kit sounds its tone and lights its lamp. One judged unlikely opens none: it
  is told at once as `MAYBE_FELL`, which calls nobody by itself.
- A window that ends in silence becomes `FELL`, of the moment of the impact. So does one that a power cut or a restart
  ended, since nobody can say that it was called off.
- A press of this pendant after the impact that can't be an answer to the tone, since it came before the tone or sooner
  after it than anybody answers, is a cry: `FELL` and the press go out at once.
- A press later in the window is held for `AGAIN` seconds. If no other follows, it calls the fall off. If one does, it
  was a cry: `FELL` and both presses go out at once. A press after the window, or of any other button, is a press.
- Walking away calls it off too: movement seen by two other sensors, each later than `SETTLED` seconds after the impact
  (sooner, they may be telling of the steps before it). Where others live in the home this is switched off.
- What was called off is told all the same, as `FALL_CALLED_OFF`, and the hub goes on looking for a sign of life. What
  was felt then never leaves the home.

Nothing here reads a clock or waits. Times are those of a `Moment`'s `elapsed`, which no step of the clock moves.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Protocol

from edge.clock import Moment
from edge.sensors import Felt, Noticed
from edge.trace import Recent
from models.observation import Evidence, What

AGAIN = 10.0
REACTION = 1.0
SETTLED = 3.0
"""Seconds: see the rule."""

WORN_EVERY = 3600.0
MOVED_WITHIN = 60.0
ENOUGH_OTHERS = 2
MOVEMENT = frozenset({What.MOVED, What.OPENED, What.CLOSED})
"""A bed that is left is none: who falls out of it leaves it too, and its mat says so late."""
TOLD = ("peak_g", "tilt_deg", "still_s")


class Suspected(Protocol):
    """What a detector says: a fall `at` (s, on the samples' clock) with that `chance`, and what it rests on."""

    @property
    def at(self) -> float: ...
    @property
    def chance(self) -> float: ...
    @property
    def evidence(self) -> Mapping[str, float]: ...


class Detector(Protocol):
    """One wearer's. See models.detection.falls."""

    def feed(self, t: Sequence[float], acc: Sequence[tuple[float, float, float]]) -> Sequence[Suspected]: ...
    def worn(self, now: float, within_s: float) -> bool: ...


@dataclass(frozen=True, slots=True)
class Judging:
    """How falls are judged: a detector for a wearer, and the chance from which on a fall is likely."""

    detector: Callable[[], Detector]
    threshold: float


@dataclass(slots=True)
class Window:
    """A likely fall that may yet be called off: what goes out if it is not, and what happened since the tone began."""

    fell: Noticed
    opened: float
    ends: float
    held: Noticed | None = None
    elsewhere: frozenset[str] = frozenset()


class Falls:
    """All pendants of a kit. `buttons` names the button of a pendant that has one of another name.

    Each verb returns what is to be kept now, in that order. Used by the agent's thread alone.
    """

    def __init__(
        self, judging: Judging, seconds: float, *, walking: bool = True, buttons: Mapping[str, str] | None = None
    ) -> None:
        self._judging, self._seconds, self.walking = judging, seconds, walking
        self._buttons = buttons or {}
        self._detectors: dict[str, Detector] = {}
        self._worn_at: dict[str, float] = {}
        self._pressed_at: dict[str, float] = {}
        self._windows: dict[str, Window] = {}
        self._recent: dict[str, Recent] | None = None

    def remember(self, felt: bool) -> None:
        """Whether the last seconds are kept, so that those around a suspicion can be told with it."""
        self._recent = (self._recent or {}) if felt else None

    @property
    def pending(self) -> tuple[Noticed, ...]:
        """What must go out if nothing more is ever heard from this kit's program."""
        return tuple(window.fell for window in self._windows.values())

    @property
    def asking(self) -> frozenset[str]:
        """The pendants whose wearers are being asked: while there is one, tone and lamp are on."""
        return frozenset(sensor for sensor, window in self._windows.items() if window.held is None)

    def next_at(self) -> float | None:
        """When something will be due, by `elapsed`."""
        return min((_due_at(window) for window in self._windows.values()), default=None)

    def feel(self, felt: Felt) -> list[Noticed]:
        detector = self._detectors.get(felt.sensor)
        if detector is None:
            detector = self._detectors[felt.sensor] = self._judging.detector()
        if self._recent is not None:
            self._recent.setdefault(felt.sensor, Recent()).add(felt.t, felt.acc)
        told: list[Noticed] = []
        for suspected in detector.feed(felt.t, felt.acc):
            impact = _ago(felt.moment, felt.t[-1] - suspected.at)
            told += self._suspect(felt.sensor, suspected, impact, felt.moment)
        return told + self._worn(detector, felt)

    def take(self, noticed: Noticed) -> list[Noticed]:
        """What becomes of something that any sensor noticed."""
        if noticed.what is What.PRESSED:
            return self._press(noticed)
        off: list[Noticed] = []
        if noticed.what in MOVEMENT:
            for sensor in list(self._windows):
                off += self._moved(sensor, noticed)
        return [noticed, *off]

    def due(self, now: Moment) -> list[Noticed]:
        """Windows that are over: called off by a press that stood alone, or fallen."""
        return [self._over(sensor) for sensor, one in list(self._windows.items()) if _due_at(one) <= now.elapsed]

    def _suspect(self, sensor: str, suspected: Suspected, impact: Moment, now: Moment) -> list[Noticed]:
        told = {name: suspected.evidence[name] for name in TOLD if name in suspected.evidence}
        evidence = {"chance": round(suspected.chance, 3), **told}
        felt = self._recent[sensor].around(suspected.at) if self._recent else None
        if suspected.chance < self._judging.threshold:
            return [] if sensor in self._windows else [Noticed(sensor, What.MAYBE_FELL, impact, evidence, felt)]
        fell = Noticed(sensor, What.FELL, impact, evidence, felt)
        if self._pressed_at.get(self._button(sensor), impact.elapsed - 1) >= impact.elapsed:
            return [fell]
        window = self._windows.setdefault(sensor, Window(fell, now.elapsed, now.elapsed + self._seconds))
        if _chance(window.fell) < suspected.chance:
            window.fell = replace(window.fell, evidence=evidence)
        return []

    def _press(self, press: Noticed) -> list[Noticed]:
        at = press.moment.elapsed
        self._pressed_at[press.sensor] = at
        for sensor, window in list(self._windows.items()):
            if self._button(sensor) != press.sensor or at < window.fell.moment.elapsed:
                continue
            held = window.held
            if held is None and at >= window.opened + REACTION:
                window.held = press
                return []
            del self._windows[sensor]
            return [window.fell, *([held] if held else []), press]
        return [press]

    def _moved(self, sensor: str, noticed: Noticed) -> Iterable[Noticed]:
        window = self._windows[sensor]
        mine = {sensor, self._button(sensor)}
        if not self.walking or noticed.sensor in mine:
            return ()
        if noticed.moment.elapsed < window.fell.moment.elapsed + SETTLED:
            return ()
        window.elsewhere |= {noticed.sensor}
        if len(window.elsewhere) < ENOUGH_OTHERS:
            return ()
        del self._windows[sensor]
        return (_called_off(window.fell, walked=True),)

    def _over(self, sensor: str) -> Noticed:
        window = self._windows.pop(sensor)
        return window.fell if window.held is None else _called_off(window.fell, walked=False)

    def _worn(self, detector: Detector, felt: Felt) -> list[Noticed]:
        """Once an hour at most, while it moves as on a body."""
        now = felt.moment.elapsed
        if now - self._worn_at.get(felt.sensor, -WORN_EVERY) < WORN_EVERY:
            return []
        if not felt.t or not detector.worn(felt.t[-1], MOVED_WITHIN):
            return []
        self._worn_at[felt.sensor] = now
        return [Noticed(felt.sensor, What.WORN, felt.moment)]

    def _button(self, sensor: str) -> str:
        return self._buttons.get(sensor, sensor)


def _due_at(window: Window) -> float:
    """A held press has its time, even past the window's end."""
    return window.ends if window.held is None else window.held.moment.elapsed + AGAIN


def _called_off(fell: Noticed, *, walked: bool) -> Noticed:
    evidence: Evidence = {**(fell.evidence or {}), "walked": float(walked)}
    return replace(fell, what=What.FALL_CALLED_OFF, evidence=evidence, felt=None)


def _chance(fell: Noticed) -> float:
    return (fell.evidence or {}).get("chance", 0.0)


def _ago(moment: Moment, seconds: float) -> Moment:
    return moment.back_to(moment.at - timedelta(seconds=seconds))
