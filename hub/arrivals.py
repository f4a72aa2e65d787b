"""A front door that opens after a responder was sent is put down for whoever holds the alert.

It may be the responder's, who forgot to press a button, or the resident's own, or a neighbour's: so nobody is taken to
have arrived by it, and nothing waits longer. That is said by the responder, or by the operator who hears of it.
"""

import logging
from datetime import datetime

from hub.store import Store
from hub.store.alerts import HUB
from models.alert import ON_SITE, Act, Alert, Refused
from models.observation import What

log = logging.getLogger(__name__)

OPENED = "The front door was opened. It may be the responder, who has not said so, or anybody else."
THERE = frozenset(ON_SITE) - {Act.SET_OUT}


def note_doors(store: Store, now: datetime) -> None:
    """Put down what doors told of, once for each time that somebody was sent."""
    for alert in store.alerts.attended():
        opened = _opened(store, alert, now)
        if opened is not None:
            try:
                store.alerts.act(alert.id, Act.NOTE, HUB, opened, text=OPENED)
            except Refused as over:
                log.info("alert %d was changed meanwhile: %s", alert.id, over)


def _opened(store: Store, alert: Alert, now: datetime) -> datetime | None:
    """When a door that leads out first opened since a responder was sent, if nobody has said that they are there."""
    entries = store.alerts.timeline(alert.id)
    sent = next((one.at for one in reversed(entries) if one.act is Act.SEND), now)
    if any((one.act in THERE or one.text == OPENED) and one.at >= sent for one in entries):
        return None
    home = store.records.home(alert.home)
    doors = {sensor.id for sensor in home.sensors if sensor.is_exit} if home else set()
    rows = store.series.between(alert.home, sent, now) if doors else []
    return next((row.at for row in rows if row.sensor in doors and row.what is What.OPENED and row.at > sent), None)
