"""A responder's arrival, read from the front door: it opens after they were sent, whoever forgot to press a button."""

import logging
from datetime import datetime

from hub.store import Store
from hub.store.alerts import HUB
from models.alert import Act, Alert, Refused
from models.observation import What

log = logging.getLogger(__name__)

ARRIVED = frozenset({Act.ARRIVE, Act.ENTER, Act.LEAVE})


def note_arrivals(store: Store, now: datetime) -> None:
    """Stamp what doors told of, once for each time that somebody was sent."""
    for alert in store.alerts.attended():
        opened = _opened(store, alert, now)
        if opened is not None:
            try:
                text = "The front door was opened: taken for the responder's arrival."
                store.alerts.act(alert.id, Act.ARRIVE, HUB, opened, text=text)
            except Refused as over:
                log.info("alert %d was changed meanwhile: %s", alert.id, over)


def _opened(store: Store, alert: Alert, now: datetime) -> datetime | None:
    """When a door that leads out first opened since a responder was sent, if nobody has arrived yet."""
    entries = store.alerts.timeline(alert.id)
    sent = next((one.at for one in reversed(entries) if one.act is Act.SEND), now)
    if any(one.act in ARRIVED and one.at >= sent for one in entries):
        return None
    home = store.records.home(alert.home)
    doors = {sensor.id for sensor in home.sensors if sensor.is_exit} if home else set()
    rows = store.series.between(alert.home, sent, now) if doors else []
    return next((row.at for row in rows if row.sensor in doors and row.what is What.OPENED and row.at > sent), None)
