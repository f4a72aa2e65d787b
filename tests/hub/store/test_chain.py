"""The logs prove that nothing in them was changed, taken out, put in or cut off; on each kind of database."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection, Engine, Table, delete, insert, select, text, update

from hub.store import Alerts, Store, chain, schema, together
from hub.store.alerts import locked
from hub.store.amendments import Amendment, note
from hub.store.chain import Head, Proof
from hub.store.database import opened, writing
from hub.store.together import written
from models.alert import Act, State
from models.detection import Finding, FindingKind
from models.people import Role
from models.register import Register
from tests.conftest import eventually

LOG: Table = schema.amendments


@pytest.fixture
def engine(store: Store, t0: datetime) -> Engine:
    engine = store.records.engine
    with writing(engine, appends="acts") as connection:
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
    with writing(engine, appends="acts") as connection:
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


def test_a_row_from_before_its_log_had_a_further_column_is_proved_as_it_was(
    store: Store, register: Register, t0: datetime
) -> None:
    store.records.load(register, {one.login: "-" for one in register.accounts})
    raised = store.alerts.raise_(Finding(FindingKind.PRESS, "okafor-home", t0, t0, number=1), "grace", "Help.", t0)
    assert raised is not None
    row = {"alert": raised.alert.id, "at": t0, "service": "falls service", "actor": "tom", "words": "Three falls."}
    old = insert(schema.referrals).values(**row, link=chain.linked(chain.START, list(row.values())))
    with writing(store.records.engine) as connection:
        connection.execute(old)
    assert store.records.broken_logs() == []
    with writing(store.records.engine) as connection:
        connection.execute(update(schema.referrals).values(resident="neil"))
    assert store.records.broken_logs() == ["the log 'referrals' was changed at row 1"]


def test_every_look_and_every_act_is_in_a_chained_log(store: Store, t0: datetime) -> None:
    store.records.look("tom", Role.OPERATOR, "h", "person", "watch the queue", "", t0)
    assert {"timeline", "looks", "shifts", "amendments"} <= {log.name for log in chain.logs()}
    proofs = dict(store.records.proofs({}))
    assert proofs["looks"].head.rows == 1


def test_a_log_goes_on_from_what_is_left_where_one_of_several_appends_was_undone(engine: Engine, t0: datetime) -> None:
    def says(connection: Connection, key: str) -> None:
        note(connection, [Amendment(t0, "amina", "", "home", key, "changed")])
        if key == "undone":
            raise LookupError(key)

    def write(key: str) -> None:
        try:
            written(engine, lambda connection: says(connection, key))
        except LookupError:
            failed.append(key)

    failed, threads = list[str](), list[threading.Thread]()
    written(engine, lambda connection: says(connection, "first"))
    desk = together._desks[engine]["acts"]
    with writing(engine, appends="acts"):
        for key in ("second", "undone", "third"):
            threads.append(threading.Thread(target=write, args=(key,), daemon=True))
            threads[-1].start()
            eventually(lambda: len(desk.waiting) == len(threads))
    for one in threads:
        one.join(30)
    assert (failed, proof(engine).broken_at, proof(engine).head.rows) == (["undone"], None, 12)


def test_only_a_transaction_that_was_begun_for_it_appends(engine: Engine, t0: datetime) -> None:
    with pytest.raises(AssertionError, match="appends"), writing(engine) as connection:
        note(connection, [Amendment(t0, "amina", "", "home", "h", "changed")])


@pytest.mark.parametrize("store", [pytest.param("postgresql", marks=pytest.mark.postgres)], indirect=True)
def test_an_act_that_waits_to_append_holds_no_alert_that_is_waited_for_and_a_look_waits_for_no_act(
    store: Store, register: Register, t0: datetime
) -> None:
    store.records.load(register, {one.login: "-" for one in register.accounts})
    raised = store.alerts.raise_(Finding(FindingKind.PRESS, "okafor-home", t0, t0, number=1), "grace", "Help.", t0)
    assert raised is not None
    number, engine = raised.alert.id, store.records.engine
    other = Alerts(opened(engine.url.render_as_string(hide_password=False)))
    waits = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
    act = threading.Thread(target=other.act, args=(number, Act.ANSWER, "tom", t0), daemon=True)
    with writing(engine, appends="acts") as connection:
        act.start()
        eventually(lambda: connection.execute(waits).scalar() == 1)
        store.records.look("tom", Role.OPERATOR, "okafor-home", "person", "watch the queue", "", t0)
        connection.execute(text("SET LOCAL lock_timeout = '10s'"))
        assert locked(connection, number).state is State.RAISED
    act.join(30)
    now = store.alerts.alert(number)
    assert now is not None
    assert now.state is State.ANSWERED
    assert store.records.broken_logs() == []
    other.engine.dispose()
