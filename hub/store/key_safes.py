"""Codes of key safes as they are kept (sealed), and the hash-chained log of all that was done about them."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Connection, Engine, Table, select, update

from hub.store import chain, schema
from hub.store.database import upsert, writing
from hub.store.once import asked_by, reading
from models.key_safe import Deed, Done, may_be_shown

_safes: Table = schema.key_safes
_log: Table = schema.key_safe_log
_DONE = asked_by(_log, home=_log.c.home).order_by(_log.c.id)


class KeySafes:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def sealed(self, home: str) -> bytes | None:
        with reading(self._engine) as connection:
            return connection.execute(select(_safes.c.sealed).where(_safes.c.home == home)).scalar()

    def enter(self, home: str, sealed: bytes, actor: str, now: datetime) -> None:
        with writing(self._engine, appends="acts") as connection:
            upsert(connection, _safes, [{"home": home, "sealed": sealed, "entered_by": actor, "entered_at": now}])
            _add(connection, Done(0, home, now, Deed.ENTER, actor))

    def log(self, home: str) -> list[Done]:
        """Oldest first."""
        with reading(self._engine) as connection:
            return _read(connection, home)

    def note(self, done: Done) -> None:
        with writing(self._engine, appends="acts") as connection:
            _add(connection, done)

    def reveal(self, done: Done) -> bool:
        """Put on record before it is shown; False where it may not be shown (any more)."""
        assert done.alert is not None
        with writing(self._engine, appends="acts") as connection:
            connection.execute(select(_safes.c.home).where(_safes.c.home == done.home).with_for_update())
            if not may_be_shown(_read(connection, done.home), done.alert, done.responder):
                return False
            _add(connection, done)
        return True

    def reseal(self, resealed: Callable[[bytes], bytes], actor: str, now: datetime) -> int:
        """Every code, all or none; how many there were."""
        with writing(self._engine, appends="acts") as connection:
            rows = connection.execute(select(_safes.c.home, _safes.c.sealed)).all()
            for home, sealed in rows:
                connection.execute(update(_safes).where(_safes.c.home == home).values(sealed=resealed(sealed)))
                _add(connection, Done(0, home, now, Deed.ROTATE, actor))
        return len(rows)


def _read(connection: Connection, home: str) -> list[Done]:
    rows = connection.execute(_DONE, {"home": home})
    return [
        Done(r.id, r.home, r.at, Deed(r.deed), r.actor, r.alert or None, r.responder, r.until, r.text) for r in rows
    ]


def _add(connection: Connection, done: Done) -> None:
    row = {"home": done.home, "at": done.at, "deed": done.deed.value, "actor": done.actor, "alert": done.alert or 0}
    chain.add(connection, _log, {**row, "responder": done.responder, "until": done.until, "text": done.text})
