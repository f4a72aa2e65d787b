"""What time it is by other clocks than the hub's."""

from datetime import datetime

from sqlalchemy import Engine, select

from hub.store import schema
from hub.store.once import reading
from models.wire import read_heartbeat

ASKED = 20
"""Kits, those heard last: one of them has the time."""


def latest(engine: Engine) -> datetime | None:
    """The latest moment that a kit told by its own clock, trusting it; None where none has."""
    beats = schema.heartbeats
    heard = select(beats.c.heartbeat).where(beats.c.heartbeat.is_not(None)).order_by(beats.c.at.desc()).limit(ASKED)
    with reading(engine) as connection:
        told = [read_heartbeat(content) for content in connection.scalars(heard)]
    return max((one.at for one in told if one.clock_trusted), default=None)
