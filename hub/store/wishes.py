"""What residents decided, as a log whose rows are linked; and what was decided in their place."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, Text, insert, select, type_coerce, update

from hub.store import chain, schema
from hub.store.amendments import Amendment
from hub.store.database import writing
from hub.store.register import Change, apply
from models.privacy import Consent
from models.wishes import Decision, Deed, Wish

HUB = "hub"


class Wishes:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def keep(self, wish: Wish, changes: Sequence[Change] = (), amendments: Sequence[Amendment] = ()) -> None:
        """The wish with what it changes on the records, both or neither. Raises Overtaken."""
        with writing(self._engine, appends="acts") as connection:
            if changes:
                apply(connection, changes, amendments)
            chain.add(connection, schema.wishes, asdict(wish))

    def of(self, home: str, limit: int = 1000) -> list[Wish]:
        """Newest first."""
        table = schema.wishes
        rows = self._all(select(table).where(table.c.home == home).order_by(table.c.id.desc()).limit(limit))
        return [_wish(row) for row in rows]

    def paused(self) -> list[Consent]:
        """Consents that a pause takes out of force."""
        body = schema.consents.c.body
        rows = self._all(select(body).where(type_coerce(body, Text).contains('"paused_until":"')))
        return [row.body for row in rows]

    def resume(self, consent: Consent, resident: str, at: datetime) -> None:
        """As the hub does when a pause is over. Raises Overtaken."""
        change = Change("consents", (consent.home, consent.about), consent, replace(consent, paused_until=None))
        self.keep(
            Wish(at, consent.home, resident, HUB, Deed.RESUMED, consent.about, text="the pause was over"), [change]
        )

    def decide(self, home: str, resident: str, decision: Decision, wish: Wish) -> None:
        row = {"home": home, "resident": resident, "review_at": decision.review_at, "body": decision}
        with writing(self._engine, appends="acts") as connection:
            connection.execute(insert(schema.decisions).values(**row))
            chain.add(connection, schema.wishes, asdict(wish))

    def end(self, number: int, at: datetime, wish: Wish) -> None:
        table = schema.decisions
        with writing(self._engine, appends="acts") as connection:
            connection.execute(update(table).where(table.c.id == number).values(ended_at=at))
            chain.add(connection, schema.wishes, asdict(wish))

    def to_be_reviewed(self) -> list[Consent]:
        """Consents in force that have a day on which they are looked at again."""
        body = schema.consents.c.body
        rows = self._all(select(body).where(type_coerce(body, Text).contains('"review_at":"')))
        return [row.body for row in rows if row.body.withdrawn_at is None]

    def decisions(
        self, home: str | None = None, before: datetime | None = None
    ) -> list[tuple[int, str, str, Decision]]:
        """(number, home, resident, decision) of those in force, the one to be reviewed first before all others."""
        table = schema.decisions
        question = select(table).where(table.c.ended_at.is_(None)).order_by(table.c.review_at, table.c.id)
        question = question if before is None else question.where(table.c.review_at <= before)
        rows = self._all(question if home is None else question.where(table.c.home == home))
        return [(row.id, row.home, row.resident, row.body) for row in rows]

    def _all(self, question: Any) -> Sequence[Any]:
        with self._engine.connect() as connection:
            return connection.execute(question).all()


def _wish(row: Any) -> Wish:
    return Wish(row.at, row.home, row.resident, row.actor, Deed(row.deed), row.about, row.word, row.text, row.until)
