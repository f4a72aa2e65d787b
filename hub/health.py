"""What the watch makes of heartbeats: faults of kits and sensors, each sensor's own silence limit, and the time in
which nothing could have been noticed.

What lasts is a row from when it begins until it ends, so that a restart goes on where it was. A condition that comes
and goes is one fault (`models.faults`), and a home that does is one as well.
"""

import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import numpy as np

from hub.beside import Beside
from hub.ingest import Signs
from hub.store import Store
from hub.store.series import Row
from models.battery import forecast
from models.detection import OF_THE_HEARTBEAT, Finding, FindingKind
from models.detection.batch import Batch, Bools, utc
from models.detection.engine import Engine
from models.detection.rhythms import LIMIT_CHANGED, Rhythms
from models.faults import HOUR, TEST_EVERY, Condition, conditions
from models.health import Learned, kit_unheard_after, why_unheard
from models.home import Home, Sensor
from models.observation import KINDS_OF, What
from models.protection import Spell, Unprotected
from models.share import WHOLE, Share
from models.wire import Heartbeat, Tested

WRITE_EVERY = 2.0
"""Real seconds between writing down what was learned."""
AT_ONCE = 50
"""Homes of which it is: those of a borough within half an hour, since a rhythm is learned in days."""
LEVELS_AT_ONCE = 1000
DOWN_FOR = timedelta(minutes=1)
"""A hub that judged nothing for longer was not there."""
LEVEL_CHANGE, LEVEL_EVERY = 1.0, timedelta(days=7)
"""Percent; a level that stays the same is written down that often."""
FLAPS = 3
"""So many times away within an hour, and it is one fault until the home has held for an hour."""
TURNS, TURNS_WITHIN, BOOTS_KNOWN = 4, timedelta(minutes=15), 8
"""A machine that starts anew never comes back as what it was. One that does so often, within so long, is two machines;
less may be the order in which a broker hands on what waited.
"""
BUTTONS = KINDS_OF[What.PRESSED]

Key = tuple[FindingKind, str]
Level = tuple[str, str, datetime, float]


@dataclass(slots=True)
class Trouble:
    """A condition that lasts; `raised` once it is a fault, `away` since when it has not been said."""

    began: datetime
    raised: bool = False
    away: datetime | None = None


@dataclass(slots=True)
class Kit:
    """What is remembered of a home's kit. `steady` is since when its heartbeats have come without a gap, `tests_since`
    since when it is known to make test presses. `boots` are those that were heard, the latest last, and `turns` when
    one of them came back after another.
    """

    tests_since: datetime | None = None
    troubles: dict[Key, Trouble] = field(default_factory=dict)
    levels: dict[str, tuple[datetime, float]] = field(default_factory=dict)
    soon: dict[str, bool] = field(default_factory=dict)
    beat_at: datetime | None = None
    steady: datetime | None = None
    tested: Tested | None = None
    last_test: datetime | None = None
    returns: tuple[datetime, ...] = ()
    boots: tuple[str, ...] = ()
    turns: tuple[datetime, ...] = ()

    def spoke(self, boot: str | None, at: datetime) -> None:
        if boot is None or boot == (self.boots[-1] if self.boots else None):
            return
        if boot in self.boots:
            self.turns = (*self.turns, at)[-TURNS:]
        self.boots = (*(one for one in self.boots if one != boot), boot)[-BOOTS_KNOWN:]

    def is_two(self, now: datetime) -> bool:
        return len(self.turns) == TURNS and now - self.turns[0] <= TURNS_WITHIN

    def returned(self, now: datetime) -> None:
        self.returns = (*self.returns, now)[-FLAPS:]

    def set_back(self, now: datetime) -> None:
        """Nothing was said or began later."""
        for one in self.troubles.values():
            one.began, one.away = min(one.began, now), min(one.away, now) if one.away else None
        self.beat_at, self.steady, self.tests_since, self.last_test = (
            min(at, now) if at else None for at in (self.beat_at, self.steady, self.tests_since, self.last_test)
        )
        self.returns, self.turns = (tuple(min(at, now) for at in past) for past in (self.returns, self.turns))


