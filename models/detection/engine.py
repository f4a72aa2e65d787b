"""All homes at once: columns in, findings out. `observe` when something arrived, `overdue` when time has passed.

For every home the engine keeps `expected_by`, the moment by which a sign of life is due, and `heard_until`, the moment
up to which everything that its kit noticed has arrived. A silence is judged only as far as the home is heard: what we
cannot hear is a fault of the kit or the path, and never a finding about the person. The order in which late, repeated
or reordered observations arrive makes no difference, since every column only moves forward in time.
"""

import io
from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np

from models.detection import Finding, FindingKind
from models.detection.batch import NO_SENSOR, Batch, Bools, Floats, Ints, batch
from models.detection.inactivity import expected_by, limits
from models.health import SENSOR_UNHEARD_AFTER
from models.home import Home
from models.observation import CODE_OF, What

_PRESSED, _ALIVE, _HEARD = CODE_OF[What.PRESSED], CODE_OF[What.ALIVE], CODE_OF[What.HEARD]
NEVER = -np.inf


class Engine:
    """State of all `homes` as numpy columns; a home's index is its place in `homes`.

    `listening_since` is when this hub last began to hear kits: being deaf oneself is no fault of theirs.
    """

    def __init__(self, homes: Sequence[Home], now: datetime, kit_limit: float = 180.0) -> None:
        self.homes = tuple(homes)
        self.index_of = {home.id: place for place, home in enumerate(self.homes)}
        self._limits = limits(list(homes))
        self._fit_sensors()
        start = now.timestamp()
        count = len(self.homes)
        self.last_sign: Floats = np.full(count, start)
        self.last_sensor: Ints = np.full(count, NO_SENSOR)
        self.heard_until: Floats = np.full(count, NEVER)
        self.kit_limit: Floats = np.full(count, kit_limit)
        self.silent: Bools = np.zeros(count, bool)
        self.unheard: Bools = np.zeros(count, bool)
        self.seen: Floats = np.full(len(self.sensor_ids), NEVER)
        self.dead: Bools = np.zeros(len(self.sensor_ids), bool)
        self.expected_by: Floats = expected_by(self._limits, np.arange(count), self.last_sign)
        self.listening_since = start

    def _fit_sensors(self) -> None:
        fitted = [(place, sensor) for place, home in enumerate(self.homes) for sensor in home.sensors]
        self.sensor_ids = [sensor.id for _, sensor in fitted]
        self.sensor_home: Ints = np.array([place for place, _ in fitted], np.int64)
        self.sensor_index = {(self.homes[p].id, s.id): i for i, (p, s) in enumerate(fitted)}
        limit = [SENSOR_UNHEARD_AFTER[sensor.kind].total_seconds() for _, sensor in fitted]
        self.sensor_limit: Floats = np.array(limit, np.float64)

    def row(
        self, home: str, sensor: str, what: What, at: datetime, arrived: datetime, number: int = 0
    ) -> tuple[int, int, int, float, float, int]:
        """One row for `batch`; KeyError for a home that is not here. An unfitted sensor counts for its home alone."""
        index = self.sensor_index.get((home, sensor), NO_SENSOR)
        return self.index_of[home], index, CODE_OF[what], at.timestamp(), arrived.timestamp(), number

    def promise(self, home: str, limit: float) -> None:
        """The kit in `home` becomes unheard after `limit` seconds, which follows from how often it says it beats."""
        self.kit_limit[self.index_of[home]] = limit

    def beat(self, home: str, until: datetime, arrived: datetime, sensors: dict[str, datetime]) -> Batch:
        """A heartbeat as rows: the kit heard until then, each sensor alive at its last sign."""
        alive = [self.row(home, sensor, What.ALIVE, at, arrived) for sensor, at in sensors.items()]
        return batch([self.row(home, "", What.HEARD, until, arrived), *alive])

    def observe(self, news: Batch) -> list[Finding]:
        """Take in what arrived. Finds presses at once, and what ended by being heard from again."""
        person = (news.what != _ALIVE) & (news.what != _HEARD)
        found = self._presses(news[news.what == _PRESSED])
        found += self._signs(news[person])
        found += self._kits(news[news.what == _HEARD])
        return found + self._sensors(news[(news.what != _HEARD) & (news.sensor != NO_SENSOR)])

    def overdue(self, now: datetime) -> list[Finding]:
        """Look at every home at once for what should have come by `now` and did not."""
        moment = now.timestamp()
        known = np.minimum(moment, self.heard_until)
        silent = ~self.silent & (self.expected_by < known)
        unheard = ~self.unheard & (np.maximum(self.heard_until, self.listening_since) + self.kit_limit < moment)
        kit = self.heard_until[self.sensor_home]
        since = np.where(np.isfinite(self.seen), self.seen, self.listening_since)
        dead = ~self.dead & (since + self.sensor_limit < kit)
        self.silent |= silent
        self.unheard |= unheard
        self.dead |= dead
        found = [self._silence(int(home), moment) for home in np.flatnonzero(silent)]
        found += [self._unheard(int(home), moment) for home in np.flatnonzero(unheard)]
        return found + [self._sensor(int(sensor), moment) for sensor in np.flatnonzero(dead)]

    def _presses(self, news: Batch) -> list[Finding]:
        rows = zip(news.home, news.sensor, news.at, news.arrived, news.number, strict=True)
        return [
            Finding(
                FindingKind.PRESS,
                self.homes[home].id,
                _utc(at),
                _utc(arrived),
                sensor=self._sensor_id(sensor),
                evidence={"late_by": float(arrived - at)},
                number=int(number),
            )
            for home, sensor, at, arrived, number in rows
        ]

    def _signs(self, news: Batch) -> list[Finding]:
        order = np.argsort(news.at, kind="stable")
        home, at = news.home[order], news.at[order]
        newer = at > self.last_sign[home]
        self.last_sensor[home[newer]] = news.sensor[order][newer]
        touched = np.unique(home[newer])
        broken = touched[self.silent[touched]]
        since = self.last_sign[broken].copy()
        np.maximum.at(self.last_sign, home[newer], at[newer])
        self.expected_by[touched] = expected_by(self._limits, touched, self.last_sign[touched])
        self.silent[broken] = False
        return [
            self._over(FindingKind.SILENCE, int(place), float(start), float(self.last_sign[place]))
            for place, start in zip(broken, since, strict=True)
        ]

    def _kits(self, news: Batch) -> list[Finding]:
        np.maximum.at(self.heard_until, news.home, news.at)
        current = news.home[news.arrived - news.at <= self.kit_limit[news.home]]
        back = np.unique(current[self.unheard[current]])
        self.unheard[back] = False
        return [
            self._over(FindingKind.KIT_UNHEARD, int(home), float(self.heard_until[home]), float(self.heard_until[home]))
            for home in back
        ]

    def _sensors(self, news: Batch) -> list[Finding]:
        np.maximum.at(self.seen, news.sensor, news.at)
        current = news.sensor[news.arrived - news.at <= self.sensor_limit[news.sensor]]
        back = np.unique(current[self.dead[current]])
        self.dead[back] = False
        return [
            self._over(
                FindingKind.SENSOR_UNHEARD,
                int(self.sensor_home[sensor]),
                float(self.seen[sensor]),
                float(self.seen[sensor]),
                self.sensor_ids[sensor],
            )
            for sensor in back
        ]

    def _silence(self, home: int, moment: float) -> Finding:
        mine = self.sensor_home == home
        evidence = {
            "expected_by": float(self.expected_by[home]),
            "last_sensor": self._sensor_id(int(self.last_sensor[home])),
            "heard_until": float(self.heard_until[home]),
            "sensors": int(mine.sum()),
            "sensors_heard": int((mine & ~self.dead).sum()),
        }
        began = _utc(self.last_sign[home])
        return Finding(FindingKind.SILENCE, self.homes[home].id, began, _utc(moment), evidence=evidence)

    def _unheard(self, home: int, moment: float) -> Finding:
        ever = np.isfinite(self.heard_until[home])
        since = self.heard_until[home] if ever else self.listening_since
        return Finding(
            FindingKind.KIT_UNHEARD,
            self.homes[home].id,
            _utc(since),
            _utc(moment),
            evidence={"ever_heard": bool(ever), "limit": float(self.kit_limit[home])},
        )

    def _sensor(self, sensor: int, moment: float) -> Finding:
        ever = np.isfinite(self.seen[sensor])
        since = self.seen[sensor] if ever else self.listening_since
        return Finding(
            FindingKind.SENSOR_UNHEARD,
            self.homes[self.sensor_home[sensor]].id,
            _utc(since),
            _utc(moment),
            sensor=self.sensor_ids[sensor],
            evidence={"ever_heard": bool(ever), "limit": float(self.sensor_limit[sensor])},
        )

    def _over(self, kind: FindingKind, home: int, since: float, at: float, sensor: str | None = None) -> Finding:
        by = self._sensor_id(int(self.last_sensor[home])) if kind is FindingKind.SILENCE else sensor
        return Finding(
            kind, self.homes[home].id, _utc(since), _utc(at), sensor=sensor, over=True, evidence={"ended_by": by}
        )

    def _sensor_id(self, sensor: int) -> str | None:
        return None if sensor == NO_SENSOR else self.sensor_ids[sensor]

    def snapshot(self) -> bytes:
        """All state by the ids of homes and sensors, for `restore`."""
        content = io.BytesIO()
        np.savez(
            content,
            homes=np.array([home.id for home in self.homes]),
            sensors=np.array([f"{home}\t{sensor}" for home, sensor in self.sensor_index]),
            last_sensor_id=np.array([self._sensor_id(int(sensor)) or "" for sensor in self.last_sensor]),
            **{name: getattr(self, name) for name in _BY_HOME + _BY_SENSOR},
        )
        return content.getvalue()

    def restore(self, content: bytes) -> None:
        """State from a snapshot for every home and sensor that is still here; new ones keep theirs."""
        with np.load(io.BytesIO(content), allow_pickle=False) as old:
            homes = _matches([home.id for home in self.homes], old["homes"].tolist())
            pairs = [f"{home}\t{sensor}" for home, sensor in self.sensor_index]
            sensors = _matches(pairs, old["sensors"].tolist())
            for names, (here, there) in ((_BY_HOME, homes), (_BY_SENSOR, sensors)):
                for name in names:
                    getattr(self, name)[here] = old[name][there]
            for here, there in zip(*homes, strict=True):
                key = (self.homes[here].id, str(old["last_sensor_id"][there]))
                self.last_sensor[here] = self.sensor_index.get(key, NO_SENSOR)
        self.expected_by = expected_by(self._limits, np.arange(len(self.homes)), self.last_sign)


_BY_HOME = ("last_sign", "heard_until", "kit_limit", "silent", "unheard")
_BY_SENSOR = ("seen", "dead")


def _matches(here: list[str], there: list[str]) -> tuple[Ints, Ints]:
    place = {name: index for index, name in enumerate(there)}
    pairs = [(index, place[name]) for index, name in enumerate(here) if name in place]
    return (np.array([a for a, _ in pairs], np.int64), np.array([b for _, b in pairs], np.int64))


def _utc(moment: float) -> datetime:
    return datetime.fromtimestamp(float(moment), UTC)
