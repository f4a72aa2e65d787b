"""One thing a sensor noticed, at one moment, in one home."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated

import msgspec

EARLIEST = datetime(2024, 1, 1, tzinfo=UTC)
"""No kit is older than this: a clock that says less has lost the time (a Pi without a battery boots in 1970)."""


class SensorKind(StrEnum):
    """What is fitted. Consent is given, and health limits are set, per kind."""

    PENDANT = "pendant"
    PULL_CORD = "pull_cord"
    MOTION = "motion"
    DOOR = "door"
    BED = "bed"
    CHAIR = "chair"


class What(StrEnum):
    """What was noticed, in the past tense. `ALIVE`, `HEARD` and `TESTED` are caused by the kit, all others by a person.

    A pendant that feels acceleration says `FELL` (judged likely, and not called off), `MAYBE_FELL` (judged unlikely),
    `FALL_CALLED_OFF`, and now and then that it is `WORN`. `TESTED` is the kit's own daily test press, which goes the
    way of a press and never calls a person.
    """

    PRESSED = "pressed"
    MOVED = "moved"
    OPENED = "opened"
    CLOSED = "closed"
    LAY_DOWN = "lay_down"
    GOT_UP = "got_up"
    ALIVE = "alive"
    HEARD = "heard"
    FELL = "fell"
    MAYBE_FELL = "maybe_fell"
    FALL_CALLED_OFF = "fall_called_off"
    WORN = "worn"
    TESTED = "tested"
    SAT_DOWN = "sat_down"
    STOOD_UP = "stood_up"


KIT = "kit"
"""What a test press says in place of a sensor. No sensor may be called that."""


WHATS: tuple[What, ...] = tuple(What)
"""The order in which `What` is coded as a small integer in columns. Only ever append."""

CODE_OF: dict[What, int] = {what: code for code, what in enumerate(WHATS)}

KINDS_OF: dict[What, frozenset[SensorKind]] = {
    What.PRESSED: frozenset({SensorKind.PENDANT, SensorKind.PULL_CORD}),
    What.MOVED: frozenset({SensorKind.MOTION}),
    What.OPENED: frozenset({SensorKind.DOOR}),
    What.CLOSED: frozenset({SensorKind.DOOR}),
    What.LAY_DOWN: frozenset({SensorKind.BED}),
    What.GOT_UP: frozenset({SensorKind.BED}),
    What.SAT_DOWN: frozenset({SensorKind.CHAIR}),
    What.STOOD_UP: frozenset({SensorKind.CHAIR}),
    What.FELL: frozenset({SensorKind.PENDANT}),
    What.MAYBE_FELL: frozenset({SensorKind.PENDANT}),
    What.FALL_CALLED_OFF: frozenset({SensorKind.PENDANT}),
    What.WORN: frozenset({SensorKind.PENDANT}),
    What.TESTED: frozenset(),
}
"""Which kinds of sensor may notice what: an observation from any other kind is a mistake in the kit's settings."""

SUSPECTED = frozenset({What.FELL, What.MAYBE_FELL, What.FALL_CALLED_OFF})
SIGNS_OF_LIFE = frozenset(KINDS_OF) - SUSPECTED - {What.WORN, What.TESTED}
"""A fall is none, and neither is what a pendant or the kit says of itself: after either a silence goes on."""

URGENT = frozenset({What.PRESSED, What.FELL, What.TESTED})
"""Sent alone, at once, and before anything that waits."""

Evidence = Mapping[Annotated[str, msgspec.Meta(max_length=32)], float]
"""Of a suspected fall: `chance` 0 to 1, `peak_g` (g), `tilt_deg` (degrees), `still_s` (s), and `walked` 1 where it was
called off by walking away rather than by a press.
"""
_MOST_FELT = {"chance": 1.0, "peak_g": 1000.0, "tilt_deg": 360.0, "still_s": 3600.0, "walked": 1.0}


def felt(what: What, evidence: Evidence | None) -> Evidence | None:
    """What of it means anything, within what can be felt: a kit that says more must not speak for a detector."""
    if evidence is None or what not in SUSPECTED:
        return None
    return {name: min(max(evidence[name], 0.0), most) for name, most in _MOST_FELT.items() if name in evidence}


class Observation(msgspec.Struct, frozen=True, gc=False):
    """What `sensor` noticed `at` a moment (UTC) by the home's clock, which may not have been right then.

    `number` counts up in the outbox that kept it and names this observation for ever, together with that
    outbox's own name and the home. The limits are those of what can be read from a message.
    """

    number: Annotated[int, msgspec.Meta(ge=1)]
    sensor: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    what: What
    at: Annotated[datetime, msgspec.Meta(tz=True)]
    clock_trusted: bool = True
    evidence: Annotated[Evidence, msgspec.Meta(max_length=16)] | None = None


SKEW = timedelta(minutes=5)
"""A kit's clock may run this far ahead of the hub's and still be believed."""

OLDEST = timedelta(days=45)
"""No outbox holds more: an observation said to be older was not placed by a right clock."""


class Placed(msgspec.Struct, frozen=True, gc=False):
    """When an observation is taken to have happened; `doubt` says why that is not what the kit said."""

    at: datetime
    doubt: str | None = None


def placed(observation: Observation, sent: datetime, arrived: datetime) -> Placed:
    """Where an observation belongs in the hub's time, whatever the kit's clock said.

    `sent` is the kit's clock when it sent the message, `arrived` the hub's when it came. The distance from `at`
    to `sent` holds even where both are wrong by the same amount, as on a Pi that has not yet set its clock.
    """
    at = observation.at
    believable = max(EARLIEST, arrived - OLDEST) <= at <= arrived + SKEW
    if observation.clock_trusted and believable:
        return Placed(at)
    age = sent - at
    moment = arrived - age if timedelta(0) <= age <= OLDEST else arrived
    if observation.clock_trusted:
        return Placed(
            moment, f"the kit's clock said {at:%Y-%m-%d %H:%M} UTC, so its time is wrong: check its network time"
        )
    return Placed(moment)