class Health:
    """Findings of the kinds in `OF_THE_HEARTBEAT`, and the spells in the store; of several watches each sees to those
    of its own homes, and says for itself when it was deaf.
    """

    def __init__(self, store: Store, share: Share = WHOLE) -> None:
        kept = store.health
        self._store = store
        self._share = share
        self._deaf: dict[str, datetime] = {}
        self._kits: dict[str, Kit] = defaultdict(Kit)
        self._rhythms = Rhythms()
        self._open: dict[tuple[str | None, str], datetime] = {}
        self._flapping: set[str] = set()
        self._begun: list[Spell] = []
        self._ended: list[Spell] = []
        self._forgotten: list[Spell] = []
        self._levels: list[Level] = []
        self._unsaved: dict[str, None] = {}
        self._saved_at = float("-inf")
        self._learned = Beside[tuple[str, Learned]]("what was learned of kits", lambda some: kept.learn(dict(some)))
        self._leveled = Beside[Level]("levels of batteries", kept.level)
        self._looked: dict[str, int] = {}
        self._swapped = 0

    # At the start, and when the homes changed

    def begin(self, engine: Engine, now: datetime, judged_until: datetime | None) -> list[Finding]:
        """What is on record, and how long nobody watched since `judged_until`. Finds what was over when a crash came
        between its end and the telling of it.
        """
        kept, owns = self._store.health, self._share.owns
        self._remember(engine)
        for home, at in kept.last_tests().items():
            if owns(home):
                self._kits[home].last_test = at
        for (home, sensor), levels in kept.levels().items():
            if owns(home):
                self._kits[home].levels[sensor] = levels[-1]
        for one in kept.spells(now - HOUR, now, kinds=[Unprotected.KIT_UNHEARD]):
            if one.home and one.ended and owns(one.home):
                self._kits[one.home].returned(one.ended)
        self._swapped = len(kept.swaps())
        self._resume(kept.lasting())
        if judged_until and now - judged_until > DOWN_FOR:
            self._deaf_since(judged_until)
        self.follow(engine)
        return self._reconciled(now)

    def _remember(self, engine: Engine) -> None:
        self._rhythms = Rhythms(engine.homes, engine.sensor_index)
        for home, learned in self._store.health.learned():
            self._rhythms.know(home, learned.rhythms)
            if learned.tests_since and self._share.owns(home):
                self._kits[home].tests_since = learned.tests_since
        self._rhythms.look_up()

    def _resume(self, spells: Sequence[Spell]) -> None:
        for one in spells:
            if one.kind == Unprotected.HUB_DEAF:
                if self._is_mine(one.sensor):
                    self._deaf[one.sensor] = one.began
            elif one.home and not self._share.owns(one.home):
                continue
            elif one.kind in OF_THE_HEARTBEAT and one.home:
                kind = FindingKind(one.kind)
                self._kits[one.home].troubles[kind, one.sensor] = Trouble(one.began)
                if kind is FindingKind.KIT_FLAPS:
                    self._flapping.add(one.home)
            else:
                self._open[one.home, one.kind] = one.began

    def _is_mine(self, share: str) -> bool:
        """What watches of another number were deaf of, the first of these sees the end of."""
        another_number = share.partition("/")[2] != self._own_name.partition("/")[2]
        return share == self._own_name or (self._share.first and another_number)

    @property
    def _own_name(self) -> str:
        return "" if self._share.whole else str(self._share)

    def _reconciled(self, now: datetime) -> list[Finding]:
        found = []
        for one in self._store.alerts.standing():
            if not self._share.owns(one.home):
                continue
            if one.kind is FindingKind.KIT_UNHEARD:
                self._lasts(one.home, Unprotected.KIT_UNHEARD, one.since)
            elif one.kind in OF_THE_HEARTBEAT:
                trouble = self._kits[one.home].troubles.get((one.kind, one.sensor))
                if trouble:
                    trouble.raised = True
                else:
                    found.append(Finding(one.kind, one.home, one.since, now, one.sensor or None, over=True))
        return found

    def follow(self, engine: Engine) -> None:
        """Tell a new engine each sensor's limit, forget what was known of sensors that were exchanged."""
        swaps = self._store.health.swaps()
        for swap in swaps[self._swapped :]:
            self._forget_sensor(swap.home, swap.sensor)
        self._swapped = len(swaps)
        if self._rhythms.place is not engine.sensor_index:
            self._rhythms = Rhythms(engine.homes, engine.sensor_index, self._rhythms)
        self._looked.clear()
        engine.allow(np.arange(len(self._rhythms.limit)), self._rhythms.limit)

    def set_back(self, now: datetime) -> None:
        """The hub's clock was ahead until now."""
        self._rhythms.set_back(now.timestamp())
        for kit in self._kits.values():
            kit.set_back(now)

    def forget(self, homes: Iterable[Home]) -> None:
        """How often their sensors report is learned anew."""
        self._rhythms.forget((home.id, sensor.id) for home in homes for sensor in home.sensors)

    def _forget_sensor(self, home: str, sensor: str) -> None:
        self._rhythms.forget([(home, sensor)])
        kit = self._kits[home]
        for known in (kit.levels, kit.soon):
            known.pop(sensor, None)
        self._unsaved[home] = None

    # Heartbeats

    def hear(self, signs: Sequence[Signs], alive: Batch, engine: Engine) -> list[Finding]:
        """Of homes that are watched; `alive` holds a row for each sensor that they say is, in their order."""
        found: list[Finding] = []
        held: list[bool] = []
        for one in signs:
            kit = self._kits[one.home]
            held += [self._goes_on(kit, one)] * len(one.sensors)
            if one.beat is not None:
                found += self._beat(kit, one, one.beat, engine.homes[engine.index_of[one.home]])
        self._learn(alive, np.array(held, np.bool_), engine)
        return found

    def _goes_on(self, kit: Kit, signs: Signs) -> bool:
        """Whether the kit was heard all along since its last heartbeat."""
        held = kit.beat_at is not None and signs.at - kit.beat_at <= kit_unheard_after(timedelta(seconds=signs.every))
        if not held or kit.steady is None:
            kit.steady = signs.at
        kit.beat_at = max(signs.at, kit.beat_at or signs.at)
        return held

    def _beat(self, kit: Kit, signs: Signs, beat: Heartbeat, home: Home) -> list[Finding]:
        kit.spoke(beat.boot, signs.at)
        self._note_test(kit, home.id, beat)
        self._note_levels(kit, beat, home, signs.at)
        return self._judge(kit, home.id, self._present(kit, beat, home, signs.at), signs.at)

    def _learn(self, alive: Batch, held: Bools, engine: Engine) -> None:
        """A gap counts only while the kit was heard all along: else it is the path's."""
        told = self._rhythms.take(alive.sensor, alive.at, held)
        for home in np.unique(alive.home[told > 0]).tolist():
            self._unsaved[engine.homes[home].id] = None
        changed = np.unique(alive.sensor[told & LIMIT_CHANGED > 0])
        engine.allow(changed, self._rhythms.limit[changed])

    def _note_test(self, kit: Kit, home: str, beat: Heartbeat) -> None:
        if beat.tested and kit.tests_since is None and kit.beat_at:
            kit.tests_since = kit.beat_at
            self._unsaved[home] = None
        told = beat.tested
        if told and told != kit.tested:
            kit.tested = told
            hops = {"kept": told.kept, "sent": told.sent, "receipted": told.receipted}
            self._store.health.test(home, told.outbox, told.number, told.at, **hops)

    def _note_levels(self, kit: Kit, beat: Heartbeat, home: Home, at: datetime) -> None:
        for name, told in beat.health.items():
            before = kit.levels.get(name)
            if told.battery is None or (before and _is_much_like(before, (at, told.battery))):
                continue
            sensor = home.sensor(name)
            if sensor is None:
                continue
            kit.levels[name] = (at, told.battery)
            self._levels.append((home.id, name, at, told.battery))
            kit.soon[name] = before is not None and self._soon(home.id, sensor, (at, told.battery))

    def _soon(self, home: str, sensor: Sensor, newest: tuple[datetime, float]) -> bool:
        levels = self._store.health.levels(home, sensor.id).get((home, sensor.id), [])
        series = [*(one for one in levels if one[0] < newest[0]), newest]
        return forecast(series, sensor.kind, series[0][0], newest[0]).due(newest[0])

    def _present(self, kit: Kit, beat: Heartbeat, home: Home, at: datetime) -> dict[Key, Condition]:
        said = [
            one
            for one in conditions(beat, frozenset(kit.troubles))
            if one.kind is FindingKind.RADIO_OFFLINE or not one.sensor or home.sensor(one.sensor)
        ]
        present = {one.key: one for one in said}
        for name, soon in kit.soon.items():
            if soon and (FindingKind.BATTERY_FLAT, name) not in present:
                present[FindingKind.BATTERY_SOON, name] = Condition(FindingKind.BATTERY_SOON, name)
        if kit.is_two(at):
            present[FindingKind.TWO_KITS, ""] = Condition(FindingKind.TWO_KITS)
        if self._test_is_missing(kit, at):
            present[FindingKind.NO_TEST, ""] = Condition(FindingKind.NO_TEST)
        return present

    def _test_is_missing(self, kit: Kit, at: datetime) -> bool:
        """After a gap in which it was not heard, what its kit kept gets an hour to arrive."""
        last = kit.last_test or kit.tests_since
        if last is None or kit.steady is None:
            return False
        return at - last > TEST_EVERY and ((FindingKind.NO_TEST, "") in kit.troubles or at - kit.steady >= HOUR)

    def _judge(self, kit: Kit, home: str, present: dict[Key, Condition], at: datetime) -> list[Finding]:
        found = []
        for key, condition in present.items():
            if key not in kit.troubles:
                began = (kit.last_test or kit.tests_since or at) if key[0] is FindingKind.NO_TEST else at
                self._start(kit, home, key, began)
            trouble = kit.troubles[key]
            trouble.away = None
            if not trouble.raised and at - trouble.began >= condition.holds:
                found.append(self._raised(trouble, home, condition, at))
        for key in [key for key in kit.troubles if key not in present and self._can_tell(kit, key)]:
            found += self._away(kit, home, key, at)
        return found

    def _can_tell(self, kit: Kit, key: Key) -> bool:
        """Whether its being absent from a heartbeat means that it is over."""
        kind, sensor = key
        return kind is not FindingKind.KIT_FLAPS and (kind is not FindingKind.BATTERY_SOON or sensor in kit.soon)

    def _start(self, kit: Kit, home: str, key: Key, began: datetime) -> None:
        kit.troubles[key] = Trouble(began)
        self._begun.append(Spell(home, key[0], began, sensor=key[1]))

    def _raised(self, trouble: Trouble, home: str, condition: Condition, at: datetime) -> Finding:
        trouble.raised = True
        evidence = {"figure": condition.figure}
        return Finding(condition.kind, home, trouble.began, at, condition.sensor or None, evidence=evidence)

    def _away(self, kit: Kit, home: str, key: Key, at: datetime) -> Iterator[Finding]:
        trouble = kit.troubles[key]
        trouble.away = trouble.away or at
        if at - trouble.away < Condition(*key).clears:
            return
        del kit.troubles[key]
        spell = Spell(home, key[0], trouble.began, trouble.away, key[1])
        if trouble.raised:
            self._ended.append(spell)
            yield Finding(key[0], home, trouble.began, at, key[1] or None, over=True)
        else:
            self._forgotten.append(spell)

    # Test presses

    def judged(self, rows: Iterable[Row], now: datetime) -> list[Finding]:
        """Test presses among what has just been judged: no alert, but the proof that one would have been raised."""
        found: list[Finding] = []
        for row in rows:
            if row.what is What.TESTED:
                self._store.health.test(row.home, row.outbox, row.number, row.at, arrived=row.arrived, judged=now)
                kit = self._kits[row.home]
                kit.last_test = max(row.arrived, kit.last_test or row.arrived)
                if (FindingKind.NO_TEST, "") in kit.troubles and now - kit.last_test <= TEST_EVERY:
                    found += self._away(kit, row.home, (FindingKind.NO_TEST, ""), now)
        return found

    # What time shows

    def look(self, engine: Engine, now: datetime, *, hearing: bool) -> list[Finding]:
        """Spells in which nothing could be noticed; and homes that come and go."""
        if hearing:
            self._ended += [Spell(None, Unprotected.HUB_DEAF, since, now, of) for of, since in self._deaf.items()]
            self._deaf.clear()
        else:
            self._deaf_since(now)
        found = self.unheard(engine, now)
        self._mute(engine, now)
        return found + [one for home in sorted(self._flapping) for one in self._steady(home, now)]

    def unheard(self, engine: Engine, now: datetime) -> list[Finding]:
        """A home that was never heard has no kit yet, and nothing to be unprotected by."""
        if not self._is_news("unheard", engine):
            return []
        kind, heard = Unprotected.KIT_UNHEARD, engine.heard_until
        unheard = np.flatnonzero(engine.unheard & np.isfinite(heard))
        away = {engine.homes[home].id: utc(heard[home]) for home in unheard}
        found: list[Finding] = []
        for home in [home for home, open_kind in self._open if open_kind == kind and home and home not in away]:
            self._over(home, kind, now)
            self._kits[home].returned(now)
            found += self._comes_and_goes(home, now)
        for home, since in away.items():
            self._lasts(home, kind, since)
        return found

    def _is_news(self, who: str, engine: Engine) -> bool:
        """Whether anything is unheard, or no longer is, since it was last asked: to look at all sensors takes long."""
        before, self._looked[who] = self._looked.get(who), engine.changes
        return before != engine.changes

    def _comes_and_goes(self, home: str, now: datetime) -> list[Finding]:
        kit, key = self._kits[home], (FindingKind.KIT_FLAPS, "")
        if key in kit.troubles or len(kit.returns) < FLAPS or now - kit.returns[0] > HOUR:
            return []
        self._start(kit, home, key, kit.returns[0])
        self._flapping.add(home)
        return [self._raised(kit.troubles[key], home, Condition(*key, figure=FLAPS), now)]

    def _steady(self, home: str, now: datetime) -> Iterable[Finding]:
        kit = self._kits[home]
        gone = (home, Unprotected.KIT_UNHEARD) in self._open
        if gone or (kit.returns and now - kit.returns[-1] < HOUR):
            return ()
        self._flapping.discard(home)
        return self._away(kit, home, (FindingKind.KIT_FLAPS, ""), now)

    def _mute(self, engine: Engine, now: datetime) -> None:
        """Homes in which every button is dead, or everything else."""
        if not self._is_news("mute", engine):
            return
        mute: dict[tuple[str | None, str], datetime] = {}
        for place in np.unique(engine.sensor_home[np.flatnonzero(engine.dead)]).tolist():
            home = engine.homes[place]
            if np.isfinite(engine.heard_until[place]):
                for kind, sensors in _by_what_they_are_for(home):
                    indices = [engine.sensor_index[home.id, sensor.id] for sensor in sensors]
                    if indices and engine.dead[indices].all():
                        seen = max(float(engine.seen[indices].max()), 0.0)
                        mute[home.id, kind] = utc(seen) if seen else now
        kinds = (Unprotected.NO_BUTTON, Unprotected.NO_SENSORS)
        for home_id, over in [key for key in self._open if key[1] in kinds and key not in mute]:
            self._over(home_id, over, now)
        for (home_id, begun), since in mute.items():
            self._lasts(home_id, begun, since)

    def _deaf_since(self, since: datetime) -> None:
        if self._own_name not in self._deaf:
            self._deaf[self._own_name] = since
            self._begun.append(Spell(None, Unprotected.HUB_DEAF, since, sensor=self._own_name))

    def _lasts(self, home: str | None, kind: str, since: datetime) -> None:
        if (home, kind) not in self._open:
            self._open[home, kind] = since
            self._begun.append(Spell(home, kind, since))

    def _over(self, home: str | None, kind: str, now: datetime) -> None:
        if (home, kind) in self._open:
            self._ended.append(Spell(home, kind, self._open.pop((home, kind)), now))

    def still_wrong(self, kind: FindingKind, home: str, sensor: str, now: datetime) -> Finding | None:
        """What a kit said of itself, told of before, where it says so still."""
        kit = self._kits.get(home)
        trouble = kit.troubles.get((kind, sensor)) if kit else None
        return Finding(kind, home, trouble.began, now, sensor or None) if trouble and trouble.raised else None

    # To the store

    def write_down(self) -> None:
        """After what it means was told, so that no press waits: a crash in between is made good at the next start."""
        kept = self._store.health
        for spells, write in ((self._begun, kept.begin), (self._ended, kept.end), (self._forgotten, kept.forget)):
            if spells:
                write(spells)
                spells.clear()
        if self._levels and not self._leveled.busy:
            self._levels = [*self._leveled.left(), *self._levels]
            self._leveled.write(self._levels[:LEVELS_AT_ONCE])
            self._levels = self._levels[LEVELS_AT_ONCE:]

    def save(self, engine: Engine) -> None:
        """What was learned, a part at a time."""
        real = time.monotonic()
        if real - self._saved_at < WRITE_EVERY or not self._unsaved or self._learned.busy:
            return
        self._saved_at = real
        self._unsaved |= dict.fromkeys(home for home, _ in self._learned.left())
        some = list(self._unsaved)[:AT_ONCE]
        known = [(home, engine.homes[engine.index_of[home]]) for home in some if home in engine.index_of]
        self._learned.write(
            [(home, Learned(self._rhythms.of(fitted), self._kits[home].tests_since)) for home, fitted in known]
        )
        for home in some:
            del self._unsaved[home]

    def explained(self, finding: Finding, limit: timedelta) -> Finding:
        """With why its home is unheard, where that is what it says."""
        if finding.kind is not FindingKind.KIT_UNHEARD or finding.over:
            return finding
        heard = self._store.records.heard(finding.home).get(finding.home)
        why = why_unheard(heard, finding.at, limit) if heard else None
        return replace(finding, evidence={**finding.evidence, "why": str(why)}) if why else finding


def _is_much_like(before: tuple[datetime, float], level: tuple[datetime, float]) -> bool:
    return abs(before[1] - level[1]) < LEVEL_CHANGE and level[0] - before[0] < LEVEL_EVERY


def _by_what_they_are_for(home: Home) -> Iterator[tuple[Unprotected, list[Sensor]]]:
    yield Unprotected.NO_BUTTON, [sensor for sensor in home.sensors if sensor.kind in BUTTONS]
    yield Unprotected.NO_SENSORS, [sensor for sensor in home.sensors if sensor.kind not in BUTTONS]
