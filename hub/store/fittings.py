"""What installers have done in each home, and the certificates of homes that were proved."""

from datetime import datetime

from sqlalchemy import Engine, insert, select, update

from hub.store import chain
from hub.store.database import add_new, writing
from hub.store.schema import certificates, fittings, orders
from models.commission import Fitting, Proved
from models.wire import Order


class Fittings:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def of(self, home: str) -> tuple[int, Fitting]:
        """With its version; 0 of a home where nothing was done yet."""
        question = select(fittings.c.version, fittings.c.body).where(fittings.c.home == home)
        with self._engine.connect() as connection:
            row = connection.execute(question).first()
        return (row.version, row.body) if row else (0, Fitting())

    def keep(self, home: str, fitting: Fitting, seen: int) -> bool:
        """Whether it was kept: not where somebody else kept another since version `seen`."""
        with writing(self._engine) as connection:
            if seen == 0:
                return add_new(connection, fittings, {"home": home, "version": 1, "body": fitting})
            mine = (fittings.c.home == home) & (fittings.c.version == seen)
            changed = update(fittings).where(mine).values(version=seen + 1, body=fitting)
            return connection.execute(changed).rowcount == 1

    def walk(self, home: str, now: datetime) -> None:
        """Its kit is to tell every two seconds what it hears."""
        row = {"home": home, "alert": None, "order": Order.WALK.value, "text": "", "intended_at": now}
        with writing(self._engine) as connection:
            connection.execute(insert(orders).values(**row, dropped=False))

    def issue(self, proved: Proved) -> int:
        """Its number."""
        with writing(self._engine, appends="acts") as connection:
            return chain.add(connection, certificates, {"home": proved.home, "body": proved})

    def certificates(self, home: str) -> list[tuple[int, Proved]]:
        """Newest first."""
        mine = certificates.c.home == home
        question = select(certificates.c.id, certificates.c.body).where(mine).order_by(certificates.c.id.desc())
        with self._engine.connect() as connection:
            return [(row.id, row.body) for row in connection.execute(question)]
