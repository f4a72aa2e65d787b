"""All homes at once: columns in, findings out. `observe` when something arrived, `overdue` when time has passed.

For every home the engine keeps `expected_by`, the moment by which a sign of life is due, and `heard_until`, the moment
up to which everything that its kit noticed has arrived. A silence is judged only as far as the home is heard: what we
cannot hear is a fault of the kit or the path, and never a finding about the person. The order in which late, repeated
or reordered observations arrive makes no difference, since every column only moves forward in time.

With a `prior`, each home learns its routine (`stream`, `kernels`), and five minutes into a silence it is read how long
this one may last. Until a home is known, the simple rule (`inactivity`) holds as well, whichever calls first.
"""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from itertools import pairwise, repeat
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from models.detection import Finding, FindingKind, chairs, coldstart, company, doors, kernels, lie, moved, night, stream
from models.detection.anew import joined
from models.detection.batch import NO_SENSOR, Batch, Bools, Floats, Ints, batch, utc
from models.detection.clocks import ENDED_SINCE, QUIET, RAISED
from models.detection.evidence import around
from models.detection.evidence import evidence as evidence_of
from models.detection.fusion import STATE as FUSION_STATE
from models.detection.fusion import Fusion
from models.detection.inactivity import expected_by, limits
from models.detection.prior import Prior
from models.detection.rooms import BATHROOM, room_code
from models.detection.routine import HALF_LIFE, MONTH, REFERENCE_RATE, TRUST
from models.detection.trees import laid_out
from models.health import SENSOR_UNHEARD_AFTER
from models.home import Home, Sensor
from models.observation import CODE_OF, KINDS_OF, WHATS, Evidence, SensorKind, What

_ALIVE, _HEARD = CODE_OF[What.ALIVE], CODE_OF[What.HEARD]
_FELL, _WORN = CODE_OF[What.FELL], CODE_OF[What.WORN]
_CODES = {what.value: code for what, code in CODE_OF.items()}
_BACK = (stream.KIT_BACK, stream.SENSOR_BACK)
NEVER = -np.inf

OTHERS_THERE, SENSORS_DOUBTED = 0.8, 0.8
"""What is left of the strength of a silence when somebody else may be there, or a sensor can't be relied on."""

KNOWN_AFTER = coldstart.KNOWN_AFTER.total_seconds()
"""From then on a home's own routine stands alone; until then the simple rule caps every silence."""


