"""The logs prove that nothing in them was changed, taken out, put in or cut off; on each kind of database."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine, Table, delete, insert, select, update

from hub.store import Store, chain, schema
from hub.store.amendments import Amendment, note
from hub.store.chain import Head, Proof
from hub.store.database import writing
from models.people import Role

LOG: Table = schema.amendments


@pytest.fixture
def engine(store: Store, t0: datetime) -> Engine:
    engine = store.records.engine
    with writing(engine) as connection:
        note(
            connection,
            [Amendment(t0 + timedelta(seconds=n), "amina", "", "home", f"h_{n}", "changed") for n in range(9)],
        )
    return engine


def proof(engine: Engine, kept: Head | None = None) -> Proof:
    with engine.connect() as connection:
        return chain.prove(connection, LOG, kept)


def test_a_whole_log_is_proved_and_goes_on_from_its_head(engine: Engine, t0: datetime) -> None:
    before = proof(engine)
    assert (before.broken_at, before.head.rows) == (None, 9)
    with writing(engine) as connection:
        chain.add(connection, LOG, {"at": t0, "actor": "x", "council": "", "what": "", "key": "", "text": ""})
    after = proof(engine, before.head)
    assert (after.broken_at, after.kept, after.head.rows) == (None, True, 10)


FORGERIES: dict[str, Callable[[list[int]], object]] = {
    "a value": lambda ids: update(LOG).where(LOG.c.id == ids[4]).values(text="nothing happened"),
    "a moment": lambda ids: (
        update(LOG).where(LOG.c.id == ids[4]).values(at=datetime.fromisoformat("2026-01-01T00:00Z"))
    ),
    "a row gone": lambda ids: delete(LOG).where(LOG.c.id == ids[3]),
    "a row from elsewhere": lambda ids: update(LOG).where(LOG.c.id == ids[4]).values(link="0" * 64),
}


@pytest.mark.parametrize("forged", FORGERIES)
def test_the_first_broken_link_is_named(engine: Engine, forged: str) -> None:
    with writing(engine) as connection:
        ids = list(connection.execute(select(LOG.c.id).order_by(LOG.c.id)).scalars())
        connection.execute(FORGERIES[forged](ids))  # type: ignore[call-overload]
    assert proof(engine).broken_at == ids[4]


def test_a_row_put_in_between_is_found(engine: Engine, t0: datetime) -> None:
    row = {"at": t0, "actor": "x", "council": "", "what": "", "key": "", "text": "", "link": "0" * 64}
    with writing(engine) as connection:
        connection.execute(insert(LOG).values(id=10_000, **row))
    assert proof(engine).broken_at == 10_000


def test_a_lost_end_shows_only_against_a_head_that_was_kept(engine: Engine) -> None:
    head = proof(engine).head
    with writing(engine) as connection:
        connection.execute(delete(LOG).where(LOG.c.id == head.id))
    assert proof(engine).broken_at is None
    assert proof(engine, head).kept is False


def test_every_look_and_every_act_is_in_a_chained_log(store: Store, t0: datetime) -> None:
    store.records.look("tom", Role.OPERATOR, "h", "person", "watch the queue", "", t0)
    assert {"timeline", "looks", "shifts", "amendments"} <= {log.name for log in chain.logs()}
    proofs = dict(store.records.proofs({}))
    assert proofs["looks"].head.rows == 1
