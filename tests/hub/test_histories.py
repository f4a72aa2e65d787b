"""Random histories of presses, answers, lapses, closes, restarts and clock jumps over the real store and escalation.

Whatever happens in whatever order: no open alert without a next look, none lost, none answered by two, and nobody whose
call stands open is left alone. `pytest --hypothesis-profile=thorough --timeout=0 tests/hub/test_histories.py` tries
thousands, on each kind of database.
"""

import shutil
import tempfile
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar, Protocol

import psycopg
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as some
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from psycopg.sql import SQL, Identifier
from sqlalchemy import event, make_url

from hub.store import Store
from hub.store.alerts import Alerts
from hub.store.database import Part, migrate, opened
from hub.store.records import Records
from hub.store.series import SqlSeries
from hub.store.traces import Traces
from models.alert import HOLDER_ONLY, Act, Alert, Lane, Outcome, Refused, State
from models.detection import Finding, FindingKind
from models.home import Home, Sensor
from models.observation import SensorKind
from models.people import Account, Resident, Role
from models.register import Register
from tests.hub.conftest import T0, Hand, new_database
from tests.hub.test_escalate import Desk

PARTS: tuple[Part, ...] = ("records", "series")
HOMES = ("north", "south")
OPERATORS = ("tom", "nia", "sam")
LONGEST_LOOK = timedelta(hours=4)
"""The longest that any plan in force here waits before it looks again."""

homes, operators = some.sampled_from(HOMES), some.sampled_from(OPERATORS)
picks = some.integers(0, 20)
"""Which of the alerts there are, counted round: what is drawn must not depend on who won a race."""


def _register() -> Register:
    pendant = Sensor("pendant", SensorKind.PENDANT, "worn")
    return Register(
        homes=tuple(Home(home, "area", (pendant,)) for home in HOMES),
        residents=tuple(Resident(f"r_{home}", home, f"Resident {home}", home, "") for home in HOMES),
        accounts=tuple(Account(name, name, Role.OPERATOR) for name in OPERATORS),
    )


class Place(Protocol):
    """Where histories happen, each in databases of its own: with everybody on record, migrated once."""

    def fresh(self) -> str:
        """The URL of a database, as the first one was made."""

    def drop(self, url: str) -> None: ...


class Files:
    def __init__(self, folder: Path) -> None:
        self._made, self._first = 0, folder / "first.db"
        _peopled(_opened(f"sqlite:///{self._first}"))

    def fresh(self) -> str:
        self._made += 1
        return f"sqlite:///{shutil.copy(self._first, self._first.with_name(f'{self._made}.db'))}"

    def drop(self, url: str) -> None:
        for more in ("", "-wal", "-shm", ".lock"):
            Path(url.removeprefix("sqlite:///") + more).unlink(missing_ok=True)


class Server:
    def __init__(self, server: str) -> None:
        self._server, self._first = server, new_database(server, "template0")
        _peopled(_opened(self._first))

    def fresh(self) -> str:
        return new_database(self._server, make_url(self._first).database or "")

    def drop(self, url: str) -> None:
        with psycopg.connect(self._server, autocommit=True) as connection:
            connection.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(make_url(url).database or "")))


def _peopled(store: Store) -> None:
    for part in PARTS:
        migrate(store.records.engine, part)
    store.records.load(_register(), dict.fromkeys(OPERATORS, "-"))
    store.records.engine.dispose()


def _opened(url: str) -> Store:
    """Without waiting for the disk: whether a commit outlives a power cut is asked elsewhere."""
    engine = opened(url)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous=OFF"))
    return Store(Records(engine), Alerts(engine), SqlSeries(engine), Traces(engine))


