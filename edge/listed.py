"""Which sensors this kit listens to: those of its own settings, and what the hub has on record of its home.

The hub's list travels with what is agreed (`CONFIGURE`) and is kept beside it, so a sensor that an installer adds on
the phone works without anybody touching the kit. How a sensor is reached stands in the record, or in the kit's own
settings, or is the radio under its name. What can't be meant is left as it was and told of in each heartbeat. No
message takes away what calls for help: a pendant of the kit's own settings is listened to for as long as it stands
there.
"""

from collections.abc import Sequence
from dataclasses import replace

from edge.settings import SensorSettings, Settings, mistakes
from models.observation import SensorKind
from models.privacy import ALWAYS
from models.wire import Listed, Unreadable, read_configuration

LONGEST = 200


def listed(own: Settings, told: str | None) -> tuple[Settings, dict[str, str]]:
    """The settings to run with, and by sensor why it can't be listened to as the hub has it."""
    said = _said(told)
    if not said:
        return own, {}
    mine = {sensor.id: sensor for sensor in own.sensors}
    taken: list[SensorSettings] = []
    unfit: dict[str, str] = {}
    for one in said:
        meant, wrong = _meant(one, mine.get(one.id), own)
        if wrong is None and (there := _at(meant.source, taken)) is not None:
            wrong = f"'{meant.source}' is {there} already"
        if wrong is not None:
            unfit[one.id] = wrong[:LONGEST]
        before = mine.get(one.id) if wrong is not None else meant
        if before is not None and _at(before.source, taken) is None:
            taken.append(before)
    names = {sensor.id for sensor in taken}
    taken += [
        sensor
        for sensor in own.sensors
        if sensor.kind in ALWAYS and sensor.id not in names and _at(sensor.source, taken) is None
    ]
    return replace(own, sensors=_with_buttons(taken)), unfit


def _said(told: str | None) -> Sequence[Listed]:
    try:
        return () if told is None else read_configuration(told).sensors or ()
    except Unreadable:
        return ()


def _meant(one: Listed, mine: SensorSettings | None, own: Settings) -> tuple[SensorSettings, str | None]:
    """With what is wrong with it."""
    if one.kind not in set(SensorKind):
        nothing = SensorSettings(one.id, SensorKind.MOTION, one.source)
        return nothing, f"'{one.kind}' is no kind that this kit knows: update it"
    by_radio = f"zigbee2mqtt:{one.id}"
    wired = mine if mine is not None and not one.source and mine.source != by_radio else None
    source, inverted = (wired.source, wired.inverted) if wired else (one.source or by_radio, one.inverted)
    meant = SensorSettings(one.id, SensorKind(one.kind), source, inverted, mine.button if mine else None)
    wrong = mistakes(replace(own, sensors=(replace(meant, button=None),)))
    return meant, wrong[0] if wrong else None


def _at(source: str, taken: Sequence[SensorSettings]) -> str | None:
    return next((sensor.id for sensor in taken if sensor.source == source), None)


def _with_buttons(taken: Sequence[SensorSettings]) -> tuple[SensorSettings, ...]:
    names = {sensor.id for sensor in taken}
    return tuple(sensor if sensor.button in names else replace(sensor, button=None) for sensor in taken)
