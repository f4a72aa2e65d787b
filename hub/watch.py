"""Judging: what was stored becomes findings, findings become alerts. The store is the truth; all here is a cache of it.

After a crash at any line the same findings are made again from the last snapshot and the rows after it, and the store
knows those that were raised. So a snapshot is taken only when nothing waits to be raised.
"""

import logging
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import islice
from queue import Empty, SimpleQueue
from typing import Protocol

import numpy as np

from hub.budgets import Budgets
from hub.clock import SET_BACK, Clock
from hub.expecting import Expecting, known_since
from hub.garbage import nothing_is_garbage
from hub.health import Health
from hub.ingest import News, Reread, Signs
from hub.learned import Learned
from hub.loops import HowFar, Turning
from hub.pauses import Pauses
from hub.relearning import Relearned, Relearning, bring_up, judged, observed
from hub.reserve import Reserve
from hub.saving import Saving
from hub.store import Store
from hub.store.alerts import Standing
from hub.store.database import is_away
from hub.store.held import unlearn
from hub.store.records import LEARNING, Turn
from hub.store.series import FOR_EVER, Row
from models.alert import Lane
from models.detection import OF_THE_HEARTBEAT, WATCHED, Finding, FindingKind, coldstart
from models.detection.batch import batch
from models.detection.engine import Engine
from models.detection.explain import explain
from models.detection.feedback import COUNTED
from models.detection.stream import KINDS
from models.faults import repaired_within
from models.health import kit_unheard_after
from models.home import Home
from models.observation import CODE_OF, What
from models.privacy import NOTHING, in_use
from models.share import WHOLE, Share
from models.telling import plural
from models.wire import noticing_since, read_heartbeat, sensors_seen

log = logging.getLogger(__name__)

ROWS_AT_ONCE = 10_000
SNAPSHOT_EVERY, SNAPSHOT_COSTS, SNAPSHOT_AFTER = 30.0, 0.01, 100_000
"""Real seconds at least between snapshots; which part of the time may go into them, unless so many observations came
since the last, which a restart would have to read again.
"""
LOOK_EVERY = 1.0
"""Real seconds between looks at the records for new homes, and at the store for what others put there."""
READ_ANEW = 3_000_000
"""Observations that a watch without any state reads before it watches: a borough's of some hours, in half a minute."""
AGAIN_EVERY = 30.0
"""Real seconds between looks at what goes on though somebody closed the alert about it."""
A_DAY, A_WEEK = timedelta(days=1), timedelta(days=7)
GIVE_UP_AFTER = 3
"""Then a finding is raised once more, without what explains it: that may be what fails, and somebody may call."""
UNEXPLAINED = (
    "The hub failed at explaining this: find out what it is. Whoever runs the hub has to report that, with its log."
)
RAISED_AT_ONCE = 50
"""Findings in one transaction: a storm must not wait for the disk once for each."""
SETTLES = 10.0
"""Real seconds after a clock was set back until all that came before has been read."""
BEAT_WITHIN = (1.0, 3600.0)
"""Seconds; a kit that promises less or more is not held to it."""

BY_A_CLOCK = frozenset(KINDS)
"""Found by clocks that are set only as far as a home is heard, so after a restart only once its heartbeat is known."""
FIRST = frozenset({FindingKind.PRESS, FindingKind.FALL})
MAY_LIE_THERE = (
    FindingKind.SILENCE,
    FindingKind.LONG_LIE,
    FindingKind.NOT_UP,
    FindingKind.NOT_BACK_IN_BED,
    FindingKind.NOT_BACK_HOME,
)
TOLD_AGAIN = [*MAY_LIE_THERE, *(kind for kind in FindingKind if kind.lane is Lane.KIT)]

Columns = tuple[int, int, int, float, float, int]


class Ear(Protocol):
    """The part of the link that this loop needs."""

    @property
    def hindrance(self) -> str: ...

    @property
    def hearing_since(self) -> datetime | None: ...