class Histories(RuleBasedStateMachine):
    place: ClassVar[Place]

    def __init__(self) -> None:
        super().__init__()
        self.url = self.place.fresh()
        self.folder = Path(tempfile.mkdtemp(prefix="nl-history-"))
        self.hand = Hand(self.folder / "clock", T0)
        self.number, self.presses = 0, dict.fromkeys(HOMES, 0)
        self.holder: dict[int, str] = {}
        self.known: list[int] = []
        self._open()

    def _open(self) -> None:
        self.store = _opened(self.url)
        self.desk = Desk(self.store, self.hand)

    def teardown(self) -> None:
        """In the end time passes, and nobody who still waits is left alone."""
        self.hand.move(hours=LONGEST_LOOK / timedelta(hours=1))
        self.look()
        self.look()
        now = self.hand.now
        for alert in self.store.alerts.open_alerts():
            assert alert.state is State.RAISED, "an answer that nobody followed up has lapsed by now"
            assert alert.look_again_at is not None
            assert alert.look_again_at > now, "it was looked at"
            tried = [one.at for one in self.store.alerts.attempts(alert.id)]
            assert now in tried, "somebody was told of it again"
        assert self.store.records.broken_logs() == []
        self.store.records.engine.dispose()
        self.place.drop(self.url)
        shutil.rmtree(self.folder)

    # What can happen

    def _found(self, finding: Finding, resident: str | None) -> None:
        raised = self.store.alerts.raise_(finding, resident, "It was noticed.", self.hand.now)
        if raised and raised.alert.id not in self.known:
            self.known.append(raised.alert.id)

    def _picked(self, pick: int) -> int:
        return self.known[-1 - pick % len(self.known)]

    @initialize(home=homes)
    def somebody_presses(self, home: str) -> None:
        self.press(home, again=False)

    @rule(home=homes, again=some.booleans())
    def press(self, home: str, again: bool) -> None:
        """Again: the same press arrives a second time."""
        new = not again or self.presses[home] == 0
        self.presses[home] += new
        number = self.presses[home]
        finding = Finding(FindingKind.PRESS, home, T0, T0, sensor="pendant", number=number)
        self._found(finding, f"r_{home}")

    @rule(home=homes, kind=some.sampled_from([FindingKind.SILENCE, FindingKind.NOT_UP, FindingKind.FALL]))
    def something_about_a_person(self, home: str, kind: FindingKind) -> None:
        self.number += 1
        since = T0 + timedelta(seconds=self.number)
        self._found(Finding(kind, home, since, since), f"r_{home}")

    @rule(home=homes, over=some.booleans())
    def a_kit_is_lost_or_found(self, home: str, over: bool) -> None:
        self.number += 1
        since = T0 + timedelta(seconds=self.number)
        self._found(Finding(FindingKind.KIT_UNHEARD, home, since, since, over=over), None)

    @rule(pick=picks, who=operators)
    def answer(self, pick: int, who: str) -> None:
        alert = self._picked(pick)
        if self._did(alert, Act.ANSWER, who):
            assert alert not in self.holder, f"{self.holder[alert]} holds it, and {who} has answered it too"
            self.holder[alert] = who

    @rule(pick=picks)
    def two_answer_at_once(self, pick: int) -> None:
        alert = self._picked(pick)
        start, done = threading.Barrier(2), list[str]()

        def work(who: str) -> None:
            start.wait()
            if self._did(alert, Act.ANSWER, who):
                done.append(who)

        both = [threading.Thread(target=work, args=(who,)) for who in OPERATORS[:2]]
        for one in both:
            one.start()
        for one in both:
            one.join()
        assert len(done) + (alert in self.holder) <= 1, "two hold the same alert"
        self.holder |= dict.fromkeys([alert] if done else [], *done)

    @rule(pick=picks, who=operators, act=some.sampled_from([Act.NOTE, Act.SEND, Act.ARRIVE]))
    def act(self, pick: int, who: str, act: Act) -> None:
        alert = self._picked(pick)
        if self._did(alert, act, who, text="priya") and act in HOLDER_ONLY:
            assert self.holder.get(alert) == who

    @rule(pick=picks, who=operators)
    def close(self, pick: int, who: str) -> None:
        alert = self._picked(pick)
        if self._did(alert, Act.CLOSE, who, outcome=Outcome.TEST):
            assert self.holder.pop(alert) == who

    @rule(pick=picks, who=operators)
    def reopen(self, pick: int, who: str) -> None:
        alert = self._picked(pick)
        if self._did(alert, Act.REOPEN, who):
            assert alert not in self.holder
            self.holder[alert] = who

    def _did(self, alert: int, act: Act, who: str, **more: Any) -> bool:
        try:
            self.store.alerts.act(alert, act, who, self.hand.now, **more)
        except Refused:
            return False
        return True

    @rule()
    def look(self) -> None:
        """The escalation turns, as often as it has something to do."""
        for _ in range(3):
            self.desk.escalate._wake.set()
            self.desk.turn()
        for alert, who in list(self.holder.items()):
            now = self._alert(alert)
            if now.holder is None:
                assert now.lapsed_by == who or now.state is State.CLOSED
                del self.holder[alert]

    @rule(minutes=some.one_of(some.integers(0, 5), some.integers(-90, 400)))
    def time_jumps(self, minutes: int) -> None:
        """Also back: a clock is set right, or was wrong. The hub looks at it all the time."""
        self.hand.move(minutes=minutes)
        self.look()

    @rule()
    def the_hub_restarts(self) -> None:
        self.store.records.engine.dispose()
        self._open()

    # What always holds

    def _alert(self, number: int) -> Alert:
        found = self.store.alerts.alert(number)
        assert found is not None, f"alert {number} is lost"
        return found

    @invariant()
    def nothing_open_is_without_a_next_look(self) -> None:
        for alert in self.store.alerts.open_alerts():
            assert alert.look_again_at is not None
            assert alert.look_again_at <= self.hand.now + LONGEST_LOOK, "it will be looked at before long"

    @invariant()
    def one_is_open_for_each_resident_and_lane(self) -> None:
        opened_now = [(one.home, one.resident, one.lane) for one in self.store.alerts.open_alerts()]
        assert len(opened_now) == len(set(opened_now))

    @invariant()
    def none_is_lost(self) -> None:
        every = [one for home in HOMES for one in self.store.alerts.of_home(home)]
        assert {one.id for one in every} == set(self.known)
        for home in HOMES:
            assert sum(one.presses for one in every if one.home == home) == self.presses[home]

    @invariant()
    def whoever_answered_holds_it_until_it_lapses_or_ends(self) -> None:
        for number, who in self.holder.items():
            alert = self._alert(number)
            cleared = alert.state is State.CLOSED and alert.lane is Lane.KIT
            assert who in {alert.holder, alert.lapsed_by} or cleared


def _bounded(few: int) -> settings:
    """Few enough for every run, unless a profile asks for more."""
    often: Callable[..., settings] = settings
    calm = {"deadline": None, "suppress_health_check": list(HealthCheck), "database": None}
    if settings.get_current_profile_name().startswith("thorough"):
        return often(**calm)
    return often(max_examples=few, stateful_step_count=25, **calm)


def test_whatever_happens_nobody_is_left_alone(tmp_path: Path) -> None:
    class Here(Histories):
        place = Files(tmp_path)

    run_state_machine_as_test(Here, settings=_bounded(10))


@pytest.mark.postgres
def test_nor_on_postgresql(postgres: str) -> None:
    class Here(Histories):
        place = Server(postgres)

    run_state_machine_as_test(Here, settings=_bounded(2))