class Engine:
    """State of all `homes` as numpy columns; a home's index is its place in `homes`.

    `listening_since` is when this hub last began to hear kits: being deaf oneself is no fault of theirs. `watched_for`
    says which of `stream.KINDS` are told of, beside presses, silences, and kits and sensors unheard; all are learned.
    `changes` grows whenever a kit or a sensor is unheard, or no longer is.
    """

    def __init__(
        self,
        homes: Sequence[Home],
        now: datetime,
        kit_limit: float = 180.0,
        prior: Prior | None = None,
        watched_for: Collection[FindingKind] = (),
    ) -> None:
        self.homes = tuple(homes)
        self.index_of = {home.id: place for place, home in enumerate(self.homes)}
        self.prior = prior
        self._limits = limits(list(homes))
        self._fit_sensors()
        start, count = now.timestamp(), len(self.homes)
        self._state = np.zeros(count, stream.HOME_STATE)
        for name, value in (
            ("heard_until", NEVER),
            ("clock_from", np.inf),
            ("read_until", NEVER),
            ("began", np.inf),
            ("returned", NEVER),
            ("settled", True),
            ("new_sensor", NEVER),
            ("wanders", [home.may_wander for home in self.homes]),
        ):
            self._state[name] = value
        self._state["company"][:, company.SINCE_COMPANY] = company.LONG_AGO
        self._state["due"], self._state["watched_for"] = np.inf, [kind in watched_for for kind in stream.KINDS]
        for name in ("reference", "chance"):
            self._state[name] = np.nan
        self._state["zone"], self._state["last_sensor"] = self._limits.zone, NO_SENSOR
        self._state["last_sign"], self._state["kit_limit"] = start, kit_limit
        self._state["asked"] = [home.false_alerts_a_month for home in self.homes]
        fits = np.cumsum([0, *(len(home.sensors) for home in self.homes)])
        self._state["first_fitted"], self._state["last_fitted"] = fits[:-1], fits[1:]
        kernels.fresh_starts(self._state["now"])
        self.expected_by[:] = expected_by(self._limits, np.arange(count), self.last_sign)
        self.wake_at: Floats = np.full(count, NEVER)
        self.listening_since = start
        self.changes = 0
        clocks = self._limits.starts, self._limits.held
        self._columns = stream.State(self._state, self._fitted, self.wake_at, *clocks)
        self._known, self._prices = known_by(prior)
        self._fusion = Fusion(self.homes)
        self._stands: dict[tuple[int, int], int] = {}

    @property
    def last_sign(self) -> Floats:
        return self._column("last_sign")

    @property
    def heard_until(self) -> Floats:
        return self._column("heard_until")

    @property
    def expected_by(self) -> Floats:
        return self._column("expected_by")

    @property
    def silent(self) -> Bools:
        return self._column("silent")

    @property
    def unheard(self) -> Bools:
        return self._column("unheard")

    @property
    def last_sensor(self) -> Ints:
        return self._column("last_sensor")

    @property
    def kit_limit(self) -> Floats:
        return self._column("kit_limit")

    @property
    def settled(self) -> Bools:
        """Whether each home's `expected_by` was read for its present silence, which it is after five minutes."""
        return self._column("settled")

    @property
    def chance(self) -> Floats:
        """That a well person would be silent until then."""
        return self._column("chance")

    @property
    def began(self) -> Floats:
        """Since when each home is known; inf before its first sign of life."""
        return self._column("began")

    @property
    def outdated(self) -> Bools:
        """Homes whose habits another version learned, or nobody yet though they have a past: to be learned anew."""
        return self._column("outdated")

    def hardly_known(self, home: int) -> bool:
        """Whether there is a past of that place that has still to be learned from, and little is known without it."""
        return bool(self.outdated[home] and self.last_sign[home] - self.began[home] < KNOWN_AFTER)

    @property
    def dead(self) -> Bools:
        dead: Bools = self._fitted["dead"]
        return dead

    @property
    def sensor_home(self) -> Ints:
        """The place of each sensor's home."""
        homes: Ints = self._fitted["home"]
        return homes

    @property
    def seen(self) -> Floats:
        seen: Floats = self._fitted["seen"]
        return seen

    def _column(self, name: str) -> NDArray[Any]:
        column: NDArray[Any] = self._state[name]
        return column

    def _fit_sensors(self) -> None:
        fitted = [(place, sensor) for place, home in enumerate(self.homes) for sensor in home.sensors]
        self.sensor_ids = [sensor.id for _, sensor in fitted]
        self.sensor_index = {(self.homes[p].id, s.id): i for i, (p, s) in enumerate(fitted)}
        self._fitted = np.zeros(len(fitted), stream.SENSOR_STATE)
        self._fitted["seen"], self._fitted["home"] = NEVER, [place for place, _ in fitted]
        self._fitted["sign_at"] = NEVER
        self._fitted["limit"] = [SENSOR_UNHEARD_AFTER[sensor.kind].total_seconds() for _, sensor in fitted]
        self._fitted["every"] = self._fitted["limit"]
        self._fitted["room"] = [room_code(sensor) for _, sensor in fitted]
        self._fitted["longest"][self._fitted["room"] != BATHROOM] = np.array(lie.AT_FIRST) / lie.UNIT
        self._fitted["is_exit"] = [sensor.is_exit for _, sensor in fitted]
        self._fitted["tells"] = [_tells(sensor, self.homes[place]) for place, sensor in fitted]

    def row(
        self,
        home: str,
        sensor: str,
        what: What,
        at: datetime,
        arrived: datetime,
        number: int = 0,
        evidence: Evidence | None = None,
    ) -> tuple[int, int, int, float, float, int]:
        """One row for `batch`; KeyError for a home that is not here. An unfitted sensor counts for its home alone.
        What a suspected fall rests on is kept until its row is observed.
        """
        index = self.sensor_index.get((home, sensor), NO_SENSOR)
        if evidence:
            self._fusion.feel(self.index_of[home], index, at.timestamp(), evidence)
        return self.index_of[home], index, CODE_OF[what], at.timestamp(), arrived.timestamp(), number

    def rows(
        self,
        homes: Sequence[str],
        sensors: Sequence[str],
        whats: Sequence[str],
        moments: tuple[Floats, Floats],
        numbers: Sequence[int],
        evidence: Mapping[int, Evidence],
    ) -> Batch:
        """As `row` and `batch`, for many in their order: `moments` are when each was noticed and when it arrived,
        `evidence` is by place. Those of homes that are not here are left out.
        """
        count, (at, arrived) = len(homes), moments
        home = np.fromiter(map(self.index_of.get, homes, repeat(-1)), np.int64, count)
        named = zip(homes, sensors, strict=True)
        sensor = np.fromiter(map(self.sensor_index.get, named, repeat(NO_SENSOR)), np.int64, count)
        what = np.fromiter(map(_CODES.__getitem__, whats), np.int64, count)
        for place, felt in evidence.items():
            if home[place] >= 0:
                self._fusion.feel(int(home[place]), int(sensor[place]), float(at[place]), felt)
        made = Batch(home, sensor, what, at, arrived, np.array(numbers, np.int64))
        return made if (home >= 0).all() else made[home >= 0]

    def promise(self, home: str, limit: float) -> None:
        """The kit in `home` becomes unheard after `limit` seconds, which follows from how often it says it beats."""
        self.kit_limit[self.index_of[home]] = limit
        self.wake_at[self.index_of[home]] = NEVER

    def allow(self, sensors: Ints, limits: Floats) -> None:
        """Each of these places is dead after so many seconds without a report, which follows from its own rhythm."""
        self._fitted["limit"][sensors] = limits
        self.wake_at[self.sensor_home[sensors]] = NEVER

    def heard(
        self, home: str, until: datetime, arrived: datetime, noticing_since: datetime | None = None
    ) -> tuple[int, int, int, float, float, int]:
        """A row that says that the kit is heard until then. Its number is since when it notices, in whole s since 1970
        (0: it can't tell).
        """
        since = int(noticing_since.timestamp()) if noticing_since else 0
        return self.row(home, "", What.HEARD, until, arrived, since)

    def beat(
        self,
        home: str,
        until: datetime,
        arrived: datetime,
        sensors: dict[str, datetime],
        noticing_since: datetime | None = None,
    ) -> Batch:
        """A heartbeat: the kit heard until then, each sensor alive at its last sign."""
        return batch(self.beat_rows(home, until, arrived, sensors, noticing_since))

    def beat_rows(
        self,
        home: str,
        until: datetime,
        arrived: datetime,
        sensors: Mapping[str, datetime],
        noticing_since: datetime | None = None,
    ) -> list[tuple[int, int, int, float, float, int]]:
        """The same for a batch of many: the kit, and then each sensor."""
        heard = self.heard(home, until, arrived, noticing_since)
        place, came, index = heard[0], heard[4], self.sensor_index
        alive = [
            (place, index.get((home, sensor), NO_SENSOR), _ALIVE, at.timestamp(), came, 0)
            for sensor, at in sensors.items()
        ]
        return [heard, *alive]

    def observe(self, news: Batch) -> list[Finding]:
        """Take in what arrived. Finds presses at once, and what ended by being heard from again."""
        told = np.empty(3 * len(news), stream.TOLD)
        columns = (news.home, news.sensor, news.what, news.at, news.arrived, news.number)
        count = stream.take(self._columns, self._known, *columns, kernels.EARLIEST, told)
        if self.prior is None:
            self._by_the_rule(np.unique(news.home[(news.what != _ALIVE) & (news.what != _HEARD)]))
        each = told[:count].tolist()
        self.changes += any(which in _BACK for which, _, _ in each)
        return [self._told(which, news, row, since) for which, row, since in each] + self._falls(news)

    def _falls(self, news: Batch) -> list[Finding]:
        found: list[Finding] = []
        for row in np.flatnonzero((news.what >= _FELL) & (news.what < _WORN)).tolist():
            home, sensor = int(news.home[row]), int(news.sensor[row])
            moments = float(news.at[row]), float(news.arrived[row])
            found += self._fusion.suspect(home, sensor, self._sensor_id(sensor), WHATS[news.what[row]], *moments)
        return found

    def _felt(self, moment: float) -> list[Finding]:
        """Suspected falls, by what the rest of the home has said since."""
        fits = self._column("first_fitted"), self._column("last_fitted")
        since_company = self._state["company"][:, company.SINCE_COMPANY]
        trouble = self._column("trouble")
        return self._fusion.look(moment, self.heard_until, self._fitted, fits, since_company, trouble)

    def _by_the_rule(self, homes: Ints) -> None:
        if not len(homes):
            return
        self.expected_by[homes] = expected_by(self._limits, homes, self.last_sign[homes])
        self.wake_at[homes] = np.minimum(self.wake_at[homes], self.expected_by[homes])
        self._state["settled"][homes] = True

    def overdue(self, now: datetime) -> list[Finding]:
        """Look at every home at once for what should have come by `now` and did not."""
        moment = now.timestamp()
        homes = np.flatnonzero(self.wake_at < moment)
        known = np.minimum(moment, self.heard_until[homes])
        sensors = stream.died(self._columns, homes, self.listening_since)
        self.dead[sensors] = True
        self._settle(homes[~self.silent[homes] & ~self._column("settled")[homes] & (self.expected_by[homes] < known)])
        self._weaken(homes[~self.silent[homes] & (self.expected_by[homes] < known)], moment)
        silent = homes[~self.silent[homes] & (self.expected_by[homes] < known)]
        heard = np.maximum(self.heard_until[homes], self.listening_since)
        unheard = homes[~self.unheard[homes] & (heard + self.kit_limit[homes] < moment)]
        others = self._others(homes, moment)
        self.silent[silent] = True
        self.unheard[unheard] = True
        self.changes += bool(len(unheard) or len(sensors))
        stream.next_look(self._columns, homes, self.listening_since)
        found = [self._silence(int(home), moment) for home in silent]
        found += [self._unheard(int(home), moment) for home in unheard if self._is_fitted(int(home))]
        return found + [self._sensor(int(sensor), moment) for sensor in sensors] + others + self._felt(moment)

    def _is_fitted(self, home: int) -> bool:
        """A home whose kit was never heard has none yet; one whose resident had all of it deleted has."""
        return bool(np.isfinite(self.heard_until[home])) or self.homes[home].erased_at is not None

    def _weaken(self, homes: Ints, moment: float) -> None:
        """Where sensors are dead or late, or the kit was, silence may be theirs, and lasts longer before it is told. In
        the week after clocks were changed it must be too long by the old ones as well: people follow them late.
        """
        if not len(homes):
            return
        later = stream.weakened(self._columns, homes, np.minimum(moment, self.heard_until[homes]))
        self.expected_by[homes] = np.maximum(self.expected_by[homes], later)
        late = homes[stream.follow_late(self._columns, homes)]
        if len(late):
            self.expected_by[late] = np.maximum(self.expected_by[late], self._by_the_old_clock(late))

    def _by_the_old_clock(self, homes: Ints) -> Floats:
        last = self.last_sign[homes]
        old = replace(self._limits, starts=self._limits.starts + kernels.WEEK)
        by_the_rule = expected_by(old, homes, last)
        if self.prior is None:
            return by_the_rule
        due = last + stream.by_the_old_clock(self._columns, self._known, homes, self._prices)
        return np.where(self._new(homes), np.minimum(due, by_the_rule), due)

    def _new(self, homes: Ints) -> Bools:
        new: Bools = ~(self.last_sign[homes] - self._column("began")[homes] >= KNOWN_AFTER)
        return new

    def _others(self, homes: Ints, moment: float) -> list[Finding]:
        """Clocks of the other detectors that ran out, as far as each home is heard, and findings that are over."""
        rang = stream.ring(self._columns, homes, moment)
        each = [(home, kind, bool(over)) for home, kind, over in rang.tolist()]
        return [self._other(*one, self._since(*one), moment) for one in each]

    def _since(self, home: int, kind: int, over: bool) -> int:
        """When that began: where it is over, the next of its kind may have begun since."""
        began = int(self._state["since"][home, kind])
        if over:
            return self._stands.pop((home, kind), began)
        self._stands[home, kind] = began
        return began

    def _other(self, home: int, kind: int, over: bool, since: int, moment: float) -> Finding:
        mine, told = self._state[home], stream.KINDS[kind]
        first, last = mine["first_fitted"], mine["last_fitted"]
        dead = [self.sensor_ids[sensor] for sensor in range(first, last) if self.dead[sensor]]
        evidence = around(mine, dead, moment) | ({} if over else evidence_of(mine, kind))
        place, strength = int(evidence.pop("place", -1) or 0), 1.0
        if told is FindingKind.LONG_LIE and not over:
            place, longest = self._stay(home)
            strength = lie.confidence(moment - since, longest)
            evidence |= {"longest": longest, "sure_at": since + lie.sure_after(longest)}
            evidence |= self._seated(home)
        sensor = self.sensor_ids[first + place] if 0 <= place < last - first else None
        began, at = utc(since), utc(moment)
        return Finding(told, self.homes[home].id, began, at, None if over else sensor, over, strength, evidence)

    def _stay(self, home: int) -> tuple[int, float]:
        """By which sensor of the home somebody stays, and how long (s) anybody has; below 0 where none was heard."""
        place = int(self._state["lie"][home, lie.BY]) - 2
        if place < 0:
            return place, 0.0
        sensor = int(self._state["first_fitted"][home]) + place
        return place, lie.UNIT * float(self._fitted["longest"][sensor].max())

    def _settle(self, homes: Ints) -> None:
        """These have been quiet for five minutes: how long may each be, by what is known now?"""
        if not len(homes):
            return
        if self.prior is None:
            self._by_the_rule(homes)
            return
        found = stream.settle(self._columns, self._known, homes, self._prices)
        due = self.last_sign[homes] + found[:, 0]
        new = self._new(homes)
        if new.any():
            due[new] = np.minimum(due[new], expected_by(self._limits, homes[new], self.last_sign[homes[new]]))
        self.expected_by[homes], self._state["chance"][homes] = due, found[:, 1]
        self._state["settled"][homes] = True

    def _told(self, which: int, news: Batch, row: int, since: float) -> Finding:
        home, sensor = int(news.home[row]), int(news.sensor[row])
        if which == stream.PRESS:
            return self._press(news, row)
        if which == stream.SIGN:
            return self._over(FindingKind.SILENCE, home, since, float(news.at[row]), self._sensor_id(sensor))
        if which == stream.KIT_BACK:
            return self._over(FindingKind.KIT_UNHEARD, home, since, since)
        return self._over(FindingKind.SENSOR_UNHEARD, home, since, since, self._sensor_id(sensor))

    def _press(self, news: Batch, row: int) -> Finding:
        return Finding(
            FindingKind.PRESS,
            self.homes[news.home[row]].id,
            utc(news.at[row]),
            utc(news.arrived[row]),
            sensor=self._sensor_id(int(news.sensor[row])),
            evidence={"late_by": float(news.arrived[row] - news.at[row])},
            number=int(news.number[row]),
        )

    def _silence(self, home: int, moment: float) -> Finding:
        mine = slice(self._state["first_fitted"][home], self._state["last_fitted"][home])
        evidence: dict[str, Any] = {
            "expected_by": float(self.expected_by[home]),
            "last_sensor": self._sensor_id(int(self.last_sensor[home])),
            "heard_until": float(self.heard_until[home]),
            "sensors": len(self.dead[mine]),
            "sensors_heard": int((~self.dead[mine]).sum()),
            "doubted": " ".join(np.array(self.sensor_ids[mine], object)[self._fitted["doubted"][mine]]),
            **self._others_there(home),
            **self._seated(home),
            **self._learned(home),
        }
        began = utc(self.last_sign[home])
        sure = _sureness(evidence)
        return Finding(FindingKind.SILENCE, self.homes[home].id, began, utc(moment), strength=sure, evidence=evidence)

    def goes_on(self, kind: FindingKind, home: str, closed: datetime, now: datetime) -> Finding | None:
        """What was found of the people of `home` and told of before, as it stands now, where it goes on too long after
        somebody `closed` that: by the limits of a new home, as if there had been a sign of life then.
        """
        found = self.still_wrong(kind, home, "", now)
        if found is None:
            return None
        place = self.index_of[home]
        due = self._due_anew(kind, place, closed.timestamp())
        if min(now.timestamp(), float(self.heard_until[place])) <= due:
            return None
        if kind is not FindingKind.SILENCE:
            return found
        evidence = {name: value for name, value in found.evidence.items() if name != "chance"} | {"expected_by": due}
        return replace(found, evidence=evidence)

    def _due_anew(self, kind: FindingKind, home: int, since: float) -> float:
        if kind is FindingKind.LONG_LIE:
            place = self._stay(home)[0]
            in_bathroom = place >= 0 and self._fitted["room"][self._state["first_fitted"][home] + place] == BATHROOM
            return since + (lie.BATH_AT_LEAST if in_bathroom else lie.AT_LEAST)
        if kind is FindingKind.NOT_BACK_HOME:
            return since + (doors.WANDERER_BACK_WITHIN if self.homes[home].may_wander else doors.BACK_WITHIN)
        if kind is FindingKind.NOT_BACK_IN_BED:
            moved_on = float(self._state["read_until"][home]) - float(self._state["night"][home, night.SINCE_ROOM])
            return max(since, moved_on) + night.BACK_UNKNOWN
        return float(expected_by(self._limits, np.array([home]), np.array([since]))[0])

    def still_wrong(self, kind: FindingKind, home: str, sensor: str, now: datetime) -> Finding | None:
        """A fault of the kit of `home`, which was heard once, or of its sensors, or what is wrong with its people, told
        of before: as it stands now, where it goes on.
        """
        place, fitted, moment = self.index_of[home], self.sensor_index.get((home, sensor)), now.timestamp()
        if kind is FindingKind.SILENCE:
            return self._silence(place, moment) if self.silent[place] else None
        if kind is FindingKind.KIT_UNHEARD:
            lasts = self.unheard[place] and np.isfinite(self.heard_until[place])
            return self._unheard(place, moment) if lasts else None
        if kind is FindingKind.SENSOR_UNHEARD:
            return None if fitted is None or not self.dead[fitted] else self._sensor(fitted, moment)
        which = stream.KINDS.index(kind)
        if self._state["stage"][place, which] != RAISED:
            return None
        return self._other(place, which, over=False, since=int(self._state["since"][place, which]), moment=moment)

    def _others_there(self, home: int) -> dict[str, float | int | bool]:
        """Who else may have given, or be giving, the signs of life."""
        ago = float(self._state["company"][home, company.SINCE_COMPANY])
        own = self.homes[home]
        seen = {"company_at": float(self._state["read_until"][home]) - ago} if ago < company.MATTERS else {}
        return {"people": own.people, "pets": own.pets, **({"visits": True} if own.visits else {}), **seen}

    def _seated(self, home: int) -> dict[str, str | float]:
        """Who sits in a chair may be asleep there: that is said of a silence, and makes none last longer."""
        mine = self._state[home]
        taken = chairs.seat(self.homes[home], self._fitted[mine["first_fitted"] : mine["last_fitted"]], mine["trouble"])
        return {"seat": taken.sensor, "sat_at": taken.since} if taken else {}

    def _learned(self, home: int) -> dict[str, float | bool]:
        """What the routine says, where there is one."""
        if self.prior is None:
            return {}
        days = max(self.last_sign[home] - self._state["began"][home], 0.0) / kernels.DAY
        out = bool(kernels.way(self._state["now"][home]) >= 2)
        anew = {"anew": True} if self.hardly_known(home) else {}
        return {"chance": float(self._state["chance"][home]), "learned_days": float(days), "perhaps_out": out, **anew}

    def _unheard(self, home: int, moment: float) -> Finding:
        ever = np.isfinite(self.heard_until[home])
        since = self.heard_until[home] if ever else self.listening_since
        return Finding(
            FindingKind.KIT_UNHEARD,
            self.homes[home].id,
            utc(since),
            utc(moment),
            evidence={"ever_heard": bool(ever), "limit": float(self.kit_limit[home])},
        )

    def _sensor(self, sensor: int, moment: float) -> Finding:
        ever = np.isfinite(self._fitted["seen"][sensor])
        since = self._fitted["seen"][sensor] if ever else self.listening_since
        return Finding(
            FindingKind.SENSOR_UNHEARD,
            self.homes[self.sensor_home[sensor]].id,
            utc(since),
            utc(moment),
            sensor=self.sensor_ids[sensor],
            evidence={"ever_heard": bool(ever), "limit": float(self._fitted["limit"][sensor])},
        )

    def _over(self, kind: FindingKind, home: int, since: float, at: float, by: str | None = None) -> Finding:
        return Finding(kind, self.homes[home].id, utc(since), utc(at), sensor=by, over=True, evidence={"ended_by": by})

    def recall(self, kind: FindingKind, home: str, sensor: str, since: datetime, *, hold: bool = False) -> bool:
        """Whether what was told of before a restart still stands by what is known here. If so its end will be told.
        With `hold` it does where what is known is too little to say that it is over.
        """
        place, fitted, moment = self.index_of.get(home), self.sensor_index.get((home, sensor)), since.timestamp()
        if kind in stream.KINDS:
            return place is None or self._recall_other(place, stream.KINDS.index(kind), moment, hold)
        flags, times, place = {
            FindingKind.SILENCE: (self.silent, self.last_sign, place),
            FindingKind.KIT_UNHEARD: (self.unheard, self.heard_until, place),
            FindingKind.SENSOR_UNHEARD: (self.dead, self.seen, fitted),
        }[kind]
        if place is None:
            return True
        if kind is FindingKind.SILENCE and not self._was_seen(place):
            self.last_sign[place] = min(self.last_sign[place], moment)
        flags[place] |= bool(times[place] <= moment)
        self.changes += 1
        return bool(flags[place])

    def _was_seen(self, home: int) -> bool:
        return bool(np.isfinite(self._state["began"][home]) or self._state["waiting"][home])

    def _recall_other(self, home: int, kind: int, moment: float, hold: bool) -> bool:
        mine = self._state[home]
        begun = mine["stage"][kind] != QUIET or np.isfinite(mine["due"][kind])
        same = begun and (mine["stage"][kind] == ENDED_SINCE or abs(mine["since"][kind] - moment) <= 1e-3)
        if not same and not hold:
            return False
        self._stands[home, kind] = int(moment)
        if not same or mine["stage"][kind] == QUIET:
            mine["since"][kind], mine["stage"][kind], mine["due"][kind] = moment, RAISED, np.inf
        return True

    def latest_sign(self, home: str) -> tuple[datetime, str | None]:
        """When, and by which sensor."""
        place = self.index_of[home]
        return utc(self.last_sign[place]), self._sensor_id(int(self.last_sensor[place]))

    def usual_day(self, homes: Ints) -> NDArray[np.uint8]:
        """(n, 48): how surely (0 to 255) each of `homes` gives a sign of life in each half hour of its clock."""
        usual: NDArray[np.uint8] = self._state["habits"][homes, kernels.UP_AND_ABOUT :]
        return usual

    def _sensor_id(self, sensor: int) -> str | None:
        return None if sensor == NO_SENSOR else self.sensor_ids[sensor]

    @property
    def size(self) -> int:
        """Bytes of a `snapshot`."""
        return _HEAD + sum(map(len, self._parts()))

    def _parts(self) -> list[NDArray[np.uint8]]:
        return [*self._names, *(_as_bytes(one) for one in (self._state, self._fitted, self._fusion.state))]

    def snapshot(self, room: NDArray[np.uint8] | None = None) -> memoryview:
        """All state by the ids of homes and sensors, as it is now, for `restore`; in `room` of that size, if there is
        any: to take new room for a borough's from the system takes many times as long as to fill it.
        """
        parts = self._parts()
        head = msgspec.json.encode(_Head(_LAYOUT, tuple(map(len, parts)))).ljust(_HEAD)
        ends = np.cumsum([_HEAD, *map(len, parts)]).tolist()
        content = np.empty(ends[-1], np.uint8) if room is None else room
        content[:_HEAD] = _as_bytes(head)
        for one, (start, end) in zip(parts, pairwise(ends), strict=True):
            content[start:end] = one
        return content.data

    def restore(self, content: bytes | memoryview) -> bool:
        """State from a snapshot for every home and sensor that is still here; new ones keep theirs. False for the
        snapshot of another version, which is passed over: then observe the record from its beginning.
        """
        head = _head(content)
        if head is None or head.layout != _LAYOUT or _HEAD + sum(head.sizes) != len(content):
            return False
        ends = np.cumsum([_HEAD, *head.sizes]).tolist()
        names, pairs, *columns = [memoryview(content)[start:end] for start, end in pairwise(ends)]
        state, fitted, falls = map(np.frombuffer, columns, _KINDS)
        homes = _matches(self.index_of, _split(names))
        sensors = _matches({f"{home}\t{sensor}": at for (home, sensor), at in self.sensor_index.items()}, _split(pairs))
        now_at = dict(zip(sensors[1].tolist(), sensors[0].tolist(), strict=True))
        self._restore_homes(state, homes, now_at)
        self._follow(state, fitted, homes, sensors)
        self._fusion.restore(falls, homes, now_at)
        for name in ("seen", "every", "longest", "dead", "doubted", "sign_at", "said"):
            self._fitted[name][sensors[0]] = fitted[name][sensors[1]]
        self.wake_at[:] = NEVER
        self.changes += 1
        if self.prior is None:
            self._by_the_rule(np.arange(len(self.homes)))
        return True

    def _follow(
        self, old: NDArray[Any], fitted: NDArray[Any], homes: tuple[Ints, Ints], sensors: tuple[Ints, Ints]
    ) -> None:
        """What is kept of sensors by their places, in homes where these are others than in `old` and `fitted`."""
        if not len(homes[0]):
            return
        here, now_at = np.full(len(old), NO_SENSOR, np.int64), np.full(len(fitted), NO_SENSOR, np.int64)
        here[homes[1]], now_at[sensors[1]] = homes[0], sensors[0]
        home, first = fitted["home"], self._state["first_fitted"][here]
        stays = now_at - first[home] == np.arange(len(fitted)) - old["first_fitted"][home]
        for place in np.unique(home[~stays & (here[home] >= 0)]).tolist():
            began, ended = old["first_fitted"][place], old["last_fitted"][place]
            there = enumerate(now_at[began:ended].tolist())
            places = {at: now - int(first[place]) for at, now in there if now != NO_SENSOR}
            moved.follow(self._state[here[place]], places)

    @property
    def noticed(self) -> Bools:
        """Homes that ever gave a sign of life."""
        noticed: Bools = np.isfinite(self._state["began"]) | (self._state["waiting"] > 0)
        return noticed

    def set_back(self, now: datetime) -> None:
        """The clock was ahead: what came by it is taken to be of now. Every column only moves forward in time, so that
        all would be believed until that moment comes again.
        """
        moment = now.timestamp()
        ahead = np.flatnonzero(self.last_sign > moment)
        self.began[np.isfinite(self.began) & (self.began > moment)] = moment
        of_homes = "last_sign", "heard_until", "read_until", "returned", "new_sensor", "waiting_at"
        columns = [self._column(name) for name in of_homes] + [self._fitted[name] for name in ("seen", "sign_at")]
        for column in (*columns, self._fusion.state["at"]):
            np.minimum(column, moment, out=column)
        self.listening_since = min(self.listening_since, moment)
        self._look_anew(ahead)
        self.wake_at[:] = NEVER

    def outdate(self) -> None:
        """What is known of habits was learned by another prior, or from the last days of a past alone."""
        seen = np.flatnonzero(self.noticed)
        self.outdated[seen] = True
        self._look_anew(seen)

    def adopt(self, learned: "Engine", now: datetime, brought: Collection[str] = ()) -> list[Finding]:
        """What `learned` knows of its homes, all of them here too and the same, takes the place of what is known here.
        In those to which a past was `brought` from elsewhere, that is what is usual.
        Both have seen the same observations. What kits said is kept, and so is what was told of and goes on by what was
        learned; finds what is over by that.
        """
        places, moment = np.array([self.index_of[home.id] for home in learned.homes], np.int64), now.timestamp()
        learned._heard_as(self.heard_until[places])
        there = np.flatnonzero(learned.noticed)
        here = places[there]
        elsewhere = np.array([learned.homes[place].id in brought for place in there.tolist()], bool)
        made, over = joined(self._state[here], learned._state[there], moment, elsewhere)
        told = np.argwhere(over & (self._state["watched_for"][here] > 0)).tolist()
        ends = [(int(here[home]), kind, True) for home, kind in told]
        found = [self._other(*one, self._since(*one), moment) for one in ends]
        for name in _SAID:
            made[name] = self._state[name][here]
        self._state[here] = made
        for mine, theirs in zip(self._fitted_in(here), learned._fitted_in(there), strict=True):
            for name in ("longest", "sign_at", "said"):
                self._fitted[name][mine] = learned._fitted[name][theirs]
        self.outdated[places] = False
        self._look_anew(here)
        return found

    def _heard_as(self, until: Floats) -> None:
        """Each home up to then: what waits for that is learned from. That no heartbeat came before means nothing."""
        self.heard_until[:] = until
        homes = np.arange(len(until))
        none = np.zeros_like(homes)
        self.observe(Batch(homes, none + NO_SENSOR, none + _HEARD, until, until, none))

    def _fitted_in(self, homes: Ints) -> list[slice]:
        return [slice(*ends) for ends in self._state[["first_fitted", "last_fitted"]][homes].tolist()]

    def _look_anew(self, homes: Ints) -> None:
        """How long may each of their silences last that was not told of?"""
        quiet = homes[~self.silent[homes]]
        self.expected_by[quiet] = self.last_sign[quiet] + kernels.EARLIEST
        self.settled[quiet], self._state["reference"][homes] = False, np.nan
        self.wake_at[homes] = NEVER

    @cached_property
    def _names(self) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """The ids of homes, and of sensors with those of theirs, a line each."""
        homes, pairs = "\n".join(self.index_of), "\n".join(f"{home}\t{sensor}" for home, sensor in self.sensor_index)
        return _as_bytes(homes.encode()), _as_bytes(pairs.encode())

    def _restore_homes(self, old: NDArray[Any], homes: tuple[Ints, Ints], now_at: dict[int, int]) -> None:
        """All but what this engine was told of its homes; `now_at` says where sensors are that were elsewhere."""
        here, there = homes
        said = {name: self._state[name].copy() for name in _SAID}
        if np.array_equal(there, np.arange(len(self._state))) and np.array_equal(here, there):
            self._state[:] = old[: len(there)]  # the same homes, as after most restarts: no copy in between
        else:
            self._state[here] = old[there]
        for name in _SAID:
            self._state[name] = said[name]
        for name in ("last_sensor", "waiting_sensor"):
            place = np.vectorize(lambda was: now_at.get(was, NO_SENSOR), otypes=[np.int32])
            if len(here):
                self._state[name][here] = place(old[name][there])


