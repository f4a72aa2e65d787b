"""A front door that opens after a responder was sent is put down for whoever holds the alert.

It may be the responder's, who forgot to press a button, or the resident's own, or a neighbour's: so nobody is taken to
have arrived by it, and nothing waits longer. That is said by the responder, or by the operator who hears of it. Once
the responder says that they went in, when they arrived is read from the door.
"""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from hub.store import Store
from hub.store.alerts import HUB, Entry, since_sent
from models.alert import ON_SITE, Act, Alert, Refused
from models.observation import What

log = logging.getLogger(__name__)

OPENED = "The front door was opened. It may be the responder, who has not said so, or anybody else."
ARRIVED = "Read from the front door, by which they went in."
THERE = frozenset(ON_SITE) - {Act.SET_OUT}
BY_IT = timedelta(minutes=10)
"""A responder who goes in opens the door at most so long before they say it."""


def note_doors(store: Store, now: datetime) -> None:
    """Put down what doors told of, once for each time that somebody was sent."""
    for alert in store.alerts.attended():
        entries = since_sent(store.alerts.timeline(alert.id))
        told = _told(store, alert, entries, now) if entries else None
        if told is not None:
            try:
                store.alerts.act(alert.id, told[0], HUB, told[1], text=told[2])
            except Refused as over:
                log.info("alert %d was changed meanwhile: %s", alert.id, over)


def _told(store: Store, alert: Alert, entries: Sequence[Entry], now: datetime) -> tuple[Act, datetime, str] | None:
    sent, acts = entries[0].at, {one.act: one.at for one in entries}
    if Act.ENTER in acts and Act.ARRIVE not in acts:
        opened = _openings(store, alert, max(sent, acts[Act.ENTER] - BY_IT), acts[Act.ENTER])
        return (Act.ARRIVE, opened[-1], ARRIVED) if opened else None
    if THERE & acts.keys() or any(one.text == OPENED for one in entries):
        return None
    opened = _openings(store, alert, sent, now)
    return (Act.NOTE, opened[0], OPENED) if opened else None


def _openings(store: Store, alert: Alert, after: datetime, until: datetime) -> list[datetime]:
    """When doors that lead out were opened."""
    home = store.records.home(alert.home)
    doors = {sensor.id for sensor in home.sensors if sensor.is_exit} if home else set()
    rows = store.series.between(alert.home, after, until) if doors else []
    return [row.at for row in rows if row.sensor in doors and row.what is What.OPENED and row.at > after]
