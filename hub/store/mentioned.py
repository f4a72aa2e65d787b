"""What was to be mentioned at the next talk, and was: who said it, when, and in the talk about which alert."""

from datetime import datetime

from sqlalchemy import Engine

from hub.store import chain, schema
from hub.store.database import writing
from hub.store.once import asked_by, reading

_mentioned = schema.mentioned
_LATEST = asked_by(_mentioned, home=_mentioned.c.home).order_by(_mentioned.c.id)


class Mentioned:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def said(self, home: str, kind: str, alert: int, actor: str, now: datetime) -> None:
        row = {"at": now, "home": home, "kind": kind, "alert": alert, "actor": actor}
        with writing(self._engine, appends="acts") as connection:
            chain.add(connection, _mentioned, row)

    def latest(self, home: str) -> dict[str, tuple[str, datetime]]:
        """By kind of finding: who said it last, and when."""
        with reading(self._engine) as connection:
            return {row.kind: (row.actor, row.at) for row in connection.execute(_LATEST, {"home": home})}