def _tells(sensor: Sensor, home: Home) -> bool:
    """Whether silence may be this sensor's: a button's it never is, nor a chair's where motion is noticed beside it."""
    beside = any(one.kind is SensorKind.MOTION and one.room == sensor.room for one in home.sensors)
    return sensor.kind not in KINDS_OF[What.PRESSED] and not (sensor.kind is SensorKind.CHAIR and beside)


def _sureness(evidence: Mapping[str, Any]) -> float:
    """How far a silence is believed: less where others may have been heard, or sensors were not."""
    believed = 1.0 - evidence.get("chance", 0.05)
    if evidence["people"] > 1 or evidence["pets"] or "visits" in evidence or "company_at" in evidence:
        believed *= OTHERS_THERE
    return float(believed * SENSORS_DOUBTED if evidence["doubted"] else believed)


_SAID = (
    "zone",
    "clock_from",
    "clock_until",
    "clock_held",
    "first_fitted",
    "last_fitted",
    "asked",
    "watched_for",
    "wanders",
)


class _Head(msgspec.Struct):
    """Of a snapshot: how its columns are laid out, and the bytes of ids of homes, of sensors, and of each column."""

    layout: str
    sizes: tuple[int, ...]


_HEAD = 256
_KINDS = (stream.HOME_STATE, stream.SENSOR_STATE, FUSION_STATE)
_LAYOUT = hashlib.sha256(repr([stream.MEANING, *(kind.descr for kind in _KINDS)]).encode()).hexdigest()


