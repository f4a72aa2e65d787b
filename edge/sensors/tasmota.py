"""Switches and buttons of Tasmota: `stat/<topic>/RESULT` {"Switch1":{"Action":"ON"}}, {"Button1":{"Action":"SINGLE"}}.

Every few minutes, and when asked, `tele/<topic>/SENSOR` tells all states again: by it an edge that was missed is seen.
Its times are local, without a zone, and so not believed. `tele/<topic>/LWT`, kept at the broker, is Online or Offline.
"""

from collections.abc import Mapping, Sequence
from typing import cast

import msgspec

from edge.clock import Moment
from edge.sensors import Fitted, Noticed, Surroundings
from edge.sensors.edges import Edges
from edge.sensors.over_mqtt import OverMqtt
from models.observation import SensorKind, What

STATES = {"ON": True, "OFF": False, "1": True, "0": False}
PRESSES = frozenset({"SINGLE", "DOUBLE", "TRIPLE", "QUAD", "PENTA", "HOLD"})
LWT = {b"Online": True, b"Offline": False}


class Tasmota(OverMqtt):
    """Addresses are `<topic>/Switch1`. Not for more than one thread."""

    def __init__(self, fitted: Sequence[Fitted], surroundings: Surroundings) -> None:
        super().__init__(fitted, surroundings.last)
        self._fitted = fitted
        self._edges = Edges(fitted, surroundings.last)

    @property
    def topics(self) -> Sequence[str]:
        boards = sorted({_board(sensor) for sensor in self._fitted})
        return [topic for one in boards for topic in (f"stat/{one}/RESULT", f"tele/{one}/SENSOR", f"tele/{one}/LWT")]

    def read(self, topic: str, payload: bytes, moment: Moment, *, retained: bool, repeated: bool) -> list[Noticed]:
        """What this message says is new. Never raises for what is in it."""
        del repeated  # a state said twice is no edge
        leg, _, rest = topic.partition("/")
        board, _, leaf = rest.rpartition("/")
        mine = [sensor for sensor in self._fitted if _board(sensor) == board]
        if (leg, leaf) == ("tele", "LWT"):
            self._will(mine, payload.strip(), moment, kept=retained)
            return []
        if (leg, leaf) not in {("stat", "RESULT"), ("tele", "SENSOR")}:
            return []
        said = _object(payload)
        if not retained:
            self._alive |= dict.fromkeys((sensor.id for sensor in mine), moment.at)
        return [news for sensor in mine for news in self._heard(sensor, said.get(_part(sensor)), moment, kept=retained)]

    def _heard(self, sensor: Fitted, said: object, moment: Moment, *, kept: bool) -> list[Noticed]:
        action = said.get("Action") if isinstance(said, Mapping) else said
        if not isinstance(action, str):
            return []
        if sensor.kind in {SensorKind.PENDANT, SensorKind.PULL_CORD} and action.upper() in PRESSES:
            return [] if kept else [Noticed(sensor.id, What.PRESSED, moment)]
        state = STATES.get(action.upper())
        return [] if state is None else self._edges.now(sensor, state, moment, kept=kept)

    def _will(self, mine: Sequence[Fitted], payload: bytes, moment: Moment, *, kept: bool) -> None:
        if payload not in LWT:
            return
        for sensor in mine:
            self._says(sensor, online=LWT[payload])
            if LWT[payload] and not kept:
                self._alive[sensor.id] = moment.at


def fit(fitted: Sequence[Fitted], surroundings: Surroundings) -> Tasmota:
    return Tasmota(fitted, surroundings)


def _board(sensor: Fitted) -> str:
    return sensor.address.rpartition("/")[0]


def _part(sensor: Fitted) -> str:
    return sensor.address.rpartition("/")[2]


def _object(payload: bytes) -> Mapping[str, object]:
    try:
        return cast("Mapping[str, object]", msgspec.json.decode(payload, type=dict[str, object]))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}
