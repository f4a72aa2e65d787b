"""Tables for those who plan, as they were published: the first one made for a month is the only one."""

from collections.abc import Sequence

from sqlalchemy import Engine, select

from hub.store import schema
from hub.store.database import add_all_new, writing
from models.planning import Figure, Measure

_table = schema.published


class Published:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def of(self, council: str, month: str) -> list[Figure]:
        mine = (_table.c.council == council) & (_table.c.month == month)
        with self._engine.connect() as connection:
            rows = connection.execute(select(_table).where(mine)).all()
        return [Figure(row.area, Measure(row.measure), row.value) for row in rows]

    def publish(self, council: str, month: str, figures: Sequence[Figure]) -> list[Figure]:
        """What stands from now on: of two that are made at once, the first."""
        rows = [
            {"council": council, "month": month, "area": one.area, "measure": one.measure.value, "value": one.value}
            for one in figures
        ]
        with writing(self._engine) as connection:
            known = select(_table.c.area).where(_table.c.council == council, _table.c.month == month).limit(1)
            if rows and connection.execute(known).first() is None:
                add_all_new(connection, _table, rows)
        return self.of(council, month)