def _head(content: bytes | memoryview) -> _Head | None:
    try:
        return msgspec.json.decode(memoryview(content)[:_HEAD], type=_Head)
    except msgspec.DecodeError:
        return None


def _as_bytes(part: bytes | NDArray[Any]) -> NDArray[np.uint8]:
    return np.frombuffer(part, np.uint8) if isinstance(part, bytes) else part.view(np.uint8)


def _split(names: memoryview) -> list[str]:
    return str(names, "utf-8").split("\n") if len(names) else []


def _matches(here: Mapping[str, int], there: Sequence[str]) -> tuple[Ints, Ints]:
    """Places of what is in both."""
    pairs = [(here[name], place) for place, name in enumerate(there) if name in here]
    found = np.array(pairs, np.int64).reshape(-1, 2)
    return found[:, 0], found[:, 1]


def warm(prior: Prior | None = None) -> None:
    """Has every loop compiled, or read from where it is kept, before homes wait for it."""
    start = datetime(2026, 1, 1, tzinfo=UTC)
    home = Home("h_warm", "-", (Sensor("s", SensorKind.MOTION, "hall"),))
    engine = Engine([home], start, prior=prior)
    for minutes in (1, 20):
        now = start + timedelta(minutes=minutes)
        engine.observe(batch([engine.row(home.id, "s", What.MOVED, now, now)]))
        engine.observe(engine.beat(home.id, now + timedelta(minutes=9), now, {}))
        engine.overdue(now + timedelta(minutes=9))
    every = np.arange(len(engine.homes))
    engine._weaken(every, now.timestamp())
    engine._by_the_old_clock(every)


def known_by(prior: Prior | None) -> tuple[stream.Known, Floats]:
    """A prior as the loops read it, and its log prices at even steps of the log of the rate."""
    steps = np.exp(stream.RATE_FROM + stream.RATE_STEP * np.arange(96))
    often = HALF_LIFE, TRUST, REFERENCE_RATE / MONTH
    if prior is None:
        nobody = np.zeros(0, np.int64)
        trees = laid_out(nobody, np.zeros(0, kernels.NODE), 0.0)
        shares = kernels.Shares(nobody, np.zeros(0, kernels.NODE), 0.0)
        return stream.Known(False, np.zeros(0), trees, shares, 1.0, *often, 0.0), steps
    trees, shares = prior.trees, prior.shares
    own = stream.Known(True, prior.usual, trees, shares, prior.reference, *often, prior.outings / MONTH)
    return own, np.log(prior.price_of(steps))
