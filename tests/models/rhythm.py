"""A sensor's rhythm, learned as the watch learns it."""

from datetime import timedelta

import numpy as np

from models.detection.rhythms import Rhythms
from models.health import Rhythm
from models.home import Home, Sensor
from models.observation import SensorKind

START = 1.7e9


def lived(*gaps: timedelta) -> Rhythm:
    """After signs of life with those gaps between them."""
    home = Home("h_1", "-", (Sensor("hall", SensorKind.MOTION, "hall"),))
    columns = Rhythms([home], {("h_1", "hall"): 0})
    moments = START + np.cumsum([0.0, *(gap.total_seconds() for gap in gaps)])
    columns.take(np.zeros(len(moments), np.int64), moments, np.ones(len(moments), np.bool_))
    return columns.of(home).get("hall", Rhythm())
