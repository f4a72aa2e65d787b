"""What pendants felt around the suspected falls of an alert, for whoever may see it while it is agreed to."""

from datetime import timedelta

from hub.store.traces import Traces
from hub.web.access.door import Door
from hub.web.felt import Trace, drawn
from models.alert import Alert, Lane
from models.home import Home
from models.privacy import felt_may_leave

BEFORE = timedelta(hours=1)
"""A fall may be told of only after the silence that followed it."""
SHOWN = 4


def felt_around(door: Door, traces: Traces, alert: Alert, home: Home) -> tuple[Trace, ...]:
    """The latest, the last first. Those of somebody else in the home, whom the alert is not about, are left out."""
    if alert.lane is not Lane.PERSON or not felt_may_leave(door.records.consents(home.id), home.id):
        return ()
    until = alert.closed_at or door.clock.now()
    found = traces.between(home.id, alert.raised_at - BEFORE, until + timedelta(seconds=1))
    wearers = {sensor.id: sensor.wearer for sensor in home.sensors}
    mine = [one for one in found if not alert.resident or wearers.get(one.sensor) in (None, alert.resident)]
    pictures = (drawn(one.at, one.begins, one.every, one.mg, home.timezone) for one in reversed(mine[-SHOWN:]))
    return tuple(one for one in pictures if one)
