"""What it means that a sensor's state changed, for dialects that tell states and not events."""

from collections.abc import Sequence

from edge.clock import Moment
from edge.sensors import Fitted, Last, Noticed
from models.observation import SensorKind, What

MEANS: dict[tuple[SensorKind, bool], What] = {
    (SensorKind.DOOR, True): What.CLOSED,
    (SensorKind.DOOR, False): What.OPENED,
    (SensorKind.MOTION, True): What.MOVED,
    (SensorKind.BED, True): What.LAY_DOWN,
    (SensorKind.BED, False): What.GOT_UP,
    (SensorKind.CHAIR, True): What.SAT_DOWN,
    (SensorKind.CHAIR, False): What.STOOD_UP,
    (SensorKind.PENDANT, True): What.PRESSED,
    (SensorKind.PULL_CORD, True): What.PRESSED,
}
"""What an edge to that state is; the end of a movement or of a press is nothing."""

LASTING = frozenset({SensorKind.DOOR, SensorKind.BED, SensorKind.CHAIR})
OF_WHAT: dict[What, bool] = {what: state for (kind, state), what in MEANS.items() if kind in LASTING}


class Edges:
    """The state of each sensor as it is known: of doors, beds and chairs also from before a restart."""

    def __init__(self, fitted: Sequence[Fitted], last: Last) -> None:
        before = ((sensor.id, last[sensor.id][0]) for sensor in fitted if sensor.id in last)
        self._known = {sensor: OF_WHAT[what] for sensor, what in before if what in OF_WHAT}

    def now(self, sensor: Fitted, state: bool, moment: Moment, *, kept: bool) -> list[Noticed]:
        """What is new in that `state`, inverted where the sensor is. One that was `kept` by the broker is of a time
        unknown: it is no news, unless a door, a bed or a chair is known to have been otherwise.
        """
        state = state is not sensor.inverted
        before, self._known[sensor.id] = self._known.get(sensor.id), state
        what = MEANS.get((sensor.kind, state))
        if what is None or state is before:
            return []
        if kept and (before is None or what not in OF_WHAT):
            return []
        return [Noticed(sensor.id, what, moment)]
