"""What reached the end of its retention: how much of it in each month, which is all that is left to say."""

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Engine, select, update

from hub.store import schema
from hub.store.database import upsert, writing

_table = schema.aged


@dataclass(frozen=True, slots=True)
class Gone:
    month: str
    about: str
    count: int


class Aged:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def note(self, home: str, at: datetime, about: str, gone: int) -> None:
        key = {"home": home, "month": f"{at.astimezone(UTC):%Y-%m}", "about": about}
        mine = (_table.c.home == home) & (_table.c.month == key["month"]) & (_table.c.about == about)
        with writing(self._engine) as connection:
            more = update(_table).where(mine).values(count=_table.c.count + gone)
            if not connection.execute(more).rowcount:
                upsert(connection, _table, [{**key, "count": gone}])

    def of(self, home: str) -> list[Gone]:
        """The latest month first."""
        mine = select(_table).where(_table.c.home == home).order_by(_table.c.month.desc(), _table.c.about)
        with self._engine.connect() as connection:
            return [Gone(month, about, count) for _, month, about, count in connection.execute(mine)]