class Watch:
    """`work` of the loop of that name."""

    def __init__(
        self,
        store: Store,
        link: Ear,
        news: SimpleQueue[News],
        clock: Clock,
        turning: Turning,
        complete_until: Callable[[datetime], datetime],
        raised: threading.Event,
        learned: Learned,
        share: Share = WHOLE,
        relearning: Relearning | None = None,
        reserve: Reserve | None = None,
    ) -> None:
        self._store = store
        self._reserve = reserve or Reserve(None, 0)
        self._share = share
        self._learned = learned
        self._link = link
        self._news = news
        self._clock = clock
        self._turning = turning
        self._complete_until = complete_until
        self._raised = raised
        self._pending: deque[Finding] = deque()
        self._failures: Counter[str] = Counter()
        self._one_by_one = False
        self._seq = 0
        self._ahead: set[int] = set()
        self._begun_after: dict[Share, int] = {}
        self._called, self._called_at = 0, float("-inf")
        self._saved_at, self._saved_seq = float("-inf"), 0
        self._saving = Saving(store.records.snapshots, share)
        self._relearning = relearning
        self._learning = Turning(store.records, share.named(LEARNING))
        self._up_to_date = False
        self._brought: dict[str, int] = {}
        self._learning_from: dict[str, int] = {}
        self._looked_at = 0.0
        self._looked_again_at = float("-inf")
        self._hearing = False
        self._version = -1
        self._living: tuple[int, Mapping[str, tuple[str, ...]]] = (-1, {})
        self._pauses = Pauses(store, share)
        self._budgets = Budgets(store, share)
        self._expecting = Expecting(store.records)
        self._health = Health(store, share)
        self._engine = self._engine_of((), clock.now())
        self._rebuilt = False
        self._before: Turn | None = None
        self._judged = self._latest = clock.now()
        self._set_back_at = float("-inf")
        self._ahead_by, self._turned_at = clock.ahead(), time.monotonic()

    def turn(self) -> None:
        if not self._rebuilt:
            with nothing_is_garbage():
                self._rebuild()
        news = self._wait()
        now = self._clock.now()
        self._judged = self._complete_until(now)  # before the rest is read, so that nothing up to then is missing
        news += [self._news.get() for _ in range(self._news.qsize())]
        self._mind_deafness(now)
        self._observe(news)
        self._raise_pending()
        self._mind_the_clock(now)
        self._mind_standing_still(now)
        self._now_and_then(now)
        self._find(self._engine.overdue(self._judged))
        self._look_again()
        self._find(self._health.look(self._engine, now, hearing=self._hearing))
        self._raise_pending()
        self._health.write_down()
        self._health.save(self._engine)
        self._expecting.tell(self._engine)
        self._learn_anew()
        self._snapshot()

    def _engine_of(self, homes: Sequence[Home], start: datetime) -> Engine:
        return Engine(homes, start, prior=self._learned.prior, watched_for=WATCHED)

    def stumbled(self, error: Exception) -> None:
        """While the database is away everything waits; else a finding that fails again and again lets others pass."""
        self._news.put(Reread())
        if not self._pending or is_away(error):
            return
        self._one_by_one, alone = True, self._one_by_one
        if not alone and len(self._pending) > 1:
            return
        finding = self._pending.popleft()
        self._failures[finding.key] += 1
        if self._failures[finding.key] <= GIVE_UP_AFTER:
            self._pending.append(finding)
        else:
            log.error("finding %s could not be raised", finding.key)

    def standing(self) -> tuple[datetime, str]:
        waiting = plural(len(self._pending), "finding waits", "findings wait")
        return self._judged, f"{waiting} to be raised" if self._pending else ""

    def _wait(self) -> list[News]:
        """What comes first within a played second."""
        news: list[News] = []

        def came(within: float) -> bool:
            with suppress(Empty):
                news.append(self._news.get(timeout=within))
            return bool(news)

        self._clock.wait(1.0, came)
        return news

    def _mind_deafness(self, now: datetime) -> None:
        """While the hub can't hear, and until kits had time to be heard again, their silence is no fault of theirs."""
        hearing = not (self._link.hindrance or self._reserve.hindrance)
        if not hearing:
            self._engine.listening_since = now.timestamp()
        elif not self._hearing and self._link.hearing_since:
            self._engine.listening_since = max(self._engine.listening_since, self._link.hearing_since.timestamp())
        self._hearing = hearing

    def _mind_the_clock(self, now: datetime) -> None:
        """What came while the clock was ahead would count as heard until that moment comes again. What is on its way to
        here as the clock is set back still says that, so this goes on for a little.
        """
        if self._latest - now > SET_BACK:
            log.warning("the hub's clock was set back by %s: nothing was heard later than now", self._latest - now)
            self._set_back_at = time.monotonic()
        if time.monotonic() - self._set_back_at < SETTLES:
            self._store.records.set_back(now)
            self._engine.set_back(now)
            self._health.set_back(now)
        self._latest = now

    def _mind_standing_still(self, now: datetime) -> None:
        """While this process or its machine was stopped, or until a clock is put forward, nobody was heard by it: that
        is no fault of the kits.
        """
        ahead, real = self._clock.ahead(), time.monotonic()
        lost = max(ahead - self._ahead_by, real - self._turned_at)
        if lost > SET_BACK.total_seconds():
            log.warning(
                "the watch stood still, or the clock was put forward, by %.0f s: kits get time to be heard", lost
            )
            self._engine.listening_since = now.timestamp()
        self._ahead_by, self._turned_at = ahead, real

    def _observe(self, news: Sequence[News]) -> None:
        rows: list[Row] = []
        signs: list[Signs] = []
        for one in news:
            if isinstance(one, Reread):
                self._catch_up()
            else:
                rows += one.rows
                signs += one.signs
        fresh = [row for row in rows if row.seq > self._seq]
        if fresh and fresh[0].seq > self._seq + 1 and self._share.whole:  # else what lies between is mostly others'
            self._catch_up()
        self._see(fresh)
        self._hear(signs)

    def _see(self, rows: Sequence[Row]) -> None:
        if self._share.whole and not self._begun_after:
            rows = [row for row in rows if row.seq > self._seq]
        else:
            rows = [row for row in rows if self._is_to_be_seen(row.seq, row.home)]
        if not rows:
            return
        self._judge(rows)
        if self._share.whole:
            self._seq = rows[-1].seq
        else:
            self._ahead.update(row.seq for row in rows)

    def _judge(self, rows: Sequence[Row]) -> None:
        """Nothing of a home that was taken off the records in the meantime."""
        self._know([row.home for row in rows])
        self._find(judged(self._engine, rows))
        self._find(self._health.judged(rows, self._clock.now()))

    def _is_to_be_seen(self, seq: int, home: str) -> bool:
        """Nothing twice. Up to `_seq` all was seen, and beyond it those `_ahead`; and what a state that this one began
        with knew of a home already.
        """
        if seq <= self._seq or seq in self._ahead or not self._share.owns(home):
            return False
        return not any(seq <= known and share.owns(home) for share, known in self._begun_after.items())

    def _hear(self, signs: Sequence[Signs]) -> None:
        self._know([one.home for one in signs])
        signs = [one for one in signs if one.home in self._engine.index_of]
        if not signs:
            return
        columns: list[Columns] = []
        for one in signs:
            limit = kit_unheard_after(timedelta(seconds=min(max(one.every, BEAT_WITHIN[0]), BEAT_WITHIN[1])))
            self._engine.promise(one.home, limit.total_seconds())
            columns += self._engine.beat_rows(one.home, one.until, one.at, one.sensors, one.noticing_since)
        news = batch(columns)
        over = self._engine.observe(news)
        self._find(self._health.unheard(self._engine, self._clock.now()))  # one that comes and goes stays open
        self._find(over)
        self._find(self._health.hear(signs, news[news.what == CODE_OF[What.ALIVE]], self._engine))

    def _know(self, homes: Sequence[str]) -> None:
        """A home that was loaded a moment ago is watched from its first observation on; one that ended is unknown."""
        unknown = not self._engine.index_of.keys() >= set(homes)
        if unknown and self._store.records.version() != self._version:
            self._reload()

    def _find(self, findings: Sequence[Finding]) -> None:
        """Presses and falls are raised before all else. Of a home that ended meanwhile nothing is."""
        findings = [one for one in findings if one.home in self._engine.index_of]
        self._pending.extendleft(reversed([one for one in findings if one.kind in FIRST]))
        self._pending.extend(one for one in findings if one.kind not in FIRST)

    def _raise_pending(self) -> None:
        """A burst goes in together; after a failure one by one, until what fails has been found."""
        if self._pending and (version := self._store.records.version()) != self._living[0]:
            self._living = (version, self._store.records.living())
        while self._pending:
            some = list(islice(self._pending, 1 if self._one_by_one else RAISED_AT_ONCE))
            raised = self._store.alerts.raise_all([self._told(one) for one in some], self._clock.now())
            for outcome in raised:
                finding = self._pending.popleft()
                if outcome is not None:
                    self._raised.set()
                    log.info("alert %d is %s: %s", outcome.alert.id, outcome.alert.state, finding.key)
        self._one_by_one = False

    def _told(self, finding: Finding) -> tuple[Finding, str | None, str]:
        """A finding as it is raised: with what explains it, and whom it is about."""
        place = self._engine.index_of[finding.home]
        home = self._engine.homes[place]
        if self._failures[finding.key] >= GIVE_UP_AFTER:
            return finding, self._resident(finding, home), UNEXPLAINED
        finding = self._health.explained(finding, timedelta(seconds=float(self._engine.kit_limit[place])))
        return finding, self._resident(finding, home), self._said(finding, home)

    def _said(self, finding: Finding, home: Home) -> str:
        """The parts of the explanation, a line each; what was expected of a new home says that it is one."""
        why = explain(finding, home)
        since = known_since(self._engine, self._engine.index_of[home.id])
        if finding.kind is FindingKind.SILENCE and not finding.over and since and coldstart.early(since, finding.at):
            why = replace(why, expected=f"{why.expected} {coldstart.told(since, home.timezone)}")
        elif finding.evidence.get("anew"):
            why = replace(why, expected=f"{why.expected} {coldstart.ANEW}")
        return f"{why.observed}\n{why.expected}\n{why.health}\n{why.clears}".rstrip()

    def _resident(self, finding: Finding, home: Home) -> str | None:
        """Whom a finding is about: who wears the sensor, or who lives there alone. A fault is about nobody."""
        if finding.kind.lane is Lane.KIT:
            return None
        living = self._living[1].get(home.id, ())
        sensor = home.sensor(finding.sensor) if finding.sensor else None
        if sensor and sensor.wearer in living:
            return sensor.wearer
        return living[0] if len(living) == 1 else None

    def _now_and_then(self, now: datetime) -> None:
        real = time.monotonic()
        if real - self._looked_at < LOOK_EVERY:
            return
        self._looked_at = real
        self._pauses.end(now)
        if self._budgets.follow(now, self._known_for) or self._store.records.version() != self._version:
            self._reload()
        self._follow_imports()
        if not self._share.whole or (self._store.series.last_seq() > self._seq and self._news.empty()):
            self._catch_up()

    def _follow_imports(self) -> None:
        """What is usual in homes whose past has more to tell now is learned anew."""
        brought = {home: count for home, count in self._store.series.brought().items() if home in self._engine.index_of}
        fresh = [self._engine.index_of[home] for home, count in brought.items() if self._brought.get(home) != count]
        if fresh and self._relearning is not None:
            self._engine.outdated[fresh] = True
            self._brought, self._up_to_date = brought, False

    def _look_again(self) -> None:
        """Whoever closed it knew how somebody was at that moment, and not for the rest of the day; and that a kit is
        to be repaired, not that it was.
        """
        if time.monotonic() - self._looked_again_at < AGAIN_EVERY:
            return
        self._looked_again_at = time.monotonic()
        closed = self._store.alerts.closed_too_soon(TOLD_AGAIN)
        here = [(one, at) for one, at in closed if one.home in self._engine.index_of]
        self._find([found for one, at in here if (found := self._still_so(one, at)) is not None])

    def _still_so(self, told: Standing, closed: datetime) -> Finding | None:
        """What goes on too long after somebody `closed` the alert about it; once for each closing."""
        if told.kind in MAY_LIE_THERE:
            found = self._engine.goes_on(told.kind, told.home, closed, self._judged)
        else:
            found = self._still_wrong(told, closed)
        return found and replace(found, number=int(closed.timestamp()))

    def _still_wrong(self, told: Standing, closed: datetime) -> Finding | None:
        sensor = self._engine.homes[self._engine.index_of[told.home]].sensor(told.sensor)
        if self._judged - closed < repaired_within(told.kind, sensor.kind if sensor else None):
            return None
        knows = self._health if told.kind in OF_THE_HEARTBEAT else self._engine
        return knows.still_wrong(told.kind, told.home, told.sensor, self._judged)

    def _known_for(self, home: str) -> timedelta:
        place = self._engine.index_of.get(home)
        since = None if place is None else known_since(self._engine, place)
        return self._clock.now() - since if since else COUNTED

    def _catch_up(self) -> None:
        """Judge what is in the store and was not handed on."""
        while True:
            before = self._seq
            all_of_it = self._share.whole and not self._begun_after
            reached, rows = self._store.series.after(before, ROWS_AT_ONCE)
            if reached == before:
                return
            if not all_of_it:
                rows = [row for row in rows if self._is_to_be_seen(row.seq, row.home)]
            if rows:
                self._judge(rows)
            self._seq, self._ahead = reached, {seq for seq in self._ahead if seq > reached}
            self._raise_pending()
            if reached >= before + ROWS_AT_ONCE:
                self._say("reading what was stored")

    def _homes(self) -> tuple[int, list[Home]]:
        """Of which version of the records, and with the sensors that were agreed to and the budgets in force."""
        watched = self._store.records.watched()
        homes = (home for home in watched.homes if self._share.owns(home.id))
        used = [in_use(home, watched.agreed.get(home.id, NOTHING).kinds) for home in homes]
        return watched.version, self._budgets.homes(used)

    def _reload(self) -> None:
        """The homes changed: a new engine, with the state of every home and sensor that is still there."""
        version, homes = self._homes()
        if homes == list(self._engine.homes):
            self._health.follow(self._engine)
            self._version = version
            return
        self._say("the homes changed")
        engine = self._engine_of(homes, self._clock.now())
        engine.restore(self._without(self._erased_since(homes), homes))
        self._health.follow(engine)
        self._engine, self._version = engine, version
        self._recall()
        self._pending = deque(one for one in self._pending if one.home in engine.index_of)
        self._saved_at = float("-inf")
        log.info("watching %d homes", len(engine.homes))

    def _erased_since(self, homes: Sequence[Home]) -> set[str]:
        """Homes of which what was measured was deleted since they were loaded."""
        before = {home.id: home.erased_at for home in self._engine.homes}
        return {home.id for home in homes if home.id in before and home.erased_at != before[home.id]}

    def _without(self, erased: set[str], homes: Sequence[Home]) -> memoryview:
        """What the engine knows, but nothing of those."""
        if not erased:
            return self._engine.snapshot()
        self._health.forget([home for home in self._engine.homes if home.id in erased])
        unlearn(self._store.records.engine, erased)
        kept = self._engine_of([home for home in homes if home.id not in erased], self._clock.now())
        kept.restore(self._engine.snapshot())
        return kept.snapshot()

    def _rebuild(self) -> None:
        """After a start: the last snapshot, the observations after it, and what heartbeats said last."""
        if self._before is None:
            self._before = self._stood()  # until what follows says where it is
        self._budgets.read()
        version, homes = self._homes()
        self._say("reading what is on record")
        restored = self._restored(self._learned.mark, homes)
        of_another_prior = not restored and self._restored(None, homes)
        past_unread = not restored and not of_another_prior and self._begin_with_the_last(homes)
        self._version = version
        self._health = Health(self._store, self._share)
        self._say("reading what is known of kits")
        judged_until = self._before.played if self._before else None
        self._latest = max(judged_until or self._latest, self._latest)
        self._find(self._health.begin(self._engine, self._clock.now(), judged_until))
        self._say("reading what was stored")
        self._catch_up()
        self._begun_after = {}
        if past_unread:
            self._recollect_the_quiet()
        if past_unread or of_another_prior:
            self._engine.outdate()
        self._find([self._over(one) for one in self._recall(hold=past_unread) if one.kind not in BY_A_CLOCK])
        self._say("reading what was heard")
        self._hear(self._last_signs())
        self._find([self._over(one) for one in self._recall(hold=past_unread) if one.kind in BY_A_CLOCK])
        self._raise_pending()
        self._engine.listening_since = self._clock.now().timestamp()
        self._rebuilt, self._turned_at = True, time.monotonic()
        self._store.records.forget_turns(self._share.count)
        log.info("watching %d homes, after %d observations", len(self._engine.homes), self._seq)

    def _stood(self) -> Turn | None:
        """Where this watch was, or the last of those that had its homes when there were more or fewer."""
        turns = self._store.records.loops()
        watches = {name: turn for name, turn in turns.items() if name.split()[0] == "watch"}
        return watches.get(self._share.named("watch")) or min(
            watches.values(), key=lambda one: one.played, default=None
        )

    def _say(self, doing: str) -> None:
        """Of a borough each step takes seconds: a loop that is not heard of for a minute is given up."""
        self._turning.turned(self._clock.now(), doing)

    def _restored(self, mark: str | None, homes: Sequence[Home]) -> bool:
        """From this watch's own snapshot, if there is one; else from those of another number of watches, each of which
        knows its homes up to an observation of its own. Without a `mark` that of another prior is good to go on with.
        """
        snapshots = self._store.records.snapshots
        saved = snapshots.latest(mark, self._share)
        known = {self._share: saved} if saved else snapshots.of_another_number(mark, self._share.count)
        if not known:
            return False
        self._engine = self._engine_of(homes, self._clock.now())
        self._say("reading the last snapshot")
        if not all(self._engine.restore(content) for _, content in known.values()):
            return False
        self._begun_after = {} if saved else {share: seq for share, (seq, _) in known.items()}
        self._seq = min(seq for seq, _ in known.values())
        self._recall()
        return True

    def _recall(self, *, hold: bool = False) -> list[Standing]:
        """What was raised after the last snapshot stands, so that its end is noticed; returns what is over already.
        Where little is known, `hold`, that can be said of few, and the others wait until more is.
        """
        return [
            one
            for one in self._standing()
            if not self._engine.recall(one.kind, one.home, one.sensor, one.since, hold=hold)
        ]

    def _standing(self) -> list[Standing]:
        known = self._engine.index_of
        return [one for one in self._store.alerts.standing() if one.kind not in OF_THE_HEARTBEAT and one.home in known]

    def _over(self, one: Standing) -> Finding:
        """It ended while nobody watched; a silence by the last sign of life, the rest by what is known now."""
        at, by = self._clock.now(), one.sensor or None
        if one.kind is FindingKind.SILENCE:
            at, by = self._engine.latest_sign(one.home)
        return Finding(one.kind, one.home, one.since, at, sensor=by, over=True, evidence={"ended_by": by})

    def _begin_with_the_last(self, homes: Sequence[Home]) -> bool:
        """There is no state to go on with, and to read all of a borough's past takes hours. What came last says where
        everybody is; what is usual there is learned meanwhile, and until then the rules for new homes hold. Whether
        there is more.
        """
        series = self._store.series
        beginning = series.beginning()
        self._engine = self._engine_of(homes, beginning or self._clock.now())
        self._seq = max(series.last_seq() - READ_ANEW, 0)
        self._raise_calls()
        first = series.since(self._seq, 1)
        if beginning is None or (first and beginning >= first[0].arrived):
            return False
        since: dict[str, datetime] = {}
        for one in self._standing():
            since[one.home] = min(one.since, since.get(one.home, one.since))
        for home, begun in since.items():
            self._recollect(home, max(begun, self._clock.now() - A_WEEK) - A_DAY)
        return True

    def _recollect(self, home: str, since: datetime) -> None:
        """What is found in it was raised when it came, or is nobody's call for help now, and is let go."""
        observed(self._engine, home, self._store.series.columns(home, since, FOR_EVER))
        self._say("reading what came last")
        if time.monotonic() - self._called_at > LOOK_EVERY:
            self._raise_calls()

    def _recollect_the_quiet(self) -> None:
        """Homes of which nothing came lately: the day before they were last noticed."""
        for home in [self._engine.homes[place].id for place in np.flatnonzero(~self._engine.noticed)]:
            last = self._store.series.latest(home)
            if last is not None:
                self._recollect(home, last.at - A_DAY)

    def _raise_calls(self) -> None:
        """Nobody who calls waits until the past of all homes was judged: a call is judged apart, with nothing known. To
        be found again afterwards raises nothing.
        """
        self._called_at, until = time.monotonic(), self._store.series.last_seq()
        calls = self._store.series.calls(self._called)
        calling = {row.home for row in calls}
        self._know(list(calling))
        callers = [home for home in self._engine.homes if home.id in calling]
        found = judged(self._engine_of(callers, self._clock.now()), calls) if callers else []
        self._find([one for one in found if one.kind in FIRST])
        self._raise_pending()
        self._called = until

    def _learn_anew(self) -> None:
        """What was learned meanwhile of some homes is adopted, and the next are asked for: those first of which
        something stands that may be over.
        """
        if self._relearning is None or self._up_to_date:
            return
        relearned = self._relearning.relearned()
        if relearned:
            self._adopt(relearned)
        if not self._relearning.idle:
            return
        first = {one.home for one in self._standing()}
        waiting = [self._engine.homes[place] for place in np.flatnonzero(self._engine.outdated)]
        waiting.sort(key=lambda home: home.id not in first)
        self._learning_from = dict(self._brought)
        self._relearning.learn(waiting)
        self._up_to_date = not waiting
        if waiting:
            known = len(self._engine.homes) - len(waiting)
            self._learning.turned(self._clock.now(), str(HowFar(known, len(self._engine.homes))))
        else:
            self._store.records.forget_turn(self._share.named(LEARNING))

    def _adopt(self, relearned: Relearned) -> None:
        """Once both have seen the same. A home that changed meanwhile is learned of again."""
        index_of, own = self._engine.index_of, self._engine.homes
        same = [home for home in relearned.homes if home.id in index_of and own[index_of[home.id]] == home]
        self._catch_up()
        self._find(self._engine.overdue(self._judged))  # so that all that is over was told
        engine = self._engine_of(same, self._clock.now())
        if not engine.restore(relearned.state):
            log.error("the hub was updated while it runs: what is usual is learned once it was started again")
            self._relearning = None
            return
        bring_up(engine, self._store.series, relearned.seq, self._seq)
        brought = {home: self._learning_from[home] for home in engine.index_of if home in self._learning_from}
        self._find(self._engine.adopt(engine, self._clock.now(), brought))
        self._raise_pending()
        self._store.series.learned(brought)
        self._brought = {home: count for home, count in self._brought.items() if home not in brought}
        self._saved_at = float("-inf")

    def _last_signs(self) -> list[Signs]:
        """What heartbeats said that the snapshot does not know. An old one said again would end the fault of a kit."""
        signs, told = [], self._store.records.heartbeats()
        for home, heard in self._store.records.heard().items():
            if (place := self._engine.index_of.get(home)) is None:
                continue
            known = self._engine.heard_until[place]
            if home in told and heard.until and heard.at and heard.until.timestamp() > known:
                heartbeat = read_heartbeat(told[home])
                seen = sensors_seen(heartbeat, heard.at, retained=False)
                since = noticing_since(heartbeat, heard.at, retained=False)
                signs.append(Signs(home, heard.until, heard.at, heartbeat.every, seen, since, heartbeat))
        return signs

    def _snapshot(self) -> None:
        """Only of what has been raised: this runs when nothing is pending. On a full disk there is no room for one."""
        passed = time.monotonic() - self._saved_at
        if passed < SNAPSHOT_EVERY or self._saving.under_way or self._reserve.used:
            return
        if passed * SNAPSHOT_COSTS < self._saving.took and self._seq - self._saved_seq < SNAPSHOT_AFTER:
            return
        room = self._saving.room(self._engine.size)
        if room is None:
            return
        if not self._share.whole:
            self._catch_up()  # so that none is ahead
        self._saving.begin(self._seq, self._engine.snapshot(room), self._learned.mark)
        self._saved_at, self._saved_seq = time.monotonic(), self._seq
